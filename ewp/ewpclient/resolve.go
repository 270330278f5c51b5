package ewpclient

import (
	"net/url"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// Problem is why a partner cannot be called, a stable word.
type Problem string

// The problems, from the general to the particular.
const (
	NoCatalogue  Problem = "catalogue" // there is none, or it is too old to be trusted
	UnknownHEI   Problem = "hei"       // no host covers the institution
	NoAPI        Problem = "api"       // no host of the institution declares the API
	OtherVersion Problem = "version"   // it is declared, in other major versions only
	NoEndpoint   Problem = "endpoint"  // it is declared, without this endpoint
	BadURL       Problem = "url"       // the address is not one that may be called
	NoSecurity   Problem = "security"  // the ways to secure a call are not among ours
	NoKey        Problem = "key"       // requests must be encrypted, and no key to do it for is published
)

// ResolveError says why a partner cannot be called: the catalogue is what it is
// decided by, and nothing was sent. errors.Is knows it as passerelle.ErrNotFound
// where nobody, or nothing, is declared, as passerelle.ErrProtocol where what is
// declared cannot be used, and by its cause without catalogue.
type ResolveError struct {
	HEI      ewp.HEIID
	API      ewp.API
	Endpoint string
	Problem  Problem
	// Declared are the versions that the institution has of the API, as written, for
	// OtherVersion and those after.
	Declared []string
	Err      error // of the catalogue
}

// Error returns what was looked for and what is wrong.
func (e *ResolveError) Error() string {
	declared := strings.Join(e.Declared, ", ")
	if declared == "" {
		declared = "without version"
	}
	switch e.Problem {
	case NoCatalogue:
		return "no catalogue to ask: " + e.Err.Error()
	case UnknownHEI:
		return "no host of the catalogue covers this institution"
	case NoAPI:
		return "no host of this institution declares this API"
	case OtherVersion:
		return "only other versions are declared (" + declared + ")"
	case NoEndpoint:
		return "declared (" + declared + ") without this endpoint"
	case BadURL:
		return "declared (" + declared + ") with an address that is no https URL"
	case NoSecurity:
		return "declared (" + declared + ") without a way to secure the call that is ours"
	}
	return "declared (" + declared + ") for encrypted requests only, without a key to encrypt for"
}

// Unwrap returns Err.
func (e *ResolveError) Unwrap() error { return e.Err }

// Is reports whether target is the member of the taxonomy that e belongs to.
func (e *ResolveError) Is(target error) bool {
	switch e.Problem {
	case NoCatalogue:
		return false
	case UnknownHEI, NoAPI, OtherVersion, NoEndpoint:
		return target == passerelle.ErrNotFound
	}
	return target == passerelle.ErrProtocol
}

// Outcome returns NotSent.
func (e *ResolveError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Target is where a call goes: one endpoint of one host.
type Target struct {
	// Entry is the manifest entry, and Entry.Host the host whose keys are valid for
	// the answer.
	Entry registry.Entry
	// Endpoint has the root element of the answer; its namespace is that of the
	// major version found.
	Endpoint ewp.Endpoint
	// Version is that of the entry, zero where it declares none.
	Version ewp.Version
	// URL is the address, an https one.
	URL string

	index *registry.Index
	host  string // of URL, with port
}

// Limit returns how many identifiers one call may carry, by an element of the entry
// such as "max-iia-ids": 1 where it is absent.
func (t Target) Limit(element string) int { return t.Entry.Limit(element) }

// Resolve returns where an endpoint of an institution is called. majors are the
// major versions of the API that the caller can read, in any order; none is the one
// of [ewp.API.Version]. Among the entries that can be called the one of the highest
// version is taken; several hosts may cover one institution. Its error is a
// *ResolveError, or passerelle.FieldErrors for an endpoint that does not exist.
func (c *Client) Resolve(hei ewp.HEIID, api ewp.API, endpoint string, majors ...int) (Target, error) {
	where, ok := api.Endpoint(endpoint)
	var faults passerelle.FieldErrors
	if hei.IsZero() {
		faults.Add("HEI", "required", "the institution to call")
	}
	if !ok {
		faults.Add("Endpoint", "unknown", "an API, and an endpoint of it")
	}
	if len(faults) > 0 {
		return Target{}, faults
	}
	e := &ResolveError{HEI: hei, API: api, Endpoint: endpoint, Problem: NoCatalogue}
	index, err := c.cfg.Catalogue.Index()
	if err != nil {
		e.Err = err
		return Target{}, e
	}
	if len(majors) == 0 {
		majors = []int{api.Major()}
	}
	for _, major := range slices.Backward(slices.Sorted(slices.Values(majors))) {
		if target, ok := c.best(index, e, where, major); ok {
			return target, nil
		}
	}
	if e.Problem == NoCatalogue {
		e.absent(index)
	}
	return Target{}, e
}

// best returns the callable entry with the highest version in one major. What is
// wrong with one that is not callable goes into e.
func (c *Client) best(index *registry.Index, e *ResolveError, where ewp.Endpoint, major int) (best Target, found bool) {
	where, _ = e.API.EndpointOf(where.Name, major)
	query := registry.Query{HEI: e.HEI, Namespace: e.API.NamespaceOf(major), Name: e.API.String()}
	for entry := range index.Entries(query) {
		version, _ := entry.Version()
		if found && version.Compare(best.Version) < 0 {
			continue
		}
		target := Target{Entry: entry, Endpoint: where, Version: version, URL: entry.URL(where.Element), index: index}
		if problem := c.callable(&target, e.HEI); problem != "" {
			e.Problem = problem
			e.Declared = append(e.Declared, entry.VersionText())
			continue
		}
		best, found = target, true
	}
	return best, found
}

// callable returns what is wrong with a target, or "".
func (c *Client) callable(t *Target, hei ewp.HEIID) Problem {
	if t.URL == "" {
		return NoEndpoint
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return BadURL
	}
	t.host = u.Host
	methods := t.Entry.Security().WithDefaults()
	encrypted := c.cfg.Encryption != nil
	switch {
	case !methods.Has(ewp.ClientHTTPSig) && !c.quirks(hei).Has(UndeclaredSignatures),
		!methods.Has(ewp.RequestTLS) && !(methods.Has(ewp.RequestGCM) && encrypted && t.Endpoint.Methods != ewp.GetOnly),
		!methods.Has(ewp.ResponseTLS) && !(methods.Has(ewp.ResponseGCM) && encrypted),
		!methods.Has(ewp.ServerHTTPSig) && c.cfg.Signatures == SignedAlways:
		return NoSecurity
	case !methods.Has(ewp.RequestTLS) && t.encryptionKey().IsZero():
		return NoKey
	}
	return ""
}

// encryptionKey returns a server key of the host to encrypt for, zero where the
// catalogue has none that can be used.
func (t Target) encryptionKey() ewp.PublicKey {
	for _, print := range t.Entry.Host().ServerKeys() {
		if key, ok := t.index.Key(print); ok && key.Usable() == nil {
			return key
		}
	}
	return ewp.PublicKey{}
}

// absent says in e why there is no entry at all.
func (e *ResolveError) absent(index *registry.Index) {
	e.Problem = UnknownHEI
	for range index.HostsOf(e.HEI) {
		e.Problem = NoAPI
		break
	}
	for entry := range index.Entries(registry.Query{HEI: e.HEI, Name: e.API.String()}) {
		e.Problem = OtherVersion
		e.Declared = append(e.Declared, entry.VersionText())
	}
}
