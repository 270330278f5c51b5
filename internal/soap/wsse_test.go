package soap_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var rentree = time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)

// counter gives the nonce 00 01 02 … 0F.
func counter() *bytes.Reader {
	return bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
}

// TestUsernameTokenVector holds a digest computed with OpenSSL from the formula
// of the profile: SHA-1 of the nonce, "2026-09-01T08:30:00.000Z" and the password.
func TestUsernameTokenVector(t *testing.T) {
	t.Parallel()
	token := soap.UsernameToken{
		Username: "univ", Password: "mot de passe é", Digest: true, Lifetime: 5 * time.Minute, MustUnderstand: true,
		Now: func() time.Time { return rentree.In(time.FixedZone("CEST", 7200)) }, Rand: counter(),
	}
	got, err := token.Header(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "username-token-digest.xml", got)
	if !bytes.Contains(got, []byte(">T+7QXRgUzZ5oCYuKPdmDW55U0hg=<")) || !bytes.Contains(got, []byte(">AAECAwQFBgcICQoLDA0ODw==<")) {
		t.Errorf("digest or nonce are not those computed by OpenSSL: %s", got)
	}
	token = soap.UsernameToken{Username: "univ", Password: "a<b"}
	if got, err = token.Header(t.Context()); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "username-token-text.xml", got)
}

// securityHeader is a header block as other implementations write it.
func securityHeader(inner string) string {
	return `<s:Header><o:Security xmlns:o="` + wsse + `" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">` +
		inner + `</o:Security></s:Header>`
}

const digestType = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"

// TestVerifyPublishedVector checks the example of the ONVIF programmer's guide:
// account "user", password "userpassword".
func TestVerifyPublishedVector(t *testing.T) {
	t.Parallel()
	in := head12 + securityHeader(`<o:UsernameToken><o:Username>user</o:Username><o:Password Type="`+digestType+`">tuOSpGlFlIXsozq4HFNeeGeFLEI=</o:Password>`+
		`<o:Nonce>LKqI6G/AikKCQrN0zqZFlg==</o:Nonce><u:Created>2010-09-16T07:50:45Z</u:Created></o:UsernameToken>`) + `<s:Body/>` + tail
	env, err := new(soap.Options).Parse([]byte(in), "")
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(time.Date(2010, 9, 16, 7, 51, 0, 0, time.UTC))
	user, err := v.Verify(env)
	if err != nil || user != "user" {
		t.Fatalf("account %q, %v", user, err)
	}
	if user, err := v.Verify(env); err == nil || user != "" {
		t.Errorf("replayed: account %q, %v", user, err)
	}
	if _, err := verifier(rentree).Verify(env); code(err) != "MessageExpired" {
		t.Errorf("years later: %v", err)
	}
}

func verifier(now time.Time) *soap.TokenVerifier {
	return &soap.TokenVerifier{
		Password: func(username string) (string, bool) {
			passwords := map[string]string{"user": "userpassword", "univ": "secret&é"}
			p, ok := passwords[username]
			return p, ok
		},
		Now: func() time.Time { return now },
	}
}

func code(err error) string {
	f, ok := errors.AsType[*soap.Fault](err)
	if !ok {
		return fmt.Sprint(err)
	}
	return f.Code.Local
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return rentree }
	good := soap.UsernameToken{Username: "univ", Password: "secret&é", Now: now}
	digest := good
	digest.Digest = true
	for i, tc := range map[int]struct {
		token  soap.UsernameToken
		change func(string) string
		late   time.Duration
		only   bool
		want   string // code of the fault, "" for success
	}{
		0:  {token: good},
		1:  {token: digest},
		2:  {token: digest, late: 5 * time.Minute},
		3:  {token: digest, late: -5 * time.Minute},
		4:  {token: digest, late: 5*time.Minute + time.Second, want: "MessageExpired"},
		5:  {token: digest, late: -5*time.Minute - time.Second, want: "MessageExpired"},
		6:  {token: good, only: true, want: "UnsupportedSecurityToken"},
		7:  {token: digest, only: true},
		8:  {token: with(good, func(u *soap.UsernameToken) { u.Password = "wrong" }), want: "FailedAuthentication"},
		9:  {token: with(digest, func(u *soap.UsernameToken) { u.Password = "wrong" }), want: "FailedAuthentication"},
		10: {token: with(good, func(u *soap.UsernameToken) { u.Username = "nobody" }), want: "FailedAuthentication"},
		11: {token: with(digest, func(u *soap.UsernameToken) { u.Username = "nobody" }), want: "FailedAuthentication"},
		12: {token: with(good, func(u *soap.UsernameToken) { u.Lifetime = time.Minute }), late: 59 * time.Second},
		13: {token: with(good, func(u *soap.UsernameToken) { u.Lifetime = time.Minute }), late: time.Minute, want: "MessageExpired"},
		14: {token: digest, change: cut("wsse:Nonce"), want: "InvalidSecurityToken"},
		15: {token: digest, change: cut("wsu:Created"), want: "InvalidSecurityToken"},
		16: {token: good, change: cut("wsse:UsernameToken"), want: "InvalidSecurity"},
		17: {token: good, change: cut("wsse:Password"), want: "InvalidSecurity"},
		18: {token: good, change: cut("wsse:Security"), want: "InvalidSecurity"},
		19: {token: good, change: func(s string) string { return strings.Replace(s, "#PasswordText", "#Other", 1) }, want: "UnsupportedSecurityToken"},
		20: {token: good, change: func(s string) string { return strings.Replace(s, "secret", "Secret", 1) }, want: "FailedAuthentication"},
		21: {token: good, change: func(s string) string {
			return strings.Replace(s, "</wsse:UsernameToken>", "</wsse:UsernameToken><wsse:UsernameToken/>", 1)
		}, want: "InvalidSecurity"},
		// An unknown account with an empty password must not match the empty secret.
		22: {token: with(good, func(u *soap.UsernameToken) { u.Username = "nobody" }), change: func(s string) string {
			return strings.Replace(s, "secret&amp;é", "", 1)
		}, want: "FailedAuthentication"},
	} {
		o := soap.Options{Header: tc.token.Header}
		msg, err := o.EncodeRequest(t.Context(), "", nil)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		text := string(msg.Body)
		if tc.change != nil {
			if text = tc.change(text); text == string(msg.Body) {
				t.Fatalf("%d: nothing was changed in %s", i, text)
			}
		}
		env, err := o.Parse([]byte(text), "")
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		v := verifier(rentree.Add(tc.late))
		v.DigestOnly = tc.only
		user, err := v.Verify(env)
		switch {
		case tc.want == "" && (err != nil || user != "univ"):
			t.Errorf("%d: account %q, %v, want success", i, user, err)
		case tc.want != "" && (code(err) != tc.want || user != "" || !errors.Is(err, passerelle.ErrUnauthorized)):
			t.Errorf("%d: account %q, %v, want the fault %s", i, user, err, tc.want)
		}
	}
}

// TestVerifyUnknownAccount sends the digest of an empty password, computed with
// OpenSSL, for an account that does not exist: there is no secret to match.
func TestVerifyUnknownAccount(t *testing.T) {
	t.Parallel()
	in := head11 + securityHeader(`<o:UsernameToken><o:Username>nobody</o:Username><o:Password Type="`+digestType+`">jwthWv25C3m9NAgFlyrKrsEfesA=</o:Password>`+
		`<o:Nonce>AAECAwQFBgcICQoLDA0ODw==</o:Nonce><u:Created>2026-09-01T08:30:00.000Z</u:Created></o:UsernameToken>`) + `<s:Body/>` + tail
	env, err := new(soap.Options).Parse([]byte(in), "")
	if err != nil {
		t.Fatal(err)
	}
	if user, err := verifier(rentree).Verify(env); code(err) != "FailedAuthentication" || user != "" {
		t.Errorf("account %q, %v, want FailedAuthentication", user, err)
	}
}

func with(u soap.UsernameToken, change func(*soap.UsernameToken)) soap.UsernameToken {
	change(&u)
	return u
}

// cut removes an element from a message.
func cut(tag string) func(string) string {
	return func(s string) string {
		i, j := strings.Index(s, "<"+tag), strings.Index(s, "</"+tag+">")
		return s[:i] + s[j+len(tag)+3:]
	}
}

func TestUsernameTokenHides(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "s3cret-word", "univ-account")
	token := soap.UsernameToken{Username: "univ-account", Password: "s3cret-word"}
	leaks.Logger().Info("configured", "token", token)
	leaks.Error(fmt.Errorf("%v %+v %#v %s", token, token, token, token))
	leaks.Check(t)

	_, err := (&soap.Options{Header: soap.UsernameToken{}.Header}).EncodeRequest(t.Context(), "", nil)
	testutil.Equal(t, "error", fmt.Sprint(err), "Username: required: want the name of the account; Password: required: want the password of the account")

	_, err = (&soap.Options{Header: soap.UsernameToken{Username: "a", Password: "b", Digest: true, Rand: strings.NewReader("short")}.Header}).
		EncodeRequest(t.Context(), "", etree.NewElement("a"))
	if err == nil || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("a nonce from an exhausted source: %v", err)
	}
}

func TestNoncesExpire(t *testing.T) {
	t.Parallel()
	now := rentree
	v := verifier(now)
	v.Now = func() time.Time { return now }
	var first *soap.Envelope
	for i := range 200 {
		token := soap.UsernameToken{Username: "univ", Password: "secret&é", Digest: true, Now: v.Now}
		block, err := token.Header(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		env, err := new(soap.Options).Parse([]byte(head11+"<s:Header>"+string(block)+"</s:Header><s:Body/>"+tail), "")
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = env
		}
		if _, err := v.Verify(env); err != nil {
			t.Fatalf("token %d at %v: %v", i, now, err)
		}
		now = now.Add(time.Minute)
	}
	if n := v.Nonces(); n > 20 {
		t.Errorf("%d nonces are kept, want those of the window only", n)
	}
	if _, err := v.Verify(first); code(err) != "MessageExpired" {
		t.Errorf("the first token hours later: %v", err)
	}
}
