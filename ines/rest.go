package ines

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The addresses of the REST interface, as a public client uses them (sheet of
// 2025 and 2026). They are not published by the ministry.
const (
	// RESTProduction is the base URL of the service in production. It is never
	// used unless it is given.
	RESTProduction = "https://ines.enseignementsup-recherche.gouv.fr"
	TokenPath      = "/oauth2/token"
	VerifyPath     = "/api-ines-etudiants/verification"
)

// RESTConfig is what [NewREST] needs.
type RESTConfig struct {
	// BaseURL is the address before [TokenPath] and [VerifyPath]: [RESTProduction],
	// or that of a test environment. Required: there is no default.
	BaseURL string
	// Username and Password are the OAuth2 client credentials. Required.
	Username, Password string
	// Channel is the X-channel value that comes with the credentials; what it
	// means is not public. Required.
	Channel string
	// Transport is the HTTP policy, of tokens and verifications alike.
	Transport transport.Config
	// Now is the clock for Answer.At; nil is time.Now.
	Now func() time.Time
}

// LogValue gives the address, and no credentials.
func (c RESTConfig) LogValue() slog.Value { return slog.GroupValue(slog.String("base_url", c.BaseURL)) }

// REST verifies over the REST interface, the only public wire format of INES. It is
// safe for concurrent use.
type REST struct {
	client  *transport.Client
	tokens  transport.TokenSource
	url     string
	channel string
	now     func() time.Time
}

var _ Verifier = (*REST)(nil)

// NewREST checks the configuration and returns a client. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func NewREST(cfg RESTConfig) (*REST, error) {
	var faults passerelle.FieldErrors
	if cfg.BaseURL == "" {
		faults.Add("BaseURL", "required", "the address of the service, ines.RESTProduction or that of a test environment")
	}
	checkEndpoint(&faults, "BaseURL", cfg.BaseURL)
	for _, f := range []struct{ name, value, want string }{
		{"Username", cfg.Username, "the OAuth2 client name"},
		{"Password", cfg.Password, "the OAuth2 client secret"},
		{"Channel", cfg.Channel, "the X-channel value given with the credentials"},
	} {
		if f.value == "" {
			faults.Add(f.name, "required", f.want)
		}
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(cfg.BaseURL, "/")
	tokens, err := transport.NewTokenSource(transport.ClientCredentials{
		TokenURL: base + TokenPath, ClientID: cfg.Username, ClientSecret: cfg.Password, Transport: cfg.Transport,
		PlainBasic: true, // as the public client of INES does
	})
	if err != nil {
		return nil, err
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	r := &REST{client: client, tokens: tokens, url: base + VerifyPath, channel: cfg.Channel, now: cfg.Now}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// Verify asks whether an INE and a birth date belong together. Any 2xx is a
// confirmation; 404 and 400 both mean StatusUnknown; 401 is
// passerelle.ErrUnauthorized, after one renewal of the token, and 403
// passerelle.ErrForbidden; everything else is passerelle.ErrUnavailable or another
// error that says nothing of the person.
func (c *REST) Verify(ctx context.Context, r VerifyRequest) (Answer, error) {
	if err := r.Validate(); err != nil {
		return Answer{}, err
	}
	body, err := json.Marshal(struct {
		INE           string `json:"ine"`
		DateNaissance string `json:"dateNaissance"`
	}{r.INE.String(), r.BirthDate.String()})
	if err != nil {
		return Answer{}, &Error{Operation: OpVerify, Err: err, Result: passerelle.NotSent}
	}
	resp, err := c.client.Do(ctx, &transport.Request{
		Operation: "ines." + string(OpVerify),
		Method:    http.MethodPost,
		URL:       c.url,
		Header:    http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "X-Channel": {c.channel}},
		Body:      body,
		Class:     transport.Read,
		Token:     c.tokens,
		// The gateway wants the token a second time.
		Prepare: func(out *http.Request) error {
			out.Header.Set("X-Jwt-Assertion", strings.TrimPrefix(out.Header.Get("Authorization"), "Bearer "))
			return nil
		},
	})
	if err != nil {
		return Answer{}, notAnswered(OpVerify, err)
	}
	return c.answer(resp)
}

// answer understands a complete HTTP answer.
func (c *REST) answer(resp *transport.Response) (Answer, error) {
	a := Answer{Operation: OpVerify, At: c.now(), Raw: resp.Body}
	page := isPage(resp)
	switch status := resp.Status; {
	case status >= 200 && status < 300 && !page:
		a.readREST(resp.Body)
		if err := a.Check(); err != nil {
			return Answer{}, c.fail(resp, err)
		}
		return a, nil
	case (status == http.StatusNotFound || status == http.StatusBadRequest) && !page:
		a.Status = StatusUnknown
		a.Code, a.Message = said(resp.Body)
		return a, nil
	case status >= 200 && status < 300:
		return Answer{}, c.fail(resp, &shapeError{"want JSON, got a page"})
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Answer{}, c.fail(resp, resp.Err())
	default:
		return Answer{}, c.fail(resp, unavailable(status))
	}
}

func (c *REST) fail(resp *transport.Response, err error) *Error {
	e := &Error{Operation: OpVerify, HTTP: resp.Status, Raw: capped(resp.Body), Err: err, Result: passerelle.OutcomeOf(resp.Err())}
	e.Code, e.Message = said(resp.Body)
	return e
}

// isPage reports whether the answer is a page for people, which a proxy or a
// wrong address gives: it says nothing of anybody, whatever its status.
func isPage(resp *transport.Response) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}

// unavailable is a status that answers no question.
type unavailable int

func (u unavailable) Error() string        { return "no answer to the question: " + http.StatusText(int(u)) }
func (u unavailable) Is(target error) bool { return target == passerelle.ErrUnavailable }

// said returns the code and the words of an error body, where they are.
func said(body []byte) (code, message string) {
	fields, _ := object(body)
	code, _ = fields["code"].(string)
	for _, name := range []string{"message", "description", "error_description"} {
		if text, ok := fields[name].(string); ok && message == "" {
			message = text
		}
	}
	return code, message
}

// object reads a JSON object; an empty body is an empty one.
func object(body []byte) (map[string]any, bool) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, true
	}
	var fields map[string]any
	ok := utf8.Valid(body) && json.Unmarshal(body, &fields) == nil && fields != nil
	return fields, ok
}

// readREST reads a confirmation. Names as a public client models them; which ones
// are sent is not known, so all are optional, and those of another type than text
// are noted in Unread. A body that is no JSON object leaves a without status.
func (a *Answer) readREST(body []byte) {
	fields, ok := object(body)
	if !ok {
		return
	}
	a.Status = StatusConfirmed
	v := make(values)
	for name, f := range restFields {
		switch value := fields[name].(type) {
		case nil:
		case string:
			v.put(f, strings.TrimSpace(value))
		default:
			a.Unread.Add(string(f), "value", "a text")
		}
	}
	a.Master = readNumber(v.first(FieldMaster), FieldMaster, &a.Unread)
	a.Person = restConventions.person(v, &a.Unread)
	slices.SortFunc(a.Unread, func(x, y passerelle.FieldError) int { return strings.Compare(x.Field, y.Field) })
}

var restFields = map[string]Field{
	"ineMaitre": FieldMaster, "nomFamille": FieldBirthName, "nomUsage": FieldUsageName,
	"prenom1": FieldGivenName1, "prenom2": FieldGivenName2, "prenom3": FieldGivenName3,
	"sexe": FieldSex, "dateNaissance": FieldBirthDate, "lieuNaissance": FieldBirthplace,
}

var restConventions = conventions{Conventions: Conventions{Sex: passerelle.SexCodesHF}, date: "YYYY-MM-DD", zone: time.UTC}
