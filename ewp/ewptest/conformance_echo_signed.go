package ewptest

import (
	"crypto/sha1" // the digest that hosts must refuse
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/ewp"
)

// stdHeaders are what every request must sign.
var stdHeaders = []string{"(request-target)", "host", "date", "digest", "x-request-id"}

// echoSigned breaks the signature of the client in every way that the validator knows.
func (s *session) echoSigned(c Combination) error {
	again := func(how signing) func(*call) error {
		return func(k *call) error { return s.signAs(k, how) }
	}
	trials := []trial{
		{name: "unknown key", signed: true, errors: []int{401, 403}, judged: c.with(ewp.ResponseMethods, ewp.ResponseTLS),
			change: again(signing{key: Key(-1)})},
		{name: "known key, wrong signature", signed: true, errors: []int{400, 401},
			change: again(signing{key: Key(-1), claimed: s.as.ClientKey})},
		{name: "signed header that is not there", signed: true, errors: []int{400, 401}, change: func(k *call) error {
			k.req.Header.Set("Missing-Header-That-Should-Exist", "exists for a moment")
			defer k.req.Header.Del("Missing-Header-That-Should-Exist")
			return s.sign(k)
		}},
		{name: "Original-Date in place of Date", change: func(k *call) error {
			k.req.Header.Set("Original-Date", s.date(0))
			return nil
		}},
	}
	for _, name := range stdHeaders {
		trials = append(trials, trial{name: "unsigned " + name, signed: true, errors: []int{400, 401},
			change: again(signing{names: func(http.Header) []string {
				return slices.DeleteFunc(slices.Clone(stdHeaders), func(n string) bool { return n == name })
			}})})
	}
	trials = append(trials,
		trial{name: "headers in another order", signed: true, change: again(signing{names: func(h http.Header) []string {
			return append(headerNames(h), "host", "(request-target)")
		}})},
		trial{name: "further headers, signed", change: func(k *call) error {
			k.req.Header.Set("Some-Custom-Header", "Value")
			return nil
		}},
	)
	if err := s.tryAll(c, trials); err != nil {
		return err
	}
	if s.as.ServerKey.Equal(s.as.ClientKey) {
		s.skip(c, "signed with a server key", "403", "client and server key are the same")
	} else if err := s.try(c, trial{name: "signed with a server key", signed: true, errors: []int{403},
		change: again(signing{key: s.as.ServerKey})}); err != nil {
		return err
	}
	err := s.tryAll(c, []trial{
		{name: "clock 20 minutes behind", signed: true, errors: []int{400}, mild: milderFor200, change: func(k *call) error {
			k.req.Header.Set("Date", s.date(0))
			k.req.Header.Set("Original-Date", s.date(-20*time.Minute))
			return s.signAs(k, signing{names: func(h http.Header) []string {
				return slices.DeleteFunc(everything(h), func(n string) bool { return n == "date" })
			}})
		}},
		{name: "X-Request-Id that is not canonical", errors: []int{400}, mild: milder, change: func(k *call) error {
			k.req.Header.Set("X-Request-Id", strings.ToUpper(strings.ReplaceAll(uuid.NewString(), "-", "")))
			return nil
		}},
	})
	if err != nil || c.Method != http.MethodPost {
		return err
	}
	return s.echoDigests(c)
}

// echoDigests breaks the digest of the body.
func (s *session) echoDigests(c Combination) error {
	bb, twice := params{"echo", "b", "echo", "b"}, []string{"b", "b"}
	digest := func(value func(*call) string) func(*call) error {
		return func(k *call) error {
			return s.signAs(k, signing{digest: func() string { return value(k) }})
		}
	}
	trials := []trial{
		{name: "invalid Digest", params: aba, signed: true, errors: []int{400}, change: func(k *call) error {
			if err := s.sign(k); err != nil {
				return err
			}
			k.body = []byte("something-else")
			return nil
		}},
		{name: "several digests", params: bb, values: twice, signed: true,
			change: digest(func(k *call) string { return sha256Digest(k.body) + ", Unknown-Digest-Algorithm=SomeValue" })},
		{name: "digest SHA", params: bb, signed: true, errors: []int{400}, mild: milderFor200, change: digest(func(k *call) string {
			sum := sha1.Sum(k.body)
			return "SHA=" + base64.StdEncoding.EncodeToString(sum[:])
		})},
		{name: "digest shA-256", params: bb, values: twice, signed: true, mild: milder,
			change: digest(func(k *call) string { return strings.Replace(sha256Digest(k.body), "SHA-256", "shA-256", 1) })},
	}
	if err := s.tryAll(c, trials); err != nil {
		return err
	}
	// The validator's step above also changes the length that was signed, so that it
	// passes on a host that checks no digest at all.
	return s.ours(c, "body changed, length kept", "400", func() error {
		k, err := s.call(c, aba)
		if err != nil {
			return err
		}
		if err := s.sign(k); err != nil {
			return err
		}
		k.body = slices.Clone(k.body)
		k.body[len(k.body)-1] ^= 1
		return s.expectError(k, c, 400)
	})
}

// echoSignedAnswer looks at how the host decides to sign.
func (s *session) echoSignedAnswer(c Combination) error {
	accept := func(value string) func(*call) error {
		return func(k *call) error {
			k.req.Header.Set("Accept-Signature", value)
			return nil
		}
	}
	trials := []trial{
		{name: "Accept-Signature without a known algorithm", change: accept("unknown-algorithm"),
			judged: c.with(ewp.ServerMethods, ewp.ServerTLSCert)},
		{name: "Accept-Signature with several algorithms", change: accept("rsa-sha256, unknown-algorithm")},
	}
	if !c.has(ewp.ClientHTTPSig) {
		trials = append(trials, trial{name: "X-Request-Id without a signature", change: func(k *call) error {
			k.req.Header.Set("X-Request-Id", uuid.NewString())
			return nil
		}})
	}
	for _, t := range trials {
		if err := s.try(c, orAnonymous(c, t)); err != nil {
			return err
		}
	}
	return nil
}
