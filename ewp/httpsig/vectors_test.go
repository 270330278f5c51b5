package httpsig_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The vectors: made by the signer of the official registry (the Java library
// that it uses) with the published test key.
const (
	vectorKeyID     = "035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add"
	vectorRequestID = "dc05b425-4e86-4106-8dde-1257fccf53e5"

	signature1 = "jryG+DYdVsjleG3x6++eao1+WWzJsCHS2NfkeYFW/diXcAZIhhmCl44cdw1xllozTihK/8EdiqS5Krh1NDIhFjUYP7bu4Tfk3XLTrAxf/C4neId9oUZx0mpbN1UhAwEx8WUybSyYnvlITLdPpioaEiXTlxrHT+cS+g5L2MNGSrLupae8TYQ7Z6z342p5YxUP7Bm5qjl+vioiHc8rNFJcOfJqlktesTHxDYyKYMIw6YVPUre3MrLF+7Hz/O1tr0XMPIDsKoWHsbfp0jALdzouH5Nh3d5ObJ15bZ9XxDBlTSXohRU6RLEJRVXtQcI8HpciF2m/a0r9pCX6AqnDJ7L0eg=="
	signature2 = "l8T57XrGmAdO7njicHbygENH+wDGN/AFIs8tLL5+EBNEIfAoVjp6ajyllrdoKsNfWs9+tP0ASKMHQCjuRXqnPtP8LtixNQ/6FTNRrjjhroBv/xNxZAFV81hyWSBIBYOgCw/IGG3wl5+tkOrcCWmNV7isxk5ogh7mR1pAiXXv6fijhTBAvTYodGLfip9KCfwOyOvsBh61ju9irpHR6wHJwnYxJWOvUQO8qL446hWYp5jsQatkbz/d/GPpZ2WeMkMQ2YQGM5ivS4zLnBwhV3yUgY3W6C6I/wzPs1vfUyDItlOv4qnk+jx6rRtt/75aX8YZoRqd0kLCnUEL2rOd4R+V4Q=="
	signature3 = "hkXz0faFac75/OUPq4zf+bAMgRcZLzoDCUvLoErYnsgZ1KvcIG6R7J1ZctGdbDExg87S+Wa3b9kglK2euTBNIgiLJlS0YI/FWCs4h9RFjTdkUPpmKZ+wB7xyvQJbiU1LWUuy1o2YdBoKsVB4OVIWBWn8nluEM9uw3ns9gmZ/6Ec7jKEZUA51ONJxxeN3mrUWFWtIclgiMEGXWsaGbUVZ4Z4nG3mGrtczTg35Ex2Ggmub774hogvrr+myFdI6IyR+x2XqcPRUq4PO3hF+YDNp09v/QCfWk5qocpLB+3H5dBPET/Su4SPNLC3/ljPwwmpoLEoXy5oTPh3lWjdCG7pstQ=="
	signature4 = "GeDiHh3goCe2JQ/ptQ/9H5txHHHKdhBlViEFPbquX08HVhDh+NRvwoq3sR2psaiDkyCvkcUS3+pEOs/RpD6mherMmz9rBDh741sQre0wRidBhou2v3R6qW/WEmCWSAMdf7hL0shmmJsygVsvsPaq2ypPyCeFBIN7d7IfNMFkYugs1l9k1zwehA0l816s9KyYnD0x9F73+ySx6RLoL0cxeeHEqpFxAMrP5eawJjodLLBRTl+iH5K1Kidf8KYMgIU/vU+eP2CYdxbOBmGO2X9+lkBlVFnZB2F7pFqRsP/8KCgUSeJFDfHc2ivKqoYqWiWPtANnqZYxDIJSjdgFg+2i8w=="

	body3 = `<response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"><hei-id>uw.edu.pl</hei-id><echo>a</echo><echo>b</echo><echo>a</echo></response>`
)

func vectorParams(headers, signature string) string {
	return `keyId="` + vectorKeyID + `",algorithm="rsa-sha256",headers="` + headers + `",signature="` + signature + `"`
}

type requestVector struct {
	method, url, body string
	contentType       string
	dates             httpsig.Dates
	headers           string
	digest            string
	signature         string
}

// requestVectors are V1 and V2.
var requestVectors = []requestVector{
	0: {
		method: "GET", url: "https://example.com/ewp/echo?echo=a&echo=b&echo=a", dates: httpsig.PlainDate,
		headers:   "(request-target) host date digest x-request-id",
		digest:    "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		signature: signature1,
	},
	1: {
		method: "POST", url: "https://example.com/ewp/echo", body: "echo=a&echo=b&echo=a", dates: httpsig.OriginalDate,
		contentType: "application/x-www-form-urlencoded",
		headers:     "(request-target) host original-date digest x-request-id content-type",
		digest:      "SHA-256=PSN9yGmH0vD0yVxAu8TDtVaEycbuwfzHwBezadL+saY=",
		signature:   signature2,
	},
}

// build returns the request of a vector without its Authorization.
func (v requestVector) build(tb testing.TB) *http.Request {
	tb.Helper()
	r := newRequest(tb, v.method, v.url, v.body)
	date := "Date"
	if v.dates == httpsig.OriginalDate {
		date = "Original-Date"
	}
	r.Header.Set(date, "Tue, 05 Sep 2017 08:49:37 GMT")
	r.Header.Set("X-Request-Id", vectorRequestID)
	r.Header.Set("Digest", v.digest)
	return r
}

func TestRequestVectorsVerify(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, httpsig.RequestVerifierConfig{Keys: httpsig.KeysOf(publishedKey(t))})
	for i, test := range requestVectors {
		r := test.build(t)
		r.Header.Set("Authorization", "Signature "+vectorParams(test.headers, test.signature))
		got, err := v.Verify(r, nil)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		want := &httpsig.Verified{
			Key: ewp.MustParseFingerprint(vectorKeyID), Signature: test.signature, RequestID: vectorRequestID, Date: now,
			Signed: strings.Fields(test.headers),
		}
		testutil.Equal(t, "what was verified", got, want)
		if body, err := io.ReadAll(r.Body); string(body) != test.body || err != nil {
			t.Errorf("%d: body afterwards %q, %v, want %q", i, body, err, test.body)
		}
		if again, err := v.Verify(r, httpsig.Bytes(test.body+" ")); err == nil {
			t.Errorf("%d: another body was accepted: %+v", i, again)
		}
	}
}

func TestRequestVectorsSign(t *testing.T) {
	t.Parallel()
	for i, test := range requestVectors {
		s := newSigner(t, httpsig.SignerConfig{
			Key: publishedPrivateKey(t), Dates: test.dates,
			NewID: func() string { return vectorRequestID },
		})
		r := newRequest(t, test.method, test.url, test.body)
		if err := s.SignRequest(r); err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if got, want := r.Header.Get("Authorization"), "Signature "+vectorParams(test.headers, test.signature); got != want {
			t.Errorf("%d: Authorization\n got %s\nwant %s", i, got, want)
		}
		if got := r.Header.Get("Digest"); got != test.digest {
			t.Errorf("%d: Digest %s, want %s", i, got, test.digest)
		}
	}
}

type responseVector struct {
	contentType, body string
	headers           string
	digest, signature string
}

// responseVectors are V3 and V4. The second has the form of the registry's own
// responder: names listed twice, and the target of the request among them.
var responseVectors = []responseVector{
	0: {
		contentType: "application/xml", body: body3,
		headers:   "original-date digest x-request-id x-request-signature content-type",
		digest:    "SHA-256=ql8bePiDO+DLpSfrGYK7u8O6q+YTjG7XTlf1OptPVqw=",
		signature: signature3,
	},
	1: {
		contentType: "text/plain", body: "x",
		headers: "(request-target) content-type digest original-date x-request-id x-request-signature " +
			"content-type digest original-date x-request-id x-request-signature",
		digest:    "SHA-256=LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
		signature: signature4,
	},
}

// vectorRef is what both answer: V1.
var vectorRef = httpsig.Ref{Method: "GET", Target: "/ewp/echo?echo=a&echo=b&echo=a", ID: vectorRequestID, Signature: signature1}

func (v responseVector) build() http.Header {
	return http.Header{
		"Content-Type":        {v.contentType},
		"Original-Date":       {"Tue, 05 Sep 2017 08:49:38 GMT"},
		"Digest":              {v.digest},
		"X-Request-Id":        {vectorRequestID},
		"X-Request-Signature": {signature1},
	}
}

func TestResponseVectorsVerify(t *testing.T) {
	t.Parallel()
	v := newResponseVerifier(t, httpsig.Policy{})
	keys := httpsig.KeysOf(publishedKey(t))
	for i, test := range responseVectors {
		h := test.build()
		h.Set("Signature", vectorParams(test.headers, test.signature))
		got, err := v.Verify(context.Background(), keys, vectorRef, h, httpsig.Bytes(test.body))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		var once []string
		for _, name := range strings.Fields(test.headers) {
			if !slices.Contains(once, name) {
				once = append(once, name)
			}
		}
		want := &httpsig.Verified{
			Key: ewp.MustParseFingerprint(vectorKeyID), Signature: test.signature, RequestID: vectorRequestID,
			Date: now.Add(time.Second), Signed: once,
		}
		testutil.Equal(t, "what was verified", got, want)
	}
}

func TestResponseVectorsSign(t *testing.T) {
	t.Parallel()
	s := newSigner(t, httpsig.SignerConfig{Key: publishedPrivateKey(t), Clock: clock(now.Add(time.Second))})

	test := responseVectors[0]
	h := http.Header{"Content-Type": {test.contentType}}
	if err := s.SignResponse(h, vectorRef, httpsig.Bytes(test.body)); err != nil {
		t.Fatal(err)
	}
	want := test.build()
	want.Set("Date", "Tue, 05 Sep 2017 08:49:38 GMT") // beside the vector, unsigned
	want.Set("Signature", vectorParams(test.headers, test.signature))
	testutil.Equal(t, "header of V3", h, want)

	test = responseVectors[1]
	h = test.build()
	if err := s.SignResponseAs(h, vectorRef, strings.Fields(test.headers)); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Get("Signature"), vectorParams(test.headers, test.signature); got != want {
		t.Errorf("Signature of V4\n got %s\nwant %s", got, want)
	}
}
