package esc_test

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/esc"
)

func BenchmarkGenerator(b *testing.B) {
	g := newGenerator(b, esc.Config{Prefix: 1})
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Next(ctx, pic); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGeneratorFile(b *testing.B) {
	g := newGenerator(b, esc.Config{Prefix: 1, Reservations: openReservations(b, b.TempDir()+"/ticks")})
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Next(ctx, pic); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGeneratorParallel(b *testing.B) {
	g := newGenerator(b, esc.Config{Prefix: 1})
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := g.Next(ctx, pic); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// The floor of a number: a lock, a random draw and 16 bytes written. Like the
// ticks of an ESCN, it cannot do better than ten million in a second.
func BenchmarkFloor(b *testing.B) {
	var mu sync.Mutex
	var out [16]byte
	ticks := uint64(time.Now().UnixMilli())
	b.ReportAllocs()
	for b.Loop() {
		mu.Lock()
		ticks++
		binary.BigEndian.PutUint64(out[:], ticks)
		binary.BigEndian.PutUint64(out[8:], uint64(rand.Uint32N(0x3fff))<<48)
		mu.Unlock()
	}
	_ = out
}

func BenchmarkUUIDv1(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := uuid.NewUUID(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	const s = "d88b02c1-894e-1038-a711-001999465982"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := esc.Parse(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseUUID(b *testing.B) {
	const s = "d88b02c1-894e-1038-a711-001999465982"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := uuid.Parse(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	n := esc.MustParse("d88b02c1-894e-1038-a711-001999465982")
	buf := make([]byte, 0, 36)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = n.AppendText(buf[:0])
	}
}
