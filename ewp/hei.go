package ewp

import (
	"encoding"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// heiIDMax bounds an institution's identifier. It is the length of the longest
// domain name; the schema gives no bound.
const heiIDMax = 253

// HEIID is the identifier of a higher education institution in the network, in
// the style of SCHAC's schacHomeOrganization: "uw.edu.pl". It is comparable, and
// compared as it is written: the network knows no case folding. The zero value is
// "no institution".
type HEIID struct{ s string }

var (
	_ encoding.TextMarshaler   = HEIID{}
	_ encoding.TextUnmarshaler = (*HEIID)(nil)
	_ slog.LogValuer           = HEIID{}
)

// ParseHEIID reads an identifier, with the white space around it that XML may
// bring. It asks for 1 to 253 printable ASCII characters without blanks, and not
// for a domain name: the catalogue holds "0740047Z.educonnect.education.gouv.fr",
// partners ask about identifiers that exist nowhere, and the schema allows any
// text. See [HEIID.IsDomain]. Its error is a *passerelle.ParseError.
func ParseHEIID(s string) (HEIID, error) {
	s = strings.Trim(s, " \t\r\n")
	if s == "" || len(s) > heiIDMax {
		return HEIID{}, heiFault("length", 0, "1 to 253 characters")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return HEIID{}, heiFault("character", i+1, "printable ASCII without blanks")
		}
	}
	return HEIID{s}, nil
}

// MustParseHEIID is ParseHEIID for constants and tests: it panics on an error.
func MustParseHEIID(s string) HEIID {
	id, err := ParseHEIID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// String returns the identifier, "" for the zero value.
func (id HEIID) String() string { return id.s }

// IsZero reports whether id is "no institution".
func (id HEIID) IsZero() bool { return id.s == "" }

// IsDomain reports whether id has the form of a domain name of at least two
// labels, as SCHAC identifiers have: letters, digits and inner hyphens, at most 63
// characters a label.
func (id HEIID) IsDomain() bool {
	labels := 0
	for label := range strings.SplitSeq(id.s, ".") {
		if !isLabel(label) {
			return false
		}
		labels++
	}
	return labels >= 2
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}

// MarshalText returns the identifier.
func (id HEIID) MarshalText() ([]byte, error) { return []byte(id.s), nil }

// UnmarshalText reads what MarshalText wrote; an empty text is the zero value.
func (id *HEIID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = HEIID{}
		return nil
	}
	parsed, err := ParseHEIID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// LogValue returns the identifier: it is public.
func (id HEIID) LogValue() slog.Value { return slog.StringValue(id.s) }

func heiFault(rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: "HEI id", Rule: rule, Pos: pos, Want: want}
}

// The types of other identifiers that the registry's schema names
// (ewp-specs-api-registry, catalogue.xsd). Any other type is allowed too.
const (
	OtherIDPreviousSCHAC  = "previous-schac"  // a former [HEIID]
	OtherIDPIC            = "pic"             // participant identification code of the European Commission
	OtherIDErasmus        = "erasmus"         // Erasmus code: "PL WARSZAW01", "F PARIS001"
	OtherIDEUC            = "euc"             // Erasmus University Charter, deprecated
	OtherIDErasmusCharter = "erasmus-charter" // "45834-EPP-1-2014-1-PL-EPPKA3-ECHE"
)

// OtherID is an identifier of an institution outside the network. Values are kept
// as published: some have blanks around them, and some are of another type than
// they say.
type OtherID struct {
	Type  string // OtherIDPIC, …, or any other word
	Value string
}

// Institution is what manifests and the catalogue say of an institution.
type Institution struct {
	ID       HEIID
	OtherIDs []OtherID // several of one type are possible
	Names    Texts     // several of one language are possible
}
