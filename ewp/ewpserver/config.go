package ewpserver

import (
	"context"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// DefaultSecurity is what stands for a zero Config.Security: signed requests, TLS,
// and signed answers for whoever asks.
const DefaultSecurity = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.ResponseTLS

// Institution is one that a [Server] answers for. The network allows one for each
// host; a process may be the host of several, each with a path and a manifest of
// its own.
type Institution struct {
	// HEI is its identifier. Required.
	HEI ewp.HEIID
	// Path comes before the addresses of its endpoints: "/uw.edu.pl". It starts with
	// a slash and does not end with one. Empty is none, for one institution at most.
	Path string
	// Signer signs its answers, with a key that its manifest lists among the server
	// credentials. Nil is Config.Signer.
	Signer *httpsig.Signer
}

// Config is what a [Server] is made from. Institutions, Catalogue, Hosts, and a
// signer for each institution are required.
type Config struct {
	// Institutions are those that the server answers for.
	Institutions []Institution
	// Catalogue says whose client key is whose: a *registry.Client, or a fixed
	// *registry.Index.
	Catalogue registry.Catalogue
	// Hosts are the names under which clients know this server, those that a reverse
	// proxy answers to included: "ewp.example.org", "ewp.example.org:8443". See
	// [httpsig.RequestVerifierConfig].
	Hosts []string
	// Signer signs the answers of institutions that have none of their own.
	Signer *httpsig.Signer

	// Security is what the manifest declares for an endpoint that [Security] says
	// nothing else of. 0 is DefaultSecurity. See [Security] for what each method does.
	Security ewp.Methods
	// Policy has the clock, the skew and the habits of peers that are accepted.
	Policy httpsig.Policy
	// Replays refuses a request that was answered before. Nil is a window in the
	// memory of this process; several processes behind one address need one store
	// between them.
	Replays httpsig.ReplayStore
	// Decrypter decrypts requests. Required where RequestGCM is declared.
	Decrypter *aesgcm.Decrypter

	// Bodies says how bodies of requests are kept, before and after their content
	// coding is undone; a longer one is refused with 413. Answers is the same for
	// answers, where a longer one is a fault of ours. The zero values keep 8 MiB in
	// memory, and 64 MiB in all.
	Bodies, Answers httpsig.SpoolConfig

	// Logger gets a line for each request: at level Debug for what was answered, Info
	// for what was refused, Error for what failed. There is no parameter and no word
	// of a body in it. Nil discards.
	Logger *slog.Logger
	// Observe is called at the end of each request. Nil is not.
	Observe func(context.Context, Exchange)
}

// faults returns everything that is wrong with c.
func (c Config) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if c.Catalogue == nil {
		faults.Add("Catalogue", "required", "where client keys are looked up")
	}
	if len(c.Institutions) == 0 {
		faults.Add("Institutions", "required", "an institution at least")
	}
	heis, paths := map[ewp.HEIID]bool{}, map[string]bool{}
	for _, i := range c.Institutions {
		switch {
		case i.HEI.IsZero():
			faults.Add("Institutions.HEI", "required", "the identifier of the institution")
		case heis[i.HEI]:
			faults.Add("Institutions.HEI", "unique", "each institution once")
		}
		if i.Path != "" && !isPath(i.Path) {
			faults.Add("Institutions.Path", "path", "a path that starts with a slash and does not end with one, without dots and escapes")
		}
		if paths[i.Path] {
			faults.Add("Institutions.Path", "unique", "a path of its own for each institution")
		}
		if i.Signer == nil && c.Signer == nil {
			faults.Add("Institutions.Signer", "required", "a signer here or in Config.Signer")
		}
		heis[i.HEI], paths[i.Path] = true, true
	}
	return append(faults, c.security("Security", c.Security)...)
}

// security returns what is wrong with a set of methods.
func (c Config) security(field string, m ewp.Methods) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if m&ewp.ClientMethods == 0 || m&ewp.RequestMethods == 0 || m&ewp.ResponseMethods == 0 {
		faults.Add(field, "required", "a method of the client, of the request and of the answer at least")
	}
	if m&(ewp.ClientTLSCert|ewp.ClientOther|ewp.ServerOther|ewp.RequestOther|ewp.ResponseOther) != 0 {
		faults.Add(field, "unsupported", "methods that this package serves")
	}
	if m.Has(ewp.RequestGCM) && c.Decrypter == nil {
		faults.Add("Decrypter", "required", "a decrypter, since encrypted requests are declared")
	}
	return faults
}

// isPath reports whether p can be part of an address as it is: what a client signs
// must be what the server sees.
func isPath(p string) bool {
	if !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") {
		return false
	}
	for segment := range strings.SplitSeq(p[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		for _, r := range segment {
			plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r)
			if !plain {
				return false
			}
		}
	}
	return true
}
