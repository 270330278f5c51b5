package iias

import (
	"encoding/xml"
	"log/slog"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
)

// Namespace is that of the get response of version 7.
const Namespace = "https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"

// Agreement is one partner's copy of an interinstitutional agreement, as the element
// iia holds it. Leaves whose spelling is hashed are text, exactly as they are written;
// methods read them. It is a reading: the hash of a copy is computed from its bytes,
// see [Compute], never from this.
type Agreement struct {
	// Partners are two, the owner of the copy first.
	Partners []Partner `xml:"partner"`
	// InEffect says that the agreement is or once was in effect: "true", "false", "1"
	// or "0". A draft is not. It is outside the hash.
	InEffect   string     `xml:"in-effect"`
	Conditions Conditions `xml:"cooperation-conditions"`
	Hash       string     `xml:"iia-hash"`           // as declared; [Seal] writes it
	PDF        string     `xml:"pdf-file,omitempty"` // identifier of the File API
}

// Partner is one side of an agreement. Of it only the identifier is hashed.
type Partner struct {
	HEI            ewp.HEIID         `xml:"hei-id"`
	Unit           string            `xml:"ounit-id,omitempty"` // official identifier of the partner, or nothing
	IIAID          string            `xml:"iia-id,omitempty"`   // of this partner's copy; of the second one, as soon as it is known
	Code           string            `xml:"iia-code,omitempty"` // number for people; required of the first
	SigningContact *contact.Contact  `xml:"signing-contact"`
	SigningDate    string            `xml:"signing-date,omitempty"` // YYYY-MM-DD; has no effect on the agreement
	Contacts       []contact.Contact `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 contact"`
}

// Conditions are all that is agreed on. The order inside each kind is hashed.
type Conditions struct {
	// TerminatedAsAWhole is "true" or "1" for an agreement that is terminated before
	// any exchange took place; "" otherwise.
	TerminatedAsAWhole  string      `xml:"terminated-as-a-whole,attr,omitempty"`
	StudentStudies      []Condition `xml:"student-studies-mobility-spec"`
	StudentTraineeships []Condition `xml:"student-traineeship-mobility-spec"`
	StaffTeaching       []Condition `xml:"staff-teacher-mobility-spec"`
	StaffTraining       []Condition `xml:"staff-training-mobility-spec"`
}

// Condition is one direction of one kind of mobility. Two directions are two.
type Condition struct {
	SendingHEI        ewp.HEIID         `xml:"sending-hei-id"`
	SendingUnit       string            `xml:"sending-ounit-id,omitempty"` // hashed
	SendingContacts   []contact.Contact `xml:"sending-contact"`            // not hashed
	ReceivingHEI      ewp.HEIID         `xml:"receiving-hei-id"`
	ReceivingUnit     string            `xml:"receiving-ounit-id,omitempty"`
	ReceivingContacts []contact.Contact `xml:"receiving-contact"`
	FirstYear         string            `xml:"receiving-first-academic-year-id"` // "2025/2026", in the receiver's numbering
	LastYear          string            `xml:"receiving-last-academic-year-id"`
	MobilitiesPerYear Number            `xml:"mobilities-per-year"` // at most, each year
	// Languages are required for studies and teaching.
	Languages    []Language    `xml:"recommended-language-skill"`
	SubjectAreas []SubjectArea `xml:"subject-area"`
	OtherTerms   string        `xml:"other-info-terms,omitempty"`

	// MonthsPerYear, Blended and EQFLevels are of students.
	MonthsPerYear string   `xml:"total-months-per-year,omitempty"` // decimal above 0, of two places
	Blended       string   `xml:"blended,omitempty"`               // required: "true", "false", "1" or "0"
	EQFLevels     []string `xml:"eqf-level"`                       // "1" to "8"; none is any

	DaysPerYear string `xml:"total-days-per-year,omitempty"` // of staff
}

// Number is a count that a flag can call not yet defined.
type Number struct {
	// NotYetDefined is "true" or "1" only in a copy that was approved under version 6
	// and not changed since.
	NotYetDefined string `xml:"not-yet-defined,attr,omitempty"`
	Value         string `xml:",chardata"`
}

// Language is what a participant should know when a mobility begins.
type Language struct {
	NotYetDefined string       `xml:"not-yet-defined,attr,omitempty"` // as in [Number]
	Code          string       `xml:"language"`                       // "en"; hashed as it is written, so keep to one case
	Level         string       `xml:"cefr-level,omitempty"`           // "A1" to "C2"
	SubjectArea   *SubjectArea `xml:"subject-area"`
}

// SubjectArea is a field of education.
type SubjectArea struct {
	ISCED ISCED `xml:"isced-f-code"`
	// Clarification adds to the code, and never repeats its official title. Nil is
	// absent, the safest output: an empty one has another hash.
	Clarification *string `xml:"isced-clarification"`
}

// ISCED is a code of ISCED-F 2013, of four digits.
type ISCED struct {
	// V6Value is the shorter code that was approved under version 6, in a copy that was
	// not changed since.
	V6Value string `xml:"v6-value,attr,omitempty"`
	Code    string `xml:",chardata"`
}

// Kind is a kind of mobility, by its element. Its zero value is none.
type Kind string

// The kinds, in the order of the schema.
const (
	StudentStudies     Kind = "student-studies-mobility-spec"
	StudentTraineeship Kind = "student-traineeship-mobility-spec"
	StaffTeaching      Kind = "staff-teacher-mobility-spec"
	StaffTraining      Kind = "staff-training-mobility-spec"
)

// IsStudent reports whether students move, and not staff.
func (k Kind) IsStudent() bool { return k == StudentStudies || k == StudentTraineeship }

// Kinds lists the kinds in the order of the schema.
func Kinds() []Kind { return []Kind{StudentStudies, StudentTraineeship, StaffTeaching, StaffTraining} }

// Of returns where the conditions of a kind are, nil for none.
func (c *Conditions) Of(k Kind) *[]Condition {
	switch k {
	case StudentStudies:
		return &c.StudentStudies
	case StudentTraineeship:
		return &c.StudentTraineeships
	case StaffTeaching:
		return &c.StaffTeaching
	case StaffTraining:
		return &c.StaffTraining
	}
	return nil
}

// Len returns how many conditions there are of all kinds.
func (c *Conditions) Len() int {
	n := 0
	for _, k := range Kinds() {
		n += len(*c.Of(k))
	}
	return n
}

// Terminated reports whether the agreement is terminated as a whole.
func (c *Conditions) Terminated() bool { return isTrue(c.TerminatedAsAWhole) }

// Owner returns the partner whose copy it is, the zero one where there is none.
func (a Agreement) Owner() Partner { return a.partner(0) }

// Other returns the partner of the owner, the zero one where there is none.
func (a Agreement) Other() Partner { return a.partner(1) }

func (a Agreement) partner(i int) Partner {
	if i >= len(a.Partners) {
		return Partner{}
	}
	return a.Partners[i]
}

// IsInEffect reads InEffect; ok is false for what is no boolean.
func (a Agreement) IsInEffect() (effect, ok bool) { return boolean(a.InEffect) }

// LogValue returns the institutions and the identifiers of the copies: contacts are
// persons.
func (a Agreement) LogValue() slog.Value {
	owner, other := a.Owner(), a.Other()
	return slog.GroupValue(slog.Any("owner", owner.HEI), slog.String("iia_id", owner.IIAID), slog.Any("partner", other.HEI), slog.String("partner_iia_id", other.IIAID))
}

// LogValue returns the institution and the identifier of its copy.
func (p Partner) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("hei", p.HEI), slog.String("iia_id", p.IIAID))
}

// LogValue returns the institutions and the years.
func (c Condition) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("sending", c.SendingHEI), slog.Any("receiving", c.ReceivingHEI), slog.String("first", c.FirstYear), slog.String("last", c.LastYear))
}

// Mobilities reads MobilitiesPerYear; ok is false where it is not yet defined, or no
// positive number.
func (c Condition) Mobilities() (n int, ok bool) {
	n, err := strconv.Atoi(trim(c.MobilitiesPerYear.Value))
	return n, err == nil && n > 0 && !isTrue(c.MobilitiesPerYear.NotYetDefined)
}

// IsBlended reads Blended; ok is false for what is no boolean.
func (c Condition) IsBlended() (blended, ok bool) { return boolean(c.Blended) }

// Months reads MonthsPerYear, in hundredths of a month.
func (c Condition) Months() (hundredths int, ok bool) { return hundredthsOf(c.MonthsPerYear) }

// Days reads DaysPerYear, in hundredths of a day.
func (c Condition) Days() (hundredths int, ok bool) { return hundredthsOf(c.DaysPerYear) }

// Covers reports whether an academic year, "2025/2026", lies within the first and the
// last of the condition. Years are compared by the civil year in which they begin, so
// that the numbering of both hemispheres is understood.
func (c Condition) Covers(year string) bool {
	first, last, y := yearOf(trim(c.FirstYear)), yearOf(trim(c.LastYear)), yearOf(year)
	return first > 0 && first <= y && y <= last
}

// trim takes away the white space that XML allows around a value.
func trim(s string) string { return strings.Trim(s, " \t\r\n") }

// boolean reads an xs:boolean.
func boolean(s string) (value, ok bool) {
	switch trim(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// hundredthsOf reads an xs:decimal above 0, of two places: "5", "5.5", "05.50".
func hundredthsOf(s string) (int, bool) {
	whole, part, _ := strings.Cut(strings.TrimPrefix(trim(s), "+"), ".")
	part = strings.TrimRight(part, "0")
	if whole+part == "" || len(part) > 2 || len(whole) > 9 || strings.Trim(whole+part, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(whole + (part + "00")[:2])
	return n, err == nil && n > 0
}

// GetResponse is the answer of get.
type GetResponse struct {
	XMLName    xml.Name    `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd iias-get-response"`
	Agreements []Agreement `xml:"iia"`
}

// IndexResponse is the answer of index.
type IndexResponse struct {
	XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd iias-index-response"`
	IDs     []string `xml:"iia-id"`
}

// Stats are the counts that the network's portal reads. "Local approved" says that we
// approved the partner's copy.
type Stats struct {
	Fetchable       int `xml:"iia-fetchable"`
	PartnerApproved int `xml:"iia-local-unapproved-partner-approved"` // by the partner alone
	LocalApproved   int `xml:"iia-local-approved-partner-unapproved"` // by us alone
	BothApproved    int `xml:"iia-both-approved"`
}

// StatsResponse is the answer of stats.
type StatsResponse struct {
	XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/stats-response.xsd iias-stats-response"`
	Stats
}

// Approval is what an institution says of a partner's copy: that it approves the state
// with this hash. One that does not approve says nothing.
type Approval struct {
	ID   string `xml:"iia-id"`
	Hash Hash   `xml:"iia-hash"`
	PDF  string `xml:"pdf-file,omitempty"` // identifier of the File API: the partner's file, countersigned
}

// ApprovalResponse is the answer of iias-approval.
type ApprovalResponse struct {
	XMLName   xml.Name   `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-iias-approval/tree/stable-v2 iias-approval-response"`
	Approvals []Approval `xml:"approval"`
}
