package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle/ine"
)

const benchRows = 1_000_000

// writeBase makes a CSV file of seven columns and a million students: most have a
// definitive number, some a provisional one, none, or a mistyped one.
func writeBase(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "base.csv")
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	io.WriteString(out, "code_etu;INE;nom;prenom;naissance;commune;composante\n")
	for i := range benchRows {
		number := ""
		switch {
		case i%50 == 0:
		case i%25 == 1:
			number = fmt.Sprintf("1125D%05dA", i%100_000)
		case i%100 == 2:
			number = fmt.Sprintf("%09dAA", i)
		case i%5 == 3:
			number = complete(tb, ine.BEA, fmt.Sprintf("%010d", i))
		case i%10 == 4:
			number = complete(tb, ine.NNE, fmt.Sprintf("0AYIOP%04d", i%10_000))
		default:
			number = complete(tb, ine.RNIE, fmt.Sprintf("%09d", i))
		}
		fmt.Fprintf(out, "%08d;%s;NOM%d;Prénom;2005-%02d-%02d;67482;UFR%02d\n", i, number, i%5000, i%12+1, i%28+1, i%20)
	}
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func complete(tb testing.TB, f ine.Family, body string) string {
	n, err := ine.Complete(f, body)
	if err != nil {
		tb.Fatal(err)
	}
	return n.String()
}

// BenchmarkMillion compares the program with its floor: reading the same file by
// encoding/csv alone. Its results go to a file, as they do in use.
func BenchmarkMillion(b *testing.B) {
	path := writeBase(b)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			file, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			in := csv.NewReader(bufio.NewReaderSize(file, 64<<10))
			in.Comma, in.ReuseRecord = ';', true
			rows := 0
			for {
				if _, err := in.Read(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				rows++
			}
			file.Close()
			if rows != benchRows+1 {
				b.Fatal(rows)
			}
		}
	})
	for _, args := range [][]string{{}, {"-summary-only"}} {
		b.Run(fmt.Sprint("inecheck", args), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out, err := os.Create(filepath.Join(b.TempDir(), "out.jsonl"))
				if err != nil {
					b.Fatal(err)
				}
				if code := run(append([]string{"-csv", path, "-column", "INE"}, args...), nil, out, os.Stderr); code != exitRefused {
					b.Fatal(code)
				}
				if err := out.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
