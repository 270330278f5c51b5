// Package store keeps the state of the services of the SDK in a database: SQLite in one file,
// for one machine, or PostgreSQL, which several processes and machines share. What it
// acknowledges is on the disk.
//
//	s, err := store.Open(ctx, store.Config{URL: "sqlite:state.db"}) // or "postgres://…"
//	job, err := campaign.New(campaign.Config{Ledger: s.Campaign(), …})
//
// # What it holds
//
// Every method of [Store] that names a service returns the state interface of that service,
// which passes the conformance suite of the SDK on both databases. Records are kept as JSON,
// beside the few columns that are searched:
//
//	table             personal columns                    what
//	campaign_records  id, student, holds, record          references, identity digests, INE, INES's words
//	feed_records      id, student, holds, record          references, enrolments with INE and birth date
//	card_records      student, record                     references, ESI, card numbers
//	card_names        name, student                       ESI and card numbers, references
//	grant_detections  student, record                     references, INE, grant numbers, birth dates
//	grant_exports     none                                exports of grant holders: communes, levels, numbers
//	esc_ticks         none                                up to where ticks of card numbers are taken
//	cnr_entries       id, record                          identifiers of agreements and mobilities, partners' words
//	cnr_queues        none                                numbers of claims
//	cnr_marks         none                                how far the nightly index has come
//	ewp_keyrings      none                                public keys
//	limits            none                                turns of the services' limits, under digests of tokens
//	work_rounds       none                                rounds of recurring work
//	work_parts        data, until the part has ended      references of the students to work on
//	store_version     none                                version of the tables
//
// [Store.Export] gives what is kept under the reference of one student, [Store.Purge] removes what
// is settled and old. Notifications know mobilities and no students: their queue has a purge of its
// own, and so have rounds of work, see [Work.Forget].
//
// # SQLite
//
// The driver is modernc.org/sqlite, without C. The journal is a write-ahead log that is
// synchronised at each commit, because a claim that is forgotten would be sent again. One
// goroutine writes: writes that wait together share one transaction and one sync, and one that
// fails does not take its neighbours along. Readers do not wait for it. Other processes of the same
// machine may open the file too, at a cost; a network file system will not do. The file and its
// log are readable by their owner alone.
//
// # PostgreSQL
//
// The driver is pgx. A write of one record is one statement, compared by version; a claim is a
// transaction under an advisory lock of the identity that it takes. A lost connection, a
// restart or a deadlock is tried again for [Config.Patience], and where the answer to a commit was
// lost, the next try recognises its own work. Use a schema or a database of its own, and PostgreSQL
// 12 or later.
//
// # Versions
//
// [Open] creates the tables and brings older ones up to date in one transaction, several
// processes at once allowed. Tables of a newer release are refused.
package store
