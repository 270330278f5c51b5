package tors

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// coursePattern is that of the identifiers of the Courses API: CR/…, CRI/…. Unknown
// prefixes must be accepted (ewp-specs-api-courses).
var coursePattern = regexp.MustCompile(`^[A-Z]{1,10}/[!-~]{1,40}$`)

// The types of these identifiers in ELMO.
const (
	losType = "ewp-los-id"
	loiType = "ewp-loi-id"
)

// Validate returns everything that a version demands of a transcript and that is not
// there, as passerelle.FieldErrors whose paths are those of the elements: what the
// schemas refuse, and what their annotations say that each transcript must have.
//
// In version 3 that is, for the learner, an identifier of type "esi" and the birth
// date; for the issuer, one of type "schac"; for each course, its identifiers of the
// Courses API, a title, the term, credits of the scheme "ects" with a value, a result
// and the distribution of results. What holds other courses (a programme, a module)
// needs identifiers and a title: deduced, since a module has often no result of its
// own. Version 2 demands the identifiers of learner and issuer.
func (t *ToR) Validate(v Version) error {
	f := new(lexical.Faults)
	if v.ELMO() == 0 {
		f.Add("version", "code", "V3 or V2")
		return f.Err()
	}
	f.Identifier("omobility-id", t.OMobilityID)
	if v >= V3 {
		if _, err := t.AcademicYear(); err != nil {
			f.Add("receiving-academic-year-id", "academic-year", "an academic year as 2025/2026, or 2025/2025 in the southern hemisphere")
		}
	}
	document := t.ELMO.In(v.ELMO())
	f.In("elmo", document.Validate(v.ELMO()))
	if document.Learner.ESI() == "" {
		f.Add("elmo.learner.identifier", "required", `the European Student Identifier, of the type "esi"`)
	}
	if _, err := document.Learner.Birth(); v >= V3 && errors.Is(err, passerelle.ErrNotFound) {
		f.Add("elmo.learner.dateOfBirth", "required", "the birth date")
	}
	for i, r := range document.Reports {
		path := lexical.At("elmo.report", i)
		if _, err := ewp.ParseHEIID(elmo.IdentifierOf(r.Issuer.Identifiers, "schac")); err != nil {
			f.Add(path+".issuer.identifier", "required", `the identifier of the institution in the network, of the type "schac"`)
		}
		if v >= V3 {
			for j, s := range r.Specifications {
				specification(f, lexical.At(path+".learningOpportunitySpecification", j), s)
			}
		}
	}
	if t.Conversion != nil {
		t.Conversion.check(f)
	}
	return f.Err()
}

// specification checks what version 3 demands of a course and of what holds courses.
func specification(f *lexical.Faults, path string, s elmo.Specification) {
	if !coursePattern.MatchString(elmo.IdentifierOf(s.Identifiers, losType)) {
		f.Add(path+".identifier", "pattern", `an identifier of the type "`+losType+`", as CR/…`)
	}
	i := s.Specifies.Instance
	at := path + ".specifies.learningOpportunityInstance"
	if !coursePattern.MatchString(elmo.IdentifierOf(i.Identifiers, loiType)) {
		f.Add(at+".identifier", "pattern", `an identifier of the type "`+loiType+`", as CRI/…`)
	}
	for n, part := range s.Parts {
		specification(f, fmt.Sprintf("%s.hasPart[%d].learningOpportunitySpecification", path, n), part.Specification)
	}
	if len(s.Parts) > 0 {
		return
	}
	if i.AcademicTerm == nil {
		f.Add(at+".academicTerm", "required", "the term in which the course was taken")
	}
	if _, ok := i.CreditsIn("ects"); !ok {
		f.Add(at+".credit", "required", `credits of the scheme "ects", with their value`)
	}
	f.Required(at+".resultLabel", i.ResultLabel, "the result, as the grade tables spell it")
	if i.Distribution == nil {
		f.Add(at+".resultDistribution", "required", "how often each result was given")
	}
}

var hundred = big.NewRat(100, 1)

// check is what the schema says of the tables, and that each field and grade is there once.
func (c *GradeConversionTable) check(f *lexical.Faults) {
	if len(c.Tables) == 0 {
		f.Add("gradeConversionTable.iscedTable", "required", "a table, or no gradeConversionTable")
	}
	codes := map[string]bool{}
	for i, t := range c.Tables {
		path := lexical.At("gradeConversionTable.iscedTable", i)
		f.Required(path+"@iscedCode", t.ISCED, "the ISCED-F code, as the courses have it")
		if code := lexical.Token(t.ISCED); code != "" && codes[code] {
			f.Add(path+"@iscedCode", "unique", "one table for each code")
		} else {
			codes[code] = true
		}
		if len(t.Grades) == 0 {
			f.Add(path+".gradeFrequency", "required", "a grade")
		}
		labels := map[string]bool{}
		for n, g := range t.Grades {
			at := lexical.At(path+".gradeFrequency", n)
			f.Required(at+"@label", g.Label, "the grade, as the results spell it")
			if label := lexical.Token(g.Label); label != "" && labels[label] {
				f.Add(at+"@label", "unique", "each grade once")
			} else {
				labels[label] = true
			}
			share, err := g.number()
			if err != nil || share.Sign() < 0 || share.Rat().Cmp(hundred) > 0 {
				f.Add(at+"@percentage", "number", "a decimal number with a point, from 0 to 100")
			}
		}
	}
}
