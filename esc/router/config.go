package router

import (
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Environment is the router that is spoken to. The zero value is none and is
// refused: an environment is always named.
type Environment uint8

// The environments.
const (
	Sandbox    Environment = iota + 1 // https://sandbox.europeanstudentcard.eu
	Production                        // https://router.europeanstudentcard.eu; answers 403 to addresses that it does not know
	Custom                            // Config.BaseURL: a fake, a proxy
)

// The addresses of the environments, as clients of the service have them.
const (
	SandboxURL    = "https://sandbox.europeanstudentcard.eu"
	ProductionURL = "https://router.europeanstudentcard.eu"
)

// String returns "sandbox", "production", "custom" or "".
func (e Environment) String() string {
	switch e {
	case Sandbox:
		return "sandbox"
	case Production:
		return "production"
	case Custom:
		return "custom"
	}
	return ""
}

// Organisation is an institution for which a client acts.
type Organisation struct {
	PIC   string // nine-digit participant identification code
	Token string // API token made in the web pages of the router; it has an end date and is shown once
}

// LogValue hides the token.
func (o Organisation) LogValue() slog.Value {
	return slog.GroupValue(slog.String("pic", o.PIC), slog.String("token", "***"))
}

// String hides the token.
func (o Organisation) String() string { return o.PIC + " (token ***)" }

// GoString hides the token.
func (o Organisation) GoString() string { return o.String() }

// DefaultPageSize is how many rows a page of a list is asked to hold. The router was
// observed to give fewer.
const DefaultPageSize = 100

// Config is how a client speaks to the router.
type Config struct {
	// Environment is required.
	Environment Environment
	// BaseURL is scheme, host and what precedes /esc-rest, for Custom only.
	BaseURL string
	// VerifierURL replaces the address of the verifier, up to and with
	// /api/v1, when it is not that of the environment.
	VerifierURL string
	// Organisations are the institutions for which the client acts. It may be
	// empty for a client that only verifies cards.
	Organisations []Organisation
	// AuthHeader is the header in which the token goes alone. Empty is
	// "Authorization: Bearer TOKEN". The published document also declares a header
	// api_key, which no client was seen to use.
	AuthHeader string
	// PageSize is how many rows are asked for at a time; 0 is DefaultPageSize.
	PageSize int
	// Codes adds to the meaning of the router's error codes, the full list of which
	// is not published: an error of package passerelle for each.
	Codes map[string]error
	// Transport is the HTTP policy.
	Transport transport.Config
}

// Client speaks to one environment of the router. It is safe for concurrent use.
type Client struct {
	config   Config
	rest     string // up to /api/v2
	verifier string // up to /api/v1
	tokens   map[string]string
	codes    map[string]error
	http     *transport.Client
}

// New makes a client. The error lists every fault of the configuration as
// passerelle.FieldErrors. Nothing is sent.
func New(config Config) (*Client, error) {
	var faults passerelle.FieldErrors
	base := ""
	switch config.Environment {
	case Sandbox:
		base = SandboxURL
	case Production:
		base = ProductionURL
	case Custom:
		base = strings.TrimRight(config.BaseURL, "/")
		checkURL(&faults, "BaseURL", base)
	default:
		faults.Add("Environment", "required", "router.Sandbox, router.Production or router.Custom")
	}
	if config.Environment != Custom && config.BaseURL != "" {
		faults.Add("BaseURL", "contradiction", "no BaseURL but with router.Custom")
	}
	c := &Client{rest: base + "/esc-rest/api/v2", verifier: base + "/esc-verifier-service/api/v1"}
	if config.VerifierURL != "" {
		c.verifier = strings.TrimRight(config.VerifierURL, "/")
		checkURL(&faults, "VerifierURL", c.verifier)
	}
	c.tokens = make(map[string]string, len(config.Organisations))
	for i, o := range config.Organisations {
		field := "Organisations[" + strconv.Itoa(i) + "]"
		if !isPIC(o.PIC) {
			faults.Add(field+".PIC", "form", "nine digits")
		}
		if strings.TrimSpace(o.Token) == "" {
			faults.Add(field+".Token", "required", "an API token")
		} else if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			faults.Add(field+".Token", "character", "printable ASCII characters without blanks or line ends")
		}
		if _, twice := c.tokens[o.PIC]; twice {
			faults.Add(field+".PIC", "duplicate", "each institution once")
		}
		c.tokens[o.PIC] = o.Token
	}
	if config.PageSize < 0 {
		faults.Add("PageSize", "range", "no negative value; 0 is the default")
	}
	if config.PageSize == 0 {
		config.PageSize = DefaultPageSize
	}
	faults = append(faults, config.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	c.codes = maps.Clone(knownCodes)
	maps.Copy(c.codes, config.Codes)
	config.Organisations = slices.Clone(config.Organisations)
	c.config = config
	var err error
	if c.http, err = transport.New(config.Transport); err != nil {
		return nil, err
	}
	return c, nil
}

// PICs returns the institutions for which the client acts, in the order of the
// configuration.
func (c *Client) PICs() []string {
	pics := make([]string, len(c.config.Organisations))
	for i, o := range c.config.Organisations {
		pics[i] = o.PIC
	}
	return pics
}

func checkURL(faults *passerelle.FieldErrors, field, s string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		faults.Add(field, "url", "an absolute http or https address without user, query or fragment")
	}
}

// isPIC reports whether s is nine digits.
func isPIC(s string) bool {
	return len(s) == 9 && strings.Trim(s, "0123456789") == ""
}
