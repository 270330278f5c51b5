package aglaetest_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestWSDLIsServed(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{})
	resp, err := http.Get(s.URL + aglaetest.PathConnector + "?wsdl")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(body, aglae.ReferenceWSDL()) {
		t.Errorf("HTTP %d, %d bytes, %v", resp.StatusCode, len(body), err)
	}
}

// TestEventsAreStrict posts what is no event of the invented format.
func TestEventsAreStrict(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{})
	for i, tc := range []struct {
		method, body string
		want         int
	}{
		0: {http.MethodGet, "", http.StatusMethodNotAllowed},
		1: {http.MethodPost, "", http.StatusBadRequest},
		2: {http.MethodPost, `{"schema":"other"}`, http.StatusBadRequest},
		3: {http.MethodPost, `{"schema":"` + aglae.ReferenceEventSchema + `"}`, http.StatusBadRequest},
		4: {http.MethodPost, `{"schema":"` + aglae.ReferenceEventSchema + `","x":1}`, http.StatusBadRequest},
		5: {http.MethodPost, strings.Repeat(" ", 1<<20), http.StatusBadRequest},
	} {
		for _, path := range []string{aglaetest.PathEvent, aglaetest.PathOLAFE} {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, s.URL+path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("%d: %s answers %d, want %d", i, path, resp.StatusCode, tc.want)
			}
		}
	}
	if len(s.Events()) > 0 {
		t.Errorf("%d events were taken", len(s.Events()))
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	for i, cfg := range []aglaetest.Config{
		0: {Faults: map[aglaetest.Fault]float64{aglaetest.Slow: 2}},
		1: {Faults: map[aglaetest.Fault]float64{aglaetest.Slow: 0.6, aglaetest.Unavailable: 0.6}},
		2: {Contract: aglae.Contract{Fields: []aglae.Element{{}}}},
	} {
		if _, err := aglaetest.New(cfg); err == nil {
			t.Errorf("%d: accepted", i)
		}
	}
	s := aglaetest.NewServer(t, aglaetest.Config{})
	if err := s.SetFaults(map[aglaetest.Fault]float64{aglaetest.Slow: -1}); err == nil {
		t.Error("a negative share is accepted")
	}
}

// TestSharesAreDrawn checks that the same seed gives the same faults, about as many as
// asked for.
func TestSharesAreDrawn(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (met []bool) {
		s := aglaetest.NewServer(t, aglaetest.Config{Seed: seed, Faults: map[aglaetest.Fault]float64{aglaetest.NoWord: 0.3}})
		client, err := aglae.NewSOAP(s.SOAPConfig())
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			_, err := client.Ask(t.Context(), aglae.Question{Student: "S", Year: 2026, INE: ine.MustParse("223456789HE")})
			met = append(met, err != nil)
		}
		return met
	}
	first, again, other := run(1), run(1), run(2)
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Error("the seed does not determine the faults")
	}
	n := 0
	for _, m := range first {
		if m {
			n++
		}
	}
	if n < 15 || n > 45 {
		t.Errorf("%d of 100 met a fault of share 0.3", n)
	}
}

// TestPilotKeepsItsShape looks at other sizes.
func TestPilotKeepsItsShape(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 19, 600, 7919, 38_000} {
		p := aglaetest.Pilot{Size: size}
		counts := map[aglaetest.Group]int{}
		numbers := map[aglae.GrantNumber]bool{}
		ines := map[string]bool{}
		total := 0
		for s := range p.Students() {
			counts[s.Group]++
			total++
			if n := s.Number; !n.IsZero() {
				if numbers[n] {
					t.Errorf("size %d: two students have one grant number", size)
				}
				numbers[n] = true
			}
			if n := s.Registration.INE; n != "" {
				if ines[n] {
					t.Errorf("size %d: two students have one INE", size)
				}
				ines[n] = true
			}
		}
		want := p.Counts()
		for g, n := range want {
			if n == 0 {
				delete(want, g)
			}
		}
		testutil.Equal(t, "groups", counts, want)
		if size > 0 && total != size {
			t.Errorf("%d students, want %d", total, size)
		}
	}
}
