package router

import (
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
)

// CardType is the kind of a card. Values that are not listed survive.
type CardType string

// The kinds of cards of version 2.
const (
	CardUnknown               CardType = "UNKNOWN"
	CardPassive               CardType = "PASSIVE"                 // physical, no electronics
	CardSmartNoCDZ            CardType = "SMART_NO_CDZ"            // physical smart card without the European data zone
	CardSmartCDZ              CardType = "SMART_CDZ"               // with it (DEUInfo, legacy)
	CardSmartMaySP            CardType = "SMART_MAY_SP"            // with data of service providers
	CardSmartPassive          CardType = "SMART_PASSIVE"           // digital, no electronics
	CardSmartPassiveEmulation CardType = "SMART_PASSIVE_EMULATION" // digital, emulates a physical one
)

// CardTypes lists the kinds of cards that can be registered.
var CardTypes = []CardType{
	CardUnknown, CardPassive, CardSmartNoCDZ, CardSmartCDZ, CardSmartMaySP, CardSmartPassive, CardSmartPassiveEmulation,
}

// CardState is the state of a card. Values that are not listed survive.
type CardState string

// The states: Active and Inactive are written, Expired is computed by the router.
// To revive an expired card an update carries both a state and a new ExpiresAt.
const (
	Active   CardState = "ACTIVE"
	Inactive CardState = "INACTIVE"
	Expired  CardState = "EXPIRED"
)

// AcademicLevel is the level of studies. Other levels are left out.
type AcademicLevel string

// The levels: 6, 7 and 8 of the European Qualifications Framework.
const (
	Bachelor  AcademicLevel = "BACHELOR"
	Master    AcademicLevel = "MASTER"
	Doctorate AcademicLevel = "DOCTORATE"
)

// codeESI is the only identifierCode of persons.
const codeESI = "ESI"

// Enrolment is what is sent about a student's belonging to an institution
// (PersonOrganisationUpdateView).
type Enrolment struct {
	Organisation string        `json:"organisationIdentifier"`  // PIC, or VAT number
	Level        AcademicLevel `json:"academicLevel,omitempty"` // left out for other levels
	Email        string        `json:"email,omitempty"`         // required by the rules of the card, not by the API
	FullName     string        `json:"fullName,omitempty"`      // where the name belongs since 2025
}

// PersonUpdate is what is sent about a student (PersonUpdateView).
type PersonUpdate struct {
	Identifier     esi.ID      `json:"identifier"`
	IdentifierCode string      `json:"identifierCode,omitempty"` // "ESI", set by the client
	FullName       string      `json:"fullName,omitempty"`       // required in the document of early 2025, deprecated since
	Enrolments     []Enrolment `json:"personOrganisationUpdateViews"`
}

// LogValue masks the person.
func (p PersonUpdate) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("identifier", p.Identifier), slog.Int("enrolments", len(p.Enrolments)))
}

func (p PersonUpdate) check(faults *passerelle.FieldErrors) {
	if p.Identifier.IsZero() {
		faults.Add("Person.Identifier", "required", "a European Student Identifier")
	}
	if len(p.Enrolments) == 0 {
		faults.Add("Person.Enrolments", "required", "at least one institution")
	}
	seen := make(map[string]bool)
	for _, e := range p.Enrolments {
		switch {
		case strings.TrimSpace(e.Organisation) == "":
			faults.Add("Person.Enrolments.Organisation", "required", "a PIC or VAT number")
		case seen[e.Organisation]:
			faults.Add("Person.Enrolments.Organisation", "duplicate", "each institution once")
		}
		seen[e.Organisation] = true
		switch e.Level {
		case "", Bachelor, Master, Doctorate:
		default:
			faults.Add("Person.Enrolments.Level", "value", "BACHELOR, MASTER, DOCTORATE or nothing")
		}
		checkText(faults, "Person.Enrolments.Email", e.Email)
		checkText(faults, "Person.Enrolments.FullName", e.FullName)
	}
	checkText(faults, "Person.FullName", p.FullName)
}

// maxText is the length of texts in the published document.
const maxText = 255

func checkText(faults *passerelle.FieldErrors, field, s string) {
	if len([]rune(s)) > maxText {
		faults.Add(field, "length", "at most 255 characters")
	}
}

// CardUpdate is what is sent about a card (CardUpdateView).
type CardUpdate struct {
	Number      string          `json:"cardNumber,omitempty"` // ESCN; when empty in a creation, the router assigns one
	State       CardState       `json:"cardStatusType"`
	Type        CardType        `json:"cardType"`
	DisplayName string          `json:"displayName,omitempty"`
	IssuedAt    passerelle.Date `json:"issuedAt"`
	ExpiresAt   passerelle.Date `json:"expiresAt"`
	Issuer      string          `json:"issuerIdentifier"` // PIC
	Person      esi.ID          `json:"personIdentifier"`
	Processor   string          `json:"processorIdentifier,omitempty"` // VAT number of a third party; the router refuses a blank one
}

// LogValue masks the card.
func (c CardUpdate) LogValue() slog.Value {
	return slog.GroupValue(slog.String("number", maskNumber(c.Number)), slog.String("state", string(c.State)),
		slog.String("type", string(c.Type)), slog.String("issuer", c.Issuer))
}

func (c CardUpdate) check(faults *passerelle.FieldErrors, needNumber bool) {
	if needNumber && c.Number == "" {
		faults.Add("Card.Number", "required", "the number of the card")
	}
	checkText(faults, "Card.Number", c.Number)
	checkText(faults, "Card.DisplayName", c.DisplayName)
	checkText(faults, "Card.Processor", c.Processor)
	if c.State != Active && c.State != Inactive {
		faults.Add("Card.State", "value", "ACTIVE or INACTIVE")
	}
	if c.Type == "" {
		faults.Add("Card.Type", "required", "a kind of card")
	}
	for _, d := range []struct {
		field string
		date  passerelle.Date
	}{{"Card.IssuedAt", c.IssuedAt}, {"Card.ExpiresAt", c.ExpiresAt}} {
		if !d.date.Valid() || d.date.Partial() {
			faults.Add(d.field, "required", "a complete date")
		}
	}
	if c.ExpiresAt.Before(c.IssuedAt) {
		faults.Add("Card.ExpiresAt", "range", "not before IssuedAt")
	}
	if c.Issuer == "" {
		faults.Add("Card.Issuer", "required", "the PIC of the issuer")
	}
	if c.Person.IsZero() {
		faults.Add("Card.Person", "required", "the European Student Identifier of the holder")
	}
}

// trimmed returns c without blanks around its texts, so that a processor of blanks is
// left out.
func (c CardUpdate) trimmed() CardUpdate {
	c.Number, c.Processor = strings.TrimSpace(c.Number), strings.TrimSpace(c.Processor)
	return c
}

// maskNumber keeps the part of a card number that names the institution.
func maskNumber(s string) string {
	if len(s) < 12 {
		return "****"
	}
	return "****-" + s[len(s)-12:]
}

// Text is a text that the router was observed to send as a number too, or as null.
type Text string

// UnmarshalJSON takes a string, a number, a boolean or null.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*t = ""
	case len(data) > 0 && data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = Text(s)
	case len(data) > 0 && (data[0] == '{' || data[0] == '['):
		return &json.UnmarshalTypeError{Value: "object or array", Offset: 0}
	default:
		*t = Text(data)
	}
	return nil
}

// Date is a date of an answer: yyyy-MM-dd as documented, or the day of a date-time
// as observed. What cannot be read leaves Date zero and stays in Raw.
type Date struct {
	passerelle.Date
	Raw string
}

// UnmarshalJSON reads a date and never fails on what a JSON string holds.
func (d *Date) UnmarshalJSON(data []byte) error {
	var raw Text
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*d = Date{Raw: string(raw)}
	if len(raw) >= len("2006-01-02") {
		if day, err := passerelle.ParseDate(string(raw[:10])); err == nil {
			d.Date = day
		}
	}
	return nil
}

// MarshalJSON writes what was read, or the date, or null.
func (d Date) MarshalJSON() ([]byte, error) {
	switch {
	case d.Raw != "":
		return json.Marshal(d.Raw)
	case d.IsZero():
		return []byte("null"), nil
	}
	return json.Marshal(d.Date.String())
}

// Code is a value with its label (CodeView).
type Code struct {
	Key   Text   `json:"key"`
	Label string `json:"label"`
}

// Address is where an institution is; the fields of the document of early 2025 and
// those of later ones.
type Address struct {
	Name         string `json:"addressName,omitempty"`
	Details      string `json:"addressDetails,omitempty"`
	Street       string `json:"streetName,omitempty"`
	HouseNumber  Text   `json:"houseNumber,omitempty"`
	City         string `json:"cityName,omitempty"`
	Province     string `json:"province,omitempty"`
	Subdivision  string `json:"subdivisionCode,omitempty"`
	Country      string `json:"country,omitempty"`
	Label        string `json:"label,omitempty"`
	OtherDetails string `json:"otherComments,omitempty"`
}

// Institution is what an answer says of an organisation (OrganisationLiteView).
type Institution struct {
	ID               Text     `json:"id"`
	Identifier       Text     `json:"identifier"` // PIC or VAT number
	IdentifierCode   *Code    `json:"identifierCode,omitempty"`
	Name             string   `json:"name"`
	FullLabel        string   `json:"fullLabel,omitempty"`
	Type             *Code    `json:"organisationType,omitempty"`
	HomeOrganisation string   `json:"schacHomeOrganization,omitempty"` // as sent, see Schac
	Status           *Code    `json:"status,omitempty"`
	Website          string   `json:"website,omitempty"`
	Address          *Address `json:"address,omitempty"`
	MainColor        string   `json:"mainColor,omitempty"`
	SecondaryColor   string   `json:"secondaryColor,omitempty"`
	ContrastColor    string   `json:"contrastColor,omitempty"`
	NewLogoAt        Date     `json:"newLogoAt,omitzero"`
	QRColor          *Code    `json:"qrColor,omitempty"`
}

// Schac returns the schacHomeOrganization: the published example carries the name
// of the attribute before the value, which is taken off.
func (i Institution) Schac() string {
	return strings.TrimPrefix(i.HomeOrganisation, "schacHomeOrganization=")
}

// ContactPoint is how a student is reached.
type ContactPoint struct {
	Email string `json:"email"`
}

// Membership is what an answer says of a student's belonging to an institution
// (PersonOrganisationView).
type Membership struct {
	Level        *Code         `json:"academicLevel,omitempty"` // key and label may be empty
	Contact      *ContactPoint `json:"contactPoint,omitempty"`
	FullName     string        `json:"fullName,omitempty"`
	HasPicture   bool          `json:"hasPicture,omitempty"`
	Organisation *Institution  `json:"organisation,omitempty"`
}

// PIC returns the identifier of the institution, or "".
func (m Membership) PIC() string {
	if m.Organisation == nil {
		return ""
	}
	return string(m.Organisation.Identifier)
}

// Person is a student in an answer (PersonView, PersonLiteView).
type Person struct {
	Identifier        string       `json:"identifier"` // ESI as the router keeps it; compare without regard to case
	IdentifierCode    *Code        `json:"identifierCode,omitempty"`
	FullName          string       `json:"fullName,omitempty"` // deprecated: see Membership
	OrganisationCount int          `json:"organisationCount,omitempty"`
	Memberships       []Membership `json:"organisations"`
}

// Membership returns the belonging to an institution.
func (p Person) Membership(pic string) (Membership, bool) {
	for _, m := range p.Memberships {
		if m.PIC() == pic {
			return m, true
		}
	}
	return Membership{}, false
}

// LogValue masks the person.
func (p Person) LogValue() slog.Value {
	return slog.GroupValue(slog.String("identifier", "***"), slog.Int("organisations", len(p.Memberships)))
}

// Card is a card in an answer (CardView, CardLiteView: lists leave out some fields).
type Card struct {
	Number                string       `json:"cardNumber"` // free text: usually an ESCN
	State                 *Code        `json:"cardStatusType,omitempty"`
	Type                  *Code        `json:"cardType,omitempty"`
	DisplayName           string       `json:"displayName,omitempty"`
	IssuedAt              Date         `json:"issuedAt,omitzero"`
	ExpiresAt             Date         `json:"expiresAt,omitzero"`
	HasOwnerAuthorization *bool        `json:"hasOwnerAuthorization,omitempty"`
	Issuer                *Institution `json:"issuer,omitempty"`
	Processor             *Institution `json:"processor,omitempty"`
	Person                *Person      `json:"person,omitempty"`
}

// LogValue masks the card.
func (c Card) LogValue() slog.Value {
	return slog.GroupValue(slog.String("number", maskNumber(c.Number)), slog.Any("expires", c.ExpiresAt.Raw))
}

// CardStatus is the public status of a card (CardStatusView).
type CardStatus struct {
	Number      string    `json:"cardNumber"`
	DisplayName string    `json:"displayName,omitempty"`
	Status      CardState `json:"status"`
	IssuedAt    Date      `json:"issuedAt,omitzero"`
	ExpiresAt   Date      `json:"expiresAt,omitzero"`
	Issuer      Text      `json:"issuerIdentifier"` // PIC
	IssuerName  string    `json:"issuerName"`
}

// PageInfo is where a page stands in its list.
type PageInfo struct {
	Number        int64 `json:"number"`
	Size          int64 `json:"size"`
	TotalElements int64 `json:"totalElements"`
	TotalPages    int64 `json:"totalPages"`
}

// Page is one page of a list (PagedResources…).
type Page[T any] struct {
	Content []T       `json:"content"`
	Empty   bool      `json:"empty"`
	Page    *PageInfo `json:"page,omitempty"`
}

// ErrorMessage is the body of an error (ApiErrorMessage).
type ErrorMessage struct {
	Code    Text   `json:"code"`
	Message string `json:"message"`
}
