package apogee

import (
	"context"
	"encoding/xml"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// maxList bounds the answer of recupererListeEtudiants, which has no pages, in bytes.
const maxList = 256 << 20

// Config says where the services are. URL is required.
type Config struct {
	// URL is the folder of the services, to which their names are added:
	// "https://host/wsapogee/services".
	URL string
	// Username and Password are sent by HTTP Basic; empty sends none.
	Username, Password string
	// Header is sent with each request: the key of a gateway, "X-Gravitee-Api-Key".
	Header http.Header
	// Services replaces what is above for one service.
	Services map[string]Endpoint

	// Contract is the version that the services speak. The zero value is DefaultContract.
	Contract Contract
	// Faults tells what faults mean. nil is DefaultFaults.
	Faults []FaultRule
	// Transport is the policy of HTTP: time-outs of 30 s and more are usual here.
	Transport transport.Config
}

// Endpoint is one service, where it stands apart from the others. Its zero fields
// are those of the Config.
type Endpoint struct {
	URL                string // whole: nothing is added
	Username, Password string
	Header             http.Header
}

// Client calls Apogée's SOAP services. All its calls read. It is safe for concurrent use.
type Client struct {
	cfg  Config
	http *transport.Client
}

// New returns a client. Its error is a passerelle.FieldErrors with every fault of cfg.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	if cfg.Contract.Calls == nil {
		cfg.Contract = DefaultContract()
	}
	if cfg.Faults == nil {
		cfg.Faults = DefaultFaults()
	}
	checkURL := func(field, text string) {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			faults.Add(field, "url", "an absolute http or https URL")
		case u.User != nil:
			faults.Add(field, "userinfo", "credentials in Username and Password")
		}
	}
	if cfg.URL != "" || len(cfg.Services) == 0 {
		checkURL("URL", cfg.URL)
	}
	for _, name := range []string{EtudiantMetier, AdministratifMetier} {
		if e, ok := cfg.Services[name]; ok && e.URL != "" {
			checkURL("Services."+name+".URL", e.URL)
		} else if cfg.URL == "" && len(cfg.Services) > 0 {
			faults.Add("Services."+name+".URL", "required", "an address for each service, or URL")
		}
	}
	for _, rule := range cfg.Faults {
		if rule.Kind == nil || rule.Word == "" || rule.Word != strings.ToLower(rule.Word) {
			faults.Add("Faults", "form", "a word in lower case and an error of the taxonomy")
		}
	}
	faults = append(faults, cfg.Contract.faults()...)
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	h, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	cfg.Contract = cfg.Contract.Clone()
	return &Client{cfg: cfg, http: h}, nil
}

// Can reports whether the contract has an operation.
func (c *Client) Can(op Operation) bool {
	_, ok := c.cfg.Contract.Calls[op]
	return ok
}

// request prepares the HTTP request of an operation.
func (c *Client) request(op Operation, call Call, params []param) *transport.Request {
	e := c.cfg.Services[call.Service]
	if e.URL == "" {
		e.URL = strings.TrimSuffix(c.cfg.URL, "/") + "/" + call.Service
	}
	if e.Username == "" {
		e.Username, e.Password = c.cfg.Username, c.cfg.Password
	}
	header := c.cfg.Header.Clone()
	if e.Header != nil {
		header = e.Header.Clone()
	}
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Content-Type", "text/xml; charset="+c.cfg.Contract.Charset)
	header.Set("Accept", "text/xml")
	header["SOAPAction"] = []string{`""`} // the contracts say so; with this case, which old servers look for
	r := &transport.Request{
		Operation: "apogee." + string(op), Method: http.MethodPost, URL: e.URL, Header: header,
		Body: envelope(c.cfg.Contract, call, params), Class: transport.Read, Credentials: true, Judge: c.judge,
	}
	if op == OpList {
		r.MaxBody = maxList
	}
	if e.Username != "" {
		r.Prepare = func(r *http.Request) error { r.SetBasicAuth(e.Username, e.Password); return nil }
	}
	return r
}

// judge tells the faults that are answers from those that mean "not now".
func (c *Client) judge(r *transport.Response) transport.Verdict {
	if r.Status < 400 {
		return transport.ByStatus
	}
	f, err := answer(r.Body, charset(r.Header), Call{}, nil)
	switch {
	case err != nil || f == nil:
		return transport.ByStatus
	case errors.Is(f.kind(c.cfg.Faults), passerelle.ErrUnavailable) && strings.Contains(strings.ToLower(strings.Join(f.words(), " ")), "remoteerror"):
		return transport.Transient
	}
	return transport.Final
}

func charset(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return params["charset"]
}

// call makes an operation and hands each value of the answer to each.
func (c *Client) call(ctx context.Context, op Operation, params []param, each func(d *xml.Decoder, start xml.StartElement) error) error {
	if !c.Can(op) {
		return passerelle.FieldErrors{{Field: "Contract.Calls." + string(op), Rule: "required", Want: "this operation in the contract"}}
	}
	call := c.cfg.Contract.Names(op)
	resp, err := c.http.Do(ctx, c.request(op, call, params))
	if err != nil {
		// A transient fault that stayed: say what it says.
		if e, ok := errors.AsType[*transport.Error](err); ok {
			if f, _ := answer(e.Body, charset(e.Header), Call{}, nil); f != nil {
				return &Error{Operation: op, Status: e.Status, Code: f.code(), Fault: f.words(), kind: f.kind(c.cfg.Faults)}
			}
		}
		return err
	}
	f, err := answer(resp.Body, charset(resp.Header), call, each)
	if stop, ok := errors.AsType[*stopped](err); ok {
		return stop.error
	}
	if f != nil {
		return &Error{Operation: op, Status: resp.Status, Code: f.code(), Fault: f.words(), kind: f.kind(c.cfg.Faults)}
	}
	if failed := resp.Err(); failed != nil {
		return failed
	}
	if err != nil {
		want := err.Error()
		if p, ok := errors.AsType[*passerelle.ParseError](err); ok {
			want = p.Want
		}
		return &Error{Operation: op, Status: resp.Status, Want: want, kind: passerelle.ErrProtocol}
	}
	return nil
}

// one makes an operation that answers one value. An answer without any is ErrNotFound.
func one[T any](ctx context.Context, c *Client, op Operation, params []param) (T, error) {
	all, err := several[T](ctx, c, op, params)
	var v T
	if err == nil && len(all) == 0 {
		err = &Error{Operation: op, Status: http.StatusOK, Want: "an answer with a value", kind: passerelle.ErrNotFound}
	}
	if len(all) > 0 {
		v = all[0]
	}
	return v, err
}

// several makes an operation that answers any number of values.
func several[T any](ctx context.Context, c *Client, op Operation, params []param) ([]T, error) {
	var all []T
	err := c.call(ctx, op, params, func(d *xml.Decoder, start xml.StartElement) error {
		var v T
		if err := d.DecodeElement(&v, &start); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
