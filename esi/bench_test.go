package esi_test

import (
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esi"
)

const sample = esi.Prefix + "ladok.se:externtstudentuid-857c0573-0000-4000-8000-000000000000"

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := esi.Parse(sample); err != nil {
			b.Fatal(err)
		}
	}
}

// The floor of a reading: the text cut in its parts and put together again, without
// any check.
func BenchmarkParseFloor(b *testing.B) {
	var out string
	b.ReportAllocs()
	for b.Loop() {
		scope, code, _ := strings.Cut(strings.TrimPrefix(sample, esi.Prefix), ":")
		out = esi.Prefix + scope + ":" + code
	}
	_ = out
}

func BenchmarkFromINE(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := esi.FromINE(definitive); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEqual(b *testing.B) {
	x, y := esi.MustParse(sample), esi.MustParse(strings.ToUpper(sample))
	b.ReportAllocs()
	for b.Loop() {
		if !x.Equal(y) {
			b.Fatal("not equal")
		}
	}
}
