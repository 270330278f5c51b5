package esi

import "strings"

// Option changes what the building functions and ParseStrict accept.
type Option func(*rules)

type rules struct{ colon bool }

// AllowColon accepts a colon in the code. RFC 2141 allows it, and it is refused by
// default because it leaves readers in doubt where the scope ends.
func AllowColon() Option { return func(r *rules) { r.colon = true } }

func rulesOf(opts []Option) (r rules) {
	for _, o := range opts {
		o(&r)
	}
	return r
}

// Country builds the identifier of a student whose code is unique in a country,
// given by its officially assigned ISO 3166-1 alpha-2 code, whose case is kept. Its
// error is a *passerelle.ParseError with rule "country", "code", "character",
// "escape", "colon" or "length". For France use [FromINE].
func Country(country, code string, opts ...Option) (ID, error) {
	if !assigned(country) {
		return ID{}, fault("country", 0, "an officially assigned ISO 3166-1 alpha-2 code")
	}
	return build(CountryForm, country, code, opts)
}

// Region builds the identifier of a student whose code is unique in a
// subdivision of a country, given by its ISO 3166-2 code: the shape and the country
// are checked. Its errors are those of Country, with rule "region".
func Region(region, code string, opts ...Option) (ID, error) {
	if !subdivision(region) || !assigned(region[:2]) {
		return ID{}, fault("region", 0, "an ISO 3166-2 code, such as ES-AN")
	}
	return build(RegionForm, region, code, opts)
}

// HomeOrganization builds the identifier of a student whose code is unique in an
// institution only, given by its schacHomeOrganization, or by the domain of one of
// its units below that. Its errors are those of Country, with rule "domain".
func HomeOrganization(sho, code string, opts ...Option) (ID, error) {
	if !domain(sho) {
		return ID{}, fault("domain", 0, "a domain name (schacHomeOrganization)")
	}
	return build(InstitutionForm, sho, code, opts)
}

func build(form Form, scope, code string, opts []Option) (ID, error) {
	if err := checkCode(code, 0); err != nil {
		return ID{}, err
	}
	if i := strings.IndexByte(code, ':'); i >= 0 && !rulesOf(opts).colon {
		return ID{}, fault("colon", i+1, "a code without colon, unless it is allowed on purpose")
	}
	return live(form, scope, code)
}

// Legacy builds CC-PIC-CODE, the identifier of the first European Student Card.
// Its error is a *passerelle.ParseError with rule "country", "pic" or those of a code.
//
// Deprecated: the live forms replaced it in 2021. It serves to find records made
// before, which keep it.
func Legacy(country, number, code string) (ID, error) {
	if !assigned(country) {
		return ID{}, fault("country", 0, "an officially assigned ISO 3166-1 alpha-2 code")
	}
	if !pic(number) {
		return ID{}, fault("pic", 0, "a PIC of 9 digits")
	}
	if err := checkCode(code, 0); err != nil {
		return ID{}, err
	}
	return legacy(strings.ToUpper(country) + "-" + number + "-" + code)
}

// legacy makes an ID of a text in the legacy form.
func legacy(text string) (ID, error) {
	if len(text) > MaxLen {
		return ID{}, fault("length", 0, "at most 255 characters in the whole identifier")
	}
	return ID{text: text, form: LegacyForm, scopeEnd: 2}, nil
}
