package ewpclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/transport"
)

// Call is one thing to ask of a partner. HEI and API are required.
type Call struct {
	// HEI is the institution to call.
	HEI ewp.HEIID
	// API and Endpoint say what is called: "get", "index", "update", "stats", or ""
	// for an API with a single address.
	API      ewp.API
	Endpoint string
	// Majors are the major versions that the caller can read, in any order; none is
	// the one that package ewp speaks. Answer.Major tells which it is.
	Majors []int
	// Params go in the form, or in the query of an endpoint that knows GET only.
	// They may be personal.
	Params url.Values
	// XML is the document of an update, which has no parameters.
	XML []byte
	// Class is when the call may be sent again, where its endpoint does not allow
	// more anyway: what reads is Read, a notification Idempotent, an update or a
	// report transport.Create. The zero value leaves it at that.
	Class transport.Class
	// Expected says that the partner must have the API, as one must whose
	// notification told to call it: that it is not in the catalogue is then a failure
	// to report.
	Expected bool
}

// faults returns everything that is wrong with a call in itself.
func (call Call) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if call.HEI.IsZero() {
		faults.Add("HEI", "required", "the institution to call")
	}
	where, ok := call.API.Endpoint(call.Endpoint)
	switch {
	case call.API.IsZero():
		faults.Add("API", "required", "an API of the network")
	case call.API == ewp.Discovery, call.API == ewp.Registry:
		faults.Add("API", "caller", "an API that partners call: manifests are read by the registry, its catalogue by package registry")
	case !ok:
		faults.Add("Endpoint", "unknown", "an endpoint of "+call.API.String())
	case where.Methods == ewp.PostXML && len(call.XML) == 0:
		faults.Add("XML", "required", "the document of the update")
	case where.Methods == ewp.PostXML && len(call.Params) > 0:
		faults.Add("Params", "empty", "no parameters beside a document")
	case where.Methods != ewp.PostXML && len(call.XML) > 0:
		faults.Add("XML", "empty", "parameters, and no document")
	}
	if call.Class > transport.Read {
		faults.Add("Class", "range", "Create, Idempotent or Read")
	}
	return faults
}

// class is when the call may be sent again.
func (call Call) class(where ewp.Endpoint) transport.Class {
	least := transport.Create
	switch {
	case where.Methods == ewp.GetOrPost, where.Methods == ewp.GetOnly:
		least = transport.Read
	case where.Methods == ewp.PostForm && call.API != ewp.Monitoring:
		least = transport.Idempotent
	}
	return max(call.Class, least)
}

// Call makes one exchange: it finds the partner, signs, sends, receives and
// verifies. An answer of status 2xx that may be believed is returned, and must be
// closed. The error is passerelle.FieldErrors for a call that is wrong in itself,
// and else an *ewp.Error.
func (c *Client) Call(ctx context.Context, call Call) (*Answer, error) {
	if faults := call.faults(); len(faults) > 0 {
		return nil, faults
	}
	target, err := c.Resolve(call.HEI, call.API, call.Endpoint, call.Majors...)
	if err != nil {
		return nil, c.unresolved(call, err)
	}
	return c.exchange(ctx, call, target)
}

// exchange makes the call at a target.
func (c *Client) exchange(ctx context.Context, call Call, target Target) (*Answer, error) {
	x := &exchange{Client: c, call: call, target: target, quirks: c.quirks(call.HEI)}
	if c.cfg.Limiter != nil {
		x.limiter = c.cfg.Limiter(target.host)
	}
	request, err := x.request()
	if err != nil {
		return nil, x.failed(0, err, passerelle.NotSent)
	}
	response, err := c.http.Do(context.WithValue(ctx, exchangeKey{}, x), request)
	if err == nil && response.Status/100 == 2 && x.fault == nil {
		return x.answer(), nil
	}
	defer x.free()
	if err != nil {
		return nil, x.unanswered(ctx, err)
	}
	if response.Status/100 != 2 {
		return nil, x.refused()
	}
	return nil, x.failed(response.Status, x.fault, passerelle.Unknown)
}

// request is what transport sends.
func (x *exchange) request() (*transport.Request, error) {
	where := x.target.Endpoint
	r := &transport.Request{
		Operation: "ewp." + x.call.API.String(),
		Method:    http.MethodPost,
		URL:       x.target.URL,
		Header:    http.Header{},
		Class:     x.call.class(where),
		Prepare: func(r *http.Request) error {
			err := x.cfg.Signer.SignRequest(r)
			x.ref, x.ours = httpsig.RefOf(r), err != nil
			return err
		},
	}
	if where.Name != "" {
		r.Operation += "." + where.Name
	}
	httpsig.AskSigned(r.Header)
	if !x.quirks.Has(NoGzip) {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	switch where.Methods {
	case ewp.GetOnly:
		r.Method = http.MethodGet
		r.URL = withQuery(r.URL, x.call.Params)
	case ewp.PostXML:
		r.Header.Set("Content-Type", "text/xml")
		r.Body = x.call.XML
	default:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = []byte(x.call.Params.Encode())
	}
	if x.cfg.Encryption == nil {
		return r, nil
	}
	return r, x.encrypt(r)
}

// encrypt applies the optional coding where the partner declares it.
func (x *exchange) encrypt(r *transport.Request) error {
	methods := x.target.Entry.Security()
	if methods.Has(ewp.ResponseGCM) {
		aesgcm.Ask(r.Header, ewp.PublicKey{})
	}
	key := x.target.encryptionKey()
	if !methods.Has(ewp.RequestGCM) || key.IsZero() || r.Method == http.MethodGet {
		return nil
	}
	body, err := aesgcm.Encrypt(key, r.Body)
	if err != nil {
		return err
	}
	r.Body = body
	r.Header.Set("Content-Encoding", aesgcm.Coding)
	return nil
}

// withQuery adds parameters to an address that may have some.
func withQuery(address string, params url.Values) string {
	u, err := url.Parse(address)
	if err != nil || len(params) == 0 {
		return address // callable has parsed it
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += params.Encode()
	return u.String()
}

// unresolved is the error of a call without target.
func (c *Client) unresolved(call Call, err error) error {
	e, ok := errors.AsType[*ResolveError](err)
	if !ok {
		return err
	}
	failure := &ewp.Error{HEI: call.HEI, API: call.API.String(), Endpoint: call.Endpoint, Result: passerelle.NotSent, Err: e}
	if call.Expected && e.Problem != NoCatalogue {
		c.report(call, failure)
	}
	return failure
}
