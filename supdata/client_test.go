package supdata_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/uai"
)

func newClient(tb testing.TB, cfg supdata.Config) *supdata.Client {
	tb.Helper()
	c, err := supdata.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestPostSandbox feeds the published pair and reads the receipt, with the birth date in
// both of its forms.
func TestPostSandbox(t *testing.T) {
	t.Parallel()
	for _, object := range []bool{false, true} {
		s := supdatatest.NewServer(t, supdatatest.Config{DateObject: object})
		r, err := newClient(t, s.ClientConfig()).Post(t.Context(), goodEnrolment())
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != "100001" || r.Message != "une nouvelle inscription créée" || len(r.Differs) > 0 || r.At.IsZero() {
			t.Errorf("date object %v: receipt %+v", object, r)
		}
	}
}

// TestRequest looks at the request on the wire: address, headers, eleven fields.
func TestRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body.ReadFrom(r.Body)
		fmt.Fprint(w, `{"message":"m","inscription":{"id_inscription":7,"statut":"1","uai":"0010814E"}}`)
	}))
	defer server.Close()
	c := newClient(t, supdata.Config{
		BaseURL: server.URL + "/supdata/middle/api/", Key: "k-1",
		Codes: supdata.Codes{Statuses: map[supdata.Status]string{supdata.Admitted: "2", supdata.Enrolled: "1"}, Regimes: map[supdata.Regime]string{"RF2": "10"}},
	})
	r, err := c.Post(t.Context(), goodEnrolment())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ine":"0AYIOP071Y8","dateNaissance":"1996-12-26","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31",` +
		`"statut":"1","regime":"10","codeCommune":"67482","uai":"0011402U","cursus":"L","diplome":"2500123","niveauDiplome":"01"}`
	testutil.Equal(t, "body", body.String(), want)
	if got.Method != http.MethodPost || got.URL.String() != "/supdata/middle/api/inscription" || got.Header.Get("X-Api-Key") != "k-1" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("request %s %s, key %q", got.Method, got.URL, got.Header.Get("X-Api-Key"))
	}
	if r.ID != "7" || !slices.Equal(r.Differs, []string{"uai"}) {
		t.Errorf("receipt %+v; want number 7, and the establishment told to differ", r)
	}
}

// TestAnswers tells every answer of the published text apart, and what became of the request.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault    supdatatest.Fault
		http     int
		kind     error
		outcome  passerelle.Outcome
		message  string
		detailed []string
	}{
		0: {supdatatest.BadValue, 400, passerelle.ErrInvalid, passerelle.Answered, "la valeur du paramètre n'est pas valide", []string{"le format ode l' INE n'est pas valide"}},
		1: {supdatatest.Unauthorized, 401, passerelle.ErrUnauthorized, passerelle.Answered, "échec d'authentification", []string{"le token 384 n'est pas valide"}},
		2: {supdatatest.NoFault, 404, passerelle.ErrNotFound, passerelle.Answered, "étudiant introuvable", []string{"0AYIOP071Y8", "1996-12-27"}},
		3: {supdatatest.Internal, 500, passerelle.ErrUnavailable, passerelle.Unknown, "erreur serveur interne", nil},
		4: {supdatatest.Unavailable, 503, passerelle.ErrUnavailable, passerelle.Unknown, "service indisponible", nil},
		5: {supdatatest.TooMany, 429, passerelle.ErrRateLimited, passerelle.Answered, "trop de requêtes", nil},
		6: {supdatatest.PageNotFound, 404, passerelle.ErrProtocol, passerelle.Answered, "", nil},
		7: {supdatatest.PageAfter, 200, passerelle.ErrProtocol, passerelle.Unknown, "", nil},
		8: {supdatatest.Cut, 0, passerelle.ErrUnavailable, passerelle.Unknown, "", nil},
	} {
		s := supdatatest.NewServer(t, supdatatest.Config{})
		s.Script(c.fault)
		e := goodEnrolment()
		if c.http == 404 {
			e.BirthDate = passerelle.NewDate(1996, 12, 27)
		}
		_, err := newClient(t, s.ClientConfig()).Post(t.Context(), e)
		got, ok := errors.AsType[*supdata.Error](err)
		if !ok || got.HTTP != c.http || !errors.Is(err, c.kind) || passerelle.OutcomeOf(err) != c.outcome {
			t.Errorf("%d: %v, outcome %v; want %d, %v, %v", c.http, err, passerelle.OutcomeOf(err), c.http, c.kind, c.outcome)
			continue
		}
		if got.Details.Message != c.message || !slices.Equal(got.Details.Parameters, c.detailed) || (c.message != "") != (got.Details.UID != "") {
			t.Errorf("%d: details %+v", c.http, got.Details)
		}
		for _, other := range []error{passerelle.ErrInvalid, passerelle.ErrUnauthorized, passerelle.ErrNotFound, passerelle.ErrUnavailable, passerelle.ErrRateLimited, passerelle.ErrProtocol} {
			if other != c.kind && errors.Is(err, other) {
				t.Errorf("%d: %v is also %v", c.http, err, other)
			}
		}
	}
}

// TestErrorObjects reads the error objects that SUPDATA answers on its reading side too.
func TestErrorObjects(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/api-particulier/provider-payloads/mesri")
	for name, want := range map[string]supdata.Details{
		"statut_etudiant/not_found.json":                       {Message: "la valeur du paramètre n'est pas valide", UID: "62ee74625e1ec_0000", Method: "GET", Endpoint: "etudiant", Parameters: []string{"le format de l'INE n'est valide"}},
		"student_status/with_ine_invalid_ine_response.json":    {Message: "la valeur du paramètre n'est pas valide", UID: "62ee74625e1ec_0000", Method: "GET", Endpoint: "etudiant", Parameters: []string{"le format de l'INE n'est valide"}},
		"student_status/with_ine_not_found_response.json":      {Message: "inscription introuvable", UID: "62ee80b93834a_0000", Method: "GET", Endpoint: "etudiant", Parameters: []string{"1234567890H"}},
		"student_status/with_civility_not_found_response.json": {Message: "étudiant introuvable", UID: "62f27dbf21772_0000", Method: "POST", Endpoint: "etudiant"},
	} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := supdata.ParseDetails(data)
		if !ok {
			t.Errorf("%s is not read", name)
		}
		testutil.Equal(t, name, got, want)
	}
	for i, body := range []string{0: "", 1: "null", 2: "<html>", 3: `{"message":""}`, 4: `{"message":"x"}`, 5: "{\"message\":\"\xe9\",\"uid\":\"x\"}"} {
		if d, ok := supdata.ParseDetails([]byte(body)); ok {
			t.Errorf("%d: read as an error object: %+v", i, d)
		}
	}
	d, ok := supdata.ParseDetails([]byte(`{"message":"x","uid":"080890290EH","details":{"parameter":[5,"a",null,""]}}`))
	if !ok || d.UID != "" || !slices.Equal(d.Parameters, []string{"5", "a"}) {
		t.Errorf("an odd object gives %+v, %v; a reference that is none must not be printed", d, ok)
	}
}

// TestNewRefuses lists all faults of a configuration, the table of codes above all.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := supdata.Config{BaseURL: "https://supdata.example/api", Key: "k", Codes: supdata.InferredCodes()}
	if _, err := supdata.New(good); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		change func(*supdata.Config)
		want   []string
	}{
		0: {func(c *supdata.Config) { *c = supdata.Config{} }, []string{"BaseURL", "Key", "Codes.Statuses"}},
		1: {func(c *supdata.Config) { c.Codes = supdata.Codes{} }, []string{"Codes.Statuses"}},
		2: {func(c *supdata.Config) { c.Codes.Statuses = map[supdata.Status]string{supdata.Enrolled: "1"} }, []string{"Codes.Statuses[admis]"}},
		3: {func(c *supdata.Config) {
			c.Codes.Statuses = map[supdata.Status]string{supdata.Enrolled: "1", supdata.Admitted: "1"}
		}, []string{"Codes.Statuses[inscrit]"}},
		4: {func(c *supdata.Config) { c.Codes.Regimes = map[supdata.Regime]string{"RF1": ""} }, []string{"Codes.Regimes[RF1]"}},
		5: {func(c *supdata.Config) { c.BaseURL = "http://supdata.example/api" }, []string{"BaseURL"}},
		6: {func(c *supdata.Config) { c.Key = "k\n" }, []string{"Key"}},
		7: {func(c *supdata.Config) { c.Transport.MaxBody = -1 }, []string{"Transport.MaxBody"}},
	} {
		cfg := good
		c.change(&cfg)
		_, err := supdata.New(cfg)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.want) {
			t.Errorf("%d: faults of %v; want %v", i, fields, c.want)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "c", supdata.Config{Key: "very-secret"})
	fmt.Fprintf(&log, "%v %+v %s", supdata.Config{Key: "very-secret"}, supdata.Config{Key: "very-secret"}, supdata.Config{Key: "very-secret"})
	if strings.Contains(log.String(), "very-secret") {
		t.Errorf("the key is shown: %s", &log)
	}
}

// TestValidate names field, rule and the service's status for every rule, without the value.
func TestValidate(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		change      func(*supdata.Enrolment)
		field, rule string
		wire        string
	}{
		0:  {func(e *supdata.Enrolment) { e.INE = ine.Number{} }, "INE", "required", "ine"},
		1:  {func(e *supdata.Enrolment) { e.BirthDate = passerelle.Date{} }, "BirthDate", "required", "dateNaissance"},
		2:  {func(e *supdata.Enrolment) { e.BirthDate.Day = 0 }, "BirthDate", "range", "dateNaissance"},
		3:  {func(e *supdata.Enrolment) { e.BirthDate.Year = 2091 }, "BirthDate", "range", "dateNaissance"},
		4:  {func(e *supdata.Enrolment) { e.Begin = passerelle.NewDate(2026, 2, 30) }, "Begin", "range", "dateDebutInscription"},
		5:  {func(e *supdata.Enrolment) { e.End = passerelle.NewDate(2026, 8, 31) }, "End", "order", "dateFinInscription"},
		6:  {func(e *supdata.Enrolment) { e.Status = "" }, "Status", "required", "statut"},
		7:  {func(e *supdata.Enrolment) { e.Status = "perdu" }, "Status", "code", "statut"},
		8:  {func(e *supdata.Enrolment) { e.Regime = "RF9" }, "Regime", "code", "regime"},
		9:  {func(e *supdata.Enrolment) { e.Commune = "6748" }, "Commune", "shape", "codeCommune"},
		10: {func(e *supdata.Enrolment) { e.Commune = "2C004" }, "Commune", "shape", "codeCommune"},
		11: {func(e *supdata.Enrolment) { e.UAI = uai.Code{} }, "UAI", "required", "uai"},
		12: {func(e *supdata.Enrolment) { e.UAI = uai.MustParse("0011402A") }, "UAI", "key", "uai"},
		13: {func(e *supdata.Enrolment) { e.Cycle = "X" }, "Cycle", "code", "cursus"},
		14: {func(e *supdata.Enrolment) { e.Diploma = "250-0123" }, "Diploma", "shape", "diplome"},
		15: {func(e *supdata.Enrolment) { e.Level = "L1" }, "Level", "shape", "niveauDiplome"},
	} {
		e := goodEnrolment()
		c.change(&e)
		err := e.Validate(supdata.InferredCodes(), passerelle.DateOf(today))
		faults, ok := errors.AsType[passerelle.FieldErrors](err)
		if !ok || len(faults) != 1 || faults[0].Field != c.field || faults[0].Rule != c.rule {
			t.Errorf("%d: %v; want one fault of %s by %s", i, err, c.field, c.rule)
			continue
		}
		text := err.Error()
		for _, want := range []string{c.field, c.rule, "(" + c.wire + ",", "400"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d: %q does not name %q", i, text, want)
			}
		}
		for _, value := range []string{"0AYIOP071Y8", "1996", "2091", "perdu", "RF9", "6748", "2C004", "0011402A", "250-0123"} {
			if strings.Contains(text, value) {
				t.Errorf("%d: %q holds the value %q", i, text, value)
			}
		}
	}
	if err := goodEnrolment().Validate(supdata.InferredCodes(), passerelle.DateOf(today)); err != nil {
		t.Errorf("a good enrolment: %v", err)
	}
	e := goodEnrolment()
	e.Commune = "2A004"
	if err := e.Validate(supdata.InferredCodes(), passerelle.Date{}); err != nil {
		t.Errorf("a town of Corsica: %v", err)
	}
	bad := supdata.Enrolment{}.Validate(supdata.InferredCodes(), passerelle.Date{})
	if faults, _ := errors.AsType[passerelle.FieldErrors](bad); len(faults) != 6 {
		t.Errorf("an empty enrolment has %d faults; want 6 together: %v", len(faults), bad)
	}
	s := supdatatest.NewServer(t, supdatatest.Config{})
	if _, err := newClient(t, s.ClientConfig()).Post(t.Context(), supdata.Enrolment{}); passerelle.OutcomeOf(err) != passerelle.NotSent || s.Requests() != 0 {
		t.Errorf("an empty enrolment was sent: %v", err)
	}
}

// TestLeaks walks every error path of client and feeder, and looks for personal data.
func TestLeaks(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	b, store := school(1)
	s := b.students[0]
	leaks.Secret(t, s.INE, s.Person.BirthDate.String(), supdatatest.TestKey, "introuvable", "le format")
	for _, wrong := range []bool{false, true} {
		for _, fault := range append(supdatatest.AllFaults(), supdatatest.NoFault) {
			f := newFeeding(t, b, store)
			cfg := f.ClientConfig()
			cfg.Transport.Retry.MaxAttempts = 1
			cfg.Transport.Logger = leaks.Logger()
			cfg.Transport.AttemptTimeout = 200 * time.Millisecond
			f.cfg.Client = newClient(t, cfg)
			f.cfg.Logger = leaks.Logger()
			f.Script(fault, fault)
			if wrong {
				moved := *b
				moved.students = slices.Clone(b.students)
				moved.students[0].Person.BirthDate = passerelle.NewDate(2001, 5, 6)
				leaks.Secret(t, "2001-05-06")
				f.cfg.Source = &moved
			}
			feeder, err := supdata.NewFeeder(f.cfg)
			if err != nil {
				t.Fatal(err)
			}
			r, err := feeder.Run(t.Context())
			leaks.Error(err)
			for _, it := range r.Items {
				leaks.Error(fmt.Errorf("%+v", it))
			}
			e := goodEnrolment()
			e.INE, e.BirthDate = ine.MustParse(s.INE), s.Person.BirthDate
			_, err = f.cfg.Client.Post(t.Context(), e)
			leaks.Error(err)
			if err != nil {
				leaks.Logger().Error("post", "error", err, "enrolment", e)
			}
		}
	}
	if !strings.Contains(leaks.Log(), "http attempt") || !strings.Contains(leaks.Log(), "SUPDATA did not take") {
		t.Error("nothing was logged: the check proves nothing")
	}
	leaks.Check(t)
}
