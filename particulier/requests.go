package particulier

import (
	"log/slog"
	"net/url"
	"strconv"

	"github.com/passerelle-sup/passerelle"
)

// Version is a version of the API. The zero value is the current one of each
// resource: v3 for the student status, v4 for scholarships.
type Version int

// The versions. V2 is deprecated and being withdrawn.
const (
	Current Version = 0
	V2      Version = 2
	V3      Version = 3
	V4      Version = 4
)

// INERequest asks by INE.
type INERequest struct {
	// INE is sent without blanks and in capitals; its shape is checked and its key is
	// not. It is a text because the server takes more shapes than package ine knows.
	INE          string
	Recipient    Recipient // zero: that of Config
	CampaignYear int       // scholarships in v3 and v4: first year of a past school year; 0: what is current
	Version      Version
}

// IdentityRequest asks by civil identity.
type IdentityRequest struct {
	// Person: birth name, given names, birth date and, for the student status, the
	// sex are needed. The student status uses the first given name alone. The birthplace
	// is optional; it tells homonyms apart.
	Person passerelle.Person
	// BirthDepartment is the COG code of the department of birth. With it, and without
	// a code of the birthplace, Person.Birthplace.Name is sent, and the server looks for
	// the code that the commune had in the year of birth. Not in v2.
	BirthDepartment string
	Recipient       Recipient // zero: that of Config
	CampaignYear    int       // as in INERequest
	Version         Version
}

// FranceConnectRequest asks on behalf of a person who signed in by FranceConnect.
type FranceConnectRequest struct {
	// AccessToken is the one that FranceConnect gave to the service. It is used in
	// place of the token of API Particulier, and must have the scopes of the pivot identity.
	AccessToken  string
	Recipient    Recipient // zero: that of Config
	CampaignYear int       // as in INERequest
	Version      Version
}

// LogValue hides the number.
func (r INERequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("ine", "***"), slog.Any("recipient", r.Recipient))
}

// LogValue hides the person.
func (r IdentityRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("person", "***"), slog.Any("recipient", r.Recipient))
}

// LogValue hides the token.
func (r FranceConnectRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("token", "***"), slog.Any("recipient", r.Recipient))
}

// resource is what differs between the two things that can be read.
type resource struct {
	name     string // in operations
	current  Version
	v2       string // path
	path     string // after the version
	grants   bool   // scholarships: optional sex, up to three given names, campaigns
	v2Prenom string // parameter of the given names in v2
}

var (
	studentStatus = resource{
		name: "student-status", current: V3, v2: "/api/v2/etudiants", path: "/mesri/statut_etudiant", v2Prenom: "prenom",
	}
	scholarship = resource{
		name: "scholarship", current: V4, v2: "/api/v2/etudiants-boursiers", path: "/cnous/etudiant_boursier", v2Prenom: "prenoms", grants: true,
	}
)

// pathOf returns the path of an operation, or notes that there is none.
func (res resource) pathOf(faults *ParameterErrors, v Version, mode string) (string, Version) {
	if v == Current {
		v = res.current
	}
	switch {
	case v == V2:
		return res.v2, v
	case v == V3, v == V4 && res.grants:
		return "/v" + strconv.Itoa(int(v)) + res.path + "/" + mode, v
	}
	faults.add("Version", "path", "range", CodeVersion, "a version that exists: 2, 3 and, for scholarships, 4")
	return "", v
}

// byINE returns the call for r.
func (c *Client) byINE(res resource, r INERequest) (Call, error) {
	var faults ParameterErrors
	path, version := res.pathOf(&faults, r.Version, "ine")
	call := Call{Operation: res.name + ".ine", Path: path, Query: url.Values{}}
	ine := wireINE(r.INE)
	checkINE(&faults, ine)
	call.Query.Set("ine", ine)
	c.common(&faults, &call, res, version, r.Recipient, r.CampaignYear)
	return call, faults.err()
}

// byIdentity returns the call for r.
func (c *Client) byIdentity(res resource, r IdentityRequest) (Call, error) {
	var faults ParameterErrors
	path, version := res.pathOf(&faults, r.Version, "identite")
	call := Call{Operation: res.name + ".identity", Path: path, Query: url.Values{}}
	p := r.Person
	var names []string
	for i, n := range p.GivenNames {
		if n = wireName(n); n != "" && (res.grants || i == 0) {
			names = append(names, n)
		}
	}
	checkPerson(&faults, r, names, !res.grants, !res.grants)
	q := call.Query
	sex := passerelle.SexCodesMF.Format(p.Sex)
	if version == V2 {
		q.Set("nom", wireName(p.BirthName))
		q.Set(res.v2Prenom, joined(names))
		q.Set("dateDeNaissance", p.BirthDate.String())
		setIf(q, "sexe", sex)
		setIf(q, "lieuDeNaissance", p.Birthplace.Code())
	} else {
		q.Set("nomNaissance", wireName(p.BirthName))
		q["prenoms[]"] = names
		q.Set("anneeDateNaissance", strconv.Itoa(p.BirthDate.Year))
		q.Set("moisDateNaissance", strconv.Itoa(int(p.BirthDate.Month)))
		q.Set("jourDateNaissance", strconv.Itoa(p.BirthDate.Day))
		setIf(q, "sexeEtatCivil", sex)
		code := p.Birthplace.Code()
		setIf(q, "codeCogInseeCommuneNaissance", code)
		if code == "" && r.BirthDepartment != "" {
			q.Set("nomCommuneNaissance", wireName(p.Birthplace.Name))
			q.Set("codeCogInseeDepartementNaissance", r.BirthDepartment)
		}
	}
	c.common(&faults, &call, res, version, r.Recipient, r.CampaignYear)
	return call, faults.err()
}

// byFranceConnect returns the call for r.
func (c *Client) byFranceConnect(res resource, r FranceConnectRequest) (Call, error) {
	var faults ParameterErrors
	path, version := res.pathOf(&faults, r.Version, "france_connect")
	call := Call{Operation: res.name + ".franceconnect", Path: path, Query: url.Values{}, FranceConnect: r.AccessToken}
	if r.AccessToken == "" {
		faults.add("AccessToken", "Authorization", "required", CodeFranceConnectMalformed, "the access token that FranceConnect gave")
	}
	c.common(&faults, &call, res, version, r.Recipient, r.CampaignYear)
	return call, faults.err()
}

// common adds what every call has.
func (c *Client) common(faults *ParameterErrors, call *Call, res resource, v Version, r Recipient, campaign int) {
	if r.IsZero() {
		r = c.cfg.Recipient
	}
	if v != V2 || call.FranceConnect != "" {
		checkRecipient(faults, r)
	}
	setIf(call.Query, "recipient", r.String())
	switch {
	case campaign == 0:
	case !res.grants || v == V2:
		faults.add("CampaignYear", "campaignYear", "range", CodeCampaignYear, "0: this operation has no campaigns")
	default:
		checkCampaign(faults, campaign, c.cfg.Now().Year())
		call.Query.Set("campaignYear", strconv.Itoa(campaign))
	}
	call.APIKey = v == V2 && call.FranceConnect == ""
}

func setIf(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

func joined(names []string) string {
	s := ""
	for i, n := range names {
		if i > 0 {
			s += " "
		}
		s += n
	}
	return s
}
