package sis

import (
	"cmp"
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// CSV is a [Source] of a CSV file. It reads in constant memory, opens the file anew
// for each call, and is safe for concurrent use. One row may hold a student and
// an enrolment: Students gives the student of each row, Enrolments its enrolment.
//
// The first line names the columns, in any order and case; columns that are not
// listed here are ignored. Values are trimmed of outer blanks and otherwise kept as
// recorded; an empty value is a missing one.
//
//	student                number in the student system (required); a ".0" added by a spreadsheet is dropped
//	internal               the system's own key
//	ine                    INE as recorded, with its key or, when ine_key is there, without
//	ine_key                key of the INE, joined to ine
//	ine_state              one of the INEState words; else "unverified" for any INE
//	other_ines             further INEs, a bar between them
//	birth_name             family name of the birth certificate
//	usage_name             nom d'usage
//	given_name_1 … _3      given names in the order of the civil registry
//	sex                    F or 2, M, H or 1; X when it is not recorded
//	birth_date             YYYY-MM-DD or DD/MM/YYYY; 00 for a day or month that the registry does not know
//	birth_date_estimated   yes or no: 1/0, O/N, oui/non, true/false
//	birth_commune          COG code, 5 characters; 99xxx of a country is taken too
//	birth_country          COG code 99xxx or its last three digits
//	birth_place_name       name of the town, for people
//	nationalities          COG codes of countries, a bar between them
//	email                  institutional address
//	personal_email
//	grant_number           number of the grant file
//	modified_at            date, date and time, or RFC 3339
//
//	enrolment              the system's own key of the enrolment
//	year                   academic year: 2026, 2026-2027 or 2026/2027
//	period                 period within the year
//	uai                    establishment
//	component              UFR, institute, school
//	programme, programme_version, programme_sise, programme_label
//	main                   yes or no
//	status                 pending, valid, cancelled; other words are kept
//	payment                the system's own word
//	regime                 the system's own code
//	mobility               in, out; other words are kept
//	exchange               exchange programme
//	enrolment_ine          INE under which the enrolment was made
//	cvec                   certificate number
//	validated_at           as modified_at
//	enrolment_modified_at  as modified_at
//
// A row that breaks a rule is a [*RowError] with its line, and its column where one
// is at fault; the other rows go on. A quote that does not close spoils
// its own line only. What concerns the whole file is a [*CSVError].
//
// [Query.Year] and [Query.ModifiedSince] need the columns year and modified_at (for
// enrolments enrolment_modified_at, or else modified_at): without them such a
// query fails. A row that tells no time of change is given, as it may have changed.
// A query looks at its own rows only: a fault of another student or year is not reported.
type CSV struct {
	name string
	open func() (io.ReadCloser, error)
	opts CSVOptions
}

var _ Source = (*CSV)(nil)

// CSVOptions says how a CSV file differs from the documented form. The zero
// value is that form.
type CSVOptions struct {
	// Columns gives the header that the file uses for a documented column:
	// {"student": "COD_ETU", "ine": "COD_NNE_IND", "ine_key": "COD_CLE_NNE_IND"}. A
	// header named here and missing in the file is an error.
	Columns map[string]string
	// Values translates values of a column, by its documented name:
	// {"status": {"E": "valid", "A": "cancelled"}}. Values not listed stay.
	Values map[string]map[string]string
	// Required lists the columns, by documented name, without which the file is
	// refused. nil means student, ine, birth_name, given_name_1, sex, birth_date and
	// birth_commune for students, student and year for enrolments: a header
	// with a slip would else pass for a base without birth dates. student is always required.
	Required []string
	// Separator is ';', ',', '\t' or '|'. 0 takes, of the first three, the one that
	// stands most often in the first line, outside of quotes.
	Separator byte
	// Charset is the encoding of the file. The zero value is UTF8.
	Charset Charset
	// System is the system of the student IDs. Empty means "csv".
	System string
	// Location is the zone of times that have none. nil means UTC.
	Location *time.Location
	// Dates lists further forms of the dates in the file. They are tried first, in this
	// order. A value that fits none is read in the documented forms.
	Dates []DateForm
	// OncePerStudent makes Students give each student once, for files with a row per
	// enrolment. A later row of the same student is passed over when all its columns of
	// the student say the same, and is a RowError that names both lines when they do
	// not. It keeps some 50 bytes for each student.
	OncePerStudent bool
}

// OpenCSV returns the source of the file at path, after a look at its first line:
// its separator, encoding and the columns that Options.Columns names. Its error is
// a [*CSVError].
func OpenCSV(path string, opts CSVOptions) (*CSV, error) {
	s, err := NewCSV(filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }, opts)
	if err != nil {
		return nil, err
	}
	if _, err := s.Layout(); err != nil {
		return nil, err
	}
	return s, nil
}

// NewCSV returns a source that reads what open gives, anew for each call. name stands
// for the file in provenances and errors. Its error, a [*CSVError], concerns opts:
// nothing is opened yet.
func NewCSV(name string, open func() (io.ReadCloser, error), opts CSVOptions) (*CSV, error) {
	fault := func(columns []string, want string) error {
		return &CSVError{Source: name, Rule: CSVRuleOption, Columns: columns, Want: want}
	}
	var unknown []string
	for column := range opts.Columns {
		unknown = append(unknown, column)
	}
	for column := range opts.Values {
		unknown = append(unknown, column)
	}
	unknown = append(unknown, opts.Required...)
	unknown = slices.DeleteFunc(unknown, knownColumn)
	slices.Sort(unknown)
	switch {
	case len(unknown) > 0:
		return nil, fault(slices.Compact(unknown), "names that CSVColumns lists")
	case opts.Separator != 0 && !strings.ContainsRune(";,\t|", rune(opts.Separator)):
		return nil, fault(nil, "a semicolon, comma, tab or bar as Separator")
	case opts.Charset != UTF8 && opts.Charset != Windows1252 && opts.Charset != CharsetAuto:
		return nil, fault(nil, "UTF8, Windows1252 or CharsetAuto as Charset")
	}
	opts.System = cmp.Or(opts.System, "csv")
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	return &CSV{name: name, open: open, opts: opts}, nil
}

// CSVLayout is how a file was understood.
type CSVLayout struct {
	Separator byte
	Charset   Charset  // UTF8 or Windows1252
	Used      []string // documented columns that the file has
	Ignored   []string // headers that are no documented column
}

// Layout reads the first line of the file, and with CharsetAuto the whole, and
// tells how it is understood. Its error is a [*CSVError].
func (s *CSV) Layout() (CSVLayout, error) {
	f, err := s.start([]string{"student"})
	if err != nil {
		return CSVLayout{}, err
	}
	defer f.Close()
	return f.layout, nil
}

// Students implements [Source]. It gives the student of each row, also of one whose
// enrolment would be refused.
func (s *CSV) Students(ctx context.Context, q Query) iter.Seq2[Student, error] {
	return func(yield func(Student, error) bool) {
		seen := newSeenStudents(s.opts.OncePerStudent)
		s.scan(ctx, q, ofStudent, func(c *csvScan, err error) bool {
			if err == nil {
				var pass bool
				if pass, err = seen.check(c); pass {
					return true
				}
			}
			if err != nil {
				return yield(Student{}, err)
			}
			return yield(c.rec.student, nil)
		})
	}
}

// Enrolments implements [Source]. A row without a year has no enrolment and is passed over.
func (s *CSV) Enrolments(ctx context.Context, q Query) iter.Seq2[Enrolment, error] {
	return func(yield func(Enrolment, error) bool) {
		s.scan(ctx, q, ofEnrolment, func(c *csvScan, err error) bool {
			if err != nil {
				return yield(Enrolment{}, err)
			}
			if c.rec.enrolment.Year == 0 {
				return true
			}
			return yield(c.rec.enrolment, nil)
		})
	}
}
