package sis

import (
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// withoutDecimal takes away the ".0" that spreadsheets add to a number they export.
func withoutDecimal(v string) string {
	number, ok := strings.CutSuffix(v, ".0")
	if !ok || strings.Trim(number, "0123456789") != "" {
		return v
	}
	return number
}

// parseSex reads the codes of Pégase and Apogée (F, M), INES (F, H), SISE (2, 1),
// and ScoDoc's X for a sex that is not recorded. No two of them contradict each other.
func parseSex(v string) (passerelle.Sex, error) {
	for _, codes := range []passerelle.SexCodes{{Female: "F", Male: "M", Unknown: "X"}, passerelle.SexCodesHF, passerelle.SexCodesSISE} {
		if sex, err := codes.Parse(v); err == nil {
			return sex, nil
		}
	}
	return passerelle.SexUnknown, &passerelle.ParseError{Type: "sex", Rule: "code", Want: "F or 2, M, H or 1, X"}
}

// parseDate reads YYYY-MM-DD or DD/MM/YYYY: the shape tells which.
func parseDate(v string) (passerelle.Date, error) {
	switch {
	case len(v) != len("YYYY-MM-DD"):
		return passerelle.Date{}, &passerelle.ParseError{Type: "date", Rule: "length", Want: "YYYY-MM-DD or DD/MM/YYYY"}
	case v[2] == '/':
		return passerelle.ParseFrenchDate(v)
	default:
		return passerelle.ParseDate(v)
	}
}

// timeLayouts are the forms of an instant; those without a zone are in CSVOptions.Location.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	"02/01/2006 15:04:05", "02/01/2006 15:04", "02/01/2006",
}

func parseTime(v string, loc *time.Location) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, v, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &passerelle.ParseError{Type: "time", Rule: "form",
		Want: "YYYY-MM-DD or DD/MM/YYYY, alone or with HH:MM:SS, or RFC 3339"}
}

// parseYear reads an academic year: 2026, 2026-2027 or 2026/2027.
func parseYear(v string) (int, error) {
	fault := &passerelle.ParseError{Type: "year", Rule: "form", Want: "an academic year: 2026, 2026-2027 or 2026/2027"}
	number := func(s string) int {
		n := 0
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0
			}
			n = n*10 + int(s[i]-'0')
		}
		return n
	}
	if len(v) != 4 && (len(v) != 9 || v[4] != '-' && v[4] != '/') {
		return 0, fault
	}
	year := number(v[:4])
	if year < 1900 || year > 2999 || len(v) == 9 && number(v[5:]) != year+1 {
		return 0, fault
	}
	return year, nil
}

// parseBool reads yes and no in the ways of exports, in any case.
func parseBool(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "o", "oui", "y", "yes", "true", "vrai":
		return true, nil
	case "0", "n", "non", "no", "false", "faux":
		return false, nil
	}
	return false, &passerelle.ParseError{Type: "yes or no", Rule: "code", Want: "1, O, oui, yes or true; 0, N, non, no or false"}
}
