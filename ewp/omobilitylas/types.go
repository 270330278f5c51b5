package omobilitylas

import (
	"io"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// Namespace is that of the agreements.
const Namespace = "https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd"

// item is the element of an agreement in the answer.
const item = "la"

// Agreement is the learning agreement of one mobility, of which there is at most one.
// Texts are as written in the document.
type Agreement struct {
	// OMobilityID is the identifier of the mobility, given by the sending institution,
	// the same as in the nominations. It never changes, nor do the two institutions and
	// the person who goes.
	OMobilityID string      `xml:"omobility-id"`
	Sending     Institution `xml:"sending-hei"`
	Receiving   Institution `xml:"receiving-hei"`
	// YearID is the academic year as the receiving institution names it, see
	// term.ParseYear.
	YearID  string  `xml:"receiving-academic-year-id"`
	Student Student `xml:"student"`
	// The planned days of arrival and departure, YYYY-MM-DD, or the months, YYYY-MM: one
	// of each pair is there. See Begins and Ends.
	StartDate  string `xml:"start-date,omitempty"`
	StartMonth string `xml:"start-year-month,omitempty"`
	EndDate    string `xml:"end-date,omitempty"`
	EndMonth   string `xml:"end-year-month,omitempty"`
	// EQF is the level of the programme at departure, "1" to "8".
	EQF string `xml:"eqf-level-studied-at-departure"`
	// ISCED is the field of education of the programme, four digits of ISCED-F 2013;
	// the schema takes any text.
	ISCED              string        `xml:"isced-f-code"`
	ISCEDClarification string        `xml:"isced-clarification,omitempty"`
	Language           LanguageSkill `xml:"student-language-skill"`
	// First is the first version that was agreed, nil before.
	First *Version `xml:"first-version"`
	// Changes is the latest agreed state of all changes to First, nil where there are
	// none.
	Changes *Version `xml:"approved-changes"`
	// Proposal waits for the receiving institution, nil where nothing does.
	Proposal            *Proposal `xml:"changes-proposal"`
	LearningOutcomesURL string    `xml:"learning-outcomes-url,omitempty"`
	ProvisionsURL       string    `xml:"provisions-url,omitempty"`
}

// Institution is the sending or the receiving one, and who answers there.
type Institution struct {
	HEI ewp.HEIID `xml:"hei-id"`
	// UnitName is the unit that is responsible for the student; required of the sending
	// institution.
	UnitName string `xml:"ounit-name,omitempty"`
	UnitID   string `xml:"ounit-id,omitempty"` // recommended
	Contact  Person `xml:"contact-person"`
}

// Person is a contact of an institution. Its phone is nil where there is none.
type Person struct {
	GivenNames string         `xml:"given-names"`
	FamilyName string         `xml:"family-name"`
	Email      string         `xml:"email"`
	Phone      *contact.Phone `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 phone-number"`
}

// Student is who goes. All fields are required in an agreement; in a proposal only
// those are there that change.
type Student struct {
	GivenNames  string `xml:"given-names,omitempty"`
	FamilyName  string `xml:"family-name,omitempty"`
	GlobalID    string `xml:"global-id,omitempty"`   // European Student Identifier, see package esi
	BirthDate   string `xml:"birth-date,omitempty"`  // YYYY-MM-DD
	Citizenship string `xml:"citizenship,omitempty"` // ISO 3166-1 alpha-2
	Gender      string `xml:"gender,omitempty"`      // contact.GenderFemale, …
	Email       string `xml:"email,omitempty"`
}

// IsZero reports whether nothing is said.
func (s Student) IsZero() bool { return s == Student{} }

// With returns the student with what a proposal changes.
func (s Student) With(change Student) Student {
	for _, f := range []struct{ to, from *string }{
		{&s.GivenNames, &change.GivenNames}, {&s.FamilyName, &change.FamilyName}, {&s.GlobalID, &change.GlobalID},
		{&s.BirthDate, &change.BirthDate}, {&s.Citizenship, &change.Citizenship}, {&s.Gender, &change.Gender}, {&s.Email, &change.Email},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	return s
}

// Important returns the fields that change by a proposal only: names, identifier and
// birth date.
func (s Student) Important() Student {
	return Student{GivenNames: s.GivenNames, FamilyName: s.FamilyName, GlobalID: s.GlobalID, BirthDate: s.BirthDate}
}

// LanguageSkill is the level in the main language of instruction that the student has,
// or will have at the beginning.
type LanguageSkill struct {
	Language string `xml:"language"`   // BCP 47
	Level    string `xml:"cefr-level"` // "A1" to "C2", or "NS"
}

// Tables are the course tables of one version. A table that is nil is absent, which is
// not the same as an empty one: in a proposal that may mean "as in the first version"
// (deduced from issue 40).
type Tables struct {
	Studied    *Table `xml:"components-studied"`             // A: at the receiving institution
	Recognized *Table `xml:"components-recognized"`          // B: what the sending one recognises
	Virtual    *Table `xml:"virtual-components"`             // C: studied online
	Blended    *Table `xml:"blended-mobility-components"`    // of a blended mobility only
	Doctoral   *Table `xml:"short-term-doctoral-components"` // of a short doctoral mobility only
}

// Table is a list of components.
type Table struct {
	Components []Component `xml:"component"`
}

// TableOf returns a table. Without components it is an empty one.
func TableOf(components ...Component) *Table { return &Table{Components: components} }

// Version is a version that was signed by all three.
type Version struct {
	Tables
	StudentSignature   Signature  `xml:"student-signature"`
	SendingSignature   Signature  `xml:"sending-hei-signature"`
	ReceivingSignature *Signature `xml:"receiving-hei-signature"` // required
}

// Proposal is a version that the student and the sending institution have signed.
type Proposal struct {
	// ID names this content: see [ProposalID].
	ID string `xml:"id,attr"`
	Version
	// Student has what changes of the student's data since the last approval, nil where
	// nothing does.
	Student *Student `xml:"student"`
}

// Component is a course, or another part of the studies.
type Component struct {
	// Status is required where the component is a change, and absent in a first version.
	Status     Mark   `xml:"status,attr,omitempty"`
	Reason     Reason `xml:"reason-code,attr,omitempty"` // see KnownReason
	ReasonText string `xml:"reason-text,attr,omitempty"` // best in English

	LOSID   string     `xml:"los-id,omitempty"`   // in the courses API of the owner: "CR/…"
	LOSCode string     `xml:"los-code,omitempty"` // for people
	Title   string     `xml:"title"`              // best in English
	LOIID   string     `xml:"loi-id,omitempty"`
	Term    *term.Part `xml:"term-id"` // at the owner; required in tables A and B
	Credits []Credit   `xml:"credit"`  // none where nothing is counted
	// RecognitionConditions is given where the component is not recognised
	// automatically. Never in table A.
	RecognitionConditions string `xml:"recognition-conditions,omitempty"`
	// ShortDescription is required in table C and once in the blended table, allowed in
	// the doctoral one, and forbidden elsewhere.
	ShortDescription string `xml:"short-description,omitempty"`
}

// Credit is what a component brings.
type Credit struct {
	Scheme string `xml:"scheme"` // SchemeECTS, or any other word
	Value  string `xml:"value"`  // decimal: "7.5"
}

// SchemeECTS is the one scheme that is defined.
const SchemeECTS = "ects"

// Mark says what a change does with a component of the first version.
type Mark string

// The marks.
const (
	Inserted Mark = "inserted"
	Deleted  Mark = "deleted"
)

// Reason is why a change is made.
type Reason string

// The reasons of the schema. The first three are of deletions, the others of insertions.
// More may come: an unknown one is read as none.
const (
	ReasonNotAvailable        Reason = "not-available"
	ReasonLanguageMismatch    Reason = "language-mismatch"
	ReasonTimetableConflict   Reason = "timetable-conflict"
	ReasonSubstitutingDeleted Reason = "substituting-deleted"
	ReasonExtendingMobility   Reason = "extending-mobility"
	ReasonAddingVirtual       Reason = "adding-virtual-component"
)

// reasons says which change each reason is of.
var reasons = map[Reason]Mark{
	ReasonNotAvailable: Deleted, ReasonLanguageMismatch: Deleted, ReasonTimetableConflict: Deleted,
	ReasonSubstitutingDeleted: Inserted, ReasonExtendingMobility: Inserted, ReasonAddingVirtual: Inserted,
}

// KnownReason returns the reason, "" for one that the schema does not have, which stands
// for none.
func (c Component) KnownReason() Reason {
	if _, ok := reasons[c.Reason]; ok {
		return c.Reason
	}
	return ""
}

// ECTS returns the ECTS credits as written, "" where there are none.
func (c Component) ECTS() string {
	for _, credit := range c.Credits {
		if strings.EqualFold(strings.TrimSpace(credit.Scheme), SchemeECTS) {
			return strings.TrimSpace(credit.Value)
		}
	}
	return ""
}

// Signature is who signed, when, and by what. A student's has no name, position and
// e-mail; those of institutions must have them.
type Signature struct {
	Name     string `xml:"signer-name,omitempty"`
	Position string `xml:"signer-position,omitempty"`
	Email    string `xml:"signer-email,omitempty"`
	Time     string `xml:"timestamp"` // xs:dateTime: "2026-05-04T14:03:23+02:00"
	App      string `xml:"signer-app,omitempty"`
}

// LogValue gives the identifier and nothing of what is in the agreement.
func (a Agreement) LogValue() slog.Value {
	return slog.GroupValue(slog.String("omobility", a.OMobilityID), slog.String("sending", a.Sending.HEI.String()), slog.String("receiving", a.Receiving.HEI.String()))
}

// LogValue masks the student.
func (s Student) LogValue() slog.Value { return slog.StringValue("[student]") }

// LogValue masks the person.
func (p Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// LogValue masks who signed.
func (s Signature) LogValue() slog.Value { return slog.StringValue("[signature]") }

// Decode reads the document of an answer, of 64 MiB at most. It is lenient: unknown
// elements are passed over, order and prefixes do not matter, and what the schema
// demands is not asked for, see [Agreement.Validate]. Its error is passerelle.ErrProtocol
// for another document, or that of r.
func Decode(r io.Reader) ([]Agreement, error) {
	return document.Decode[Agreement](r, document.Root(ewp.OMobilityLAs, "get"), item)
}

// Encode writes the document of an answer, in the order of the schema and without
// prefixes. Its error is that of w.
func Encode(w io.Writer, agreements []Agreement) error {
	return document.Encode(w, document.Root(ewp.OMobilityLAs, "get"), item, agreements)
}
