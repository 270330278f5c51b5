package esi

import (
	"iter"
	"slices"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// Practice is what a country does beyond the specification.
type Practice struct {
	Country string // ISO 3166-1 alpha-2, upper case
	Form    Form   // the form in use
	Domain  string // the one domain in use, where a country has a single issuer
	Code    string // what the code is, for a person to read; "" when nothing is known
	Example string // an identifier as the source writes it, its code left out or invented

	// Published says that the specification, the country's federation or the router's
	// documentation states the practice; otherwise it was seen in software or examples.
	Published bool

	check func(id ID, faults *passerelle.FieldErrors) // rules on the code, nil when there are none
}

// practices in the order of the countries.
var practices = []Practice{
	{Country: "AT", Form: CountryForm, Example: Prefix + "AT:xxxxxxxxxx"},
	{Country: "DE", Form: InstitutionForm, Example: Prefix + "lmu.de:12345"},
	{Country: "ES", Form: InstitutionForm, Example: Prefix + "uma.es:xxxxxxxxxx", Published: true},
	{Country: "FR", Form: CountryForm, Code: "the definitive INE", Example: Prefix + "fr:123456789AB", check: checkFrance},
	{Country: "HR", Form: CountryForm, Example: Prefix + "HR:xxxxxxxxxx", Published: true},
	{Country: "IT", Form: InstitutionForm, Example: Prefix + "unipv.it:999001"},
	{
		Country: "NL", Form: InstitutionForm, Code: "letters, digits and ( ) + , - . = @ ; $ _ ! * '; the domain is the schacHomeOrganization itself",
		Example: Prefix + "buas.nl:xxxxxxxxxx", Published: true, check: checkNetherlands,
	},
	{Country: "NO", Form: InstitutionForm, Example: Prefix + "uio.no:1234567890", Published: true},
	{
		Country: "SE", Form: InstitutionForm, Domain: "ladok.se", Code: ladokPrefix + " and the UUID of Ladok",
		Example: Prefix + "ladok.se:externtstudentuid-857c0573-0000-4000-8000-000000000000", check: checkSweden,
	},
}

// Practices lists the countries whose practice is known, in the order of their codes.
func Practices() iter.Seq[Practice] { return slices.Values(practices) }

// PracticeOf returns the practice of a country, given by its ISO 3166-1 alpha-2
// code in any case, and false when none is known.
func PracticeOf(country string) (Practice, bool) {
	for _, p := range practices {
		if strings.EqualFold(p.Country, country) {
			return p, true
		}
	}
	return Practice{}, false
}

// Conformance compares id with the practice of its country, and lists what
// deviates: Field is "scope" or "code", Rule "form", "domain", "characters", "ine",
// "provisional", "key" or "ladok". They are warnings: such an identifier is
// valid by the specification, and a federation may complain about it. The list is
// empty when nothing deviates and when no practice is known.
func Conformance(id ID) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	p, ok := PracticeOf(id.Country())
	if !ok {
		return nil
	}
	if id.Form() != p.Form {
		faults.Add("scope", "form", "the "+p.Form.String()+" form in "+p.Country+", as in "+p.Example)
		return faults
	}
	if p.Domain != "" && !strings.EqualFold(id.Scope(), p.Domain) {
		faults.Add("scope", "domain", p.Domain+", the issuer of "+p.Country)
	}
	if p.check != nil {
		p.check(id, &faults)
	}
	return faults
}

func checkFrance(id ID, faults *passerelle.FieldErrors) {
	n, err := ine.Parse(id.Code())
	switch {
	case err != nil:
		faults.Add("code", "ine", "an INE")
	case n.Family() == ine.Provisional:
		faults.Add("code", "provisional", "a definitive INE")
	case n.Key() == ine.KeyWrong:
		faults.Add("code", "key", "an INE with the right key")
	}
}

func checkNetherlands(id ID, faults *passerelle.FieldErrors) {
	if strings.ContainsAny(id.Code(), ":%") {
		faults.Add("code", "characters", "neither colon nor escape")
	}
}

const ladokPrefix = "externtstudentuid-"

func checkSweden(id ID, faults *passerelle.FieldErrors) {
	rest, ok := cutFoldPrefix(id.Code(), ladokPrefix)
	if !ok || !isUUID(rest) {
		faults.Add("code", "ladok", ladokPrefix+" and a UUID")
	}
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !hexadecimal(s[i]) {
				return false
			}
		}
	}
	return true
}
