package particuliertest

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// question is what a request asks, once it is authorised.
type question struct {
	op     operation
	query  url.Values
	pivot  *Pivot   // of FranceConnect
	scopes []string // nil: all
}

var (
	ineForms = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^\d{9}[A-HJK]{2}$`), regexp.MustCompile(`(?i)^\d{10}[A-HJ-NPR-Z]$`),
		regexp.MustCompile(`(?i)^[0-9A-Z]{10}\d$`), regexp.MustCompile(`(?i)^\d{4}A\d{5}[A-HJ-NPR-Z]$`),
	}
	nameForm    = regexp.MustCompile(`^[a-zA-ZÀ-ÖØ-öø-ÿ' -]+$`)
	cogForm     = regexp.MustCompile(`^([013-9]\d|2[AB1-9])\d{3}$`)
	yearForm    = regexp.MustCompile(`^\d{4}$`)
	dateForm    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	departments = regexp.MustCompile(`^(0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[4-9])$`)
)

// check refuses wrong parameters, the first one found, as the server does.
func (q *question) check(year int) *reply {
	refuse := func(code, parameter string) *reply {
		out := q.op.failAt(http.StatusUnprocessableEntity, code, "Entité non traitable",
			"Le paramètre "+parameter+" n'est pas correctement formaté.", map[string]string{"parameter": parameter})
		return &out
	}
	get := q.query.Get
	if (q.op.version > 2 || q.pivot != nil || get("recipient") != "") && !isSIRET(get("recipient")) {
		return refuse("00210", "recipient")
	}
	if campaign := get("campaignYear"); campaign != "" && q.op.resource == "cnous" && q.op.version > 2 {
		n, _ := strconv.Atoi(campaign)
		if !yearForm.MatchString(campaign) || n < 2021 || n > year-1 {
			return refuse("00368", "campaignYear")
		}
	}
	switch {
	case q.pivot != nil:
		return nil
	case q.op.mode == "ine" || q.op.version == 2 && q.query.Has("ine"):
		ine := get("ine")
		for _, form := range ineForms {
			if form.MatchString(ine) {
				return nil
			}
		}
		return refuse("00360", "ine")
	case q.op.version == 2:
		given := get("prenom")
		if q.op.resource == "cnous" {
			given = get("prenoms")
		}
		if get("nom") == "" || given == "" || !dateForm.MatchString(get("dateDeNaissance")) {
			return refuse("", "identité")
		}
		return nil
	}
	return q.checkIdentity(refuse)
}

func (q *question) checkIdentity(refuse func(code, parameter string) *reply) *reply {
	get := q.query.Get
	number := func(name string) int {
		n, err := strconv.Atoi(get(name))
		if err != nil {
			return -1
		}
		return n
	}
	if !nameForm.MatchString(get("nomNaissance")) {
		return refuse("00420", "nomNaissance")
	}
	if len(q.query["prenoms[]"]) == 0 || strings.TrimSpace(strings.Join(q.query["prenoms[]"], "")) == "" {
		return refuse("00421", "prenoms")
	}
	year, month, day := number("anneeDateNaissance"), number("moisDateNaissance"), number("jourDateNaissance")
	switch {
	case year <= 0:
		return refuse("00422", "anneeDateNaissance")
	case month < 1 || month > 12:
		return refuse("00423", "moisDateNaissance")
	case day < 1 || day > 31:
		return refuse("00424", "jourDateNaissance")
	case time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day:
		return refuse("00425", "dateNaissance")
	}
	if cog := get("codeCogInseeCommuneNaissance"); cog != "" && q.op.resource == "mesri" && !cogForm.MatchString(cog) {
		return refuse("00365", "codeCogInseeCommuneNaissance")
	}
	if sex := get("sexeEtatCivil"); sex != "M" && sex != "F" && (sex != "" || q.op.resource == "mesri") {
		return refuse("00427", "sexeEtatCivil")
	}
	if d := get("codeCogInseeDepartementNaissance"); d != "" && !departments.MatchString(d) {
		return refuse("00428", "codeCogInseeDepartementNaissance")
	}
	return nil
}

// isSIRET checks Luhn's key, or the rule of La Poste.
func isSIRET(s string) bool {
	if len(s) != 14 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	luhn, sum := 0, 0
	for i, c := range s {
		d := int(c - '0')
		sum += d
		luhn += d
		if i%2 == 0 {
			luhn += d
			if d > 4 {
				luhn -= 9
			}
		}
	}
	return luhn%10 == 0 || strings.HasPrefix(s, "356000000") && sum%5 == 0
}

func (q *question) campaign() int {
	n, _ := strconv.Atoi(q.query.Get("campaignYear"))
	return n
}

// person is the civil identity that is asked about.
func (q *question) person() (passerelle.Person, bool) {
	get := q.query.Get
	var p passerelle.Person
	var date, place, sex string
	switch {
	case q.pivot != nil:
		p.BirthName = q.pivot.FamilyName
		given(&p, strings.Fields(q.pivot.GivenName))
		date, place = q.pivot.BirthDate, q.pivot.Birthplace
		if place == "" {
			place = q.pivot.Birthcountry
		}
		sex = strings.ToUpper(q.pivot.Gender[:min(1, len(q.pivot.Gender))])
	case q.op.version == 2:
		p.BirthName = get("nom")
		names := []string{get("prenom")}
		if q.op.resource == "cnous" {
			names = strings.Fields(get("prenoms"))
		}
		given(&p, names)
		date, place, sex = get("dateDeNaissance"), get("lieuDeNaissance"), strings.ToUpper(get("sexe"))
	default:
		p.BirthName = get("nomNaissance")
		given(&p, q.query["prenoms[]"])
		y, _ := strconv.Atoi(get("anneeDateNaissance"))
		m, _ := strconv.Atoi(get("moisDateNaissance"))
		d, _ := strconv.Atoi(get("jourDateNaissance"))
		date = passerelle.NewDate(y, time.Month(m), d).String()
		place, sex = get("codeCogInseeCommuneNaissance"), get("sexeEtatCivil")
	}
	var err error
	if p.BirthDate, err = passerelle.ParseDate(date); err != nil {
		return p, false
	}
	if p.Sex, err = passerelle.SexCodesMF.Parse(sex); err != nil {
		return p, false
	}
	if place != "" {
		if p.Birthplace, err = passerelle.ParseBirthplace(place); err != nil {
			return p, false
		}
	}
	return p, true
}

func given(p *passerelle.Person, names []string) { copy(p.GivenNames[:], names) }
