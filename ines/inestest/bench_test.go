package inestest_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
)

// BenchmarkRegister is a registration over HTTP, of somebody new each time, in a
// register of 10 000 people.
func BenchmarkRegister(b *testing.B) {
	for _, name := range []string{"memory", "journal"} {
		b.Run(name, func(b *testing.B) {
			journal := ""
			if name == "journal" {
				journal = filepath.Join(b.TempDir(), "register")
			}
			s := inestest.NewServer(b, inestest.Config{Population: 10_000, Journal: journal})
			c := client(b, s)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				p := eve
				p.BirthDate = passerelle.NewDate(1900, 1, 1).AddDays(n % 36_000)
				p.BirthName = "B" + string(rune('A'+n/36_000))
				a, err := c.Register(b.Context(), ines.RegisterRequest{Student: fmt.Sprint(n), Person: p, UAI: lorrain})
				if err != nil || a.Status != ines.StatusConfirmed {
					b.Fatal(a.Status, err)
				}
				n++
			}
		})
	}
}
