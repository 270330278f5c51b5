package qr_test

import (
	"io"
	"testing"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/passerelle-sup/passerelle/esc/qr"
)

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := qr.New(card, ""); err != nil {
			b.Fatal(err)
		}
	}
}

// The floor of a code: the encoder alone.
func BenchmarkNewFloor(b *testing.B) {
	content, err := qr.Content(card, "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		symbol, err := qrcode.NewWithForcedVersion(content, 4, qrcode.Medium)
		if err != nil {
			b.Fatal(err)
		}
		symbol.DisableBorder = true
		_ = symbol.Bitmap()
	}
}

func BenchmarkWritePNG(b *testing.B) {
	c := newCode(b, card, "")
	b.ReportAllocs()
	for b.Loop() {
		if err := c.WritePNG(io.Discard, qr.PNGOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteSVG(b *testing.B) {
	c := newCode(b, card, "")
	b.ReportAllocs()
	for b.Loop() {
		if err := c.WriteSVG(io.Discard, qr.SVGOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	content, err := qr.Content(card, "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := qr.Read(content); err != nil {
			b.Fatal(err)
		}
	}
}
