package esi

import (
	"log/slog"
	"slices"
	"strings"
)

// Variant names one deviation from the specification met while reading.
type Variant string

// The variants met in the wild.
const (
	Blanks          Variant = "blanks"              // white space around the identifier
	PrefixCase      Variant = "prefix-case"         // the prefix in another case; some services break on it
	LegacySyntax    Variant = "legacy"              // CC-PIC-CODE
	CountryFirst    Variant = "draft-country-first" // draft: urn:schac:personalUniqueCode:es:ESI:uma.es:CODE, or hr:ESI:CODE
	NoLabel         Variant = "no-esi-label"        // urn:schac:personalUniqueCode:int:uma.es:CODE
	TerenaStudentID Variant = "terena-student-id"   // urn:mace:terena.org:schac:personalUniqueCode:int:studentID:es:CODE
	ColonInCode     Variant = "colon"               // legal by RFC 2141, ambiguous for many readers
	UnassignedScope Variant = "unassigned-country"  // two letters or a region of no officially assigned country, such as the sandbox's "eu"
	IrregularScope  Variant = "irregular-scope"     // neither a country, nor a region, nor a domain name
)

// expected says what the specification has in place of each variant.
var expected = map[Variant]string{
	Blanks:          "no blank around the identifier",
	PrefixCase:      "exactly " + Prefix,
	LegacySyntax:    "the prefix " + Prefix,
	CountryFirst:    "the prefix " + Prefix + " in place of the draft's",
	NoLabel:         "esi: after int:",
	TerenaStudentID: "the prefix " + Prefix + " in place of the older one",
	ColonInCode:     "a code without colon, unless it is allowed on purpose",
	UnassignedScope: "an officially assigned ISO 3166 country",
	IrregularScope:  "a country, a region or a domain name as scope",
}

// drafts are the variants that were never an ESI by any version in force.
var drafts = []Variant{CountryFirst, NoLabel, TerenaStudentID}

// Reading is an identifier with the deviations met in its text.
type Reading struct {
	// ID is the identifier in a live form or the legacy one: drafts are
	// rewritten.
	ID ID
	// Raw is the text as it was given. What is compared with, or sent to, a service that
	// holds the same text must be this one. It is personal data.
	Raw string
	// Variants names each deviation once, in the order of the text. It is empty for
	// an identifier that follows the specification.
	Variants []Variant
}

// Has reports whether the deviation was met.
func (r Reading) Has(v Variant) bool { return slices.Contains(r.Variants, v) }

// Draft reports whether the text followed an earlier draft, so that ID is a
// rewriting of it.
func (r Reading) Draft() bool {
	return slices.ContainsFunc(r.Variants, func(v Variant) bool { return slices.Contains(drafts, v) })
}

// LogValue masks the identifier and shows the deviations.
func (r Reading) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("id", r.ID), slog.Any("variants", r.Variants))
}

// Parse reads an identifier in a live form or the legacy one, in any case, with
// the deviations met in the wild except for drafts: see [Read] to learn which, and
// [ParseStrict] to refuse them. Its error is a *passerelle.ParseError with rule
// "prefix", "scope", "code", "character", "escape" or "length", or the name of the
// draft's [Variant].
func Parse(s string) (ID, error) {
	r, err := Read(s)
	if err != nil {
		return ID{}, err
	}
	for _, v := range drafts {
		if r.Has(v) {
			return ID{}, fault(string(v), 1, expected[v])
		}
	}
	return r.ID, nil
}

// MustParse is Parse for constants and tests: it panics on an error.
func MustParse(s string) ID {
	id, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return id
}

// ParseStrict reads an identifier that follows the specification to the letter:
// what the building functions make. Its error is that of Parse, or has the name of the
// first [Variant] as rule.
func ParseStrict(s string, opts ...Option) (ID, error) {
	r, err := Read(s)
	if err != nil {
		return ID{}, err
	}
	allow := rulesOf(opts)
	for _, v := range r.Variants {
		if v != ColonInCode || !allow.colon {
			return ID{}, fault(string(v), 0, expected[v])
		}
	}
	return r.ID, nil
}

const (
	schacPrefix  = "urn:schac:personalUniqueCode:"
	terenaPrefix = "urn:mace:terena.org:schac:personalUniqueCode:int:studentID:"
)

// Read reads an identifier in any form met in the wild, drafts included, and
// names what deviates from the specification. Rewriting a draft in a live form is
// deduced: no text says that the two designate one student.
//
// Characters that RFC 2141 refuses in a code, and more than 255 characters, are
// errors: a *passerelle.ParseError with the rules of [Parse].
func Read(s string) (Reading, error) {
	r := reader{Reading: Reading{Raw: s}}
	text := strings.TrimSpace(s)
	if len(text) != len(s) {
		r.met(Blanks)
		r.offset = runes(s[:strings.Index(s, text)])
	}
	if len(text) > MaxLen {
		return Reading{}, fault("length", 0, "at most 255 characters")
	}
	id, err := r.read(text)
	if err != nil {
		return Reading{}, err
	}
	r.ID = id
	return r.Reading, nil
}

// reader is the state of one reading.
type reader struct {
	Reading
	offset int // characters that were cut off before the text at hand
}

func (r *reader) met(v Variant) {
	if !r.Has(v) {
		r.Variants = append(r.Variants, v)
	}
}

// cut takes a prefix, in any case, off text.
func (r *reader) cut(text, prefix string) (rest string, ok bool) {
	rest, ok = cutFoldPrefix(text, prefix)
	if ok {
		r.offset += len(prefix)
	}
	return rest, ok
}

func (r *reader) read(text string) (ID, error) {
	if rest, ok := r.cut(text, Prefix); ok {
		if !strings.HasPrefix(text, Prefix) {
			r.met(PrefixCase)
		}
		return r.scoped(rest)
	}
	if rest, ok := r.cut(text, terenaPrefix); ok {
		r.met(TerenaStudentID)
		return r.scoped(rest)
	}
	if rest, ok := r.cut(text, schacPrefix); ok {
		return r.draft(rest)
	}
	if len(text) >= legacyCode && letters(text[:2]) && text[2] == '-' && pic(text[3:12]) && text[12] == '-' {
		return r.legacy(text)
	}
	return ID{}, fault("prefix", r.offset+1, Prefix)
}

// draft reads what follows urn:schac:personalUniqueCode: in the drafts.
func (r *reader) draft(text string) (ID, error) {
	if rest, ok := r.cut(text, "int:"); ok {
		if scope, _, _ := strings.Cut(rest, ":"); domain(scope) {
			r.met(NoLabel)
			return r.scoped(rest)
		}
		return ID{}, fault("prefix", r.offset+1, "esi: after int:")
	}
	if len(text) > 2 && letters(text[:2]) {
		if rest, ok := cutFoldPrefix(text[2:], ":esi:"); ok {
			r.met(CountryFirst)
			r.offset += len(text) - len(rest)
			if scope, _, ok := strings.Cut(rest, ":"); ok && domain(scope) {
				return r.scoped(rest)
			}
			return r.parts(text[:2], rest)
		}
	}
	return ID{}, fault("prefix", r.offset+1, "int:esi: after "+schacPrefix)
}

func (r *reader) legacy(text string) (ID, error) {
	r.met(LegacySyntax)
	if !assigned(text[:2]) {
		r.met(UnassignedScope)
	}
	r.offset += legacyCode
	if err := checkCode(text[legacyCode:], r.offset); err != nil {
		return ID{}, err
	}
	return legacy(text)
}

// scoped reads "<scope>:<code>", split at the first colon.
func (r *reader) scoped(text string) (ID, error) {
	scope, code, ok := strings.Cut(text, ":")
	if !ok || scope == "" {
		return ID{}, fault("scope", r.offset+1, "a country, a region or a domain name, a colon and a code")
	}
	start := r.offset
	r.offset += runes(scope) + 1
	if err := checkCode(scope, start); err != nil { // the same characters, at least
		return ID{}, err
	}
	return r.parts(scope, code)
}

func (r *reader) parts(scope, code string) (ID, error) {
	form := UnknownForm
	switch {
	case len(scope) == 2 && letters(scope):
		form = CountryForm
		if !assigned(scope) {
			r.met(UnassignedScope)
		}
	case subdivision(scope):
		form = RegionForm
		if !assigned(scope[:2]) {
			r.met(UnassignedScope)
		}
	case domain(scope):
		form = InstitutionForm
	default:
		r.met(IrregularScope)
	}
	if err := checkCode(code, r.offset); err != nil {
		return ID{}, err
	}
	if strings.Contains(code, ":") {
		r.met(ColonInCode)
	}
	return live(form, scope, code)
}
