package sis_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/sis"
)

const benchRows = 10000

// benchFile is a base of the usual columns.
func benchFile(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("student;ine;birth_name;given_name_1;sex;birth_date;birth_commune;birth_country;email;year;uai;programme\n")
	for i := range rows {
		fmt.Fprintf(&b, "%08d;0123456789A;D'ŒUVRE-MARTIN;Zoé;F;28/02/2007;67482;100;e%d@univ.example;2026;0673021V;LIC-M\n", i, i)
	}
	return b.Bytes()
}

func BenchmarkCSV(b *testing.B) {
	data := benchFile(benchRows)
	for name, opts := range map[string]sis.CSVOptions{"plain": {}, "once": {OncePerStudent: true}, "auto": {Charset: sis.CharsetAuto}} {
		b.Run(name, func(b *testing.B) {
			s, err := sis.NewCSV("base.csv", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, opts)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range s.Students(b.Context(), sis.Query{}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchRows {
					b.Fatal(n)
				}
			}
		})
	}
}

// BenchmarkCSVFloor reads the same rows with encoding/csv and looks at nothing.
func BenchmarkCSVFloor(b *testing.B) {
	data := benchFile(benchRows)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.Comma, r.ReuseRecord = ';', true
		n := 0
		for {
			_, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != benchRows+1 {
			b.Fatal(n)
		}
	}
}

// endless gives rows without end, up to a number of bytes.
type endless struct {
	row  []byte
	rest []byte
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left <= 0 {
			return 0, io.EOF
		}
		e.rest = e.row
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.left -= n
	return n, nil
}

// TestCSVConstantMemory reads 12 MB of good rows, broken rows, or one line without end, and watches the heap.
func TestCSVConstantMemory(t *testing.T) {
	const size = 12 << 20
	const head = "student;birth_name;sex\n"
	name60 := strings.Repeat("A", 60)
	for name, row := range map[string]string{
		"rows":                      "1;" + name60 + ";F\n",
		"a quote that never closes": "2;" + name60 + ";M\n",
		"open quotes":               "1;\"" + name60 + ";F\n",
		"one line":                  strings.Repeat("x", 4096),
		"one quote":                 "\"" + strings.Repeat(name60+"\n", 200),
	} {
		start := head
		if name == "a quote that never closes" {
			start += "\"1;A;F\n"
		}
		s, err := sis.NewCSV("f", func() (io.ReadCloser, error) {
			return io.NopCloser(&endless{rest: []byte(start), row: []byte(row), left: size}), nil
		}, sis.CSVOptions{Required: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		n, most := 0, uint64(0)
		for range s.Students(t.Context(), sis.Query{}) {
			if n++; n%5000 == 1 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
		if grown := int64(most) - int64(before.HeapAlloc); n == 0 || grown > 5<<20 {
			t.Errorf("%s: %d rows, the heap grew by %d bytes", name, n, grown)
		}
	}
}
