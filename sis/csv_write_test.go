package sis_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestCSVWriterRoundTrip(t *testing.T) {
	t.Parallel()
	s := csvSource(t, fullCSV, sis.CSVOptions{})
	want, _ := collect(s.Students(t.Context(), sis.Query{}))
	enrolments, _ := collect(s.Enrolments(t.Context(), sis.Query{}))
	var out bytes.Buffer
	w := sis.NewCSVWriter(&out)
	if err := errors.Join(w.Write(want[0], enrolments[0]), w.Write(want[1], sis.Enrolment{}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	again := csvSource(t, out.String(), sis.CSVOptions{})
	got, errs := collect(again.Students(t.Context(), sis.Query{}))
	testutil.Equal(t, "errors", errs, nil)
	testutil.Equal(t, "students", got, want, cmp.Comparer(time.Time.Equal))
	back, _ := collect(again.Enrolments(t.Context(), sis.Query{}))
	testutil.Equal(t, "enrolments", back, enrolments)

	out.Reset()
	if err := sis.WriteCSV(&out, s.Students(t.Context(), sis.Query{})); err != nil {
		t.Fatal(err)
	}
	got, _ = collect(csvSource(t, out.String(), sis.CSVOptions{}).Students(t.Context(), sis.Query{}))
	testutil.Equal(t, "students of WriteCSV", got, want, cmp.Comparer(time.Time.Equal))

	if err := w.Write(sis.Student{}, sis.Enrolment{Student: want[0].ID}); !errors.Is(err, passerelle.ErrInvalid) ||
		err.Error() != "ID.Local: required: want the number of the student; Enrolment.Student: same: want the student of the row" {
		t.Errorf("an incomplete row: %v", err)
	}
	out.Reset()
	if err := sis.WriteCSV(&out, func(func(sis.Student, error) bool) {}); err != nil || !strings.HasPrefix(out.String(), "student;internal;ine;") {
		t.Errorf("nobody: %v, wrote %q, want the header", err, out.String())
	}
	if err := sis.WriteCSV(io.Discard, csvSource(t, "student;sex\n1;W\n", sis.CSVOptions{}).Students(t.Context(), sis.Query{})); err == nil {
		t.Error("WriteCSV passed over an error of its source")
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(fullCSV), false, byte(0))
	f.Add([]byte("student;birth_name\n1;\"A\n2;B\n3;\"C\nD\"\n"), false, byte(0))
	f.Add([]byte("student,birth_name,sex\r\n1,\xc9\x80\x81,F\r\n"), true, byte(','))
	f.Add([]byte("\xEF\xBB\xBFstudent;ine;birth_date\n1;x;00/00/2000\n"), false, byte(';'))
	f.Add([]byte("student;birth_commune;birth_country;year;modified_at\n1;67482;100;2026-2027;01/02/2026 10:00\n"), false, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, auto bool, sep byte) {
		opts := sis.CSVOptions{Separator: sep, Required: []string{}}
		if auto {
			opts.Charset = sis.CharsetAuto
		}
		s, err := sis.NewCSV("f", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, opts)
		if err != nil {
			return
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		last, elements := 0, 0
		fatal := false
		var out bytes.Buffer
		w := sis.NewCSVWriter(&out)
		var want []sis.Student
		for v, err := range s.Students(t.Context(), sis.Query{}) {
			if fatal {
				t.Fatal("the sequence went on after a fatal error")
			}
			elements++
			line := v.Provenance.Line
			if row, ok := errors.AsType[*sis.RowError](err); ok {
				line = row.Line
			} else if err != nil {
				fatal = true
				continue
			}
			if line <= last || line > lines {
				t.Fatalf("line %d after line %d of %d", line, last, lines)
			}
			last = line
			if err == nil {
				if v.ID.Local == "" {
					t.Fatal("a student without a number")
				}
				if err := w.Write(v, sis.Enrolment{}); err != nil {
					t.Fatal(err)
				}
				v.Provenance = sis.Provenance{}
				want = append(want, v)
			}
		}
		for range s.Enrolments(t.Context(), sis.Query{Year: 2026}) {
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(out.Bytes(), '\r') {
			return // a quoted CR LF is written as LF
		}
		got, errs := collect(csvSource(t, out.String(), sis.CSVOptions{}).Students(t.Context(), sis.Query{}))
		for i := range got {
			got[i].Provenance = sis.Provenance{}
		}
		if len(errs) > 0 || !cmp.Equal(got, want, cmp.Comparer(time.Time.Equal)) {
			t.Fatalf("round trip: %v\n%s", errs, cmp.Diff(want, got))
		}
	})
}
