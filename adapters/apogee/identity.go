package apogee

import (
	"context"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Identity is what Apogée holds of a student's civil status, as its service says it.
// It is personal data.
type Identity struct {
	CodEtu      string `xml:"numEtu"`
	INE         string `xml:"numeroINE"`
	GrantNumber string `xml:"numBoursier"`
	BirthName   string `xml:"nomPatronymique"`
	UsageName   string `xml:"nomUsuel"`
	GivenName1  string `xml:"prenom1"`
	GivenName2  string `xml:"prenom2"`
	GivenName3  string `xml:"prenom3"`
	// LegalGivenName and LegalSex are those of the civil registry, where the ones in
	// use differ.
	LegalGivenName string `xml:"prenomEtatCivil"`
	Sex            string `xml:"sexe"`
	LegalSex       string `xml:"sexEtatCivil"`
	BirthDate      string `xml:"dateNaissance"` // date and time, with or without an offset
	// BirthDateEstimated is O or N; which of them marks an estimate is not known.
	BirthDateEstimated string `xml:"temoinDateNaissEstimee"`
	BirthTown          string `xml:"libVilleNaissance"`
	BirthDepartment    struct {
		Code  string `xml:"codeDept"`
		Label string `xml:"libDept"`
	} `xml:"departementNaissance"`
	BirthCountry struct {
		Code  string `xml:"codPay"`
		Label string `xml:"libPay"`
	} `xml:"paysNaissance"`
	Nationality struct {
		Code  string `xml:"codeNationalite"`
		Label string `xml:"libNationalite"`
	} `xml:"nationaliteDTO"`
	FirstYearHigher        string `xml:"anneePremiereInscEnsSup"`
	FirstYearEstablishment string `xml:"anneePremiereInscEtb"`
	FirstYearUniversity    string `xml:"anneePremiereInscUniv"`
}

// LogValue gives the student number and nothing personal.
func (i Identity) LogValue() slog.Value { return slog.StringValue(System + ":" + i.CodEtu) }

// Identity reads the civil status of a student. Its error is ErrNotFound for nobody, ErrInvalid for a malformed number.
func (c *Client) Identity(ctx context.Context, codEtu string) (Identity, error) {
	return one[Identity](ctx, c, OpStudent, []param{{name: "_codEtu", text: codEtu}})
}

// Student returns i in the neutral form: the legal given name and sex where there are
// such, the birth date as it is written, whatever the offset. The birthplace in France
// has no commune, which Apogée does not hold; its name tells town and department. Its error
// is a *sis.RowError.
func (i Identity) Student() (sis.Student, error) {
	s := sis.Student{
		ID:  sis.StudentID{System: System, Local: i.CodEtu},
		INE: i.INE, GrantNumber: i.GrantNumber,
		Person:     passerelle.Person{BirthName: i.BirthName, UsageName: i.UsageName, GivenNames: [3]string{i.GivenName1, i.GivenName2, i.GivenName3}},
		Provenance: sis.Provenance{Source: string(OpStudent)},
	}
	fault := func(field string, err error) error {
		return &sis.RowError{Provenance: s.Provenance, Field: field, ID: s.ID, Err: err}
	}
	if i.CodEtu == "" {
		return sis.Student{}, fault("numEtu", &passerelle.ParseError{Type: "student", Rule: "required", Want: "the number of the student"})
	}
	if s.INE != "" {
		s.INEState = sis.INEUnverified
	}
	if i.LegalGivenName != "" {
		s.Person.GivenNames[0] = i.LegalGivenName
	}
	letter := i.LegalSex
	if letter == "" {
		letter = i.Sex
	}
	var err error
	if s.Person.Sex, err = passerelle.SexCodesMF.Parse(letter); err != nil {
		return sis.Student{}, fault("sexe", err)
	}
	if i.BirthDate != "" {
		date := i.BirthDate[:min(len(i.BirthDate), len("YYYY-MM-DD"))] // no zone moves a birthday
		if s.Person.BirthDate, err = passerelle.ParseDate(date); err != nil {
			return sis.Student{}, fault("dateNaissance", err)
		}
	}
	place := &s.Person.Birthplace
	place.Name = i.BirthTown
	switch country := i.BirthCountry.Code; {
	case country == "100" || country == "" && i.BirthDepartment.Code != "":
		place.Country, place.Name = passerelle.FranceCOG, townIn(i.BirthTown, i.BirthDepartment.Code)
	case country != "":
		p, err := passerelle.ParseBirthplace(country)
		if err == nil && p.Country == "" {
			err = &passerelle.ParseError{Type: "birthplace", Rule: "country", Want: "a country of three digits"}
		}
		if err != nil {
			return sis.Student{}, fault("paysNaissance", err)
		}
		place.Country = p.Country
	}
	if code := i.Nationality.Code; len(code) == 3 && digits(code) {
		s.Nationalities = []string{"99" + code}
	}
	return s, nil
}

// Addresses are those of a student. They are personal data.
type Addresses struct {
	Year      string  `xml:"annee"`
	Email     string  `xml:"email"`         // personal
	Directory string  `xml:"emailAnnuaire"` // institutional
	Login     string  `xml:"loginAnnuaire"`
	Mobile    string  `xml:"numTelPortable"`
	Housing   string  `xml:"typeHebergement>codTypeHebergement"`
	Annual    Address `xml:"adresseAnnuelle"`
	Fixed     Address `xml:"adresseFixe"`
}

// Address is one postal address.
type Address struct {
	Line1   string `xml:"libAd1"`
	Line2   string `xml:"libAd2"`
	Line3   string `xml:"libAd3"`
	Abroad  string `xml:"libAde"` // town of an address abroad
	Commune struct {
		Code     string `xml:"codeInsee"`
		PostCode string `xml:"codePostal"`
		Name     string `xml:"nomCommune"`
	} `xml:"commune"`
	Country struct {
		Code  string `xml:"codPay"`
		Label string `xml:"libPay"`
	} `xml:"pays"`
	Phone string `xml:"numTel"`
}

// LogValue masks the addresses.
func (a Addresses) LogValue() slog.Value { return slog.StringValue("***") }

// Addresses reads the addresses of a student, of the year or, when it is empty, the
// last ones. directory is the look-up in the directory: TOUS, O or N; empty is N. The
// names of the elements within commune and typeHebergement are deduced.
func (c *Client) Addresses(ctx context.Context, codEtu, year, directory string) (Addresses, error) {
	if directory == "" {
		directory = "N"
	}
	return one[Addresses](ctx, c, OpAddresses, []param{{name: "_codEtu", text: codEtu}, {name: "_annee", text: year}, {name: "_recupAnnuaire", text: directory}})
}
