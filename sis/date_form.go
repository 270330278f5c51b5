package sis

import (
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// DateForm is a way in which a file or a base writes its dates: DD.MM.YYYY, or
// YYYYMMDD HH:MI. It is comparable; the zero value fits nothing.
type DateForm struct {
	text string
	at   [6]int // where year, month, day, hour, minute and second start; -1 when absent
}

var dateFormParts = [6]string{"YYYY", "MM", "DD", "HH", "MI", "SS"}

const dateFormWant = `YYYY, MM and DD, with HH, MI and SS for times, each once: "DD.MM.YYYY"`

// ParseDateForm reads a form: YYYY, MM and DD once each in any order, with or
// without a time from the hour down (HH and MI, and SS), and any ASCII characters
// but digits and the letters of these between them. Its error is a [*passerelle.ParseError].
func ParseDateForm(text string) (DateForm, error) {
	f := DateForm{text: text}
	rest := text
	once := true
	for i, part := range dateFormParts {
		f.at[i] = strings.Index(text, part)
		once = once && strings.Count(text, part) < 2
		rest = strings.ReplaceAll(rest, part, "")
	}
	timed := f.at[3] >= 0
	switch {
	case len(text) > len("YYYY-MM-DD HH:MI:SS"):
		return DateForm{}, &passerelle.ParseError{Type: "date form", Rule: "length", Want: dateFormWant}
	case !once || slices.Min(f.at[:3]) < 0 || timed != (f.at[4] >= 0) || !timed && f.at[5] >= 0:
		return DateForm{}, &passerelle.ParseError{Type: "date form", Rule: "parts", Want: dateFormWant}
	case strings.ContainsAny(rest, "YMDHIS"): // MMM, YYYYY, AM: they mean something, and not this
		return DateForm{}, &passerelle.ParseError{Type: "date form", Rule: "parts", Want: dateFormWant}
	case strings.ContainsFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r >= 0x80 }):
		return DateForm{}, &passerelle.ParseError{Type: "date form", Rule: "character", Want: dateFormWant}
	}
	return f, nil
}

// MustParseDateForm is [ParseDateForm] for constants and tests: it panics on an error.
func MustParseDateForm(text string) DateForm {
	f, err := ParseDateForm(text)
	if err != nil {
		panic(err)
	}
	return f
}

// IsZero reports whether f is no form.
func (f DateForm) IsZero() bool { return f.text == "" }

// String returns the form as it was written.
func (f DateForm) String() string { return f.text }

// MarshalText returns what String does.
func (f DateForm) MarshalText() ([]byte, error) { return []byte(f.text), nil }

// UnmarshalText reads what [ParseDateForm] does; an empty text is the zero value.
func (f *DateForm) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*f = DateForm{}
		return nil
	}
	*f, err = ParseDateForm(string(text))
	return err
}

// ISO returns v, when it has the form f, as YYYY-MM-DD, followed by THH:MM:SS when
// the form has a time. Days and months 00 stay, and so does a 31st of February:
// whoever reads the date judges it.
func (f DateForm) ISO(v string) (string, bool) {
	if f.IsZero() || len(v) != len(f.text) {
		return "", false
	}
	var number [len("YYYY-MM-DD HH:MI:SS")]bool
	for i, at := range f.at {
		if at >= 0 {
			for j := range len(dateFormParts[i]) {
				number[at+j] = true
			}
		}
	}
	for i := range len(v) {
		switch {
		case number[i] && (v[i] < '0' || v[i] > '9'):
			return "", false
		case !number[i] && v[i] != f.text[i]:
			return "", false
		}
	}
	part := func(i int) string {
		if f.at[i] < 0 {
			return "00"
		}
		return v[f.at[i] : f.at[i]+len(dateFormParts[i])]
	}
	out := part(0) + "-" + part(1) + "-" + part(2)
	if f.at[3] >= 0 {
		out += "T" + part(3) + ":" + part(4) + ":" + part(5)
	}
	return out, true
}

// dated returns v in a form that the columns of dates read, where one of forms fits.
func dated(forms []DateForm, column, v string) string {
	if !isDateColumn(column) {
		return v
	}
	for _, f := range forms {
		if iso, ok := f.ISO(v); ok {
			if column == "birth_date" {
				iso = iso[:len("YYYY-MM-DD")]
			}
			return iso
		}
	}
	return v
}

// isDateColumn reports whether a documented column holds a date or a time.
func isDateColumn(name string) bool { return name == "birth_date" || strings.HasSuffix(name, "_at") }
