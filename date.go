package passerelle

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"
)

// Date is a calendar date without time or zone, as birth dates are recorded. It
// is comparable. The zero value is "no date". Day, or Month and Day, are 0 when
// the registry does not know them: such a date is partial, which happens to
// people born where no civil registry was kept.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate returns the date y-m-d without checking that it exists; see [Date.Valid].
func NewDate(y int, m time.Month, d int) Date { return Date{Year: y, Month: m, Day: d} }

// DateOf returns the calendar date of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads the ISO 8601 form YYYY-MM-DD, the only one in which dates are
// written by this module. "00" as day, or as month and day, makes a partial
// date. Its error is a *ParseError.
func ParseDate(s string) (Date, error) { return parseDate(s, isoOrder) }

// ParseFrenchDate reads DD/MM/YYYY, as most French exports write dates. Its
// error is a *ParseError.
func ParseFrenchDate(s string) (Date, error) { return parseDate(s, frenchOrder) }

// MustParseDate is ParseDate for constants and tests: it panics on an error.
func MustParseDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// dateOrder says where the numbers of a date stand.
type dateOrder struct {
	year, month, day int // offsets
	sep              byte
	form             string
}

var (
	isoOrder    = dateOrder{year: 0, month: 5, day: 8, sep: '-', form: "YYYY-MM-DD"}
	frenchOrder = dateOrder{year: 6, month: 3, day: 0, sep: '/', form: "DD/MM/YYYY"}
)

func parseDate(s string, o dateOrder) (Date, error) {
	fail := func(rule string, pos int, want string) (Date, error) {
		return Date{}, &ParseError{Type: "date", Rule: rule, Pos: pos, Want: want}
	}
	if len(s) != len(o.form) {
		return fail("length", 0, o.form)
	}
	for i := range len(s) {
		if o.form[i] == o.sep {
			if s[i] != o.sep {
				return fail("character", i+1, fmt.Sprintf("%q, as in %s", o.sep, o.form))
			}
		} else if s[i] < '0' || s[i] > '9' {
			return fail("character", i+1, "a digit, as in "+o.form)
		}
	}
	number := func(at, width int) int {
		n := 0
		for _, c := range s[at : at+width] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	d := Date{number(o.year, 4), time.Month(number(o.month, 2)), number(o.day, 2)}
	switch {
	case d.Year == 0:
		return fail("range", o.year+1, "a year from 0001")
	case d.Month > 12:
		return fail("range", o.month+1, "a month from 01 to 12, or 00 when it is unknown")
	case !d.Valid():
		return fail("range", o.day+1, "a day of that month, or 00 when it is unknown")
	}
	return d, nil
}

// Valid reports whether d is a day of the Gregorian calendar, or a partial date
// whose known parts are in range. The zero Date is not valid.
func (d Date) Valid() bool {
	if d.Year < 1 || d.Year > 9999 || d.Month < 0 || d.Month > 12 || d.Day < 0 {
		return false
	}
	if d.Month == 0 {
		return d.Day == 0
	}
	return d.Day <= time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// IsZero reports whether d is "no date".
func (d Date) IsZero() bool { return d == Date{} }

// Partial reports whether the day, or the month and the day, are unknown.
func (d Date) Partial() bool { return !d.IsZero() && (d.Month == 0 || d.Day == 0) }

// Compare orders dates by year, month and day, as cmp.Compare does.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// AddDays returns d moved by n days. It is meaningful for complete dates only.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Time returns midnight of d in loc. It is meaningful for complete dates only.
func (d Date) Time(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// String returns YYYY-MM-DD, or "" for the zero Date. It is personal data when d
// is a birth date: do not log it.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// French returns DD/MM/YYYY, or "" for the zero Date.
func (d Date) French() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d/%02d/%04d", d.Day, int(d.Month), d.Year)
}

// MarshalText writes the form of String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of String; the empty text is the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// LogValue masks the date, because most are birth dates.
func (d Date) LogValue() slog.Value {
	if d.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue("****-**-**")
}
