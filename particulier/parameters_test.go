package particulier_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

func goodPerson() passerelle.Person {
	return passerelle.Person{
		BirthName: "Kowalskaïa", GivenNames: [3]string{"Noor", "Lila"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2003-04-05"),
		Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
}

// TestRefusedParameters checks every rule: the message names field, rule and code,
// without the value, and the fake, which reads the wire by rules of its own, answers the
// same code.
func TestRefusedParameters(t *testing.T) {
	t.Parallel()
	s := particuliertest.NewServer(t, particuliertest.Config{PerSecond: -1, PerMinute: -1})
	client := unpaced(t, s)
	now := time.Now().Year()
	identity := func(change func(*particulier.IdentityRequest)) any {
		r := particulier.IdentityRequest{Person: goodPerson()}
		change(&r)
		return r
	}
	for i, c := range []struct {
		request     any
		grants      bool // a scholarship
		field, rule string
		code        particulier.Code
		wire        string // query that the fake must refuse in the same way; "" when it cannot be sent
		value       string // must not appear
	}{
		0:  {particulier.INERequest{}, false, "INE", "required", "00360", "ine=", ""},
		1:  {particulier.INERequest{INE: "123456789"}, false, "INE", "shape", "00360", "ine=123456789", "123456789"},
		2:  {particulier.INERequest{INE: "1234567890I"}, false, "INE", "shape", "00360", "ine=1234567890I", "1234567890I"},
		3:  {particulier.INERequest{INE: "12345678AIZ"}, false, "INE", "shape", "00360", "ine=12345678AIZ", "12345678AIZ"},
		4:  {identity(func(r *particulier.IdentityRequest) { r.Person.BirthName = " " }), false, "Person.BirthName", "required", "00420", "nomNaissance=", ""},
		5:  {identity(func(r *particulier.IdentityRequest) { r.Person.BirthName = "Łukasz" }), false, "Person.BirthName", "character", "00420", "nomNaissance=%C5%81ukasz", "ukasz"},
		6:  {identity(func(r *particulier.IdentityRequest) { r.Person.BirthName = "Durand 3" }), false, "Person.BirthName", "character", "00420", "nomNaissance=Durand+3", "Durand"},
		7:  {identity(func(r *particulier.IdentityRequest) { r.Person.GivenNames = [3]string{} }), false, "Person.GivenNames[0]", "required", "00421", "nomNaissance=A", ""},
		8:  {identity(func(r *particulier.IdentityRequest) { r.Person.BirthDate.Year = 0 }), false, "Person.BirthDate", "required", "00422", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=0", ""},
		9:  {identity(func(r *particulier.IdentityRequest) { r.Person.BirthDate.Month = 0 }), false, "Person.BirthDate", "range", "00423", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=0", "2003"},
		10: {identity(func(r *particulier.IdentityRequest) { r.Person.BirthDate.Day = 0 }), false, "Person.BirthDate", "range", "00424", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=4&jourDateNaissance=0", "2003"},
		11: {identity(func(r *particulier.IdentityRequest) { r.Person.BirthDate = passerelle.NewDate(2003, 2, 30) }), false, "Person.BirthDate", "range", "00425", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=2&jourDateNaissance=30", "2003"},
		12: {identity(func(r *particulier.IdentityRequest) { r.Person.Sex = passerelle.SexUnknown }), false, "Person.Sex", "required", "00427", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=4&jourDateNaissance=5", ""},
		13: {identity(func(r *particulier.IdentityRequest) { r.Person.Birthplace.Commune = "2C004" }), false, "Person.Birthplace", "shape", "00365", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=4&jourDateNaissance=5&sexeEtatCivil=F&codeCogInseeCommuneNaissance=2C004", "2C004"},
		14: {identity(func(r *particulier.IdentityRequest) {
			r.Person.Birthplace, r.BirthDepartment = passerelle.Birthplace{Name: "Ajaccio"}, "20"
		}), false, "BirthDepartment", "range", "00428", "nomNaissance=A&prenoms[]=B&anneeDateNaissance=2003&moisDateNaissance=4&jourDateNaissance=5&sexeEtatCivil=F&nomCommuneNaissance=Ajaccio&codeCogInseeDepartementNaissance=20", "Ajaccio"},
		15: {particulier.INERequest{INE: knownINE, CampaignYear: 2020}, true, "CampaignYear", "range", "00368", "ine=1234567890V&campaignYear=2020", "2020"},
		16: {particulier.INERequest{INE: knownINE, CampaignYear: now}, true, "CampaignYear", "range", "00368", "ine=1234567890V&campaignYear=" + time.Now().Format("2006"), knownINE},
		17: {particulier.INERequest{INE: knownINE, CampaignYear: 2022}, false, "CampaignYear", "range", "00368", "", knownINE},
		18: {particulier.INERequest{INE: knownINE, Version: particulier.V4}, false, "Version", "range", "00402", "", knownINE},
		19: {particulier.FranceConnectRequest{}, false, "AccessToken", "required", "50001", "", ""},
	} {
		before := s.Requests("")
		var err error
		path := "/v3/mesri/statut_etudiant/"
		switch r := c.request.(type) {
		case particulier.INERequest:
			path += "ine"
			if c.grants {
				path = "/v4/cnous/etudiant_boursier/ine"
				_, err = client.ScholarshipByINE(t.Context(), r)
			} else {
				_, err = client.StudentStatusByINE(t.Context(), r)
			}
		case particulier.IdentityRequest:
			path += "identite"
			_, err = client.StudentStatusByIdentity(t.Context(), r)
		case particulier.FranceConnectRequest:
			_, err = client.StudentStatusByFranceConnect(t.Context(), r)
		}
		faults, ok := errors.AsType[particulier.ParameterErrors](err)
		if !ok || len(faults) != 1 || faults[0].Field != c.field || faults[0].Rule != c.rule || faults[0].Code != c.code {
			t.Errorf("%d: %v; want one fault of %s by %s, code %s", i, err, c.field, c.rule, c.code)
			continue
		}
		if !errors.Is(err, passerelle.ErrInvalid) || !errors.Is(err, c.code) || passerelle.OutcomeOf(err) != passerelle.NotSent || s.Requests("") != before {
			t.Errorf("%d: %v: want ErrInvalid, the code, not sent", i, err)
		}
		for _, want := range []string{c.field, c.rule, string(c.code), faults[0].Parameter} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%d: %q does not name %q", i, err, want)
			}
		}
		if c.value != "" && c.value != "2020" && strings.Contains(err.Error(), c.value) {
			t.Errorf("%d: %q holds the value", i, err)
		}
		if c.wire == "" {
			continue
		}
		q, perr := url.ParseQuery(c.wire + "&recipient=" + particuliertest.TestRecipient)
		if perr != nil {
			t.Fatal(perr)
		}
		if _, err := client.Call(t.Context(), particulier.Call{Path: path, Query: q}); !errors.Is(err, c.code) {
			t.Errorf("%d: the fake answers %v; want code %s", i, err, c.code)
		}
	}
}

// TestAllParameterFaultsTogether lists every fault of a request, and gives the form that all
// packages share.
func TestAllParameterFaultsTogether(t *testing.T) {
	t.Parallel()
	client := newClient(t, particulier.Config{BaseURL: particulier.Staging, Token: "t"})
	_, err := client.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{})
	faults, _ := errors.AsType[particulier.ParameterErrors](err)
	var codes []string
	for _, f := range faults {
		codes = append(codes, string(f.Code))
	}
	testutil.Equal(t, "codes", codes, []string{"00420", "00421", "00422", "00427", "00210"})
	if fields := faults.Fields(); len(fields) != 5 || fields[4].Field != "Recipient" || !strings.Contains(fields[4].Error(), "00210") {
		t.Errorf("fields: %v", fields)
	}
}

// TestWire looks at the requests as they are sent: capitals, apostrophes, one pair of
// brackets, only what there is, the token in its header and never in the URL.
func TestWire(t *testing.T) {
	t.Parallel()
	var got *http.Request
	cfg := particulier.Config{
		BaseURL: particulier.Staging + "/", Token: "jeton", Recipient: particulier.MustParseRecipient(particuliertest.TestRecipient),
		Limiter: particulier.NewLimiter(-1), Now: func() time.Time { return time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) },
		Authenticate: func(r *http.Request) error {
			r.Header.Set("DPoP", "proof "+r.Method)
			q := r.URL.Query()
			q.Set("delegation_id", "42")
			r.URL.RawQuery = q.Encode()
			return nil
		},
	}
	cfg.Transport.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	})
	client := newClient(t, cfg)
	person := goodPerson()
	person.BirthName = " D’Été "
	town := person
	town.Birthplace = passerelle.Birthplace{Name: "L’Haÿ-les-Roses"}
	for i, c := range []struct {
		call func()
		path string
		auth string
		key  string
		want url.Values
	}{
		0: {func() { client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: " 0100 007108d "}) },
			"/v3/mesri/statut_etudiant/ine", "Bearer jeton", "", url.Values{"ine": {"0100007108D"}}},
		1: {func() { client.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{Person: person}) },
			"/v3/mesri/statut_etudiant/identite", "Bearer jeton", "", url.Values{
				"nomNaissance": {"D'Été"}, "prenoms[]": {"Noor"}, "anneeDateNaissance": {"2003"}, "moisDateNaissance": {"4"}, "jourDateNaissance": {"5"},
				"sexeEtatCivil": {"F"}, "codeCogInseeCommuneNaissance": {"67482"},
			}},
		2: {func() {
			client.ScholarshipByIdentity(t.Context(), particulier.IdentityRequest{Person: town, BirthDepartment: "94", CampaignYear: 2025})
		},
			"/v4/cnous/etudiant_boursier/identite", "Bearer jeton", "", url.Values{
				"nomNaissance": {"D'Été"}, "prenoms[]": {"Noor", "Lila"}, "anneeDateNaissance": {"2003"}, "moisDateNaissance": {"4"}, "jourDateNaissance": {"5"},
				"sexeEtatCivil": {"F"}, "nomCommuneNaissance": {"L'Haÿ-les-Roses"}, "codeCogInseeDepartementNaissance": {"94"}, "campaignYear": {"2025"},
			}},
		3: {func() {
			client.ScholarshipByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: "fc", Version: particulier.V3})
		},
			"/v3/cnous/etudiant_boursier/france_connect", "Bearer fc", "", url.Values{}},
		4: {func() {
			client.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{Person: person, Version: particulier.V2})
		},
			"/api/v2/etudiants", "", "jeton", url.Values{
				"nom": {"D'Été"}, "prenom": {"Noor"}, "dateDeNaissance": {"2003-04-05"}, "sexe": {"F"}, "lieuDeNaissance": {"67482"},
			}},
		5: {func() {
			client.ScholarshipByIdentity(t.Context(), particulier.IdentityRequest{Person: person, Version: particulier.V2})
		},
			"/api/v2/etudiants-boursiers", "", "jeton", url.Values{
				"nom": {"D'Été"}, "prenoms": {"Noor Lila"}, "dateDeNaissance": {"2003-04-05"}, "sexe": {"F"}, "lieuDeNaissance": {"67482"},
			}},
	} {
		got = nil
		c.call()
		if got == nil {
			t.Errorf("%d: nothing was sent", i)
			continue
		}
		c.want.Set("recipient", particuliertest.TestRecipient)
		c.want.Set("delegation_id", "42")
		if got.Method != http.MethodGet || got.URL.Scheme+"://"+got.URL.Host != particulier.Staging || got.URL.Path != c.path {
			t.Errorf("%d: %s %s", i, got.Method, got.URL)
		}
		testutil.Equal(t, c.path, got.URL.Query(), c.want)
		if got.Header.Get("Authorization") != c.auth || got.Header.Get("X-Api-Key") != c.key || got.Header.Get("DPoP") != "proof GET" {
			t.Errorf("%d: headers %v", i, got.Header)
		}
		if strings.Contains(got.URL.String(), "jeton") || strings.Contains(got.URL.RawQuery, "%5B%5D%5B%5D") {
			t.Errorf("%d: URL %s", i, got.URL)
		}
	}
}

// TestRecipient checks SIRETs by Luhn's key and by the rule of La Poste.
func TestRecipient(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		text, rule string
	}{
		0: {"13002526500013", ""},
		1: {" 130 025 265 00013 ", ""},
		2: {"35600000000048", ""}, // La Poste, its head office
		3: {"35600000009075", ""}, // La Poste, an office: no Luhn key, and digits that add up to 35
		4: {"35600000009076", "key"},
		5: {"13002526500014", "key"},
		6: {"1300252650001", "length"},
		7: {"1300252650001A", "character"},
		8: {"", "length"},
	} {
		r, err := particulier.ParseRecipient(c.text)
		p, _ := errors.AsType[*passerelle.ParseError](err)
		switch {
		case c.rule == "" && (err != nil || r.String() != strings.Join(strings.Fields(c.text), "")):
			t.Errorf("%d: %v, %v", i, r, err)
		case c.rule != "" && (p == nil || p.Rule != c.rule || !r.IsZero()):
			t.Errorf("%d: %v, %v; want rule %s", i, r, err, c.rule)
		}
	}
	var r particulier.Recipient
	if err := json.Unmarshal([]byte(`"13002526500013"`), &r); err != nil || r.String() != "13002526500013" {
		t.Errorf("from JSON: %v, %v", r, err)
	}
	if data, err := json.Marshal(r); err != nil || string(data) != `"13002526500013"` {
		t.Errorf("to JSON: %s, %v", data, err)
	}
	if err := r.UnmarshalText([]byte("x")); err == nil {
		t.Error("x is no SIRET")
	}
	if err := r.UnmarshalText(nil); err != nil || !r.IsZero() || r.String() != "" {
		t.Errorf("the empty text: %v, %v", r, err)
	}
}

// TestNewRefuses lists all faults of a configuration.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		cfg  particulier.Config
		want []string
	}{
		0: {particulier.Config{}, []string{"BaseURL"}},
		1: {particulier.Config{BaseURL: "http://particulier.api.gouv.fr"}, []string{"BaseURL"}},
		2: {particulier.Config{BaseURL: "https://user@particulier.api.gouv.fr"}, []string{"BaseURL"}},
		3: {particulier.Config{BaseURL: particulier.Staging, Token: "a\n", Tokens: fixed("x")}, []string{"Tokens", "Token"}},
		4: {func() particulier.Config {
			c := particulier.Config{BaseURL: particulier.Staging}
			c.Transport.Limiter, c.Transport.MaxBody = particulier.NewLimiter(0), -1
			return c
		}(), []string{"Transport.Limiter", "Transport.MaxBody"}},
	} {
		_, err := particulier.New(c.cfg)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		testutil.Equal(t, string(rune('0'+i)), fields, c.want)
	}
	client := newClient(t, particulier.Config{BaseURL: particulier.Staging})
	for i, call := range []particulier.Call{0: {Path: "/x"}, 1: {Path: "x", Anonymous: true}, 2: {Path: "//elsewhere", Anonymous: true}, 3: {Path: "/x?y", Anonymous: true}, 4: {Path: "/x", FranceConnect: "a b"}} {
		if _, err := client.Call(t.Context(), call); !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%d: %v; want ErrInvalid, not sent", i, err)
		}
	}
}
