package ewptest

import (
	"bytes"
	"net/http"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
)

// codingGCM is the coding of encrypted bodies, in lower case.
const codingGCM = aesgcm.Coding

// Parts of an encrypted body (ewp-specs-sec-rsa-aes128gcm): whose key it is for, and
// how long the encrypted key is.
const (
	recipientLength = 32
	headLength      = recipientLength + 2
)

// echoEncrypted breaks the encryption of the request.
func (s *session) echoEncrypted(c Combination) error {
	trials := []trial{
		{name: "GET that is encrypted", errors: refused(c, 405), change: func(k *call) error {
			k.req.Method = http.MethodGet
			return nil
		}},
		{name: "truncated encrypted body", params: aba, errors: refused(c, 400), change: func(k *call) error {
			k.setBody(k.body[:headLength])
			return nil
		}},
	}
	if err := s.tryAll(c, trials); err != nil || s.supports(ewp.RequestTLS) {
		return err
	}
	plain := c.with(ewp.RequestMethods, ewp.RequestTLS)
	return s.step(c, "request that is not encrypted", anyOf(refused(c, 415)), func() error {
		k, err := s.call(plain, nil)
		if err != nil {
			return err
		}
		if err := s.sign(k); err != nil {
			return err
		}
		return s.expectError(k, c, refused(c, 415)...)
	})
}

// echoEncryptedAnswer looks at when, and for whom, the host encrypts.
func (s *session) echoEncryptedAnswer(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil // the validator tries nothing that an anonymous client is refused anyway
	}
	accept := func(value string) func(*call) error {
		return func(k *call) error {
			k.req.Header.Set("Accept-Encoding", value)
			return nil
		}
	}
	plain, required := c.with(ewp.ResponseMethods, ewp.ResponseTLS), !s.supports(ewp.ResponseTLS)
	unknown := trial{name: "Accept-Encoding without a known coding", change: accept("invalid-coding"), judged: plain}
	if required {
		unknown.errors = []int{406}
	}
	trials := []trial{unknown, {name: "Accept-Encoding in another form", change: accept(" ewp-rsa-AES128GCM ; q=1 , *;q=0")}}
	if !required {
		trials = append(trials, trial{name: "Accept-Encoding that forbids encryption",
			change: accept(" ewp-rsa-aes128gcm;q=0, identity;q=1"), judged: plain})
	}
	if err := s.tryAll(c, trials); err != nil {
		return err
	}
	err := s.step(c, "unsigned Accept-Response-Encryption-Key", "200, encrypted for the key of the client", func() error {
		return s.encryptedFor(c, false)
	})
	if err != nil {
		return err
	}
	return s.step(c, "signed Accept-Response-Encryption-Key", "200, encrypted for that key", func() error {
		return s.encryptedFor(c, true)
	})
}

// encryptedFor names the server key for the answer, signed or not, and looks whom it
// was encrypted for.
func (s *session) encryptedFor(c Combination, signed bool) error {
	k, err := s.call(c, nil)
	if err != nil {
		return err
	}
	named, ours := public(s.as.ServerKey), public(s.as.ClientKey)
	name := func() { k.req.Header.Set("Accept-Response-Encryption-Key", named.String()) }
	if signed {
		name()
	}
	if err := s.sign(k); err != nil {
		return err
	}
	if !signed { // as an attacker would, on the way
		name()
	}
	a, err := s.send(k)
	if err != nil {
		return err
	}
	switch {
	case signed && isFor(a.body, ours):
		return failure("the answer is encrypted for the key that signed: the other, signed, was ignored")
	case signed && !isFor(a.body, named) && a.status == http.StatusOK:
		return failure("the answer is encrypted for neither of the keys")
	case !signed && isFor(a.body, named):
		return failure("the answer is encrypted for a key that nobody signed: whoever is on the way can read it")
	}
	return s.judge200(k, a, c, s.echoed())
}

// isFor reports whether an encrypted body is for a key.
func isFor(body []byte, key ewp.PublicKey) bool {
	f := key.Fingerprint()
	return len(body) > headLength && bytes.Equal(body[:recipientLength], f[:])
}
