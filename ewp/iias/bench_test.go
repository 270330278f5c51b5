package iias_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// example is the published get response, of one agreement.
func example(tb testing.TB) []byte {
	return read(tb, testutil.Shared(tb, filepath.FromSlash("ewp/examples/ewp-specs-api-iias/stable-v7/endpoints/get-response-example.xml")))
}

// BenchmarkHash measures the hash of the published example.
func BenchmarkHash(b *testing.B) {
	document := example(b)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := iias.Compute(document); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHashFloor measures bare decoding of the same bytes into tokens.
func BenchmarkHashFloor(b *testing.B) {
	document := example(b)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(document))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
