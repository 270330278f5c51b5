package apogee_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// recorder keeps the last exchange.
type recorder struct {
	mu              sync.Mutex
	request, answer []byte
	header          http.Header
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.request, r.answer, r.header = sent, got, req.Header
	if err == nil {
		err = io.EOF
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(got), iotest.ErrReader(err)))
	return resp, nil
}

// services starts a fake and returns a client of it that does not wait between retries.
func services(tb testing.TB, cfg apogeetest.Config, change ...func(*apogee.Config)) (*apogee.Client, *apogeetest.Server, *recorder) {
	tb.Helper()
	server := apogeetest.NewServer(tb, cfg)
	r := &recorder{}
	c := server.Config()
	c.Transport = transport.Config{Base: r, Retry: transport.RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond}}
	for _, f := range change {
		f(&c)
	}
	client, err := apogee.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return client, server, r
}

// complete returns the RNIE number of nine digits.
func complete(body string) string {
	n, err := ine.Complete(ine.RNIE, body)
	if err != nil {
		panic(err)
	}
	return n.String()
}

// calls are all operations, each as its own answer.
func calls(ctx context.Context, c *apogee.Client) []struct {
	name string
	do   func() (any, error)
} {
	return []struct {
		name string
		do   func() (any, error)
	}{
		{"identifiers", func() (any, error) {
			return c.Identifiers(ctx, apogee.IdentifiersRequest{Name: "L'ŒUVRE & CIE €", GivenName: "Zoë", BirthDate: "28/02/2007", Directory: "TOUS"})
		}},
		{"identifiers-ine", func() (any, error) {
			return c.Identifiers(ctx, apogee.IdentifiersRequest{INE: strings.ToLower(complete("240000003"))})
		}},
		{"student", func() (any, error) { return c.Identity(ctx, "22600001") }},
		{"addresses", func() (any, error) { return c.Addresses(ctx, "22600001", "2026", "O") }},
		{"list", func() (any, error) {
			var all []apogee.Listed
			for l, err := range c.List(ctx, apogee.ListRequest{Year: "2026", Steps: []apogee.Versioned{{Code: "MASB1", Versions: []string{"1", "2"}}, {Code: "DUTG1"}}, Diplomas: []apogee.Versioned{{Code: "BUTGME"}},
				Components: []string{"UF9"}, Regime: "1", ExchangeCountries: []string{"109", "132"}}) {
				if err != nil {
					return nil, err
				}
				all = append(all, l)
			}
			return all, nil
		}},
		{"years", func() (any, error) { return c.Years(ctx, "22600000") }},
		{"annual", func() (any, error) { return c.Annual(ctx, "22600000", "2026") }},
		{"steps", func() (any, error) { return c.Steps(ctx, "22600000", "2026") }},
	}
}

// Goldens of every request and answer, and of what is made of them.
func TestWire(t *testing.T) {
	t.Parallel()
	for style, name := range map[apogeetest.NilStyle]string{apogeetest.NilAttribute: "nil", apogeetest.NilMixed: "mixed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := apogeetest.Config{Seed: 3, Students: 8, Nil: style, Offset: "+02:00"}
			client, server, r := services(t, cfg)
			if _, err := server.DB().Exec(`UPDATE INDIVIDU SET LIB_NOM_PAT_IND = 'L''ŒUVRE & CIE €', LIB_PR1_IND = 'Zoë' WHERE COD_IND = 100002`); err != nil {
				t.Fatal(err)
			}
			for _, call := range calls(t.Context(), client) {
				got, err := call.do()
				if err != nil {
					t.Errorf("%s: %v", call.name, err)
					continue
				}
				text, err := json.MarshalIndent(got, "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				if style == apogeetest.NilAttribute {
					testutil.Golden(t, "wire/"+call.name+"-request.xml", r.request)
				}
				testutil.Golden(t, "wire/"+call.name+"-answer-"+name+".xml", r.answer)
				testutil.Golden(t, "wire/"+call.name+".json", append(text, '\n')) // the same for every style
				action := map[string][]string(r.header)["SOAPAction"]             // in this case, which old servers look for
				testutil.Equal(t, "SOAPAction", action, []string{`""`})
				testutil.Equal(t, "content type", r.header.Get("Content-Type"), "text/xml; charset=ISO-8859-15")
			}
		})
	}
}

// The other styles, encodings and contracts give the same values.
func TestVariants(t *testing.T) {
	t.Parallel()
	plain, _, _ := services(t, apogeetest.Config{Seed: 3, Students: 8})
	want, err := plain.Identity(t.Context(), "22600003")
	if err != nil {
		t.Fatal(err)
	}
	older := apogee.DefaultContract()
	older.Calls[apogee.OpStudent] = apogee.Call{Service: apogee.EtudiantMetier, Request: "recupererInfosAdmEtu_v3"}
	older.Calls[apogee.OpIdentifiers] = apogee.Call{Service: apogee.EtudiantMetier, Request: "recupererIdentifiantsEtudiant"}
	older.Namespaces[apogee.EtudiantMetier] = "urn:ecole:EtudiantMetier"
	older.SplitINE, older.Charset = true, "UTF-8"
	for name, cfg := range map[string]apogeetest.Config{
		"empty":    {Nil: apogeetest.NilEmpty},
		"absent":   {Nil: apogeetest.NilAbsent},
		"UTF-8":    {Charset: "UTF-8"},
		"basic":    {Username: "lecteur", Password: "mot de passe"},
		"gateway":  {KeyHeader: "X-Gravitee-Api-Key", Key: "clé"},
		"contract": {Contract: older},
	} {
		cfg.Seed, cfg.Students = 3, 8
		client, server, r := services(t, cfg)
		got, err := client.Identity(t.Context(), "22600003")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		testutil.Equal(t, name, got, want)
		ids, err := client.Identifiers(t.Context(), apogee.IdentifiersRequest{INE: want.INE})
		if err != nil || ids.CodEtu != "22600003" || ids.INE != want.INE {
			t.Errorf("%s: found %s by INE, %v; want 22600003", name, ids.CodEtu, err)
		}
		if name == "contract" && (!strings.Contains(string(r.request), "<_numINE>240000003</_numINE><_cleINE>") || !strings.Contains(string(r.request), `xmlns:ser="urn:ecole:EtudiantMetier"`)) {
			t.Errorf("request of the older contract: %s", string(r.request))
		}
		if cfg.Username+cfg.Key == "" {
			continue
		}
		bare := server.Config()
		bare.Username, bare.Header = "", nil
		other, err := apogee.New(bare)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Identity(t.Context(), "22600003"); !errors.Is(err, passerelle.ErrUnauthorized) {
			t.Errorf("%s: without credentials %v, want ErrUnauthorized", name, err)
		}
	}
}

// A birthday stays the day that is written, whatever the offset.
func TestBirthDateOffset(t *testing.T) {
	t.Parallel()
	for _, offset := range []string{"", "Z", "+02:00", "-11:00", "+14:00", ".000+01:00"} {
		client, server, _ := services(t, apogeetest.Config{Students: 1, Offset: offset})
		if _, err := server.DB().Exec(`UPDATE INDIVIDU SET DATE_NAI_IND = '2007-03-01'`); err != nil {
			t.Fatal(err)
		}
		identity, err := client.Identity(t.Context(), "22600000")
		if err != nil {
			t.Fatal(err)
		}
		s, err := identity.Student()
		if err != nil || s.Person.BirthDate != passerelle.NewDate(2007, 3, 1) {
			t.Errorf("%s is %v, %v; want 2007-03-01", identity.BirthDate, s.Person.BirthDate, err)
		}
	}
}

// The taxonomy, the retries and the words of each fault; no text of ours is personal.
func TestFaults(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	client, server, _ := services(t, apogeetest.Config{Students: 2, Delay: 10 * time.Millisecond}, func(c *apogee.Config) { c.Transport.Logger = leaks.Logger() })
	leaks.Secret(t, "22600000")
	seen := map[apogeetest.Fault]bool{}
	for _, c := range []struct {
		fault apogeetest.Fault
		is    error // nil: answered well
		calls int
		text  string
	}{
		{apogeetest.Unavailable, passerelle.ErrUnavailable, 3, "503 Service Unavailable"},
		{apogeetest.Maintenance, passerelle.ErrProtocol, 1, "apogee: student: protocol: want an Envelope of SOAP 1.1"},
		{apogeetest.Unauthorized, passerelle.ErrUnauthorized, 1, "401"},
		{apogeetest.RemoteError, passerelle.ErrUnavailable, 3, "apogee: student: unavailable (technical.remoteerror.apogee)"},
		{apogeetest.NullRetrieve, passerelle.ErrNotFound, 1, "apogee: student: not found (technical.data.nullretrieve.etudiant)"},
		{apogeetest.FaultIn200, passerelle.ErrNotFound, 1, "apogee: student: not found (technical.data.nullretrieve.etudiant)"},
		{apogeetest.UnknownFault, passerelle.ErrUnavailable, 1, "apogee: student: unavailable"},
		{apogeetest.Slow, nil, 1, ""},
		{apogeetest.Truncated, passerelle.ErrUnavailable, 3, "connection closed before the end of the answer"},
		{apogeetest.WrongCharset, passerelle.ErrProtocol, 1, "apogee: student: protocol: want"},
		{apogeetest.OtherName, passerelle.ErrProtocol, 1, "want the element recupererInfosAdmEtu_v4Response; another Apogée version names it otherwise: see Contract"},
		{apogeetest.Doctype, passerelle.ErrProtocol, 1, "apogee: student: protocol: want a SOAP envelope"},
		{apogeetest.Duplicated, nil, 1, ""},
	} {
		seen[c.fault] = true
		before := server.Calls(apogee.OpStudent)
		server.Always(apogee.OpStudent, c.fault)
		got, err := client.Identity(t.Context(), "22600000")
		leaks.Error(err)
		switch {
		case c.is == nil && (err != nil || got.CodEtu != "22600000"):
			t.Errorf("%s: %q, %v; want the student", c.fault, got.CodEtu, err)
		case c.is != nil && (!errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text)):
			t.Errorf("%s: error %v, want %v and %q", c.fault, err, c.is, c.text)
		}
		if n := server.Calls(apogee.OpStudent) - before; n != c.calls {
			t.Errorf("%s: %d calls, want %d", c.fault, n, c.calls)
		}
		if e, ok := errors.AsType[*apogee.Error](err); ok && c.fault == apogeetest.UnknownFault {
			testutil.Equal(t, "words of the service", e.Fault, []string{"Erreur interne pour 22600000"})
			if passerelle.OutcomeOf(err) != passerelle.Answered {
				t.Errorf("outcome %v, want answered", passerelle.OutcomeOf(err))
			}
		}
	}
	for _, f := range apogeetest.Faults() {
		if !seen[f] {
			t.Errorf("fault %s is not tested", f)
		}
	}
	server.Always(apogee.OpStudent, apogeetest.NoFault)
	leaks.Check(t)

	// Trouble that passes is not seen by the caller.
	server.Script(apogee.OpStudent, apogeetest.RemoteError, apogeetest.Unavailable)
	if _, err := client.Identity(t.Context(), "22600001"); err != nil {
		t.Errorf("after two refusals: %v, want the student", err)
	}
	for name, c := range map[string]struct {
		id string
		is error
	}{"nobody": {"1", passerelle.ErrNotFound}, "no number": {"abc", passerelle.ErrInvalid}} {
		if _, err := client.Identity(t.Context(), c.id); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
	for name, f := range map[string]func() (int, error){
		"years":  func() (int, error) { all, err := client.Years(t.Context(), "1"); return len(all), err },
		"annual": func() (int, error) { all, err := client.Annual(t.Context(), "22600000", "1999"); return len(all), err },
		"steps":  func() (int, error) { all, err := client.Steps(t.Context(), "22600000", "1999"); return len(all), err },
	} {
		if n, err := f(); n != 0 || err != nil {
			t.Errorf("%s of nobody: %d, %v; want none and no error", name, n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Identity(ctx, "22600000"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Faults that rules of a school know.
func TestFaultRules(t *testing.T) {
	t.Parallel()
	client, server, _ := services(t, apogeetest.Config{Students: 1}, func(c *apogee.Config) {
		c.Faults = append([]apogee.FaultRule{{Word: "erreur interne", Kind: passerelle.ErrForbidden}}, apogee.DefaultFaults()...)
	})
	server.Always(apogee.OpStudent, apogeetest.UnknownFault)
	if _, err := client.Identity(t.Context(), "22600000"); !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("error %v, want ErrForbidden", err)
	}
}

// What is wrong with a configuration, all at once.
func TestConfigFaults(t *testing.T) {
	t.Parallel()
	contract := apogee.DefaultContract()
	contract.Charset = "EBCDIC"
	contract.Calls[apogee.OpYears] = apogee.Call{Service: "Autre", Request: "x"}
	contract.Calls[apogee.OpList] = apogee.Call{Service: apogee.EtudiantMetier, Request: "a b"}
	_, err := apogee.New(apogee.Config{
		URL: "https://u:p@host/", Services: map[string]apogee.Endpoint{apogee.EtudiantMetier: {URL: "host"}}, Contract: contract,
		Faults: []apogee.FaultRule{{Word: "Upper", Kind: passerelle.ErrInvalid}}, Transport: transport.Config{MaxBody: -1},
	})
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	if !ok {
		t.Fatalf("error %v, want FieldErrors", err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, "fields", fields, []string{"URL", "Services.EtudiantMetier.URL", "Faults", "Contract.Charset", "Contract.Calls.list", "Contract.Namespaces.Autre", "Transport.MaxBody"})

	contract = apogee.DefaultContract()
	delete(contract.Calls, apogee.OpAddresses)
	client, server, _ := services(t, apogeetest.Config{Students: 1}, func(c *apogee.Config) {
		c.Contract = contract
		c.Services = map[string]apogee.Endpoint{apogee.EtudiantMetier: {URL: c.URL + "/EtudiantMetier?wsdl"}} // as some sites have it
	})
	if _, err := client.Addresses(t.Context(), "22600000", "", ""); !errors.Is(err, passerelle.ErrInvalid) || server.Calls(apogee.OpAddresses) != 0 {
		t.Errorf("operation out of the contract: %v and %d calls, want ErrInvalid and none", err, server.Calls(apogee.OpAddresses))
	}
	if _, err := client.Identity(t.Context(), "22600000"); err != nil {
		t.Errorf("address with ?wsdl: %v", err)
	}
	for i, r := range []apogee.IdentifiersRequest{{}, {Directory: "O"}} {
		if _, err := client.Identifiers(t.Context(), r); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: nobody asked for: %v, want ErrInvalid", i, err)
		}
	}
	for i, r := range []apogee.ListRequest{{}, {Year: "2026"}} {
		for _, err := range client.List(t.Context(), r) {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("%d: list of everybody: %v, want ErrInvalid", i, err)
			}
		}
	}
}

// What a service writes for people that the neutral form cannot hold.
func TestIdentityStudent(t *testing.T) {
	t.Parallel()
	good := apogee.Identity{CodEtu: "1", Sex: "F", LegalSex: "M", GivenName1: "Alex", LegalGivenName: "Alexandre", BirthDate: "2007-03-01T00:00:00+01:00", BirthTown: "BREST"}
	good.BirthDepartment.Code, good.BirthCountry.Code, good.Nationality.Code = "029", "100", "109"
	s, err := good.Student()
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "student", s, passerelleStudent("1", passerelle.Person{
		GivenNames: [3]string{"Alexandre"}, Sex: passerelle.SexMale, BirthDate: passerelle.NewDate(2007, 3, 1),
		Birthplace: passerelle.Birthplace{Country: "99100", Name: "BREST (029)"}}, "99109"))
	for field, change := range map[string]func(*apogee.Identity){
		"numEtu":        func(i *apogee.Identity) { i.CodEtu = "" },
		"sexe":          func(i *apogee.Identity) { i.LegalSex = "Z" },
		"dateNaissance": func(i *apogee.Identity) { i.BirthDate = "01/03/2007" },
		"paysNaissance": func(i *apogee.Identity) { i.BirthCountry.Code = "29019" },
	} {
		bad := good
		change(&bad)
		_, err := bad.Student()
		if err == nil || !strings.Contains(err.Error(), "column "+field) || !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: %v, want a row error", field, err)
		}
	}
	if text := fmt.Sprint(good.LogValue(), s.LogValue()); strings.Contains(text, "Alex") {
		t.Errorf("log value %s is personal", text)
	}
}
