package aglae_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// grantCases serves the published cases, with a FranceConnect token for each person.
func grantCases(tb testing.TB) (*particuliertest.Server, []particuliertest.Case) {
	tb.Helper()
	cases, err := particuliertest.LoadCases(os.DirFS(testutil.Shared(tb, "fixtures/api-particulier")))
	if err != nil {
		tb.Fatal(err)
	}
	people := map[string]particuliertest.Pivot{}
	for i, c := range cases.All() {
		people["fc-"+strconv.Itoa(i)] = c.PivotOf()
	}
	s := particuliertest.NewServer(tb, particuliertest.Config{Cases: cases, FranceConnect: people, PerSecond: -1, PerMinute: -1})
	return s, cases.All()
}

func particulierGrants(tb testing.TB, s *particuliertest.Server, v particulier.Version, change func(*particulier.Config)) *aglae.ParticulierGrants {
	tb.Helper()
	cfg := s.ClientConfig()
	cfg.Limiter = particulier.NewLimiter(-1)
	cfg.Transport.Retry.MaxAttempts = 1
	if change != nil {
		change(&cfg)
	}
	client, err := particulier.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := aglae.NewParticulierGrants(client, v)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func caseParam(c particuliertest.Case, names ...string) string {
	for _, name := range names {
		switch v := c.Params[name].(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		case []any:
			return v[0].(string)
		}
	}
	return ""
}

// casePerson is the identity that a case is asked with.
func casePerson(tb testing.TB, c particuliertest.Case) passerelle.Person {
	tb.Helper()
	p := passerelle.Person{BirthName: caseParam(c, "nom", "nomNaissance"), GivenNames: [3]string{caseParam(c, "prenoms")}}
	if iso := caseParam(c, "dateDeNaissance"); iso != "" {
		p.BirthDate = passerelle.MustParseDate(iso)
	} else {
		y, _ := strconv.Atoi(caseParam(c, "anneeDateNaissance"))
		m, _ := strconv.Atoi(caseParam(c, "moisDateNaissance"))
		d, _ := strconv.Atoi(caseParam(c, "jourDateNaissance"))
		p.BirthDate = passerelle.NewDate(y, time.Month(m), d)
	}
	var err error
	if p.Sex, err = passerelle.SexCodesMF.Parse(caseParam(c, "sexe", "sexeEtatCivil")); err != nil {
		tb.Fatal(err)
	}
	if p.Birthplace, err = passerelle.ParseBirthplace(caseParam(c, "lieuDeNaissance", "codeCogInseeCommuneNaissance")); err != nil {
		tb.Fatal(err)
	}
	return p
}

var nobody = passerelle.Person{
	BirthName: "Inconnue", GivenNames: [3]string{"Aucune"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2001-02-03"),
}

// TestGrantCases sends every published scholarship case, failures included, in the
// three versions, and compares every field.
func TestGrantCases(t *testing.T) {
	t.Parallel()
	s, all := grantCases(t)
	ran := map[int]int{}
	for i, c := range all {
		if !strings.Contains(c.Path, "boursier") {
			continue
		}
		ran[c.Status]++
		t.Run(c.File, func(t *testing.T) {
			version := particulier.V2
			if c.Path[1] == 'v' {
				version = particulier.Version(c.Path[2] - '0')
			}
			grants := particulierGrants(t, s, version, nil)
			campaign, _ := strconv.Atoi(caseParam(c, "campaignYear"))
			var got aglae.Grant
			var err error
			_, pivot := c.Params["given_name"]
			stray := c.Status == http.StatusNotFound && version > 2 // its parameters are those of another operation
			switch {
			case stray && strings.HasSuffix(c.Path, "identite"):
				got, err = grants.GrantByIdentity(t.Context(), aglae.IdentityGrantQuery{Person: nobody})
			case stray && strings.HasSuffix(c.Path, "ine"):
				got, err = grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "9999999999X"})
			case pivot || strings.HasSuffix(c.Path, "france_connect"):
				got, err = grants.GrantByFranceConnect(t.Context(), aglae.FranceConnectGrantQuery{AccessToken: "fc-" + strconv.Itoa(i), Campaign: campaign})
			case c.Params["ine"] != nil:
				got, err = grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: caseParam(c, "ine"), Campaign: campaign})
			default:
				got, err = grants.GrantByIdentity(t.Context(), aglae.IdentityGrantQuery{Person: casePerson(t, c), Campaign: campaign})
			}
			if c.Status != http.StatusOK {
				finding := map[int]aglae.GrantFinding{404: aglae.GrantStudentUnknown, 409: aglae.GrantHomonyms, 503: aglae.GrantUnknown}[c.Status]
				kind := map[int]error{404: passerelle.ErrNotFound, 409: passerelle.ErrAmbiguous, 503: passerelle.ErrUnavailable}[c.Status]
				if !errors.Is(err, kind) {
					t.Errorf("error %v; want %v", err, kind)
				}
				testutil.Equal(t, "grant beside the error", got, aglae.Grant{Finding: finding})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Particulier == nil {
				t.Error("the answer itself is not reachable")
			}
			got.Particulier = nil
			testutil.Equal(t, "grant", got, wantGrant(t, c.Payload, campaign))
		})
	}
	testutil.Equal(t, "cases by status", ran, map[int]int{200: 26, 404: 4, 409: 1, 503: 1})
}

// member is a member of a JSON object, read without the code under test.
func member[T any](m map[string]any, name string) particulier.Field[T] {
	v, ok := m[name]
	switch {
	case !ok:
		return particulier.Field[T]{}
	case v == nil:
		return particulier.Field[T]{State: particulier.Null}
	}
	return particulier.Some(v.(T))
}

func dateMember(m map[string]any, name string) particulier.Field[particulier.DateText] {
	f := member[string](m, name)
	return particulier.Field[particulier.DateText]{State: f.State, Value: particulier.DateText(f.Value)}
}

func intMember(m map[string]any, name string) particulier.Field[int] {
	f := member[float64](m, name)
	return particulier.Field[int]{State: f.State, Value: int(f.Value)}
}

func levelMember(m map[string]any, name string) particulier.Field[aglae.Level] {
	f := member[string](m, name)
	return particulier.Field[aglae.Level]{State: f.State, Value: aglae.Level(strings.ToLower(f.Value))}
}

// wantGrant reads a payload of API Particulier in an independent way.
func wantGrant(t *testing.T, payload []byte, campaign int) aglae.Grant {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(payload, &top); err != nil {
		t.Fatal(err)
	}
	g := aglae.Grant{Campaign: campaign}
	object := func(m map[string]any, name string) map[string]any { o, _ := m[name].(map[string]any); return o }
	if data := object(top, "data"); data != nil {
		status := data // v3
		if v4 := object(data, "statut_boursier"); v4 != nil {
			status = v4
		}
		g.Holder, g.StruckOff, g.StruckOffOn = member[bool](status, "est_boursier"), member[bool](status, "est_radie"), dateMember(status, "date_radiation")
		level, period, school := object(data, "echelon_bourse"), object(data, "periode_versement_bourse"), object(data, "etablissement_etudes")
		g.Level, g.TermStart, g.Months = levelMember(level, "echelon"), dateMember(period, "date_rentree"), intMember(period, "duree")
		g.Town, g.School, g.Email = member[string](school, "nom_commune"), member[string](school, "nom_etablissement"), member[string](data, "email")
		g.Decision = aglae.Definitive
		if level["echelon_bourse_regionale_provisoire"].(bool) {
			g.Decision = aglae.Conditional
		}
		if id := object(data, "identite"); id != nil {
			var names []string
			for _, n := range id["prenoms"].([]any) {
				names = append(names, n.(string))
			}
			g.Identity = particulier.Some(particulier.ScholarshipIdentity{
				Name: member[string](id, "nom"), GivenNames: particulier.Some(names), BirthDate: dateMember(id, "date_naissance"),
				BirthTown: member[string](id, "nom_commune_naissance"), Sex: member[string](id, "sexe"),
			})
		}
	} else {
		g.Holder, g.Level, g.Email = member[bool](top, "boursier"), levelMember(top, "echelonBourse"), member[string](top, "email")
		g.TermStart, g.Months = dateMember(top, "dateDeRentree"), intMember(top, "dureeVersement")
		g.Town, g.School = member[string](top, "villeEtudes"), member[string](top, "etablissement")
		if top["statut"].(float64) == 0 {
			g.Decision = aglae.Definitive
		}
		if top["nom"] != nil {
			names := []string{top["prenom"].(string)}
			if second := top["prenom2"].(string); second != "" {
				names = append(names, second)
			}
			g.Identity = particulier.Some(particulier.ScholarshipIdentity{
				Name: member[string](top, "nom"), GivenNames: particulier.Some(names), BirthDate: dateMember(top, "dateNaissance"),
				BirthTown: member[string](top, "lieuNaissance"), Sex: member[string](top, "sexe"),
			})
		}
	}
	switch {
	case g.StruckOff.Value:
		g.Finding = aglae.GrantStruckOff
	case g.Holder.Value:
		g.Finding = aglae.GrantHeld
	default:
		g.Finding, g.Decision = aglae.GrantNone, aglae.DecisionUnknown
	}
	return g
}

// holders knows scholarships by INE.
type holders map[string]particulier.Scholarship

func (h holders) ScholarshipByINE(ine string, _ int) (particulier.Scholarship, bool) {
	s, ok := h[ine]
	return s, ok
}

func (h holders) ScholarshipByIdentity(passerelle.Person, int) []particulier.Scholarship { return nil }

// TestGrantScopes: what the token may not see is hidden, and never a "no".
func TestGrantScopes(t *testing.T) {
	t.Parallel()
	people := holders{
		"1234567890A": {Holder: particulier.Some(true), StruckOff: particulier.Some(false), Level: particulier.Some(particulier.Level("4"))},
		"0987654321B": {Holder: particulier.Some(true), StruckOff: particulier.Some(true), StruckOffOn: particulier.Some(particulier.DateText("2023-12-01"))},
		"1234567890C": {Holder: particulier.Some(false), StruckOff: particulier.Some(false)},
	}
	for i, c := range []struct {
		scopes  []string
		ine     string
		version particulier.Version
		finding aglae.GrantFinding
		failure error
	}{
		0: {[]string{"cnous_email"}, "1234567890A", particulier.V4, aglae.GrantHidden, nil},
		1: {[]string{"cnous_echelon_bourse"}, "1234567890A", particulier.V3, aglae.GrantHidden, nil},
		2: {[]string{}, "1234567890A", particulier.V4, aglae.GrantHidden, passerelle.ErrForbidden},
		3: {[]string{"cnous_statut_boursier"}, "1234567890A", particulier.V4, aglae.GrantHeld, nil},
		4: {[]string{"cnous_statut_boursier"}, "0987654321B", particulier.V4, aglae.GrantStruckOff, nil},
		5: {[]string{"cnous_email"}, "0987654321B", particulier.V4, aglae.GrantHidden, nil},
		6: {[]string{"cnous_email"}, "1234567890C", particulier.V4, aglae.GrantHidden, nil},
		7: {[]string{"cnous_statut_boursier"}, "1234567890C", particulier.V3, aglae.GrantNone, nil},
	} {
		s := particuliertest.NewServer(t, particuliertest.Config{
			Scholarships: people, Tokens: map[string]particuliertest.Token{particuliertest.TestToken: {Scopes: c.scopes}},
		})
		got, err := particulierGrants(t, s, c.version, nil).GrantByINE(t.Context(), aglae.INEGrantQuery{INE: c.ine})
		if !errors.Is(err, c.failure) || got.Finding != c.finding {
			t.Errorf("%d: %v, %v; want %v, %v", i, got.Finding, err, c.finding, c.failure)
		}
		if day, _ := got.StruckOffOn.Get(); (day == "2023-12-01") != (c.finding == aglae.GrantStruckOff) {
			t.Errorf("%d: struck off on %q", i, day)
		}
	}
}

// TestGrantCampaignRefused: here and by the service.
func TestGrantCampaignRefused(t *testing.T) {
	t.Parallel()
	s := particuliertest.NewServer(t, particuliertest.Config{})
	grants := particulierGrants(t, s, particulier.Current, nil)
	future := particulierGrants(t, s, particulier.Current, func(c *particulier.Config) {
		c.Now = func() time.Time { return time.Now().AddDate(5, 0, 0) } // lets pass what the service refuses
	})
	year := time.Now().Year()
	for i, c := range []struct {
		grants   aglae.Grants
		campaign int
		finding  aglae.GrantFinding
	}{
		0: {grants, year, aglae.GrantCampaignRefused},
		1: {grants, 2020, aglae.GrantCampaignRefused},
		2: {future, year, aglae.GrantCampaignRefused},
		3: {grants, year - 1, aglae.GrantStudentUnknown},
	} {
		got, err := c.grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890A", Campaign: c.campaign})
		if got.Finding != c.finding || err == nil {
			t.Errorf("%d: %v, %v; want %v", i, got.Finding, err, c.finding)
		}
		if c.finding == aglae.GrantCampaignRefused && !errors.Is(err, particulier.CodeCampaignYear) {
			t.Errorf("%d: %v; want the code of the campaign", i, err)
		}
	}
	if got, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "12"}); got.Finding != aglae.GrantRequestRefused || !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a wrong INE: %v, %v", got.Finding, err)
	}
}

// TestNoFaultSaysNo: whatever goes wrong with API Particulier, nothing reads as "not a
// holder".
func TestNoFaultSaysNo(t *testing.T) {
	t.Parallel()
	s, _ := grantCases(t)
	for _, v := range []particulier.Version{particulier.V2, particulier.V3, particulier.V4} {
		grants := particulierGrants(t, s, v, func(c *particulier.Config) {
			c.Transport.AttemptTimeout, c.Transport.TotalTimeout = 300*time.Millisecond, 300*time.Millisecond
		})
		for _, f := range particuliertest.AllFaults() {
			if f == particuliertest.TooMany || f == particuliertest.TooManyBare {
				continue // the address would be cut off: the other versions share it
			}
			s.Script(f)
			got, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890A"})
			holds, known := got.Finding.Holds()
			if known && !holds {
				t.Errorf("v%d, %s: %v, %v", v, f, got.Finding, err)
			}
			if err != nil && known {
				t.Errorf("v%d, %s: %v beside the error %v", v, f, got.Finding, err)
			}
		}
	}
}

// TestGrantFindingZero: the zero value, and everything but the service's own word,
// leaves the question open.
func TestGrantFindingZero(t *testing.T) {
	t.Parallel()
	var zero aglae.Grant
	if holds, known := zero.Finding.Holds(); holds || known || zero.Finding.String() != "unknown" {
		t.Errorf("the zero grant: %v %v %v", holds, known, zero.Finding)
	}
	for f := range aglae.GrantRequestRefused + 3 {
		holds, known := f.Holds()
		want := f == aglae.GrantHeld || f == aglae.GrantNone || f == aglae.GrantStruckOff
		if known != want || holds != (f == aglae.GrantHeld) {
			t.Errorf("%v: %v, %v", f, holds, known)
		}
		text, _ := f.MarshalText()
		var back aglae.GrantFinding
		if err := back.UnmarshalText(text); f <= aglae.GrantRequestRefused && (err != nil || back != f) {
			t.Errorf("%v is read back as %v, %v", f, back, err)
		} else if f > aglae.GrantRequestRefused && err == nil {
			t.Errorf("%v was read", f)
		}
	}
}

// TestGrantOfPartial reads bodies that no published case has.
func TestGrantOfPartial(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		body     string
		finding  aglae.GrantFinding
		decision aglae.Decision
	}{
		0: {`{"data":{"statut_boursier":null}}`, aglae.GrantUnknown, aglae.DecisionUnknown},
		1: {`{"data":{"statut_boursier":{"est_boursier":null,"est_radie":false}}}`, aglae.GrantUnknown, aglae.DecisionUnknown},
		2: {`{"data":{"statut_boursier":{"est_boursier":true,"est_radie":null}}}`, aglae.GrantUnknown, aglae.DecisionUnknown},
		3: {`{"data":{"statut_boursier":{"est_boursier":true,"est_radie":true}}}`, aglae.GrantStruckOff, aglae.DecisionUnknown},
		4: {`{"data":{"statut_boursier":{"est_boursier":false,"est_radie":true,"date_radiation":"2025-06-31"}}}`, aglae.GrantStruckOff, aglae.DecisionUnknown},
		5: {`{"data":{"statut_boursier":{"est_boursier":false,"est_radie":null}}}`, aglae.GrantNone, aglae.DecisionUnknown},
		6: {`{"data":{"est_boursier":true,"echelon_bourse":{"echelon":"0BIS","echelon_bourse_regionale_provisoire":true}}}`, aglae.GrantHeld, aglae.Conditional},
		7: {`{"data":{"est_boursier":false,"echelon_bourse":{"echelon":"3","echelon_bourse_regionale_provisoire":true}}}`, aglae.GrantNone, aglae.DecisionUnknown},
		8: {`{"boursier":true,"statut":2,"statutLibelle":"provisoire (conditionnel)"}`, aglae.GrantHeld, aglae.Conditional},
		9: {`{"data":{"email":null}}`, aglae.GrantHidden, aglae.DecisionUnknown},
	} {
		s, err := particulier.DecodeScholarship([]byte(c.body))
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if g := aglae.GrantOf(s, 0); g.Finding != c.finding || g.Decision != c.decision {
			t.Errorf("%d: %v, %v; want %v, %v", i, g.Finding, g.Decision, c.finding, c.decision)
		}
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in    string
		want  aglae.Level
		known bool
		rank  int
		ok    bool
	}{
		0: {"0bis", "0bis", true, 0, true},
		1: {" 0Bis ", "0bis", true, 0, true},
		2: {"0 BIS", "0bis", true, 0, true},
		3: {"7", "7", true, 7, true},
		4: {"8", "8", false, 8, true},
		5: {"", "", false, 0, false},
		6: {"0", "0", false, 0, false},
		7: {"Allocation", "allocation", false, 0, false},
		8: {"05", "05", false, 0, false},
	} {
		l := aglae.ParseLevel(c.in)
		rank, ok := l.Rank()
		if l != c.want || l.Known() != c.known || rank != c.rank || ok != c.ok {
			t.Errorf("%d: %q known %v rank %d, %v", i, l, l.Known(), rank, ok)
		}
	}
}

func TestNewParticulierGrants(t *testing.T) {
	t.Parallel()
	_, err := aglae.NewParticulierGrants(nil, 7)
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	if !ok || len(faults) != 2 {
		t.Errorf("faults %v; want client and version", err)
	}
}
