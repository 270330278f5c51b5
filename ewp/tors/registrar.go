package tors

import (
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/sis"
)

// Registrar is what a receiving institution puts into every transcript that it makes of
// the results of its student system. HEI and Issuer.Titles are required. It is safe for
// concurrent use when its functions are.
type Registrar struct {
	// HEI is the institution in the network. Its identifier of type "schac" is added to
	// those of Issuer.
	HEI    ewp.HEIID
	Issuer elmo.Issuer
	// Sheet says how results become courses. Its Finish is called last.
	Sheet elmo.Sheet
	// Schemes are the grading schemes that the results refer to.
	Schemes []elmo.GradingScheme
	// Term returns the term of a result. Nil, or nil of it, gives none.
	Term func(sis.Result) *elmo.AcademicTerm
	// ISCED returns the ISCED-F code of a course, "" for none.
	ISCED func(code string) string
	// Distribution returns how often each result was given in the course of a result, see
	// the function of this name. Nil, or nil of it, gives none.
	Distribution func(sis.Result) *elmo.Distribution
	// Table returns the grade table of a field of study, and whether there is one. It is
	// asked for the codes that the courses have.
	Table func(isced string) (ISCEDTable, bool)
	// Now is the moment that goes into the document. Nil is time.Now.
	Now func() time.Time
}

// Stay is one mobility at the receiving institution. It is personal data.
type Stay struct {
	OMobilityID string
	Year        term.Year // of the mobility, as the receiving institution counts
	Student     passerelle.Person
	ESI         string // European Student Identifier, as the sending institution gave it
	Citizenship string // ISO 3166-1 alpha-2, "" for none
	// Results are those of the student system, failed ones included, in the order of the
	// transcript.
	Results []sis.Result
	// Agreed are the courses of the last agreement. Those whose code is that of a result
	// give it their identifiers.
	Agreed []Component
	// PDF is the transcript as a printable document; nil for none.
	PDF []byte
}

// Transcript returns the transcript of a stay. Nothing is made up: what the student
// system does not say is absent, and told in the error, which is that of
// [ToR.Validate] for version 3 with the transcript as far as it goes. The alternative
// name that ELMO 2.1.1 demands is the full name.
func (r Registrar) Transcript(s Stay) (ToR, error) {
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	at := now().Format(time.RFC3339)
	report := elmo.Report{
		Issuer: r.issuer(), Specifications: r.sheet(s.Agreed).Specifications(s.Results),
		IssueDate: at, GradingSchemes: r.Schemes,
	}
	if len(s.PDF) > 0 {
		report.Attachments = []elmo.Attachment{{
			Titles: ewp.Texts{{Lang: "en", Value: TranscriptOfRecords}}, Type: TranscriptOfRecords,
			Contents: ewp.Texts{elmo.NewContent("application/pdf", s.PDF, "")},
		}}
	}
	t := ToR{
		OMobilityID: s.OMobilityID, Year: s.Year.String(),
		ELMO: elmo.Document{GeneratedDate: at, Learner: learner(s), Reports: []elmo.Report{report}},
	}
	t.Conversion = r.tables(report)
	return t, t.Validate(V3)
}

// issuer returns Issuer with the identifier of the network first.
func (r Registrar) issuer() elmo.Issuer {
	issuer := r.Issuer
	issuer.Identifiers = []elmo.Identifier{{Type: "schac", Value: r.HEI.String()}}
	for _, id := range r.Issuer.Identifiers {
		if !strings.EqualFold(id.Type, "schac") {
			issuer.Identifiers = append(issuer.Identifiers, id)
		}
	}
	return issuer
}

// sheet returns Sheet with what the registrar and the agreement know of a course.
func (r Registrar) sheet(agreed []Component) elmo.Sheet {
	byCode := map[string]Component{}
	for _, c := range agreed {
		if c.Code != "" {
			byCode[c.Code] = c
		}
	}
	sheet := r.Sheet
	sheet.Finish = func(s *elmo.Specification, result sis.Result) {
		c := byCode[result.Course.Code]
		i := &s.Specifies.Instance
		s.Identifiers = identified(s.Identifiers, losType, c.LOSID)
		i.Identifiers = identified(i.Identifiers, loiType, c.LOIID)
		if r.Term != nil {
			i.AcademicTerm = r.Term(result)
		}
		if r.ISCED != nil {
			s.ISCED = r.ISCED(result.Course.Code)
		}
		if r.Distribution != nil {
			i.Distribution = r.Distribution(result)
		}
		if r.Sheet.Finish != nil {
			r.Sheet.Finish(s, result)
		}
	}
	return sheet
}

// identified returns identifiers with one of a type, first, in place of others of it;
// "" leaves them.
func identified(ids []elmo.Identifier, kind, value string) []elmo.Identifier {
	if value == "" {
		return ids
	}
	out := []elmo.Identifier{{Type: kind, Value: value}}
	for _, id := range ids {
		if !strings.EqualFold(id.Type, kind) {
			out = append(out, id)
		}
	}
	return out
}

// tables returns the grade tables of the fields that the courses have, in the order in
// which they come; nil for none.
func (r Registrar) tables(report elmo.Report) *GradeConversionTable {
	if r.Table == nil {
		return nil
	}
	var c GradeConversionTable
	seen := map[string]bool{"": true}
	for _, s := range report.All() {
		if seen[s.ISCED] {
			continue
		}
		seen[s.ISCED] = true
		if table, ok := r.Table(s.ISCED); ok {
			table.ISCED = s.ISCED
			c.Tables = append(c.Tables, table)
		}
	}
	if len(c.Tables) == 0 {
		return nil
	}
	return &c
}

func learner(s Stay) elmo.Learner {
	p := s.Student
	l := elmo.Learner{GivenNames: p.Given(), FamilyName: p.BirthName}
	if p.UsageName != "" && p.UsageName != p.BirthName {
		l.FamilyName, l.BirthName = p.UsageName, p.BirthName
	}
	l.AlternativeName = &ewp.Text{Value: strings.TrimSpace(l.GivenNames + " " + l.FamilyName)}
	if s.ESI != "" {
		l.Identifiers = []elmo.Identifier{{Type: "esi", Value: s.ESI}}
	}
	if s.Citizenship != "" {
		l.Citizenship = &elmo.Coded{Type: "ISO", Value: s.Citizenship}
	}
	if d := p.BirthDate; !d.IsZero() && !d.Partial() {
		l.DateOfBirth = d.String()
	}
	switch p.Sex { // ISO 5218
	case passerelle.SexMale:
		l.Gender = "1"
	case passerelle.SexFemale:
		l.Gender = "2"
	}
	return l
}
