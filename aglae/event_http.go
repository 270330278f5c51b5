package aglae

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Encoding writes events for a service and reads what it answers. The format of the
// real services is not public: an establishment that was given it writes it here.
// [ReferenceEncoding] is invented.
type Encoding struct {
	// ContentType of what Encode writes. Empty is application/json.
	ContentType string
	// Encode writes an event that was validated. Required.
	Encode func(Event) ([]byte, error)
	// Decode reads the body of an answer 2xx: Case, ID, Code and Message. Nil reads
	// nothing, and the case is unknown.
	Decode func(body []byte) (Receipt, error)
}

// EventsConfig is what [NewEvents] and [NewOLAFE] need.
type EventsConfig struct {
	// URL is where events are posted, for AGLAE; for OLAFE the base of its interface, to
	// which [OLAFEPath] is added. Required.
	URL string
	// Encoding writes and reads. Required.
	Encoding Encoding
	// Repeatable says that the service takes an event twice without harm, which is not
	// published: an event whose answer is lost is then sent again. By default it is not.
	Repeatable bool
	// Token, when set, gives the bearer token of each request; Basic the credentials of
	// HTTP Basic. How the real services authenticate is not public.
	Token transport.TokenSource
	Basic *Credentials
	// Transport is the HTTP policy.
	Transport transport.Config
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// OLAFEPath is the path of the operation notifierModificationProfilEtudiant, of the
// interface between OLAFE and the establishments, version 0.0.4 (January 2025).
const OLAFEPath = "/api/v1/notifications/mse/profil-etudiant"

// Events posts events to one address. It is a [Notifier], safe for concurrent use. Its
// errors are passerelle.FieldErrors for an event refused before it was sent, and else an
// [*Error].
type Events struct {
	cfg    EventsConfig
	client *transport.Client
	status int    // the only status of success; 0 for any 2xx
	name   string // of the operation
}

var _ Notifier = (*Events)(nil)

// NewEvents returns the binding of the enrolment event of AGLAE, cases A and B. Its
// error is passerelle.FieldErrors with all faults of cfg.
func NewEvents(cfg EventsConfig) (*Events, error) { return newEvents(cfg, "event.notify", 0) }

// NewOLAFE returns the binding of OLAFE's notification that the profile of a student
// changed, the modern form of the event. The fields of its body are not public, so
// cfg.Encoding gives them. The service answers 201 and tells no case. A 404 in JSON is a
// student that it does not know, passerelle.ErrNotFound; any other 404 is about the
// address, passerelle.ErrUnavailable. Its error is passerelle.FieldErrors with all
// faults of cfg.
func NewOLAFE(cfg EventsConfig) (*Events, error) {
	if cfg.URL != "" {
		cfg.URL = strings.TrimSuffix(cfg.URL, "/") + OLAFEPath
	}
	return newEvents(cfg, "olafe.notifierModificationProfilEtudiant", http.StatusCreated)
}

func newEvents(cfg EventsConfig, name string, status int) (*Events, error) {
	var faults passerelle.FieldErrors
	if cfg.URL == "" {
		faults.Add("URL", "required", "the address of the service")
	}
	checkEndpoint(&faults, "URL", cfg.URL)
	if cfg.Encoding.Encode == nil {
		faults.Add("Encoding.Encode", "required", "what writes an event: the format of the service is not public")
	}
	if cfg.Token != nil && cfg.Basic != nil {
		faults.Add("Token", "conflict", "either a token or Basic: both are the Authorization header")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	if cfg.Encoding.ContentType == "" {
		cfg.Encoding.ContentType = "application/json"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Events{cfg: cfg, client: client, status: status, name: name}, nil
}

// Notify sends an event.
func (c *Events) Notify(ctx context.Context, e Event) (Receipt, error) {
	r := Receipt{Event: e.ID}
	if err := e.Validate(); err != nil {
		return r, err
	}
	body, err := c.cfg.Encoding.Encode(e)
	if err != nil {
		return r, &Error{Operation: c.name, Err: &encodeError{err}, Result: passerelle.NotSent}
	}
	header := http.Header{"Content-Type": {c.cfg.Encoding.ContentType}, "Accept": {"application/json"}}
	if b := c.cfg.Basic; b != nil {
		req := http.Request{Header: header}
		req.SetBasicAuth(b.Username, b.Password)
	}
	class := transport.Create
	if c.cfg.Repeatable {
		class = transport.Idempotent
	}
	resp, err := c.client.Do(ctx, &transport.Request{
		Operation: "aglae." + c.name, Method: http.MethodPost, URL: c.cfg.URL, Header: header, Body: body,
		Class: class, Credentials: true, Token: c.cfg.Token,
	})
	if err != nil {
		return r, describe(notAnswered(c.name, err))
	}
	if err := resp.Err(); err != nil {
		e := notAnswered(c.name, err)
		if resp.Status == http.StatusNotFound && !jsonBody(resp) {
			e.Err = &addressError{}
		}
		return r, describe(e)
	}
	if c.status != 0 && resp.Status != c.status {
		return r, &Error{Operation: c.name, HTTP: resp.Status, Raw: capped(resp.Body), Err: &protocolError{"a status that the service does not have"}}
	}
	if decode := c.cfg.Encoding.Decode; decode != nil {
		read, err := decode(resp.Body)
		if err != nil { // it was taken, and nobody knows how
			return r, &Error{Operation: c.name, HTTP: resp.Status, Raw: capped(resp.Body), Err: &protocolError{"a receipt that cannot be read"}}
		}
		r.Case, r.ID, r.Code, r.Message = read.Case, read.ID, read.Code, read.Message
	}
	r.At, r.Raw = c.cfg.Now(), resp.Body
	return r, nil
}

func jsonBody(resp *transport.Response) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return (media == "application/json" || strings.HasSuffix(media, "+json")) && json.Valid(resp.Body)
}

// addressError is a 404 that says nothing of a student.
type addressError struct{}

func (*addressError) Error() string        { return "no such address" }
func (*addressError) Is(target error) bool { return target == passerelle.ErrUnavailable }

// encodeError hides the text of a caller's encoder, which may hold personal data.
type encodeError struct{ err error }

func (e *encodeError) Error() string        { return "the event could not be encoded" }
func (e *encodeError) Is(target error) bool { return target == passerelle.ErrInvalid }
func (e *encodeError) Unwrap() error        { return e.err }

// describe reads the code and the words of an error body, whatever its members are
// called: the fields of ErreurReponseVO are not public.
func describe(e *Error) *Error {
	e.Code, e.Message = readFailure(e.Raw)
	return e
}

// readFailure takes the first member of each list that is a text or a number.
func readFailure(body []byte) (code, message string) {
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if !utf8.Valid(body) || d.Decode(&members) != nil {
		return "", ""
	}
	first := func(names ...string) string {
		for _, name := range names {
			switch v := members[name].(type) {
			case string:
				return v
			case json.Number:
				return v.String()
			}
		}
		return ""
	}
	return first("code", "codeErreur", "error", "type"), first("message", "libelle", "detail", "description", "error_description", "title")
}

// ReferenceEventSchema names the invented format of [ReferenceEncoding].
const ReferenceEventSchema = "urn:example:invented:passerelle:aglae-event:1"

// ReferenceEncoding is the encoding that the fake of package aglaetest reads, for both
// services. It is invented: the event as JSON under a "schema" that says so; answered
// by {"schema","cas":"A" or "B","reference"}.
func ReferenceEncoding() Encoding {
	return Encoding{
		Encode: func(e Event) ([]byte, error) {
			return json.Marshal(referenceEvent{Schema: ReferenceEventSchema, Event: e})
		},
		Decode: decodeReferenceReceipt,
	}
}

type referenceEvent struct {
	Schema string `json:"schema"`
	Event
}

func decodeReferenceReceipt(body []byte) (Receipt, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return Receipt{}, nil // OLAFE's 201 may be empty
	}
	var in struct {
		Schema    string    `json:"schema"`
		Case      EventCase `json:"cas"`
		Reference string    `json:"reference"`
		Message   string    `json:"message"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Receipt{}, err
	}
	if in.Schema != ReferenceEventSchema {
		return Receipt{}, errors.New("another schema")
	}
	return Receipt{Case: in.Case, ID: in.Reference, Message: in.Message}, nil
}

// DecodeReferenceEvent reads what [ReferenceEncoding] writes, for the side that
// answers. Its error is passerelle.FieldErrors.
func DecodeReferenceEvent(body []byte) (Event, error) {
	var in referenceEvent
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return Event{}, passerelle.FieldErrors{{Field: "Body", Rule: "syntax", Want: "one event in the invented format " + ReferenceEventSchema}}
	}
	if in.Schema != ReferenceEventSchema {
		return Event{}, passerelle.FieldErrors{{Field: "schema", Rule: "value", Want: ReferenceEventSchema}}
	}
	return in.Event, in.Event.Validate()
}
