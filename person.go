package passerelle

import (
	"log/slog"
	"strings"
)

// Person is the civil identity that the national services share: what an
// immatriculation request carries (sheet of INES fields, 2021) and what the RNIE
// holds (arrêté of 18 October 2022). It is comparable. The zero value is nobody.
//
// Values are kept and transmitted as they were recorded: accents, case and
// hyphens included. Comparison normalises, see [FoldName].
type Person struct {
	BirthName  string     `json:"birth_name"`           // nom de famille, as in the birth certificate
	UsageName  string     `json:"usage_name,omitempty"` // nom d'usage, when the person has one
	GivenNames [3]string  `json:"given_names"`          // given names in the order of the civil registry; services take three at the most
	Sex        Sex        `json:"sex"`
	BirthDate  Date       `json:"birth_date"`
	Birthplace Birthplace `json:"birthplace"`
}

// Given returns the given names that are present, joined by a blank.
func (p Person) Given() string {
	var names []string
	for _, n := range p.GivenNames {
		if n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

// Missing lists the fields that every national immatriculation requires and that
// p lacks, as [FieldError] values with rule "required": birth name, first given
// name, sex, birth date, birthplace. A blank name counts as missing.
func (p Person) Missing() FieldErrors {
	var faults FieldErrors
	if strings.TrimSpace(p.BirthName) == "" {
		faults.Add("BirthName", "required", "the family name of the birth certificate")
	}
	if strings.TrimSpace(p.GivenNames[0]) == "" {
		faults.Add("GivenNames[0]", "required", "the first given name")
	}
	if p.Sex == SexUnknown {
		faults.Add("Sex", "required", "female or male, as in the civil registry")
	}
	if p.BirthDate.IsZero() {
		faults.Add("BirthDate", "required", "the birth date")
	}
	if p.Birthplace.Code() == "" {
		faults.Add("Birthplace", "required", "the COG code of the commune, or 99xxx of the country")
	}
	return faults
}

// IdentityKey returns a text equal for two records of one civil identity: birth
// name and first given name folded by [FoldName], sex, birth date, and birthplace code.
// It returns "" when one of them is missing, since two incomplete records prove
// nothing. It is personal data.
func (p Person) IdentityKey() string {
	if len(p.Missing()) > 0 {
		return ""
	}
	return strings.Join([]string{
		FoldName(p.BirthName), FoldName(p.GivenNames[0]), p.Sex.String(), p.BirthDate.String(), p.Birthplace.Code(),
	}, "|")
}

// Diff names the fields that both records hold and that differ after folding: an
// empty answer with missing fields is not a proof of identity. A birth name equal
// to the other's usage name counts as different: the services keep them apart.
func (p Person) Diff(q Person) []string {
	var fields []string
	differ := func(name string, a, b string) {
		if a != "" && b != "" && a != b {
			fields = append(fields, name)
		}
	}
	differ("BirthName", FoldName(p.BirthName), FoldName(q.BirthName))
	differ("UsageName", FoldName(p.UsageName), FoldName(q.UsageName))
	for i, name := range [...]string{"GivenNames[0]", "GivenNames[1]", "GivenNames[2]"} {
		differ(name, FoldName(p.GivenNames[i]), FoldName(q.GivenNames[i]))
	}
	if p.Sex != SexUnknown && q.Sex != SexUnknown && p.Sex != q.Sex {
		fields = append(fields, "Sex")
	}
	differ("BirthDate", p.BirthDate.String(), q.BirthDate.String())
	differ("Birthplace", p.Birthplace.Code(), q.Birthplace.Code())
	return fields
}

// LogValue masks the whole identity.
func (p Person) LogValue() slog.Value {
	if p == (Person{}) {
		return slog.StringValue("nobody")
	}
	return slog.StringValue("***")
}
