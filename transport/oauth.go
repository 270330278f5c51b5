package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// TokenSource gives bearer tokens. It must be safe for concurrent use.
type TokenSource interface {
	// Token returns a token that is believed to be good. The text of its error
	// appears in ours: no personal data, no secret.
	Token(ctx context.Context) (string, error)
	// Drop tells that a service refused the token: the next Token is another one
	// if the source can make another.
	Drop(token string)
}

// StaticToken is the source of one token that never changes, as API Particulier
// gives to each of its users.
type StaticToken string

// Token returns t.
func (t StaticToken) Token(context.Context) (string, error) { return string(t), nil }

// Drop does nothing.
func (t StaticToken) Drop(string) {}

// LogValue masks the token.
func (t StaticToken) LogValue() slog.Value { return slog.StringValue("*****") }

// DefaultEarly stands for the zero Early of ClientCredentials.
const DefaultEarly = 30 * time.Second

// ClientCredentials describes how to get tokens by the client credentials grant
// of OAuth 2.0 (RFC 6749, 4.4).
type ClientCredentials struct {
	TokenURL     string     // token endpoint, absolute
	ClientID     string     // required
	ClientSecret string     // required; never shown
	Scope        string     // scopes separated by blanks; empty asks for none
	Params       url.Values // further parameters of the form, such as audience

	// InForm sends identifier and secret in the form; else they go by HTTP Basic,
	// each of them form-encoded first, which RFC 6749, 2.3.1 prefers.
	InForm bool

	// Early is how long before its announced end (expires_in) a token is renewed,
	// at most half of its life. 0 is DefaultEarly. A token without announced end
	// is kept until a service refuses it.
	Early time.Duration

	// PlainBasic sends the identifier and the secret as they are. By default they
	// are form-encoded before HTTP Basic, as RFC 6749, 2.3.1, wants; many services
	// do not undo that. It matters for values with other than letters and digits.
	PlainBasic bool

	// Transport is how the token endpoint is spoken to.
	Transport Config
}

// LogValue shows where tokens come from, and no secret.
func (c ClientCredentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("client_id", c.ClientID), slog.String("client_secret", "*****"))
}

// NewTokenSource returns a source that caches the token, renews it before its end
// and asks for one only once whatever the number of callers that wait for it. Its
// error is passerelle.FieldErrors. Errors of Token are *Error, those of the
// context of the caller apart: ErrUnauthorized when the credentials are refused.
func NewTokenSource(cfg ClientCredentials) (TokenSource, error) {
	var faults passerelle.FieldErrors
	if u, err := url.Parse(cfg.TokenURL); err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		faults.Add("TokenURL", "url", "an absolute http or https URL without credentials")
	}
	if cfg.ClientID == "" {
		faults.Add("ClientID", "required", "the identifier given by the service")
	}
	if cfg.ClientSecret == "" {
		faults.Add("ClientSecret", "required", "the secret given by the service")
	}
	if cfg.Early < 0 {
		faults.Add("Early", "range", "no negative value; 0 is the default")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	early := cfg.Early
	orDefault(&early, DefaultEarly)
	return &credentials{client: client, request: cfg.request(), early: early}, nil
}

// request is what is sent to the token endpoint.
func (c ClientCredentials) request() *Request {
	form := url.Values{}
	for name, values := range c.Params {
		form[name] = values
	}
	form.Set("grant_type", "client_credentials")
	if c.Scope != "" {
		form.Set("scope", c.Scope)
	}
	header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	if c.InForm {
		form.Set("client_id", c.ClientID)
		form.Set("client_secret", c.ClientSecret)
	} else {
		pair := url.QueryEscape(c.ClientID) + ":" + url.QueryEscape(c.ClientSecret)
		if c.PlainBasic {
			pair = c.ClientID + ":" + c.ClientSecret
		}
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return &Request{
		Operation:   "oauth.token",
		Method:      http.MethodPost,
		URL:         c.TokenURL,
		Header:      header,
		Body:        []byte(form.Encode()),
		Class:       Idempotent,
		Credentials: true,
		MaxBody:     64 << 10,
	}
}

// credentials is the TokenSource of ClientCredentials.
type credentials struct {
	client  *Client
	request *Request
	early   time.Duration

	mu      sync.Mutex
	token   string
	expires time.Time // zero: no announced end
	flight  *flight   // the request under way, nil when there is none
}

// flight is one request for a token, which any number of callers wait for. Its
// fields are set before done is closed.
type flight struct {
	done  chan struct{}
	token string
	err   error
}

func (s *credentials) Token(ctx context.Context) (string, error) {
	s.mu.Lock()
	if s.token != "" && (s.expires.IsZero() || time.Now().Before(s.expires)) {
		defer s.mu.Unlock()
		return s.token, nil
	}
	f := s.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		s.flight = f
		// Not ended with the caller that began it: others wait for it. The total
		// time-out of the client bounds it.
		go s.fetch(context.WithoutCancel(ctx), f)
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (s *credentials) Drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

func (s *credentials) fetch(ctx context.Context, f *flight) {
	asked := time.Now()
	t, err := s.ask(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.token, f.err = t.AccessToken, err
	s.token, s.expires = t.AccessToken, time.Time{}
	if t.ExpiresIn != nil {
		life := time.Duration(*t.ExpiresIn) * time.Second
		s.expires = asked.Add(life - min(s.early, life/2))
	}
	s.flight = nil
	close(f.done)
}

func (s *credentials) ask(ctx context.Context) (tokenAnswer, error) {
	resp, err := s.client.Do(ctx, s.request)
	if err != nil {
		return tokenAnswer{}, err
	}
	if resp.Status != http.StatusOK {
		e := resp.failure()
		if code, kind := tokenRefusal(resp.Body); kind != nil {
			e.kind, e.Err = kind, fault(code)
		}
		return tokenAnswer{}, e
	}
	t, err := parseToken(resp.Body)
	if err != nil {
		e := resp.failure()
		e.kind, e.Err = passerelle.ErrProtocol, err
		return tokenAnswer{}, e
	}
	return t, nil
}

// tokenAnswer is the successful answer of RFC 6749, 5.1.
type tokenAnswer struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   *seconds `json:"expires_in"`
}

// seconds is a JSON number of seconds, which some servers write as a string.
type seconds int64

func (s *seconds) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || n != n { // NaN
		return fault("expires_in is not a number of seconds")
	}
	*s = seconds(min(max(n, 0), float64(longest/time.Second)))
	return nil
}

// parseToken reads a successful answer. Its errors are in fixed words: the answer
// holds the token.
func parseToken(body []byte) (tokenAnswer, error) {
	var t tokenAnswer
	if err := json.Unmarshal(body, &t); err != nil {
		return tokenAnswer{}, fault("answer is not the JSON of RFC 6749, 5.1")
	}
	// Services are met that leave the type out, INES in the one public client among them.
	if t.TokenType != "" && !strings.EqualFold(t.TokenType, "bearer") {
		return tokenAnswer{}, fault("token_type is not bearer")
	}
	if t.AccessToken == "" {
		return tokenAnswer{}, fault("no access_token")
	}
	for i := range len(t.AccessToken) {
		if c := t.AccessToken[i]; c <= ' ' || c >= 0x7f {
			return tokenAnswer{}, fault("access_token has characters that no bearer token has (RFC 6750, 2.1)")
		}
	}
	return t, nil
}

// tokenRefusal reads a refusal (RFC 6749, 5.2): its code and the taxonomy of it,
// or nil when it is no known one.
func tokenRefusal(body []byte) (code string, kind error) {
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		return "", nil
	}
	switch refusal.Error {
	case "invalid_client", "invalid_grant":
		return refusal.Error, passerelle.ErrUnauthorized
	case "unauthorized_client", "invalid_scope":
		return refusal.Error, passerelle.ErrForbidden
	case "invalid_request", "unsupported_grant_type":
		return refusal.Error, passerelle.ErrInvalid
	}
	return "", nil
}
