package particulier_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// TestPresence keeps absent, null, empty and present apart.
func TestPresence(t *testing.T) {
	t.Parallel()
	var m struct {
		A particulier.Field[string]   `json:"a,omitzero"`
		B particulier.Field[string]   `json:"b,omitzero"`
		C particulier.Field[string]   `json:"c,omitzero"`
		D particulier.Field[[]string] `json:"d,omitzero"`
		E particulier.Field[bool]     `json:"e,omitzero"`
	}
	const text = `{"b":null,"c":"","d":[],"e":false}`
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		got  particulier.Presence
		want string
	}{0: {m.A.State, "absent"}, 1: {m.B.State, "null"}, 2: {m.C.State, "present"}, 3: {m.D.State, "present"}, 4: {m.E.State, "present"}} {
		if c.got.String() != c.want {
			t.Errorf("%d: %s; want %s", i, c.got, c.want)
		}
	}
	if v, ok := m.D.Get(); !ok || v == nil || len(v) != 0 {
		t.Errorf("the empty list is %v, %v", v, ok)
	}
	if data, err := json.Marshal(m); err != nil || string(data) != text {
		t.Errorf("written again: %s, %v; want %s", data, err, text)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "f", particulier.Some("personal"), "d", particulier.DateText("2001-02-03"))
	if strings.Contains(log.String(), "personal") || strings.Contains(log.String(), "2001") {
		t.Errorf("a value is logged: %s", log.String())
	}
}

// TestScopes reads the same student under several sets of scopes: what a scope hides is
// absent, and nothing else is.
func TestScopes(t *testing.T) {
	t.Parallel()
	ask := func(scopes []string, version particulier.Version) (particulier.StudentStatus, error) {
		s := particuliertest.New(particuliertest.Config{
			Students: known{}, Tokens: map[string]particuliertest.Token{particuliertest.TestToken: {Scopes: scopes}},
		})
		return virtual(t, s, nil).StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE, Version: version})
	}
	full := statusOfKnown()
	full.INE = particulier.Field[string]{}
	got, err := ask(particuliertest.AllScopes(), particulier.V3)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "all scopes", got, full)

	got, err = ask([]string{"mesri_identite"}, particulier.V3)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "identity alone", got, particulier.StudentStatus{Identity: full.Identity})

	got, err = ask([]string{"mesri_admissions", "mesri_admission_inscrit"}, particulier.V3)
	if err != nil {
		t.Fatal(err)
	}
	want := particulier.StudentStatus{Admissions: particulier.Some([]particulier.Admission{
		{Begin: full.Admissions.Value[0].Begin, End: full.Admissions.Value[0].End, Status: particulier.Some(particulier.Enrolled)},
		{Begin: full.Admissions.Value[1].Begin, End: full.Admissions.Value[1].End, Status: particulier.Some(particulier.Admitted)},
	})}
	testutil.Equal(t, "admissions alone", got, want)
	if enrolled, known := got.Enrolled(); !enrolled || !known {
		t.Errorf("enrolled %v, known %v", enrolled, known)
	}

	got, err = ask([]string{"mesri_admissions"}, particulier.V3)
	if err != nil {
		t.Fatal(err)
	}
	if enrolled, known := got.Enrolled(); enrolled || known {
		t.Errorf("without the status: enrolled %v, known %v; want unknown", enrolled, known)
	}

	// v2: an entry that is hidden stays, with nothing in it.
	got, err = ask([]string{"mesri_admission", "mesri_identifiant"}, particulier.V2)
	if err != nil {
		t.Fatal(err)
	}
	admitted := full.Admissions.Value[1]
	admitted.Establishment = particulier.Field[particulier.Establishment]{}
	testutil.Equal(t, "v2", got, particulier.StudentStatus{
		INE: particulier.Some(knownINE), Admissions: particulier.Some([]particulier.Admission{{}, admitted}),
	})
}

// TestShapes decodes what production, staging and old incidents gave beside the cases.
func TestShapes(t *testing.T) {
	t.Parallel()
	some := func(s string) particulier.Field[string] { return particulier.Some(s) }
	date := func(s string) particulier.Field[particulier.DateText] {
		return particulier.Some(particulier.DateText(s))
	}
	for i, c := range []struct {
		body string
		want particulier.StudentStatus
	}{
		0: { // v2, production, admis
			`{"nom":"A","prenom":"B","dateNaissance":"2000-01-01","inscriptions":[{},{"dateDebutAdmission":"2026-09-01","dateFinAdmission":null,"statut":"admis","regime":"reprise d'études non financée sans convention","codeCommune":null,"etablissement":{"uai":"0011402U","nom":"N"}}]}`,
			particulier.StudentStatus{
				Identity: particulier.Some(particulier.StudentIdentity{BirthName: some("A"), GivenName: some("B"), BirthDate: date("2000-01-01")}),
				Admissions: particulier.Some([]particulier.Admission{{}, {
					Begin: date("2026-09-01"), End: particulier.Field[particulier.DateText]{State: particulier.Null}, Status: particulier.Some(particulier.Admitted),
					Regime:        particulier.Some(particulier.Regime{Code: particulier.Some(particulier.RegimeResumption), Label: some("reprise d'études non financée sans convention")}),
					Commune:       particulier.Field[string]{State: particulier.Null},
					Establishment: particulier.Some(particulier.Establishment{UAI: some("0011402U"), Name: some("N")}),
				}}),
			},
		},
		1: {`{"data":{},"links":{},"meta":{}}`, particulier.StudentStatus{}},
		2: {`{"data":{"identite":null,"admissions":null}}`, particulier.StudentStatus{
			Identity: particulier.Field[particulier.StudentIdentity]{State: particulier.Null}, Admissions: particulier.Field[[]particulier.Admission]{State: particulier.Null},
		}},
		3: {`{"data":{"admissions":[]}}`, particulier.StudentStatus{Admissions: particulier.Some([]particulier.Admission{})}},
		4: { // an unknown régime, a missing establishment, a number where a text is documented
			`{"data":{"admissions":[{"est_inscrit":null,"regime_formation":{"libelle":"nouveau","code":null},"code_cog_insee_commune":67482}]}}`,
			particulier.StudentStatus{Admissions: particulier.Some([]particulier.Admission{{
				Status:  particulier.Field[particulier.AdmissionStatus]{State: particulier.Null},
				Regime:  particulier.Some(particulier.Regime{Label: some("nouveau"), Code: particulier.Field[particulier.RegimeCode]{State: particulier.Null}}),
				Commune: some("67482"),
			}})},
		},
		5: {`{"inscriptions":[{"statut":"suspendu","regime":"nouveau"}]}`, particulier.StudentStatus{Admissions: particulier.Some([]particulier.Admission{{
			Status: particulier.Some(particulier.AdmissionStatus("suspendu")), Regime: particulier.Some(particulier.RegimeOf("nouveau")),
		}})}},
	} {
		got, err := particulier.DecodeStudentStatus([]byte(c.body))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, string(rune('0'+i)), got, c.want)
	}
	for i, c := range []struct{ body, path string }{
		0: {`null`, ""}, 1: {``, ""}, 2: {`[]`, ""}, 3: {`{}`, ""}, 4: {`{"data":null}`, "data"}, 5: {`{"data":[]}`, ""},
		6: {`{"data":{"admissions":{}}}`, "admissions"}, 7: {`{"data":{"admissions":[{"est_inscrit":"oui"}]}}`, "est_inscrit"},
		8: {`{"errors":[{"code":"25003"}],"nom":"A"}`, ""}, 9: {"{\"nom\":\"\xe9\"}", ""}, 10: {`{"nom":"A"`, ""}, 11: {`{"status":"ok"}`, ""},
	} {
		_, err := particulier.DecodeStudentStatus([]byte(c.body))
		d, ok := errors.AsType[*particulier.DecodeError](err)
		if !ok || !errors.Is(err, passerelle.ErrProtocol) || !strings.HasSuffix(d.Path, c.path) {
			t.Errorf("%d: %v; want a *DecodeError at %q", i, err, c.path)
		}
	}
}

// TestScholarshipRight: who is struck off has no right, whatever Holder says, and what is
// hidden is unknown.
func TestScholarshipRight(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		body         string
		right, known bool
	}{
		0: {`{"data":{"statut_boursier":{"est_boursier":true,"est_radie":false,"date_radiation":null}}}`, true, true},
		1: {`{"data":{"statut_boursier":{"est_boursier":true,"est_radie":true,"date_radiation":"2023-12-01"}}}`, false, true},
		2: {`{"data":{"statut_boursier":{"est_boursier":false,"est_radie":true,"date_radiation":"2023-12-01"}}}`, false, true},
		3: {`{"data":{"est_boursier":true}}`, true, true},
		4: {`{"data":{"email":"a@example.org"}}`, false, false},
		5: {`{"data":{"statut_boursier":null}}`, false, false},
		6: {`{"data":{"statut_boursier":{"est_boursier":true,"est_radie":null}}}`, false, false},
		7: {`{"boursier":false}`, false, true},
	} {
		s, err := particulier.DecodeScholarship([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if right, known := s.Right(); right != c.right || known != c.known {
			t.Errorf("%d: right %v, known %v; want %v, %v", i, right, known, c.right, c.known)
		}
	}
	s, err := particulier.DecodeScholarship([]byte(`{"data":{"echelon_bourse":{"echelon":"0BIS "},"identite":{"prenoms":["A",null]}}}`))
	if err != nil || s.Level.Value.Canonical() != "0bis" || len(s.Identity.Value.GivenNames.Value) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := particulier.DecodeScholarship([]byte(`{"statut":1,"statutLibelle":"provisoire (conditionnel)","echelonBourse":3}`)); err != nil || s.Status.Value != 1 || s.Level.Value != "3" {
		t.Errorf("%+v, %v", s, err)
	}
}

// grants holds one grant.
type grants struct{}

func (grants) ScholarshipByINE(ine string, campaign int) (particulier.Scholarship, bool) {
	return grant(), ine == knownINE && campaign == 0
}

func (grants) ScholarshipByIdentity(passerelle.Person, int) []particulier.Scholarship {
	return []particulier.Scholarship{grant()}
}

func grant() particulier.Scholarship {
	return particulier.Scholarship{
		Holder: particulier.Some(true), StruckOff: particulier.Some(false), StruckOffOn: particulier.Field[particulier.DateText]{State: particulier.Null},
		Level: particulier.Some(particulier.Level("0bis")), Provisional: particulier.Some(true), TermStart: particulier.Some(particulier.DateText("2026-09-01")),
		Months: particulier.Some(10), Town: particulier.Some("Strasbourg"), School: particulier.Some("ESSAI"), Email: particulier.Some("essai@example.org"),
		Identity: particulier.Some(particulier.ScholarshipIdentity{
			Name: particulier.Some("ESSAI"), GivenNames: particulier.Some([]string{"CAMILLE"}), BirthDate: particulier.Some(particulier.DateText("2003-04-05")),
			BirthTown: particulier.Some("Strasbourg"), Sex: particulier.Some("F"),
		}),
	}
}

// TestHeldScholarship reads a grant that another fake holds, in v4 and v3.
func TestHeldScholarship(t *testing.T) {
	t.Parallel()
	s := particuliertest.New(particuliertest.Config{Scholarships: grants{}})
	client := virtual(t, s, func(c *particulier.Config) { c.Limiter = particulier.NewLimiter(-1) })
	got, err := client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: knownINE})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "v4", got, grant())
	if got, err = client.ScholarshipByIdentity(t.Context(), particulier.IdentityRequest{Person: goodPerson(), Version: particulier.V3}); err != nil {
		t.Fatal(err)
	}
	want := grant()
	want.StruckOff, want.StruckOffOn = particulier.Field[bool]{}, particulier.Field[particulier.DateText]{}
	testutil.Equal(t, "v3", got, want)
	if _, err := client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: knownINE, CampaignYear: 2023}); !errors.Is(err, particulier.Code("26003")) {
		t.Errorf("another campaign = %v; want code 26003", err)
	}
}

// TestMedia takes both media types and none, and refuses others.
func TestMedia(t *testing.T) {
	t.Parallel()
	s := particuliertest.New(particuliertest.Config{Students: known{}})
	client := virtual(t, s, func(c *particulier.Config) { c.Limiter = particulier.NewLimiter(-1) })
	for _, fault := range []particuliertest.Fault{particuliertest.NoFault, particuliertest.PlainMedia, particuliertest.Holes} {
		s.Script(fault)
		got, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE})
		if err != nil || got.Admissions.State != particulier.Present {
			t.Errorf("%s: %+v, %v", fault, got, err)
		}
	}
}

// TestDates reads dates, and those that do not exist stay text.
func TestDates(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		text, want string
	}{0: {"2001-02-03", "2001-02-03"}, 1: {"1980-11-14T00:00:00+01:00", "1980-11-14"}, 2: {"2025-06-31", ""}, 3: {"", ""}} {
		d, err := particulier.DateText(c.text).Date()
		if d.String() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%d: %v, %v; want %q", i, d, err, c.want)
		}
	}
}
