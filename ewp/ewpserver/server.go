package ewpserver

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// Handler answers the requests of one endpoint. It is safe for concurrent use.
type Handler interface {
	// Serve answers r by writing to a. What it wrote is dropped when it returns an
	// error, which becomes an error-response: see the package comment.
	Serve(ctx context.Context, r *Request, a *Answer) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, r *Request, a *Answer) error

// Serve calls f.
func (f HandlerFunc) Serve(ctx context.Context, r *Request, a *Answer) error { return f(ctx, r, a) }

// Server is an http.Handler that answers for one or several institutions. It is
// safe for concurrent use.
//
// The http.Server around it bounds the time of a request (ReadTimeout,
// WriteTimeout) and the size of headers; paths and bodies must reach it as the
// client sent them.
type Server struct {
	cfg      Config
	verifier *httpsig.RequestVerifier

	mu     sync.RWMutex
	routes map[string]*route
}

// Route is an endpoint that a [Server] serves: what its manifest must declare.
type Route struct {
	HEI      ewp.HEIID
	API      ewp.API
	Major    int // version of the API: of its namespaces
	Endpoint ewp.Endpoint
	Path     string      // of the address: "/uw.edu.pl/iias/get"
	Security ewp.Methods // for the entry's http-security
	// Limits are how many identifiers one call may carry, in the order of
	// ewp.API.Limits; empty where the handler knows of none.
	Limits []int
}

type route struct {
	Route
	institution Institution
	handler     Handler
}

// New returns a server without endpoints. Its error is passerelle.FieldErrors with
// every fault of cfg.
func New(cfg Config) (*Server, error) {
	if cfg.Security == 0 {
		cfg.Security = DefaultSecurity
	}
	if cfg.Replays == nil {
		cfg.Replays = httpsig.NewReplayWindow(httpsig.ReplayConfig{})
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	faults := cfg.faults()
	cfg.Institutions = slices.Clone(cfg.Institutions)
	for i := range cfg.Institutions {
		if cfg.Institutions[i].Signer == nil {
			cfg.Institutions[i].Signer = cfg.Signer
		}
	}
	verifier, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{
		Keys: httpsig.KeyFunc(clientKey), Hosts: cfg.Hosts, Replays: cfg.Replays, Policy: cfg.Policy,
	})
	if more, ok := err.(passerelle.FieldErrors); ok {
		faults = append(faults, more...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return &Server{cfg: cfg, verifier: verifier, routes: map[string]*route{}}, nil
}

// Option changes how one endpoint is served.
type Option func(*options)

type options struct {
	security ewp.Methods
	path     string
	major    int
	heis     []ewp.HEIID
}

// Security says which methods an endpoint takes; they must be those that its
// manifest entry declares.
//
//   - ClientHTTPSig: signed requests are verified; without ClientAnonymous nothing
//     else is taken;
//   - ClientAnonymous: requests that are not signed are taken too, with a zero
//     Caller;
//   - ServerHTTPSig: answers are signed for those that ask;
//   - RequestGCM: encrypted requests are taken; without RequestTLS no others;
//   - ResponseGCM: answers are encrypted for those that ask; without ResponseTLS
//     others are refused.
//
// ServerTLSCert is the business of the TLS server.
func Security(m ewp.Methods) Option { return func(o *options) { o.security = m } }

// Path puts an endpoint at another path below that of the institution than
// "/api/endpoint", so that a published address can stay. It starts with a slash.
func Path(path string) Option { return func(o *options) { o.path = path } }

// Major serves an endpoint in an older major version of its API, beside the one that
// package ewp speaks or in its place: answers are in the namespaces of that version,
// and the path is "/api/v2/endpoint" where Path says nothing else.
func Major(n int) Option { return func(o *options) { o.major = n } }

// For serves an endpoint for some of the institutions only.
func For(heis ...ewp.HEIID) Option { return func(o *options) { o.heis = append(o.heis, heis...) } }

// Handle serves an endpoint by h, for every institution: at its path, then the
// name of the API and of the endpoint ("/iias/get", "/echo"). endpoint is empty
// for an API with a single one. Its error is passerelle.FieldErrors, for an
// endpoint that is not the API's or has a handler already, and for faults of h and
// of the options; nothing is served then.
func (s *Server) Handle(api ewp.API, endpoint string, h Handler, opts ...Option) error {
	o := options{security: s.cfg.Security, major: api.Major()}
	for _, opt := range opts {
		opt(&o)
	}
	if o.path == "" {
		o.path = "/" + api.String()
		if o.major != api.Major() {
			o.path += "/v" + strconv.Itoa(o.major)
		}
		if endpoint != "" {
			o.path += "/" + endpoint
		}
	}
	faults := s.cfg.security("Security", o.security)
	at, ok := api.EndpointOf(endpoint, o.major)
	if !ok {
		faults.Add("endpoint", "unknown", "an endpoint of the API")
	}
	if o.major < 1 && !api.IsZero() {
		faults.Add("Major", "range", "a major version from 1 on")
	}
	if !isPath(o.path) {
		faults.Add("Path", "path", "a path that starts with a slash and does not end with one, without dots and escapes")
	}
	for _, hei := range o.heis {
		if !slices.ContainsFunc(s.cfg.Institutions, func(i Institution) bool { return i.HEI == hei }) {
			faults.Add("For", "unknown", "institutions of the server")
		}
	}
	var limits []int
	switch h := h.(type) {
	case nil:
		faults.Add("handler", "required", "a handler")
	case checked:
		faults = append(faults, h.faults()...)
		limits = h.limits()
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	added := map[string]*route{}
	for _, i := range s.cfg.Institutions {
		if len(o.heis) > 0 && !slices.Contains(o.heis, i.HEI) {
			continue
		}
		path := i.Path + o.path
		if s.routes[path] != nil || added[path] != nil {
			faults.Add("endpoint", "unique", "a path that has no handler yet")
		}
		added[path] = &route{institution: i, handler: h, Route: Route{
			HEI: i.HEI, API: api, Major: o.major, Endpoint: at, Path: path, Security: o.security,
			Limits: limits[:min(len(limits), len(api.Limits()))],
		}}
	}
	if len(faults) > 0 {
		return faults
	}
	for path, r := range added {
		s.routes[path] = r
	}
	return nil
}

// checked is implemented by the generic handlers of this package.
type checked interface {
	Handler
	faults() passerelle.FieldErrors
	limits() []int
}

// Routes yields what is served, ordered by path: what the manifests must declare.
func (s *Server) Routes() iter.Seq[Route] {
	s.mu.RLock()
	routes := make([]Route, 0, len(s.routes))
	for _, r := range s.routes {
		routes = append(routes, r.Route)
	}
	s.mu.RUnlock()
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Path, b.Path) })
	return slices.Values(routes)
}

// find returns the route at a path, or nil and the institution that the path may
// belong to, whose key signs that there is nothing.
func (s *Server) find(path string) (*route, Institution) {
	s.mu.RLock()
	r := s.routes[path]
	s.mu.RUnlock()
	if r != nil {
		return r, r.institution
	}
	best := s.cfg.Institutions[0]
	for _, i := range s.cfg.Institutions {
		if len(i.Path) > len(best.Path) && strings.HasPrefix(path, i.Path+"/") {
			best = i
		}
	}
	return nil, best
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(s, r)
	defer x.close()
	x.answer(w)
}
