// Package supdata feeds SUPDATA, the ministry's base of who is a student (order of
// 23 May 2022), and reads it. RENATER operates it. Establishments feed it by its write
// API, one enrolment a call, or by a file that the portal takes; administrations read
// it through API Particulier alone, see [Reader] and package particulier.
//
// # Feeding
//
// [Client] makes the call. [Feeder] is the work around it: it reads the enrolments of
// a student system, keeps back those whose student has no confirmed INE, checks every
// field before anything is sent, sends what is new, and reports what changed since.
//
//	client, err := supdata.New(supdata.Config{BaseURL: …, Key: …, Codes: …})
//	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Client: client, Source: …, Ledger: …, Year: 2026, Mapping: …})
//	report, err := feeder.Run(ctx)
//
// # Nothing twice
//
// The published text has no update, no deletion and no reading, and does not say
// what a second call for the same enrolment does. So a [Ledger] remembers what was
// fed: before a call it records a claim, atomically. When the answer is lost, or the
// process dies, the claim stays, and the enrolment is doubtful: it is listed, and not
// sent again until a person settles it ([Settle]), or Config.ResendAfter has passed.
// Changes and cancellations are reported, and sent only with OnChange: Post.
//
// # What is not public
//
//   - The address of the production service comes with the key: it is required.
//   - The codes of statut and regime in the request: both are "1" in the published example.
//     [New] refuses to work without a table. [InferredCodes] is a proposal, inferred from
//     what the reading side answers; ask RENATER before using it in production.
//   - Which fields are mandatory, and whether codeCommune is a postal or a COG code. Required
//     here are INE, birth date, both dates, status and UAI; codeCommune is five characters.
//   - The limits of the service: five calls a second by default.
//   - The columns of the portal's file: [Layout] is the caller's.
package supdata
