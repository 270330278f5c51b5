package aglae_test

import (
	"encoding/csv"
	"io"
	"testing"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
)

func BenchmarkWriteCSV(b *testing.B) {
	rows, _ := rowsOf(aglae.CheckNumbers((aglaetest.Pilot{}).Registrations(), aglae.NumberOptions{}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := aglae.WriteCSV(io.Discard, aglae.French, seq(rows...)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/row")
}

// BenchmarkWriteCSVFloor is encoding/csv on cells that are ready.
func BenchmarkWriteCSVFloor(b *testing.B) {
	rows, _ := rowsOf(aglae.CheckNumbers((aglaetest.Pilot{}).Registrations(), aglae.NumberOptions{}))
	lines := make([][]string, len(rows))
	for i, r := range rows {
		lines[i] = []string{
			r.Student, r.Key, "12", "2026", string(r.Finding), r.Finding.Title(aglae.French), r.Reason.Text(aglae.French), r.Finding.Todo(aglae.French),
			r.INE, r.GrantNumber, r.Suggestion, "", "", "", "", "", "",
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		out := csv.NewWriter(io.Discard)
		out.Comma = ';'
		for _, l := range lines {
			if err := out.Write(l); err != nil {
				b.Fatal(err)
			}
		}
		out.Flush()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/row")
}
