package ewptest

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// params are the parameters of a call in their order, name and value by turns.
type params []string

// encode returns them as a query or a form.
func (p params) encode() string {
	var b strings.Builder
	for pair := range slices.Chunk(p, 2) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(pair[0]) + "=" + url.QueryEscape(pair[1]))
	}
	return b.String()
}

// times returns a parameter with the same value n times.
func times(n int, name, value string) params {
	var p params
	for range n {
		p = append(p, name, value)
	}
	return p
}

// call is a request that is being made, and how. Until it is sent anything can be
// changed in it.
type call struct {
	c    Combination
	req  *http.Request
	body []byte
}

// Media types of requests.
const (
	mimeForm    = "application/x-www-form-urlencoded"
	mimeXMLText = "text/xml"
)

// call returns a request with parameters that is right in every way but for its
// signature: in the query of a GET, in the body of anything else.
func (s *session) call(c Combination, p params) (*call, error) {
	return s.build(c, p.encode(), mimeForm)
}

// callXML returns a request with a document, right but for its signature.
func (s *session) callXML(c Combination, doc []byte) (*call, error) {
	return s.build(c, string(doc), mimeXMLText)
}

func (s *session) build(c Combination, payload, contentType string) (*call, error) {
	target := s.url
	if c.Method == http.MethodGet && payload != "" {
		target += separator(target) + payload
		payload = ""
	}
	req, err := http.NewRequestWithContext(s.ctx, c.Method, target, nil)
	if err != nil {
		return nil, err
	}
	k := &call{c: c, req: req}
	if c.Method == http.MethodPost || c.Method == http.MethodPut {
		req.Header.Set("Content-Type", contentType)
	}
	body := []byte(payload)
	if c.has(ewp.RequestGCM) {
		if body, err = aesgcm.Encrypt(s.encryptTo, body); err != nil {
			return nil, err
		}
		req.Header.Set("Content-Encoding", aesgcm.Coding)
	}
	k.setBody(body)
	if c.has(ewp.ServerHTTPSig) {
		httpsig.AskSigned(req.Header)
	}
	if c.has(ewp.ResponseGCM) {
		req.Header.Set("Accept-Encoding", aesgcm.Coding+", identity;q=0.1")
		if !c.has(ewp.ClientHTTPSig) {
			req.Header.Set("Accept-Response-Encryption-Key", public(s.as.ClientKey).String())
		}
	}
	return k, nil
}

// separator is what stands between an address and a query.
func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}

// setBody changes the body, and the length that is said of it.
func (k *call) setBody(body []byte) {
	k.body = body
	k.req.Header.Del("Content-Length")
	if len(body) > 0 { // signed too, as the validator does
		k.req.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
}

// signing is how a request is signed. The zero value is right.
type signing struct {
	key     *rsa.PrivateKey            // nil is the client key
	claimed *rsa.PrivateKey            // whose keyId is written; nil is key
	digest  func() string              // value of Digest; nil is the right one
	names   func(http.Header) []string // what is signed; nil is everything
}

// sign signs a request in the ways of its combination.
func (s *session) sign(k *call) error { return s.signAs(k, signing{}) }

func (s *session) signAs(k *call, how signing) error {
	if !k.c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if how.key == nil {
		how.key = s.as.ClientKey
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: how.key, Clock: s.host.Clock})
	if err != nil {
		return err
	}
	h := k.req.Header
	h.Del("Authorization")
	if h.Get("Date") == "" && h.Get("Original-Date") == "" {
		h.Set("Date", s.date(0))
	}
	if h.Get("X-Request-Id") == "" {
		h.Set("X-Request-Id", uuid.NewString())
	}
	if how.digest == nil {
		how.digest = func() string { return sha256Digest(k.body) }
	}
	h.Set("Digest", how.digest())
	if how.names == nil {
		how.names = everything
	}
	if err := signer.SignRequestAs(k.req, how.names(h)); err != nil {
		return err
	}
	if how.claimed != nil {
		h.Set("Authorization", strings.Replace(h.Get("Authorization"),
			signer.Public().Fingerprint().String(), public(how.claimed).Fingerprint().String(), 1))
	}
	return nil
}

// everything names the request target, the host, and all headers.
func everything(h http.Header) []string {
	return append([]string{"(request-target)", "host"}, headerNames(h)...)
}

// headerNames returns the names of all headers in lower case, sorted.
func headerNames(h http.Header) []string {
	var names []string
	for name := range maps.Keys(h) {
		if name != "Authorization" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	return names
}

// date returns the value of a date header, some time from now.
func (s *session) date(from time.Duration) string {
	return s.host.Clock().Add(from).UTC().Format(http.TimeFormat)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// maxAnswer bounds the body of an answer.
const maxAnswer = 16 << 20

// send sends a request as it stands.
func (s *session) send(k *call) (*answer, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.host.Timeout)
	defer cancel()
	req := k.req.Clone(ctx)
	if len(k.body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(k.body))
		req.ContentLength = int64(len(k.body))
	}
	if req.Header.Get("Accept-Encoding") == "" { // net/http would ask for gzip by itself
		req.Header.Set("Accept-Encoding", "identity")
	}
	resp, err := s.host.HTTP.RoundTrip(req)
	if err != nil {
		return nil, noAnswer(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, noAnswer(err)
	}
	if len(body) > maxAnswer {
		return nil, &verdict{status: Broken, reason: "an answer longer than 16 MiB"}
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// noAnswer is the verdict of a request that brought none. After a time-out the
// validator tries nothing else.
func noAnswer(err error) *verdict {
	return &verdict{status: Broken, reason: "no answer: " + err.Error(), fatal: errors.Is(err, context.DeadlineExceeded)}
}
