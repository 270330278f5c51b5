package cvec

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Production is the address of the service for the running campaign.
const Production = "https://cvec-ctrl.etudiant.gouv.fr"

// DefaultPerSecond stands for the zero PerSecond of Config.
const DefaultPerSecond = 5

// Config is what [New] needs.
type Config struct {
	// BaseURL is what stands before /api: [Production]. Required.
	BaseURL string
	// Legacy asks at /api/content_certificat/{number and name}, as the hosts of earlier
	// campaigns were (one public client, 2023).
	Legacy bool
	// Params adds parameters to each request. A description of 2025 names year, ine and
	// campagne; what they do is not known.
	Params func(Request) url.Values
	// PerSecond is how many requests are sent in a second; 0 is DefaultPerSecond: the
	// limits of the service are not published. Transport.Limiter takes its place.
	PerSecond float64
	// Cache keeps valid answers; nil keeps none. Campaign, the first year of the school
	// year whose certificates are checked, is required beside it.
	Cache    Cache
	Campaign int
	// Transport is the HTTP policy. Its zero MaxBody is 64 KiB here.
	Transport transport.Config
}

// Client asks the verification API. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string
	http    *transport.Client
	flights flights
}

// New checks the configuration. Its error is passerelle.FieldErrors with all faults.
// Nothing is sent.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case cfg.BaseURL == "":
		faults.Add("BaseURL", "required", "cvec.Production")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add("BaseURL", "url", "an absolute https URL without credentials or query")
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		faults.Add("BaseURL", "scheme", "https: personal data travel")
	}
	if !(cfg.PerSecond >= 0) {
		faults.Add("PerSecond", "range", "no negative value; 0 is the default")
	}
	if cfg.PerSecond > 0 && cfg.Transport.Limiter != nil {
		faults.Add("PerSecond", "excluded", "either PerSecond or Transport.Limiter")
	}
	if cfg.Cache != nil && (cfg.Campaign < 2018 || cfg.Campaign > 9999) {
		faults.Add("Campaign", "required", "beside a Cache, the first year of the school year, from 2018")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if cfg.PerSecond == 0 {
		cfg.PerSecond = DefaultPerSecond
	}
	policy := cfg.Transport
	if policy.Limiter == nil {
		policy.Limiter = rate.NewLimiter(rate.Limit(cfg.PerSecond), max(1, int(cfg.PerSecond)))
	}
	if policy.MaxBody == 0 {
		policy.MaxBody = 64 << 10
	}
	client, err := transport.New(policy)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, base: strings.TrimSuffix(cfg.BaseURL, "/"), http: client}, nil
}

// Request asks for one certificate.
type Request struct {
	Number Number
	Key    NameKey // [NameKeyOf] of the family name, or as it is printed
}

// LogValue hides the request.
func (r Request) LogValue() slog.Value { return r.Number.LogValue() }

// Verify asks for the record of a certificate. Its error is passerelle.FieldErrors for a
// request that lacks a part, passerelle.ErrNotFound for a pair that the service does not
// know, another *[Error], or that of the context. Identical requests made at the same time
// are sent once and share the answer, which must not be changed; valid answers come from the
// cache. A cache that fails is passed over.
func (c *Client) Verify(ctx context.Context, r Request) (Record, error) {
	var faults passerelle.FieldErrors
	if r.Number.IsZero() {
		faults.Add("Number", "required", "the number of the certificate")
	}
	if r.Key == "" {
		faults.Add("Key", "required", "the letters of the name, or NoName")
	}
	if err := faults.Err(); err != nil {
		return Record{}, err
	}
	key := cacheKey(c.cfg.Campaign, r)
	if c.cfg.Cache != nil {
		if cached, ok, err := c.cfg.Cache.Get(ctx, key); err == nil && ok {
			return cached, nil
		}
	}
	return c.flights.do(ctx, key, func(ctx context.Context) (Record, error) {
		record, err := c.ask(ctx, r)
		if err == nil && record.State.Valid() && c.cfg.Cache != nil {
			_ = c.cfg.Cache.Put(ctx, key, record) // the answer is good without it
		}
		return record, err
	})
}

// Check asks whether a certificate is valid and that of a student. The name is tried as
// printed, then the birth name, then the usage name, as long as the service knows no such
// pair. An error comes only beside Unchecked (passerelle.FieldErrors, the context) and
// ServiceDown (an *[Error]).
func (c *Client) Check(ctx context.Context, q Question) (Verdict, error) {
	for _, key := range q.keys() {
		record, err := c.Verify(ctx, Request{Number: q.Certificate.Number, Key: key})
		switch {
		case err == nil:
			return Judge(record, q), nil
		case errors.Is(err, passerelle.ErrNotFound):
			continue
		case ctx.Err() != nil || passerelle.OutcomeOf(err) == passerelle.NotSent && errors.Is(err, passerelle.ErrInvalid):
			return Verdict{}, err
		}
		return Verdict{Outcome: ServiceDown}, err
	}
	return Verdict{Outcome: NotFound}, nil
}

// keys are the letters to try, each once.
func (q Question) keys() []NameKey {
	var keys []NameKey
	if q.Certificate.Key != "" {
		keys = append(keys, q.Certificate.Key)
	}
	for _, name := range []string{q.Person.BirthName, q.Person.UsageName} {
		if key := NameKeyOf(name); strings.TrimSpace(name) != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		keys = []NameKey{NoName}
	}
	return keys
}

// ask makes one request.
func (c *Client) ask(ctx context.Context, r Request) (Record, error) {
	const operation = "verify"
	query := url.Values{}
	if c.cfg.Params != nil {
		maps.Copy(query, c.cfg.Params(r))
	}
	path := "/api/attestation/" + url.PathEscape(r.Number.text)
	if c.cfg.Legacy {
		path = "/api/content_certificat/" + url.PathEscape(r.Number.text+string(r.Key))
	} else {
		query.Set("etudiant", string(r.Key))
	}
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	resp, err := c.http.Do(ctx, &transport.Request{
		Operation: "cvec." + operation, URL: target, Header: http.Header{"Accept": {"application/json"}}, Class: transport.Read, Judge: judge,
	})
	if err != nil {
		return Record{}, notAnswered(operation, err)
	}
	if resp.Status == http.StatusOK {
		record, err := DecodeRecord(resp.Body)
		if err != nil {
			return Record{}, &Error{Operation: operation, HTTP: resp.Status, Raw: resp.Body, Result: passerelle.Answered, Err: err}
		}
		return record, nil
	}
	e := &Error{Operation: operation, HTTP: resp.Status, Raw: resp.Body[:min(len(resp.Body), maxRaw)], Result: passerelle.Answered, Err: resp.Err()}
	code, message, own := parseRefusal(resp.Body)
	e.Code, e.Message = code, message
	switch {
	case own && resp.Status == http.StatusBadRequest:
		e.Err = passerelle.ErrNotFound // inverted on purpose: see the package documentation
	case own && resp.Status == http.StatusNotFound:
		e.Err = passerelle.ErrInvalid
	case resp.Status == http.StatusBadRequest, resp.Status == http.StatusNotFound, e.Err == nil:
		e.Err = &DecodeError{Want: "the service's own refusal, a code and a message"}
	default:
		e.Result = passerelle.OutcomeOf(e.Err)
	}
	return Record{}, e
}

// judge takes a refusal in the service's own words as its answer.
func judge(resp *transport.Response) transport.Verdict {
	if resp.Status == http.StatusBadRequest || resp.Status == http.StatusNotFound {
		if _, _, own := parseRefusal(resp.Body); own {
			return transport.Final
		}
	}
	return transport.ByStatus
}
