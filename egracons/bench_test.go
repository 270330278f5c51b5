package egracons_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/big"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
)

var allGrades = []string{"10", "9", "8", "7", "6"}

// Conversions from a prepared pair; the floor is the look-up of a string in a map.
func BenchmarkGrade(b *testing.B) {
	c := must(egracons.NewConverter(published(b)[guide], published(b)[ap], rules(egracons.AverageWeighted)))(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Grade(allGrades[i%len(allGrades)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGradeFloor(b *testing.B) {
	m := map[string]string{"10": "18", "9": "17", "8": "15", "7": "12", "6": "10"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if m[allGrades[i%len(allGrades)]] == "" {
			b.Fatal("absent")
		}
	}
}

// Marks with decimals go through the bands of the scale.
func BenchmarkGradeOfMark(b *testing.B) {
	home := homeTable(b)
	c := must(egracons.NewConverter(home, published(b)[guide], rules(egracons.Midpoint)))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Grade("14.57"); err != nil {
			b.Fatal(err)
		}
	}
}

// The whole result, with interval, candidates and warnings.
func BenchmarkConvert(b *testing.B) {
	c := must(egracons.NewConverter(published(b)[guide], published(b)[ap], rules(egracons.Midpoint)))(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Convert(allGrades[i%len(allGrades)]); err != nil {
			b.Fatal(err)
		}
	}
}

// Preparing a pair; the floor is the overlaps alone, on fractions.
func BenchmarkNewConverter(b *testing.B) {
	host, home := published(b)[guide], published(b)[ap]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := egracons.NewConverter(host, home, rules(egracons.AverageWeighted)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewConverterFloor(b *testing.B) {
	host, home := published(b)[guide].Rows(), published(b)[ap].Rows()
	zero := new(big.Rat)
	b.ReportAllocs()
	for b.Loop() {
		for _, h := range host {
			for _, j := range home {
				o := new(big.Rat).Sub(least(h.Interval.High, j.Interval.High), most(h.Interval.Low, j.Interval.Low))
				if o.Cmp(zero) > 0 {
					width := new(big.Rat).Sub(h.Interval.High.Rat(), h.Interval.Low.Rat())
					o.Quo(o, width)
				}
			}
		}
	}
}

func BenchmarkReadTables(b *testing.B) {
	data := read(b, "grade_tables.csv")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range egracons.ReadTables(bytes.NewReader(data), egracons.PublishedLayout()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadTablesFloor(b *testing.B) {
	data := read(b, "grade_tables.csv")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := csv.NewReader(bytes.NewReader(data)).ReadAll(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadJSON(b *testing.B) {
	data := must(json.Marshal([]*egracons.Table{published(b)[ap]}))(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range egracons.ReadJSON(bytes.NewReader(data)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadJSONFloor(b *testing.B) {
	data := must(json.Marshal([]*egracons.Table{published(b)[ap]}))(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWritePage(b *testing.B) {
	r := converted(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.WritePage(io.Discard, egracons.PageOptions{Charts: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestGradeAllocatesNothing(t *testing.T) {
	home := homeTable(t)
	prepared := must(egracons.NewConverter(published(t)[abitur], home, rules(egracons.AverageWeighted)))(t)
	marks := must(egracons.NewConverter(home, published(t)[guide], rules(egracons.Midpoint)))(t)
	for name, f := range map[string]func() error{
		"label":        func() error { _, err := prepared.Grade("2.4"); return err },
		"mark":         func() error { _, err := marks.Grade("14.57"); return err },
		"whole result": func() error { _, err := prepared.Convert("2.4"); return err },
		"failure":      func() error { _, err := marks.Convert("7.5"); return err },
	} {
		var err error
		if n := testing.AllocsPerRun(200, func() { err = f() }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations, %v; want none", name, n, err)
		}
	}
}
