package store_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
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

// forgetful is a ledger without memory, under a first run: the feeder's own cost.
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

const (
	callTime = 5 * time.Millisecond
	inFlight = 16
)

// ideal is how long n calls take when nothing but the service takes time.
func ideal(n int) time.Duration { return time.Duration(n/inFlight) * callTime }

// feeding is what a run over a crowd took.
type feeding struct {
	took        time.Duration
	early, late memory // at a quarter of the run, and at its end
}

// memory is what the process holds: the heap of Go, and everything.
type memory struct{ heap, resident int64 }

func memoryNow() memory {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	now := memory{heap: int64(m.HeapAlloc)}
	if status, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(status); len(fields) > 1 {
			pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			now.resident = pages * int64(os.Getpagesize())
		}
	}
	return now
}

// feed feeds n enrolments with 16 calls of 5 ms in flight.
func feed(tb testing.TB, l supdata.Ledger, n int) feeding {
	tb.Helper()
	answers := supdatatest.NewStore()
	answers.Discard()
	server := supdatatest.NewServer(tb, supdatatest.Config{Store: answers, Latency: callTime, Sleep: sleep})
	client, err := supdata.New(server.ClientConfig())
	if err != nil {
		tb.Fatal(err)
	}
	var f feeding
	var done atomic.Int64
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{
		Client: client, Source: crowd(n), Ledger: l, Year: 2026, Parallel: inFlight,
		OnItem: func(supdata.Item) {
			switch done.Add(1) {
			case int64(n / 4):
				f.early = memoryNow()
			case int64(n - 1):
				f.late = memoryNow()
			}
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	begun := time.Now()
	report, err := feeder.Run(tb.Context())
	f.took = time.Since(begun)
	if err != nil || report.Counts[supdata.Fed] != n {
		tb.Fatalf("%v, %v; want %d fed", report, err, n)
	}
	return f
}

// BenchmarkFeed feeds 100 000 enrolments at 5 ms a call, 16 in flight, with the ledgers of
// the store, and with none: what the feeder costs by itself.
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
		{"sqlite", func(b *testing.B) supdata.Ledger { return openStore(b, "sqlite").Feed() }},
		{"postgres", func(b *testing.B) supdata.Ledger { return openStore(b, "postgres").Feed() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f := feed(b, c.open(b), n)
				b.ReportMetric(100*float64(ideal(n))/float64(f.took), "%ideal")
				b.ReportMetric(float64(n)/f.took.Seconds(), "calls/s")
				b.ReportMetric(float64(f.late.heap-f.early.heap)/float64(n*3/4), "heapB/enrolment")
				b.ReportMetric(float64(f.late.resident-f.early.resident)/float64(n*3/4), "rssB/enrolment")
			}
		})
	}
}

func openStore(tb testing.TB, kind string) *store.Store {
	tb.Helper()
	return storetest.Open(tb, store.Config{URL: storetest.URL(tb, kind), Connections: 16})
}
