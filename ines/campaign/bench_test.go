package campaign_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"testing"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// endless is a base of n students that is made as it is read: all of them hold a
// definitive number, but for one in every gap who has none.
type endless struct {
	base
	n, gap int
}

func (e *endless) Students(context.Context, sis.Query) iter.Seq2[sis.Student, error] {
	definitive := student(0, rnie.String())
	return func(yield func(sis.Student, error) bool) {
		for i := range e.n {
			s := definitive
			s.ID.Local = fmt.Sprint(i)
			if e.gap > 0 && i%e.gap == 0 {
				s = student(i, "")
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// BenchmarkRun passes a base in which one student in a thousand is to be
// registered; BenchmarkRunFloor reads and judges the same base and no more.
func BenchmarkRun(b *testing.B) {
	const n = 10_000
	b.ReportAllocs()
	for b.Loop() {
		w := newWorld()
		w.cfg.Source, w.cfg.Ledger, w.cfg.Service = &endless{n: n, gap: 1000}, w.ledger, w.register
		c, err := campaign.New(w.cfg)
		if err != nil {
			b.Fatal(err)
		}
		if report, err := c.Run(b.Context()); err != nil || report.Counts[campaign.Created] != n/1000 {
			b.Fatal(report.Counts, err)
		}
	}
}

func BenchmarkRunFloor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		definitive := 0
		for s := range (&endless{n: 10_000, gap: 1000}).Students(b.Context(), sis.Query{}) {
			if ine.Judge(s.INE).Status == ine.StatusDefinitive {
				definitive++
			}
		}
		if definitive != 9_990 {
			b.Fatal(definitive)
		}
	}
}

// TestConstantMemory passes a base of a million students (a hundred thousand
// unless CI_LONG=1) in a few megabytes.
func TestConstantMemory(t *testing.T) {
	n := 100_000
	if testutil.IsLong() {
		n = 1_000_000
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	c, err := campaign.New(campaign.Config{
		Source: &endless{n: n}, Ledger: campaign.NewMemory(), UAI: uai.MustParse("0511296G"), Year: 2026, DryRun: true,
		OnProgress: func(p campaign.Progress) {
			if p.Done%20_000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				most = max(most, after.HeapAlloc)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := c.Run(t.Context())
	if err != nil || report.Counts[campaign.Definitive] != n {
		t.Fatalf("%v, %v", report.Counts, err)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d students took %d bytes at the most; want less than 4 MiB whatever their number", n, grown)
	}
}
