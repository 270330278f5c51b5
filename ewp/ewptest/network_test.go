package ewptest_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// callEcho calls echo of a university as another one.
func callEcho(ctx context.Context, from, to *ewptest.University) (echo.Response, error) {
	return echo.NewClient(from.Client).Echo(ctx, echo.Request{HEI: to.HEI, Values: []string{"a", "b", "a"}})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
	for _, from := range n.Universities() {
		for _, to := range n.Universities() {
			got, err := callEcho(t.Context(), from, to)
			if err != nil {
				t.Fatalf("%s calls %s: %v", from.HEI, to.HEI, err)
			}
			testutil.Equal(t, "caller and values", []string{got.HEIs[0].String(), strings.Join(got.Echo, " ")}, []string{from.HEI.String(), "a b a"})
		}
	}
	if n.University("nobody.example") != nil {
		t.Error("a university that is not there is found")
	}
}

// TestNetworkConfig checks what Listen refuses.
func TestNetworkConfig(t *testing.T) {
	t.Parallel()
	failed := errors.New("no such API")
	for name, c := range map[string]struct {
		universities []ewptest.UniversityConfig
		want         error
	}{
		"without identifier": {[]ewptest.UniversityConfig{{}}, passerelle.ErrInvalid},
		"twice":              {[]ewptest.UniversityConfig{{HEI: ewp.MustParseHEIID(uniA)}, {HEI: ewp.MustParseHEIID(uniA)}}, passerelle.ErrInvalid},
		"an API that fails": {[]ewptest.UniversityConfig{{
			HEI: ewp.MustParseHEIID(uniA), Register: func(*ewptest.University) error { return failed },
		}}, failed},
	} {
		if _, err := ewptest.Listen(ewptest.Config{Universities: c.universities}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

// TestClock moves the time of the network: signatures follow, and one that was made
// before is refused.
func TestClock(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	a, b := n.University(uniA), n.University(uniB)
	n.Clock.Set(time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC))
	if _, err := callEcho(t.Context(), a, b); err != nil {
		t.Fatalf("in 2031: %v", err)
	}
	testutil.Equal(t, "time", n.Clock.Now().UTC().Format(time.DateOnly), "2031-01-02")

	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: a.ClientKey, Clock: n.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		later  time.Duration
		status int
	}{
		0: {4 * time.Minute, http.StatusOK},
		1: {6 * time.Minute, http.StatusBadRequest},
		2: {-6 * time.Minute, http.StatusBadRequest},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"/echo", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.SignRequest(req); err != nil {
			t.Fatal(err)
		}
		n.Clock.Advance(c.later)
		resp, err := n.HTTP().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if n.Clock.Advance(-c.later); resp.StatusCode != c.status {
			t.Errorf("%d: a request signed %v ago: status %d, want %d", i, c.later, resp.StatusCode, c.status)
		}
	}
}

// counter counts the work that an endpoint did.
type counter struct{ done atomic.Int64 }

func (c *counter) register(u *ewptest.University) error {
	return u.Server.Handle(ewp.IIACNR, "", ewpserver.Notification{ID: "iia_id", Take: func(context.Context, ewpserver.Notice) error {
		c.done.Add(1)
		return nil
	}})
}

// TestWireFaults checks what a client makes of each fault: what it returns, how often
// it tried, and how often the work was done.
func TestWireFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		injection ewptest.Injection
		timeout   time.Duration
		want      error
		outcome   passerelle.Outcome
		hits      int
		done      int64
	}{
		"none":                   {injection: ewptest.Injection{Fault: "none"}, hits: 1, done: 1},
		"unavailable":            {injection: ewptest.Injection{Fault: ewptest.Unavailable}, want: passerelle.ErrUnavailable, outcome: passerelle.Unknown, hits: 4},
		"unavailable twice":      {injection: ewptest.Injection{Fault: ewptest.Unavailable, Times: 2}, hits: 2, done: 1},
		"answer lost":            {injection: ewptest.Injection{Fault: ewptest.LostAnswer}, want: passerelle.ErrUnavailable, outcome: passerelle.Unknown, hits: 4, done: 4},
		"answer lost once":       {injection: ewptest.Injection{Fault: ewptest.LostAnswer, Times: 1}, hits: 1, done: 2},
		"truncated once":         {injection: ewptest.Injection{Fault: ewptest.Truncated, Times: 1}, hits: 1, done: 2},
		"slow":                   {injection: ewptest.Injection{Fault: ewptest.Slow, Delay: 20 * time.Millisecond}, hits: 1, done: 1},
		"slower than the client": {injection: ewptest.Injection{Fault: ewptest.Slow, Delay: time.Minute}, timeout: 100 * time.Millisecond, want: context.DeadlineExceeded, outcome: passerelle.Unknown, hits: 1, done: -1},
		"of another API":         {injection: ewptest.Injection{Fault: ewptest.Unavailable, API: ewp.Echo}, hits: 0, done: 1},
		"of this API":            {injection: ewptest.Injection{Fault: ewptest.Unavailable, API: ewp.IIACNR, Times: 1}, hits: 1, done: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var work counter
			n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: work.register}))
			a, b := n.University(uniA), n.University(uniB)
			a.Inject(c.injection)
			ctx := t.Context()
			if c.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
				defer cancel()
			}
			answer, err := b.Client.Call(ctx, ewpclient.Call{HEI: a.HEI, API: ewp.IIACNR, Params: url.Values{"iia_id": {"iia-1"}}})
			if err == nil {
				_ = answer.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v; want %v", err, c.want)
			}
			if err != nil && passerelle.OutcomeOf(err) != c.outcome {
				t.Errorf("outcome = %v; want %v", passerelle.OutcomeOf(err), c.outcome)
			}
			testutil.Equal(t, "requests that met the fault", a.Hits(c.injection.Fault), c.hits)
			if c.done >= 0 {
				testutil.Equal(t, "times that the work was done", work.done.Load(), c.done)
			}
		})
	}
}

// TestServerFaultsRefused checks that the client of this module refuses the answers of
// hosts that sign wrongly.
func TestServerFaultsRefused(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	a, b := n.University(uniA), n.University(uniB)
	for _, f := range []ewptest.Fault{
		ewptest.SignsWithoutDate, ewptest.SignsStaleDate, ewptest.SignsUnknownDigest, ewptest.AppendsAfterSigning,
		ewptest.NoRequestID, ewptest.WrongRequestID, ewptest.NoRequestSignature, ewptest.WrongRequestSignature,
		ewptest.UnsignedDigest, ewptest.SignsWithClientKey,
	} {
		a.Inject(ewptest.Injection{Fault: f})
		_, err := callEcho(t.Context(), b, a)
		if !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: %v; want ErrProtocol", f, err)
		}
		if a.Repair(); a.Hits(f) == 0 {
			t.Errorf("%s never acted", f)
		}
	}
	if _, err := callEcho(t.Context(), b, a); err != nil {
		t.Errorf("after Repair: %v", err)
	}
}

// TestInMemory runs hours of a network in a bubble.
func TestInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := three(ewptest.UniversityConfig{})
		cfg.InMemory = true
		n := ewptest.NewNetwork(t, cfg)
		a, b := n.University(uniA), n.University(uniB)
		testutil.Equal(t, "address", a.URL, "https://"+uniA)
		if got, err := callEcho(t.Context(), b, a); err != nil || got.HEIs[0] != b.HEI {
			t.Fatalf("echo: %v, %v", got, err)
		}

		// A host that never answers costs no time of the test, and all that of the client.
		a.Inject(ewptest.Injection{Fault: ewptest.Slow, Delay: 24 * time.Hour})
		start := time.Now()
		if _, err := callEcho(t.Context(), b, a); !errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("a host that is slow: %v; want ErrUnavailable", err)
		}
		if waited := time.Since(start); waited < time.Minute || waited > 5*time.Minute {
			t.Errorf("the client waited %v; want its total time-out of 2 minutes", waited)
		}
		a.Repair()

		// A client of the catalogue that refreshes by itself learns of a newcomer.
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- n.Registry.Run(ctx) }()
		go func() { ended <- a.Catalogue.Run(ctx) }()
		synctest.Wait()
		joined := ewp.MustParseHEIID("uni-d.example")
		if err := n.Join(ewptest.UniversityConfig{HEI: joined}); err != nil {
			t.Fatal(err)
		}
		knows := func() bool {
			index, err := a.Catalogue.Index()
			if err != nil {
				t.Fatal(err)
			}
			_, ok := index.HEI(joined)
			return ok
		}
		if time.Sleep(time.Minute); knows() {
			t.Error("the newcomer is known before the registry fetched its manifest")
		}
		if time.Sleep(20 * time.Minute); !knows() {
			t.Error("the newcomer is not known after 20 minutes")
		}
		cancel()
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Run: %v; want the error of the context", err)
			}
		}
	})
}
