package courses

import (
	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// Syllabus is a course as student systems and course catalogues keep it: one thing that
// can be studied, given once. It holds what the format of the network does, and comes
// back from there as it went. Kind, Key or Code, and Titles are required.
type Syllabus struct {
	Kind Kind
	Key  string // of the system, 1 to 40 printable ASCII characters, never changed; empty stands for Code
	Code string // for people: "INF-301"
	Unit string // the unit that gives it, its identifier in the Organizational Units API

	Titles       ewp.Texts
	Descriptions ewp.Texts // content, outcomes, prerequisites, in paragraphs
	Pages        ewp.Texts
	ISCED        string   // "0613"
	EQF          string   // "6"
	Parts        []string // identifiers of the specifications that it is made of

	// What follows is about one time that it is given; there is none where Start and End
	// are zero.
	InstanceKey string // like Key; empty is that of the specification, and the first day
	Start, End  passerelle.Date
	Term        *term.Term
	ECTS        string // decimal: "7.5"
	Level       string // of the credits: Bachelor, Master, PhD
	Language    string // of teaching, BCP 47
	Hours       string // in class, decimal
	// Scale is the range of grades: "0-20". Assessment says how the work is graded. The
	// format has no element for that: it stands in the description of the grading scheme,
	// which has the same readers (our reading of the schema), so Scale must be there too.
	Scale      string
	Assessment ewp.Texts
}

// Specification returns the syllabus in the format of the network. Its error is
// passerelle.FieldErrors, with what Validate says of it.
func (s Syllabus) Specification() (Specification, error) {
	var f lexical.Faults
	key := s.Key
	if key == "" {
		key = s.Code
	}
	id, err := s.Kind.ID(key)
	if err != nil {
		f.Add("Key", "identifier", "a kind, and a key of 1 to 40 printable ASCII characters without blanks")
	}
	c := Specification{
		ID: id, Code: s.Code, Unit: s.Unit, Titles: s.Titles, Type: s.Kind.Type(), ISCED: s.ISCED, EQF: s.EQF,
		Pages: s.Pages, Descriptions: s.Descriptions, Parts: s.Parts,
	}
	switch {
	case !s.Start.IsZero() || !s.End.IsZero():
		c.Instances = []Instance{s.instance(&f, key)}
	case s.ECTS+s.Language+s.Hours+s.Scale != "" || s.Term != nil || len(s.Assessment) > 0:
		f.Add("Start", "required", "the days on which it starts and ends: credits, language and grading are those of a time that it is given")
	}
	if err := f.Err(); err != nil {
		return Specification{}, err
	}
	return c, c.Validate()
}

// instance returns what is about one time that it is given.
func (s Syllabus) instance(f *lexical.Faults, key string) Instance {
	if s.InstanceKey != "" {
		key = s.InstanceKey
	} else {
		key += "-" + s.Start.String()
	}
	id, err := s.Kind.InstanceID(key)
	if err != nil {
		f.Add("InstanceKey", "identifier", "1 to 40 printable ASCII characters without blanks")
	}
	i := Instance{ID: id, Start: s.Start.String(), End: s.End.String(), Term: s.Term, Language: s.Language, Hours: s.Hours}
	if s.ECTS != "" {
		i.Credits = []Credit{{Scheme: SchemeECTS, Level: s.Level, Value: s.ECTS}}
	}
	switch {
	case s.Scale != "":
		i.Grading = &GradingScheme{Labels: ewp.Texts{{Value: s.Scale}}, Descriptions: s.Assessment}
	case len(s.Assessment) > 0:
		f.Add("Scale", "required", "the range of grades, without which the format cannot hold how the work is graded")
	}
	return i
}

// Syllabus returns the specification as a syllabus, with the instance that [Specification.On]
// chooses for a day. What a syllabus has no place for is left out: other instances,
// other credits than ECTS, the subject area, results, and the range of grades in other
// languages than one.
func (s Specification) Syllabus(day passerelle.Date) Syllabus {
	out := Syllabus{
		Code: s.Code, Unit: s.Unit, Titles: s.Titles, Descriptions: s.Descriptions, Pages: s.Pages, ISCED: s.ISCED, EQF: s.EQF, Parts: s.Parts,
	}
	out.Kind, out.Key = split(s.ID)
	i, ok := s.On(day)
	if !ok {
		return out
	}
	_, out.InstanceKey = split(i.ID)
	out.Start, out.End, _ = i.Dates() // On leaves out what has none
	out.Term, out.ECTS, out.Language, out.Hours = i.Term, i.ECTS(), i.Language, i.Hours
	for _, c := range i.Credits {
		if lexical.Token(c.Scheme) == SchemeECTS {
			out.Level = c.Level
			break
		}
	}
	if g := i.Grading; g != nil {
		out.Scale, out.Assessment = g.Labels.In("en").Value, g.Descriptions
	}
	return out
}

// split returns the kind and the key of an identifier.
func split(id string) (Kind, string) {
	kind, ok := KindOf(id)
	if !ok {
		return "", id
	}
	for i := range id {
		if id[i] == '/' {
			return kind, id[i+1:]
		}
	}
	return kind, ""
}
