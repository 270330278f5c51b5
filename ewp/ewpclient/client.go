package ewpclient

import (
	"net/http"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// DefaultMaxBody stands for a Config.Transport.MaxBody of 0: what the answer of one
// call may hold in bytes, as received, and again when its codings are undone.
const DefaultMaxBody = 64 << 20

// Signatures says which answers must be signed. Whatever it says, signed answers
// are asked for, and a wrong signature is refused. It is not about errors (4xx,
// 5xx), which may come unsigned.
type Signatures uint8

const (
	// SignedWhenDeclared requires it of hosts whose manifest entry declares signed
	// answers: these MUST sign when asked (ewp-specs-sec-srvauth-httpsig), so an
	// unsigned answer was tampered with, or comes from somebody else.
	SignedWhenDeclared Signatures = iota
	// SignedAlways requires it of every host: those that do not declare it cannot
	// be called.
	SignedAlways
	// SignedIfAny trusts TLS alone where an answer has no signature.
	SignedIfAny
)

// Config is what a [Client] is made from. HEI, Catalogue and Signer are required.
type Config struct {
	// HEI is the own institution, in whose name Signer signs.
	HEI ewp.HEIID
	// Catalogue finds partners and their keys: a registry.Client, or an Index.
	Catalogue registry.Catalogue
	// Signer signs requests, with a client key of the own manifest.
	Signer *httpsig.Signer

	// Signatures says which answers must be signed.
	Signatures Signatures
	// Policy is how answers are verified: clock, skew, accepted habits of dates.
	Policy httpsig.Policy
	// Quirks are habits that are accepted of every partner, PartnerQuirks those of
	// some, on top.
	Quirks        Quirks
	PartnerQuirks map[ewp.HEIID]Quirks

	// Encryption turns on the optional coding of package aesgcm: requests are
	// encrypted for partners that declare it, and encrypted answers are asked of
	// those that do. The Decrypter must hold the key of Signer. Nil, the usual
	// choice, leaves it at TLS.
	Encryption *aesgcm.Decrypter

	// Limiter returns what is waited on before each request to a partner's host
	// (host name and port, as in the address): see [PerHost]. Several institutions
	// can share a host. Nil does not limit; Transport.Limiter limits all together.
	Limiter func(host string) transport.Limiter

	// Memory is how much of an answer is kept in memory, the rest goes to a file in
	// Dir. Values are as in httpsig.SpoolConfig: 0 is 8 MiB, a negative one keeps
	// nothing in memory; "" is the temporary folder of the system.
	Memory int64
	Dir    string

	// Report is told of failures of partners, as the Monitoring API wants them:
	// see [Failure]. It is called before the call returns and must not block. Nil
	// tells nobody.
	Report func(Failure)

	// Transport is how hosts are spoken to. Its zero MaxBody is DefaultMaxBody
	// here. Its nil Base is one shared by the process, with room for the idle
	// connections of many hosts. AttemptTimeout bounds an attempt up to the last
	// byte of the answer: raise it, and TotalTimeout, for hosts that take minutes.
	Transport transport.Config
}

// Client calls partners in the name of one institution. It is safe for concurrent
// use.
type Client struct {
	cfg      Config
	http     *transport.Client
	verifier *httpsig.ResponseVerifier
}

// New returns a client; nothing is sent, and the catalogue is not asked. Its error
// is passerelle.FieldErrors with every fault of cfg.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	if cfg.HEI.IsZero() {
		faults.Add("HEI", "required", "the own institution")
	}
	if cfg.Catalogue == nil {
		faults.Add("Catalogue", "required", "a catalogue of the registry")
	}
	if cfg.Signer == nil {
		faults.Add("Signer", "required", "a signer with a client key of the own manifest")
	}
	if cfg.Signatures > SignedIfAny {
		faults.Add("Signatures", "range", "SignedWhenDeclared, SignedAlways or SignedIfAny")
	}
	verifier, err := httpsig.NewResponseVerifier(cfg.Policy)
	if err, ok := err.(passerelle.FieldErrors); ok {
		for _, fault := range err {
			faults.Add("Policy."+fault.Field, fault.Rule, fault.Want)
		}
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Transport.MaxBody == 0 {
		cfg.Transport.MaxBody = DefaultMaxBody
	}
	policy := cfg.Transport
	if policy.Base == nil {
		policy.Base = sharedBase()
	}
	policy.Base = receiver{policy.Base}
	policy.Limiter = limiter{policy.Limiter}
	client, err := transport.New(policy)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, http: client, verifier: verifier}, nil
}

// HEI returns the own institution.
func (c *Client) HEI() ewp.HEIID { return c.cfg.HEI }

// Ready says whether partners can know who calls: whether the catalogue has the key
// of Signer as a client key of HEI. After a new key was published that takes a few
// minutes, see ewp/discovery. Its error is a passerelle.FieldErrors, or that of the
// catalogue.
func (c *Client) Ready() error {
	index, err := c.cfg.Catalogue.Index()
	if err != nil {
		return err
	}
	var faults passerelle.FieldErrors
	heis, known := index.HEIsOfClientKey(c.cfg.Signer.Public().Fingerprint())
	switch {
	case !known:
		faults.Add("Signer", "catalogue", "a client key that the catalogue knows")
	case !heis.Has(c.cfg.HEI):
		faults.Add("Signer", "catalogue", "a client key that the catalogue knows as one of "+c.cfg.HEI.String())
	case heis.Len() > 1:
		faults.Add("Signer", "catalogue", "a client key of one institution only")
	}
	return faults.Err()
}

// quirks are those accepted of a partner.
func (c *Client) quirks(hei ewp.HEIID) Quirks { return c.cfg.Quirks | c.cfg.PartnerQuirks[hei] }

// sharedBase is the Base of a transport.Config that has none: a client of the
// network speaks to thousands of hosts in one night, a few calls each.
var sharedBase = sync.OnceValue(func() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else { // the program has put its own in place of Go's
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	t.MaxIdleConns = 512
	t.MaxIdleConnsPerHost = 8
	t.IdleConnTimeout = 30 * time.Second // a connection that the other side is about to close loses an update
	t.MaxResponseHeaderBytes = 256 << 10
	return t
})
