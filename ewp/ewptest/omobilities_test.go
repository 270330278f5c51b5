package ewptest_test

import (
	"context"
	"encoding/xml"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// mobilityAPIs are those of nominations and stays.
var mobilityAPIs = []ewp.API{ewp.OMobilities, ewp.OMobilityCNR, ewp.OMobilityStats, ewp.IMobilities, ewp.IMobilityCNR}

// mobilityHost is a university that exchanges students with uniB.
func mobilityHost(t *testing.T, register func(*ewptest.University) error) ewptest.Host {
	t.Helper()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: register}))
	host := n.Host(uniA, uniB)
	host.Only = mobilityAPIs
	host.Values = map[string]string{"imobilities.omobility_id": ewptest.LAID(ewp.MustParseHEIID(uniB), ewp.MustParseHEIID(uniA), omobilitylas.Semester)}
	return host
}

// validatorsRules are those by which a host passes the validator.
var validatorsRules = omobilities.Rules{RejectApproved: true}

func serveMobilities(u *ewptest.University) error {
	_, err := ewptest.ServeMobilities(u, validatorsRules, ewp.MustParseHEIID(uniB))
	return err
}

// TestConformanceMobilities holds the nominations and stays of this package against the
// steps, each answer against the published schemas.
func TestConformanceMobilities(t *testing.T) {
	t.Parallel()
	validate := xmllint(t)
	host := mobilityHost(t, serveMobilities)
	validated := map[string]int{}
	host.Schema = func(root xml.Name, doc []byte) error {
		schema := "ewp-specs-architecture/stable-v1/common-types.xsd"
		if root.Local != "error-response" {
			schema = strings.NewReplacer("https://github.com/erasmus-without-paper/", "", "/blob/", "/", "/tree/", "/").Replace(root.Space)
			if !strings.HasSuffix(schema, ".xsd") {
				schema += "/response.xsd"
			}
		}
		validated[schema]++
		return validate(schema, doc)
	}
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report {
		if r.Status != ewptest.Success {
			t.Errorf("%s\n%s", r, r.Reason)
		}
	}
	if len(validated) != 8 {
		t.Errorf("answers were validated against %v; want errors and seven documents", validated)
	}
}

// looseHost is a sending institution with a fault.
type looseHost struct {
	*omobilities.Sender
	lists, takes, ignoresStudent bool
}

func (l looseHost) Index(ctx context.Context, f omobilities.Filter) iter.Seq2[string, error] {
	if l.lists {
		f.Caller = ewp.MustParseHEIID(uniB)
	}
	if l.ignoresStudent {
		f.GlobalID = ""
	}
	return l.Sender.Index(ctx, f)
}

func (l looseHost) Update(ctx context.Context, p ewpserver.Parties, u omobilities.Update) (ewp.Texts, error) {
	messages, err := l.Sender.Update(ctx, p, u)
	if l.takes {
		return messages, nil
	}
	return messages, err
}

// everybodys are stays that anybody may see.
type everybodys struct{ *imobilities.Stays }

func (e everybodys) Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[imobilities.Mobility, error] {
	p.Caller = ewp.MustParseHEIID(uniB)
	return e.Stays.Mobilities(ctx, p, ids)
}

// TestConformanceMobilitiesFinds: each fault of a host fails a step.
func TestConformanceMobilitiesFinds(t *testing.T) {
	t.Parallel()
	const fails, warns = ewptest.Failure, ewptest.Warning
	outgoing := func(l looseHost, rules omobilities.Rules) func(*ewptest.University) error {
		return func(u *ewptest.University) (err error) {
			if l.Sender, err = omobilities.NewSender(omobilities.SenderConfig{Store: omobilities.NewMemory(), Notify: notifyNobody, Rules: rules}); err != nil {
				return err
			}
			if _, err := l.Nominate(t.Context(), ewptest.NewNomination(u.HEI, ewp.MustParseHEIID(uniB), omobilitylas.Semester)); err != nil {
				return err
			}
			return omobilities.Register(u.Server, l, omobilities.Limits{IDs: 2})
		}
	}
	stays := func(u *ewptest.University) error {
		s := imobilities.NewStays(notifyNobody)
		k := imobilities.Key{Receiving: u.HEI, Sending: ewp.MustParseHEIID(uniB), ID: ewptest.LAID(ewp.MustParseHEIID(uniB), u.HEI, omobilitylas.Semester)}
		if _, err := s.Set(t.Context(), k, passerelle.Date{}, passerelle.Date{}, time.Now()); err != nil {
			return err
		}
		return imobilities.Register(u.Server, everybodys{s}, imobilities.Limits{IDs: 2})
	}
	for name, c := range map[string]struct {
		api      ewp.API
		register func(*ewptest.University) error
		want     map[string]ewptest.Status
	}{
		"lists everything to everybody": {ewp.OMobilities, outgoing(looseHost{lists: true}, validatorsRules), map[string]ewptest.Status{
			"whole list as another participant": fails, "list of a known global_id as another participant": fails,
		}},
		"ignores the student": {ewp.OMobilities, outgoing(looseHost{ignoresStudent: true}, validatorsRules), map[string]ewptest.Status{"list of an unknown global_id": fails}},
		"takes every decision": {ewp.OMobilities, outgoing(looseHost{takes: true}, validatorsRules), map[string]ewptest.Status{
			"approve-proposal-v1 of an unknown mobility": fails, "approve-proposal-v1 of an unknown proposal": fails, "approve-proposal-v1 as another participant": fails,
			"reject-proposal-v1 of an unknown mobility": fails, "reject-proposal-v1 of an unknown proposal": fails, "reject-proposal-v1 as another participant": fails,
		}},
		"holds to what was approved": {ewp.OMobilities, outgoing(looseHost{}, omobilities.Rules{}), map[string]ewptest.Status{"reject-proposal-v1 of a known proposal": fails}},
		"shows stays to everybody":   {ewp.IMobilities, stays, map[string]ewptest.Status{"known omobility_id as another participant": warns}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := mobilityHost(t, c.register)
			host.Only = []ewp.API{c.api}
			testutil.Equal(t, "steps that are not passed", steps(t, host), c.want)
		})
	}
}

// TestMobilitiesExchange plays a season between two universities with faults: both sides
// end with the same state.
func TestMobilitiesExchange(t *testing.T) {
	t.Parallel()
	a, b := ewp.MustParseHEIID(uniA), ewp.MustParseHEIID(uniB)
	desks := map[string]*ewptest.Mobilities{}
	register := func(partner ewp.HEIID) func(*ewptest.University) error {
		return func(u *ewptest.University) (err error) {
			desks[u.HEI.String()], err = ewptest.ServeMobilities(u, omobilities.Rules{}, partner)
			return err
		}
	}
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{{HEI: a, Register: register(b)}, {HEI: b, Register: register(a)}}})
	for _, u := range n.Universities() {
		for _, f := range []ewptest.Fault{ewptest.Unavailable, ewptest.LostAnswer, ewptest.Truncated} {
			u.Inject(ewptest.Injection{Fault: f, Times: 3})
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	settle := func() {
		t.Helper()
		if err := ewptest.SettleMobilities(ctx, desks[uniA], desks[uniB]); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	k := omobilities.Key{Sending: a, ID: ewptest.LAID(a, b, omobilitylas.Semester)}
	for { // as a person would, until the partner is well again
		_, _, err := desks[uniB].Receiver.Decide(ctx, omobilities.DecideRequest{Key: k, Verdict: omobilities.Approve})
		if err == nil {
			break
		}
		if ctx.Err() != nil || passerelle.OutcomeOf(err) != passerelle.Unknown {
			t.Fatal(err)
		}
	}
	cancelled := omobilities.Key{Sending: a, ID: ewptest.LAID(a, b, omobilitylas.Blended)}
	if _, err := desks[uniA].Sender.Cancel(ctx, cancelled); err != nil {
		t.Fatal(err)
	}
	left := passerelle.MustParseDate("2027-01-31")
	stay := imobilities.Key{Receiving: b, Sending: a, ID: k.ID}
	if _, err := desks[uniB].Stays.Set(ctx, stay, passerelle.MustParseDate("2026-09-01"), left, n.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	settle()
	theirs := map[string]omobilities.Record{}
	for r, err := range desks[uniB].Receiver.Records(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		theirs[r.Mobility.ID] = r
	}
	count := map[omobilities.Status]int{}
	for r, err := range desks[uniA].Sender.Records(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		count[r.Mobility.Status]++
		testutil.Equal(t, r.Mobility.ID, theirs[r.Mobility.ID].Mobility, r.Mobility, documenttest.HEIs)
	}
	testutil.Equal(t, "statuses", count, map[omobilities.Status]int{omobilities.Approved: 1, omobilities.Cancelled: 1, omobilities.Pending: 1})
	got, ok := desks[uniA].Arrived(k)
	if want := (imobilities.Mobility{ID: k.ID, Arrival: "2026-09-01", Departure: "2027-01-31"}); !ok || got != want {
		t.Errorf("S knows of the stay %+v, %v; want %+v", got, ok, want)
	}
	if out, in := desks[uniA].Waiting(); out+in != 0 {
		t.Errorf("%d and %d notifications wait", out, in)
	}
}
