package ewptest

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// echoDocument is an answer of echo with some children.
func echoDocument(children string) string {
	return `<response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2">` + children + `</response>`
}

func errorDocument(children string) string {
	return `<error-response xmlns="` + ewp.NamespaceCommon + `">` + children + `</error-response>`
}

func TestCheckForm(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ doc, want string }{
		0:  {echoDocument(""), ""},
		1:  {echoDocument("<hei-id>a</hei-id><hei-id>b</hei-id><echo>a</echo><echo/>"), ""},
		2:  {echoDocument("<echo>a</echo>"), ""},
		3:  {echoDocument("<echo>a</echo><hei-id>a</hei-id>"), "element hei-id stands after echo"},
		4:  {echoDocument("<other/>"), "element other is not in the schema of response"},
		5:  {echoDocument(`<x:other xmlns:x="urn:x"/><echo/>`), ""},
		6:  {errorDocument("<developer-message>no</developer-message>"), ""},
		7:  {errorDocument("<developer-message>no</developer-message><user-message>a</user-message><user-message>b</user-message>"), ""},
		8:  {errorDocument(""), "element developer-message is missing"},
		9:  {errorDocument("<user-message>a</user-message>"), "element developer-message is missing"},
		10: {errorDocument("<developer-message>a</developer-message><developer-message>b</developer-message>"), "element developer-message stands 2 times"},
		11: {`<monitoring-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-monitoring/tree/stable-v1"><a/></monitoring-response>`,
			"element a is not in the schema of monitoring-response"},
		12: {"<unknown/>", ""},
	} {
		doc, err := xmlx.Parse([]byte(c.doc), "", xmlx.Limits{})
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		got := ""
		if err := checkForm(doc.Root()); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%d: %s: %q, want %q", i, c.doc, got, c.want)
		}
	}
}

func TestAcceptable(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                     "identity",
		"gzip":                                 "gzip identity",
		"ewp-rsa-aes128gcm, identity;q=0.1":    "ewp-rsa-aes128gcm identity",
		" ewp-rsa-AES128GCM ; q=1 , *;q=0":     "ewp-rsa-aes128gcm",
		" ewp-rsa-aes128gcm;q=0, identity;q=1": "identity",
		"identity, *;q=0":                      "identity",
		"gzip;q=0, identity; q = 0":            "",
	} {
		allowed := acceptable(header)
		var got []string
		for _, coding := range []string{"ewp-rsa-aes128gcm", "gzip", "identity"} {
			if allowed[coding] {
				got = append(got, coding)
			}
		}
		testutil.Equal(t, header, strings.Join(got, " "), want)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	const digest = "SHA-256"
	for i, c := range []struct {
		challenge, digest string
		want              string
	}{
		0: {`Signature realm="EWP"`, digest, ""},
		1: {`Signature realm="EWP",headers="(request-target) host date digest x-request-id",algorithm="rsa-sha256"`, digest, ""},
		2: {"", digest, "a 401 must have WWW-Authenticate, signed where the answer is"},
		3: {`Signature realm="other"`, digest, "the realm in WWW-Authenticate should be EWP"},
		4: {`Signature realm="EWP", algorithms="rsa-sha512"`, digest, "the algorithms in WWW-Authenticate should have rsa-sha256 among them"},
		5: {`Signature realm="EWP", headers="host"`, digest, "the headers in WWW-Authenticate should have (request-target) among them"},
		6: {`Signature realm="EWP"`, "", "a 401 should have Want-Digest with SHA-256"},
		7: {`Basic realm="x"`, digest, ""}, // as the validator, which reads signatures only
	} {
		a := &answer{status: 401, header: http.Header{}}
		a.header.Set("WWW-Authenticate", c.challenge)
		a.header.Set("Want-Digest", c.digest)
		err, _ := errors.AsType[*verdict](checkChallenge(a))
		switch {
		case c.want == "" && err != nil, c.want != "" && err == nil:
			t.Errorf("%d: %v, want %q", i, err, c.want)
		case err != nil && (err.reason != c.want || err.status != Warning):
			t.Errorf("%d: %v, want WARNING: %s", i, err, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := Report{
		{API: ewp.IIAs, Endpoint: "get", Combination: Combination{"POST", ewp.ClientHTTPSig | ewp.ServerHTTPSig | ewp.ResponseGCM},
			Step: "one", Expect: "200", Status: Success},
		{API: ewp.Echo, Step: "two", Expect: "https", Status: Failure, Reason: "no"},
		{API: ewp.Echo, Combination: Combination{"PUT", ewp.ClientAnonymous | ewp.RequestGCM}, Step: "three", Status: Skipped, Reason: "why"},
	}
	testutil.Equal(t, "worst", r.Worst(), Failure)
	testutil.Equal(t, "worst of nothing", Report{}.Worst(), Skipped)
	testutil.Equal(t, "first", r[0].String(), "SUCCESS: iias get PHHTE: one; expected: 200")
	testutil.Equal(t, "all", r.String(), "FAILURE: echo -----: two; expected: https\n    no\n"+
		"SKIPPED: echo -ATET: three; expected: \n    why\n"+
		"SKIPPED 1  SUCCESS 1  NOTICE 0  WARNING 0  FAILURE 1  ERROR 0")
	testutil.Equal(t, "no status", Status(9).String(), "Status(9)")
}

// FuzzAnswer judges answers of hostile hosts: nothing panics, and what is judged a
// success is one.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "", []byte(echoDocument("<hei-id>uni-b.example</hei-id>")))
	f.Add(401, "", `Signature realm="EWP"`, []byte(errorDocument("<developer-message>no</developer-message>")))
	f.Add(200, "gzip, ewp-rsa-aes128gcm", "", []byte("\x1f\x8b\x08"))
	f.Add(400, "identity", "", []byte("<!DOCTYPE x><x/>"))
	s := &session{
		host: Host{}, suite: echoSuite, as: Participant{HEI: ewp.MustParseHEIID("uni-b.example"), ClientKey: Key(2), ServerKey: Key(3)},
		keys: httpsig.Keys{},
	}
	s.ctx = f.Context()
	s.endpoint, _ = ewp.Echo.Endpoint("")
	f.Fuzz(func(t *testing.T, status int, coding, challenge string, body []byte) {
		c := Combination{"POST", ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.RequestTLS | ewp.ResponseTLS}
		k, err := s.call(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		fresh := func() *answer {
			return &answer{status: status, header: http.Header{"Content-Encoding": {coding}, "Www-Authenticate": {challenge}}, body: body}
		}
		a := fresh()
		if err := s.judge200(k, a, c, s.echoed()); err == nil {
			var got struct {
				XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2 response"`
				HEIs    []string `xml:"hei-id"`
			}
			if err := xml.Unmarshal(a.body, &got); err != nil || status != 200 || len(got.HEIs) != 1 {
				t.Errorf("a success of status %d: %q, %v", status, a.body, err)
			}
		}
		a = fresh()
		notices, err := s.open(k, a, c)
		if err == nil && s.judgeError(a, notices, []int{400, 401}) == nil && status != 400 && status != 401 {
			t.Errorf("status %d passes for 400 or 401", status)
		}
	})
}
