package ewpserver_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestInstitutions serves two institutions in one process.
func TestInstitutions(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *ewpserver.Config) {
		c.Institutions = []ewpserver.Institution{
			{HEI: own, Path: "/own"},
			{HEI: sister, Path: "/own/sister", Signer: newSigner(t, sisterKey(), nil)},
		}
	})
	b.handle(t, ewp.IIAs, "stats", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		_, err := io.WriteString(a, "<x>"+r.HEI.String()+"</x>")
		return err
	}))
	b.handle(t, ewp.Echo, "", ewpserver.HandlerFunc(func(context.Context, *ewpserver.Request, *ewpserver.Answer) error { return nil }),
		ewpserver.For(sister), ewpserver.Path("/old-echo"))
	for i, test := range []struct {
		path   string
		status int
		body   string
		key    int // whose answer it is
	}{
		0: {"/own/iias/stats", 200, "<x>own.example</x>", 0},
		1: {"/own/sister/iias/stats", 200, "<x>sister.example</x>", 1},
		2: {"/own/sister/old-echo", 200, "", 1},
		3: {"/own/old-echo", 404, "", 0},
		4: {"/own/sister/echo", 404, "", 1},
		5: {"/elsewhere", 404, "", 0},
		6: {"/iias/stats", 404, "", 0},
	} {
		r := b.do(t, get(test.path).with("Accept-Signature", "rsa-sha256"))
		if r.status != test.status || test.body != "" && r.body != test.body {
			t.Errorf("%d: %s: status %d, body %s", i, test.path, r.status, r.body)
		}
		key := ownKey()
		if test.key == 1 {
			key = sisterKey()
		}
		r.wantSigned(t, key)
	}
	var got []string
	for r := range b.Routes() {
		got = append(got, fmt.Sprint(r.HEI, " ", r.API, " ", r.Endpoint.Element, " ", r.Path, " ", r.Limits))
	}
	testutil.Equal(t, "routes", got, []string{
		"own.example iias stats-url /own/iias/stats []",
		"sister.example iias stats-url /own/sister/iias/stats []",
		"sister.example echo url /own/sister/old-echo []",
	})
}

// TestLimits gives the manifest what the handlers refuse by.
func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.OrganizationalUnits, "", ewpserver.Get[thing]{ID: "ounit_id", Max: 3, Code: "ounit_code", Find: find, Item: "ounit"})
	b.handle(t, ewp.IIAs, "get", ewpserver.Get[thing]{ID: "iia_id", Find: find, Item: "iia"})
	b.handle(t, ewp.IIACNR, "", ewpserver.Notification{ID: "iia_id", Take: func(context.Context, ewpserver.Notice) error { return nil }})
	b.handle(t, ewp.OMobilityCNR, "", ewpserver.Notification{ID: "omobility_id", Max: 7, Take: func(context.Context, ewpserver.Notice) error { return nil }})
	var got []string
	for r := range b.Routes() {
		got = append(got, fmt.Sprint(r.API.String(), r.Limits))
	}
	testutil.Equal(t, "limits", got, []string{"iia-cnr[]", "iias[1]", "omobility-cnr[7]", "organizational-units[3 1]"})
}

// TestAnonymous lets strangers in where the endpoint says so.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	open := ewpserver.DefaultSecurity | ewp.ClientAnonymous
	b := echoBed(t, nil, ewpserver.Security(open))
	b.handle(t, ewp.Institutions, "", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		_, err := fmt.Fprintf(a, "<x>%s|%s|%s</x>", r.Caller, r.Params.Get("hei_id"), r.Header.Get("X-Extra"))
		return err
	}), ewpserver.Security(open))

	c := form("/institutions", "hei_id=a").with("X-Extra", "1").with("X-Request-Id", "3a3c2ef1-2b8c-4c59-9a3e-4b7e9d1f0c11").with("Accept-Signature", "rsa-sha256").as(nil)
	r := b.do(t, c)
	r.wantStatus(t, 200)
	testutil.Equal(t, "answer", r.body, "<x>|a|1</x>")
	testutil.Equal(t, "X-Request-Id", r.header.Get("X-Request-Id"), "3a3c2ef1-2b8c-4c59-9a3e-4b7e9d1f0c11")
	testutil.Equal(t, "X-Request-Signature", r.header.Get("X-Request-Signature"), "")
	r.wantSigned(t, ownKey())

	r = b.do(t, get("/institutions?hei_id=a").as(nil))
	r.wantStatus(t, 200)
	testutil.Equal(t, "X-Request-Id that nobody sent", r.header.Values("X-Request-Id"), []string(nil))

	// A signature that is there must be good.
	r = b.do(t, form("/institutions", "hei_id=a"))
	testutil.Equal(t, "answer to a known caller", r.body, "<x>partner.example|a|</x>")
	b.do(t, form("/institutions", "hei_id=a").as(strayKey())).wantStatus(t, 403)
	bad := form("/institutions", "hei_id=a")
	bad.after = changeBody("hei_id=b")
	b.do(t, bad).wantStatus(t, 400)
	basic := get("/institutions?hei_id=a").as(nil).with("Authorization", "Basic eDp5")
	b.do(t, basic).wantStatus(t, 401)
	// Echo is for known callers whatever is configured.
	b.do(t, get("/echo").as(nil)).wantStatus(t, 403)
	b.do(t, get("/echo")).wantStatus(t, 200)
}

// TestNeverSigned asks for signatures where none are declared.
func TestNeverSigned(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil, ewpserver.Security(ewpserver.DefaultSecurity&^ewp.ServerHTTPSig))
	r := b.do(t, form("/echo", aba).with("Accept-Signature", "rsa-sha256"))
	r.wantStatus(t, 200)
	testutil.Equal(t, "Signature", r.header.Get("Signature"), "")
	testutil.Equal(t, "X-Request-Id", r.header.Get("X-Request-Id"), r.ref.ID)
}

// secret is what must not leave the process in a log or an error-response.
const secret = "0123456789A"

// TestErrors maps what handlers return, and keeps to itself what they say.
func TestErrors(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, secret)
	var answer func(a *ewpserver.Answer) error
	b := newBed(t, func(c *ewpserver.Config) { c.Logger = leaks.Logger() })
	b.handle(t, ewp.Institutions, "", ewpserver.HandlerFunc(func(_ context.Context, _ *ewpserver.Request, a *ewpserver.Answer) error {
		return answer(a)
	}))
	wrap := func(err error) error { return fmt.Errorf("student %s: %w", secret, err) }
	for name, test := range map[string]struct {
		answer func(a *ewpserver.Answer) error
		status int
		says   string
	}{
		"nothing wrong": {func(*ewpserver.Answer) error { return nil }, 200, ""},
		"own status":    {func(a *ewpserver.Answer) error { a.Status = 202; return nil }, 202, ""},
		"unknown":       {func(*ewpserver.Answer) error { return wrap(io.EOF) }, 500, "went wrong"},
		"invalid":       {func(*ewpserver.Answer) error { return wrap(passerelle.ErrInvalid) }, 400, "breaks a rule"},
		"field": {func(*ewpserver.Answer) error {
			return wrap(passerelle.FieldError{Field: "x", Rule: "length", Want: "less"})
		}, 400, "x: length"},
		"text":                     {func(*ewpserver.Answer) error { return wrap(&passerelle.ParseError{Type: "date", Rule: "length"}) }, 400, "date"},
		"forbidden":                {func(*ewpserver.Answer) error { return wrap(passerelle.ErrForbidden) }, 403, "may not"},
		"not found":                {func(*ewpserver.Answer) error { return wrap(passerelle.ErrNotFound) }, 404, "nothing"},
		"conflict":                 {func(*ewpserver.Answer) error { return wrap(passerelle.ErrConflict) }, 409, "contradicts"},
		"gone":                     {func(*ewpserver.Answer) error { return wrap(passerelle.ErrGone) }, 410, "no longer"},
		"rate":                     {func(*ewpserver.Answer) error { return wrap(passerelle.ErrRateLimited) }, 429, "too many"},
		"unavailable":              {func(*ewpserver.Answer) error { return wrap(passerelle.ErrUnavailable) }, 503, "later"},
		"late":                     {func(*ewpserver.Answer) error { return wrap(context.DeadlineExceeded) }, 503, "later"},
		"credentials":              {func(*ewpserver.Answer) error { return wrap(passerelle.ErrUnauthorized) }, 500, "went wrong"},
		"another service":          {func(*ewpserver.Answer) error { return wrap(passerelle.ErrProtocol) }, 500, "went wrong"},
		"a call of its own":        {func(*ewpserver.Answer) error { return wrap(&ewp.Error{Status: 400}) }, 500, "went wrong"},
		"a call of its own, later": {func(*ewpserver.Answer) error { return wrap(&ewp.Error{Status: 503}) }, 503, "later"},
		"a signature of another": {func(*ewpserver.Answer) error {
			return wrap(&httpsig.Error{Reason: httpsig.Signature, Response: true})
		}, 500, "went wrong"},
		"words": {func(*ewpserver.Answer) error {
			return wrap(&ewpserver.Error{Status: 409, DeveloperMessage: "another proposal", UserMessages: ewp.Texts{{Lang: "en", Value: "Changed <by> X."}}, Err: wrap(io.EOF)})
		}, 409, "Changed &lt;by&gt; X."},
		"words without status": {func(*ewpserver.Answer) error {
			return &ewpserver.Error{DeveloperMessage: "not this", Err: wrap(passerelle.ErrForbidden)}
		}, 403, "not this"},
		"status without words":     {func(*ewpserver.Answer) error { return &ewpserver.Error{Status: 418} }, 418, "went wrong"},
		"a status that is none":    {func(*ewpserver.Answer) error { return &ewpserver.Error{Status: 200} }, 500, "went wrong"},
		"words XML cannot hold":    {func(*ewpserver.Answer) error { return &ewpserver.Error{Status: 400, DeveloperMessage: "\x00"} }, 400, "Bad Request"},
		"panic":                    {func(*ewpserver.Answer) error { panic(wrap(io.EOF)) }, 500, "went wrong"},
		"panic of the runtime":     {func(*ewpserver.Answer) error { return nilMap[secret](nil) }, 500, "went wrong"},
		"panic after a first byte": {func(a *ewpserver.Answer) error { io.WriteString(a, "<x>"); panic(secret) }, 500, "went wrong"},
		"error in the middle": {func(a *ewpserver.Answer) error {
			io.WriteString(a, "<x>"+secret)
			return wrap(io.EOF)
		}, 500, "went wrong"},
		"something that has no XML": {func(a *ewpserver.Answer) error {
			d := a.Document(ewpRoot)
			return d.Write("x", make(chan int))
		}, 500, "went wrong"},
		"a field that cannot be written is no fault of the caller": {func(a *ewpserver.Answer) error {
			return a.Encode(ewpRoot, badText{})
		}, 500, "went wrong"},
	} {
		answer = test.answer
		r := b.do(t, form("/institutions", "hei_id="+secret).with("Accept-Signature", "rsa-sha256"))
		if r.status != test.status || !strings.Contains(r.body, test.says) {
			t.Errorf("%s: %d %s; want %d and %q in it", name, r.status, r.body, test.status, test.says)
		}
		r.wantStatus(t, test.status)
		r.wantSigned(t, ownKey())
		if strings.Contains(r.body, secret) {
			t.Errorf("%s: the caller is told %s", name, r.body)
		}
		x := b.last(t)
		if (x.Err == nil) != (test.status < 400) || x.Status != test.status || !x.Signed {
			t.Errorf("%s: observed %+v", name, x)
		}
		if got, want := x.Stack != nil, strings.HasPrefix(name, "panic"); got != want {
			t.Errorf("%s: stack: %v", name, got)
		}
	}
	leaks.Check(t)
	for _, want := range []string{"panic: runtime error: invalid memory address or nil pointer dereference", "panic with a value of type *fmt.wrapError", "partner.example", "*fmt.wrapError: *errors.errorString"} {
		if !strings.Contains(leaks.Log(), want) {
			t.Errorf("no %q in the log", want)
		}
	}
}

var ewpRoot = xmlName("https://example.org/ns", "x")

// nilMap has no functions, so that calling one is a nil dereference.
var nilMap map[string]func(*ewpserver.Answer) error

// badText is a value that refuses to be written as invalid.
type badText struct{}

// MarshalText fails.
func (badText) MarshalText() ([]byte, error) { return nil, passerelle.FieldErrors{{Field: "x"}} }

// TestLevels looks at what is logged at which level.
func TestLevels(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	b := echoBed(t, func(c *ewpserver.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	b.do(t, form("/echo", aba))
	b.last(t)
	testutil.Equal(t, "log of a success", buf.String(), "")
	b.do(t, form("/echo", "secret").with("Content-Type", "text/plain"))
	b.last(t)
	for _, want := range []string{"level=INFO", "status=415", `reason="refused with HTTP 415: Content-Type: want application/x-www-form-urlencoded"`} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("no %s in the log of a refusal: %s", want, buf.String())
		}
	}
}

// TestSizes sends bodies around the limit, plain and compressed.
func TestSizes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBed(t, func(c *ewpserver.Config) {
		c.Bodies.Memory, c.Bodies.Max, c.Bodies.Dir = 100, 2000, dir
	})
	b.handle(t, ewp.OMobilities, "update", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		text, err := io.ReadAll(r.Body())
		fmt.Fprintf(a, "<x>%d</x>", len(text))
		return err
	}))
	post := func(body string) call {
		return call{method: "POST", target: "/omobilities/update", body: body, key: partnerKey(), header: http.Header{"Content-Type": {"text/xml"}}}
	}
	for i, test := range []struct {
		call   call
		status int
	}{
		0: {post(strings.Repeat("x", 50)), 200},
		1: {post(strings.Repeat("x", 2000)), 200}, // on disk
		2: {post(strings.Repeat("x", 2001)), 413},
		3: {post(zip(strings.Repeat("x", 2000))).with("Content-Encoding", "gzip"), 200},
		4: {post(zip(strings.Repeat("x", 2001))).with("Content-Encoding", "gzip"), 413},
		5: {post(zip(strings.Repeat("x", 5_000_000))).with("Content-Encoding", "gzip"), 413},
	} {
		r := b.do(t, test.call)
		if r.status != test.status {
			t.Errorf("%d: status %d, want %d: %s", i, r.status, test.status, r.body)
		}
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}

	forms := echoBed(t, nil)
	forms.do(t, form("/echo", "x="+strings.Repeat("y", 1<<20-2))).wantStatus(t, 200)
	forms.do(t, form("/echo", "x="+strings.Repeat("y", 1<<20-1))).wantStatus(t, 413)
}

// TestAnswerTooLarge keeps a fault of ours from looking like one of the caller.
func TestAnswerTooLarge(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *ewpserver.Config) { c.Answers.Max = 5000 })
	b.handle(t, ewp.IIAs, "index", ewpserver.Index{Item: "iia-id", List: func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for yield("x", nil) {
			}
		}
	}})
	b.do(t, get("/iias/index")).wantStatus(t, 500)
}

// brokenKey signs nothing.
type brokenKey struct{ crypto.Signer }

// Sign fails.
func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the device is gone")
}

// TestCannotSign gives no unsigned success to whoever asked for a signature.
func TestCannotSign(t *testing.T) {
	t.Parallel()
	b := echoBed(t, func(c *ewpserver.Config) {
		s, err := httpsig.NewSigner(httpsig.SignerConfig{Key: brokenKey{ownKey()}})
		if err != nil {
			t.Fatal(err)
		}
		c.Signer = s
	})
	r := b.do(t, form("/echo", aba).with("Accept-Signature", "rsa-sha256"))
	r.wantStatus(t, 503)
	if r.header.Get("Signature") != "" || r.header.Get("X-Request-Signature") != "" || r.header.Get("X-Request-Id") != r.ref.ID {
		t.Errorf("headers of the refusal: %v", r.header)
	}
	if x := b.last(t); x.Err == nil || x.Signed || x.Status != 503 {
		t.Errorf("observed %+v", x)
	}
	b.do(t, form("/echo", aba)).wantStatus(t, 200)
}

// fieldsOf names the fields of an error.
func fieldsOf(tb testing.TB, err error) []string {
	tb.Helper()
	list, ok := errors.AsType[passerelle.FieldErrors](err)
	if err != nil && !ok {
		tb.Fatalf("%v is no passerelle.FieldErrors", err)
	}
	var fields []string
	for _, f := range list {
		fields = append(fields, f.Field+" "+f.Rule)
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// TestNewFaults tells all that is wrong with a configuration.
func TestNewFaults(t *testing.T) {
	t.Parallel()
	_, err := ewpserver.New(ewpserver.Config{})
	testutil.Equal(t, "faults of nothing", fieldsOf(t, err), []string{"Catalogue required", "Hosts required", "Institutions required"})
	_, err = ewpserver.New(ewpserver.Config{
		Catalogue: catalogue(), Hosts: []string{"https://x"}, Security: ewp.ClientTLSCert | ewp.RequestGCM,
		Institutions: []ewpserver.Institution{{HEI: own, Path: "x/"}, {HEI: own, Path: "x/"}, {Path: "/a b"}},
	})
	testutil.Equal(t, "faults of much", fieldsOf(t, err), []string{
		"Decrypter required", "Hosts character", "Institutions.HEI required", "Institutions.HEI unique", "Institutions.Path path",
		"Institutions.Path unique", "Institutions.Signer required", "Security required", "Security unsupported",
	})
	for i, path := range []string{"a", "/", "/a/", "//a", "/a/../b", "/a%20b", "/ü", "/."} {
		_, err = ewpserver.New(ewpserver.Config{
			Catalogue: catalogue(), Hosts: []string{"x"}, Signer: newSigner(t, ownKey(), nil),
			Institutions: []ewpserver.Institution{{HEI: own, Path: path}},
		})
		testutil.Equal(t, fmt.Sprint(i, ": ", path), fieldsOf(t, err), []string{"Institutions.Path path"})
	}
}

// TestHandleFaults tells all that is wrong with an endpoint, and serves nothing.
func TestHandleFaults(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	ok := ewpserver.HandlerFunc(func(context.Context, *ewpserver.Request, *ewpserver.Answer) error { return nil })
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"no API":       {b.Handle(0, "", ok), []string{"Path path", "endpoint unknown"}},
		"no endpoint":  {b.Handle(ewp.IIAs, "", ok), []string{"endpoint unknown"}},
		"no handler":   {b.Handle(ewp.IIAs, "get", nil), []string{"handler required"}},
		"a stranger":   {b.Handle(ewp.IIAs, "get", ok, ewpserver.For(third)), []string{"For unknown"}},
		"bad path":     {b.Handle(ewp.IIAs, "get", ok, ewpserver.Path("iias")), []string{"Path path"}},
		"no client":    {b.Handle(ewp.IIAs, "get", ok, ewpserver.Security(ewp.RequestTLS|ewp.ResponseTLS)), []string{"Security required"}},
		"empty Get":    {b.Handle(ewp.IIAs, "get", ewpserver.Get[int]{Max: -1}), []string{"Get.Find required", "Get.ID required", "Get.Max range"}},
		"empty Index":  {b.Handle(ewp.IIAs, "index", ewpserver.Index{}), []string{"Index.Item required", "Index.List required"}},
		"empty notice": {b.Handle(ewp.IIACNR, "", ewpserver.Notification{Max: -1}), []string{"Notification.ID required", "Notification.Max range", "Notification.Take required"}},
		"empty Update": {b.Handle(ewp.OMobilities, "update", ewpserver.Update[int]{}), []string{"Update.Apply required", "Update.Root required"}},
		"empty Stats":  {b.Handle(ewp.OMobilityStats, "", ewpserver.Stats[int]{}), []string{"Stats.Count required"}},
	} {
		testutil.Equal(t, name, fieldsOf(t, test.err), test.want)
	}
	for r := range b.Routes() {
		t.Errorf("%s is served in spite of faults", r.Path)
	}
	if err := echo.Register(b.Server); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "twice", fieldsOf(t, echo.Register(b.Server)), []string{"endpoint unique"})
}

// TestRaw puts elements into an answer as they are, and none that is broken.
func TestRaw(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	var element ewpserver.Raw
	b.handle(t, ewp.IIAs, "get", ewpserver.Get[ewpserver.Raw]{ID: "iia_id", Find: func(context.Context, ewpserver.Query) iter.Seq2[ewpserver.Raw, error] {
		return func(yield func(ewpserver.Raw, error) bool) { yield(element, nil) }
	}})
	for i, test := range []struct {
		element string
		status  int
	}{
		0: {"<iia>\n\t<a  b='1'>5.00</a><!-- c --></iia>", 200},
		1: {`<p:iia xmlns:p="urn:x"/>`, 200},
		2: {"<iia>", 500},
		3: {"<iia/><iia/>", 500},
		4: {"<p:iia/>", 500},
		5: {`<?xml version="1.0"?><iia/>`, 500},
		6: {"text", 500},
		7: {"", 500},
		8: {"<iia>&e;</iia>", 500},
		9: {"<iia>\xff</iia>", 500},
	} {
		element = ewpserver.Raw(test.element)
		r := b.do(t, get("/iias/get?iia_id=1"))
		if r.status != test.status {
			t.Errorf("%d: status %d, want %d: %s", i, r.status, test.status, r.body)
		}
		if test.status == 200 && !strings.Contains(r.body, `get-response.xsd">`+test.element+`</iias-get-response>`) {
			t.Errorf("%d: the element was changed: %s", i, r.body)
		}
	}
}

// TestOpenDocument: what was not ended is not sent.
func TestOpenDocument(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	b.handle(t, ewp.Institutions, "", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		return a.Document(r.Root()).Write("hei", "x")
	}))
	b.do(t, get("/institutions")).wantStatus(t, 500)
}

// TestErrorKinds: what a handler's refusal is for errors.Is.
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		err  *ewpserver.Error
		want error // nil is none
	}{
		0: {&ewpserver.Error{Status: 409}, passerelle.ErrConflict},
		1: {&ewpserver.Error{Status: 400}, passerelle.ErrInvalid},
		2: {&ewpserver.Error{Status: 418}, nil},
		3: {&ewpserver.Error{Status: 400, Err: passerelle.ErrNotFound}, passerelle.ErrNotFound},
	} {
		for _, kind := range []error{passerelle.ErrConflict, passerelle.ErrInvalid, passerelle.ErrNotFound, passerelle.ErrForbidden} {
			if got := errors.Is(test.err, kind); got != (kind == test.want) {
				t.Errorf("%d: errors.Is(%v, %v) is %v", i, test.err, kind, got)
			}
		}
	}
	e := &ewpserver.Error{Status: 409, DeveloperMessage: "student " + secret, Err: passerelle.ErrConflict}
	testutil.Equal(t, "text", e.Error(), "refused with HTTP 409: conflict")
}
