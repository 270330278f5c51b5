package aglae_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/transport"
)

func cnousPayload(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(testutil.Shared(tb, "fixtures/api-particulier/provider-payloads/cnous/"+name))
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func once() transport.Config { return transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}} }

func cnousTokens(tb testing.TB, c aglae.CnousCredentials) transport.TokenSource {
	tb.Helper()
	tokens, err := aglae.NewCnousTokens(c)
	if err != nil {
		tb.Fatal(err)
	}
	return tokens
}

func cnousGrants(tb testing.TB, s *aglaetest.CnousServer) *aglae.CnousGrants {
	tb.Helper()
	policy := once()
	policy.AttemptTimeout, policy.TotalTimeout = 2*time.Second, 2*time.Second
	g, err := aglae.NewCnousGrants(aglae.CnousConfig{BaseURL: s.BaseURL(), Tokens: cnousTokens(tb, s.Credentials()), Transport: policy})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// TestCnousPayloads sends the published records through client and fake, by the three
// questions, and compares every field.
func TestCnousPayloads(t *testing.T) {
	t.Parallel()
	person := passerelle.Person{
		BirthName: "MARTIN", GivenNames: [3]string{"Jérôme", "Francis"}, Sex: passerelle.SexMale, BirthDate: passerelle.MustParseDate("1980-11-14"),
		Birthplace: passerelle.Birthplace{Commune: "79048"},
	}
	for _, c := range []struct {
		file    string
		finding aglae.GrantFinding
	}{
		{"student_scholarship_valid_response.json", aglae.GrantHeld},
		{"student_scholarship_valid_response_removed.json", aglae.GrantStruckOff},
		{"student_scholarship_valid_response_without_birthplace.json", aglae.GrantHeld},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			body := cnousPayload(t, c.file)
			s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Records: []json.RawMessage{body}})
			grants := cnousGrants(t, s)
			want := wantCnous(t, body, c.finding)
			for name, ask := range map[string]func() (aglae.Grant, error){
				"ine": func() (aglae.Grant, error) {
					return grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "0123 45678gd"})
				},
				"identity": func() (aglae.Grant, error) {
					return grants.GrantByIdentity(t.Context(), aglae.IdentityGrantQuery{Person: person, Campaign: 2021})
				},
				"FranceConnect": func() (aglae.Grant, error) {
					return grants.GrantByFranceConnect(t.Context(), aglae.FranceConnectGrantQuery{Person: person, AccessToken: "unused"})
				},
			} {
				got, err := ask()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				record := got.Cnous
				if record == nil {
					t.Fatalf("%s: the record itself is not reachable", name)
				}
				if national, known := record.National(); !national || !known {
					t.Errorf("%s: region 00 is not national", name)
				}
				got.Cnous = nil
				testutil.Equal(t, name, got, want)
				// Every member of the record is kept: what is written back is what came.
				again, err := json.Marshal(record)
				if err != nil {
					t.Fatal(err)
				}
				testutil.Equal(t, name+": record", canonicalJSON(t, again), canonicalJSON(t, body))
			}
		})
	}
}

// canonicalJSON reads JSON with numbers and texts alike.
func canonicalJSON(t *testing.T, body []byte) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
			return v
		case json.Number:
			return v.String()
		}
		return v
	}
	return walk(v)
}

// wantCnous reads a record in an independent way.
func wantCnous(t *testing.T, body []byte, finding aglae.GrantFinding) aglae.Grant {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	town := member[string](m, "birthPlaceLibelle")
	if place, ok := m["birthPlace"].(map[string]any); ok {
		town = member[string](place, "libelle")
	}
	return aglae.Grant{
		Finding: finding, Decision: aglae.Definitive, Campaign: 2021,
		Holder: particulier.Some(true), StruckOff: particulier.Some(m["removed"] == "O"), StruckOffOn: dateMember(m, "removalDate"),
		Level: levelMember(m, "grantEchelon"), School: member[string](m, "schoolName"), Town: member[string](m, "studyTown"),
		UAI: member[string](m, "numberUaiRne"), TermStart: dateMember(m, "backToSchoolDate"), Months: intMember(m, "paymentDuration"),
		Email: member[string](m, "email"), INE: member[string](m, "ine"), File: member[string](m, "grantFileNumber"),
		Identity: particulier.Some(particulier.ScholarshipIdentity{
			Name: member[string](m, "lastName"), GivenNames: particulier.Some([]string{"Jerome", "Francis", "Lalanne"}),
			BirthDate: dateMember(m, "birthDate"), BirthTown: town, Sex: member[string](m, "civility"),
		}),
	}
}

// TestCnousRefusalPayloads: the published refusals, in the words of the service.
func TestCnousRefusalPayloads(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"student_scholarship_not_found.json", "student_scholarship_bad_request.json"} {
		if got, err := aglae.DecodeCnous(cnousPayload(t, name)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s was read as %v, %v", name, got, err)
		}
	}
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{})
	got, err := cnousGrants(t, s).GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"})
	e, ok := errors.AsType[*aglae.Error](err)
	if !ok || e.HTTP != 404 || e.Code != "404" || e.Message != "Étudiant(e) non trouvé(e)" || e.Result != passerelle.Answered {
		t.Errorf("error %+v", e)
	}
	if !errors.Is(err, passerelle.ErrNotFound) || got.Finding != aglae.GrantStudentUnknown {
		t.Errorf("%v, %v", got.Finding, err)
	}
}

const cnousStudent = `{"lastName":"Durand","firstName":"Zoé","birthDate":"2004-02-29T00:00:00+01:00","civility":"F","ine":"%INE%",` +
	`"grantStatus":1,"grantEchelon":"0Bis","campaign":{"year":2026},"removed":"N","boursier":true,"region":{"code":"84"}}`

func cnousStudentWith(ine string, change ...string) json.RawMessage {
	return json.RawMessage(strings.NewReplacer(change...).Replace(strings.ReplaceAll(cnousStudent, "%INE%", ine)))
}

func TestCnousOutcomes(t *testing.T) {
	t.Parallel()
	zoe := passerelle.Person{BirthName: "Durand", GivenNames: [3]string{"Zoé"}, BirthDate: passerelle.MustParseDate("2004-02-29")}
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Records: []json.RawMessage{
		cnousStudentWith("1234567890V"), cnousStudentWith("1234567890V", "2026", "2024", `"grantStatus":1`, `"grantStatus":0`),
		cnousStudentWith("1234567891W"), cnousStudentWith("1234567892X", "Zoé", "Ada", `"boursier":true`, `"boursier":false`),
		cnousStudentWith("1234567893Y", "Zoé", "Léa", `"removed":"N"`, `"removed":"?"`),
		cnousStudentWith("1234567894Z", "Zoé", "Eve", `,"boursier":true`, ``),
	}})
	grants := cnousGrants(t, s)
	for i, c := range []struct {
		ine      string
		campaign int
		finding  aglae.GrantFinding
		decision aglae.Decision
		year     int
	}{
		0: {"1234567890V", 0, aglae.GrantHeld, aglae.Conditional, 2026},
		1: {"1234567890V", 2024, aglae.GrantHeld, aglae.Definitive, 2024},
		2: {"1234567890V", 2023, aglae.GrantStudentUnknown, aglae.DecisionUnknown, 0},
		3: {"1234567890V", 20, aglae.GrantCampaignRefused, aglae.DecisionUnknown, 0},
		4: {"1234567892X", 0, aglae.GrantNone, aglae.DecisionUnknown, 2026},
		5: {"1234567893Y", 0, aglae.GrantUnknown, aglae.DecisionUnknown, 2026}, // "removed" is no word that is known
		6: {"1234567894Z", 0, aglae.GrantUnknown, aglae.DecisionUnknown, 2026}, // "boursier" is missing
		7: {"12", 0, aglae.GrantRequestRefused, aglae.DecisionUnknown, 0},
	} {
		got, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: c.ine, Campaign: c.campaign})
		if got.Finding != c.finding || got.Decision != c.decision || got.Campaign != c.year {
			t.Errorf("%d: %v, %v, %d, %v; want %v, %v, %d", i, got.Finding, got.Decision, got.Campaign, err, c.finding, c.decision, c.year)
		}
	}
	got, err := grants.GrantByIdentity(t.Context(), aglae.IdentityGrantQuery{Person: zoe})
	if got.Finding != aglae.GrantHomonyms || !errors.Is(err, passerelle.ErrAmbiguous) || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("homonyms: %v, %v", got.Finding, err)
	}
	_, err = grants.GrantByFranceConnect(t.Context(), aglae.FranceConnectGrantQuery{AccessToken: "a token alone"})
	if faults, ok := errors.AsType[passerelle.FieldErrors](err); !ok || len(faults) != 3 {
		t.Errorf("a token alone: %v; want three missing fields", err)
	}
	none := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Roles: []string{aglaetest.RoleReadFile}})
	got, err = cnousGrants(t, none).GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"})
	if got.Finding != aglae.GrantHidden || !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("without the role: %v, %v", got.Finding, err)
	}
}

// TestCnousFaults: whatever goes wrong, nothing reads as "not a holder", nothing
// personal is in an error, and the right class is told.
func TestCnousFaults(t *testing.T) {
	t.Parallel()
	kinds := map[aglaetest.CnousFault]error{
		aglaetest.CnousDown: passerelle.ErrUnavailable, aglaetest.CnousError: passerelle.ErrUnavailable, aglaetest.CnousTooMany: passerelle.ErrRateLimited,
		aglaetest.CnousForbidden: passerelle.ErrForbidden, aglaetest.CnousPage: passerelle.ErrProtocol, aglaetest.CnousPageNotFound: passerelle.ErrProtocol,
		aglaetest.CnousBadRequest: passerelle.ErrInvalid, aglaetest.CnousEmpty: passerelle.ErrProtocol, aglaetest.CnousEmptyList: passerelle.ErrProtocol,
		aglaetest.CnousNull: passerelle.ErrProtocol, aglaetest.CnousNameless: passerelle.ErrProtocol, aglaetest.CnousNoStatus: nil,
		aglaetest.CnousWrongType: passerelle.ErrProtocol, aglaetest.CnousWrongCharset: passerelle.ErrProtocol,
		aglaetest.CnousTruncated: passerelle.ErrUnavailable, aglaetest.CnousCut: passerelle.ErrUnavailable, aglaetest.CnousLost: passerelle.ErrUnavailable,
	}
	var leaks testutil.Leaks
	leaks.Secret(t, "1234567890V", "Durand", "Inconnu", aglaetest.CnousClientSecret, "jeton-1")
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Records: []json.RawMessage{cnousStudentWith("1234567890V", `"boursier":true`, `"boursier":false`)}})
	policy := once()
	policy.AttemptTimeout, policy.TotalTimeout, policy.Logger = 500*time.Millisecond, 500*time.Millisecond, leaks.Logger()
	grants, err := aglae.NewCnousGrants(aglae.CnousConfig{BaseURL: s.BaseURL(), Tokens: cnousTokens(t, s.Credentials()), Transport: policy})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range aglaetest.AllCnousFaults() {
		s.Script(f)
		got, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"})
		leaks.Error(err)
		if _, known := got.Finding.Holds(); known {
			t.Errorf("%s: %v, %v", f, got.Finding, err)
		}
		if want, listed := kinds[f]; listed && !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", f, err, want)
		}
		if f != aglaetest.CnousNoStatus && err == nil {
			t.Errorf("%s: no error", f)
		}
	}
	leaks.Check(t)
	if got, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"}); err != nil || got.Finding != aglae.GrantNone {
		t.Errorf("without fault: %v, %v", got.Finding, err)
	}
}

func TestCnousTokens(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Records: []json.RawMessage{cnousStudentWith("1234567890V")}})
	for i, credentials := range []aglae.CnousCredentials{0: s.Credentials(), 1: s.LegacyCredentials()} {
		now := time.Now()
		var mu sync.Mutex
		credentials.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		tokens := cnousTokens(t, credentials)
		before := s.TokensIssued()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := tokens.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := s.TokensIssued() - before; n != 1 {
			t.Errorf("%d: %d tokens for eight callers; want 1", i, n)
		}
		first, _ := tokens.Token(t.Context())
		tokens.Drop("another")
		if again, _ := tokens.Token(t.Context()); again != first {
			t.Errorf("%d: the token changed for no reason", i)
		}
		mu.Lock()
		now = now.Add(2*time.Hour - 20*time.Second) // within half a minute of its end
		mu.Unlock()
		again, _ := tokens.Token(t.Context())
		if renewed := again != first; renewed != (i == 0) { // the older service announces no end
			t.Errorf("%d: renewed before its end: %v", i, renewed)
		}
		tokens.Drop(again)
		if third, err := tokens.Token(t.Context()); err != nil || third == again {
			t.Errorf("%d: a refused token is given again: %v", i, err)
		}
	}
	// A token that the service refuses is renewed within the call.
	grants := cnousGrants(t, s)
	for range 2 {
		if _, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"}); err != nil {
			t.Fatal(err)
		}
		s.RevokeTokens()
	}
	wrong := s.Credentials()
	wrong.ClientSecret = "faux-secret"
	wrong.Transport = once()
	if _, err := cnousTokens(t, wrong).Token(t.Context()); !errors.Is(err, passerelle.ErrUnauthorized) || strings.Contains(err.Error(), "faux-secret") {
		t.Errorf("wrong credentials: %v", err)
	}
}

func TestCnousConfigFaults(t *testing.T) {
	t.Parallel()
	_, err := aglae.NewCnousTokens(aglae.CnousCredentials{TokenURL: "http://cnous.example.org/token?x=1", LegacyEnv: "TEST"})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 4 {
		t.Errorf("credentials: %v; want 4 faults", err)
	}
	_, err = aglae.NewCnousGrants(aglae.CnousConfig{BaseURL: "http://cnous.example.org", Transport: transport.Config{MaxBody: -1}})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 3 {
		t.Errorf("grants: %v; want 3 faults", err)
	}
	_, err = aglae.NewExports(aglae.ExportsConfig{Poll: -1, MaxExport: -1})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 5 {
		t.Errorf("exports: %v; want 5 faults", err)
	}
}

func FuzzDecodeCnous(f *testing.F) {
	f.Add([]byte(cnousStudentWith("1234567890V")))
	for _, s := range []string{
		`[]`, `[{}]`, `null`, `{"lastName":"A","id":5,"campaign":{"year":2021},"birthPlace":null,"boursier":true,"removed":"O"}`,
		`[{"lastName":"A"},{"lastName":"B","boursier":null}]`, `{"lastName":"A","removed":"x","boursier":false}`, "\xff", `{"description":"x","code":404}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		records, err := aglae.DecodeCnous(body)
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) || len(err.Error()) > 120 || records != nil {
				t.Fatalf("%v beside %v", records, err)
			}
			return
		}
		for _, r := range records {
			g := r.Grant()
			holds, known := g.Finding.Holds()
			told, ok := r.Boursier.Get()
			if known && !holds && !(ok && !told) && r.Removed.Value != "O" && r.Removed.Value != "o" {
				t.Fatalf("%v, though the record does not say so", g.Finding)
			}
		}
	})
}

func BenchmarkDecodeCnous(b *testing.B) {
	body := []byte(cnousStudentWith("1234567890V"))
	b.ReportAllocs()
	for b.Loop() {
		records, err := aglae.DecodeCnous(body)
		if err != nil || records[0].Grant().Finding != aglae.GrantHeld {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeCnousFloor is the same body through encoding/json alone, into plain
// fields.
func BenchmarkDecodeCnousFloor(b *testing.B) {
	body := []byte(cnousStudentWith("1234567890V"))
	b.ReportAllocs()
	for b.Loop() {
		var v struct {
			LastName, FirstName, BirthDate, Civility, INE, GrantEchelon, Removed string
			GrantStatus                                                          int
			Boursier                                                             bool
			Campaign                                                             struct{ Year int }
			Region                                                               struct{ Code string }
		}
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}
