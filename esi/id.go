package esi

import (
	"encoding"
	"log/slog"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
)

// Prefix begins every live identifier, in exactly this case when it is emitted:
// services exist that break on another one.
const Prefix = "urn:schac:personalUniqueCode:int:esi:"

// MaxLen is the greatest length of an identifier, in characters.
const MaxLen = 255

// Form says in which scope the code of an identifier is unique. The
// specification gives no way to tell the forms apart; that the shape of the
// scope does is deduced.
type Form uint8

const (
	// NoForm is the form of the zero ID.
	NoForm Form = iota
	// CountryForm has an ISO 3166-1 alpha-2 code as scope.
	CountryForm
	// RegionForm has an ISO 3166-2 code as scope.
	RegionForm
	// InstitutionForm has a schacHomeOrganization as scope.
	InstitutionForm
	// LegacyForm is CC-PIC-CODE, the form of the first European Student Card.
	LegacyForm
	// UnknownForm has a scope of no known shape. It is read, never built.
	UnknownForm
)

// String returns "country", "region", "institution", "legacy", "unknown", or ""
// for NoForm.
func (f Form) String() string {
	switch f {
	case NoForm:
		return ""
	case CountryForm:
		return "country"
	case RegionForm:
		return "region"
	case InstitutionForm:
		return "institution"
	case LegacyForm:
		return "legacy"
	default:
		return "unknown"
	}
}

// ID is a European Student Identifier. It keeps the case in which its scope and
// code were written, and always has the prefix in its canonical case. It is
// comparable, but == distinguishes case: use Equal or Key. The zero value is no
// identifier.
type ID struct {
	text     string
	form     Form
	scopeEnd uint8 // offset in text of the separator after the scope (and, in the legacy form, before the PIC)
}

var (
	_ encoding.TextMarshaler   = ID{}
	_ encoding.TextUnmarshaler = (*ID)(nil)
	_ slog.LogValuer           = ID{}
)

// legacyCode is the offset of the code in the legacy form, "CC-123456789-".
const legacyCode = 13

// String returns the identifier, or "" for the zero ID. It is personal data: do
// not log it.
func (id ID) String() string { return id.text }

// IsZero reports whether id is no identifier.
func (id ID) IsZero() bool { return id.text == "" }

// Form returns the form of the identifier.
func (id ID) Form() Form { return id.form }

// Scope returns the country, region or domain in which the code is unique, as it
// was written; the country in the legacy form.
func (id ID) Scope() string {
	if id.form == LegacyForm || id.IsZero() {
		return id.text[:id.scopeEnd]
	}
	return id.text[len(Prefix):id.scopeEnd]
}

// Code returns the student's code within the scope, as it was written. It may
// hold escapes (%2F). It is personal data.
func (id ID) Code() string {
	switch {
	case id.IsZero():
		return ""
	case id.form == LegacyForm:
		return id.text[legacyCode:]
	}
	return id.text[id.scopeEnd+1:]
}

// PIC returns the nine digits of the institution in the legacy form, "" in the others.
func (id ID) PIC() string {
	if id.form != LegacyForm {
		return ""
	}
	return id.text[id.scopeEnd+1 : legacyCode-1]
}

// Country returns the two letters of the country in upper case: written in the
// country, region and legacy forms, deduced from the domain in the institution
// form. It is "" when there is none, for a generic domain among others.
//
// A relying party should not read more than that in an identifier, nor decide by it:
// the structure may change (MyAcademicID).
func (id ID) Country() string {
	switch id.form {
	case CountryForm, RegionForm, LegacyForm:
		return strings.ToUpper(id.Scope()[:2])
	case InstitutionForm:
		top := strings.ToUpper(id.Scope()[strings.LastIndexByte(id.Scope(), '.')+1:])
		if top == "UK" {
			return "GB"
		}
		if assigned(top) {
			return top
		}
	}
	return ""
}

// Key returns the identifier in lower case, equal for equal identifiers: the form
// to use in maps and databases. It is personal data.
func (id ID) Key() string { return strings.ToLower(id.text) }

// Equal reports whether two identifiers are the same, without regard to case: the
// attribute that carries them is defined with caseIgnoreMatch (SCHAC schema).
func (id ID) Equal(other ID) bool { return strings.EqualFold(id.text, other.text) }

// MarshalText writes the form of String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.text), nil }

// UnmarshalText reads as Parse does; the empty text is the zero ID.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// LogValue masks the code: it keeps the form and the scope.
func (id ID) LogValue() slog.Value {
	if id.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue(id.form.String() + ":" + id.Scope() + ":***")
}

// live puts together a live identifier whose parts were checked, except for the
// length of the whole.
func live(form Form, scope, code string) (ID, error) {
	end := len(Prefix) + len(scope)
	if end+1+len(code) > MaxLen {
		return ID{}, fault("length", 0, "at most 255 characters in the whole identifier")
	}
	return ID{text: Prefix + scope + ":" + code, form: form, scopeEnd: uint8(end)}, nil
}

func fault(rule string, pos int, want string) *passerelle.ParseError {
	return &passerelle.ParseError{Type: "ESI", Rule: rule, Pos: pos, Want: want}
}
