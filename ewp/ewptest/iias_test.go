package ewptest_test

import (
	"context"
	"encoding/xml"
	"iter"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// iiaSchemas are the published schemas of what the steps look at.
var iiaSchemas = map[string]string{
	"iias-get-response":         "ewp-specs-api-iias/stable-v7/endpoints/get-response.xsd",
	"iias-index-response":       "ewp-specs-api-iias/stable-v7/endpoints/index-response.xsd",
	"iias-stats-response":       "ewp-specs-api-iias/stable-v7/endpoints/stats-response.xsd",
	"iias-approval-response":    "ewp-specs-api-iias-approval/stable-v2/response.xsd",
	"iia-cnr-response":          "ewp-specs-api-iia-cnr/stable-v3/response.xsd",
	"iia-approval-cnr-response": "ewp-specs-api-iia-approval-cnr/stable-v2/response.xsd",
	"error-response":            "ewp-specs-architecture/stable-v1/common-types.xsd",
}

var iiaAPIs = []ewp.API{ewp.IIAs, ewp.IIAsApproval, ewp.IIACNR, ewp.IIAApprovalCNR}

// agreeing is uni-a with agreements; change makes it do something wrong, nil nothing.
func agreeing(t *testing.T, change func(p iias.Provider) iias.Provider) ewptest.Host {
	t.Helper()
	partners := []ewp.HEIID{ewp.MustParseHEIID(uniB)}
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{
		Security: ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.RequestTLS | ewp.ResponseTLS, // signatures of answers are tested with echo
		Register: func(u *ewptest.University) error {
			if change == nil {
				_, err := ewptest.ServeIIAs(u, partners...)
				return err
			}
			r, err := ewptest.ConcludedIIA(u.HEI, partners[0])
			if err != nil {
				return err
			}
			store := iias.NewMemory()
			if _, err := store.Put(t.Context(), r); err != nil {
				return err
			}
			p := change(iias.FromStore(store))
			if err := iias.Register(u.Server, p, 2); err != nil {
				return err
			}
			return iias.RegisterApproval(u.Server, p.(iias.Approver), 2)
		},
	}))
	host := n.Host(uniA, uniB)
	host.Only = iiaAPIs
	if change != nil {
		host.Only = iiaAPIs[:2]
	}
	return host
}

// TestConformanceIIAs holds a university with agreements against the steps, and every
// answer against the published schemas.
func TestConformanceIIAs(t *testing.T) {
	t.Parallel()
	validate := xmllint(t)
	host := agreeing(t, nil)
	seen := map[string]bool{}
	host.Schema = func(root xml.Name, doc []byte) error {
		if seen[root.Local+string(doc)] { // each once: xmllint is slow
			return nil
		}
		seen[root.Local+string(doc)] = true
		return validate(iiaSchemas[root.Local], doc)
	}
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	endpoints := map[string]int{}
	for _, r := range report {
		endpoints[strings.TrimSpace(r.API.String()+" "+r.Endpoint)]++
		notSigned := r.Status == ewptest.Notice && r.Step == "declared security methods"
		if r.Status != ewptest.Success && !notSigned {
			t.Errorf("%s\n%s", r, r.Reason)
		}
	}
	for _, endpoint := range []string{"iias get", "iias index", "iias stats", "iias-approval", "iia-cnr", "iia-approval-cnr"} {
		if endpoints[endpoint] < 8 {
			t.Errorf("%s: %d steps", endpoint, endpoints[endpoint])
		}
	}
}

// wrongly is a provider that does one thing wrong.
type wrongly struct {
	iias.Provider
	agreements func(iias.Revision) iias.Revision
	leaks      bool
}

func (w wrongly) Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[iias.Revision, error] {
	return func(yield func(iias.Revision, error) bool) {
		for r, err := range w.Provider.Agreements(ctx, p, ids) {
			if w.agreements != nil {
				r = w.agreements(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (w wrongly) own(p ewpserver.Parties) ewpserver.Parties {
	if w.leaks {
		p.Caller = ewp.MustParseHEIID(uniB)
	}
	return p
}

func (w wrongly) IDs(ctx context.Context, p ewpserver.Parties, f iias.Filter) iter.Seq2[string, error] {
	return w.Provider.IDs(ctx, w.own(p), f)
}

func (w wrongly) Approvals(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[iias.Approval, error] {
	return w.Provider.(iias.Approver).Approvals(ctx, w.own(p), ids)
}

// TestConformanceFindsWrongIIAs checks that the steps find what is wrong.
func TestConformanceFindsWrongIIAs(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) func(iias.Revision) iias.Revision {
		return func(r iias.Revision) iias.Revision {
			r.XML = strings.Replace(r.XML, old, new, 1)
			return r
		}
	}
	for name, c := range map[string]struct {
		wrong wrongly
		want  map[string]ewptest.Status
	}{
		"copies changed after hashing": {wrongly{agreements: replace("<language>en", "<language>EN")}, map[string]ewptest.Status{"iia-hash": ewptest.Failure}},
		"no number":                    {wrongly{agreements: replace("<iia-code>2026/"+uniB+"</iia-code>", "")}, map[string]ewptest.Status{"partners of the agreement": ewptest.Failure}},
		"lists for everybody": {wrongly{leaks: true}, map[string]ewptest.Status{
			"list as another participant": ewptest.Failure, "known iia_id as another participant": ewptest.Failure, // of an approval
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := agreeing(t, func(p iias.Provider) iias.Provider {
				c.wrong.Provider = p
				return c.wrong
			})
			testutil.Equal(t, "steps that are not passed", steps(t, host), c.want)
		})
	}
}

// TestIIASheetsMatch: the two copies of an agreement say the same.
func TestIIASheetsMatch(t *testing.T) {
	t.Parallel()
	a, b := ewp.MustParseHEIID(uniA), ewp.MustParseHEIID(uniB)
	if d := iias.Differences(ewptest.IIASheet(a, b).Agreement(), ewptest.IIASheet(b, a).Agreement()); len(d) > 0 {
		t.Errorf("%v", d)
	}
	for own, partner := range map[ewp.HEIID]ewp.HEIID{a: b, b: a} {
		r, err := ewptest.ConcludedIIA(own, partner)
		if err != nil || !r.IsMutual() {
			t.Errorf("%+v, %v; want a concluded agreement", r, err)
		}
	}
}
