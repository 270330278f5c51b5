package omobilities

import (
	"encoding/xml"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// Status is where a mobility stands (MobilityStatus). Other words are kept as read.
type Status string

// The statuses. That a nomination has reached R ("delivered") is S's own knowledge
// and no status.
const (
	Pending   Status = "pending"   // nominated; neither approved nor rejected
	Approved  Status = "approved"  // R found it correct and within the agreement
	Rejected  Status = "rejected"  // R rejected it, with a comment
	Cancelled Status = "cancelled" // S took it back: it will not take place
)

// StudentStudies is the only activity type that version 3 has (MobilityActivityType).
const StudentStudies = "student-studies"

// The attributes of an activity (MobilityActivityAttributes).
const (
	LongTerm          = "long-term"
	ShortTermBlended  = "short-term-blended"
	ShortTermDoctoral = "short-term-doctoral"
)

// The genders of ISO 5218, as Student.Gender has them.
const (
	GenderUnknown       = "0"
	GenderMale          = "1"
	GenderFemale        = "2"
	GenderNotApplicable = "9"
)

// Mobility is one student-mobility, as S serves it. It is personal.
type Mobility struct {
	ID         string     `xml:"omobility-id" json:"id"` // given by S, 1 to 64 printable ASCII characters; never changes
	Student    Student    `xml:"student" json:"student"`
	Nomination Nomination `xml:"nomination" json:"nomination"`
	Status     Status     `xml:"status" json:"status"`
}

// Student is the nominee. Every field is required.
type Student struct {
	// GivenNames and FamilyName may be there in several languages and scripts.
	GivenNames  ewp.Texts `xml:"given-names" json:"given_names"`
	FamilyName  ewp.Texts `xml:"family-name" json:"family_name"`
	GlobalID    string    `xml:"global-id" json:"global_id"`     // European Student Identifier, see ESI
	BirthDate   string    `xml:"birth-date" json:"birth_date"`   // YYYY-MM-DD, maybe with a zone, see Birth
	Nationality string    `xml:"nationality" json:"nationality"` // ISO 3166-1 alpha-2
	Gender      string    `xml:"gender" json:"gender"`           // GenderUnknown, …
	Email       string    `xml:"email" json:"email"`
}

// Nomination is what R approves or rejects: a proposal.
type Nomination struct {
	// ProposalID names this content, see the function ProposalID. It is any text.
	ProposalID string `xml:"proposal-id,attr" json:"proposal_id"`
	Sending    HEI    `xml:"sending-hei" json:"sending"`
	Receiving  HEI    `xml:"receiving-hei" json:"receiving"`
	// Term is the term at S during which the mobility takes place, "2025/2026-1/2";
	// or NonStandard says that it fits in none.
	Term        string  `xml:"sending-academic-term-ewp-id,omitempty" json:"term,omitempty"`
	NonStandard *Period `xml:"non-standard-mobility-period" json:"non_standard,omitempty"`
	// Year is the academic year as R counts, "2025/2026".
	Year               string `xml:"receiving-academic-year-id" json:"year"`
	ActivityType       string `xml:"activity-type" json:"activity_type"`             // StudentStudies
	ActivityAttributes string `xml:"activity-attributes" json:"activity_attributes"` // LongTerm, …
	// AgreementISCED is the field of education of the agreement's condition by which
	// the student is sent, NomineeISCED that of the student's programme: four digits of
	// ISCED-F 2013.
	AgreementISCED string `xml:"agreement-isced-f-code" json:"agreement_isced"`
	EQF            string `xml:"eqf-level-studied-at-departure" json:"eqf"` // that the student will have when the mobility begins, "1" to "8"
	NomineeISCED   string `xml:"nominee-isced-f-code" json:"nominee_isced"`
	// Comment is for the international offices alone: the student must not see it.
	Comment string `xml:"comment,omitempty" json:"comment,omitempty"`
}

// HEI is one of the two institutions of a mobility.
type HEI struct {
	HEI     ewp.HEIID `xml:"hei-id" json:"hei"`
	OUnitID string    `xml:"ounit-id,omitempty" json:"ounit_id,omitempty"` // as that institution gives it; the unit responsible
	// IIAID is that institution's own identifier of the agreement. Both are given where
	// an approved agreement exists in the network.
	IIAID string `xml:"iia-id,omitempty" json:"iia_id,omitempty"`
}

// Period is a mobility period outside of any term. It is empty; what future versions
// may put in it is passed over, as the schema demands.
type Period struct{}

// ESI reads GlobalID. Its error is a *passerelle.ParseError: the schema takes any text.
func (s Student) ESI() (esi.ID, error) { return esi.Parse(lexical.Token(s.GlobalID)) }

// Birth reads BirthDate. Its error is a *passerelle.ParseError.
func (s Student) Birth() (passerelle.Date, error) { return lexical.Date(s.BirthDate) }

// AcademicTerm reads Term; the zero ID stands for a NonStandard period. Its error is a
// *passerelle.ParseError.
func (n Nomination) AcademicTerm() (term.ID, error) {
	if n.Term == "" {
		return term.ID{}, nil
	}
	return term.ParseID(n.Term)
}

// AcademicYear reads Year. Its error is a *passerelle.ParseError.
func (n Nomination) AcademicYear() (term.Year, error) { return term.ParseYear(n.Year) }

// UnmarshalXML reads a mobility, without the white space that pretty printers put
// around identifiers and codes.
func (m *Mobility) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain Mobility
	if err := d.DecodeElement((*plain)(m), &start); err != nil {
		return err
	}
	s, n := &m.Student, &m.Nomination
	for _, code := range []*string{
		&m.ID, (*string)(&m.Status), &s.GlobalID, &s.BirthDate, &s.Nationality, &s.Gender, &s.Email, &n.Sending.OUnitID, &n.Sending.IIAID,
		&n.Receiving.OUnitID, &n.Receiving.IIAID, &n.Term, &n.Year, &n.ActivityType, &n.ActivityAttributes, &n.AgreementISCED, &n.EQF, &n.NomineeISCED,
	} {
		*code = lexical.Token(*code)
	}
	return nil
}

// LogValue gives the institutions, the status and nothing personal: the identifier
// too is that of a person's stay.
func (m Mobility) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sending", m.Nomination.Sending.HEI.String()), slog.String("receiving", m.Nomination.Receiving.HEI.String()),
		slog.String("status", string(m.Status)))
}

// LogValue masks the student.
func (s Student) LogValue() slog.Value { return slog.StringValue("[student]") }

// LogValue gives the institutions and the year.
func (n Nomination) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sending", n.Sending.HEI.String()), slog.String("receiving", n.Receiving.HEI.String()), slog.String("year", n.Year))
}

// YearStats is one academic-year-stats: how many mobilities of a year stand where.
// What is rejected or cancelled is not counted.
type YearStats struct {
	Year     string `xml:"receiving-academic-year-id"` // as R counts
	Pending  int    `xml:"omobility-pending"`
	Approved int    `xml:"omobility-approved"`
}
