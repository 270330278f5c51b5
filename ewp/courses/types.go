package courses

import (
	"encoding/xml"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// The elements of a course in the answer, and of an identifier in that of replication.
const (
	item           = "learningOpportunitySpecification"
	itemReplicated = "los-id"
)

// Specification is what can be studied (learning opportunity specification). ID and
// Titles are required.
type Specification struct {
	ID   string `xml:"los-id"`             // with its kind, as "CR/1234": see Kind.ID; never shown to people, never changed
	Code string `xml:"los-code,omitempty"` // for people; the official validator wants one
	Unit string `xml:"ounit-id,omitempty"` // the unit that gives it, of the Organizational Units API
	// Titles should have one in English. An empty text is for what has no title.
	Titles ewp.Texts `xml:"title"`
	// Type is that of Kind; readers must bear others.
	Type         string     `xml:"type,omitempty"`
	SubjectArea  string     `xml:"subjectArea,omitempty"`      // Erasmus subject area code
	ISCED        string     `xml:"iscedCode,omitempty"`        // ISCED-F 2013: "0541"
	EQF          string     `xml:"eqfLevelProvided,omitempty"` // level of the European Qualifications Framework, 1 to 8
	Pages        ewp.Texts  `xml:"url"`                        // addresses of pages for people
	Descriptions ewp.Texts  `xml:"description"`                // of any length, in paragraphs: partners search in it
	Instances    []Instance `xml:"specifies>learningOpportunityInstance"`
	// Parts are the identifiers of the specifications that this one is made of.
	Parts []string `xml:"contains>los-id"`
}

// MarshalXML writes the specification without the wrappers that nothing is in, which
// encoding/xml would write.
func (s Specification) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type plain Specification
	wire := struct {
		plain
		Instances *[]Instance `xml:"specifies>learningOpportunityInstance"`
		Parts     *[]string   `xml:"contains>los-id"`
	}{plain: plain(s)}
	if len(s.Instances) > 0 {
		wire.Instances = &s.Instances
	}
	if len(s.Parts) > 0 {
		wire.Parts = &s.Parts
	}
	return e.EncodeElement(wire, start)
}

// Instance is one time that a specification is given. ID, Start and End are required.
type Instance struct {
	ID       string         `xml:"loi-id"`                                                                                              // with its kind, as "CRI/1234": see Kind.InstanceID
	Start    string         `xml:"start"`                                                                                               // YYYY-MM-DD
	End      string         `xml:"end"`                                                                                                 // YYYY-MM-DD
	Term     *term.Term     `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 academic-term"` // of a course; not of what lasts for several terms
	Grading  *GradingScheme `xml:"gradingScheme"`
	Results  *Distribution  `xml:"resultDistribution"`
	Credits  []Credit       `xml:"credit"`                          // ECTS should be among them
	Language string         `xml:"languageOfInstruction,omitempty"` // BCP 47, the primary one; empty where there is none
	Hours    string         `xml:"engagementHours,omitempty"`       // that a student spends in class, decimal
}

// GradingScheme says how the work is graded.
type GradingScheme struct {
	Labels       ewp.Texts `xml:"label"` // "0-20", "A-F", "passed / not passed": the range of grades; one at least
	Descriptions ewp.Texts `xml:"description"`
}

// Distribution is a histogram of the grades of all students, those who failed included.
type Distribution struct {
	Categories   []Category `xml:"category"` // one at least
	Descriptions ewp.Texts  `xml:"description"`
}

// Category is how many students have a grade, or one in a range.
type Category struct {
	Label string `xml:"label,attr"`
	Count string `xml:"count,attr"` // whole number
}

// SchemeECTS is the one scheme of credits that is agreed upon.
const SchemeECTS = "ects"

// Credit is what the work is worth in a scheme.
type Credit struct {
	Scheme string `xml:"scheme"`
	Level  string `xml:"level,omitempty"` // Bachelor, Master, PhD
	Value  string `xml:"value"`           // decimal
}

// ECTS returns the ECTS credits of an instance as written, "" where there are none.
func (i Instance) ECTS() string {
	for _, c := range i.Credits {
		if lexical.Token(c.Scheme) == SchemeECTS {
			return lexical.Token(c.Value)
		}
	}
	return ""
}

// Dates returns the first and the last day. Its error is a *passerelle.ParseError.
func (i Instance) Dates() (first, last passerelle.Date, err error) {
	if first, err = lexical.Date(i.Start); err == nil {
		last, err = lexical.Date(i.End)
	}
	return first, last, err
}

// On returns the instance that is given on a day, else the next one after it, else the
// last before it. It is false where there is none with dates that can be read.
func (s Specification) On(day passerelle.Date) (Instance, bool) {
	var best Instance
	var bestRank int
	var bestFirst passerelle.Date
	for _, i := range s.Instances {
		first, last, err := i.Dates()
		if err != nil {
			continue
		}
		r := rank(first, last, day)
		closer := bestFirst.Before(first)
		if r == soon {
			closer = first.Before(bestFirst)
		}
		if bestFirst.IsZero() || r < bestRank || r == bestRank && closer {
			best, bestRank, bestFirst = i, r, first
		}
	}
	return best, !bestFirst.IsZero()
}

// What an instance is on a day, the best first.
const (
	given = iota
	soon
	over
)

func rank(first, last, day passerelle.Date) int {
	switch {
	case last.Before(day):
		return over
	case day.Before(first):
		return soon
	}
	return given
}

// Decode reads the document of an answer, of 64 MiB at most. Its error is
// passerelle.ErrProtocol for another document, or that of r.
func Decode(r io.Reader) ([]Specification, error) {
	return document.Decode[Specification](r, document.Root(ewp.Courses, ""), item)
}

// Encode writes the document of an answer. Its error is that of w.
func Encode(w io.Writer, specifications []Specification) error {
	return document.Encode(w, document.Root(ewp.Courses, ""), item, specifications)
}

// DecodeReplication reads the document of an answer of Simple Course Replication, as
// Decode does that of courses.
func DecodeReplication(r io.Reader) ([]string, error) {
	return document.Decode[string](r, document.Root(ewp.SimpleCourseReplication, ""), itemReplicated)
}

// EncodeReplication writes the document of an answer of Simple Course Replication. Its
// error is that of w.
func EncodeReplication(w io.Writer, ids []string) error {
	return document.Encode(w, document.Root(ewp.SimpleCourseReplication, ""), itemReplicated, ids)
}
