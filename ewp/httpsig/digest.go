package httpsig

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// digestAlgorithm is the one digest of the profile (RFC 5843, 2.2).
const digestAlgorithm = "SHA-256"

// Body is a body as it is, or will be, on the wire: after every content coding.
type Body interface {
	// SHA256 returns the digest of the whole body. A body that is still to come is
	// read now, so this is asked only when all else is good.
	SHA256() ([sha256.Size]byte, error)
}

// Bytes is a body in memory.
type Bytes []byte

// SHA256 returns the digest.
func (b Bytes) SHA256() ([sha256.Size]byte, error) { return sha256.Sum256(b), nil }

// formatDigest returns the value of a Digest header.
func formatDigest(sum [sha256.Size]byte) string {
	return digestAlgorithm + "=" + base64.StdEncoding.EncodeToString(sum[:])
}

// parseDigest returns the SHA-256 out of a Digest header, which may list other
// digests too. Names of digests have no case (RFC 3230, 4.1.1).
func parseDigest(m *message) (sum [sha256.Size]byte, err *Error) {
	value, ok, err := m.single("Digest")
	if err != nil {
		return sum, err
	}
	if !ok {
		return sum, m.fault(Absent, "Digest", "the SHA-256 of the body")
	}
	found := false
	for item := range strings.SplitSeq(value, ",") {
		name, encoded, _ := strings.Cut(item, "=")
		if !strings.EqualFold(strings.TrimSpace(name), digestAlgorithm) {
			continue
		}
		if found {
			return sum, m.fault(Duplicate, "Digest", "one SHA-256 digest")
		}
		found = true
		raw, bad := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
		if bad != nil || copy(sum[:], raw) != len(sum) || len(raw) != len(sum) {
			return sum, m.fault(Digest, "Digest", "32 bytes in padded base64 after SHA-256=")
		}
	}
	if !found {
		return sum, m.fault(Digest, "Digest", "a SHA-256 digest")
	}
	return sum, nil
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// AskSigned puts on a request, before it is signed, that a signed response is
// wanted: Accept-Signature and Want-Digest.
func AskSigned(h http.Header) {
	h.Set("Accept-Signature", algorithm)
	h.Set("Want-Digest", digestAlgorithm)
}

// AsksSigned reports whether a request wants its response signed in a way that
// this package can: Accept-Signature lists rsa-sha256, in any case. A list of
// other algorithms counts as none. Implementations are known to send the header
// unsigned; honouring it is harmless, so ask before [Verified.Strip].
// Want-Digest does not matter: SHA-256 is always sent.
func AsksSigned(h http.Header) bool {
	for _, value := range h.Values("Accept-Signature") {
		for name := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(name), algorithm) {
				return true
			}
		}
	}
	return false
}

// Challenge puts on a response 401 how a request is to be signed
// (ewp-specs-sec-cliauth-httpsig, verify authentication method used).
func Challenge(h http.Header) {
	h.Set("WWW-Authenticate", `Signature realm="EWP"`)
	h.Set("Want-Digest", digestAlgorithm)
}
