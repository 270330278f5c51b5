package omobilitylas

import (
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Begins returns the planned day of arrival, or the month where no day is said: a
// partial date then. Its error is a *passerelle.ParseError.
func (a Agreement) Begins() (passerelle.Date, error) { return when(a.StartDate, a.StartMonth) }

// Ends returns the planned day of departure, or the month.
func (a Agreement) Ends() (passerelle.Date, error) { return when(a.EndDate, a.EndMonth) }

func when(day, month string) (passerelle.Date, error) {
	if lexical.Token(day) != "" {
		return lexical.Date(day)
	}
	return yearMonth(month)
}

// yearMonth reads an xs:gYearMonth, whose zone, when there is one, is dropped.
func yearMonth(s string) (passerelle.Date, error) {
	s = lexical.Token(s)
	const length = len("2006-01")
	if len(s) > length {
		if _, err := time.Parse("2006-01Z07:00", s); err == nil {
			s = s[:length]
		}
	}
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() == 0 {
		return passerelle.Date{}, &passerelle.ParseError{Type: "month", Rule: "pattern", Want: "a month as 2026-09"}
	}
	return passerelle.NewDate(t.Year(), t.Month(), 0), nil
}

// When returns the moment of the signature. A time without zone, which xs:dateTime
// allows, is taken as UTC. Its error is a *passerelle.ParseError.
func (s Signature) When() (time.Time, error) {
	text := lexical.Token(s.Time)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &passerelle.ParseError{Type: "dateTime", Rule: "pattern", Want: "a moment as 2026-05-04T14:03:23+02:00"}
}
