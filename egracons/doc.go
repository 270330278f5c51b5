// Package egracons converts grades between institutions from the distributions
// of the grades that each of them gives, as the ECTS Users' Guide of 2015 and the
// European project Egracons do it.
//
// # The notions
//
// A [Scale] is a list of grades, best first. The order is the caller's: in
// Germany 1.0 is better than 4.0, and nothing is ever guessed from numbers.
//
// A [Table] is the distribution of the passing grades of a reference group, a
// field of study at one institution over some years. Failures have no part in it.
// It is made from counts, from published percentages or cumulatives ([NewTable]),
// from the results of a student system ([Tabulate]), or from CSV and JSON
// ([ReadTables], [ReadJSON]).
//
// Counted from the best grade down, each grade takes a stretch of its table, its
// [Interval], half-open: (Low, High]. At a host where 5 % of the passes are a 10,
// 10 % a 9 and 35 % an 8, the 8 takes the stretch from 15 to 50 %. The home
// grades that stand on the same stretch of the home table are its [Candidate]
// list, each with the share of the stretch that it covers. Stretches that only
// touch do not overlap, and a grade never awarded at home is never proposed.
//
// A [Policy] then picks one candidate. The home institution fixes it in advance,
// with the direction of ties; neither has a default. [Convert] and [Converter]
// give a [Result], which holds all that explains it: [Result.Explain] says it in
// English or French and [Converter.WriteChart] draws it. It is a suggestion, which
// a board or a teacher approves.
//
// [ConvertTranscript] converts a whole transcript, finding the table of each
// course in [Groups]; [Report.WritePage], [Report.WriteJSON] and [Report.WriteCSV]
// print it.
//
// All arithmetic is exact. A [Converter] works out every grade of its pair once,
// on whole numbers of any size; converting is then a look-up.
//
// # What is the Users' Guide's and Egracons' own, and what is not
//
// Published: count passing grades of at least two years; group by ISCED-F 2013
// and by cycle; give cumulative percentages from the best grade; compare the two
// tables by position; let the receiving institution fix in advance whether it
// takes the minimum, average or maximum of the overlapping grades (ECTS Users'
// Guide 2015, sections 4.3 and 4.4; egracons.eu). Egracons converts host grades
// into home grades only, adds up degrees of the same cycle and four-digit code,
// and wants counts, never percentages.
//
// Not public, and therefore a choice of the caller here: which candidate the
// Egracons tool suggests, how it averages, its ties, its least group size, what
// it does without a code. No policy is "the Egracons one". Deduced by this
// package: the readings of "average" (AverageWeighted, AverageMinMax, Midpoint,
// LargestOverlap), the fallback order of [DefaultLevels], the continuous mark, the
// treatment of a grade never awarded at the host ([EmptyHostInterval]), the
// tolerance on percentages. NearestCumulative is what Stenden and Brescia
// describe. The layout of the Egracons data file is not known: [WriteCSV] writes
// a neutral form with the same content, and [Layout] maps other columns.
//
// Host tables given for conversions are confidential: explanations, charts and
// pages tell the interval of the student's grade, and the table only where its
// [Identity] says that it is published, or the caller asks for it.
//
// # Beside distributions
//
// Three older ways stand here because documents still use them: fixed band tables
// such as those of SMILE ([BandTable]), ECTS letters ([Letters],
// [LegacyLetters]) and the modified Bavarian formula ([Bavarian]).
//
// The package does no network or file access of its own. Scales, tables, groups
// and converters are immutable and safe for concurrent use.
package egracons
