// Package jobs runs the recurring work of an establishment: the INES campaign with its
// follow-up, the feed of SUPDATA, the cards, the grants, the catalogue of Erasmus Without Paper.
//
// A [Job] is plain code that knows nothing of queues. A round of it is planned, worked on in
// parts, and finished once all parts have ended. Two runners run the same jobs:
//
//	runner, err := jobs.New(jobs.Config{Work: s.Work(), Jobs: all})           // one process, or several on one store
//	runner, err := jobs.NewRiver(ctx, jobs.Config{…}, "postgres://…")           // several, woken up by River
//	err = runner.Run(ctx)                                                     // until ctx ends; gracefully
//
// # What correctness rests on
//
// Which round is under way, which parts it has, and who works on each, stands in
// [store.Work]; a worker has a part on lease. A worker that dies loses the lease and another takes
// the part: so a part may be worked on twice, by one worker after the other or, when a machine
// stood still, by two at once. That does no harm, because every job sends under the claims of a
// ledger: who does not get the claim of a student does not send. The queue, River's or the
// runner's own, only says that there is something to look at. A wake-up that is lost costs
// [Config.Poll], one that comes twice costs a question.
//
// Limits that all machines share are those of [store.Store.Limiter], given to the clients of the
// services.
//
// # Rounds in parts
//
// [Campaign] and [Feed] let the parts do the calls, and then one worker goes over the whole base
// as if it were alone: it finds nearly everything settled, and gives the one report in which every
// student stands once. Numbers are written back there, where duplicates over the whole base are
// known. A campaign with a limit on registrations is one worker's from the beginning.
package jobs
