package particulier

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The hosts of the service.
const (
	Production = "https://particulier.api.gouv.fr"
	Staging    = "https://staging.particulier.api.gouv.fr" // test data only
)

// DefaultMaxBody bounds an answer: those of this service take a few kilobytes.
const DefaultMaxBody = 1 << 20

// Config is what [New] needs.
type Config struct {
	// BaseURL is [Production] or [Staging]. Required: there is no default.
	BaseURL string
	// Token is the one of the habilitation, valid for 18 months; Tokens is a source
	// that takes its place when tokens change. One of them is required, unless every
	// call is made on behalf of a person by FranceConnect. Neither is ever in a URL.
	Token  string
	Tokens transport.TokenSource
	// Recipient is the SIRET of the administration that receives the data, for
	// requests that name none.
	Recipient Recipient
	// Authenticate, when set, is called on each attempt, after the token is in its
	// header: it may add headers and parameters of the query, as the announced ways
	// to authenticate want (delegation, DPoP, agent). Its errors hold no secret.
	Authenticate func(*http.Request) error
	// Limiter paces all calls of the client. Nil is NewLimiter(0), its own. Clients that share
	// a token or an IP address must share one.
	Limiter Limiter
	// Transport is the HTTP policy. Its Limiter must be nil: Limiter above knows of
	// refusals too. The service recommends a time-out of 5 s and itself waits 10 s for the
	// provider: the default of 30 s lets slow answers arrive.
	Transport transport.Config
	// Now is the clock by which campaign years are checked; nil is time.Now.
	Now func() time.Time
}

// LogValue hides the token.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.BaseURL), slog.String("token", "***"), slog.Any("recipient", c.Recipient))
}

// String names the service and hides the token, so that a Config can be printed.
func (c Config) String() string { return "API Particulier at " + c.BaseURL + ", token ***" }

// Client calls API Particulier. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string
	tokens  transport.TokenSource // nil: FranceConnect alone
	http    *transport.Client
	limiter Limiter
	flights flights
}

// New checks the configuration and returns a client. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case cfg.BaseURL == "":
		faults.Add("BaseURL", "required", "particulier.Production or particulier.Staging")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add("BaseURL", "url", "an absolute https URL without credentials or query")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		faults.Add("BaseURL", "scheme", "https: the token and personal data travel")
	}
	if cfg.Token != "" && cfg.Tokens != nil {
		faults.Add("Tokens", "excluded", "either Token or Tokens")
	}
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		faults.Add("Token", "character", "no blanks or line breaks: a file often ends by one")
	}
	if cfg.Transport.Limiter != nil {
		faults.Add("Transport.Limiter", "excluded", "nil: use Limiter, which learns of refusals too")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, base: strings.TrimSuffix(cfg.BaseURL, "/"), tokens: cfg.Tokens, limiter: cfg.Limiter}
	if cfg.Token != "" {
		c.tokens = transport.StaticToken(cfg.Token)
	}
	if c.limiter == nil {
		c.limiter = NewLimiter(0)
	}
	if c.cfg.Now == nil {
		c.cfg.Now = time.Now
	}
	policy := cfg.Transport
	policy.Limiter = turn{c.limiter}
	if policy.MaxBody == 0 {
		policy.MaxBody = DefaultMaxBody
	}
	c.http, err = transport.New(policy)
	return c, err
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// StudentStatusByINE asks SUPDATA for the student who has an INE. Its errors are
// [ParameterErrors], an [*Error], or that of ctx; passerelle.ErrNotFound is not a
// "no", see the package documentation.
func (c *Client) StudentStatusByINE(ctx context.Context, r INERequest) (StudentStatus, error) {
	call, err := c.byINE(studentStatus, r)
	return ask(ctx, c, call, err, DecodeStudentStatus)
}

// StudentStatusByIdentity asks SUPDATA for a student by civil identity. Homonyms are
// passerelle.ErrAmbiguous: add the birthplace.
func (c *Client) StudentStatusByIdentity(ctx context.Context, r IdentityRequest) (StudentStatus, error) {
	call, err := c.byIdentity(studentStatus, r)
	return ask(ctx, c, call, err, DecodeStudentStatus)
}

// StudentStatusByFranceConnect asks SUPDATA for the person who signed in. The answer
// has no identity.
func (c *Client) StudentStatusByFranceConnect(ctx context.Context, r FranceConnectRequest) (StudentStatus, error) {
	call, err := c.byFranceConnect(studentStatus, r)
	return ask(ctx, c, call, err, DecodeStudentStatus)
}

// ScholarshipByINE asks the Cnous for the grant of the student who has an INE.
// Whoever holds none is passerelle.ErrNotFound, or a success whose Holder is false.
func (c *Client) ScholarshipByINE(ctx context.Context, r INERequest) (Scholarship, error) {
	call, err := c.byINE(scholarship, r)
	return ask(ctx, c, call, err, DecodeScholarship)
}

// ScholarshipByIdentity asks the Cnous by civil identity.
func (c *Client) ScholarshipByIdentity(ctx context.Context, r IdentityRequest) (Scholarship, error) {
	call, err := c.byIdentity(scholarship, r)
	return ask(ctx, c, call, err, DecodeScholarship)
}

// ScholarshipByFranceConnect asks the Cnous for the person who signed in. The answer
// has no identity.
func (c *Client) ScholarshipByFranceConnect(ctx context.Context, r FranceConnectRequest) (Scholarship, error) {
	call, err := c.byFranceConnect(scholarship, r)
	return ask(ctx, c, call, err, DecodeScholarship)
}

// ask makes a call, unless its parameters are wrong, and decodes the answer.
func ask[T any](ctx context.Context, c *Client, call Call, faults error, decode func([]byte) (T, error)) (T, error) {
	var zero T
	if faults != nil {
		return zero, faults
	}
	answer, err := c.Call(ctx, call)
	if err != nil {
		return zero, err
	}
	v, err := decode(answer.Body)
	if err != nil {
		return zero, &Error{
			Operation: call.Operation, HTTP: answer.HTTP, RequestID: answer.RequestID, Raw: answer.Body[:min(len(answer.Body), maxRaw)],
			Result: passerelle.Answered, Err: err, kind: passerelle.ErrProtocol,
		}
	}
	return v, nil
}
