package ewptest

import (
	"context"
	"crypto/rsa"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// FakeID is the identifier that nothing has, that of the official validator.
const FakeID = "this-is-some-unknown-and-unexpected-id"

// Host is a host to be held against the steps, and what is needed to speak to it.
// HEI, Catalogue and As are required.
type Host struct {
	// HEI is the institution whose host is held against the steps.
	HEI ewp.HEIID
	// Catalogue has the entries of the host, and is the one that it goes by: it must
	// know the keys of As and Other.
	Catalogue registry.Catalogue
	// As is who speaks: a partner that the data of the host concerns.
	As Participant
	// Other is another member of the network, which must not see what concerns As
	// alone. The zero value skips the steps that need one.
	Other Participant

	// HTTP sends the requests; it must trust the certificate of the host, leave
	// headers and bodies alone, and follow no redirect, as an *http.Transport does.
	// Nil is one with the certificates of the system.
	HTTP http.RoundTripper
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
	// Timeout bounds each request. 0 is 10 seconds, as in the validator.
	Timeout time.Duration

	// Only are the APIs that are looked at. None are all that the host declares and
	// [Checked] has.
	Only []ewp.API
	// Values are parameters that the steps need and cannot find out, by name:
	// "file_id". Those of one API only are written "omobility-las.omobility_id".
	Values map[string]string
	// Schema validates a document against the published schema, by whatever means
	// there are: its error is the reason of the verdict. The validator does so. Nil
	// looks at what the steps can: the root element, and the order of the elements in
	// answers of the network layer.
	Schema func(root xml.Name, doc []byte) error
}

// Participant is a member of the network with its private keys.
type Participant struct {
	HEI ewp.HEIID
	// ClientKey and ServerKey are among the credentials of its host. They should not
	// be the same: a step signs with the wrong one.
	ClientKey, ServerKey *rsa.PrivateKey
}

// IsZero reports whether p is nobody.
func (p Participant) IsZero() bool { return p.HEI.IsZero() && p.ClientKey == nil && p.ServerKey == nil }

// defaultTimeout is that of the official validator.
const defaultTimeout = 10 * time.Second

// suite is the list of steps of one endpoint.
type suite struct {
	api      ewp.API
	endpoint string
	// major is the version of the API; 0 is the one that package ewp speaks.
	major int
	// anonymous says who the validator thinks may call without a name.
	anonymous anonymity
	// ours says that the validator has no steps for the endpoint.
	ours bool
	// prepare finds out what the steps need: identifiers that the host knows. It runs
	// once, in steps of its own; nil needs nothing.
	prepare func(*session) error
	// steps runs the steps in one combination. An error ends the suite.
	steps func(*session, Combination) error
}

// version returns the major version that the steps are of.
func (s suite) version() int {
	if s.major == 0 {
		return s.api.Major()
	}
	return s.major
}

// suites are the endpoints that have steps, in the order in which they run. Each API
// has a file of its own, conformance_<api>.go.
var suites = []suite{
	echoSuite,
	fileSuite,
	monitoringSuite,
	institutionsSuite,
	ounitsSuite,
	coursesSuite,
	replicationSuite,
	factsheetSuite,
	iiasIndexSuite, iiasGetSuite, iiasStatsSuite, iiasApprovalSuite, iiaCNRSuite, iiaApprovalCNRSuite,
	torsIndexSuite, torsGetSuite, olderTorsIndexSuite, olderTorsGetSuite,
	torCNRSuite, olderTorCNRSuite, torStatsSuite,
	omobilitiesIndexSuite, omobilitiesGetSuite, omobilitiesUpdateSuite, omobilityCNRSuite, omobilityStatsSuite,
	imobilitiesGetSuite, imobilityCNRSuite,
	lasIndexSuite, lasGetSuite, lasUpdateSuite, lasStatsSuite, laCNRSuite, laStatsSuite,
}

// Checked yields the APIs that have steps.
func Checked() iter.Seq[ewp.API] {
	return func(yield func(ewp.API) bool) {
		var seen []ewp.API
		for _, s := range suites {
			if slices.Contains(seen, s.api) {
				continue
			}
			seen = append(seen, s.api)
			if !yield(s.api) {
				return
			}
		}
	}
}

// Conformance holds a host against the steps of the official validator, one subtest a
// step. A step that the validator would give WARNING, FAILURE or ERROR fails its test;
// a NOTICE is logged, and a step that cannot be done is skipped.
func Conformance(t *testing.T, host Host) {
	t.Helper()
	report, err := Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report {
		t.Run(strings.Join([]string{r.endpoint(), r.Combination.String(), r.Step}, "/"), func(t *testing.T) {
			switch {
			case r.Status == Skipped:
				t.Skip(r.Reason)
			case r.Status > Notice:
				t.Errorf("%s\n%s", r, r.Reason)
			case r.Status == Notice:
				t.Logf("%s\n%s", r, r.Reason)
			}
		})
	}
}

// Check is Conformance without a test: it returns the verdicts. Its error is
// passerelle.FieldErrors for a Host that is incomplete, passerelle.ErrNotFound where
// the catalogue declares nothing to look at, or not what Only asks for, that of the
// catalogue, or that of ctx; what a host does wrong is in the report.
func Check(ctx context.Context, host Host) (Report, error) { return examine(ctx, host, suites) }

func examine(ctx context.Context, host Host, suites []suite) (Report, error) {
	if err := host.faults().Err(); err != nil {
		return nil, err
	}
	index, err := host.Catalogue.Index()
	if err != nil {
		return nil, err
	}
	if host.HTTP == nil {
		host.HTTP = &http.Transport{DisableCompression: true}
	}
	if host.Clock == nil {
		host.Clock = time.Now
	}
	if host.Timeout == 0 {
		host.Timeout = defaultTimeout
	}
	var report Report
	declared := map[ewp.API]bool{}
	for _, s := range suites {
		if len(host.Only) > 0 && !slices.Contains(host.Only, s.api) {
			continue
		}
		for _, entry := range entriesOf(index, host.HEI, s) {
			declared[s.api] = true
			session, err := newSession(ctx, host, index, s, entry)
			if err != nil {
				return report, err
			}
			session.run()
			report = append(report, session.report...)
			if err := ctx.Err(); err != nil {
				return report, err
			}
		}
	}
	for _, api := range host.Only {
		if !declared[api] {
			return report, fmt.Errorf("ewptest: %s: no entry with steps in the catalogue: %w", api, passerelle.ErrNotFound)
		}
	}
	if len(declared) == 0 {
		return nil, fmt.Errorf("ewptest: %s: no API with steps in the catalogue: %w", host.HEI, passerelle.ErrNotFound)
	}
	return report, nil
}

// entriesOf returns the entries of the institution that declare an endpoint: several
// where several hosts cover it, or one declares echo at several addresses.
func entriesOf(index *registry.Index, hei ewp.HEIID, s suite) []registry.Entry {
	endpoint, _ := s.api.Endpoint(s.endpoint)
	var found []registry.Entry
	for e := range index.Entries(registry.Query{HEI: hei, Namespace: s.api.NamespaceOf(s.version()), Name: s.api.String()}) {
		if e.URL(endpoint.Element) != "" {
			found = append(found, e)
		}
	}
	return found
}

// faults returns what is missing or wrong in a Host.
func (h Host) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if h.HEI.IsZero() {
		faults.Add("HEI", "required", "the institution whose host is looked at")
	}
	if h.Catalogue == nil {
		faults.Add("Catalogue", "required", "the catalogue that the host goes by")
	}
	faults = append(faults, h.As.faults("As")...)
	if !h.Other.IsZero() {
		faults = append(faults, h.Other.faults("Other")...)
	}
	return faults
}

func (p Participant) faults(field string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if p.HEI.IsZero() {
		faults.Add(field+".HEI", "required", "the institution that speaks")
	}
	for _, k := range []struct {
		name string
		key  *rsa.PrivateKey
	}{{"ClientKey", p.ClientKey}, {"ServerKey", p.ServerKey}} {
		if k.key == nil || ewp.CheckKey(&k.key.PublicKey) != nil {
			faults.Add(field+"."+k.name, "key", "an RSA key of 2048 to 8192 bits")
		}
	}
	return faults
}

// errSuiteOver ends a suite whose remaining steps make no sense.
var errSuiteOver = errors.New("ewptest: the other steps need this one")
