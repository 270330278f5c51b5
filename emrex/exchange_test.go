package emrex_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://sis.example.fr/emrex/return", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	return r
}

const (
	knownSession = "0123456789abcdef0123456789abcdef"
	contactURL   = "https://emp.example.fr/emrex"
)

// sessions has the session that the published forms know.
func sessions(t testing.TB) *emrex.MemorySessions {
	t.Helper()
	s := &emrex.MemorySessions{}
	if err := s.Open(t.Context(), emrex.Session{ID: knownSession, Provider: contactURL, Opened: time.Now(), Bound: "csv:1"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func client(t testing.TB, s emrex.Sessions, certificates ...*x509.Certificate) *emrex.Client {
	t.Helper()
	c, err := emrex.NewClient(emrex.ClientConfig{
		Directory: emrex.Static{{Name: "UEX", URL: contactURL, Certificates: certificates}, {Name: "other", URL: "https://other.example/", Certificates: certificates}},
		Sessions:  s, ReturnURL: "https://sis.example.fr/emrex/return", Legacy: emrex.SHA1, MaxDocument: 1 << 20, MaxForm: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForms plays every published form body to the side that receives it.
func TestForms(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/emrex")
	f, err := os.Open(filepath.Join(folder, "forms.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var form struct{ Name, Direction, Body, Expect string }
		if err := json.Unmarshal(lines.Bytes(), &form); err != nil {
			t.Fatal(err)
		}
		n++
		var got string
		if form.Direction == "client-to-emp" {
			got = "accepted"
			if q, err := emrex.ReadRequest(post(form.Body)); err != nil {
				got = "refused"
			} else if q.ReturnURL != "https://sis.example.fr/emrex/return" {
				t.Errorf("%s: %+v", form.Name, q)
			}
		} else {
			r, err := client(t, sessions(t), certificate(t, filepath.Join(folder, "signed-own/emp.pem"))).Return(t.Context(), post(form.Body))
			refused, _ := errors.AsType[*emrex.ReturnError](err)
			switch {
			case refused != nil && refused.Rule == "session":
				got = "refused"
			case refused != nil:
				got = "malformed"
			default:
				got = map[emrex.Outcome]string{emrex.Results: "ok", emrex.NoResults: "no-results", emrex.Cancelled: "cancelled", emrex.Failed: "error"}[r.Outcome]
				if r.Session.Bound != "csv:1" || (r.Document != nil) != (got == "ok") || strings.Contains(form.Body, "texte") && r.Message != "texte é & = +" {
					t.Errorf("%s: %+v", form.Name, r)
				}
			}
		}
		if want := form.Expect; got != want && !(strings.HasPrefix(want, "choice: ok") && got == "ok") {
			t.Errorf("%s: %s; want %s", form.Name, got, want)
		}
	}
	if n < 20 {
		t.Errorf("%d forms; want 20 or more", n)
	}
}

// TestCompare computes the published matches, and what is seen without accents.
func TestCompare(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join(testutil.Shared(t, "fixtures/emrex"), "person_match_vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type name struct{ Given, Family, Birth string }
	folded := map[int]bool{0: true, 4: true, 5: true, 6: true, 7: true, 8: true, 10: true}
	lines := bufio.NewScanner(f)
	n := 0
	for ; lines.Scan(); n++ {
		var v struct {
			Local, Elmo name
			Distance    int     `json:"edit_distance"`
			Score       int     `json:"smp_score"`
			Ratio       float64 `json:"fi_ratio"`
			Verified    bool    `json:"fi_verified"`
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		p := passerelle.Person{BirthName: v.Local.Family, BirthDate: passerelle.MustParseDate(v.Local.Birth)}
		copy(p.GivenNames[:], strings.Fields(v.Local.Given))
		m := emrex.Compare(elmo.Learner{GivenNames: v.Elmo.Given, FamilyName: v.Elmo.Family, BirthDay: v.Elmo.Birth}, p)
		if m.Family+m.Given != v.Distance || m.Score != v.Score || math.Abs(m.Ratio-v.Ratio) > 1e-6 || m.ByField() != v.Verified || m.Folded() != folded[n] {
			t.Errorf("%d: %s, by the field %v, folded %v; want %+v and folded %v", n, m, m.ByField(), m.Folded(), v, folded[n])
		}
		if strings.Contains(m.String(), v.Local.Family) {
			t.Errorf("%d: the figures show a name", n)
		}
	}
	if n != 11 {
		t.Errorf("%d vectors; want 11", n)
	}
	usage := passerelle.Person{BirthName: "LEFÈVRE", UsageName: "Diop", GivenNames: [3]string{"Zoé"}, BirthDate: passerelle.MustParseDate("2003-02-28")}
	if m := emrex.Compare(elmo.Learner{GivenNames: "ZOE", FamilyName: "DIOP", DateOfBirth: "2003-02-28+01:00"}, usage); !m.Folded() || m.ByField() {
		t.Errorf("the usage name: %s", m)
	}
	if m := emrex.Compare(elmo.Learner{GivenNames: "Zoé", FamilyName: "-", BirthDay: "2003-02-28"}, passerelle.Person{GivenNames: [3]string{"Zoé"}, BirthDate: usage.BirthDate}); m.Folded() {
		t.Errorf("nobody's family name is everybody's: %s", m)
	}
	if m := emrex.Compare(elmo.Learner{FamilyName: strings.Repeat("x", 1<<20)}, usage); m.Birth != emrex.BirthUnknown || m.Folded() {
		t.Errorf("a long name: %s", m)
	}
}

// TestDirectory reads the list in both spellings and the catalogue.
func TestDirectory(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/emrex/emreg")
	for _, name := range []string{"list-emps.sample.json", "list-ncps.sample.json"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		list, dropped, err := emrex.ReadList(bytes.NewReader(data))
		if err != nil || len(list) == 0 || list[0].Name != "UEX" || list[0].Country != "FR" || !list[0].SingleFetch || list[0].URL != contactURL || len(list[0].Certificates) != 1 {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
		if len(dropped) == 0 {
			t.Errorf("%s: the null entry is not told", name)
		}
	}
	data, err := os.ReadFile(filepath.Join(folder, "catalogue-emrex.sample.xml"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := registry.Parse(bytes.NewReader(data), registry.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := emrex.Catalogue{Catalogue: x}.Providers(t.Context())
	if err != nil || len(list) != 1 || list[0].URL != contactURL || len(list[0].Certificates) != 2 || list[0].Institutions[0] != "Université d'Exemple" {
		t.Errorf("catalogue: %+v, %v", list, err)
	}
	// What another host of the network declares for the same address.
	first, second := base64.StdEncoding.EncodeToString(list[0].Certificates[0].Raw), base64.StdEncoding.EncodeToString(list[0].Certificates[1].Raw)
	stranger, _ := own(t)
	forged := base64.StdEncoding.EncodeToString(stranger.cert.Raw)
	for i, c := range []struct {
		certificates []string
		want         int // certificates that count; 0 for a contact point that is dropped
	}{
		0: {[]string{first, second}, 2}, 1: {[]string{first}, 1}, 2: {[]string{first, forged}, 1}, 3: {[]string{forged}, 0},
	} {
		host := `<host><apis-implemented><d:emrex-data-access-point version="1.0.0"><d:url>` + contactURL + `</d:url><d:name>Other</d:name><d:country-code>FR</d:country-code><d:institution>Other</d:institution>`
		for _, certificate := range c.certificates {
			host += "<d:certificate>" + certificate + "</d:certificate>"
		}
		host += `</d:emrex-data-access-point></apis-implemented><institutions-covered><hei-id>other.example</hei-id></institutions-covered></host>`
		for _, whole := range []string{strings.Replace(string(data), "<institutions/>", host+"<institutions/>", 1), strings.Replace(string(data), "<host>", host+"<host>", 1)} {
			x, err := registry.Parse(strings.NewReader(whole), registry.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			list, dropped := emrex.FromCatalogue(x)
			switch {
			case c.want == 0:
				if len(list) != 0 || len(dropped) != 1 || dropped[0].Rule != "ambiguous" {
					t.Errorf("%d: %+v, %v; want nothing believed", i, list, dropped)
				}
			case len(list) != 1 || len(list[0].Certificates) != c.want || len(list[0].Institutions) != 2:
				t.Errorf("%d: %+v, %v; want %d certificates", i, list, dropped, c.want)
			}
		}
	}
	pem := func(names ...string) string {
		var all []byte
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(folder, "../signed-own", name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		quoted, err := json.Marshal(string(all))
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	}
	for i, text := range []string{
		0: `{"emps":[],"ncps":[{"url":"` + contactURL + `","pubKey":` + pem("emp.pem", "other.pem") + `}]}`,
		1: `{"ncps":[{"url":"` + contactURL + `","pubKey":` + pem("emp.pem") + `},{"url":"` + contactURL + `","pubKey":` + pem("other.pem") + `},{"url":"` + contactURL + `","pubKey":` + pem("emp.pem") + `}]}`,
	} {
		if list, dropped, err := emrex.ReadList(strings.NewReader(text)); err != nil || len(dropped) > 0 || len(list) != 1 || len(list[0].Certificates) != 2 {
			t.Errorf("%d: %+v, %v, %v; want one contact point with two certificates", i, list, dropped, err)
		}
	}
	for i, bad := range []string{0: "", 1: "[]x", 2: `{"emps":3}`} {
		if _, _, err := emrex.ReadList(strings.NewReader(bad)); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v; want ErrInvalid", i, err)
		}
	}
	_, dropped, err := emrex.ReadList(strings.NewReader(`{"emps":[{"url":"http://emp.example/","pubKey":"x"},{"url":"https://emp.example/","pubKey":"x"},null]}`))
	var rules []string
	for _, d := range dropped {
		rules = append(rules, d.Field+" "+d.Rule)
	}
	testutil.Equal(t, "dropped", rules, []string{"emps[0].url url", "emps[1].pubKey certificate", "emps[2] null"})
	if err != nil {
		t.Error(err)
	}
}

// TestList: the last good list stays while the registry is away, and a certificate
// that changes is logged.
func TestList(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/emrex/emreg")
	data, err := os.ReadFile(filepath.Join(folder, "list-emps.sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	status, body := http.StatusOK, data
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	l, err := emrex.NewList(emrex.ListConfig{URL: server.URL, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Providers(t.Context())
	if err != nil || len(first) == 0 {
		t.Fatal(first, err)
	}
	status = http.StatusNotFound
	if err := l.Refresh(t.Context()); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a registry that is away: %v", err)
	}
	if again, err := l.Providers(t.Context()); err != nil || len(again) != len(first) {
		t.Errorf("after a failure: %v, %v", again, err)
	}
	status = http.StatusOK
	other, err := os.ReadFile(filepath.Join(folder, "../signed-own/other.pem"))
	if err != nil {
		t.Fatal(err)
	}
	escaped, err := json.Marshal(map[string]any{"emps": []map[string]any{{"url": contactURL, "pubKey": string(other)}}})
	if err != nil {
		t.Fatal(err)
	}
	body = escaped
	if err := l.Refresh(t.Context()); err != nil || !strings.Contains(log.String(), "another certificate") {
		t.Errorf("%v; the log says %s", err, log.String())
	}
	if _, err := emrex.NewList(emrex.ListConfig{URL: "http://emreg.example/"}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a list over http: %v", err)
	}
}

// school is a contact point that answers at once.
type school struct {
	signer *emrex.Signer
	answer func() emrex.Answer
	t      *testing.T
}

func (s school) Begin(w http.ResponseWriter, _ *http.Request, q emrex.Request) {
	form, err := q.Form(s.answer())
	if err != nil {
		s.t.Error(err)
		return
	}
	if err := form.WriteTo(w, emrex.Page{}); err != nil {
		s.t.Error(err)
	}
}

// browser posts a form and reads the one that comes back.
func browser(t *testing.T, form emrex.Form) url.Values {
	t.Helper()
	values := url.Values{}
	for _, f := range form.Fields {
		values.Add(f.Name, f.Value)
	}
	resp, err := http.PostForm(form.Action, values)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page bytes.Buffer
	if _, err := page.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", resp.StatusCode, err, page.String())
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action https:;") || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	back := url.Values{}
	for _, part := range strings.Split(page.String(), `<input type="hidden" name="`)[1:] {
		name, rest, _ := strings.Cut(part, `" value="`)
		value, _, _ := strings.Cut(rest, `">`)
		back.Add(name, strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&lt;", "<", "&#39;", "'", "&gt;", ">").Replace(value))
	}
	return back
}

// TestExchange plays both ends over HTTP, with a browser between.
func TestExchange(t *testing.T) {
	t.Parallel()
	p, other := own(t)
	s := school{signer: signer(t, p), t: t}
	signed, err := s.signer.Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := signer(t, other).Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	s.answer = func() emrex.Answer {
		return emrex.Answer{Outcome: emrex.Results, Document: signed, Message: `a "quoted" <message>`}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { emrex.Handler(s).ServeHTTP(w, r) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c, err := emrex.NewClient(emrex.ClientConfig{
		Directory: emrex.Static{{URL: server.URL, Certificates: []*x509.Certificate{p.cert}}}, Sessions: &emrex.MemorySessions{}, ReturnURL: "https://sis.example.fr/emrex/return",
	})
	if err != nil {
		t.Fatal(err)
	}
	start := func() emrex.Form {
		t.Helper()
		form, err := c.Start(t.Context(), emrex.StartRequest{Provider: server.URL, Bound: "csv:1"})
		if err != nil {
			t.Fatal(err)
		}
		return form
	}
	back := browser(t, start())
	got, err := c.Return(t.Context(), post(back.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != emrex.Results || got.Code != "NCP_OK" || got.Session.Bound != "csv:1" || got.Message != `a "quoted" <message>` || got.Document.Learner.BirthDay != "2003-02-28" {
		t.Errorf("%+v", got)
	}
	_, err = c.Return(t.Context(), post(back.Encode()))
	if again, _ := errors.AsType[*emrex.ReturnError](err); again == nil || again.Rule != "again" || again.Session.Outcome != emrex.Results {
		t.Errorf("a second answer: %v; want the first one's outcome", err)
	}
	for i, c2 := range []struct {
		answer emrex.Answer
		want   emrex.Outcome
		rule   string
	}{
		0: {emrex.Answer{Outcome: emrex.NoResults, Family: emrex.EMP}, emrex.NoResults, ""},
		1: {emrex.Answer{Outcome: emrex.Cancelled}, emrex.Cancelled, ""},
		2: {emrex.Answer{Outcome: emrex.Failed}, emrex.Failed, ""},
		3: {emrex.Answer{Outcome: emrex.Results, Document: forged}, "", "signature"},
		4: {emrex.Answer{Outcome: emrex.Results, Document: []byte(plain)}, "", "signature"},
	} {
		s.answer = func() emrex.Answer { return c2.answer }
		answer := browser(t, start())
		got, err := c.Return(t.Context(), post(answer.Encode()))
		refused, _ := errors.AsType[*emrex.ReturnError](err)
		switch {
		case c2.rule == "" && (err != nil || got.Outcome != c2.want || got.Document != nil):
			t.Errorf("%d: %+v, %v", i, got, err)
		case c2.rule != "" && (refused == nil || refused.Rule != c2.rule || got != nil || refused.Session.Bound != "csv:1"):
			t.Errorf("%d: %v; want a refusal by %q", i, err, c2.rule)
		}
	}
	if _, err := c.Start(t.Context(), emrex.StartRequest{Provider: "https://stranger.example/"}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a contact point that is not known: %v", err)
	}
	for i, bad := range []emrex.Answer{0: {}, 1: {Outcome: emrex.Results}, 2: {Outcome: emrex.Cancelled, Document: signed}, 3: {Outcome: emrex.Failed, Family: "X"}} {
		if _, err := (emrex.Request{SessionID: "1", ReturnURL: "https://sis.example.fr/"}).Form(bad); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v; want ErrInvalid", i, err)
		}
	}
	_, err = emrex.NewClient(emrex.ClientConfig{ReturnURL: "http://sis.example/", MaxForm: -1, MaxDocument: -1})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 5 {
		t.Errorf("a client without anything: %v; want five faults", err)
	}
	for i, bad := range []*http.Request{
		0: httptest.NewRequest(http.MethodGet, "/?sessionId=1&returnUrl=https://sis.example.fr/", nil), 1: post(strings.Repeat("x", 70<<10)), 2: post("sessionId=%zz"),
		3: post("sessionId=1&returnUrl=https://user@sis.example.fr/"), 4: post("sessionId=1&returnUrl=//sis.example.fr/"), 5: post("sessionId=" + strings.Repeat("x", 256) + "&returnUrl=https://sis.example.fr/"),
		6: post("sessionId=1&returnUrl=http://sis.example.fr/"), 7: post("sessionId=1&returnUrl=https://sis.example.fr/%23x"),
	} {
		w := httptest.NewRecorder()
		emrex.Handler(s).ServeHTTP(w, bad)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%d: status %d; want 400", i, w.Code)
		}
	}
}

// TestOtherContact: another registered contact point does not answer for the one that
// was asked.
func TestOtherContact(t *testing.T) {
	t.Parallel()
	p, other := own(t)
	signed, err := signer(t, other).Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := emrex.Pack(signed)
	if err != nil {
		t.Fatal(err)
	}
	for address, rule := range map[string]string{contactURL: "signature", "https://other.example/": ""} {
		s := &emrex.MemorySessions{}
		c, err := emrex.NewClient(emrex.ClientConfig{
			Directory: emrex.Static{{URL: "https://other.example/", Certificates: []*x509.Certificate{other.cert}}, {URL: contactURL, Certificates: []*x509.Certificate{p.cert}}},
			Sessions:  s, ReturnURL: "https://sis.example.fr/",
		})
		if err != nil {
			t.Fatal(err)
		}
		form, err := c.Start(t.Context(), emrex.StartRequest{Provider: address})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Return(t.Context(), post(url.Values{"sessionId": {form.Fields[0].Value}, "returnCode": {"EMP_OK"}, "elmo": {packed}}.Encode()))
		refused, _ := errors.AsType[*emrex.ReturnError](err)
		if rule == "" && (err != nil || got.Document == nil) || rule != "" && (refused == nil || refused.Rule != rule) {
			t.Errorf("asked %s, answered by the other: %+v, %v", address, got, err)
		}
	}
}

// TestPacking: bounds and damage.
func TestPacking(t *testing.T) {
	t.Parallel()
	packed, err := emrex.Pack(bytes.Repeat([]byte("a"), 1000))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := emrex.Unpack(" "+packed[:10]+"\r\n"+packed[10:]+"\n", 1000); err != nil || len(data) != 1000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	zipped, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := emrex.Unpack(base64.StdEncoding.EncodeToString(append(zipped, "more"...)), 1000); err != nil || len(data) != 1000 {
		t.Errorf("something follows the stream: %d bytes, %v; want the stream", len(data), err)
	}
	for i, c := range []struct {
		field string
		most  int
		rule  string
	}{0: {packed, 999, "length"}, 1: {packed[:len(packed)/2], 1000, "gzip"}, 2: {"", 10, "empty"}, 3: {"!!!!", 10, "gzip"}} {
		_, err := emrex.Unpack(c.field, c.most)
		if fault, ok := errors.AsType[*passerelle.ParseError](err); !ok || fault.Rule != c.rule {
			t.Errorf("%d: %v; want the rule %q", i, err, c.rule)
		}
	}
}

// TestSessionAge: a session ends after its time.
func TestSessionAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sessions(t)
		if err := s.Open(t.Context(), emrex.Session{ID: knownSession, Opened: time.Now()}); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("the same session twice: %v", err)
		}
		time.Sleep(emrex.DefaultSessionAge + time.Second)
		if _, err := s.Claim(t.Context(), knownSession); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a session after its time: %v; want ErrNotFound", err)
		}
		if err := s.Open(t.Context(), emrex.Session{ID: knownSession, Opened: time.Now()}); err != nil {
			t.Errorf("old sessions are not forgotten: %v", err)
		}
	})
}

// slow is a store in which time passes between the claim and the close.
type slow struct {
	*emrex.MemorySessions
	after func()
}

func (s slow) Claim(ctx context.Context, id string) (emrex.Session, error) {
	session, err := s.MemorySessions.Claim(ctx, id)
	s.after()
	return session, err
}

// TestLateReading: an answer that came in time is not lost because others open
// sessions while it is read; and a store that fails is told as one.
func TestLateReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sessions(t)
		answer := post("sessionId=" + knownSession + "&returnCode=NCP_CANCEL")
		got, err := client(t, slow{s, func() {
			time.Sleep(2 * emrex.DefaultSessionAge)
			if err := s.Open(t.Context(), emrex.Session{ID: "2", Opened: time.Now()}); err != nil {
				t.Error(err)
			}
		}}).Return(t.Context(), answer)
		if err != nil || got.Outcome != emrex.Cancelled {
			t.Errorf("%+v, %v; want a cancelled exchange", got, err)
		}
		lost := &emrex.MemorySessions{}
		lost.Open(t.Context(), emrex.Session{ID: knownSession, Provider: contactURL, Opened: time.Now()})
		_, err = client(t, slow{lost, func() { *lost = emrex.MemorySessions{} }}).Return(t.Context(), post("sessionId="+knownSession+"&returnCode=NCP_CANCEL"))
		if refused, ok := errors.AsType[*emrex.ReturnError](err); !ok || refused.Rule != "session" || refused.Session.Provider != contactURL {
			t.Errorf("a store that does not close: %v; want the rule session", err)
		}
	})
}

func FuzzReturn(f *testing.F) {
	p, _ := own(f)
	signed, err := signer(f, p).Sign([]byte(plain))
	if err != nil {
		f.Fatal(err)
	}
	packed, err := emrex.Pack(signed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("sessionId=" + knownSession + "&returnCode=NCP_OK&elmo=" + url.QueryEscape(packed))
	f.Add("sessionId=" + knownSession + "&returnCode=EMP_CANCEL")
	f.Fuzz(func(t *testing.T, body string) {
		got, err := client(t, sessions(t), p.cert).Return(t.Context(), post(body))
		if err == nil && got.Outcome == emrex.Results && got.Document.Learner.BirthDay != "2003-02-28" {
			t.Fatalf("another document is believed: %+v", got.Document)
		}
	})
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(`{"countries":[{"countryCode":"FR","singleFetch":true},null],"emps":[{"url":"https://emp.example/","pubKey":"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _, _ := emrex.ReadList(bytes.NewReader(data))
		for _, p := range list {
			if len(p.Certificates) == 0 || p.URL == "" {
				t.Fatalf("an unusable contact point: %+v", p)
			}
		}
	})
}
