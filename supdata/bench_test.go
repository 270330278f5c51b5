package supdata_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

// crowd is a base of any size that is made as it is read.
type crowd int

func (c crowd) student(i int) sis.Student {
	return sis.Student{
		ID: sis.StudentID{System: "csv", Local: strconv.Itoa(i)}, INE: fmt.Sprintf("%09dHA", 100000000+i), INEState: sis.INEVerified,
		Person: passerelle.Person{BirthDate: passerelle.NewDate(1990+i%15, time.Month(1+i%12), 1+i%28)},
	}
}

func (c crowd) Students(_ context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for _, id := range q.IDs {
			i, err := strconv.Atoi(id.Local)
			if !yield(c.student(i), err) {
				return
			}
		}
	}
}

func (c crowd) Enrolments(context.Context, sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		for i := range int(c) {
			e := sis.Enrolment{
				Student: sis.StudentID{System: "csv", Local: strconv.Itoa(i)}, ID: strconv.Itoa(i), Year: 2026, UAI: "0011402U",
				Status: sis.EnrolmentValid, Payment: "paye", Regime: "10", Programme: sis.Programme{Code: "L1INFO", SISE: "2500123"},
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// forgetful is a ledger without memory, under a first run: what is measured beside it is
// the feeder's own.
type forgetful struct{}

func (forgetful) Get(context.Context, string) (supdata.Record, error) {
	return supdata.Record{}, passerelle.ErrNotFound
}
func (forgetful) Put(_ context.Context, r supdata.Record) (supdata.Record, error) { return r, nil }
func (forgetful) Claim(_ context.Context, c supdata.Claim) (supdata.Record, error) {
	return c.Apply(supdata.Record{}), nil
}
func (forgetful) Records(context.Context) iter.Seq2[supdata.Record, error] {
	return func(func(supdata.Record, error) bool) {}
}

// crowdServer is a fake that takes anybody and keeps nothing.
func crowdServer(tb testing.TB) *supdatatest.Server {
	tb.Helper()
	store := supdatatest.NewStore()
	store.Discard()
	return supdatatest.NewServer(tb, supdatatest.Config{Store: store, Latency: callTime, Sleep: sleep})
}

const (
	callTime = 5 * time.Millisecond
	inFlight = 16
)

// feedCrowd feeds n enrolments with 16 calls in flight, and returns how long it took and how far
// the heap in use rose between two samples of the run.
func feedCrowd(tb testing.TB, s *supdatatest.Server, l supdata.Ledger, n int) (took time.Duration, early, late uint64) {
	tb.Helper()
	cfg := s.ClientConfig()
	client, err := supdata.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	var done atomic.Int64
	var quarter, end uint64
	f, err := supdata.NewFeeder(supdata.FeederConfig{
		Client: client, Source: crowd(n), Ledger: l, Year: 2026, Parallel: inFlight,
		OnItem: func(supdata.Item) {
			switch done.Add(1) {
			case int64(n / 4):
				quarter = liveHeap()
			case int64(n - 1):
				end = liveHeap()
			}
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	begun := time.Now()
	r, err := f.Run(tb.Context())
	took = time.Since(begun)
	if err != nil || r.Counts[supdata.Fed] != n {
		tb.Fatalf("%v, %v; want %d fed", r, err, n)
	}
	return took, quarter, end
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// ideal is how long n calls take when nothing but the service takes time.
func ideal(n int) time.Duration { return time.Duration(n/inFlight) * callTime }

// TestConstantMemory feeds a crowd: from a quarter of it to its end the feeder holds no
// more memory, and it keeps 16 calls in flight.
func TestConstantMemory(t *testing.T) {
	n := 4000
	if os.Getenv("CI_LONG") == "1" {
		n = 100_000
	}
	s := crowdServer(t)
	took, early, late := feedCrowd(t, s, forgetful{}, n)
	t.Logf("%d enrolments in %v, %.0f %% of the ideal rate; heap %d KB at a quarter, %d KB at the end; %d in flight at the most",
		n, took, 100*float64(ideal(n))/float64(took), early>>10, late>>10, s.Peak())
	if late > early+1<<20 {
		t.Errorf("the heap grew from %d to %d KB", early>>10, late>>10)
	}
	if s.Peak() != inFlight {
		t.Errorf("%d calls were in flight at the most; want %d", s.Peak(), inFlight)
	}
}

// BenchmarkFeed feeds 100 000 enrolments at 5 ms a call, 16 in flight: with a ledger in
// memory, one in a file, and none, which is what the feeder costs by itself.
func BenchmarkFeed(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 4000
	}
	for _, c := range []struct {
		name string
		open func(b *testing.B) supdata.Ledger
	}{
		{"none", func(*testing.B) supdata.Ledger { return forgetful{} }},
		{"memory", func(*testing.B) supdata.Ledger { return supdata.NewMemory() }},
		{"file", func(b *testing.B) supdata.Ledger { return openFile(b, filepath.Join(b.TempDir(), "ledger")) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			s := crowdServer(b)
			for b.Loop() {
				took, early, late := feedCrowd(b, s, c.open(b), n)
				b.ReportMetric(100*float64(ideal(n))/float64(took), "%ideal")
				b.ReportMetric(float64(n)/took.Seconds(), "calls/s")
				b.ReportMetric(float64(int64(late)-int64(early))/float64(n*3/4), "heapB/enrolment")
			}
		})
	}
}

// BenchmarkFloor is the floor of the same work: the requests alone, by net/http, 16 in flight.
func BenchmarkFloor(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 4000
	}
	b.ReportAllocs()
	s := crowdServer(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	body := []byte(`{"ine":"100000000HA","dateNaissance":"1990-01-01","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31","statut":"inscrit","uai":"0011402U"}`)
	for b.Loop() {
		begun := time.Now()
		var left atomic.Int64
		left.Store(int64(n))
		var workers sync.WaitGroup
		for range inFlight {
			workers.Go(func() {
				for left.Add(-1) >= 0 {
					req, err := http.NewRequest(http.MethodPost, s.URL+supdata.Path, bytes.NewReader(body))
					if err != nil {
						b.Error(err)
						return
					}
					req.Header.Set("X-Api-Key", supdatatest.TestKey)
					req.Header.Set("Content-Type", "application/json")
					resp, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
		}
		workers.Wait()
		took := time.Since(begun)
		b.ReportMetric(100*float64(ideal(n))/float64(took), "%ideal")
		b.ReportMetric(float64(n)/took.Seconds(), "calls/s")
	}
}

// BenchmarkValidate checks the eleven fields, and writes them as JSON for comparison.
func BenchmarkValidate(b *testing.B) {
	e := goodEnrolment()
	codes := supdata.InferredCodes()
	day := passerelle.DateOf(today)
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := e.Validate(codes, day); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
