package esi

import (
	"encoding"
	"log/slog"
	"slices"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
)

// UserID is the identifier that MyAcademicID gives to a person who signs in through
// it: up to 64 hexadecimal digits, and a domain of its own. It is not an ESI and says
// nothing about one. It is comparable and kept in lower case. The zero value is no
// identifier.
type UserID struct{ text string }

var (
	_ encoding.TextMarshaler   = UserID{}
	_ encoding.TextUnmarshaler = (*UserID)(nil)
	_ slog.LogValuer           = UserID{}
)

// userDomains are the domains of the proxy, before and after its move.
var userDomains = []string{"erasmus.eduteams.org", "myacademicid.org"}

const maxUserDigits = 64

// ParseUserID reads a MyAcademicID user identifier, in any case. Its error is a
// *passerelle.ParseError with rule "domain", "length" or "character".
func ParseUserID(s string) (UserID, error) {
	local, at, _ := strings.Cut(s, "@")
	at = strings.ToLower(at)
	if !slices.Contains(userDomains, at) {
		return UserID{}, userFault("domain", 0, "@"+strings.Join(userDomains, " or @")+" at the end")
	}
	if local == "" || len(local) > maxUserDigits {
		return UserID{}, userFault("length", 0, "1 to 64 hexadecimal digits before @")
	}
	for i := range len(local) {
		if !hexadecimal(local[i]) {
			return UserID{}, userFault("character", i+1, "a hexadecimal digit")
		}
	}
	return UserID{strings.ToLower(local) + "@" + at}, nil
}

// MustParseUserID is ParseUserID for constants and tests: it panics on an error.
func MustParseUserID(s string) UserID {
	id, err := ParseUserID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// String returns the identifier, or "" for the zero UserID. It is personal data: do
// not log it.
func (id UserID) String() string { return id.text }

// IsZero reports whether id is no identifier.
func (id UserID) IsZero() bool { return id.text == "" }

// MarshalText writes the form of String.
func (id UserID) MarshalText() ([]byte, error) { return []byte(id.text), nil }

// UnmarshalText reads as ParseUserID does; the empty text is the zero UserID.
func (id *UserID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = UserID{}
		return nil
	}
	v, err := ParseUserID(string(text))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// LogValue masks all but the domain.
func (id UserID) LogValue() slog.Value {
	if id.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue("***" + id.text[strings.IndexByte(id.text, '@'):])
}

func userFault(rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: "MyAcademicID user id", Rule: rule, Pos: pos, Want: want}
}
