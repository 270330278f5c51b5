package monitoring_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
)

var uniA, uniB = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")

// portal gives what is reported to whoever reads it.
type portal chan string

func (p portal) Report(_ context.Context, parties ewpserver.Parties, r monitoring.Report) error {
	p <- fmt.Sprintf("%s says of %s: %s %q %d %q %q", parties.Caller, r.ServerHEI, r.API, r.Endpoint, r.Status, r.ServerMessage, r.ClientMessage)
	return nil
}

// network has uni-a, which reports, uni-b, and the portal.
func network(p portal, report func(ewpclient.Failure)) (*ewptest.Network, error) {
	return ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Client: func(cfg *ewpclient.Config) { cfg.Report = report }},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return u.Server.Handle(ewp.IIACNR, "", ewpserver.HandlerFunc(func(context.Context, *ewpserver.Request, *ewpserver.Answer) error {
				return &ewpserver.Error{Status: 500, DeveloperMessage: "the base is down, see A-17"}
			}))
		}},
		{HEI: ewpserver.StatsPortal, Register: func(u *ewptest.University) error { return monitoring.Register(u.Server, p) }},
	}})
}

// failing is a call that uni-b answers with 500.
var failing = ewpclient.Call{HEI: uniB, API: ewp.IIACNR, Params: map[string][]string{"iia_id": {"A-17"}}}

func newReporter(tb testing.TB, cfg monitoring.ReporterConfig) *monitoring.Reporter {
	tb.Helper()
	r, err := monitoring.NewReporter(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestReporter: a failure of a partner reaches the portal, without what the call held.
func TestReporter(t *testing.T) {
	t.Parallel()
	p := make(portal, 10)
	reporter := newReporter(t, monitoring.ReporterConfig{})
	n, err := network(p, reporter.Report)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	client := n.University("uni-a.example").Client
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- reporter.Run(ctx, client) }()

	if _, err := client.Call(t.Context(), failing); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Fatal(err)
	}
	select {
	case got := <-p:
		want := `uni-a.example says of uni-b.example: iia-cnr "" 500 "the base is down, see ***" "ewp uni-b.example: iia-cnr: HTTP 500"`
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was reported")
	}
	// A portal that is down makes no report of its own, and nobody waits.
	n.University(ewpserver.StatsPortal.String()).Inject(ewptest.Injection{Fault: ewptest.Unavailable})
	if _, err := client.Call(t.Context(), failing); err == nil {
		t.Fatal("the call succeeded")
	}
	for deadline := time.Now().Add(10 * time.Second); reporter.Counts().Failed == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended in %v", err)
	}
	if got, want := reporter.Counts(), (monitoring.Counts{Sent: 1, Failed: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestReporterIsBounded: without anybody who sends, the queue fills and no more.
func TestReporterIsBounded(t *testing.T) {
	t.Parallel()
	reporter := newReporter(t, monitoring.ReporterConfig{Queue: 2})
	for range 5 {
		reporter.Report(ewpclient.Failure{HEI: uniB, API: "iias", Status: 500})
	}
	if got, want := reporter.Counts(), (monitoring.Counts{Dropped: 3, Waiting: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestReview: the last word is the caller's, and long messages are cut.
func TestReview(t *testing.T) {
	t.Parallel()
	p := make(portal, 10)
	reporter := newReporter(t, monitoring.ReporterConfig{MaxMessage: 8, Review: func(r *monitoring.Report) bool {
		if r.ServerHEI == uniA {
			return false
		}
		r.ServerMessage = strings.ReplaceAll(r.ServerMessage, "Zoé", "…")
		return true
	}})
	n, err := network(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	reporter.Report(ewpclient.Failure{HEI: uniA, API: "iias", Status: 400})
	reporter.Report(ewpclient.Failure{HEI: uniB, API: "iias", Status: 400, ServerMessage: "no Zoé here", ClientMessage: "abcdefgéé"})
	go reporter.Run(t.Context(), n.University("uni-a.example").Client)
	select {
	case got := <-p:
		if want := `uni-a.example says of uni-b.example: iias "" 400 "no … h" "abcdefg"`; !strings.HasPrefix(got, `uni-a.example says of uni-b.example: iias "" 400 "no …`) || !strings.HasSuffix(got, ` "abcdefg"`) {
			t.Errorf("%s\nwant %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was reported")
	}
	if got := reporter.Counts().Dropped; got != 1 {
		t.Errorf("%d dropped, want 1", got)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	p := make(portal, 1)
	n, err := network(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c := monitoring.NewClient(n.University("uni-a.example").Client)
	if err := c.Send(t.Context(), monitoring.Report{ServerHEI: uniB, API: "iias", ClientMessage: "time-out"}); err != nil {
		t.Fatal(err)
	}
	if got, want := <-p, `uni-a.example says of uni-b.example: iias "" 0 "" "time-out"`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	err = c.Send(t.Context(), monitoring.Report{API: "echo"})
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("a report against the rules: %v", err)
	}
	// A lost report is not sent twice: it would be mailed twice.
	n.University(ewpserver.StatsPortal.String()).Inject(ewptest.Injection{Fault: ewptest.LostAnswer, Times: 1})
	err = c.Send(t.Context(), monitoring.Report{ServerHEI: uniB, API: "iias", Status: 500})
	if err == nil || passerelle.OutcomeOf(err) != passerelle.Unknown || len(p) > 1 {
		t.Errorf("a lost answer: %v, %d reports", err, len(p))
	}
}

func TestNewReporter(t *testing.T) {
	t.Parallel()
	_, err := monitoring.NewReporter(monitoring.ReporterConfig{Queue: -1, Timeout: -1, MaxMessage: -1})
	if faults, ok := errors.AsType[passerelle.FieldErrors](err); !ok || len(faults) != 3 {
		t.Errorf("%v, want three faults", err)
	}
}

// Failures of partners are sent to the portal in the background.
func ExampleReporter() {
	reporter, err := monitoring.NewReporter(monitoring.ReporterConfig{})
	if err != nil {
		log.Fatal(err)
	}
	p := make(portal, 1)
	n, err := network(p, reporter.Report) // gives it to the client as ewpclient.Config.Report
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := n.University("uni-a.example").Client
	go reporter.Run(ctx, client)

	_, err = client.Call(ctx, failing)
	fmt.Println(err)
	fmt.Println(<-p)
	// Output:
	// ewp uni-b.example: iia-cnr: HTTP 500
	// uni-a.example says of uni-b.example: iia-cnr "" 500 "the base is down, see ***" "ewp uni-b.example: iia-cnr: HTTP 500"
}
