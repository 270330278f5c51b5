package httpsig

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Dates says in which headers the date of a message is sent and signed.
type Dates uint8

const (
	// OriginalDate signs Original-Date alone: proxies overwrite Date, which is
	// harmless when it is not signed. Responses have an unsigned Date as well.
	OriginalDate Dates = iota
	// PlainDate sends Date alone.
	PlainDate
	// BothDates sends both, and is broken by whatever overwrites Date.
	BothDates
)

// SignerConfig is what a [Signer] is made from. Key is required, the rest can be
// left zero.
type SignerConfig struct {
	// Key is an RSA key of 2048 to 8192 bits, in memory (*rsa.PrivateKey) or
	// elsewhere. Its Sign is called with crypto.SHA256 and makes PKCS #1 v1.5
	// signatures; it must be safe for concurrent use.
	Key crypto.Signer
	// Dates says which date headers are used.
	Dates Dates
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
	// NewID makes the identifier of a request: a lower-case canonical UUID,
	// unpredictable and never the same twice. Nil makes random ones of version 4.
	NewID func() string
}

// Signer signs with one key. It is safe for concurrent use.
type Signer struct {
	cfg    SignerConfig
	public ewp.PublicKey
}

// NewSigner checks the configuration. Its error is a passerelle.FieldErrors.
func NewSigner(cfg SignerConfig) (*Signer, error) {
	var faults passerelle.FieldErrors
	s := &Signer{}
	if cfg.Key == nil {
		faults.Add("Key", "required", "an RSA key")
	} else {
		key, _ := cfg.Key.Public().(*rsa.PublicKey)
		var err error
		if s.public, err = ewp.NewPublicKey(key); err == nil {
			err = s.public.Usable()
		}
		if err != nil {
			faults.Add("Key", "key", "an RSA key of 2048 to 8192 bits")
		}
	}
	if cfg.Dates > BothDates {
		faults.Add("Dates", "range", "OriginalDate, PlainDate or BothDates")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = uuid.NewString
	}
	s.cfg = cfg
	return s, nil
}

// Public returns the public half of the key, whose fingerprint is the keyId.
func (s *Signer) Public() ewp.PublicKey { return s.public }

// SignRequest gives r a date, a new X-Request-Id, the Digest of its body, and an
// Authorization that covers these, the request target, the host and every other
// header that r has, but for those that intermediaries may rewrite
// (connection-level ones, User-Agent, Content-Length, forwarding and tracing). The
// lines of a header that has several are put into one, because some peers look at
// one line and some see them in reverse. Call it last: whatever is added later is
// dropped by the other side. Signing again, for another attempt, replaces all of
// it.
//
// The digest is over the bytes as received, so net/http must not decompress them
// unasked: where r has no Accept-Encoding, "identity" is set, unsigned. A body
// without GetBody is read into memory, at most 8 MiB, and given one.
//
// It has the form of transport.Request.Prepare. Its error is a
// passerelle.FieldErrors about r, or that of the body or of the key.
func (s *Signer) SignRequest(r *http.Request) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	var faults passerelle.FieldErrors
	if r.URL == nil || hostOf(r) == "" {
		faults.Add("URL", "host", "an address with a host")
	} else if !isPlainHost(hostOf(r)) {
		faults.Add("Host", "character", "a host name in ASCII, as it will be sent")
	}
	if r.Method == http.MethodConnect {
		faults.Add("Method", "method", "a method with a path")
	}
	if len(faults) > 0 {
		return faults
	}
	sum, err := requestDigest(r)
	if err != nil {
		return err
	}
	r.Header.Del("Authorization")
	r.Header.Del("Date")
	r.Header.Set("X-Request-Id", s.cfg.NewID())
	r.Header.Set("Digest", formatDigest(sum))
	joinLines(r.Header)
	names := append([]string{nameTarget, nameHost}, s.setDates(r.Header)...)
	names = append(names, nameDigest, nameRequestID)
	if r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", identity)
	}
	return s.SignRequestAs(r, otherNames(r.Header, names))
}

// SignRequestAs signs exactly the lower-case names given, in that order, of r as it
// stands, and sets Authorization. Nothing is added and nothing is required: this is
// for peers with habits, and for tests of what a host refuses. Its error is a
// passerelle.FieldErrors for a name that r has nothing under, or that of the key.
func (s *Signer) SignRequestAs(r *http.Request, names []string) error {
	m := &message{method: methodOf(r), target: targetOf(r), host: hostOf(r), header: canonical(r.Header)}
	p, err := s.sign(m, names)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", scheme+" "+p.format())
	return nil
}

// SignResponse completes h, the header of the answer to the request that ref tells
// of: a date, the Digest of body, X-Request-Id and X-Request-Signature where the
// request had their like, and a Signature that covers these and every other header
// in h, but for those that intermediaries may rewrite, and cookies. Lines of one
// header are put into one as by SignRequest. Call it when the body has its last
// content coding. Its error is a passerelle.FieldErrors for a value with a line
// break, or that of the body or of the key.
func (s *Signer) SignResponse(h http.Header, ref Ref, body Body) error {
	sum, err := body.SHA256()
	if err != nil {
		return err
	}
	h.Del("Signature")
	h.Set("Digest", formatDigest(sum))
	joinLines(h)
	names := append(s.setDates(h), nameDigest)
	// Unsigned, so that net/http's server does not add one by another clock; it is
	// verified all the same. A nil value is net/http's way to ask for none.
	if values, set := h["Date"]; s.cfg.Dates == OriginalDate && (!set || len(values) > 0) {
		h.Set("Date", h.Get("Original-Date"))
	}
	for _, echo := range []struct{ header, name, value string }{
		{"X-Request-Id", nameRequestID, ref.ID},
		{"X-Request-Signature", nameRequestSignature, ref.Signature},
	} {
		h.Del(echo.header)
		if echo.value != "" {
			h.Set(echo.header, echo.value)
			names = append(names, echo.name)
		}
	}
	return s.SignResponseAs(h, ref, otherNames(h, names))
}

// SignResponseAs signs exactly the names given, in that order, of h as it stands,
// and sets Signature. "(request-target)" is that of the request. See
// [Signer.SignRequestAs].
func (s *Signer) SignResponseAs(h http.Header, ref Ref, names []string) error {
	m := &message{method: ref.Method, target: ref.Target, header: canonical(h), response: true}
	p, err := s.sign(m, names)
	if err != nil {
		return err
	}
	h.Set("Signature", p.format())
	return nil
}

// RoundTripper returns base with every request signed on its way, a clone of it so
// that the caller's stays as it is. A nil base is http.DefaultTransport.
func (s *Signer) RoundTripper(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return roundTripper{s, base}
}

type roundTripper struct {
	signer *Signer
	base   http.RoundTripper
}

// RoundTrip signs and sends.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	if err := t.signer.SignRequest(out); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.base.RoundTrip(out)
}

func (s *Signer) sign(m *message, names []string) (params, error) {
	text, absent := m.text(make([]byte, 0, 1024), names)
	if absent != "" {
		var faults passerelle.FieldErrors
		faults.Add("Header."+absent, "signable", "a value without line breaks for each signed header")
		return params{}, faults
	}
	hash := sha256.Sum256(text)
	raw, err := s.cfg.Key.Sign(rand.Reader, hash[:], crypto.SHA256)
	if err != nil {
		return params{}, err
	}
	return params{keyID: s.public.Fingerprint(), names: names, signature: base64.StdEncoding.EncodeToString(raw)}, nil
}

// setDates sets the date headers that are used, and returns their names.
func (s *Signer) setDates(h http.Header) []string {
	now := s.cfg.Clock().UTC().Format(http.TimeFormat)
	h.Del("Original-Date")
	var names []string
	if s.cfg.Dates != OriginalDate {
		h.Set("Date", now)
		names = append(names, nameDate)
	}
	if s.cfg.Dates != PlainDate {
		h.Set("Original-Date", now)
		names = append(names, nameOriginalDate)
	}
	return names
}

// otherNames appends to names those of the other headers in h that can be signed,
// sorted.
func otherNames(h http.Header, names []string) []string {
	first := len(names)
	for header, values := range h {
		name := strings.ToLower(header)
		switch {
		case len(values) == 0, volatile[name], slices.Contains(names, name),
			strings.HasPrefix(name, "x-forwarded-"), strings.HasPrefix(name, "proxy-"),
			name == "accept-encoding" && values[0] == identity: // intermediaries set their own, and dropping it asks for the same
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names[first:])
	return names
}

// joinLines puts the values of each header on one line, which means the same (RFC
// 9110, 5.2) but for cookies. Java's HttpURLConnection gives several lines in
// reverse order, and with it the registry's validator.
func joinLines(h http.Header) {
	for name, values := range h {
		if len(values) > 1 && name != "Cookie" && name != "Set-Cookie" {
			h[name] = []string{strings.Join(values, ", ")}
		}
	}
}

// identity is the content coding that is none.
const identity = "identity"

// volatile are headers that belong to one connection, that intermediaries and
// net/http itself set or rewrite, or that hold the signature.
var volatile = map[string]bool{
	"authorization": true, "signature": true, "date": true, "host": true,
	"connection": true, "keep-alive": true, "te": true, "trailer": true, "transfer-encoding": true, "upgrade": true, "expect": true,
	"content-length": true, "user-agent": true, "server": true, "via": true, "age": true, "vary": true, "alt-svc": true,
	"cookie": true, "set-cookie": true, "forwarded": true, "x-real-ip": true, "traceparent": true, "tracestate": true, "baggage": true,
}

// requestDigest returns the digest of the body of r, which can be sent afterwards.
func requestDigest(r *http.Request) (sum [sha256.Size]byte, err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return sha256.Sum256(nil), nil
	}
	if r.GetBody == nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, DefaultSpoolMemory+1))
		r.Body.Close()
		if err == nil && len(body) > DefaultSpoolMemory {
			err = ErrTooLarge
		}
		if err != nil {
			return sum, err
		}
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
		r.ContentLength = int64(len(body))
		return sha256.Sum256(body), nil
	}
	body, err := r.GetBody()
	if err != nil {
		return sum, err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, body)
	hash.Sum(sum[:0])
	return sum, errors.Join(err, body.Close())
}

// hostOf returns the Host as it is, or will be, on the wire.
func hostOf(r *http.Request) string {
	if r.Host != "" || r.URL == nil {
		return r.Host
	}
	return r.URL.Host
}

// isPlainHost reports whether net/http sends a host as it is written: it converts
// international names, and takes the zone off an IPv6 address.
func isPlainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c >= 0x7f || c == '%' {
			return false
		}
	}
	return host != ""
}
