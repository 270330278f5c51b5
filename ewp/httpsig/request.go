package httpsig

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// RequestVerifierConfig is what a [RequestVerifier] is made from. Keys and Hosts
// are required.
type RequestVerifierConfig struct {
	// Keys knows the client keys of the catalogue.
	Keys KeyFinder
	// Hosts are the names under which clients know this server, those that a
	// reverse proxy answers to included: "ewp.example.org", or with a port,
	// "ewp.example.org:8443". Case does not matter. A name without port goes with
	// any port.
	Hosts []string
	// Replays refuses requests that were accepted before. Nil refuses none, which
	// the specification allows under TLS.
	Replays ReplayStore
	// Policy has clock, skew and quirks.
	Policy Policy
}

// RequestVerifier verifies requests, as a server. It is safe for concurrent use.
type RequestVerifier struct{ cfg RequestVerifierConfig }

// NewRequestVerifier checks the configuration. Its error is a
// passerelle.FieldErrors.
func NewRequestVerifier(cfg RequestVerifierConfig) (*RequestVerifier, error) {
	var faults passerelle.FieldErrors
	if cfg.Keys == nil {
		faults.Add("Keys", "required", "where the keys of clients are found")
	}
	if len(cfg.Hosts) == 0 {
		faults.Add("Hosts", "required", "a host name at least")
	}
	for _, host := range cfg.Hosts {
		if !isPlainHost(host) || strings.Contains(host, "/") {
			faults.Add("Hosts", "character", "host names, without scheme and path")
		}
	}
	faults = append(faults, cfg.Policy.faults()...)
	if len(faults) > 0 {
		return nil, faults
	}
	cfg.Policy = cfg.Policy.withDefaults()
	return &RequestVerifier{cfg}, nil
}

// Verify verifies a request as net/http hands it to a handler. body is the body,
// read or still to come; with a nil body that of r is read into memory, at most 8
// MiB, and r.Body then gives it again. The error is an *Error, whose Status is how
// to refuse the request. Nothing of r may be believed before this returns, and
// nothing that [Verified.Strip] would drop afterwards.
func (v *RequestVerifier) Verify(r *http.Request, body Body) (*Verified, error) {
	m := &message{method: methodOf(r), target: targetOf(r), host: r.Host, header: canonical(r.Header)}
	value, ok, fault := m.single("Authorization")
	if fault != nil {
		return nil, fault
	}
	rest, signed := credentials(value)
	if !ok || !signed {
		return nil, m.fault(Missing, "Authorization", "a signature as ewp-specs-sec-cliauth-httpsig describes")
	}
	c := &check{Policy: v.cfg.Policy, m: m, now: v.cfg.Policy.Clock()}
	if c.p, fault = parseParams(rest); fault != nil {
		fault.Header = "Authorization"
		return nil, fault
	}
	if fault := c.require(nameTarget, nameHost, nameDigest, nameRequestID); fault != nil {
		return nil, fault
	}
	if fault := v.host(c); fault != nil {
		return nil, fault
	}
	key, fault := c.key(r.Context(), v.cfg.Keys)
	if fault != nil {
		return nil, fault
	}
	date, fault := c.dates()
	if fault != nil {
		return nil, fault
	}
	id, _, fault := m.single("X-Request-Id")
	if fault != nil {
		return nil, fault
	}
	if !isUUID(id) {
		return nil, m.fault(RequestID, "X-Request-Id", "a UUID in canonical form, in lower case")
	}
	if fault := c.signature(key); fault != nil {
		return nil, fault
	}
	var kept *Spool
	if body == nil {
		kept = NewSpool(SpoolConfig{Max: DefaultSpoolMemory})
		body = kept.Receive(r.Body)
	}
	if fault := c.digest(body); fault != nil {
		return nil, fault
	}
	if kept != nil {
		r.Body = io.NopCloser(kept.Reader())
	}
	if fault := v.replay(r, c, id, date); fault != nil {
		return nil, fault
	}
	return c.verified("Authorization", id, date), nil
}

// host checks that the request was meant for this server.
func (v *RequestVerifier) host(c *check) *Error {
	// net/http takes Host out of the headers; one that is still there came beside
	// the :authority of HTTP/2.
	if more := c.m.header["Host"]; len(more) > 1 || len(more) == 1 && more[0] != c.m.host {
		return c.m.fault(Duplicate, "Host", "the field once")
	}
	name, port := splitHost(c.m.host)
	for _, host := range v.cfg.Hosts {
		wantName, wantPort := splitHost(host)
		if !strings.EqualFold(name, wantName) {
			continue
		}
		switch {
		case wantPort == "" || port == wantPort:
			return nil
		case port == "" && c.Quirks.Has(HostWithoutPort):
			c.needed |= HostWithoutPort
			return nil
		}
	}
	return c.m.fault(Host, "Host", "the name of this server")
}

// replay records the request, and refuses one that was recorded before. Only the
// dates that were signed count: the others may have been changed since.
func (v *RequestVerifier) replay(r *http.Request, c *check, id string, date time.Time) *Error {
	if v.cfg.Replays == nil {
		return nil
	}
	first, err := v.cfg.Replays.First(r.Context(), Nonce{
		Key: c.p.keyID, ID: id, Now: c.now,
		Until: date.Add(c.MaxSkew + time.Second), // within counts whole seconds
	})
	switch {
	case err != nil:
		fault := c.m.fault(Lookup, "X-Request-Id", "room to remember it")
		fault.Err = err
		return fault
	case !first:
		return c.m.fault(Replay, "X-Request-Id", "a new one for each request")
	}
	return nil
}

// splitHost cuts the port off a host; an IPv6 address keeps its brackets.
func splitHost(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host, ""
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	return name, port
}
