package supdata

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// DefaultPerSecond is how many enrolments are sent in a second. The limits of the
// service are not public.
const DefaultPerSecond = 5

// Path follows Config.BaseURL.
const Path = "/inscription"

// Config is what [New] needs.
type Config struct {
	// BaseURL is the address before [Path], path prefix included: it ends by /api in the
	// published text. It comes with the key. Required: there is no default.
	BaseURL string
	// Key is sent as X-API-Key. Required.
	Key string
	// Codes are the texts of statut and regime. Required: they are not public.
	Codes Codes
	// PerSecond paces the calls; 0 is DefaultPerSecond, a negative value does not pace.
	// Transport.Limiter, when set, takes its place: share one between all programs
	// that feed with one key.
	PerSecond float64
	// Transport is the HTTP policy. A call is sent again only when nothing of it left.
	Transport transport.Config
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// LogValue hides the key.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.BaseURL), slog.String("key", "***"))
}

// String names the service and hides the key, so that a Config can be printed.
func (c Config) String() string { return "SUPDATA at " + c.BaseURL + ", key ***" }

// Client makes the call of the write API. It is safe for concurrent use.
type Client struct {
	cfg     Config
	url     string
	http    *transport.Client
	limiter transport.Limiter
}

// New checks the configuration and returns a client. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case cfg.BaseURL == "":
		faults.Add("BaseURL", "required", "the address that came with the key, path prefix included")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add("BaseURL", "url", "an absolute https URL without credentials or query")
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		faults.Add("BaseURL", "scheme", "https: the key and personal data travel")
	}
	switch {
	case cfg.Key == "":
		faults.Add("Key", "required", "the key of the establishment")
	case strings.ContainsFunc(cfg.Key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		faults.Add("Key", "character", "no blanks or line breaks: a file often ends by one")
	}
	cfg.Codes.faults(&faults, "Codes.")
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, url: strings.TrimSuffix(cfg.BaseURL, "/") + Path, limiter: cfg.Transport.Limiter}
	if c.cfg.PerSecond == 0 {
		c.cfg.PerSecond = DefaultPerSecond
	}
	if c.limiter == nil {
		limit := rate.Limit(c.cfg.PerSecond)
		if c.cfg.PerSecond < 0 {
			limit = rate.Inf
		}
		c.limiter = rate.NewLimiter(limit, 1)
	}
	if c.cfg.Now == nil {
		c.cfg.Now = time.Now
	}
	policy := cfg.Transport
	policy.Limiter = turn{c.limiter}
	c.http, err = transport.New(policy)
	return c, err
}

// turn is the limiter of the transport: the first attempt of a call that has waited
// for its turn already does not wait again.
type turn struct{ transport.Limiter }

type paidKey struct{}

func (t turn) Wait(ctx context.Context) error {
	if paid, ok := ctx.Value(paidKey{}).(*bool); ok && *paid {
		*paid = false
		return nil
	}
	return t.Limiter.Wait(ctx)
}

// Receipt is what SUPDATA answers when it has recorded an enrolment.
type Receipt struct {
	ID      string // id_inscription: keep it, nothing else names the record
	Message string
	// Differs names the fields that the answer repeats with another value than was sent.
	Differs []string
	At      time.Time
	Raw     []byte // the body as received: personal
}

// Post sends one enrolment, once. Its errors are passerelle.FieldErrors for what the
// service would refuse, see [Enrolment.Validate], and else an [*Error]: ErrInvalid
// (400), ErrUnauthorized (401), ErrNotFound (404: no student has this pair of INE and
// birth date, or no establishment has this UAI), ErrUnavailable, ErrProtocol. When
// passerelle.OutcomeOf is Unknown the enrolment may have been recorded.
func (c *Client) Post(ctx context.Context, e Enrolment) (Receipt, error) {
	if err := e.Validate(c.cfg.Codes, passerelle.DateOf(c.cfg.Now())); err != nil {
		return Receipt{}, err
	}
	resp, err := c.exchange(ctx, e)
	return c.receipt(e, resp, err)
}

// exchange sends an enrolment that was checked.
func (c *Client) exchange(ctx context.Context, e Enrolment) (*transport.Response, error) {
	return c.http.Do(ctx, &transport.Request{
		Operation:   "supdata.post",
		Method:      http.MethodPost,
		URL:         c.url,
		Header:      http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "X-Api-Key": {c.cfg.Key}},
		Body:        e.encode(c.cfg.Codes),
		Class:       transport.Create,
		Credentials: true,
		MaxBody:     256 << 10,
	})
}

// receipt understands the end of an exchange.
func (c *Client) receipt(e Enrolment, resp *transport.Response, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, c.failed(err)
	}
	return c.answer(e, resp)
}

// failed describes a call without a complete answer, or with one that means "not now".
func (c *Client) failed(err error) error {
	out := &Error{Result: passerelle.OutcomeOf(err), Err: err}
	if te, ok := errors.AsType[*transport.Error](err); ok {
		out.HTTP, out.Raw = te.Status, te.Body
		out.Details, _ = ParseDetails(te.Body)
	}
	return out
}

// answer reads a complete answer.
func (c *Client) answer(e Enrolment, resp *transport.Response) (Receipt, error) {
	out := &Error{HTTP: resp.Status, Raw: resp.Body[:min(len(resp.Body), 64<<10)]}
	if resp.Status != http.StatusOK && resp.Status != http.StatusCreated {
		details, spoken := ParseDetails(resp.Body)
		err := resp.Err()
		if err == nil { // another 2xx
			err = &answerError{"200 with the enrolment", passerelle.ErrProtocol}
			out.Result = passerelle.Unknown
		} else {
			out.Result = passerelle.OutcomeOf(err)
		}
		if !spoken && resp.Status >= 400 && resp.Status < 500 && !errors.Is(err, passerelle.ErrRateLimited) {
			// A page: it says nothing of the student, and comes from a wrong address or a proxy.
			err = &answerError{"the error object of SUPDATA", passerelle.ErrProtocol}
		}
		out.Details, out.Err = details, err
		return Receipt{}, out
	}
	receipt, err := DecodeReceipt(resp.Body)
	if err != nil {
		// 200 says that it was recorded, the body does not: unknown is the safe reading.
		out.Result, out.Err = passerelle.Unknown, err
		return Receipt{}, out
	}
	receipt.Receipt.At, receipt.Receipt.Raw = c.cfg.Now(), resp.Body
	receipt.Differs = receipt.Echo.differs(e, c.cfg.Codes)
	return receipt.Receipt, nil
}

// Echo is the enrolment as the answer repeats it: texts as received.
type Echo struct {
	INE, BirthDate, Begin, End, Status, Commune, UAI string
}

// Decoded is a receipt with the enrolment that it repeats.
type Decoded struct {
	Receipt
	Echo Echo // personal
}

// DecodeReceipt reads the body of a success. The birth date is a text, or an object
// with a member date: the published schema and its example disagree. Its error is
// passerelle.ErrProtocol.
func DecodeReceipt(data []byte) (Decoded, error) {
	var w struct {
		Message     string `json:"message"`
		Inscription *struct {
			ID            json.RawMessage `json:"id_inscription"`
			INE           json.RawMessage `json:"ine"`
			DateNaissance json.RawMessage `json:"dateNaissance"`
			Debut         json.RawMessage `json:"dateDebutInscription"`
			Fin           json.RawMessage `json:"dateFinInscription"`
			Statut        json.RawMessage `json:"statut"`
			CodeCommune   json.RawMessage `json:"codeCommune"`
			UAI           json.RawMessage `json:"uai"`
		} `json:"inscription"`
	}
	if !utf8.Valid(data) || json.Unmarshal(data, &w) != nil || w.Inscription == nil {
		return Decoded{}, &answerError{"an object with inscription", passerelle.ErrProtocol}
	}
	in := w.Inscription
	d := Decoded{
		Receipt: Receipt{ID: plain(in.ID), Message: w.Message},
		Echo: Echo{
			INE: plain(in.INE), BirthDate: day(in.DateNaissance), Begin: day(in.Debut), End: day(in.Fin),
			Status: plain(in.Statut), Commune: plain(in.CodeCommune), UAI: plain(in.UAI),
		},
	}
	if d.ID == "" || d.ID == "null" || len(d.ID) > 100 {
		return Decoded{}, &answerError{"an id_inscription", passerelle.ErrProtocol}
	}
	return d, nil
}

// day reads a date that is a text or an object with a date, and cuts a time off.
func day(raw json.RawMessage) string {
	var in struct {
		Date string `json:"date"`
	}
	text := plain(raw)
	if json.Unmarshal(raw, &in) == nil && in.Date != "" {
		text = in.Date
	}
	if len(text) > 10 && (text[10] == ' ' || text[10] == 'T') {
		text = text[:10]
	}
	return text
}

// differs names what the answer repeats otherwise than it was sent; what it does not
// repeat is no difference.
func (r Echo) differs(e Enrolment, codes Codes) []string {
	var fields []string
	for _, f := range []struct {
		name, got string
		sent      []string
	}{
		{"ine", strings.ToUpper(r.INE), []string{e.INE.String()}}, {"dateNaissance", r.BirthDate, []string{e.BirthDate.String()}},
		{"dateDebutInscription", r.Begin, []string{e.Begin.String()}}, {"dateFinInscription", r.End, []string{e.End.String()}},
		{"statut", r.Status, []string{string(e.Status), codes.Statuses[e.Status]}}, {"codeCommune", r.Commune, []string{e.Commune}},
		{"uai", strings.ToUpper(r.UAI), []string{e.UAI.String()}},
	} {
		if f.got == "" || f.got == "null" {
			continue
		}
		same := false
		for _, sent := range f.sent {
			same = same || f.got == sent
		}
		if !same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// Rate returns how many calls a second the client makes, and 0 when that is not
// known: without pace, or with a limiter of the caller.
func (c *Client) Rate() float64 {
	if c.cfg.Transport.Limiter != nil || c.cfg.PerSecond < 0 {
		return 0
	}
	return c.cfg.PerSecond
}
