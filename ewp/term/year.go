package term

import (
	"fmt"
	"strconv"

	"github.com/passerelle-sup/passerelle"
)

// Year is an academic year (AcademicYearId). It is comparable; the zero value is
// none.
type Year struct{ first, last uint16 }

// Starting returns the academic year that starts in a civil year and ends in the next,
// as in the northern hemisphere: Starting(2025) is 2025/2026. A year that has not four
// digits gives none.
func Starting(year int) Year {
	if year < 1 || year > 9998 {
		return Year{}
	}
	return Year{uint16(year), uint16(year + 1)}
}

// ParseYear reads "2025/2026", or "2025/2025" of the southern hemisphere. Its error is
// a *passerelle.ParseError.
func ParseYear(s string) (Year, error) {
	fault := func(rule string, pos int, want string) error {
		return &passerelle.ParseError{Type: "academic year", Rule: rule, Pos: pos, Want: want}
	}
	if len(s) != len("2025/2026") {
		return Year{}, fault("length", 0, "9 characters, as 2025/2026")
	}
	for i := range len(s) {
		switch digit := s[i] >= '0' && s[i] <= '9'; {
		case i == 4 && s[i] != '/':
			return Year{}, fault("character", i+1, "a slash")
		case i != 4 && !digit:
			return Year{}, fault("character", i+1, "a digit")
		}
	}
	first, _ := strconv.Atoi(s[:4])
	last, _ := strconv.Atoi(s[5:])
	if first == 0 {
		return Year{}, fault("range", 1, "a year from 0001 on")
	}
	if last != first && last != first+1 {
		return Year{}, fault("range", 6, "the year after the first, or the same in the southern hemisphere")
	}
	return Year{uint16(first), uint16(last)}, nil
}

// MustParseYear is ParseYear for constants and tests: it panics on an error.
func MustParseYear(s string) Year {
	y, err := ParseYear(s)
	if err != nil {
		panic(err)
	}
	return y
}

// IsZero reports whether y is none.
func (y Year) IsZero() bool { return y == Year{} }

// First returns the civil year in which it starts, 0 for none.
func (y Year) First() int { return int(y.first) }

// Southern reports whether it starts and ends in one civil year.
func (y Year) Southern() bool { return !y.IsZero() && y.first == y.last }

// Next returns the academic year after it, in the form of the same hemisphere.
func (y Year) Next() Year {
	if y.IsZero() || y.last == 9999 {
		return Year{}
	}
	return Year{y.first + 1, y.last + 1}
}

// Compare orders by the civil year of the start, then of the end, as cmp.Compare does.
func (y Year) Compare(z Year) int {
	return (int(y.first)-int(z.first))*2 + int(y.last) - int(z.last)
}

// String returns "2025/2026", "" for none.
func (y Year) String() string {
	if y.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d/%04d", y.first, y.last)
}

// MarshalText returns what String does.
func (y Year) MarshalText() ([]byte, error) { return []byte(y.String()), nil }

// UnmarshalText reads what ParseYear does; an empty text is none.
func (y *Year) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*y = Year{}
		return nil
	}
	*y, err = ParseYear(string(text))
	return err
}
