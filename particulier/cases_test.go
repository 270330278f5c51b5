package particulier_test

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
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

func loadCases(tb testing.TB) *particuliertest.Cases {
	tb.Helper()
	cases, err := particuliertest.LoadCases(os.DirFS(testutil.Shared(tb, "fixtures/api-particulier")))
	if err != nil {
		tb.Fatal(err)
	}
	return cases
}

// fc is the access token of the person whom a FranceConnect case is about.
func fc(i int) string { return "fc-" + strconv.Itoa(i) }

// serverOfCases serves the published cases, with a token for each person who signs in.
func serverOfCases(tb testing.TB) (*particuliertest.Server, []particuliertest.Case) {
	tb.Helper()
	cases := loadCases(tb)
	all := cases.All()
	people := map[string]particuliertest.Pivot{}
	for i, c := range all {
		people[fc(i)] = c.PivotOf()
	}
	s := particuliertest.NewServer(tb, particuliertest.Config{Cases: cases, FranceConnect: people, PerSecond: -1, PerMinute: -1})
	return s, all
}

func newClient(tb testing.TB, cfg particulier.Config) *particulier.Client {
	tb.Helper()
	c, err := particulier.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// unpaced is a client of s without limiter and without retries.
func unpaced(tb testing.TB, s *particuliertest.Server) *particulier.Client {
	tb.Helper()
	cfg := s.ClientConfig()
	cfg.Limiter = particulier.NewLimiter(-1)
	cfg.Transport.Retry.MaxAttempts = 1
	return newClient(tb, cfg)
}

// param reads a parameter of a case as text.
func param(c particuliertest.Case, name string) string {
	switch v := c.Params[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// personOf is the identity that a case is asked with.
func personOf(tb testing.TB, c particuliertest.Case) passerelle.Person {
	tb.Helper()
	p := passerelle.Person{BirthName: param(c, "nom") + param(c, "nomNaissance")}
	p.GivenNames[0] = param(c, "prenom") + param(c, "prenoms")
	if list, ok := c.Params["prenoms"].([]any); ok {
		for i, n := range list {
			p.GivenNames[i] = n.(string)
		}
	}
	if d := param(c, "dateDeNaissance"); d != "" {
		p.BirthDate = passerelle.MustParseDate(d)
	} else {
		y, _ := strconv.Atoi(param(c, "anneeDateNaissance"))
		m, _ := strconv.Atoi(param(c, "moisDateNaissance"))
		d, _ := strconv.Atoi(param(c, "jourDateNaissance"))
		p.BirthDate = passerelle.NewDate(y, time.Month(m), d)
	}
	sex, err := passerelle.SexCodesMF.Parse(param(c, "sexe") + param(c, "sexeEtatCivil"))
	if err != nil {
		tb.Fatal(err)
	}
	p.Sex = sex
	if p.Birthplace, err = passerelle.ParseBirthplace(param(c, "lieuDeNaissance") + param(c, "codeCogInseeCommuneNaissance")); err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestStudentStatusCases sends every published case of the student status through
// client and fake and compares every field.
func TestStudentStatusCases(t *testing.T) {
	t.Parallel()
	s, all := serverOfCases(t)
	client := unpaced(t, s)
	ran := 0
	for i, c := range all {
		if !strings.Contains(c.Path, "etudiants") && !strings.Contains(c.Path, "mesri") || strings.Contains(c.Path, "boursier") {
			continue
		}
		ran++
		t.Run(c.File, func(t *testing.T) {
			version := particulier.V3
			if strings.HasPrefix(c.Path, "/api/v2/") {
				version = particulier.V2
			}
			var got particulier.StudentStatus
			var err error
			_, pivot := c.Params["given_name"]
			switch {
			case c.Status == http.StatusNotFound && strings.HasSuffix(c.Path, "identite"):
				// Its own parameters are those of another operation: ask for somebody unknown.
				got, err = client.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{Version: version, Person: nobody})
			case c.Status == http.StatusNotFound && strings.HasSuffix(c.Path, "france_connect"):
				got, err = client.StudentStatusByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: fc(i), Version: version})
			case pivot || strings.HasSuffix(c.Path, "france_connect"):
				got, err = client.StudentStatusByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: fc(i), Version: version})
			case c.Params["ine"] != nil:
				got, err = client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: c.Params["ine"].(string), Version: version})
			default:
				got, err = client.StudentStatusByIdentity(t.Context(), particulier.IdentityRequest{Person: personOf(t, c), Version: version})
			}
			if c.Status != http.StatusOK {
				checkFailure(t, c, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", got, statusOf(t, c.Payload))
		})
	}
	if ran != 130 {
		t.Errorf("%d student-status cases ran; want 130", ran)
	}
}

// nobody is in no case.
var nobody = passerelle.Person{
	BirthName: "Inconnue", GivenNames: [3]string{"Aucune"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2001-02-03"),
}

// checkFailure compares an error with the status and the body of a case.
func checkFailure(t *testing.T, c particuliertest.Case, err error) {
	t.Helper()
	var body struct {
		Errors  []struct{ Code, Title, Detail string }
		Error   string
		Reason  string
		Message string
	}
	if json.Unmarshal(c.Payload, &body) != nil {
		t.Fatal("the payload of the case is not JSON")
	}
	e, ok := errors.AsType[*particulier.Error](err)
	if !ok || e.HTTP != c.Status || len(e.Faults) != 1 {
		t.Fatalf("error = %v; want an *Error with status %d and one fault", err, c.Status)
	}
	want := particulier.Fault{Code: particulier.Code(body.Error), Title: body.Reason, Detail: body.Message}
	if len(body.Errors) > 0 {
		want = particulier.Fault{Code: particulier.Code(body.Errors[0].Code), Title: body.Errors[0].Title, Detail: body.Errors[0].Detail, Provider: "MESRI"}
	}
	testutil.Equal(t, "fault", e.Faults[0], want)
	kind := map[int]error{404: passerelle.ErrNotFound, 500: passerelle.ErrUnavailable, 503: passerelle.ErrUnavailable}[c.Status]
	if !errors.Is(err, kind) || !errors.Is(err, want.Code) {
		t.Errorf("error = %v; want %v and %v", err, kind, want.Code)
	}
}

// read is a member of a JSON object, read without the code under test.
func read[T any](m map[string]any, names ...string) particulier.Field[T] {
	for _, name := range names {
		if v, ok := m[name]; ok {
			if v == nil {
				return particulier.Field[T]{State: particulier.Null}
			}
			return particulier.Some(v.(T))
		}
	}
	return particulier.Field[T]{}
}

func dated(f particulier.Field[string]) particulier.Field[particulier.DateText] {
	return particulier.Field[particulier.DateText]{State: f.State, Value: particulier.DateText(f.Value)}
}

// statusOf reads a payload in an independent way: what must be decoded.
func statusOf(t *testing.T, payload []byte) particulier.StudentStatus {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(payload, &top); err != nil {
		t.Fatal(err)
	}
	var s particulier.StudentStatus
	if data, ok := top["data"].(map[string]any); ok {
		if id, ok := data["identite"].(map[string]any); ok {
			s.Identity = particulier.Some(particulier.StudentIdentity{
				BirthName: read[string](id, "nom_naissance"), GivenName: read[string](id, "prenom"), BirthDate: dated(read[string](id, "date_naissance")),
			})
		}
		list := []particulier.Admission{}
		for _, e := range data["admissions"].([]any) {
			m := e.(map[string]any)
			a := particulier.Admission{
				Begin: dated(read[string](m, "date_debut")), End: dated(read[string](m, "date_fin")), Commune: read[string](m, "code_cog_insee_commune"),
			}
			if in, ok := m["est_inscrit"].(bool); ok {
				a.Status = particulier.Some(map[bool]particulier.AdmissionStatus{true: "inscrit", false: "admis"}[in])
			}
			regime := m["regime_formation"].(map[string]any)
			a.Regime = particulier.Some(particulier.Regime{
				Code:  particulier.Some(particulier.RegimeCode(regime["code"].(string))),
				Label: read[string](regime, "libelle"),
			})
			at := m["etablissement_etudes"].(map[string]any)
			a.Establishment = particulier.Some(particulier.Establishment{UAI: read[string](at, "uai"), Name: read[string](at, "nom")})
			list = append(list, a)
		}
		s.Admissions = particulier.Some(list)
		return s
	}
	s.INE = read[string](top, "ine")
	s.Identity = particulier.Some(particulier.StudentIdentity{
		BirthName: read[string](top, "nom", "nomFamille"), GivenName: read[string](top, "prenom"), BirthDate: dated(read[string](top, "dateNaissance")),
	})
	list := []particulier.Admission{}
	for _, e := range top["inscriptions"].([]any) {
		m := e.(map[string]any)
		codes := map[string]particulier.RegimeCode{"formation initiale": "RF1", "formation continue": "RF5", "contrat d'apprentissage": "RF4"}
		label := m["regime"].(string)
		at := m["etablissement"].(map[string]any)
		list = append(list, particulier.Admission{
			Begin: dated(read[string](m, "dateDebutInscription")), End: dated(read[string](m, "dateFinInscription")),
			Status: particulier.Some(particulier.AdmissionStatus(m["statut"].(string))), Commune: read[string](m, "codeCommune"),
			Regime:        particulier.Some(particulier.Regime{Code: particulier.Some(codes[label]), Label: particulier.Some(label)}),
			Establishment: particulier.Some(particulier.Establishment{UAI: read[string](at, "uai"), Name: read[string](at, "nom", "nomEtablissement")}),
		})
	}
	s.Admissions = particulier.Some(list)
	return s
}

// TestProviderPayloads decodes what SUPDATA itself answers to API Particulier.
func TestProviderPayloads(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"statut_etudiant/valid.json", "student_status/with_ine_valid_and_new_regime.json", "student_status/with_ine_valid_response.json",
		"student_status/with_ine_valid_response_with_admis_statut.json", "student_status/with_civility_valid_response.json",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(testutil.Shared(t, "fixtures/api-particulier/provider-payloads/mesri/"+name))
			if err != nil {
				t.Fatal(err)
			}
			got, err := particulier.DecodeStudentStatus(body)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", got, statusOf(t, body))
		})
	}
	for _, name := range []string{
		"statut_etudiant/not_found.json", "student_status/with_ine_not_found_response.json", "student_status/with_civility_not_found_response.json",
	} {
		body, err := os.ReadFile(testutil.Shared(t, "fixtures/api-particulier/provider-payloads/mesri/"+name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := particulier.DecodeStudentStatus(body); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s, the body of an error, was read as a status: %+v, %v", name, got, err)
		}
	}
}

// TestScholarshipCases sends the published cases of the scholarships through
// client and fake, in the three versions.
func TestScholarshipCases(t *testing.T) {
	t.Parallel()
	s, all := serverOfCases(t)
	client := unpaced(t, s)
	ran := 0
	for i, c := range all {
		if !strings.Contains(c.Path, "boursier") || c.Status != http.StatusOK {
			continue
		}
		ran++
		t.Run(c.File, func(t *testing.T) {
			version := particulier.V2
			if c.Path[1] == 'v' {
				version = particulier.Version(c.Path[2] - '0')
			}
			year, _ := strconv.Atoi(param(c, "campaignYear"))
			var got particulier.Scholarship
			var err error
			_, pivot := c.Params["given_name"]
			switch {
			case pivot || strings.HasSuffix(c.Path, "france_connect"):
				got, err = client.ScholarshipByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: fc(i), Version: version, CampaignYear: year})
			case c.Params["ine"] != nil:
				got, err = client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: c.Params["ine"].(string), Version: version, CampaignYear: year})
			default:
				got, err = client.ScholarshipByIdentity(t.Context(), particulier.IdentityRequest{Person: personOf(t, c), Version: version, CampaignYear: year})
			}
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "scholarship", got, scholarshipOf(t, c.Payload))
		})
	}
	if ran != 26 {
		t.Errorf("%d scholarship cases ran; want 26", ran)
	}
}

// whole is a member that is a whole number.
func whole(m map[string]any, name string) particulier.Field[int] {
	f := read[float64](m, name)
	return particulier.Field[int]{State: f.State, Value: int(f.Value)}
}

// scholarshipOf reads a payload in an independent way.
func scholarshipOf(t *testing.T, payload []byte) particulier.Scholarship {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(payload, &top); err != nil {
		t.Fatal(err)
	}
	level := func(m map[string]any, name string) particulier.Field[particulier.Level] {
		f := read[string](m, name)
		return particulier.Field[particulier.Level]{State: f.State, Value: particulier.Level(f.Value)}
	}
	data, ok := top["data"].(map[string]any)
	if !ok {
		s := particulier.Scholarship{
			Holder: read[bool](top, "boursier"), Level: level(top, "echelonBourse"), Status: whole(top, "statut"),
			StatusLabel: read[string](top, "statutLibelle"), TermStart: dated(read[string](top, "dateDeRentree")), Months: whole(top, "dureeVersement"),
			Town: read[string](top, "villeEtudes"), School: read[string](top, "etablissement"), Email: read[string](top, "email"),
		}
		if top["nom"] != nil {
			var names []string
			for _, k := range []string{"prenom", "prenom2"} {
				if n := top[k].(string); n != "" {
					names = append(names, n)
				}
			}
			s.Identity = particulier.Some(particulier.ScholarshipIdentity{
				Name: read[string](top, "nom"), GivenNames: particulier.Some(names), BirthDate: dated(read[string](top, "dateNaissance")),
				BirthTown: read[string](top, "lieuNaissance"), Sex: read[string](top, "sexe"),
			})
		}
		return s
	}
	s := particulier.Scholarship{Holder: read[bool](data, "est_boursier"), Email: read[string](data, "email")}
	if st, ok := data["statut_boursier"].(map[string]any); ok {
		s.Holder, s.StruckOff, s.StruckOffOn = read[bool](st, "est_boursier"), read[bool](st, "est_radie"), dated(read[string](st, "date_radiation"))
	}
	ech := data["echelon_bourse"].(map[string]any)
	s.Level, s.Provisional = level(ech, "echelon"), read[bool](ech, "echelon_bourse_regionale_provisoire")
	period := data["periode_versement_bourse"].(map[string]any)
	s.TermStart, s.Months = dated(read[string](period, "date_rentree")), whole(period, "duree")
	place := data["etablissement_etudes"].(map[string]any)
	s.Town, s.School = read[string](place, "nom_commune"), read[string](place, "nom_etablissement")
	if id, ok := data["identite"].(map[string]any); ok {
		var names []string
		for _, n := range id["prenoms"].([]any) {
			names = append(names, n.(string))
		}
		s.Identity = particulier.Some(particulier.ScholarshipIdentity{
			Name: read[string](id, "nom"), GivenNames: particulier.Some(names), BirthDate: dated(read[string](id, "date_naissance")),
			BirthTown: read[string](id, "nom_commune_naissance"), Sex: read[string](id, "sexe"),
		})
	}
	return s
}

// TestCnousPayloads decodes what the Cnous itself answers to API Particulier.
func TestCnousPayloads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		struckOff   bool
		struckOffOn particulier.Field[particulier.DateText]
	}{
		"student_scholarship_valid_response.json":                    {false, particulier.Field[particulier.DateText]{State: particulier.Null}},
		"student_scholarship_valid_response_without_birthplace.json": {false, particulier.Field[particulier.DateText]{State: particulier.Null}},
		"student_scholarship_valid_response_removed.json":            {true, particulier.Some(particulier.DateText("2023-06-15T00:00:00+02:00"))},
	} {
		body, err := os.ReadFile(testutil.Shared(t, "fixtures/api-particulier/provider-payloads/cnous/"+name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := particulier.DecodeScholarship(body)
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, name, got, particulier.Scholarship{
			Holder: particulier.Some(true), StruckOff: particulier.Some(c.struckOff), StruckOffOn: c.struckOffOn,
			Level: particulier.Some(particulier.Level("5")), Status: particulier.Some(0),
			TermStart: particulier.Some(particulier.DateText("2020-09-01T00:00:00+02:00")), Months: particulier.Some(12),
			Town: particulier.Some("MONTPELLIER"), School: particulier.Some("UFR SCIENCES TECHNOLOG SANTE"), Email: particulier.Some("jerome.martin@example.org"),
			Identity: particulier.Some(particulier.ScholarshipIdentity{
				Name: particulier.Some("Martin"), GivenNames: particulier.Some([]string{"Jerome", "Francis"}),
				BirthDate: particulier.Some(particulier.DateText("1980-11-14T00:00:00+01:00")), BirthTown: particulier.Some("La Crèche"), Sex: particulier.Some("M"),
			}),
		})
		if right, known := got.Right(); right == c.struckOff || !known {
			t.Errorf("%s: right %v, known %v", name, right, known)
		}
	}
	for _, name := range []string{"student_scholarship_bad_request.json", "student_scholarship_not_found.json"} {
		body, err := os.ReadFile(testutil.Shared(t, "fixtures/api-particulier/provider-payloads/cnous/"+name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := particulier.DecodeScholarship(body); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s, the body of an error, was read as a grant: %+v, %v", name, got, err)
		}
	}
	got, err := particulier.DecodeScholarship([]byte(`{"grantEchelon":"5","boursier":true,"removed":"?"}`))
	if right, known := got.Right(); err != nil || right || known {
		t.Errorf("a removal that is not understood: right %v, known %v, %v; want unknown", right, known, err)
	}
}
