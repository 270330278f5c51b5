package passerelle

import "strings"

// Sex is the sex recorded by the civil registry. The zero value is SexUnknown.
// Each service has its own letters for it: see [SexCodes].
type Sex uint8

// The values of Sex.
const (
	SexUnknown Sex = iota
	SexFemale
	SexMale
)

// String returns "F", "M", or "" when the sex is unknown.
func (s Sex) String() string { return SexCodesMF.Format(s) }

// MarshalText writes the form of String.
func (s Sex) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of String; the empty text is SexUnknown.
func (s *Sex) UnmarshalText(text []byte) error {
	v, err := SexCodesMF.Parse(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// SexCodes is the way in which one system writes the sex of a person.
type SexCodes struct {
	Female, Male string
	Unknown      string // written for SexUnknown; read together with the empty text
}

// The codes met in the field.
var (
	// SexCodesMF is that of Pégase, Apogée and the CVEC control: F, M.
	SexCodesMF = SexCodes{Female: "F", Male: "M"}
	// SexCodesHF is that of the REST interface of INES: F, H.
	SexCodesHF = SexCodes{Female: "F", Male: "H"}
	// SexCodesSISE is that of SISE: 2 for a woman, 1 for a man.
	SexCodesSISE = SexCodes{Female: "2", Male: "1"}
)

// Format returns the system's code for s.
func (c SexCodes) Format(s Sex) string {
	switch s {
	case SexFemale:
		return c.Female
	case SexMale:
		return c.Male
	default:
		return c.Unknown
	}
}

// Parse reads a code of the system, in any case. An empty text is SexUnknown.
// Its error is a *ParseError.
func (c SexCodes) Parse(s string) (Sex, error) {
	switch s = strings.TrimSpace(s); {
	case s == "" || strings.EqualFold(s, c.Unknown):
		return SexUnknown, nil
	case strings.EqualFold(s, c.Female):
		return SexFemale, nil
	case strings.EqualFold(s, c.Male):
		return SexMale, nil
	}
	return SexUnknown, &ParseError{Type: "sex", Rule: "code", Want: c.Female + " or " + c.Male}
}
