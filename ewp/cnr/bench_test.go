package cnr_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// BenchmarkDelivery is one change kept, claimed and settled on file: two syncs.
func BenchmarkDelivery(b *testing.B) {
	q := openFile(b, filepath.Join(b.TempDir(), "queue"))
	now := time.Now()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := q.Add(b.Context(), now, iia(peer, fmt.Sprint(i%1000))); err != nil {
			b.Fatal(err)
		}
		claimed, err := q.Claim(b.Context(), now, now.Add(time.Minute), 10)
		if err != nil || len(claimed) != 1 {
			b.Fatal(len(claimed), err)
		}
		if err := q.Settle(b.Context(), cnr.Result{At: now, State: cnr.Done, Tried: true, Status: 200}, claimed...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeliveryFloor appends two bare records of the same size and syncs each.
func BenchmarkDeliveryFloor(b *testing.B) {
	j, err := journal.Open(filepath.Join(b.TempDir(), "bare"), journal.Options{Kind: "bare/1"})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	now := time.Now().UTC()
	e := cnr.Entry{}.Merge(iia(peer, "1000"), now)
	b.ReportAllocs()
	for b.Loop() {
		for range 2 {
			if err := j.Append(e); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkAdd keeps 100 changes at once; the floor is one append of 100 records.
func BenchmarkAdd(b *testing.B) {
	q := openFile(b, filepath.Join(b.TempDir(), "queue"))
	changes := make([]cnr.Change, 100)
	for i := range changes {
		changes[i] = iia(peer, fmt.Sprint(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Add(b.Context(), time.Now(), changes...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAddFloor appends 100 bare records at once.
func BenchmarkAddFloor(b *testing.B) {
	j, err := journal.Open(filepath.Join(b.TempDir(), "bare"), journal.Options{Kind: "bare/1"})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	records := make([]any, 100)
	for i := range records {
		records[i] = cnr.Entry{}.Merge(iia(peer, fmt.Sprint(i)), time.Now())
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Append(records...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaim claims from 100 000 entries that wait for 1 000 institutions.
func BenchmarkClaim(b *testing.B) {
	q, now := cnr.NewMemory(), time.Now()
	waiting(b, q, now)
	b.ReportAllocs()
	for b.Loop() {
		claimed, err := q.Claim(b.Context(), now, now.Add(time.Minute), 10)
		if err != nil || len(claimed) != 10 {
			b.Fatal(len(claimed), err)
		}
		if err := q.Settle(b.Context(), cnr.Result{At: now, State: cnr.Waiting, Due: now}, claimed...); err != nil {
			b.Fatal(err)
		}
	}
}

func waiting(b *testing.B, q cnr.Queue, now time.Time) {
	b.Helper()
	for i := range 100_000 {
		to := ewp.MustParseHEIID(fmt.Sprintf("univ-%d.example", i%1000+2))
		if err := q.Add(b.Context(), now, iia(to, fmt.Sprint(i))); err != nil {
			b.Fatal(err)
		}
	}
}
