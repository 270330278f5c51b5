package factsheet

import (
	"io"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
)

// Param is the parameter with the institutions that are asked for.
const Param = "hei_id"

// item is the element of a factsheet in the answer.
const item = "factsheet"

// Factsheet is what an institution tells its partners. All is required but the lists.
type Factsheet struct {
	HEI          ewp.HEIID     `xml:"hei-id"`
	Calendar     Calendar      `xml:"calendar"`
	Application  Information   `xml:"application-info"`
	Requirements []Requirement `xml:"additional-requirement"`
	// DecisionWeeks is within how many weeks the institution decides on an application,
	// and ToRWeeks within how many it issues the transcript of records: whole numbers,
	// which should not be above MaxWeeks.
	DecisionWeeks string          `xml:"decision-weeks-limit"`
	ToRWeeks      string          `xml:"tor-weeks-limit"`
	Accessibility []Accessibility `xml:"accessibility"`
	Housing       Information     `xml:"housing-info"`
	Visa          Information     `xml:"visa-info"`
	Insurance     Information     `xml:"insurance-info"`
	Additional    []Additional    `xml:"additional-info"`
}

// MaxWeeks is what DecisionWeeks and ToRWeeks should not exceed.
const MaxWeeks = 5

// Calendar has the days until which partners nominate, and students apply.
type Calendar struct {
	Nominations  Terms `xml:"student-nominations"`
	Applications Terms `xml:"student-applications"`
}

// Terms has a day of each year for each term, as "--05-15": see [ParseMonthDay].
type Terms struct {
	Autumn string `xml:"autumn-term"`
	Spring string `xml:"spring-term"`
}

// Information is an office that answers questions, and its pages.
type Information struct {
	Email    string        `xml:"email"`
	Phone    contact.Phone `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 phone-number"`
	Websites ewp.Texts     `xml:"website-url"` // one at least
}

// IsZero reports whether nothing is said.
func (i Information) IsZero() bool { return i.Email == "" && i.Phone.IsZero() && len(i.Websites) == 0 }

// Requirement is what the institution asks of incoming students, and is not in the
// nomination.
type Requirement struct {
	Name     string    `xml:"name"` // MotivationLetter, …, or any other
	Details  string    `xml:"details"`
	Websites ewp.Texts `xml:"information-website"`
}

// The names of requirements that are reserved, letter for letter: documents that an
// application holds. All but Portfolio and CV, which may be addresses of pages, are
// PDF files. They were meant to be answered by the nominations of version 2; those of
// version 3 have no place for them (deduced).
const (
	MotivationLetter    = "Motivation letter"
	TranscriptOfRecords = "Transcript of Records"
	LanguageCertificate = "Language certificate"
	ReferenceLetter     = "Reference letter"
	Portfolio           = "Portfolio"
	CV                  = "CV"
	OtherDocument       = "Other document"
)

// Reserved lists them.
func Reserved() []string {
	return []string{MotivationLetter, TranscriptOfRecords, LanguageCertificate, ReferenceLetter, Portfolio, CV, OtherDocument}
}

// The values of Accessibility.Type.
const (
	Infrastructure = "infrastructure"
	Service        = "service"
)

// Accessibility is what there is for people with special needs.
type Accessibility struct {
	Type        string      `xml:"type"` // Infrastructure or Service
	Name        string      `xml:"name"`
	Description string      `xml:"description,omitempty"`
	Information Information `xml:"information"`
}

// Additional is an office for something else: "Recognition process".
type Additional struct {
	Type        string      `xml:"type"`
	Information Information `xml:"info"`
}

// WithOffice returns the factsheet with an office in the place of those that it does not
// name, for institutions where one answers all questions.
func (s Factsheet) WithOffice(office Information) Factsheet {
	for _, i := range []*Information{&s.Application, &s.Housing, &s.Visa, &s.Insurance} {
		if i.IsZero() {
			*i = office
		}
	}
	return s
}

// Decode reads the document of an answer, of 64 MiB at most. Its error is
// passerelle.ErrProtocol for another document, or that of r.
func Decode(r io.Reader) ([]Factsheet, error) {
	return document.Decode[Factsheet](r, document.Root(ewp.Factsheet, ""), item)
}

// Encode writes the document of an answer. Its error is that of w.
func Encode(w io.Writer, sheets []Factsheet) error {
	return document.Encode(w, document.Root(ewp.Factsheet, ""), item, sheets)
}
