package ine_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/ine"
)

// BenchmarkParse measures parsing and checking the key of a number of each
// family; its floor is a copy of the eleven characters.
func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"223456789HE", "1234567890V", "0AYIOP071Y8", "1234A56789B", "1234D56789B"} {
		b.Run(ine.MustParse(s).Family().String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n, err := ine.Parse(s)
				if err != nil || n.Key() == ine.KeyWrong {
					b.Fatal(n, err)
				}
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		var n [11]byte
		for b.Loop() {
			if copy(n[:], "223456789HE") != len(n) {
				b.Fatal(n)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for _, s := range []string{"223456789HE", "223456789he", "2234 56789 HE", "1234567890G", ""} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ine.Judge(s).Status == ine.StatusMalformed {
					b.Fatal(s)
				}
			}
		})
	}
}
