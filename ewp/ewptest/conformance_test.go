package ewptest_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	uniA = "uni-a.example"
	uniB = "uni-b.example"
	uniC = "uni-c.example"
)

// three are the universities of a network: who is looked at, who speaks, and another.
func three(first ewptest.UniversityConfig) ewptest.Config {
	first.HEI = ewp.MustParseHEIID(uniA)
	return ewptest.Config{Universities: []ewptest.UniversityConfig{
		first, {HEI: ewp.MustParseHEIID(uniB)}, {HEI: ewp.MustParseHEIID(uniC)},
	}}
}

// anonymous is echo as no host should serve it.
const anonymous = ewp.ClientAnonymous

// secured is what the manifests of the tests declare, beside encryption.
const secured = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig

// TestConformance holds the universities of this package against the steps in every
// combination of methods that a host may declare.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		security ewp.Methods
		// combinations are all that are tried, where counted each with the number of the
		// validator's steps: that of its own sample report of such a host.
		combinations string
		counted      bool
	}{
		"usual": {discovery.Signed,
			"-----:4 GATTT:1 PATTT:1 GAHTT:4 PAHTT:4 GHTTT:15 -HTTT:2 PHTTT:21 GHHTT:17 -HHTT:2 PHHTT:23", true},
		"no signed answers": {ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.RequestTLS | ewp.ResponseTLS,
			"-----:4 GATTT:1 PATTT:1 GHTTT:15 -HTTT:2 PHTTT:21", true},
		"encryption offered": {secured | ewp.RequestTLS | ewp.RequestGCM | ewp.ResponseTLS | ewp.ResponseGCM,
			"----- GATTT PATTT GATTE PATTE PATET PATEE GAHTT PAHTT GAHTE PAHTE PAHET PAHEE " +
				"GHTTT -HTTT PHTTT GHTTE -HTTE PHTTE -HTET PHTET -HTEE PHTEE GHHTT -HHTT PHHTT GHHTE -HHTE PHHTE -HHET PHHET -HHEE PHHEE", false},
		"encryption required": {secured | ewp.RequestGCM | ewp.ResponseGCM, "----- PATEE PAHEE -HTEE PHTEE -HHEE PHHEE", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Security: c.security}))
			host := n.Host(uniA, uniB)
			report, err := ewptest.Check(t.Context(), host)
			if err != nil {
				t.Fatal(err)
			}
			var combinations []string
			count := map[string]int{}
			for _, r := range report {
				if s := r.Combination.String(); !slices.Contains(combinations, s) {
					combinations = append(combinations, s)
				}
				if !r.Ours {
					count[r.Combination.String()]++
				}
				want := ewptest.Success
				if c.security&ewp.ServerHTTPSig == 0 && r.Step == "declared security methods" {
					want = ewptest.Notice
				}
				if r.Status != want {
					t.Errorf("%s\n%s", r, r.Reason)
				}
			}
			if c.counted {
				for i, s := range combinations {
					combinations[i] = fmt.Sprintf("%s:%d", s, count[s])
				}
			}
			testutil.Equal(t, "combinations", strings.Join(combinations, " "), c.combinations)
		})
	}
}

// TestConformanceAsTest runs the steps as a SIS does: as subtests.
func TestConformanceAsTest(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: func(u *ewptest.University) error {
		if err := file.Register(u.Server, files{}); err != nil {
			return err
		}
		return monitoring.Register(u.Server, reports{})
	}}))
	host := n.Host(uniA, uniB)
	host.Values = map[string]string{"file_id": fileID, "monitoring.server_hei_id": uniC}
	host.Only = []ewp.API{ewp.File, ewp.Monitoring}
	ewptest.Conformance(t, host)
}

// fileID is that of the one file, which only uniB may fetch.
const fileID = "agreement-1.pdf"

type files struct{ public bool }

func (f files) File(_ context.Context, p ewpserver.Parties, id string) (*file.File, error) {
	if id != fileID || !f.public && p.Caller.String() != uniB {
		return nil, passerelle.ErrNotFound
	}
	return &file.File{Content: io.NopCloser(strings.NewReader("%PDF-1.7")), ContentType: "application/pdf"}, nil
}

type reports struct{}

func (reports) Report(context.Context, ewpserver.Parties, monitoring.Report) error { return nil }

// TestConformanceFindsLeakedFile checks the steps that are ours.
func TestConformanceFindsLeakedFile(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: func(u *ewptest.University) error {
		return file.Register(u.Server, files{public: true})
	}}))
	host := n.Host(uniA, uniB)
	host.Values = map[string]string{"file_id": fileID}
	host.Only = []ewp.API{ewp.File}
	testutil.Equal(t, "steps that are not passed", steps(t, host), map[string]ewptest.Status{
		"known file_id as another participant": ewptest.Failure,
	})
}

// steps runs Check and returns the steps with a verdict above Notice.
func steps(t *testing.T, host ewptest.Host) map[string]ewptest.Status {
	t.Helper()
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	if len(report) == 0 {
		t.Fatal("no step was run")
	}
	found := map[string]ewptest.Status{}
	for _, r := range report {
		if r.Status > ewptest.Notice {
			found[r.Step] = max(found[r.Step], r.Status)
		}
	}
	return found
}

// TestConformanceDeclarations checks what is said of a manifest before any call.
func TestConformanceDeclarations(t *testing.T) {
	t.Parallel()
	const security = "declared security methods"
	for name, c := range map[string]struct {
		change func(*discovery.Entry)
		step   string
		status ewptest.Status
	}{
		"anonymous clients":      {func(e *discovery.Entry) { e.Security |= anonymous }, security, ewptest.Warning},
		"no TLS certificate":     {func(e *discovery.Entry) { e.Security &^= ewp.ServerTLSCert }, security, ewptest.Warning},
		"no signed answers":      {func(e *discovery.Entry) { e.Security &^= ewp.ServerHTTPSig }, security, ewptest.Notice},
		"no client method":       {func(e *discovery.Entry) { e.Security &^= ewp.ClientHTTPSig }, security, ewptest.Broken},
		"an older version":       {func(e *discovery.Entry) { e.Version = ewp.MustParseVersion("2.0.0") }, "version of the API", ewptest.Notice},
		"nothing out of the way": {func(*discovery.Entry) {}, security, ewptest.Success},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Manifest: func(m *discovery.Manifest) {
				c.change(&m.APIs[0])
			}}))
			report, err := ewptest.Check(t.Context(), n.Host(uniA, uniB))
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(report, func(r ewptest.Result) bool { return r.Step == c.step })
			if i < 0 || report[i].Status != c.status {
				t.Fatalf("%s: %v; want %s", c.step, report, c.status)
			}
		})
	}
}

// TestCheckHost checks that a Host with faults is refused with all of them.
func TestCheckHost(t *testing.T) {
	t.Parallel()
	_, err := ewptest.Check(t.Context(), ewptest.Host{Other: ewptest.Participant{HEI: ewp.MustParseHEIID(uniC)}})
	want := passerelle.FieldErrors{
		{Field: "HEI", Rule: "required", Want: "the institution whose host is looked at"},
		{Field: "Catalogue", Rule: "required", Want: "the catalogue that the host goes by"},
		{Field: "As.HEI", Rule: "required", Want: "the institution that speaks"},
		{Field: "As.ClientKey", Rule: "key", Want: "an RSA key of 2048 to 8192 bits"},
		{Field: "As.ServerKey", Rule: "key", Want: "an RSA key of 2048 to 8192 bits"},
		{Field: "Other.ClientKey", Rule: "key", Want: "an RSA key of 2048 to 8192 bits"},
		{Field: "Other.ServerKey", Rule: "key", Want: "an RSA key of 2048 to 8192 bits"},
	}
	testutil.Equal(t, "error", err, error(want))
}

// TestCheckNothing checks that a host which declares nothing does not pass.
func TestCheckNothing(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
	host := n.Host(uniA, uniB)
	host.Only = []ewp.API{ewp.Echo, ewp.File}
	if _, err := ewptest.Check(t.Context(), host); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("an API that is not declared: %v; want ErrNotFound", err)
	}
	host.Only, host.HEI = nil, ewp.MustParseHEIID("nobody.example")
	if _, err := ewptest.Check(t.Context(), host); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a host that is not in the catalogue: %v; want ErrNotFound", err)
	}
}

// TestCheckSilence checks the verdicts on a host that does not answer.
func TestCheckSilence(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
	host := n.Host(uniA, uniB)
	n.University(uniA).Inject(ewptest.Injection{Fault: ewptest.Truncated, Times: 1})
	report, err := ewptest.Check(t.Context(), host)
	if err != nil || report.Count(ewptest.Broken) != 1 || report.Count(ewptest.Success) != len(report)-1 {
		t.Errorf("one answer cut short: %v, %v; want ERROR of one step", report, err)
	}
	n.University(uniA).Inject(ewptest.Injection{Fault: ewptest.Slow, Delay: time.Minute})
	host.Timeout = 50 * time.Millisecond
	report, err = ewptest.Check(t.Context(), host)
	if err != nil || report.Worst() != ewptest.Broken || len(report) != 5 {
		t.Errorf("a host that is too slow: %v, %v; want ERROR of the first call, and no other", report, err)
	}
}

// TestConformanceSchema holds every answer against the published schema.
func TestConformanceSchema(t *testing.T) {
	t.Parallel()
	schemas := map[string]string{
		"response":       "ewp-specs-api-echo/stable-v2/response.xsd",
		"error-response": "ewp-specs-architecture/stable-v1/common-types.xsd",
	}
	validate := xmllint(t)
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
	host := n.Host(uniA, uniB)
	validated := 0
	host.Schema = func(root xml.Name, doc []byte) error {
		validated++
		return validate(schemas[root.Local], doc)
	}
	testutil.Equal(t, "steps that are not passed", steps(t, host), map[string]ewptest.Status{})
	if validated < 90 {
		t.Errorf("%d documents were validated; want one for each call", validated)
	}
	host.Schema = func(xml.Name, []byte) error { return errors.New("not what the schema says") }
	if found := steps(t, host); found["list [a, b, a]"] != ewptest.Failure || found["anonymous client"] != ewptest.Warning {
		t.Errorf("a schema that refuses everything: %v; want answers that fail, and warnings about errors", found)
	}
}
