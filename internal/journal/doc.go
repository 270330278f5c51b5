// Package journal is the crash-safe append-only file under all file-based state
// of the module: campaign ledgers, outboxes, detection logs, feed cursors, the
// durable state of fakes.
//
// # What it promises
//
//   - A record whose [Journal.Append] returned nil is on the disk and is replayed
//     by every later [Open], in order, whatever process or power failure follows.
//   - A record whose Append returned an error, or did not return, is replayed
//     whole or not at all.
//   - A journal has one writer: a second [Open] is refused, from another process
//     or from the same one, with an error that says who holds it.
//   - Nothing is skipped silently. A damaged record is an error that names its
//     offset, and it never keeps [Scan] from what is good before and after it.
//
// # The file
//
// A journal is text, one record a line, readable with any pager:
//
//	passerelle journal 1: ines-ledger/1
//	8f2bb3e1 1 {"student":"20260001","event":"claimed"}
//	0d9c1c52 2 {"student":"20260001","event":"registered"}
//
// The first line is a magic text, the version of this format, and the kind of
// the content with the version of its records, chosen by the caller. A record is
// its checksum (CRC-32C of the rest of the line, eight hexadecimal digits), its
// number from 1 and a JSON value on one line. The checksum is against accident,
// not against forgery. The number shows lines that an editor or a file system
// dropped, repeated or moved. A file cut exactly between two records looks like
// a shorter journal: no format without a second file can tell.
//
// # After a crash
//
// A process that dies while writing leaves a cut line, or blocks that were
// allocated and never written and read as zeros. Both can only be the end of the
// file, and only records that were never acknowledged. [Open] cuts them off, keeps
// the bytes in the file named like the journal with ".torn" added, and says so in
// [Journal.Repaired]. A line that is bad and yet ends as it should, or that
// good records follow, is not the trace of a crash: it is damage, and Open
// fails with a [*DamageError] unless [Options.OnDamage] accepts it.
//
// A write or sync that fails, a full disk for one, breaks the journal: every later
// call returns the same error, since after a failed sync the system may have
// dropped what it held and a second sync proves nothing. Opening again reads what
// the disk really has.
//
// # Locking
//
// The lock is on a file of its own, named like the journal with ".lock" added,
// because [Journal.Compact] replaces the journal. It stays there when the journal
// is closed, is empty of meaning then, and must not be deleted while a program
// runs. The lock is flock on Linux, macOS, the BSDs and illumos, and LockFileEx on
// Windows; the system releases it when the process dies. On other systems [Open]
// returns errors.ErrUnsupported rather than run without one. Network file systems
// are as good as their locks and their sync: use local disks.
//
// On Windows folders cannot be synced, and [Journal.Compact] fails, harmlessly,
// while a [Scan] or [Journal.Records] of the same file is under way.
package journal
