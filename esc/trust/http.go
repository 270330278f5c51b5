package trust

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// LegacyPath is where the first router published the chain of an institution, up
// to November 2024: concatenated PEM, root first. Institutions that publish their own
// chains can keep the layout.
const LegacyPath = "/certs/files/{pic}/ca-chain.cert.pem"

// HTTPConfig is where chains are fetched.
type HTTPConfig struct {
	// URL is the address of a file of certificates, with {pic} and {kid} standing
	// for what a query gives: a base address and [LegacyPath], for instance. A query
	// that lacks one of them finds nothing. Required.
	URL string
	// Header is sent with each request: the first router wanted Key. Its values
	// are credentials: redirects are not followed when there are any.
	Header http.Header
	// Transport is the HTTP policy.
	Transport transport.Config
}

// LogValue hides the headers, which are credentials.
func (c HTTPConfig) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", c.URL), slog.Int("headers", len(c.Header)))
}

// String hides the headers.
func (c HTTPConfig) String() string { return c.URL }

// GoString hides the headers.
func (c HTTPConfig) GoString() string { return c.URL }

type httpSource struct {
	config         HTTPConfig
	client         *transport.Client
	byPIC, byKeyID bool
}

// HTTP returns a source that fetches chains, each time it is asked: put a [Cache]
// before it. Its error is passerelle.FieldErrors. An address that answers 404 or 410
// is an issuer of which nothing is known; other failures are a *transport.Error, or
// passerelle.ErrProtocol where the answer is not certificates.
func HTTP(config HTTPConfig) (Source, error) {
	var faults passerelle.FieldErrors
	byPIC, byKeyID := strings.Contains(config.URL, "{pic}"), strings.Contains(config.URL, "{kid}")
	u, err := url.Parse(strings.NewReplacer("{pic}", "0", "{kid}", "0").Replace(config.URL))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add("URL", "url", "an absolute http or https address")
	case !byPIC && !byKeyID:
		faults.Add("URL", "placeholder", "{pic} or {kid} in it")
	}
	if config.Transport.MaxBody == 0 {
		config.Transport.MaxBody = MaxBundle
	}
	faults = append(faults, config.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	config.Header = config.Header.Clone()
	return &httpSource{config: config, client: client, byPIC: byPIC, byKeyID: byKeyID}, nil
}

// key keeps the parts of the query that the address has a place for.
func (s *httpSource) key(q Query) Query {
	if !s.byPIC {
		q.PIC = ""
	}
	if !s.byKeyID {
		q.KeyID = ""
	}
	return q
}

// Certificates fetches the file of the query.
func (s *httpSource) Certificates(ctx context.Context, q Query) ([]*x509.Certificate, error) {
	if s.byPIC && q.PIC == "" || s.byKeyID && q.KeyID == "" {
		return nil, nil
	}
	address := strings.NewReplacer("{pic}", url.PathEscape(q.PIC), "{kid}", url.PathEscape(q.KeyID)).Replace(s.config.URL)
	resp, err := s.client.Do(ctx, &transport.Request{
		Operation: "trust.certificates", URL: address, Header: s.config.Header, Class: transport.Read,
		Credentials: len(s.config.Header) > 0,
	})
	if err != nil {
		return nil, err
	}
	if err := resp.Err(); err != nil {
		if errors.Is(err, passerelle.ErrGone) {
			err = errors.Join(passerelle.ErrNotFound, err)
		}
		return nil, err
	}
	bundle, err := ParseCertificates(resp.Body)
	if err != nil {
		return nil, &answerError{err}
	}
	return bundle, nil
}

// answerError is an answer that is not certificates: the fault is the service's,
// not the card's.
type answerError struct{ err error }

// Error returns what was wrong in the answer.
func (e *answerError) Error() string { return "answer of the certificate service: " + e.err.Error() }

// Is reports whether target is passerelle.ErrProtocol.
func (e *answerError) Is(target error) bool { return target == passerelle.ErrProtocol }

// Outcome returns Answered.
func (e *answerError) Outcome() passerelle.Outcome { return passerelle.Answered }
