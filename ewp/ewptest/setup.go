package ewptest

import (
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// findOut finds a value that the steps need, the first at a path in the answer of
// another endpoint, where Host.Values does not have it. Without it the suite is over, as
// in the validator.
func (s *session) findOut(param string, api ewp.API, endpoint string, p params, path selector) error {
	return s.findBy(param, api, endpoint, p, path.texts)
}

// findBy is findOut for values that are found in another way.
func (s *session) findBy(param string, api ewp.API, endpoint string, p params, texts func(*element) []string) error {
	if s.value(param) != "" {
		return nil
	}
	err := s.step(Combination{}, "find a "+param, "one that the host knows", func() error {
		where := suite{api: api, endpoint: endpoint}
		if api == s.suite.api {
			where.major = s.suite.major
		}
		entries := entriesOf(s.index, s.host.HEI, where)
		if len(entries) == 0 {
			return notice("the host declares no %s %s to ask for one", api, endpoint)
		}
		other, err := newSession(s.ctx, s.host, s.index, where, entries[0])
		if err != nil {
			return err
		}
		c := usual(other.entry.Security())
		k, err := other.call(c, p)
		if err != nil {
			return err
		}
		if err := other.sign(k); err != nil {
			return err
		}
		return other.expect200(k, c, func(root *element) error {
			values := texts(root)
			if len(values) == 0 {
				return notice("%s %s lists none: give one in Values", api, endpoint)
			}
			s.known[param] = values[0]
			return nil
		})
	})
	if err == nil && s.value(param) == "" {
		err = errSuiteOver
	}
	return err
}

// usual returns the combination by which something is asked beside the steps: signed,
// and with as little else as the entry allows.
func usual(declared ewp.Methods) Combination {
	full := declared.WithDefaults()
	pick := func(methods ...ewp.Methods) ewp.Methods {
		for _, m := range methods {
			if full.Has(m) {
				return m
			}
		}
		return methods[0]
	}
	return Combination{Method: "POST", Methods: pick(ewp.ClientHTTPSig, ewp.ClientAnonymous) |
		pick(ewp.ServerTLSCert, ewp.ServerHTTPSig) | pick(ewp.RequestTLS, ewp.RequestGCM) | pick(ewp.ResponseTLS, ewp.ResponseGCM)}
}

// anonymity is what the validator thinks of clients without a name.
type anonymity uint8

const (
	// anonymityWelcome is said of public data: "you may consider allowing this".
	anonymityWelcome anonymity = iota
	// anonymityUseless is said of data of two partners.
	anonymityUseless
	// anonymityRefused is said of echo, which cannot tell an anonymous client who it
	// is: it is tried even where it is not declared.
	anonymityRefused
)

// setup runs the steps that the validator makes of each API before any call
// (AbstractSetupValidationSuite). Two of them cannot be made here: the age of the keys,
// which this package does not know, and the list of published versions, in whose place
// stands the one that this module speaks.
func (s *session) setup() error {
	if err := s.must("format of the address", "https", s.checkAddress); err != nil {
		return err
	}
	if err := s.must("entry in the catalogue", "address and version registered once", s.checkRegistered); err != nil {
		return err
	}
	if err := s.step(Combination{}, "declared security methods", "a usable set", s.checkSecurity); err != nil {
		return err
	}
	return s.step(Combination{}, "version of the API", "a published one, and the newest", s.checkVersion)
}

func (s *session) checkAddress() error {
	u, err := url.Parse(s.url)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return failure("%s is no https address", s.url)
	}
	return nil
}

func (s *session) checkRegistered() error {
	n := 0
	for e := range s.index.Entries(registry.Query{Namespace: s.suite.api.NamespaceOf(s.suite.version()), Name: s.suite.api.String()}) {
		if e.URL(s.endpoint.Element) == s.url && e.VersionText() == s.entry.VersionText() {
			n++
		}
	}
	if n != 1 {
		return failure("%d entries of the catalogue declare %s in version %q; 1 is expected", n, s.url, s.entry.VersionText())
	}
	return nil
}

func (s *session) checkVersion() error {
	version, ok := s.entry.Version()
	known := s.suite.api.Version()
	if major := s.suite.version(); major != s.suite.api.Major() {
		known = ewp.Version{Major: major}
	}
	switch {
	case !ok:
		return failure("version %q is not three numbers", s.entry.VersionText())
	case version.Compare(known) < 0:
		return notice("version %s is declared, and %s is published", version, known)
	}
	return nil
}

// checkSecurity looks at http-security, and finds the combinations to be tried.
func (s *session) checkSecurity() error {
	declared := s.entry.Security()
	var notices, warnings, errors []string
	say := func(list *[]string, text string) { *list = append(*list, text) }

	// An absent list of the client stands for nothing that anybody accepts any more.
	clients := declared & (ewp.ClientHTTPSig | ewp.ClientAnonymous)
	if clients == 0 {
		say(&errors, "no known method of client authentication")
	}
	if !declared.Has(ewp.ClientHTTPSig) {
		say(&warnings, "signed requests are recommended for every endpoint")
	}
	switch anonymous := declared.Has(ewp.ClientAnonymous); {
	case s.suite.anonymous == anonymityRefused:
		if anonymous {
			say(&warnings, "anonymous clients should not be allowed here")
		}
		clients |= ewp.ClientAnonymous
	case s.suite.anonymous == anonymityWelcome && !anonymous:
		say(&notices, "anonymous clients could be allowed here")
	}

	full := declared.WithDefaults()
	servers := full & (ewp.ServerTLSCert | ewp.ServerHTTPSig)
	switch {
	case servers == 0:
		say(&errors, "no known method of server authentication")
	case !servers.Has(ewp.ServerHTTPSig):
		say(&notices, "signed answers are recommended for all servers")
	case !servers.Has(ewp.ServerTLSCert):
		say(&warnings, "the TLS certificate should be declared beside the signature")
	}
	requests := full & (ewp.RequestTLS | ewp.RequestGCM)
	responses := full & (ewp.ResponseTLS | ewp.ResponseGCM)
	if requests == 0 || responses == 0 {
		say(&errors, "no known method of encryption of requests, or of answers")
	}
	if s.suite.api != ewp.Echo && full&(ewp.RequestGCM|ewp.ResponseGCM) != 0 {
		say(&warnings, "TLS alone is the recommended encryption")
	}
	for list, other := range map[string]ewp.Methods{
		"client": ewp.ClientOther | ewp.ClientTLSCert, "server": ewp.ServerOther, "request": ewp.RequestOther, "response": ewp.ResponseOther,
	} {
		if declared&other != 0 {
			say(&notices, "a method of the "+list+" list is not known")
		}
	}
	s.combine(clients, servers, requests, responses)
	reasons := strings.Join(append(append(errors, warnings...), notices...), "; ")
	switch {
	case len(errors) > 0:
		return &verdict{status: Broken, reason: reasons}
	case len(warnings) > 0:
		return warning("%s", reasons)
	case len(notices) > 0:
		return notice("%s", reasons)
	}
	return nil
}

// combine makes every combination of the methods to be tried, in the order of the
// validator. An encrypted request cannot be a GET.
func (s *session) combine(clients, servers, requests, responses ewp.Methods) {
	verbs := s.endpoint.Methods
	for _, client := range each(clients, ewp.ClientAnonymous, ewp.ClientHTTPSig) {
		for _, server := range each(servers, ewp.ServerTLSCert, ewp.ServerHTTPSig) {
			for _, request := range each(requests, ewp.RequestTLS, ewp.RequestGCM) {
				for _, response := range each(responses, ewp.ResponseTLS, ewp.ResponseGCM) {
					methods := client | server | request | response
					if verbs.Allows("GET") && request == ewp.RequestTLS {
						s.combinations = append(s.combinations, Combination{"GET", methods})
					}
					if verbs.Allows("POST") {
						s.combinations = append(s.combinations, Combination{"POST", methods})
					}
				}
			}
		}
	}
}

// each returns those of the methods that are in a set.
func each(set ewp.Methods, methods ...ewp.Methods) []ewp.Methods {
	var found []ewp.Methods
	for _, m := range methods {
		if set.Has(m) {
			found = append(found, m)
		}
	}
	return found
}
