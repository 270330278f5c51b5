package supdata_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/transport"
)

// direct reaches a handler without a network, in virtual time.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	d.h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// thisYear is virtual time, which begins in 2000, moved to when the tests take place.
func thisYear() time.Time { return time.Now().AddDate(26, 8, 0) }

// TestPace feeds five a second by default, and prints how long it will take.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, store := school(901)
		service := supdatatest.New(supdatatest.Config{Store: store, Latency: 20 * time.Millisecond})
		client, err := supdata.New(supdata.Config{
			BaseURL: "https://supdata.example" + supdatatest.Prefix, Key: supdatatest.TestKey, Codes: supdata.InferredCodes(),
			Transport: transport.Config{Base: direct{service}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var printed bytes.Buffer
		f, err := supdata.NewFeeder(supdata.FeederConfig{Client: client, Source: b, Ledger: supdata.NewMemory(), Year: 2026, Print: &printed, Now: thisYear})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		r, err := f.Run(t.Context())
		if err != nil || r.Counts[supdata.Fed] != 901 {
			t.Fatalf("%v, %v", r, err)
		}
		if took := time.Since(begun); took < 180*time.Second || took > 181*time.Second {
			t.Errorf("901 calls took %v; want 180 s, at 5 a second", took)
		}
		want := []string{
			"supdata: 901 enrolments to send at 5 a second: about 3 min",
			"supdata: 301 of 901 sent, about 2 min left",
			"supdata: 601 of 901 sent, about 1 min left",
		}
		lines := strings.Split(strings.TrimSpace(printed.String()), "\n")
		for i, line := range want {
			if i >= len(lines) || lines[i] != line {
				t.Fatalf("printed:\n%s\nwant first:\n%s", printed.String(), strings.Join(want, "\n"))
			}
		}
		if client.Rate() != 5 {
			t.Errorf("the rate is %v", client.Rate())
		}
	})
}

// TestInterrupted ends a run in the middle: the calls under way are awaited, and nothing is
// in doubt.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, store := school(100)
		service := supdatatest.New(supdatatest.Config{Store: store, Latency: 500 * time.Millisecond})
		client, err := supdata.New(supdata.Config{
			BaseURL: "https://supdata.example" + supdatatest.Prefix, Key: supdatatest.TestKey, Codes: supdata.InferredCodes(),
			Transport: transport.Config{Base: direct{service}},
		})
		if err != nil {
			t.Fatal(err)
		}
		ledger := supdata.NewMemory()
		f, err := supdata.NewFeeder(supdata.FeederConfig{Client: client, Source: b, Ledger: ledger, Year: 2026, Now: thisYear})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		r, err := f.Run(ctx)
		if err == nil || r.Stopped != "interrupted" || r.Counts[supdata.Fed] != store.Count() || store.Count() < 10 {
			t.Errorf("%v, %v: %d recorded", r, err, store.Count())
		}
		for rec, err := range ledger.Records(t.Context()) {
			if err != nil || rec.State != supdata.StateFed {
				t.Errorf("a record stands as %q, %v; want fed", rec.State, err)
			}
		}
	})
}

// TestEstimate counts what a run would send, and says how long.
func TestEstimate(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		e    supdata.Estimate
		want string
		left time.Duration
	}{
		0: {supdata.Estimate{ToSend: 0, PerSecond: 5}, "0 enrolments to send at 5 a second: nothing", 0},
		1: {supdata.Estimate{ToSend: 10, PerSecond: 5}, "10 enrolments to send at 5 a second: less than a minute", 2 * time.Second},
		2: {supdata.Estimate{ToSend: 12480, PerSecond: 5}, "12480 enrolments to send at 5 a second: about 42 min", 2496 * time.Second},
		3: {supdata.Estimate{ToSend: 50000, PerSecond: 5}, "50000 enrolments to send at 5 a second: about 2 h 47 min", 10000 * time.Second},
		4: {supdata.Estimate{ToSend: 3}, "3 enrolments to send, without pace", 0},
	} {
		if c.e.String() != c.want || c.e.Left() != c.left {
			t.Errorf("%d: %q, %v; want %q, %v", i, c.e, c.e.Left(), c.want, c.left)
		}
	}
}
