package cvec_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

var (
	zoe = passerelle.Person{
		BirthName: "Noël-Roux", UsageName: "Le Goff", GivenNames: [3]string{"Zoé"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2004-02-29"),
	}
	number = cvec.MustParse("VER5ABCDEF12")
)

func certificate(change func(*cvectest.Certificate)) cvectest.Certificate {
	c := cvectest.Certificate{Number: number, Person: zoe, INE: "1234567890V", Crous: "VER", State: cvec.StatePaid}
	if change != nil {
		change(&c)
	}
	return c
}

// client asks s without pace and without retries.
func client(tb testing.TB, s *cvectest.Server, change func(*cvec.Config)) *cvec.Client {
	tb.Helper()
	cfg := cvec.Config{BaseURL: s.URL, PerSecond: 10_000, Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}}}
	if change != nil {
		change(&cfg)
	}
	c, err := cvec.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCheck(t *testing.T) {
	t.Parallel()
	printed, _ := cvec.ParseCertificate("VER5 ABCDEF 12 / NOELR")
	usage, _ := cvec.ParseCertificate("VER5 ABCDEF 12 / LEGOF")
	alone := cvec.Certificate{Number: number}
	for i, c := range []struct {
		known    cvectest.Certificate
		spelling cvectest.Spelling
		legacy   bool
		question cvec.Question
		want     cvec.Outcome
		asked    int
	}{
		0:  {certificate(nil), cvectest.Current, false, cvec.Question{Certificate: printed, Person: zoe}, cvec.Valid, 1},
		1:  {certificate(nil), cvectest.Older, false, cvec.Question{Certificate: printed, Person: zoe, INEs: []string{"1234567890V"}}, cvec.Valid, 1},
		2:  {certificate(nil), cvectest.Current, true, cvec.Question{Certificate: printed, Person: zoe}, cvec.Valid, 1},
		3:  {certificate(nil), cvectest.Current, false, cvec.Question{Certificate: alone, Person: zoe}, cvec.Valid, 1},
		4:  {certificate(func(c *cvectest.Certificate) { c.Key = "LEGOF" }), cvectest.Current, false, cvec.Question{Certificate: alone, Person: zoe}, cvec.Valid, 2},
		5:  {certificate(func(c *cvectest.Certificate) { c.Key = "LEGOF" }), cvectest.Current, false, cvec.Question{Certificate: usage, Person: zoe}, cvec.Valid, 1},
		6:  {certificate(func(c *cvectest.Certificate) { c.Key = "DUPON" }), cvectest.Current, false, cvec.Question{Certificate: printed, Person: zoe}, cvec.NotFound, 2},
		7:  {certificate(nil), cvectest.Current, false, cvec.Question{Certificate: printed, Person: zoe, INEs: []string{"9999999999X"}}, cvec.OtherPerson, 1},
		8:  {certificate(func(c *cvectest.Certificate) { c.State = "72" }), cvectest.Older, false, cvec.Question{Certificate: printed, Person: zoe}, cvec.InvalidState, 1},
		9:  {certificate(func(c *cvectest.Certificate) { c.Person.BirthName, c.Key = "", cvec.NoName }), cvectest.Current, false, cvec.Question{Certificate: alone, INEs: []string{"1234567890V"}}, cvec.Valid, 1},
		10: {certificate(nil), cvectest.Current, false, cvec.Question{Certificate: printed}, cvec.Unproven, 1},
		11: {certificate(func(c *cvectest.Certificate) { c.Number = cvec.MustParse("LYO1GHIJKL3") }), cvectest.Current, true, cvec.Question{Certificate: printed, Person: zoe}, cvec.NotFound, 2},
	} {
		s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{c.known}, Spelling: c.spelling})
		v, err := client(t, s, func(cfg *cvec.Config) { cfg.Legacy = c.legacy }).Check(t.Context(), c.question)
		if err != nil || v.Outcome != c.want || s.Requests() != c.asked {
			t.Errorf("%d: %v after %d requests, %v; want %v after %d", i, v.Outcome, s.Requests(), err, c.want, c.asked)
		}
		if (v.Record == nil) != (c.want == cvec.NotFound) {
			t.Errorf("%d: record %v", i, v.Record)
		}
	}
}

// TestVerifyFields compares every field of an answer, in both spellings.
func TestVerifyFields(t *testing.T) {
	t.Parallel()
	for _, spelling := range []cvectest.Spelling{cvectest.Current, cvectest.Older} {
		s := cvectest.NewServer(t, cvectest.Config{Spelling: spelling, Certificates: []cvectest.Certificate{
			certificate(func(c *cvectest.Certificate) { c.Label, c.Exemption = "Payée", &cvec.Exemption{Motive: "aucun"} }),
		}})
		got, err := client(t, s, nil).Verify(t.Context(), cvec.Request{Number: number, Key: "NOELR"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Raw) == 0 {
			t.Error("the answer itself is not kept")
		}
		got.Raw = nil
		testutil.Equal(t, "record", got, cvec.Record{
			State: "75", StateLabel: "Payée", BirthName: "Noël-Roux", UsageName: "Le Goff", GivenName: "Zoé", Sex: passerelle.SexFemale,
			BirthDate: zoe.BirthDate, INE: "1234567890V", Crous: "VER", Exemption: &cvec.Exemption{Motive: "aucun"},
		})
	}
}

// TestFaults: trouble is never an answer about the certificate, says its class, and
// repeats nothing personal.
func TestFaults(t *testing.T) {
	t.Parallel()
	kinds := map[cvectest.Fault]error{
		cvectest.Down: passerelle.ErrUnavailable, cvectest.Internal: passerelle.ErrUnavailable, cvectest.TooMany: passerelle.ErrRateLimited,
		cvectest.Page: passerelle.ErrProtocol, cvectest.PageBad: passerelle.ErrProtocol, cvectest.PageNotFound: passerelle.ErrProtocol,
		cvectest.CodeMissing: passerelle.ErrInvalid, cvectest.Null: passerelle.ErrProtocol, cvectest.NoState: passerelle.ErrProtocol,
		cvectest.WrongType: passerelle.ErrProtocol, cvectest.WrongCharset: passerelle.ErrProtocol, cvectest.Truncated: passerelle.ErrUnavailable,
		cvectest.Cut: passerelle.ErrUnavailable, cvectest.Slow: passerelle.ErrUnavailable,
	}
	var leaks testutil.Leaks
	leaks.Secret(t, "ABCDEF", "NOELR", "Noël-Roux", "1234567890V", "INCONNU")
	s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{certificate(nil)}})
	cache := &cvec.Memory{}
	c := client(t, s, func(cfg *cvec.Config) {
		cfg.Cache, cfg.Campaign = cache, 2026
		cfg.Transport.AttemptTimeout, cfg.Transport.TotalTimeout, cfg.Transport.Logger = 300*time.Millisecond, 300*time.Millisecond, leaks.Logger()
	})
	question := cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe}
	for _, f := range cvectest.AllFaults() {
		s.Script(f)
		v, err := c.Check(t.Context(), question)
		leaks.Error(err)
		if v.Outcome != cvec.ServiceDown || v.Record != nil || !errors.Is(err, kinds[f]) || kinds[f] == nil {
			t.Errorf("%s: %v, %v; want the service down and %v", f, v.Outcome, err, kinds[f])
		}
		if e, ok := errors.AsType[*cvec.Error](err); !ok || e.Operation != "verify" {
			t.Errorf("%s: %T; want an *Error", f, err)
		}
	}
	if cache.Len() != 0 {
		t.Errorf("%d failures are remembered", cache.Len())
	}
	leaks.Check(t)
	if v, err := c.Check(t.Context(), question); err != nil || v.Outcome != cvec.Valid {
		t.Errorf("afterwards: %v, %v", v.Outcome, err)
	}
}

// TestInvertedStatus: the service's 400 is "not found" and its 404 a fault of the request.
func TestInvertedStatus(t *testing.T) {
	t.Parallel()
	s := cvectest.NewServer(t, cvectest.Config{})
	c := client(t, s, nil)
	_, err := c.Verify(t.Context(), cvec.Request{Number: number, Key: "NOELR"})
	e, ok := errors.AsType[*cvec.Error](err)
	if !ok || e.HTTP != 400 || !errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrInvalid) || e.Message != "Attestation non trouvée" {
		t.Errorf("400: %v", err)
	}
	if passerelle.OutcomeOf(err) != passerelle.Answered || strings.Contains(err.Error(), "Attestation") {
		t.Errorf("400: %v, %v", passerelle.OutcomeOf(err), err)
	}
	s.Script(cvectest.CodeMissing)
	_, err = c.Verify(t.Context(), cvec.Request{Number: number, Key: "NOELR"})
	if !errors.Is(err, passerelle.ErrInvalid) || errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("404: %v", err)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{
		certificate(nil), certificate(func(c *cvectest.Certificate) { c.Number, c.State = cvec.MustParse("VER5ABCDEF13"), "80" }),
	}})
	cache := &cvec.Memory{Size: 1}
	year := func(campaign int) *cvec.Client {
		return client(t, s, func(cfg *cvec.Config) { cfg.Cache, cfg.Campaign = cache, campaign })
	}
	c := year(2026)
	valid := cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe}
	other := valid
	other.INEs = []string{"9999999999X"}
	invalid := cvec.Question{Certificate: cvec.Certificate{Number: cvec.MustParse("VER5ABCDEF13")}, Person: zoe}
	for i, step := range []struct {
		client   *cvec.Client
		question cvec.Question
		want     cvec.Outcome
		requests int
	}{
		0: {c, valid, cvec.Valid, 1},
		1: {c, valid, cvec.Valid, 1},       // remembered
		2: {c, other, cvec.OtherPerson, 1}, // remembered for the certificate, judged for the student
		3: {c, invalid, cvec.InvalidState, 2},
		4: {c, invalid, cvec.InvalidState, 3}, // not remembered: it may be paid meanwhile
		5: {c, valid, cvec.Valid, 3},
		6: {year(2027), valid, cvec.Valid, 4}, // another campaign
		7: {c, valid, cvec.Valid, 5},          // a memory of one
	} {
		v, err := step.client.Check(t.Context(), step.question)
		if err != nil || v.Outcome != step.want || s.Requests() != step.requests {
			t.Errorf("%d: %v after %d requests, %v; want %v after %d", i, v.Outcome, s.Requests(), err, step.want, step.requests)
		}
	}
	if cache.Len() != 1 {
		t.Errorf("%d answers are kept; want 1", cache.Len())
	}
}

// broken is a cache that fails.
type broken struct{}

func (broken) Get(context.Context, string) (cvec.Record, bool, error) {
	return cvec.Record{State: "75"}, true, errors.New("broken")
}
func (broken) Put(context.Context, string, cvec.Record) error { return errors.New("broken") }

func TestBrokenCache(t *testing.T) {
	t.Parallel()
	s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{certificate(nil)}})
	c := client(t, s, func(cfg *cvec.Config) { cfg.Cache, cfg.Campaign = broken{}, 2026 })
	v, err := c.Check(t.Context(), cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe})
	if err != nil || v.Outcome != cvec.Valid || v.Record.BirthName != "Noël-Roux" {
		t.Errorf("%v, %v; want the answer of the service", v.Outcome, err)
	}
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	s := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{certificate(nil)}, Latency: 300 * time.Millisecond})
	c := client(t, s, nil)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			ctx := t.Context()
			if i == 0 { // one gives up: the others are answered all the same
				short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				if v, err := c.Check(short, cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe}); !errors.Is(err, context.DeadlineExceeded) || v.Outcome != cvec.Unchecked {
					t.Errorf("who gave up: %v, %v", v.Outcome, err)
				}
				return
			}
			if v, err := c.Check(ctx, cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe}); err != nil || v.Outcome != cvec.Valid {
				t.Errorf("%v, %v", v.Outcome, err)
			}
		})
	}
	all.Wait()
	if s.Requests() != 1 {
		t.Errorf("%d requests for one question at a time; want 1", s.Requests())
	}
}

// stuck answers nothing, and notes when its caller gives up.
type stuck struct{ gone chan struct{} }

func (s stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	close(s.gone)
	return nil, r.Context().Err()
}

// TestGivenUp: a question for which nobody waits any more is not asked on.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base := stuck{make(chan struct{})}
		c, err := cvec.New(cvec.Config{BaseURL: cvec.Production, Transport: transport.Config{Base: base, Retry: transport.RetryPolicy{MaxAttempts: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		v, err := c.Check(ctx, cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe})
		if v.Outcome != cvec.Unchecked || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %v; want the question open", v.Outcome, err)
		}
		synctest.Wait()
		select {
		case <-base.gone:
		default:
			t.Error("the request goes on for nobody")
		}
	})
}

// TestPace: five different questions a second by default, in the time of the bubble.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := cvectest.New(cvectest.Config{})
		c, err := cvec.New(cvec.Config{BaseURL: cvec.Production, Transport: transport.Config{Base: inProcess{service}}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for i := range 26 {
			n := cvec.MustParse("VER5ABCDEF" + itoa(10+i))
			if _, err := c.Verify(t.Context(), cvec.Request{Number: n, Key: "NOELR"}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("26 requests took %v; want four to five seconds", took)
		}
	})
}

func TestParams(t *testing.T) {
	t.Parallel()
	service := cvectest.New(cvectest.Config{Certificates: []cvectest.Certificate{certificate(nil)}})
	seen := &recorder{inProcess: inProcess{service}}
	c, err := cvec.New(cvec.Config{
		BaseURL: cvec.Production + "/", Transport: transport.Config{Base: seen},
		Params: func(r cvec.Request) url.Values { return url.Values{"year": {"2026"}, "etudiant": {"never"}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verify(t.Context(), cvec.Request{Number: number, Key: "NOELR"}); err != nil {
		t.Fatal(err)
	}
	if want := "https://cvec-ctrl.etudiant.gouv.fr/api/attestation/VER5ABCDEF12?etudiant=NOELR&year=2026"; seen.url != want {
		t.Errorf("asked at %s; want %s", seen.url, want)
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		cfg    cvec.Config
		fields string
	}{
		0: {cvec.Config{}, "BaseURL"},
		1: {cvec.Config{BaseURL: "http://cvec.example.org", PerSecond: -1, Cache: &cvec.Memory{}, Transport: transport.Config{MaxBody: -1}}, "BaseURL PerSecond Campaign Transport.MaxBody"},
		2: {cvec.Config{BaseURL: "https://u:p@cvec.example.org?x=1"}, "BaseURL"},
	} {
		_, err := cvec.New(c.cfg)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if strings.Join(fields, " ") != c.fields {
			t.Errorf("%d: %v; want faults of %s", i, err, c.fields)
		}
	}
	s := cvectest.NewServer(t, cvectest.Config{})
	v, err := client(t, s, nil).Check(t.Context(), cvec.Question{Person: zoe})
	if _, ok := errors.AsType[passerelle.FieldErrors](err); !ok || v.Outcome != cvec.Unchecked || s.Requests() != 0 {
		t.Errorf("a question without number: %v, %v after %d requests", v.Outcome, err, s.Requests())
	}
}
