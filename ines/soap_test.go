package ines_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

var (
	anais = passerelle.Person{
		BirthName: "Lefèvre-d'Œuilly", GivenNames: [3]string{"Anaïs", "Zoé"}, UsageName: "Guérin", Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2005, 3, 14), Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
	hans = passerelle.Person{
		BirthName: "Müller", GivenNames: [3]string{"Hans"}, Sex: passerelle.SexMale,
		BirthDate: passerelle.NewDate(2004, 12, 1), Birthplace: passerelle.Birthplace{Country: "99109"},
	}
	rnie    = ine.MustParse("223456789HE")
	bea     = ine.MustParse("0494004062M")
	lorrain = uai.MustParse("0542493S")
)

// quick sends again at once.
var quick = transport.RetryPolicy{MinWait: time.Microsecond, MaxWait: time.Millisecond}

func soapClient(tb testing.TB, s *inestest.Server, change ...func(*ines.SOAPConfig)) *ines.SOAP {
	tb.Helper()
	cfg := s.SOAPConfig()
	cfg.Transport.Retry = quick
	for _, f := range change {
		f(&cfg)
	}
	c, err := ines.NewSOAP(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func add(tb testing.TB, s *inestest.Server, p passerelle.Person, of ...ine.Number) inestest.Record {
	tb.Helper()
	r, err := s.Add(p, of...)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestJourney(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]func(inestest.TB, inestest.Config) *inestest.Server{"http": inestest.NewServer, "https": inestest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, inestest.Config{Population: 50})
			add(t, s, anais, rnie, bea)
			c := soapClient(t, s)

			a, err := c.Verify(t.Context(), ines.VerifyRequest{INE: bea, BirthDate: anais.BirthDate})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			testutil.Equal(t, "maître", a.Master.String(), rnie.String())
			testutil.Equal(t, "alternates", a.Alternates, []ine.Number{bea}, exact)
			testutil.Equal(t, "person", a.Person, anais)
			testutil.Equal(t, "unread", a.Unread, nil)
			if r, ok := a.Replaces(bea); !ok || r.New != rnie || r.Old != bea || r.At.IsZero() {
				t.Errorf("Replaces: got %v, %v", r, ok)
			}

			a, err = c.Search(t.Context(), ines.SearchRequest{Person: hans})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "nobody", a.Status, ines.StatusUnknown)

			a, err = c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: hans, UAI: lorrain})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			if a.Master.Family() != ine.RNIE || a.Master.Key() != ine.KeyOK {
				t.Errorf("created number: family %v, key %v, want an RNIE number with its right key", a.Master.Family(), a.Master.Key())
			}
			testutil.Equal(t, "counts", s.Registrations(hans), inestest.Count{Received: 1, Processed: 1, Created: 1})

			again, err := c.Search(t.Context(), ines.SearchRequest{Person: hans})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "found after registration", again.Master.String(), a.Master.String())

			n := 0
			for f, err := range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				testutil.Equal(t, "student", f.Student, "S-1")
				testutil.Equal(t, "request", f.RequestID, a.RequestID)
				testutil.Equal(t, "number", f.Master.String(), a.Master.String())
			}
			testutil.Equal(t, "followed up", n, 1)
		})
	}
}

// exact compares values with unexported fields by ==.
var exact = cmp.Comparer(func(a, b ine.Number) bool { return a == b })

// TestVariants makes the journey in every contract, over HTTP.
func TestVariants(t *testing.T) {
	t.Parallel()
	for name, contract := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inestest.NewServer(t, inestest.Config{Contract: contract})
			add(t, s, anais, rnie, bea)
			c := soapClient(t, s)
			a, err := c.Search(t.Context(), ines.SearchRequest{Person: anais})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "maître", a.Master.String(), rnie.String())
			testutil.Equal(t, "person", a.Person, anais)
			a, err = c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: hans, UAI: lorrain})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			since := s.Now().Add(-time.Minute)
			var students []string
			for f, err := range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain, Since: since}) {
				if err != nil {
					t.Fatal(err)
				}
				students = append(students, f.Student)
				if d := f.At.Sub(s.Now()); d.Abs() > time.Minute {
					t.Errorf("changed at %v, want about now", f.At)
				}
			}
			testutil.Equal(t, "followed since", students, []string{"S-1"})
			for range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain, Since: since.Add(time.Hour)}) {
				t.Error("followed up something of the future")
			}
		})
	}
}

// TestCharsetLacks sends a name that the character set of the contract cannot hold.
func TestCharsetLacks(t *testing.T) {
	t.Parallel()
	c := ines.ReferenceContract()
	c.Charset = "ISO-8859-1"
	s := inestest.NewServer(t, inestest.Config{Contract: c})
	p := hans
	p.BirthName = "Cœur" // œ is in ISO-8859-15 and not in ISO-8859-1
	_, err := soapClient(t, s).Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: p, UAI: lorrain})
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("got %v (%v), want invalid, not sent", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "requests", s.Received(ines.OpRegister), 0)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	account := ines.Credentials{Username: "univ-exemple", Password: "mot de passe é"}
	wrong := ines.Credentials{Username: "univ-exemple", Password: "autre"}
	with := func(f func(*ines.Contract)) func(*ines.SOAPConfig) {
		return func(cfg *ines.SOAPConfig) { cfg.Contract.Basic = nil; f(&cfg.Contract) }
	}
	tests := map[string]struct {
		set  func(*ines.SOAPConfig)
		want error
	}{
		"basic":        {with(func(c *ines.Contract) { c.Basic = &account }), nil},
		"wrong basic":  {with(func(c *ines.Contract) { c.Basic = &wrong }), passerelle.ErrForbidden},
		"text":         {with(func(c *ines.Contract) { c.Header = ines.UsernameToken(account, false) }), nil},
		"digest":       {with(func(c *ines.Contract) { c.Header = ines.UsernameToken(account, true) }), nil},
		"wrong digest": {with(func(c *ines.Contract) { c.Header = ines.UsernameToken(wrong, true) }), passerelle.ErrUnauthorized},
		"nothing":      {with(func(*ines.Contract) {}), passerelle.ErrUnauthorized},
	}
	for _, version := range []string{"1.1", "1.2"} {
		for name, tc := range tests {
			t.Run(version+" "+name, func(t *testing.T) {
				t.Parallel()
				contract := ines.ReferenceContract()
				contract.SOAP = version
				s := inestest.NewServer(t, inestest.Config{Account: account, Contract: contract})
				add(t, s, anais, rnie)
				c := soapClient(t, s, tc.set)
				for range 2 { // a nonce must not come twice
					_, _, err := ask(t.Context(), c, ines.OpVerify)
					if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
						t.Errorf("got %v, want %v", err, tc.want)
					}
				}
				_, _, err := ask(t.Context(), c, ines.OpRegister)
				testutil.Equal(t, "outcome of a registration", passerelle.OutcomeOf(err), passerelle.Answered)
			})
		}
	}
	t.Run("renewed for each attempt", func(t *testing.T) {
		t.Parallel()
		s := inestest.NewServer(t, inestest.Config{Account: account})
		add(t, s, anais, rnie)
		s.Script(ines.OpVerify, inestest.AnswerLost, inestest.Unavailable)
		_, _, err := ask(t.Context(), soapClient(t, s, tests["digest"].set), ines.OpVerify)
		if err != nil {
			t.Errorf("third attempt with a digest: %v", err)
		}
		testutil.Equal(t, "requests", s.Received(ines.OpVerify), 3)
	})
}

func TestHooks(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	add(t, s, anais, rnie)
	signed := 0
	c := soapClient(t, s, func(cfg *ines.SOAPConfig) {
		cfg.Contract.Header = func(context.Context) ([]byte, error) { return []byte(`<x:a xmlns:x="urn:x">b</x:a>`), nil }
		cfg.Contract.Sign = func(envelope []byte) ([]byte, error) {
			if !bytes.Contains(envelope, []byte(`<x:a xmlns:x="urn:x">b</x:a>`)) {
				t.Errorf("the envelope to sign lacks the header: %s", envelope)
			}
			signed++
			return envelope, nil
		}
	})
	s.Script(ines.OpVerify, inestest.Unavailable)
	if _, _, err := ask(t.Context(), c, ines.OpVerify); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "signatures for two attempts", signed, 2)

	broken := errors.New("the card is not in the reader")
	c = soapClient(t, s, func(cfg *ines.SOAPConfig) { cfg.Contract.Sign = func([]byte) ([]byte, error) { return nil, broken } })
	_, _, err := ask(t.Context(), c, ines.OpRegister)
	if !errors.Is(err, broken) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("got %v (%v), want the hook's error, not sent", err, passerelle.OutcomeOf(err))
	}
}

// TestErrorRules answers with codes that the contract has rules for.
func TestErrorRules(t *testing.T) {
	t.Parallel()
	const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>`
	fault := func(class, code string) string {
		return fmt.Sprintf(`<s:Fault><faultcode>s:%s</faultcode><faultstring>mots du service</faultstring><detail><erreur xmlns="urn:x"><code>%s</code><message>des mots</message></erreur></detail></s:Fault>`, class, code)
	}
	answer := func(status, code string) string {
		return fmt.Sprintf(`<i:immatriculerReponse xmlns:i=%q><i:statut>%s</i:statut><i:code>%s</i:code><i:message>des mots</i:message></i:immatriculerReponse>`, ines.ReferenceNamespace, status, code)
	}
	const unknown, answered = passerelle.Unknown, passerelle.Answered
	tests := map[string]struct {
		status  int
		body    string
		answer  ines.Status
		err     error
		code    string
		outcome passerelle.Outcome
	}{
		"fault mapped to a status":   {500, fault("Server", "DOUBLON"), ines.StatusLitige, nil, "DOUBLON", answered},
		"fault mapped to a kind":     {500, fault("Server", "DROIT"), "", passerelle.ErrForbidden, "DROIT", unknown},
		"fault that refuses":         {500, fault("Server", "FERME-12"), "", passerelle.ErrUnavailable, "FERME-12", answered},
		"fault of the server":        {500, fault("Server", "X"), "", passerelle.ErrUnavailable, "X", unknown},
		"fault of the client":        {500, fault("Client", "X"), "", passerelle.ErrInvalid, "X", answered},
		"client, refined":            {500, fault("Client.Authentication", "X"), "", passerelle.ErrInvalid, "X", answered},
		"fault with status 200":      {200, fault("Client", "X"), "", passerelle.ErrInvalid, "X", answered},
		"version":                    {500, fault("VersionMismatch", "X"), "", passerelle.ErrProtocol, "X", answered},
		"unknown fault code":         {500, fault("Lune", "X"), "", passerelle.ErrUnavailable, "X", unknown},
		"code of an answer, status":  {200, answer("ERR_IMAT", "DOUBLON"), ines.StatusLitige, nil, "DOUBLON", answered},
		"code of an answer, kind":    {200, answer("ERR_IMAT", "FERME-1"), "", passerelle.ErrUnavailable, "FERME-1", answered},
		"code of an answer, no rule": {200, answer("ERR_IMAT", "X"), ines.StatusRegisterError, nil, "X", answered},
		"status of no known word":    {200, answer("PEUT-ETRE", "X"), "PEUT-ETRE", nil, "X", answered},
		"no status":                  {200, answer("", "X"), "", passerelle.ErrProtocol, "X", unknown},
		"confirmed without number":   {200, answer("CONFIRME", "X"), "", passerelle.ErrProtocol, "X", unknown},
		"answer with status 500":     {500, answer("ERR_IMAT", "X"), "", passerelle.ErrUnavailable, "", unknown},
		"empty body":                 {200, ``, "", passerelle.ErrProtocol, "", unknown},
		"another answer":             {200, `<x xmlns="urn:x"/>`, "", passerelle.ErrProtocol, "", unknown},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(envelope, tc.body)
			arrived := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				arrived++
				w.Header().Set("Content-Type", "text/xml; charset=utf-8")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, body)
			}))
			t.Cleanup(server.Close)
			contract := ines.ReferenceContract()
			contract.Errors = []ines.ErrorRule{
				{Code: "DOUBLON", Status: ines.StatusLitige}, {Code: "DROIT", Kind: ines.KindForbidden}, {Code: "FERME-*", Kind: ines.KindUnavailable, Refused: true},
			}
			c, err := ines.NewSOAP(ines.SOAPConfig{Contract: contract, Endpoint: server.URL, Transport: transport.Config{Retry: quick}})
			if err != nil {
				t.Fatal(err)
			}
			a, _, err := ask(t.Context(), c, ines.OpRegister)
			if !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			testutil.Equal(t, "outcome", passerelle.OutcomeOf(err), tc.outcome)
			testutil.Equal(t, "requests", arrived, 1)
			code, message, raw := a.Code, a.Message, a.Raw
			if e, ok := errors.AsType[*ines.Error](err); ok {
				code, message, raw = e.Code, e.Message, e.Raw
				testutil.Equal(t, "HTTP status", e.HTTP, tc.status)
			}
			testutil.Equal(t, "code", code, tc.code)
			testutil.Equal(t, "payload", string(raw), body)
			if tc.code != "" {
				testutil.Equal(t, "message", message, "des mots")
			}
			if err == nil {
				testutil.Equal(t, "status", a.Status, tc.answer)
			}
		})
	}
}

// TestPages are HTTP answers that are no SOAP.
func TestPages(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		err     error
		outcome passerelle.Outcome
	}{
		200: {passerelle.ErrProtocol, passerelle.Unknown},
		302: {passerelle.ErrProtocol, passerelle.Answered},
		400: {passerelle.ErrUnavailable, passerelle.Answered},
		401: {passerelle.ErrUnauthorized, passerelle.Answered},
		403: {passerelle.ErrForbidden, passerelle.Answered},
		404: {passerelle.ErrUnavailable, passerelle.Answered},
		408: {passerelle.ErrUnavailable, passerelle.Unknown},
		429: {passerelle.ErrRateLimited, passerelle.Answered},
		500: {passerelle.ErrUnavailable, passerelle.Unknown},
		502: {passerelle.ErrUnavailable, passerelle.Unknown},
		503: {passerelle.ErrUnavailable, passerelle.Unknown},
		504: {passerelle.ErrUnavailable, passerelle.Unknown},
	}
	for status, tc := range tests {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Location", "/login")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>bonjour</html>")
			}))
			t.Cleanup(server.Close)
			c, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: server.URL, Transport: transport.Config{Retry: quick}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = ask(t.Context(), c, ines.OpRegister)
			if !errors.Is(err, tc.err) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			if errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("%v says that somebody is not known", err)
			}
			testutil.Equal(t, "outcome", passerelle.OutcomeOf(err), tc.outcome)
		})
	}
}

// TestFollowUpOneByOne has a contract that takes one request id at a time.
func TestFollowUpOneByOne(t *testing.T) {
	t.Parallel()
	contract := ines.ReferenceContract()
	x := contract.Operations[ines.OpFollowUp]
	x.Fields = slices.Clone(x.Fields)
	x.Fields[1].Repeated = false
	contract.Operations[ines.OpFollowUp] = x
	s := inestest.NewServer(t, inestest.Config{Contract: contract})
	c := soapClient(t, s)
	var ids []string
	for i, p := range []passerelle.Person{anais, hans} {
		a, err := c.Register(t.Context(), ines.RegisterRequest{Student: fmt.Sprint("S-", i), Person: p, UAI: lorrain})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.RequestID)
	}
	var students []string
	for a, err := range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain, RequestIDs: ids, Since: s.Now().Add(time.Hour)}) {
		if err != nil {
			t.Fatal(err)
		}
		students = append(students, a.Student)
	}
	testutil.Equal(t, "students", students, []string{"S-0", "S-1"})
	testutil.Equal(t, "calls", s.Received(ines.OpFollowUp), 2)
}

// TestFollowUpRows has one answer that cannot be used between two that can.
func TestFollowUpRows(t *testing.T) {
	t.Parallel()
	row := func(student, rest string) string {
		return `<demande><statut>CONFIRME</statut>` + rest + `<referenceEtudiant>` + student + `</referenceEtudiant></demande>`
	}
	body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><suivreDemandesReponse xmlns="` + ines.ReferenceNamespace + `">` +
		row("S-1", `<ineMaitre>223456789HE</ineMaitre>`) + row("S-2", `<ineMaitre>perdu</ineMaitre>`) + row("S-3", `<ineMaitre>0494004062M</ineMaitre>`) +
		`</suivreDemandesReponse></s:Body></s:Envelope>`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	c, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for a, err := range c.FollowUp(t.Context(), ines.FollowUpRequest{UAI: lorrain}) {
		got = append(got, fmt.Sprintf("%s %s %v", a.Student, a.Master, errors.Is(err, passerelle.ErrProtocol)))
		if len(a.Raw) == 0 {
			t.Errorf("%s: no payload", a.Student)
		}
	}
	testutil.Equal(t, "rows", got, []string{"S-1 223456789HE false", "S-2  true", "S-3 0494004062M false"})
}

// TestLongFollowUp has an answer longer than the transport takes by default.
func TestLongFollowUp(t *testing.T) {
	t.Parallel()
	body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><suivreDemandesReponse xmlns="` + ines.ReferenceNamespace + `">` +
		strings.Repeat(" ", transport.DefaultMaxBody) + `</suivreDemandesReponse></s:Body></s:Envelope>`
	for maxBody, want := range map[int64]error{0: nil, 1 << 20: passerelle.ErrProtocol} {
		c, err := ines.NewSOAP(ines.SOAPConfig{
			Contract: ines.ReferenceContract(), Endpoint: "http://ines.invalid",
			Transport: transport.Config{Base: canned{200, "text/xml", []byte(body)}, Retry: once, MaxBody: maxBody},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ask(t.Context(), c, ines.OpFollowUp); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("MaxBody %d: got %v, want %v", maxBody, err, want)
		}
	}
}

func TestNewSOAPFaults(t *testing.T) {
	t.Parallel()
	_, err := ines.NewSOAP(ines.SOAPConfig{})
	testutil.Equal(t, "empty", faultNames(t, err), []string{
		"Contract.SOAP value", "Contract.Namespace required", "Contract.Operations required", "Contract.Sex required",
	})
	_, err = ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Transport: transport.Config{MaxBody: -1}})
	testutil.Equal(t, "no endpoint", faultNames(t, err), []string{"Endpoint required", "Transport.MaxBody range"})

	contract := ines.ReferenceContract()
	delete(contract.Operations, ines.OpSearch)
	c, err := ines.NewSOAP(ines.SOAPConfig{Contract: contract, Endpoint: "https://ines.invalid/"})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := ines.NewREST(ines.RESTConfig{BaseURL: ines.RESTProduction, Username: "u", Password: "p", Channel: "c"})
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[ines.Operation][2]bool{
		ines.OpVerify: {true, true}, ines.OpSearch: {false, false}, ines.OpRegister: {true, false}, ines.OpFollowUp: {true, false}, "effacement": {false, false},
	} {
		testutil.Equal(t, "SOAP and REST can "+string(op), [2]bool{ines.Can(c, op), ines.Can(rest, op)}, want)
	}
	_, err = c.Search(t.Context(), ines.SearchRequest{Person: anais})
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("search without the operation: got %v, want invalid, not sent", err)
	}
}
