package httpsig_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const answerBody = `<response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"/>`

var answerRef = httpsig.Ref{Method: "POST", Target: "/ewp/echo", ID: vectorRequestID, Signature: signature2}

// answer returns the signed header of a good answer of the server.
func answer(tb testing.TB, ref httpsig.Ref, cfg httpsig.SignerConfig) http.Header {
	tb.Helper()
	if cfg.Key == nil {
		cfg.Key = serverKey()
	}
	h := http.Header{"Content-Type": {"application/xml"}, "Server": {"x"}}
	if err := newSigner(tb, cfg).SignResponse(h, ref, httpsig.Bytes(answerBody)); err != nil {
		tb.Fatal(err)
	}
	return h
}

// TestRefusesResponses breaks a good answer in one way at a time.
func TestRefusesResponses(t *testing.T) {
	t.Parallel()
	resign := func(t *testing.T, h http.Header, names string) {
		if err := newSigner(t, httpsig.SignerConfig{Key: serverKey()}).SignResponseAs(h, answerRef, strings.Fields(names)); err != nil {
			t.Fatal(err)
		}
	}
	const all = "original-date digest x-request-id x-request-signature"
	for name, test := range map[string]struct {
		change func(*testing.T, http.Header)
		ref    *httpsig.Ref
		body   string
		reason httpsig.Reason
	}{
		"nothing changed": {},

		"not signed":    {change: func(_ *testing.T, h http.Header) { h.Del("Signature") }, reason: httpsig.Missing},
		"garbage":       {change: func(_ *testing.T, h http.Header) { h.Set("Signature", "x") }, reason: httpsig.Syntax},
		"with a scheme": {change: func(_ *testing.T, h http.Header) { h.Set("Signature", "Signature "+h.Get("Signature")) }, reason: httpsig.Syntax},
		"signed twice":  {change: func(_ *testing.T, h http.Header) { h.Add("Signature", h.Get("Signature")) }, reason: httpsig.Duplicate},
		"small letters": {change: func(_ *testing.T, h http.Header) { h["signature"] = h["Signature"] }, reason: httpsig.Duplicate},
		"digest twice":  {change: func(_ *testing.T, h http.Header) { h.Add("Digest", h.Get("Digest")); resignAll(t, h) }, reason: httpsig.Duplicate},
		"two digests": {change: func(_ *testing.T, h http.Header) {
			h.Set("Digest", h.Get("Digest")+","+h.Get("Digest"))
			resignAll(t, h)
		}, reason: httpsig.Duplicate},
		"algorithm":     {change: func(_ *testing.T, h http.Header) { swap(h, "rsa-sha256", "rsa-sha512") }, reason: httpsig.Algorithm},
		"id of another": {ref: &httpsig.Ref{Method: "POST", Target: "/ewp/echo", ID: "dc05b425-4e86-4106-8dde-1257fccf53e6", Signature: signature2}, reason: httpsig.RequestID},
		"answers no id": {ref: &httpsig.Ref{Method: "POST", Target: "/ewp/echo", Signature: signature2}, reason: httpsig.RequestID},
		"no id": {change: func(t *testing.T, h http.Header) {
			h.Del("X-Request-Id")
			resign(t, h, "original-date digest x-request-signature")
		}, reason: httpsig.RequestID},
		"of another":   {ref: &httpsig.Ref{Method: "POST", Target: "/ewp/echo", ID: vectorRequestID, Signature: signature1}, reason: httpsig.RequestSignature},
		"answers none": {ref: &httpsig.Ref{Method: "POST", Target: "/ewp/echo", ID: vectorRequestID}, reason: httpsig.RequestSignature},
		"of none": {change: func(t *testing.T, h http.Header) {
			h.Del("X-Request-Signature")
			resign(t, h, "original-date digest x-request-id")
		}, reason: httpsig.RequestSignature},
		"date unsigned":  {change: func(t *testing.T, h http.Header) { resign(t, h, "digest x-request-id x-request-signature") }, reason: httpsig.Unsigned},
		"digest":         {change: func(t *testing.T, h http.Header) { resign(t, h, "original-date x-request-id x-request-signature") }, reason: httpsig.Unsigned},
		"id unsigned":    {change: func(t *testing.T, h http.Header) { resign(t, h, "original-date digest x-request-signature") }, reason: httpsig.Unsigned},
		"reference":      {change: func(t *testing.T, h http.Header) { resign(t, h, "original-date digest x-request-id") }, reason: httpsig.Unsigned},
		"listed, absent": {change: func(_ *testing.T, h http.Header) { h.Del("Content-Type") }, reason: httpsig.Absent},
		"no date":        {change: func(_ *testing.T, h http.Header) { h.Del("Original-Date") }, reason: httpsig.Absent},
		"host":           {change: func(_ *testing.T, h http.Header) { swap(h, "original-date", "host original-date") }, reason: httpsig.Absent},
		"stale": {change: func(t *testing.T, h http.Header) {
			h.Set("Original-Date", "Tue, 05 Sep 2017 08:44:36 GMT")
			resign(t, h, all)
		}, reason: httpsig.Skew},
		"early": {change: func(t *testing.T, h http.Header) {
			h.Set("Original-Date", "Tue, 05 Sep 2017 08:54:38 GMT")
			resign(t, h, all)
		}, reason: httpsig.Skew},
		"stale Date": {change: func(_ *testing.T, h http.Header) { h.Set("Date", "Tue, 05 Sep 2017 08:44:36 GMT") }, reason: httpsig.Skew},
		"other key":  {change: func(_ *testing.T, h http.Header) { resignWith(t, h, otherKeySigner(t)) }, reason: httpsig.UnknownKey},
		"client key": {change: func(_ *testing.T, h http.Header) {
			resignWith(t, h, newSigner(t, httpsig.SignerConfig{Key: clientKey()}))
		}, reason: httpsig.UnknownKey},
		"posing": {change: func(_ *testing.T, h http.Header) {
			resignWith(t, h, newSigner(t, httpsig.SignerConfig{Key: posing{otherKey(), serverKey()}}))
		}, reason: httpsig.Signature},
		"signed header": {change: func(_ *testing.T, h http.Header) { h.Set("Content-Type", "text/html") }, reason: httpsig.Signature},
		"body":          {body: answerBody + "\n", reason: httpsig.Digest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := answer(t, answerRef, httpsig.SignerConfig{})
			if test.change != nil {
				test.change(t, h)
			}
			ref, body := answerRef, answerBody
			if test.ref != nil {
				ref = *test.ref
			}
			if test.body != "" {
				body = test.body
			}
			v := newResponseVerifier(t, httpsig.Policy{})
			_, err := v.Verify(t.Context(), httpsig.KeysOf(public(t, serverKey())), ref, h, httpsig.Bytes(body))
			if got := reasonOf(t, err); got != test.reason {
				t.Fatalf("reason %q (%v), want %q", got, err, test.reason)
			}
			if err != nil && (!errors.Is(err, passerelle.ErrProtocol) || passerelle.OutcomeOf(err) != passerelle.Unknown) {
				t.Errorf("%v is no ErrProtocol of unknown outcome", err)
			}
		})
	}
}

func swap(h http.Header, old, new string) {
	h.Set("Signature", strings.Replace(h.Get("Signature"), old, new, 1))
}

func resignAll(t *testing.T, h http.Header) {
	resignWith(t, h, newSigner(t, httpsig.SignerConfig{Key: serverKey()}))
}

func resignWith(t *testing.T, h http.Header, s *httpsig.Signer) {
	t.Helper()
	if err := s.SignResponseAs(h, answerRef, strings.Fields("original-date digest x-request-id x-request-signature")); err != nil {
		t.Fatal(err)
	}
}

func otherKeySigner(t *testing.T) *httpsig.Signer {
	return newSigner(t, httpsig.SignerConfig{Key: otherKey()})
}

// TestAnswersToUnsignedRequests are those where X-Request-Id or its like must not
// be.
func TestAnswersToUnsignedRequests(t *testing.T) {
	t.Parallel()
	v := newResponseVerifier(t, httpsig.Policy{})
	keys := httpsig.KeysOf(public(t, serverKey()))
	for i, test := range []struct {
		ref    httpsig.Ref
		signed []string
	}{
		0: {httpsig.Ref{}, []string{"original-date", "digest", "content-type"}},
		1: {httpsig.Ref{ID: "anything"}, []string{"original-date", "digest", "x-request-id", "content-type"}},
		2: {answerRef, []string{"original-date", "digest", "x-request-id", "x-request-signature", "content-type"}},
	} {
		h := answer(t, test.ref, httpsig.SignerConfig{})
		got, err := v.Verify(t.Context(), keys, test.ref, h, httpsig.Bytes(answerBody))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, "signed", got.Signed, test.signed)
		testutil.Equal(t, "unsigned", got.Unsigned, []string{"Date", "Server"})
		got.Strip(h)
		if h.Get("Server") != "" || h.Get("Signature") == "" || h.Get("Content-Type") == "" {
			t.Errorf("%d: left after Strip: %v", i, h)
		}
	}
}

// TestDatesOfTheSigner looks at each way to send the date, and at a proxy that
// overwrites Date.
func TestDatesOfTheSigner(t *testing.T) {
	t.Parallel()
	v := newResponseVerifier(t, httpsig.Policy{Clock: clock(now.Add(time.Minute))})
	keys := httpsig.KeysOf(public(t, serverKey()))
	for i, test := range []struct {
		dates            httpsig.Dates
		date, original   bool
		afterOverwriting httpsig.Reason
	}{
		0: {httpsig.OriginalDate, false, true, ""},
		1: {httpsig.PlainDate, true, false, httpsig.Signature},
		2: {httpsig.BothDates, true, true, httpsig.Signature},
	} {
		h := answer(t, answerRef, httpsig.SignerConfig{Dates: test.dates})
		got, err := v.Verify(t.Context(), keys, answerRef, h, httpsig.Bytes(answerBody))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if got.Covers("Date") != test.date || got.Covers("Original-Date") != test.original || !got.Date.Equal(now) {
			t.Errorf("%d: signed %q at %v", i, got.Signed, got.Date)
		}
		h.Set("Date", "Tue, 05 Sep 2017 08:50:00 GMT")
		_, err = v.Verify(t.Context(), keys, answerRef, h, httpsig.Bytes(answerBody))
		if got := reasonOf(t, err); got != test.afterOverwriting {
			t.Errorf("%d: Date overwritten: %v, want %q", i, err, test.afterOverwriting)
		}
	}
}

// TestDateIsTheEarliest signs two dates that differ.
func TestDateIsTheEarliest(t *testing.T) {
	t.Parallel()
	h := answer(t, answerRef, httpsig.SignerConfig{Dates: httpsig.BothDates})
	for _, dates := range [][2]string{
		{"Tue, 05 Sep 2017 08:49:37 GMT", "Tue, 05 Sep 2017 08:50:37 GMT"},
		{"Tue, 05 Sep 2017 08:50:37 GMT", "Tue, 05 Sep 2017 08:49:37 GMT"},
	} {
		h.Set("Date", dates[0])
		h.Set("Original-Date", dates[1])
		s := newSigner(t, httpsig.SignerConfig{Key: serverKey()})
		if err := s.SignResponseAs(h, answerRef, strings.Fields("date original-date digest x-request-id x-request-signature")); err != nil {
			t.Fatal(err)
		}
		v, err := newResponseVerifier(t, httpsig.Policy{}).Verify(t.Context(), httpsig.KeysOf(public(t, serverKey())), answerRef, h, httpsig.Bytes(answerBody))
		if err != nil || !v.Date.Equal(now) {
			t.Errorf("%q: %+v, %v, want the date %v", dates, v, err, now)
		}
	}
}

// TestSigningAnAnswerAgain signs a header that answered another request before.
func TestSigningAnAnswerAgain(t *testing.T) {
	t.Parallel()
	h := answer(t, answerRef, httpsig.SignerConfig{})
	if err := newSigner(t, httpsig.SignerConfig{Key: serverKey()}).SignResponse(h, httpsig.Ref{}, httpsig.Bytes("new")); err != nil {
		t.Fatal(err)
	}
	v, err := newResponseVerifier(t, httpsig.Policy{}).Verify(t.Context(), httpsig.KeysOf(public(t, serverKey())), httpsig.Ref{}, h, httpsig.Bytes("new"))
	if err != nil || v.RequestID != "" || h.Get("X-Request-Id") != "" || h.Get("X-Request-Signature") != "" {
		t.Errorf("%v, %v in %v", v, err, h)
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		values []string
		want   bool
	}{
		0: {nil, false},
		1: {[]string{"rsa-sha256"}, true},
		2: {[]string{"RSA-SHA256"}, true},
		3: {[]string{"unknown-algorithm"}, false},
		4: {[]string{"rsa-sha512 , rsa-sha256"}, true},
		5: {[]string{"hmac-sha256", "rsa-sha256"}, true},
		6: {[]string{"rsa-sha256x"}, false},
	} {
		if got := httpsig.AsksSigned(http.Header{"Accept-Signature": test.values}); got != test.want {
			t.Errorf("%d: AsksSigned with %q = %v", i, test.values, got)
		}
	}
	r := signed(t, "GET", echoURL, "", func(r *http.Request) { httpsig.AskSigned(r.Header) })
	v, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil)
	if err != nil || !v.Covers("Accept-Signature") || !v.Covers("Want-Digest") || !httpsig.AsksSigned(r.Header) {
		t.Errorf("asked for a signed answer: %+v, %v", v, err)
	}
	h := http.Header{}
	httpsig.Challenge(h)
	testutil.Equal(t, "challenge", h, http.Header{"Www-Authenticate": {`Signature realm="EWP"`}, "Want-Digest": {"SHA-256"}})
}

// TestRefOfRefused looks at what is echoed of an Authorization that is refused.
func TestRefOfRefused(t *testing.T) {
	t.Parallel()
	for i, test := range []struct{ value, echoed string }{
		0: {"", ""},
		1: {"Bearer x", ""},
		2: {"Signature x", ""},
		3: {`Signature keyId="x",signature="QUJD"`, ""},
		4: {`Signature keyId="x",algorithm="y",signature="QUJD"`, "QUJD"},
		5: {`Signature keyId="x",algorithm="rsa-sha256",signature="QUJD"`, "QUJD"},
		6: {`Signature keyId="x",algorithm="rsa-sha256",signature="Q U"`, ""},
	} {
		r := newRequest(t, "GET", echoURL, "")
		r.Header.Set("Authorization", test.value)
		if got, want := httpsig.RefOf(r), (httpsig.Ref{Method: "GET", Target: "/ewp/echo", Signature: test.echoed}); got != want {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
}

// TestLinesAreJoined signs headers that have several lines.
func TestLinesAreJoined(t *testing.T) {
	t.Parallel()
	r := signed(t, "GET", echoURL, "", func(r *http.Request) {
		r.Header["Accept-Encoding"] = []string{"gzip", "br"}
		r.Header["Cookie"] = []string{"a=1", "b=2"}
	})
	testutil.Equal(t, "Accept-Encoding", r.Header["Accept-Encoding"], []string{"gzip, br"})
	testutil.Equal(t, "Cookie", r.Header["Cookie"], []string{"a=1", "b=2"})
	v, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "unsigned", v.Unsigned, []string{"Cookie"})
}

// TestBlanksAroundValues signs blanks that are lost on the wire.
func TestBlanksAroundValues(t *testing.T) {
	t.Parallel()
	r := signed(t, "GET", echoURL, "", func(r *http.Request) { r.Header.Set("X-Mine", "\t a  b ") })
	r.Header.Set("X-Mine", "a  b")
	if _, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil); err != nil {
		t.Error(err)
	}
}

// TestDateSuppressed leaves the header without Date where net/http was asked to.
func TestDateSuppressed(t *testing.T) {
	t.Parallel()
	h := http.Header{"Date": nil}
	if err := newSigner(t, httpsig.SignerConfig{Key: serverKey()}).SignResponse(h, answerRef, httpsig.Bytes("x")); err != nil {
		t.Fatal(err)
	}
	if values, set := h["Date"]; !set || values != nil {
		t.Errorf("Date is %q", values)
	}
}

func TestQuirks(t *testing.T) {
	t.Parallel()
	const all = "(request-target) host original-date digest x-request-id"
	date := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Original-Date", value) }
	}
	// query signs another query than the one that is sent.
	query := func(signs, sends string) func(*http.Request) {
		return func(r *http.Request) { r.RequestURI = "/ewp/echo?" + signs; r.Header.Set("X-Sends", sends) }
	}
	for i, test := range []struct {
		quirk  httpsig.Quirks
		change func(*http.Request)
		hosts  []string
		reason httpsig.Reason // without the quirk
		stays  bool           // refused with it as well
	}{
		0:  {quirk: httpsig.ZoneDates, change: date("Tue, 05 Sep 2017 10:49:37 CEST"), reason: httpsig.Date},
		1:  {quirk: httpsig.ZoneDates, change: date("Tue, 05 Sep 2017 10:49:37 +0200"), reason: httpsig.Date},
		2:  {quirk: httpsig.ZoneDates, change: date("Tue, 05 Sep 2017 08:49:37 UTC"), reason: httpsig.Date},
		3:  {quirk: httpsig.ZoneDates, change: date("Tue, 05 Sep 2017 08:49:37 XYZ"), reason: httpsig.Date, stays: true},
		4:  {quirk: httpsig.ZoneDates, change: date("Mon, 05 Sep 2017 10:49:37 CEST"), reason: httpsig.Date, stays: true},
		5:  {quirk: httpsig.OneDigitDays, change: date("Tue, 5 Sep 2017 08:49:37 GMT"), reason: httpsig.Date},
		6:  {quirk: httpsig.OneDigitDays, change: date("Tue,  5 Sep 2017 08:49:37 GMT"), reason: httpsig.Date, stays: true},
		7:  {quirk: httpsig.OneDigitDays | httpsig.ZoneDates, change: date("Tue, 5 Sep 2017 10:49:37 CEST"), reason: httpsig.Date},
		8:  {quirk: httpsig.HostWithoutPort, change: func(*http.Request) {}, hosts: []string{"example.com:8443"}, reason: httpsig.Host},
		9:  {quirk: httpsig.HostWithoutPort, change: func(r *http.Request) { r.Host = "example.com:1" }, hosts: []string{"example.com:8443"}, reason: httpsig.Host, stays: true},
		10: {quirk: httpsig.DecodedQuery, change: query("echo=a b/é", "echo=a%20b%2F%C3%A9"), reason: httpsig.Signature},
		11: {quirk: httpsig.DecodedQuery, change: query("echo=a&echo=b", "echo=a%26echo=b"), reason: httpsig.Signature, stays: true},
		12: {quirk: httpsig.DecodedQuery, change: query("echo=a+b", "echo=a%2Bb"), reason: httpsig.Signature, stays: true},
		13: {quirk: httpsig.DecodedQuery, change: query("echo=%41", "echo=%2541"), reason: httpsig.Signature, stays: true},
		14: {quirk: httpsig.DecodedQuery, change: query("echo=c", "echo=a%20b"), reason: httpsig.Signature, stays: true},
	} {
		r := signed(t, "GET", echoURL, "")
		test.change(r)
		sends := r.Header.Get("X-Sends")
		r.Header.Del("X-Sends")
		if err := newSigner(t, httpsig.SignerConfig{Key: clientKey()}).SignRequestAs(r, strings.Fields(all)); err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if sends != "" {
			r.RequestURI = "/ewp/echo?" + sends
		}
		_, err := newVerifier(t, httpsig.RequestVerifierConfig{Hosts: test.hosts}).Verify(r, nil)
		if got := reasonOf(t, err); got != test.reason {
			t.Errorf("%d: without quirks: %v, want %q", i, err, test.reason)
		}
		v, err := newVerifier(t, httpsig.RequestVerifierConfig{Hosts: test.hosts, Policy: httpsig.Policy{Quirks: test.quirk}}).Verify(r, nil)
		switch {
		case test.stays && reasonOf(t, err) != test.reason:
			t.Errorf("%d: with %v: %v, want %q", i, test.quirk, err, test.reason)
		case !test.stays && err != nil:
			t.Errorf("%d: with %v: %v", i, test.quirk, err)
		case !test.stays && v.Quirks != test.quirk:
			t.Errorf("%d: needed %v, want %v", i, v.Quirks, test.quirk)
		}
	}
	words := (httpsig.DecodedQuery | httpsig.HostWithoutPort).String()
	if !slices.Equal(strings.Split(words, ", "), []string{"decoded query", "host without port"}) {
		t.Errorf("String() = %q", words)
	}
}
