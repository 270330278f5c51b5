package courses

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/sis"
)

// SISOptions say how elements of a student system become syllabuses.
type SISOptions struct {
	// Kinds says what the system's own words stand for; a word that is not there is one
	// of the defaults, or a fault. The defaults are those of French systems (deduced from
	// them, published nowhere): "EC" is a Course, "UE", "semester" and "year" are Modules,
	// "programme" is a Programme.
	Kinds map[string]Kind
	// Lang is the language of the titles. Empty is "fr".
	Lang string
	// Start and End are the days of the year, for which the credits are given. Without
	// them nothing is said of credits.
	Start, End passerelle.Date
}

var defaultKinds = map[string]Kind{"EC": Course, "UE": Module, "semester": Module, "year": Module, "programme": Programme}

// FromSIS returns the elements of a student system as syllabuses, in their order, each
// with its children as Parts. The codes are the keys: they must not change. Its error is
// passerelle.FieldErrors, for words of Kind that are not known, codes that are not
// unique or cannot be keys, and parents that are not among the elements; the syllabuses
// are complete but for these.
func FromSIS(elements []sis.Course, o SISOptions) ([]Syllabus, error) {
	if o.Lang == "" {
		o.Lang = "fr"
	}
	var f lexical.Faults
	at := make(map[string]int, len(elements))
	out := make([]Syllabus, len(elements))
	ids := make([]string, len(elements))
	for i, e := range elements {
		path := lexical.At("courses", i)
		if _, again := at[e.Code]; again {
			f.Add(path+".Code", "duplicate", "a code of its own")
		} else {
			at[e.Code] = i
		}
		kind, ok := o.Kinds[e.Kind]
		if !ok {
			if kind, ok = defaultKinds[e.Kind]; !ok {
				f.Add(path+".Kind", "code", "a word that SISOptions.Kinds has")
			}
		}
		if ids[i], _ = kind.ID(e.Code); ok && ids[i] == "" {
			f.Add(path+".Code", "identifier", "1 to 40 printable ASCII characters without blanks")
		}
		out[i] = Syllabus{Kind: kind, Code: e.Code, Titles: ewp.Texts{{Lang: o.Lang, Value: e.Title}}}
		if !o.Start.IsZero() {
			out[i].Start, out[i].End, out[i].ECTS = o.Start, o.End, strings.Replace(e.ECTS, ",", ".", 1)
		}
	}
	for i, e := range elements {
		if e.Parent == "" {
			continue
		}
		parent, ok := at[e.Parent]
		if !ok {
			f.Add(lexical.At("courses", i)+".Parent", "reference", "the code of an element that is among them")
			continue
		}
		out[parent].Parts = append(out[parent].Parts, ids[i])
	}
	return out, f.Err()
}

// ToSIS returns specifications as elements of a student system, in their order. words
// gives the system's own word for each kind; one without is the Type of the kind. What
// is not among them has no parent. langs are those of the title, the best first, and day
// is the one of the credits.
func ToSIS(specifications []Specification, words map[Kind]string, day passerelle.Date, langs ...string) []sis.Course {
	codes := make(map[string]string, len(specifications))
	parents := make(map[string]string)
	for _, s := range specifications {
		codes[s.ID] = s.code()
		for _, part := range s.Parts {
			parents[part] = s.ID
		}
	}
	out := make([]sis.Course, len(specifications))
	for i, s := range specifications {
		y := s.Syllabus(day)
		word, ok := words[y.Kind]
		if !ok {
			word = y.Kind.Type()
		}
		out[i] = sis.Course{Code: s.code(), Kind: word, Title: s.Titles.In(langs...).Value, ECTS: y.ECTS, Parent: codes[parents[s.ID]]}
	}
	return out
}

// code is what the specification is known by among people: that of the host, or as the
// specification allows, the identifier.
func (s Specification) code() string {
	if s.Code != "" {
		return s.Code
	}
	return s.ID
}
