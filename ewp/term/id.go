package term

import (
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// ID is a term among those of its academic year (EwpAcademicTermId): the second of two
// is "2025/2026-2/2". It is comparable; the zero value is none.
type ID struct {
	Year   Year
	Number int // from 1
	Total  int // how many terms the year has, 1 to 9
}

// ParseID reads "2025/2026-2/2". Its error is a *passerelle.ParseError.
func ParseID(s string) (ID, error) {
	fault := func(rule string, pos int, want string) error {
		return &passerelle.ParseError{Type: "academic term", Rule: rule, Pos: pos, Want: want}
	}
	if len(s) != len("2025/2026-2/2") {
		return ID{}, fault("length", 0, "13 characters, as 2025/2026-2/2")
	}
	year, err := ParseYear(s[:9])
	if err != nil {
		return ID{}, err
	}
	id := ID{year, int(s[10]) - '0', int(s[12]) - '0'}
	switch {
	case s[9] != '-':
		return ID{}, fault("character", 10, "a hyphen")
	case s[11] != '/':
		return ID{}, fault("character", 12, "a slash")
	case id.Total < 1 || id.Total > 9:
		return ID{}, fault("character", 13, "a digit from 1 to 9")
	case id.Number < 1 || id.Number > id.Total:
		return ID{}, fault("range", 11, "a digit from 1 to the number of terms")
	}
	return id, nil
}

// MustParseID is ParseID for constants and tests: it panics on an error.
func MustParseID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// IsZero reports whether id is none.
func (id ID) IsZero() bool { return id == ID{} }

// String returns "2025/2026-2/2", "" for none.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s-%d/%d", id.Year, id.Number, id.Total)
}

// MarshalText returns what String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID does; an empty text is none.
func (id *ID) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(string(text))
	return err
}

// Part returns the term-id of version 2, which leaves out the year.
func (id ID) Part() Part {
	return Part{fmt.Sprint(id.Number), fmt.Sprint(id.Total)}
}
