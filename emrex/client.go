package emrex

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

// ClientConfig is what a client is: the receiving institution. Directory and
// Sessions are required.
type ClientConfig struct {
	Directory Directory
	Sessions  Sessions
	// ReturnURL is the https address at which Return is served. Required.
	ReturnURL string
	// Legacy, RefuseExpired and MaxDocument are those of Trust. MaxDocument bounds the
	// document unpacked; 0 is DefaultMaxDocument. MaxForm bounds the form; 0 is DefaultMaxForm.
	Legacy        Legacy
	RefuseExpired bool
	MaxDocument   int
	MaxForm       int64
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Client fetches results. It is safe for concurrent use.
type Client struct{ cfg ClientConfig }

// NewClient returns a client. Its error is [passerelle.FieldErrors].
func NewClient(cfg ClientConfig) (*Client, error) {
	var faults passerelle.FieldErrors
	if cfg.Directory == nil {
		faults.Add("Directory", "required", "where contact points are known from")
	}
	if cfg.Sessions == nil {
		faults.Add("Sessions", "required", "what binds answers to questions")
	}
	if err := returnAddress(cfg.ReturnURL); err != nil {
		faults.Add("ReturnURL", "url", "the https address at which answers arrive")
	}
	if cfg.MaxDocument < 0 {
		faults.Add("MaxDocument", "range", "bytes; 0 is the default")
	}
	if cfg.MaxForm < 0 {
		faults.Add("MaxForm", "range", "bytes; 0 is the default")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if cfg.MaxDocument == 0 {
		cfg.MaxDocument = DefaultMaxDocument
	}
	if cfg.MaxForm == 0 {
		cfg.MaxForm = DefaultMaxForm
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{cfg}, nil
}

// StartRequest says whose results are wanted from where.
type StartRequest struct {
	Provider string // address of the contact point, as in the directory
	Bound    string // the caller's own reference of who asks; it comes back with the answer, and is not sent
}

// Start opens a session and returns the form that the student's browser is to
// post. A contact point that the directory does not know is passerelle.ErrNotFound.
func (c *Client) Start(ctx context.Context, r StartRequest) (Form, error) {
	if _, err := find(ctx, c.cfg.Directory, r.Provider); err != nil {
		return Form{}, err
	}
	var id [16]byte
	rand.Read(id[:])
	s := Session{ID: hex.EncodeToString(id[:]), Provider: r.Provider, Opened: c.cfg.Now(), Bound: r.Bound}
	if err := c.cfg.Sessions.Open(ctx, s); err != nil {
		return Form{}, err
	}
	return Form{Action: r.Provider, Fields: []Field{{"sessionId", s.ID}, {"returnUrl", c.cfg.ReturnURL}}}, nil
}

// Return is an answer of a contact point.
type Return struct {
	Session Session
	Outcome Outcome
	Code    string // as it was received
	Message string // foreign text, for the student; to be escaped
	// Verified and Document are set for Results, and nothing of an answer that was not
	// believed is handed on. Document is personal data, and whose it is remains to be
	// judged: see Compare.
	Verified *Verified
	Document *elmo.Document
}

// LogValue shows the outcome.
func (r *Return) LogValue() slog.Value {
	return slog.GroupValue(slog.String("outcome", string(r.Outcome)), slog.String("code", r.Code), slog.String("provider", r.Session.Provider))
}

// ReturnError says why an answer was not accepted.
type ReturnError struct {
	// Rule is the broken rule: "form", "session" (not known here, or Sessions fails),
	// "again" (answered before, see Session.Outcome), "document" (it cannot be unpacked
	// or read), "signature", "directory".
	Rule    string
	Session Session // zero for "form" and an unknown session
	Err     error
}

// Error names the rule and the cause, and nothing of the document.
func (e *ReturnError) Error() string {
	return fmt.Sprintf("emrex: the answer is not accepted: %s: %v", e.Rule, e.Err)
}

// Unwrap returns Err.
func (e *ReturnError) Unwrap() error { return e.Err }

// Return reads the answer that a browser posts. A session counts once: the first
// answer of the contact point ends it, whatever it is, and a second one is a
// [*ReturnError] with the first one's outcome. What is not signed by a key that the
// directory has for the very contact point that was asked is refused.
func (c *Client) Return(ctx context.Context, r *http.Request) (*Return, error) {
	form, err := readForm(r, c.cfg.MaxForm)
	if err != nil {
		return nil, &ReturnError{Rule: "form", Err: err}
	}
	session, err := c.cfg.Sessions.Claim(ctx, form.Get("sessionId"))
	if err != nil {
		rule := "session"
		if errors.Is(err, passerelle.ErrConflict) {
			rule = "again"
		}
		return nil, &ReturnError{Rule: rule, Session: session, Err: err}
	}
	packed := form.Get("elmo")
	out := &Return{Session: session, Code: form.Get("returnCode"), Message: form.Get("returnMessage")}
	out.Outcome = OutcomeOf(out.Code, packed != "")
	fail := func(rule string, err error) (*Return, error) {
		session.Outcome = Failed
		if closing := c.cfg.Sessions.Close(ctx, session.ID, Failed); closing != nil {
			err = errors.Join(err, closing)
		}
		return nil, &ReturnError{Rule: rule, Session: session, Err: err}
	}
	if out.Outcome == Results {
		provider, err := find(ctx, c.cfg.Directory, session.Provider)
		if err != nil {
			return fail("directory", err)
		}
		data, err := Unpack(packed, c.cfg.MaxDocument)
		if err != nil {
			return fail("document", err)
		}
		trust := Trust{Certificates: provider.Certificates, Legacy: c.cfg.Legacy, RefuseExpired: c.cfg.RefuseExpired, MaxBytes: c.cfg.MaxDocument, Now: c.cfg.Now}
		if out.Verified, err = Verify(data, trust); err != nil {
			return fail("signature", err)
		}
		if out.Document, err = out.Verified.Document(); err != nil {
			return fail("document", err)
		}
	}
	if err := c.cfg.Sessions.Close(ctx, session.ID, out.Outcome); err != nil {
		return nil, &ReturnError{Rule: "session", Session: session, Err: err}
	}
	out.Session.Outcome = out.Outcome
	return out, nil
}
