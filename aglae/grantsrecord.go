package aglae

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle/particulier"
)

// CnousRecord is the record of one student as the Cnous answers it, member by member
// (swagger of the API "Boursier"). It is personal data. Values whose meaning is not
// published are kept as read.
type CnousRecord struct {
	ID         particulier.Field[LooseText] `json:"id,omitzero"`
	LastName   particulier.Field[string]    `json:"lastName,omitzero"`
	FirstName  particulier.Field[string]    `json:"firstName,omitzero"`
	FirstName2 particulier.Field[string]    `json:"firstName2,omitzero"`
	FirstName3 particulier.Field[string]    `json:"firstName3,omitzero"`
	UseName    particulier.Field[string]    `json:"useName,omitzero"`
	Civility   particulier.Field[string]    `json:"civility,omitzero"` // "M", "F"
	Email      particulier.Field[string]    `json:"email,omitzero"`
	INE        particulier.Field[string]    `json:"ine,omitzero"`

	BirthDate         particulier.Field[particulier.DateText] `json:"birthDate,omitzero"` // with time and offset: the day is taken as it is
	BirthPlace        particulier.Field[CnousPlace]           `json:"birthPlace,omitzero"`
	BirthPlaceLibelle particulier.Field[string]               `json:"birthPlaceLibelle,omitzero"`

	GrantStatus             particulier.Field[int]       `json:"grantStatus,omitzero"` // 0 definitive, more than 0 conditional
	GrantEchelon            particulier.Field[LooseText] `json:"grantEchelon,omitzero"`
	GrantEchelonAglae       particulier.Field[LooseText] `json:"grantEchelonAglae,omitzero"` // "50" for échelon 5; the value of 0bis is not known
	GrantLevel              particulier.Field[LooseText] `json:"grantLevel,omitzero"`        // level of studies
	GrantFileNumber         particulier.Field[LooseText] `json:"grantFileNumber,omitzero"`
	ScholarshipHolderStatus particulier.Field[LooseText] `json:"scholarshipHolderStatus,omitzero"` // meaning not published

	StudyTown        particulier.Field[string]               `json:"studyTown,omitzero"`
	SchoolName       particulier.Field[string]               `json:"schoolName,omitzero"`
	NumberUaiRne     particulier.Field[string]               `json:"numberUaiRne,omitzero"` // UAI
	BackToSchoolDate particulier.Field[particulier.DateText] `json:"backToSchoolDate,omitzero"`
	PaymentDuration  particulier.Field[int]                  `json:"paymentDuration,omitzero"` // months

	Campaign particulier.Field[CnousCampaign] `json:"campaign,omitzero"`
	Region   particulier.Field[CnousRegion]   `json:"region,omitzero"`

	UpdatedAt             particulier.Field[particulier.DateText] `json:"updatedAt,omitzero"`
	GrantNotificationDate particulier.Field[particulier.DateText] `json:"grantNotificationDate,omitzero"`
	GrantEffectDate       particulier.Field[particulier.DateText] `json:"grantEffectDate,omitzero"`
	Removed               particulier.Field[string]               `json:"removed,omitzero"` // "O" or "N"
	RemovalDate           particulier.Field[particulier.DateText] `json:"removalDate,omitzero"`
	Boursier              particulier.Field[bool]                 `json:"boursier,omitzero"`
}

// CnousPlace is a birthplace.
type CnousPlace struct {
	ID      particulier.Field[LooseText] `json:"id,omitzero"`
	COG     particulier.Field[string]    `json:"com,omitzero"`
	Libelle particulier.Field[string]    `json:"libelle,omitzero"`
}

// CnousCampaign is a campaign.
type CnousCampaign struct {
	ID       particulier.Field[LooseText]            `json:"id,omitzero"`
	Year     particulier.Field[int]                  `json:"year,omitzero"`
	OpenedAt particulier.Field[particulier.DateText] `json:"openedAt,omitzero"`
	ClosedAt particulier.Field[particulier.DateText] `json:"closedAt,omitzero"`
	Active   particulier.Field[bool]                 `json:"active,omitzero"`
}

// CnousRegion is who gives the grant.
type CnousRegion struct {
	ID           particulier.Field[LooseText] `json:"id,omitzero"`
	Code         particulier.Field[string]    `json:"code,omitzero"` // "00": the State, through the Cnous
	Name         particulier.Field[string]    `json:"name,omitzero"`
	OfficialName particulier.Field[string]    `json:"officialName,omitzero"`
}

// LooseText is a member written as a text, a number or a boolean, kept as text.
type LooseText string

// UnmarshalJSON reads any of the three.
func (t *LooseText) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) > 0 && data[0] == '"':
		return json.Unmarshal(data, (*string)(t))
	case len(data) > 0 && (data[0] == '{' || data[0] == '['):
		return errNotScalar
	}
	*t = LooseText(data)
	return nil
}

var errNotScalar = errors.New("neither text nor number")

// National reports whether the grant is one of the State. known is false when the
// record does not tell.
func (r CnousRecord) National() (national, known bool) {
	code, known := r.Region.Value.Code.Get()
	return code == "00", known
}

// LogValue hides the record.
func (r CnousRecord) LogValue() slog.Value { return slog.StringValue("***") }

// Grant reads the record.
func (r CnousRecord) Grant() Grant {
	g := Grant{
		Holder: r.Boursier, StruckOffOn: r.RemovalDate, Level: mapField(r.GrantEchelon, func(t LooseText) Level { return ParseLevel(string(t)) }),
		School: r.SchoolName, Town: r.StudyTown, UAI: r.NumberUaiRne, TermStart: r.BackToSchoolDate, Months: r.PaymentDuration,
		Email: r.Email, INE: r.INE, File: mapField(r.GrantFileNumber, func(t LooseText) string { return string(t) }),
		Campaign: r.Campaign.Value.Year.Value, StruckOff: struckOff(r.Removed), Identity: particulier.Some(r.identity()), Cnous: &r,
	}
	if status, told := r.GrantStatus.Get(); told {
		g.Decision = decided(status)
	}
	g.judge()
	if g.Finding == GrantHidden { // the Cnous has no scopes: a record without the member leaves the question open
		g.Finding = GrantUnknown
	}
	return g
}

// struckOff reads "O" or "N"; any other word says nothing.
func struckOff(f particulier.Field[string]) particulier.Field[bool] {
	switch word, told := f.Get(); {
	case told && (word == "O" || word == "o"):
		return particulier.Some(true)
	case told && (word == "N" || word == "n"):
		return particulier.Some(false)
	case f.State == particulier.Absent:
		return particulier.Field[bool]{}
	}
	return particulier.Field[bool]{State: particulier.Null}
}

func (r CnousRecord) identity() particulier.ScholarshipIdentity {
	id := particulier.ScholarshipIdentity{Name: r.LastName, BirthDate: r.BirthDate, BirthTown: r.BirthPlace.Value.Libelle, Sex: r.Civility}
	if id.BirthTown.State != particulier.Present {
		id.BirthTown = r.BirthPlaceLibelle
	}
	var names []string
	for _, n := range []particulier.Field[string]{r.FirstName, r.FirstName2, r.FirstName3} {
		id.GivenNames.State = max(id.GivenNames.State, n.State)
		if n.Value != "" {
			names = append(names, n.Value)
		}
	}
	if id.GivenNames.State == particulier.Present {
		id.GivenNames.Value = names
	}
	return id
}

// DecodeCnous reads the body of a success: one record, or a list of which several
// items are homonyms. A list without items and a record without name say nothing, and
// are errors. Its error is passerelle.ErrProtocol and holds no value.
func DecodeCnous(body []byte) ([]CnousRecord, error) {
	if !utf8.Valid(body) {
		return nil, &protocolError{"want text in UTF-8"}
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	var records []CnousRecord
	var err error
	switch {
	case len(body) > 0 && body[0] == '[':
		err = json.Unmarshal(body, &records)
	case len(body) > 0 && body[0] == '{':
		records = make([]CnousRecord, 1)
		err = json.Unmarshal(body, &records[0])
	default:
		return nil, &protocolError{"want a record or a list of records"}
	}
	if err != nil {
		return nil, jsonFault(err)
	}
	if len(records) == 0 {
		return nil, &protocolError{"an empty list"}
	}
	for i, r := range records {
		if r.LastName.Value == "" {
			return nil, &protocolError{"record " + strconv.Itoa(i+1) + " has no name"}
		}
	}
	return records, nil
}

// jsonFault says in fixed words what json found.
func jsonFault(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &protocolError{"member " + e.Field + " is of another type"}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &protocolError{"no JSON from byte " + strconv.FormatInt(e.Offset, 10) + " on"}
	}
	return &protocolError{"a member is of another type"}
}

// parseRefusal reads the body of a refusal of the Cnous. ok is false for any other
// body, such as the page of a proxy or of a wrong address, which says nothing of the
// student.
func parseRefusal(body []byte) (code, description string, ok bool) {
	var w struct {
		Code        LooseText `json:"code"`
		Description string    `json:"description"`
	}
	if !utf8.Valid(body) || json.Unmarshal(body, &w) != nil {
		return "", "", false
	}
	return string(w.Code), w.Description, w.Code != "" && w.Description != ""
}
