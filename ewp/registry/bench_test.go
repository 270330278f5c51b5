package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// questions are the five questions of the specification, and the look-up of an
// institution, asked of the first sample of a synthetic catalogue.
func questions(tb testing.TB, x *Index, about []byte) map[string]func() bool {
	tb.Helper()
	var facts struct{ Samples []struct{ HEI, Key string } }
	if err := json.Unmarshal(about, &facts); err != nil || len(facts.Samples) == 0 {
		tb.Fatal("no sample", err)
	}
	id, key := hei(facts.Samples[0].HEI), ewp.MustParseFingerprint(facts.Samples[0].Key)
	q := Query{HEI: id, Namespace: ewp.IIAs.Namespace(), Name: "iias"}
	e, _ := x.Find(q)
	var coded HEI
	for coded = range x.HEIs() {
		if len(coded.OtherIDsOf(ewp.OtherIDErasmus)) > 0 {
			break
		}
	}
	erasmus := coded.OtherIDsOf(ewp.OtherIDErasmus)[0]
	return map[string]func() bool{
		"URL": func() bool {
			e, ok := x.Find(q)
			return ok && e.URL("get-url") != ""
		},
		"Key":         func() bool { _, ok := x.Key(key); return ok },
		"ClientHEIs":  func() bool { heis, ok := x.HEIsOfClientKey(key); return ok && heis.Has(id) },
		"Certificate": func() bool { _, ok := x.HEIsOfCertificate(key); return !ok },
		"ServerKey":   func() bool { return e.Host().HasServerKey(key) },
		"OtherID":     func() bool { return x.HEIsByOtherID(ewp.OtherIDErasmus, erasmus).Has(coded.ID) },
		"HEI":         func() bool { _, ok := x.HEI(id); return ok },
	}
}

func TestQuestionsDoNotAllocate(t *testing.T) {
	data, about := synthetic(t, "195")
	x := parse(t, string(data))
	for name, ask := range questions(t, x, about) {
		if !ask() {
			t.Errorf("%s: wrong answer", name)
		}
		if n := testing.AllocsPerRun(100, func() { ask() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	c := &Client{}
	c.current.Store(&state{index: x})
	if n := testing.AllocsPerRun(100, func() { c.Index() }); n != 0 {
		t.Errorf("Client.Index: %v allocations", n)
	}
}

// BenchmarkCatalogue indexes a catalogue of the size of the real one. The floors are
// the loops over its tokens that encoding/xml makes bare, and with the checks of
// internal/xmlx, which are those of the index.
func BenchmarkCatalogue(b *testing.B) {
	data, about := synthetic(b, "")
	b.Run("Parse", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(bytes.NewReader(data), Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("FloorBareLoop", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			tokens(b, xml.NewDecoder(bytes.NewReader(data)))
		}
	})
	b.Run("FloorCheckedLoop", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			d, err := xmlx.NewDecoder(bytes.NewReader(data), "", xmlx.Limits{MaxBytes: 1 << 30, MaxElements: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			tokens(b, d)
		}
	})
	b.Run("Unchanged304", func(b *testing.B) { unchanged(b, &server{body: string(data)}) })
	b.Run("UnchangedBytes", func(b *testing.B) { unchanged(b, &server{body: string(data), ignore: true}) })

	x := parse(b, string(data))
	for name, ask := range questions(b, x, about) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !ask() {
					b.Fatal("wrong answer")
				}
			}
		})
	}
	b.Run("RetainedHeap", func(b *testing.B) {
		var mb float64
		for b.Loop() {
			mb = retained(data)
		}
		b.ReportMetric(mb, "MB")
	})
}

func tokens(b *testing.B, d *xml.Decoder) {
	for {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// unchanged asks a registry whose catalogue stays the same.
func unchanged(b *testing.B, s *server) {
	c := s.client(b, Config{MinGap: -1})
	if _, err := c.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if changed, err := c.Refresh(b.Context()); changed || err != nil {
			b.Fatal(changed, err)
		}
	}
}

// BenchmarkReaders asks a question while the catalogue is read anew again and again
// beside it, and reports how many of a million questions took over 100 µs: the
// system gives the processor to somebody else now and then.
func BenchmarkReaders(b *testing.B) {
	data, about := synthetic(b, "")
	s := &server{body: string(data)}
	c := s.client(b, Config{MinGap: -1})
	if _, err := c.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	x, _ := c.Index()
	ask := questions(b, x, about)["URL"]
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	refreshes := 0
	wg.Go(func() {
		for ; ctx.Err() == nil; refreshes++ {
			s.set(func(s *server) { s.body += " " })
			c.Refresh(ctx)
		}
	})
	asked, slow := 0, 0
	for b.Loop() {
		start := time.Now()
		if _, err := c.Index(); err != nil || !ask() {
			b.Fatal(err)
		}
		if asked++; time.Since(start) > 100*time.Microsecond {
			slow++
		}
	}
	cancel()
	wg.Wait()
	b.ReportMetric(1e6*float64(slow)/float64(asked), "slow/million")
	b.ReportMetric(float64(refreshes), "refreshes")
}

// retained returns how much of the heap an index keeps, in millions of bytes.
func retained(data []byte) float64 {
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	x, err := Parse(bytes.NewReader(data), Limits{})
	if err != nil {
		return -1
	}
	after := heap()
	runtime.KeepAlive(x)
	return (after - before) / 1e6
}
