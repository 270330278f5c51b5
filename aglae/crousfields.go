package aglae

import (
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// read fills r from the cells of its line and returns what is wrong with them. Each
// fault names its column by the title.
func (r *CrousRow) read(columns []CrousColumn, cells []string) (faults passerelle.FieldErrors) {
	for i, c := range columns {
		cell := strings.TrimSpace(cells[i])
		if cell == "" {
			continue
		}
		if err := r.set(c.Field, cell); err != nil {
			faults.Add(c.Title, err.Rule, err.Want)
		}
	}
	p := &r.Person.Birthplace
	if p.Commune != "" && p.Country != "" && p.Country != passerelle.FranceCOG {
		faults.Add("birth place", "country", "no foreign country beside a French commune")
		p.Commune = ""
	}
	if r.INE == "" && (r.Person.BirthName == "" || r.Person.BirthDate.IsZero()) {
		faults.Add("line", "required", "an INE, or a name and a birth date")
	}
	return faults
}

// set reads one cell.
func (r *CrousRow) set(field CrousField, cell string) *passerelle.ParseError {
	switch field {
	case CrousINE:
		r.INE = cell
	case CrousFile:
		r.FileNumber = cell
	case CrousBirthName:
		r.Person.BirthName = cell
	case CrousUsageName:
		r.Person.UsageName = cell
	case CrousGivenName:
		r.Person.GivenNames[0] = cell
	case CrousSex:
		return readSex(&r.Person.Sex, cell)
	case CrousBirthDate:
		return readDate(&r.Person.BirthDate, cell)
	case CrousBirthCommune:
		return r.readCommune(cell)
	case CrousBirthTown:
		r.Person.Birthplace.Name = cell
	case CrousBirthCountry:
		return r.readCountry(cell)
	case CrousBirthPostalCode:
		r.BirthPostalCode = cell
	case CrousEmail:
		r.Email = cell
	case CrousLevel:
		r.Level = ParseLevel(cell)
	case CrousStudyLevel:
		r.StudyLevel = cell
	case CrousStatus:
		r.Status = cell
		if n, err := strconv.Atoi(cell); err == nil {
			r.Decision = decided(n)
		}
	case CrousKind:
		r.Kind = cell
	case CrousStruckOff:
		return readYesNo(&r.StruckOff, cell)
	case CrousStruckOn:
		return readDate(&r.StruckOn, cell)
	case CrousNotifiedOn:
		return readDate(&r.NotifiedOn, cell)
	case CrousEffectOn:
		return readDate(&r.EffectOn, cell)
	case CrousSchool:
		r.School = cell
	case CrousTown:
		r.Town = cell
	case CrousUAI:
		r.UAI = cell
	case CrousTermStart:
		return readDate(&r.TermStart, cell)
	case CrousMonths:
		n, err := strconv.Atoi(cell)
		if err != nil || n < 0 || n > 120 {
			return &passerelle.ParseError{Type: "row", Rule: "range", Want: "a number of months"}
		}
		r.Months = n
	case CrousOperator:
		r.Operator = cell
	case CrousAddress1:
		r.Address.Lines[0] = cell
	case CrousAddress2:
		r.Address.Lines[1] = cell
	case CrousAddress3:
		r.Address.Lines[2] = cell
	case CrousPostalCode:
		r.Address.PostalCode = cell
	case CrousCity:
		r.Address.City = cell
	case CrousCityCOG:
		r.Address.CityCOG = cell
	case CrousCountryCOG:
		r.Address.CountryCOG = cell
	}
	return nil
}

// readDate reads DD/MM/YYYY or YYYY-MM-DD, a time after it left out.
func readDate(dst *passerelle.Date, cell string) *passerelle.ParseError {
	if len(cell) > 10 && (cell[10] == ' ' || cell[10] == 'T') {
		cell = cell[:10]
	}
	parse := passerelle.ParseFrenchDate
	if len(cell) == 10 && cell[4] == '-' {
		parse = passerelle.ParseDate
	}
	d, err := parse(cell)
	if err != nil {
		return &passerelle.ParseError{Type: "date", Rule: "date", Want: "a date DD/MM/YYYY or YYYY-MM-DD that exists"}
	}
	*dst = d
	return nil
}

// readSex reads the words for it that the files and the API write.
func readSex(dst *passerelle.Sex, cell string) *passerelle.ParseError {
	switch strings.ToLower(strings.TrimSuffix(cell, ".")) {
	case "m", "mr", "monsieur", "h", "homme", "1":
		*dst = passerelle.SexMale
	case "f", "mme", "mlle", "madame", "mademoiselle", "femme", "2":
		*dst = passerelle.SexFemale
	default:
		return &passerelle.ParseError{Type: "sex", Rule: "code", Want: "M, F, M. or Mme"}
	}
	return nil
}

// readYesNo reads a word; one that is not known says nothing, which null tells.
func readYesNo(dst *particulier.Field[bool], cell string) *passerelle.ParseError {
	switch strings.ToLower(cell) {
	case "o", "oui", "true", "vrai", "1":
		*dst = particulier.Some(true)
	case "n", "non", "false", "faux", "0":
		*dst = particulier.Some(false)
	default:
		dst.State = particulier.Null
		return &passerelle.ParseError{Type: "row", Rule: "code", Want: "O or N"}
	}
	return nil
}

// readCommune reads the COG code of a commune; a country's may stand there too.
func (r *CrousRow) readCommune(cell string) *passerelle.ParseError {
	p, err := passerelle.ParseBirthplace(cell)
	if err != nil {
		return &passerelle.ParseError{Type: "birthplace", Rule: "code", Want: "the COG code of a commune, 5 characters"}
	}
	r.Person.Birthplace.Commune = p.Commune
	if p.Commune == "" {
		r.Person.Birthplace.Country = p.Country
	}
	return nil
}

// readCountry reads the COG code of a country, 99100, or its last three digits.
func (r *CrousRow) readCountry(cell string) *passerelle.ParseError {
	if len(cell) == 3 {
		cell = "99" + cell
	}
	p := passerelle.Birthplace{Country: cell}
	if err := p.Validate(); err != nil {
		return &passerelle.ParseError{Type: "birthplace", Rule: "code", Want: "the COG code of a country, 99100"}
	}
	r.Person.Birthplace.Country = cell
	return nil
}
