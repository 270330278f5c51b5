package factsheet

import (
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// MonthDay is a day of each year (xs:gMonthDay). It is comparable; the zero value is
// none.
type MonthDay struct {
	Month time.Month
	Day   int
}

// ParseMonthDay reads "--05-15". A zone after it is dropped: no zone moves a day. Its
// error is a *passerelle.ParseError.
func ParseMonthDay(s string) (MonthDay, error) {
	s = lexical.Token(s)
	if len(s) < len("--05-15") || s[:2] != "--" {
		return MonthDay{}, &passerelle.ParseError{Type: "day of each year", Rule: "length", Want: "two hyphens, month and day, as --05-15"}
	}
	d, err := lexical.Date("2000-" + s[2:]) // a leap year
	if err != nil {
		return MonthDay{}, &passerelle.ParseError{Type: "day of each year", Rule: "range", Pos: 3, Want: "a month and a day, as --05-15"}
	}
	return MonthDay{d.Month, d.Day}, nil
}

// IsZero reports whether m is none.
func (m MonthDay) IsZero() bool { return m == MonthDay{} }

// String returns "--05-15", "" for none.
func (m MonthDay) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("--%02d-%02d", m.Month, m.Day)
}

// Next returns the first such day on or after a date. That of a 29 February is in the
// next leap year. It is the zero date for none.
func (m MonthDay) Next(from passerelle.Date) passerelle.Date {
	if m.IsZero() {
		return passerelle.Date{}
	}
	const leap = 8 // years from one leap year to the next at most
	for year := from.Year; year <= from.Year+leap; year++ {
		if d := passerelle.NewDate(year, m.Month, m.Day); d.Valid() && !d.Before(from) {
			return d
		}
	}
	return passerelle.Date{}
}

// Next returns the first days on or after a date until which the calendar lets partners
// nominate, or students apply: see [MonthDay.Next]. A day that cannot be read is the zero
// date.
func (t Terms) Next(from passerelle.Date) (autumn, spring passerelle.Date) {
	a, _ := ParseMonthDay(t.Autumn)
	s, _ := ParseMonthDay(t.Spring)
	return a.Next(from), s.Next(from)
}
