// Package diploma makes the diploma supplement: the eight sections of the model of
// the European Commission, the Council of Europe and UNESCO, filled from a degree,
// its holder, the results, a grade table and the descriptions of courses; and a
// page of it to print.
//
// In France the supplement is the "annexe descriptive" of article D.123-13 of the
// Code de l'éducation. The rules of the model: all eight sections are there, an
// empty one says why, and nothing is a value judgement or a claim of equivalence.
// [Supplement.Missing] lists by section what is neither filled nor explained.
//
// The titles of the sections are data, by version of the model and language
// ([Wording]): the English ones of 2018 follow public templates, the French ones
// are of 2007, and of their sections 4.4 and following no source was found: they
// are marked as deduced. The French wording of 2018 is not known here; give your own.
//
// The text of sections 2, 3, 5 and 8 is the institution's, and the ministry's for
// section 8: no data format of Apogée or Pégase for them is public.
//
// A supplement is personal data. Signing a PDF of it is outside of this package.
package diploma
