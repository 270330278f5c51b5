package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// MaxBundle bounds the bytes of a file of certificates.
const MaxBundle = 1 << 20

// Query names the certificates that a verification needs.
type Query struct {
	KeyID string // identifier of the signing key, see [KeyID]; "" when the certificate came with the signature
	PIC   string // nine-digit participant identification code read in the card's number; "" when it has none. Not verified yet
}

// Source finds the certificates of a card's issuer. Implementations are safe for
// concurrent use.
type Source interface {
	// Certificates returns what is known for q, in any order: authorities,
	// roots and signing certificates alike. What it returns is not trusted. An
	// issuer or key of which nothing is known is an empty answer or an error
	// for which errors.Is(err, passerelle.ErrNotFound) is true; any other error
	// says that the source could not answer.
	Certificates(ctx context.Context, q Query) ([]*x509.Certificate, error)
}

// Func is a function as a [Source].
type Func func(ctx context.Context, q Query) ([]*x509.Certificate, error)

// Certificates calls f.
func (f Func) Certificates(ctx context.Context, q Query) ([]*x509.Certificate, error) {
	return f(ctx, q)
}

// Bundle is a fixed set of certificates as a [Source]: everything is given for
// every query, and the verification picks what fits.
type Bundle []*x509.Certificate

// Certificates returns the whole bundle.
func (b Bundle) Certificates(context.Context, Query) ([]*x509.Certificate, error) { return b, nil }

// File reads a bundle from a file of concatenated PEM certificates, such as the
// legacy ca-chain.cert.pem (root first), or of one DER certificate. The file is read
// once, now. A file that does not parse is a *passerelle.ParseError.
func File(path string) (Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBundle+1))
	if err != nil {
		return nil, err
	}
	return ParseCertificates(data)
}

// ParseCertificates reads concatenated PEM certificates in the order of the file,
// or one DER certificate. Anything else in it, a private key above all, is refused.
// Its error is a *passerelle.ParseError.
func ParseCertificates(data []byte) (Bundle, error) {
	fail := func(rule, want string) (Bundle, error) {
		return nil, &passerelle.ParseError{Type: "certificates", Rule: rule, Want: want}
	}
	if len(data) > MaxBundle {
		return fail("length", "at most "+strconv.Itoa(MaxBundle)+" bytes")
	}
	blocks, err := pemOrDER(data, "CERTIFICATE")
	if err != nil {
		return fail("form", err.Error())
	}
	if len(blocks) > MaxCertificates {
		return fail("count", "at most "+strconv.Itoa(MaxCertificates)+" certificates")
	}
	bundle := make(Bundle, 0, len(blocks))
	for i, der := range blocks {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fail("form", "an X.509 certificate in block "+strconv.Itoa(i+1))
		}
		bundle = append(bundle, cert)
	}
	return bundle, nil
}

// pemOrDER returns the DER of each PEM block of data, all of which must be of the
// given type, or data itself when it starts as DER does.
func pemOrDER(data []byte, kind string) ([][]byte, error) {
	if len(data) > 0 && data[0] == 0x30 {
		return [][]byte{data}, nil
	}
	var out [][]byte
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			if len(out) == 0 {
				return nil, errors.New("PEM blocks " + kind + ", or one in DER")
			}
			if bytes.Contains(rest, []byte("-----BEGIN")) {
				return nil, errors.New("complete PEM blocks")
			}
			return out, nil
		}
		if block.Type != kind {
			return nil, errors.New("PEM blocks " + kind + " and nothing else")
		}
		out = append(out, block.Bytes)
	}
}

// EncodePEM writes certificates as concatenated PEM blocks, in their order.
func EncodePEM(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, cert := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
	}
	return out
}

// KeyID returns the identifier of the public key of cert: the first 16 bytes of
// the SHA-256 of its SubjectPublicKeyInfo, in base64url, 22 characters. It names the
// key, not the certificate, so that a certificate renewed on the same key still
// fits what the key signed. It is a name to search by and proves nothing. The form
// is ours: RFC 7517 leaves it free.
func KeyID(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Cache keeps the answers of a source so that verification goes on offline.
type Cache struct {
	source Source
	ttl    time.Duration

	mu      sync.Mutex
	entries map[Query]cached
}

type cached struct {
	certs []*x509.Certificate
	at    time.Time
}

// MaxCached bounds the answers that a [Cache] keeps; the oldest go first.
const MaxCached = 4096

// keyer is a source that answers by a part of the query alone: what else is in it,
// which a stranger may have chosen, must not fill the cache.
type keyer interface {
	key(q Query) Query
}

// NewCache keeps what source answers for ttl. When source fails later, the answer
// kept is served however old it is: certificates are judged at each verification,
// and only their revocation can have changed. Answers "nothing known" are not kept.
func NewCache(source Source, ttl time.Duration) (*Cache, error) {
	var faults passerelle.FieldErrors
	if source == nil {
		faults.Add("source", "required", "a trust.Source")
	}
	if ttl <= 0 {
		faults.Add("ttl", "range", "a positive duration")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Cache{source: source, ttl: ttl, entries: make(map[Query]cached)}, nil
}

// Certificates answers from the cache or asks the source.
func (c *Cache) Certificates(ctx context.Context, q Query) ([]*x509.Certificate, error) {
	asked := q
	if k, ok := c.source.(keyer); ok {
		q = k.key(q)
	}
	c.mu.Lock()
	kept, ok := c.entries[q]
	c.mu.Unlock()
	if ok && time.Since(kept.at) < c.ttl {
		return kept.certs, nil
	}
	certs, err := c.source.Certificates(ctx, asked)
	switch {
	case err == nil && len(certs) > 0:
		c.keep(q, certs)
		return certs, nil
	case ok && err != nil && !errors.Is(err, passerelle.ErrNotFound) && ctx.Err() == nil:
		return kept.certs, nil
	case err != nil:
		return nil, fmt.Errorf("certificates of the issuer: %w", err)
	default:
		return nil, nil
	}
}

func (c *Cache) keep(q Query, certs []*x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[q]; !ok && len(c.entries) >= MaxCached {
		var oldest Query
		var at time.Time
		for k, e := range c.entries {
			if at.IsZero() || e.at.Before(at) {
				oldest, at = k, e.at
			}
		}
		delete(c.entries, oldest)
	}
	c.entries[q] = cached{certs, time.Now()}
}
