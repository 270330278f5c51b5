package ewpserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// echoBed serves Echo.
func echoBed(tb testing.TB, change func(*ewpserver.Config), opts ...ewpserver.Option) *bed {
	tb.Helper()
	b := newBed(tb, change)
	if err := echo.Register(b.Server, opts...); err != nil {
		tb.Fatal(err)
	}
	return b
}

const aba = "echo=a&echo=b&echo=a"

// minimal is what every request must sign.
var minimal = []string{"(request-target)", "host", "original-date", "digest", "x-request-id"}

// without returns minimal but for one name.
func without(name string) []string {
	var names []string
	for _, n := range minimal {
		if n != name {
			names = append(names, n)
		}
	}
	return names
}

// TestEcho goes through the steps of the official validator for Echo with signed
// requests over TLS (combinations HHTT and HTTT), and through what the issue adds.
func TestEcho(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	resigned := func(c call, name, value string, names ...string) call {
		c.after = func(r *http.Request) {
			r.Header.Set(name, value)
			if err := newSigner(t, partnerKey(), nil).SignRequestAs(r, names); err != nil {
				t.Error(err)
			}
		}
		return c
	}
	date := func(d time.Duration) func() time.Time {
		return func() time.Time { return time.Now().Add(d) }
	}
	asked := func(c call) call { return c.with("Accept-Signature", "rsa-sha256") }
	after := func(c call, f func(*http.Request)) call { c.after = f; return c }
	signs := func(c call, names ...string) call { c.names = names; return c }
	at := func(c call, d time.Duration) call { c.clock = date(d); return c }
	method := func(m string) call { c := form("/echo", ""); c.method = m; return c }
	hei, list := "hei-id=partner.example", []string{"hei-id=partner.example", "echo=a", "echo=b", "echo=a"}
	plainDate := func(r *http.Request) {
		r.Header.Del("Original-Date")
		r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		if err := newSigner(t, partnerKey(), nil).SignRequestAs(r, []string{"(request-target)", "host", "date", "digest", "x-request-id"}); err != nil {
			t.Error(err)
		}
	}

	for name, test := range map[string]struct {
		call     call
		statuses []int
		items    []string // of a success
	}{
		"PUT":                            {method("PUT"), []int{405}, nil},
		"DELETE":                         {method("DELETE"), []int{405}, nil},
		"HEAD-like OPTIONS":              {method("OPTIONS"), []int{405}, nil},
		"POST a b a":                     {form("/echo", aba), []int{200}, list},
		"GET a b a":                      {get("/echo?" + aba), []int{200}, list},
		"nothing to repeat":              {get("/echo"), []int{200}, []string{hei}},
		"POST ignores the query":         {form("/echo?echo=c", aba), []int{200}, list},
		"GET ignores the body":           {func() call { c := form("/echo?echo=a", "echo=c"); c.method = "GET"; return c }(), []int{200}, []string{hei, "echo=a"}},
		"escapes":                        {get("/echo?echo=%C3%A9+%26"), []int{200}, []string{hei, "echo=é &"}},
		"unknown parameters":             {form("/echo", "x=1&echo=a&y"), []int{200}, []string{hei, "echo=a"}},
		"gzip offered":                   {form("/echo", aba).with("Accept-Encoding", "gzip"), []int{200}, list},
		"gzip sent":                      {form("/echo", zip(aba)).with("Content-Encoding", "gzip"), []int{200}, list},
		"anonymous":                      {form("/echo", aba).as(nil), []int{401}, nil},
		"unknown key":                    {form("/echo", aba).as(strayKey()), []int{403}, nil},
		"signed with our server key":     {form("/echo", aba).as(ownKey()), []int{403}, nil},
		"signed with another server key": {form("/echo", aba).as(sisterKey()), []int{403}, nil},
		"key of two institutions":        {form("/echo", aba).as(doubleKey()), []int{403}, nil},
		"key of no institution":          {form("/echo", aba).as(noneKey()), []int{403}, nil},
		"wrong signature":                {after(form("/echo", aba), set("X-Request-Id", "a7c5a5f8-7b0e-4cc7-a0f6-5b8e5f3f6a77")), []int{400}, nil},
		"signature by another's key": {after(form("/echo", aba), func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"),
				public(t, partnerKey()).Fingerprint().String(), public(t, thirdKey()).Fingerprint().String(), 1))
		}), []int{400}, nil},
		"a header listed and missing":   {after(form("/echo", aba), func(r *http.Request) { r.Header.Del("Content-Type") }), []int{400}, nil},
		"Date alone":                    {after(form("/echo", aba), plainDate), []int{200}, list},
		"another order":                 {signs(form("/echo", aba), "x-request-id", "digest", "content-type", "original-date", "host", "(request-target)"), []int{200}, list},
		"a name repeated":               {signs(form("/echo", aba), append(minimal, "content-type", "digest", "original-date", "x-request-id", "content-type")...), []int{200}, list},
		"extra signed headers":          {form("/echo", aba).with("X-Extra", "1").with("Accept", "*/*"), []int{200}, list},
		"(request-target) unsigned":     {signs(form("/echo", aba), without("(request-target)")...), []int{400}, nil},
		"host unsigned":                 {signs(form("/echo", aba), without("host")...), []int{400}, nil},
		"date unsigned":                 {signs(form("/echo", aba), without("original-date")...), []int{400}, nil},
		"digest unsigned":               {signs(form("/echo", aba), without("digest")...), []int{400}, nil},
		"X-Request-Id unsigned":         {signs(form("/echo", aba), without("x-request-id")...), []int{400}, nil},
		"20 minutes late":               {at(form("/echo", aba), -20*time.Minute), []int{400}, nil},
		"20 minutes early":              {at(form("/echo", aba), 20*time.Minute), []int{400}, nil},
		"X-Request-Id in upper case":    {resigned(form("/echo", aba), "X-Request-Id", "A7C5A5F8-7B0E-4CC7-A0F6-5B8E5F3F6A77", minimal...), []int{400}, nil},
		"X-Request-Id no UUID":          {resigned(form("/echo", aba), "X-Request-Id", "42", minimal...), []int{400}, nil},
		"invalid Digest":                {resigned(form("/echo", aba), "Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", minimal...), []int{400}, nil},
		"SHA Digest":                    {resigned(form("/echo", aba), "Digest", "SHA=2jmj7l5rSw0yVb/vlWAYkK/YBwk=", minimal...), []int{400}, nil},
		"several digests":               {resigned(form("/echo", aba), "Digest", "SHA=2jmj7l5rSw0yVb/vlWAYkK/YBwk=,SHA-256=PSN9yGmH0vD0yVxAu8TDtVaEycbuwfzHwBezadL+saY=", minimal...), []int{200}, list},
		"shA-256":                       {resigned(form("/echo", aba), "Digest", "shA-256=PSN9yGmH0vD0yVxAu8TDtVaEycbuwfzHwBezadL+saY=", append(minimal, "content-type")...), []int{200}, list},
		"body changed":                  {after(form("/echo", aba), changeBody("echo=a&echo=b&echo=c")), []int{400}, nil},
		"body cut":                      {after(form("/echo", aba), changeBody("echo=a&echo=b")), []int{400}, nil},
		"another algorithm":             {after(form("/echo", aba), func(r *http.Request) { replaceAuthorization(r, "rsa-sha256", "rsa-sha512") }), []int{400}, nil},
		"for another host":              {after(form("/echo", aba), func(r *http.Request) { r.Host = "elsewhere.example" }), []int{400}, nil},
		"JSON":                          {form("/echo", "{}").with("Content-Type", "application/json"), []int{415}, nil},
		"multipart":                     {form("/echo", "--x--").with("Content-Type", "multipart/form-data; boundary=x"), []int{415}, nil},
		"two types":                     {form("/echo", aba).with("Content-Type", "application/x-www-form-urlencoded, text/plain"), []int{415}, nil},
		"type with charset":             {form("/echo", aba).with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"), []int{200}, list},
		"type unsigned":                 {signs(form("/echo", aba), minimal...), []int{200}, list},
		"unknown coding":                {form("/echo", aba).with("Content-Encoding", "br"), []int{415}, nil},
		"gzip three times":              {form("/echo", zip(zip(zip(aba)))).with("Content-Encoding", "gzip, gzip, gzip"), []int{415}, nil},
		"no gzip":                       {form("/echo", aba).with("Content-Encoding", "gzip"), []int{400}, nil},
		"gzip cut":                      {form("/echo", zip(aba)[:25]).with("Content-Encoding", "gzip"), []int{400}, nil},
		"encrypted, and not declared":   {form("/echo", aba).with("Content-Encoding", aesgcm.Coding), []int{415}, nil},
		"encryption wanted, not served": {form("/echo", aba).with("Accept-Encoding", aesgcm.Coding), []int{200}, list},
		"no form":                       {form("/echo", "echo=%zz"), []int{400}, nil},
		"no UTF-8":                      {form("/echo", "echo=%ff"), []int{400}, nil},
		"a character XML cannot hold":   {form("/echo", "echo=%00"), []int{400}, nil},
		"unknown path":                  {form("/iias/get", aba), []int{404}, nil},
		"path with a slash at its end":  {form("/echo/", aba), []int{404}, nil},
	} {
		for _, ask := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", signed answer"}[ask], func(t *testing.T) {
				t.Parallel()
				c := test.call
				if ask {
					c = asked(c)
				}
				r := b.do(t, c)
				r.wantStatus(t, test.statuses...)
				if r.status == 200 {
					root, items := r.items(t)
					testutil.Equal(t, "answer", items, test.items)
					testutil.Equal(t, "root namespace", root.Space, "https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2")
				}
				if got := r.header.Get("X-Request-Id"); got != r.ref.ID {
					t.Errorf("X-Request-Id %q, want that of the request, %q", got, r.ref.ID)
				}
				if got := r.header.Get("Allow"); (r.status == 405) != (got == "GET, POST") {
					t.Errorf("Allow: %q with status %d", got, r.status)
				}
				if got := r.header.Get("Www-Authenticate"); (r.status == 401) != (got == `Signature realm="EWP"`) {
					t.Errorf("WWW-Authenticate: %q with status %d", got, r.status)
				}
				if got := r.header.Get("Want-Digest"); (r.status == 401) != (got == "SHA-256") {
					t.Errorf("Want-Digest: %q with status %d", got, r.status)
				}
				switch {
				case ask:
					r.wantSigned(t, ownKey())
				case r.header.Get("Signature") != "" || r.header.Get("X-Request-Signature") != "":
					t.Errorf("the answer is signed, and was not asked to be: %v", r.header)
				}
			})
		}
	}
}

// TestAcceptSignature asks for signatures in all the ways.
func TestAcceptSignature(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	for i, test := range []struct {
		value  string
		signed bool
	}{
		0: {"rsa-sha256", true},
		1: {"hmac-sha256, RSA-SHA256", true},
		2: {"hmac-sha256,rsa-sha256,rsa-sha512", true},
		3: {"rsa-sha512", false},
		4: {"this-algorithm-is-unknown", false},
		5: {"", false},
	} {
		r := b.do(t, form("/echo", aba).with("Accept-Signature", test.value))
		r.wantStatus(t, 200)
		if got := r.header.Get("Signature") != ""; got != test.signed {
			t.Errorf("%d: %q: signed %v, want %v", i, test.value, got, test.signed)
		}
		if test.signed {
			v := r.wantSigned(t, ownKey())
			for _, name := range []string{"digest", "x-request-id", "x-request-signature", "content-type", "original-date"} {
				if v != nil && !v.Covers(name) {
					t.Errorf("%d: %s is not signed", i, name)
				}
			}
		}
	}
	// An unsigned wish is honoured: some implementations do not sign it.
	c := form("/echo", aba)
	c.after = func(r *http.Request) { r.Header.Set("Accept-Signature", "RSA-SHA256") }
	b.do(t, c).wantSigned(t, ownKey())
}

// TestGzip looks at what was sent.
func TestGzip(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	for i, test := range []struct {
		accept string
		gzip   bool
	}{
		0: {"gzip", true},
		1: {"deflate, gzip;q=0.5, *;q=0", true},
		2: {"GZIP ; Q=1", true},
		3: {"gzip;q=0", false},
		4: {"*", false},
		5: {"identity", false},
		6: {"gzip;q=x", false},
	} {
		r := b.do(t, form("/echo", aba).with("Accept-Encoding", test.accept).with("Accept-Signature", "rsa-sha256"))
		r.wantStatus(t, 200)
		r.wantSigned(t, ownKey())
		if got := r.header.Get("Content-Encoding") == "gzip"; got != test.gzip {
			t.Errorf("%d: Accept-Encoding %q: gzip %v, want %v", i, test.accept, got, test.gzip)
		}
		if !strings.Contains(r.plain(t), "<echo>b</echo>") {
			t.Errorf("%d: %s", i, r.plain(t))
		}
	}
	// An error too.
	r := b.do(t, form("/echo", "echo=%zz").with("Accept-Encoding", "gzip"))
	r.wantStatus(t, 400)
	testutil.Equal(t, "Content-Encoding of an error", r.header.Get("Content-Encoding"), "gzip")
}

// encrypted is security with encryption, required or not.
func encrypted(required bool) ewp.Methods {
	m := ewpserver.DefaultSecurity | ewp.RequestGCM | ewp.ResponseGCM
	if required {
		m &^= ewp.RequestTLS | ewp.ResponseTLS
	}
	return m
}

// TestEncryption goes through the validator's steps for the coding.
func TestEncryption(t *testing.T) {
	t.Parallel()
	decrypter, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: decrypters(ownKey())})
	if err != nil {
		t.Fatal(err)
	}
	client, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: decrypters(partnerKey(), strayKey())})
	if err != nil {
		t.Fatal(err)
	}
	body := func(text string) string {
		data, err := aesgcm.Encrypt(public(t, ownKey()), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	secret := form("/echo", body(aba)).with("Content-Encoding", aesgcm.Coding)
	const odd = " ewp-rsa-AES128GCM ; q=1 , *;q=0"
	unsigned := secret.with("Accept-Encoding", aesgcm.Coding)
	unsigned.after = func(r *http.Request) { r.Header.Set("Accept-Response-Encryption-Key", public(t, strayKey()).String()) }
	tampered := form("/echo", aba).with("Accept-Encoding", aesgcm.Coding)
	tampered.after = changeBody("echo=c")
	put := form("/echo", aba).with("Accept-Encoding", aesgcm.Coding)
	put.method = http.MethodPut
	for name, test := range map[string]struct {
		required bool
		call     call
		status   int
		to       ewp.PublicKey // whom the answer is encrypted for
	}{
		"plain, optional":              {false, form("/echo", aba), 200, ewp.PublicKey{}},
		"request":                      {false, secret, 200, ewp.PublicKey{}},
		"request, odd spelling":        {false, form("/echo", body(aba)).with("Content-Encoding", "Ewp-RSA-aes128GCM"), 200, ewp.PublicKey{}},
		"request, gzip":                {false, form("/echo", body(zip(aba))).with("Content-Encoding", "gzip, "+aesgcm.Coding), 200, ewp.PublicKey{}},
		"GET":                          {false, get("/echo?"+aba).with("Content-Encoding", aesgcm.Coding), 405, ewp.PublicKey{}},
		"truncated":                    {false, form("/echo", body(aba)[:200]).with("Content-Encoding", aesgcm.Coding), 400, ewp.PublicKey{}},
		"not encrypted":                {false, form("/echo", aba).with("Content-Encoding", aesgcm.Coding), 400, ewp.PublicKey{}},
		"answer":                       {false, form("/echo", aba).with("Accept-Encoding", odd), 200, public(t, partnerKey())},
		"answer, gzip":                 {false, form("/echo", aba).with("Accept-Encoding", "gzip, "+aesgcm.Coding), 200, public(t, partnerKey())},
		"answer, q=0":                  {false, form("/echo", aba).with("Accept-Encoding", aesgcm.Coding+";q=0"), 200, ewp.PublicKey{}},
		"answer, other key":            {false, secret.with("Accept-Encoding", aesgcm.Coding).with("Accept-Response-Encryption-Key", public(t, strayKey()).String()), 200, public(t, strayKey())},
		"answer, other key unsigned":   {false, unsigned, 200, public(t, partnerKey())},
		"answer, bad key":              {false, secret.with("Accept-Encoding", aesgcm.Coding).with("Accept-Response-Encryption-Key", "no key"), 400, public(t, partnerKey())},
		"answer, tampered with":        {false, tampered, 400, public(t, partnerKey())},
		"answer, unknown key":          {false, form("/echo", aba).with("Accept-Encoding", aesgcm.Coding).as(strayKey()), 403, ewp.PublicKey{}},
		"answer, method":               {false, put, 405, public(t, partnerKey())},
		"required, request plain":      {true, form("/echo", aba).with("Accept-Encoding", odd), 415, public(t, partnerKey())},
		"required, answer not wished":  {true, secret, 406, ewp.PublicKey{}},
		"required, answer bad wish":    {true, secret.with("Accept-Encoding", "invalid"), 406, ewp.PublicKey{}},
		"required, GET":                {true, get("/echo?"+aba).with("Accept-Encoding", odd), 405, public(t, partnerKey())},
		"required, both, and an error": {true, form("/echo", body("echo=%zz")).with("Content-Encoding", aesgcm.Coding).with("Accept-Encoding", odd), 400, public(t, partnerKey())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := echoBed(t, func(c *ewpserver.Config) { c.Decrypter = decrypter }, ewpserver.Security(encrypted(test.required)))
			r := b.do(t, test.call.with("Accept-Signature", "rsa-sha256"))
			r.wantSigned(t, ownKey())
			codings := strings.Split(r.header.Get("Content-Encoding"), ", ")
			if got, want := codings[len(codings)-1] == aesgcm.Coding, !test.to.IsZero(); got != want {
				t.Fatalf("Content-Encoding %q, want encrypted: %v; status %d", codings, want, r.status)
			}
			if !test.to.IsZero() {
				if got := r.body[:32]; got != string(fingerprintBytes(test.to)) {
					t.Errorf("encrypted for %x, want %v", got, test.to.Fingerprint())
				}
				text, err := client.Decrypt([]byte(r.body))
				if err != nil {
					t.Fatal(err)
				}
				r.body = string(text)
				r.header.Set("Content-Encoding", strings.Join(codings[:len(codings)-1], ", "))
			}
			r.wantStatus(t, test.status)
			if test.status == 200 && !strings.Contains(r.plain(t), "<echo>b</echo>") {
				t.Errorf("answer: %s", r.plain(t))
			}
		})
	}
}
