package ewp

import (
	"cmp"
	"encoding"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Version is the version of an API as a manifest entry declares it: "2.0.1"
// (ManifestApiEntryBase in common-types.xsd, semantic versioning 2.0.0). It is
// comparable. The zero value is "0.0.0", which stands for unreleased work.
type Version struct{ Major, Minor, Patch int }

var (
	_ encoding.TextMarshaler   = Version{}
	_ encoding.TextUnmarshaler = (*Version)(nil)
)

// ParseVersion reads three numbers separated by dots, none above 999 999. Its
// error is a *passerelle.ParseError.
func ParseVersion(s string) (Version, error) {
	var n [3]int
	rest, pos := s, 1
	for i := range n {
		part, after, more := strings.Cut(rest, ".")
		if more != (i < 2) {
			return Version{}, versionFault("parts", 0, "three numbers separated by dots")
		}
		if part == "" || len(part) > 6 {
			return Version{}, versionFault("length", pos, "a number of 1 to 6 digits")
		}
		for j := range len(part) {
			if part[j] < '0' || part[j] > '9' {
				return Version{}, versionFault("character", pos+j, "a digit")
			}
			n[i] = n[i]*10 + int(part[j]-'0')
		}
		rest, pos = after, pos+len(part)+1
	}
	return Version{n[0], n[1], n[2]}, nil
}

// MustParseVersion is ParseVersion for constants and tests: it panics on an error.
func MustParseVersion(s string) Version {
	v, err := ParseVersion(s)
	if err != nil {
		panic(err)
	}
	return v
}

// String returns the three numbers separated by dots.
func (v Version) String() string {
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor) + "." + strconv.Itoa(v.Patch)
}

// IsZero reports whether v is 0.0.0.
func (v Version) IsZero() bool { return v == Version{} }

// Compare returns -1, 0 or 1 as v is before, equal to or after w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// MarshalText returns what String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what ParseVersion does.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

func versionFault(rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: "API version", Rule: rule, Pos: pos, Want: want}
}
