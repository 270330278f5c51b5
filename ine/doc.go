// Package ine handles the INE (identifiant national élève, étudiant, apprenti),
// the number that follows a person through French education: it recognises its
// five families, computes and checks its keys, and tells a definitive number from a
// provisional one.
//
//	v := ine.Judge("2234 56789 he")
//	v.Number, v.Family, v.Key, v.Status // 223456789HE, rnie, ok, definitive
//
// [Parse] gives a [Number] and checks its shape alone; its key is a separate
// question ([Number.Key], [ParseStrict]), because the test data of the national
// services are full of wrong keys and a service must be asked about such a number
// all the same. [Judge] never fails and says what to do, as a [Verdict]; [Rules]
// lets a caller add what they know, and [Verdict.WithINES] lets INES's own answer
// win. [ScanLines], [ScanCSV] and [Scan] judge a whole base in constant memory.
// [Slips] proposes corrections of a mistyped number. [Join] and [Number.Split]
// deal with systems that keep the key apart, and [AcceptedByECandidat] reproduces
// the decision of eCandidat.
//
// # What is public and what is not
//
// No official text gives the shapes, the keys, or the coding rules by which INES
// tells a provisional number from a definitive one.
//
//   - The shapes are those of the expressions of the national gateway API
//     Particulier and of other public validators ([Secondary]).
//   - The keys of BEA and NNE are those of two independent public
//     implementations ([Secondary]).
//   - The key of RNIE, the family issued today, is deduced, not published: all seven
//     numbers published by three unrelated sources satisfy it ([Deduced]). It can
//     be turned off or replaced, see [Keys].
//   - The key of SIFA and provisional numbers is not known and not checked;
//     [GuessedKeyRules] holds what could be tried ([Guessed]).
//   - Whether the numbers that the CNOUS gives with the CVEC all have the
//     provisional shape is not known: [Rules] takes prefixes, ranges and
//     expressions.
//   - The rest ([Hints]) is information to show, never a test.
//
// Every [Verdict] says which rule decided and how sure that rule is.
//
// # Personal data
//
// An INE is personal. [Number.LogValue] and [Verdict.LogValue] mask it, and no
// error or reason of this package holds it.
package ine
