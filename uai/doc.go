// Package uai handles the code of French educational establishments, the UAI
// (unité administrative immatriculée, formerly RNE): seven digits and a key
// letter, such as 0511296G.
//
// [Parse] checks the shape; the key is a separate question ([Code.KeyOK],
// [ParseStrict]), because placeholders with a wrong key such as 0123456A stand in
// many files and in the test data of national services.
//
// # Where the rules come from
//
// No official text of the key was found. The rule (the seven digits modulo 23,
// index in the alphabet without I, O and Q) is that of two public
// implementations; it holds for all 263 establishments of the ministry's open
// data set of main higher-education establishments, and for all but typing errors
// and placeholders among 6 606 codes of the apprenticeship dashboard. The meaning
// of the first three digits is used as information only.
//
// A UAI designates an establishment and is not personal: it is logged plainly.
package uai
