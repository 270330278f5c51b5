package particulier

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// ParameterError says that one parameter breaks a rule of the server, with the
// code by which the server would have refused it. It never holds the value.
type ParameterError struct {
	Field     string // as the caller writes it: "Person.BirthName"
	Parameter string // as the service calls it: "nomNaissance"
	Rule      string // the broken rule, a stable word: "required", "character", "range", "shape"
	Code      Code   // what the server answers
	Want      string // what was expected, for a person to read
}

// Error names the field, the parameter, the rule, the code and the expectation.
func (e ParameterError) Error() string {
	return e.Field + " (" + e.Parameter + "): " + e.Rule + ": code " + string(e.Code) + ": want " + e.Want
}

// Is reports whether target is ErrInvalid, or the code.
func (e ParameterError) Is(target error) bool {
	return target == passerelle.ErrInvalid || target == e.Code
}

// Outcome returns NotSent.
func (e ParameterError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// ParameterErrors lists every fault of a request, in the order of its parameters.
// errors.Is knows it by passerelle.ErrInvalid and by the code of each.
type ParameterErrors []ParameterError

// Error returns the faults on one line, separated by semicolons.
func (e ParameterErrors) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Error()
	}
	return "particulier: " + strings.Join(parts, "; ")
}

// Unwrap returns the faults one by one.
func (e ParameterErrors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

// Outcome returns NotSent.
func (e ParameterErrors) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Fields returns the faults in the form that all packages of this module share,
// the code at the end of Want.
func (e ParameterErrors) Fields() passerelle.FieldErrors {
	var out passerelle.FieldErrors
	for _, f := range e {
		out.Add(f.Field, f.Rule, f.Want+" (code "+string(f.Code)+")")
	}
	return out
}

func (e *ParameterErrors) add(field, parameter, rule string, code Code, want string) {
	*e = append(*e, ParameterError{Field: field, Parameter: parameter, Rule: rule, Code: code, Want: want})
}

func (e ParameterErrors) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// The rules of the server (its validators, read in its public source).
var (
	ineShape     = regexp.MustCompile(`^(\d{9}[A-HJK]{2}|\d{10}[A-HJ-NPR-Z]|[0-9A-Z]{10}\d|\d{4}A\d{5}[A-HJ-NPR-Z])$`)
	nameShape    = regexp.MustCompile(`^[a-zA-ZÀ-ÖØ-öø-ÿ' -]+$`)
	communeShape = regexp.MustCompile(`^([013-9]\d|2[AB1-9])\d{3}$`)
)

// departments are those that exist in the Code officiel géographique, overseas included.
func isDepartment(code string) bool {
	if code == "2A" || code == "2B" {
		return true
	}
	n, err := strconv.Atoi(code)
	switch {
	case err != nil || strconv.Itoa(n) != strings.TrimPrefix(code, "0"):
		return false
	case len(code) == 2:
		return n >= 1 && n <= 95 && n != 20
	}
	return len(code) == 3 && (n >= 971 && n <= 978 || n >= 984 && n <= 989)
}

// wireName is a name as it is sent: the typographic apostrophe, which the server
// refuses, becomes the plain one. Nothing else is changed.
func wireName(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "’", "'") }

// wireINE is an INE as it is sent: without blanks, in capitals, since the server of
// v3 changes neither.
func wireINE(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

func checkINE(faults *ParameterErrors, ine string) {
	switch {
	case ine == "":
		faults.add("INE", "ine", "required", CodeINE, "the INE")
	case !ineShape.MatchString(ine):
		faults.add("INE", "ine", "shape", CodeINE, "the 11 characters of an INE")
	}
}

func checkRecipient(faults *ParameterErrors, r Recipient) {
	if r.IsZero() {
		faults.add("Recipient", "recipient", "required", CodeRecipient, "the SIRET of the administration that receives the data, here or in Config")
	}
}

// checkPerson checks a civil identity. commune tells whether the operation checks the
// shape of the code (student status alone does), sexNeeded whether it wants the sex.
func checkPerson(faults *ParameterErrors, r IdentityRequest, names []string, commune, sexNeeded bool) {
	p := r.Person
	const letters = "letters up to ÿ, apostrophes, blanks and hyphens"
	switch name := wireName(p.BirthName); {
	case name == "":
		faults.add("Person.BirthName", "nomNaissance", "required", CodeBirthName, "the birth name")
	case !nameShape.MatchString(name):
		faults.add("Person.BirthName", "nomNaissance", "character", CodeBirthName, letters)
	}
	if len(names) == 0 {
		faults.add("Person.GivenNames[0]", "prenoms", "required", CodeGivenNames, "the first given name")
	}
	d := p.BirthDate
	switch {
	case d.Year < 1:
		faults.add("Person.BirthDate", "anneeDateNaissance", "required", CodeBirthYear, "a year of birth")
	case d.Month < 1 || d.Month > 12:
		faults.add("Person.BirthDate", "moisDateNaissance", "range", CodeBirthMonth, "a month from 1 to 12: the service takes no partial date")
	case d.Day < 1 || d.Day > 31:
		faults.add("Person.BirthDate", "jourDateNaissance", "range", CodeBirthDay, "a day from 1 to 31: the service takes no partial date")
	case !d.Valid():
		faults.add("Person.BirthDate", "dateNaissance", "range", CodeBirthDate, "a day that exists")
	}
	if sexNeeded && p.Sex == passerelle.SexUnknown || p.Sex > passerelle.SexMale {
		faults.add("Person.Sex", "sexeEtatCivil", "required", CodeSex, "F or M")
	}
	if code := p.Birthplace.Code(); code != "" {
		if commune && !communeShape.MatchString(code) {
			faults.add("Person.Birthplace", "codeCogInseeCommuneNaissance", "shape", CodeCommune, "a COG code: 67482, 2A004, 99132")
		}
		return
	}
	if r.BirthDepartment == "" {
		return
	}
	if strings.TrimSpace(p.Birthplace.Name) == "" {
		faults.add("Person.Birthplace.Name", "nomCommuneNaissance", "required", CodeCommune, "the name of the town beside its department")
	}
	if !isDepartment(r.BirthDepartment) {
		faults.add("BirthDepartment", "codeCogInseeDepartementNaissance", "range", CodeDepartment, "a department: 67, 2A, 974")
	}
}

// checkCampaign checks the first year of a school year: 2021 to the calendar year
// before this one. From September on the campaign under way is out of that range: leave it out.
func checkCampaign(faults *ParameterErrors, year, thisYear int) {
	if year != 0 && (year < 2021 || year >= thisYear) {
		faults.add("CampaignYear", "campaignYear", "range", CodeCampaignYear,
			"a year from 2021 to "+strconv.Itoa(thisYear-1)+", or 0 for the current campaign")
	}
}
