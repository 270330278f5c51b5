package ewp

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// MinKeyBits is the length below which the registry drops an RSA key, and below
// which this module neither signs nor verifies nor encrypts with one (deduced
// from the registry's own checks; no specification names a length).
const MinKeyBits = 2048

// MaxKeyBits is the greatest length that this module computes with, so that a
// published key cannot cost more than the work it protects.
const MaxKeyBits = 8192

// maxKeyText bounds the base64 of a key, white space included.
const maxKeyText = 16 << 10

// Fingerprint identifies a public key in the network: the SHA-256 of its DER
// SubjectPublicKeyInfo (for the certificates of old manifests, that of the DER
// certificate). It is the keyId of signatures. It is comparable; the zero value is
// no key.
type Fingerprint [sha256.Size]byte

var (
	_ encoding.TextMarshaler   = Fingerprint{}
	_ encoding.TextUnmarshaler = (*Fingerprint)(nil)
)

// ParseFingerprint reads 64 lower-case hexadecimal digits (Sha256Hex in
// common-types.xsd). Its error is a *passerelle.ParseError.
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	if len(s) != hex.EncodedLen(len(f)) {
		return Fingerprint{}, &passerelle.ParseError{Type: "key fingerprint", Rule: "length", Want: "64 hexadecimal digits"}
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return Fingerprint{}, &passerelle.ParseError{Type: "key fingerprint", Rule: "character", Pos: i + 1, Want: "a lower-case hexadecimal digit"}
		}
	}
	hex.Decode(f[:], []byte(s)) // cannot fail: every digit was looked at
	return f, nil
}

// MustParseFingerprint is ParseFingerprint for constants and tests: it panics on
// an error.
func MustParseFingerprint(s string) Fingerprint {
	f, err := ParseFingerprint(s)
	if err != nil {
		panic(err)
	}
	return f
}

// String returns the 64 digits, also for the zero value.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// IsZero reports whether f is no key.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// MarshalText returns the 64 digits.
func (f Fingerprint) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, f[:]), nil }

// UnmarshalText reads what ParseFingerprint does.
func (f *Fingerprint) UnmarshalText(text []byte) error {
	parsed, err := ParseFingerprint(string(text))
	if err != nil {
		return err
	}
	*f = parsed
	return nil
}

// PublicKey is an RSA public key with its fingerprint, as manifests and the
// catalogue publish it. It is immutable. The zero value is no key.
type PublicKey struct {
	rsa *rsa.PublicKey
	der string
	fp  Fingerprint
}

// NewPublicKey returns the key in the form of the network. Its error is a
// *passerelle.ParseError, for a nil or impossible key. Short keys are accepted:
// the catalogue has some; see [PublicKey.Usable].
func NewPublicKey(key *rsa.PublicKey) (PublicKey, error) {
	if key == nil || key.N == nil {
		return PublicKey{}, keyFault("missing", "an RSA public key")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, keyFault("encoding", "an RSA public key")
	}
	return ParsePublicKeyDER(der)
}

// ParsePublicKey reads the content of an rsa-public-key element: the base64 of the
// DER SubjectPublicKeyInfo, with blanks and line breaks anywhere. Its error is a
// *passerelle.ParseError.
func ParsePublicKey(text string) (PublicKey, error) {
	if len(text) > maxKeyText {
		return PublicKey{}, keyFault("length", "at most 16 KiB of base64")
	}
	compact := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, text)
	der, err := base64.StdEncoding.Strict().DecodeString(compact)
	if err != nil || len(der) == 0 {
		return PublicKey{}, keyFault("base64", "the base64 of a SubjectPublicKeyInfo")
	}
	return ParsePublicKeyDER(der)
}

// ParsePublicKeyDER reads a DER SubjectPublicKeyInfo. Its error is a
// *passerelle.ParseError.
func ParsePublicKeyDER(der []byte) (PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return PublicKey{}, keyFault("encoding", "a DER SubjectPublicKeyInfo")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return PublicKey{}, keyFault("algorithm", "an RSA key")
	}
	return PublicKey{rsa: key, der: string(der), fp: sha256.Sum256(der)}, nil
}

// IsZero reports whether k is no key.
func (k PublicKey) IsZero() bool { return k.rsa == nil }

// RSA returns the key, which must not be changed; nil for the zero value.
func (k PublicKey) RSA() *rsa.PublicKey { return k.rsa }

// Fingerprint returns the SHA-256 of the DER SubjectPublicKeyInfo.
func (k PublicKey) Fingerprint() Fingerprint { return k.fp }

// Usable returns nil when the key is long enough to compute with, and not too
// long: [MinKeyBits] to [MaxKeyBits]. Its error is a *passerelle.ParseError.
func (k PublicKey) Usable() error { return CheckKey(k.rsa) }

// CheckKey says whether this module computes with a key, see [PublicKey.Usable].
func CheckKey(key *rsa.PublicKey) error {
	if key == nil || key.N == nil {
		return keyFault("missing", "an RSA public key")
	}
	if n := key.N.BitLen(); n < MinKeyBits || n > MaxKeyBits {
		return keyFault("length", "2048 to 8192 bits")
	}
	return nil
}

// String returns the base64 of the DER SubjectPublicKeyInfo on one line, "" for
// the zero value.
func (k PublicKey) String() string { return base64.StdEncoding.EncodeToString([]byte(k.der)) }

// MarshalText returns what String does.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what ParsePublicKey does; an empty text is the zero value.
func (k *PublicKey) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = PublicKey{}
		return nil
	}
	parsed, err := ParsePublicKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

func keyFault(rule, want string) error {
	return &passerelle.ParseError{Type: "RSA public key", Rule: rule, Want: want}
}
