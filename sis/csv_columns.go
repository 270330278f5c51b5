package sis

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// csvRecord is one row under way between its fields and the records.
type csvRecord struct {
	student   Student
	enrolment Enrolment

	// What several columns make together.
	ineKey, commune, country string

	loc *time.Location
}

// csvColumn is one documented column: what it fills when read, what it says when written.
type csvColumn struct {
	name string
	of   csvPart
	read func(r *csvRecord, v string) error // v is trimmed and not empty
	text func(r *csvRecord) string
}

type csvPart uint8

const (
	ofStudent csvPart = 1 << iota
	ofEnrolment
)

// csvColumns is every column, in the order of writing. The comment of CSV documents them.
var csvColumns = []csvColumn{
	{"student", ofStudent | ofEnrolment,
		func(r *csvRecord, v string) error { r.student.ID.Local = withoutDecimal(v); return nil },
		func(r *csvRecord) string { return r.student.ID.Local }},
	textColumn("internal", ofStudent, func(r *csvRecord) *string { return &r.student.Internal }),
	textColumn("ine", ofStudent, func(r *csvRecord) *string { return &r.student.INE }),
	textColumn("ine_key", ofStudent, func(r *csvRecord) *string { return &r.ineKey }),
	textColumn("ine_state", ofStudent, func(r *csvRecord) *string { return (*string)(&r.student.INEState) }),
	listColumn("other_ines", ofStudent, func(r *csvRecord) *[]string { return &r.student.OtherINEs }),
	textColumn("birth_name", ofStudent, func(r *csvRecord) *string { return &r.student.Person.BirthName }),
	textColumn("usage_name", ofStudent, func(r *csvRecord) *string { return &r.student.Person.UsageName }),
	textColumn("given_name_1", ofStudent, func(r *csvRecord) *string { return &r.student.Person.GivenNames[0] }),
	textColumn("given_name_2", ofStudent, func(r *csvRecord) *string { return &r.student.Person.GivenNames[1] }),
	textColumn("given_name_3", ofStudent, func(r *csvRecord) *string { return &r.student.Person.GivenNames[2] }),
	{"sex", ofStudent,
		func(r *csvRecord, v string) (err error) { r.student.Person.Sex, err = parseSex(v); return err },
		func(r *csvRecord) string { return r.student.Person.Sex.String() }},
	{"birth_date", ofStudent,
		func(r *csvRecord, v string) (err error) { r.student.Person.BirthDate, err = parseDate(v); return err },
		func(r *csvRecord) string { return r.student.Person.BirthDate.String() }},
	boolColumn("birth_date_estimated", ofStudent, func(r *csvRecord) *bool { return &r.student.BirthDateEstimated }),
	{"birth_commune", ofStudent,
		func(r *csvRecord, v string) error { r.commune = v; return nil },
		func(r *csvRecord) string { return r.student.Person.Birthplace.Commune }},
	{"birth_country", ofStudent,
		func(r *csvRecord, v string) error { r.country = v; return nil },
		func(r *csvRecord) string { return r.student.Person.Birthplace.Country }},
	textColumn("birth_place_name", ofStudent, func(r *csvRecord) *string { return &r.student.Person.Birthplace.Name }),
	listColumn("nationalities", ofStudent, func(r *csvRecord) *[]string { return &r.student.Nationalities }),
	textColumn("email", ofStudent, func(r *csvRecord) *string { return &r.student.Email }),
	textColumn("personal_email", ofStudent, func(r *csvRecord) *string { return &r.student.PersonalEmail }),
	textColumn("grant_number", ofStudent, func(r *csvRecord) *string { return &r.student.GrantNumber }),
	timeColumn("modified_at", ofStudent, func(r *csvRecord) *time.Time { return &r.student.ModifiedAt }),

	textColumn("enrolment", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.ID }),
	{"year", ofEnrolment,
		func(r *csvRecord, v string) (err error) { r.enrolment.Year, err = parseYear(v); return err },
		func(r *csvRecord) string {
			if r.enrolment.Year == 0 {
				return ""
			}
			return strconv.Itoa(r.enrolment.Year)
		}},
	textColumn("period", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Period }),
	textColumn("uai", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.UAI }),
	textColumn("component", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Component }),
	textColumn("programme", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Programme.Code }),
	textColumn("programme_version", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Programme.Version }),
	textColumn("programme_sise", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Programme.SISE }),
	textColumn("programme_label", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Programme.Label }),
	boolColumn("main", ofEnrolment, func(r *csvRecord) *bool { return &r.enrolment.Main }),
	textColumn("status", ofEnrolment, func(r *csvRecord) *string { return (*string)(&r.enrolment.Status) }),
	textColumn("payment", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Payment }),
	textColumn("regime", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Regime }),
	textColumn("mobility", ofEnrolment, func(r *csvRecord) *string { return (*string)(&r.enrolment.Mobility) }),
	textColumn("exchange", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.Exchange }),
	textColumn("enrolment_ine", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.INE }),
	textColumn("cvec", ofEnrolment, func(r *csvRecord) *string { return &r.enrolment.CVEC }),
	timeColumn("validated_at", ofEnrolment, func(r *csvRecord) *time.Time { return &r.enrolment.ValidatedAt }),
	timeColumn("enrolment_modified_at", ofEnrolment, func(r *csvRecord) *time.Time { return &r.enrolment.ModifiedAt }),
}

// CSVColumns returns the names of the documented columns, in the order in which
// they are written.
func CSVColumns() []string {
	names := make([]string, len(csvColumns))
	for i, c := range csvColumns {
		names[i] = c.name
	}
	return names
}

// columnIndex returns the place of a documented column in csvColumns, -1 when there is no such column.
func columnIndex(name string) int {
	return slices.IndexFunc(csvColumns, func(c csvColumn) bool { return c.name == name })
}

func knownColumn(name string) bool { return columnIndex(name) >= 0 }

func textColumn(name string, of csvPart, at func(*csvRecord) *string) csvColumn {
	return csvColumn{name, of,
		func(r *csvRecord, v string) error { *at(r) = v; return nil },
		func(r *csvRecord) string { return *at(r) }}
}

// listColumn holds several values with a bar between them.
func listColumn(name string, of csvPart, at func(*csvRecord) *[]string) csvColumn {
	return csvColumn{name, of,
		func(r *csvRecord, v string) error {
			for part := range strings.SplitSeq(v, "|") {
				if part = strings.TrimSpace(part); part != "" {
					*at(r) = append(*at(r), part)
				}
			}
			return nil
		},
		func(r *csvRecord) string { return strings.Join(*at(r), "|") }}
}

func boolColumn(name string, of csvPart, at func(*csvRecord) *bool) csvColumn {
	return csvColumn{name, of,
		func(r *csvRecord, v string) (err error) { *at(r), err = parseBool(v); return err },
		func(r *csvRecord) string {
			if *at(r) {
				return "1"
			}
			return ""
		}}
}

func timeColumn(name string, of csvPart, at func(*csvRecord) *time.Time) csvColumn {
	return csvColumn{name, of,
		func(r *csvRecord, v string) (err error) { *at(r), err = parseTime(v, r.loc); return err },
		func(r *csvRecord) string {
			if at(r).IsZero() {
				return ""
			}
			return at(r).Format(time.RFC3339Nano)
		}}
}

// ineState returns what the row knows about the INE.
func (r *csvRecord) ineState() INEState {
	if r.student.INEState == INENone && r.student.INE+r.ineKey != "" {
		return INEUnverified
	}
	return r.student.INEState
}

// finish assembles what several columns make together. It returns the column at fault.
func (r *csvRecord) finish() (column string, err error) {
	r.student.INEState = r.ineState()
	r.student.INE += r.ineKey
	place := &r.student.Person.Birthplace
	if r.commune != "" {
		// Three digits would be taken for a country, which this column does not announce.
		if len(r.commune) != 5 {
			return "birth_commune", &passerelle.ParseError{Type: "birthplace", Rule: "length",
				Want: "5 characters; spreadsheets drop the leading zero of 01 to 09"}
		}
		p, err := passerelle.ParseBirthplace(r.commune)
		if err != nil {
			return "birth_commune", err
		}
		place.Commune, place.Country = p.Commune, p.Country
	}
	if r.country != "" {
		p, err := passerelle.ParseBirthplace(r.country)
		if err == nil && p.Country == "" {
			err = &passerelle.ParseError{Type: "birthplace", Rule: "country", Want: "a country: 99xxx, or its last three digits"}
		}
		if err == nil && place.Country != "" && place.Country != p.Country {
			err = &passerelle.ParseError{Type: "birthplace", Rule: "country", Want: "the country that the column of the commune gives"}
		}
		if err != nil {
			return "birth_country", err
		}
		place.Country = p.Country
	}
	if err := place.Validate(); err != nil {
		return "birth_country", err
	}
	return "", nil
}
