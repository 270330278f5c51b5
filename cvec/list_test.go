package cvec_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/sis"
)

func listed(i int, change func(*cvec.Listed)) cvec.Listed {
	l := cvec.Listed{
		Student: sis.Student{
			ID: sis.StudentID{System: "csv", Local: strconv.Itoa(i)}, INE: "1234567890V",
			Person: passerelle.Person{BirthName: "Noël;Roux", UsageName: "Œuvrard", GivenNames: [3]string{"Zoé", "Ana"}, BirthDate: passerelle.MustParseDate("2004-02-29")},
		},
		Enrolment: sis.Enrolment{UAI: "0782562l", CVEC: "ver5 abcdef 12 / NOELR", Year: 2026, ValidatedAt: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)},
	}
	if change != nil {
		change(&l)
	}
	return l
}

func all() []cvec.Column {
	columns := []cvec.Column{}
	for _, f := range cvec.Fields() {
		columns = append(columns, cvec.Column{Title: string(f), Field: f})
	}
	return append(columns, cvec.Column{Title: "constant", Text: func(cvec.Listed) string { return "X" }}, cvec.Column{Title: "empty"})
}

func seq(rows []cvec.Listed, errs map[int]error) iter.Seq2[cvec.Listed, error] {
	return func(yield func(cvec.Listed, error) bool) {
		for i, r := range rows {
			if !yield(r, errs[i]) {
				return
			}
		}
	}
}

func TestWriteList(t *testing.T) {
	t.Parallel()
	rows := []cvec.Listed{
		0: listed(0, nil),
		1: listed(1, func(l *cvec.Listed) { l.Enrolment.UAI = "" }),
		2: listed(2, func(l *cvec.Listed) { l.Enrolment.CVEC = "?" }),
		3: listed(3, nil), // its row cannot be read
		4: listed(4, func(l *cvec.Listed) { l.Enrolment.INE = "0987654321B"; l.Student.Person.BirthDate.Day = 0 }),
		5: listed(5, func(l *cvec.Listed) { l.Student.Person.BirthName = "Иванов" }),
	}
	errs := map[int]error{3: &sis.RowError{ID: rows[3].Student.ID, Err: errors.New("unreadable")}}
	var out bytes.Buffer
	lines, rejected, err := cvec.WriteList(t.Context(), &out, cvec.Layout{Columns: all(), Header: true, CRLF: true, Windows1252: true}, seq(rows, errs))
	want := "uai;cvec;ine;birth_name;usage_name;given_names;birth_date;year;student;date;constant;empty\r\n" +
		"0782562L;VER5ABCDEF12;1234567890V;\"No\xebl;Roux\";\x8cuvrard;Zo\xe9 Ana;29/02/2004;2026;0;01/09/2026;X;\r\n" +
		"0782562L;VER5ABCDEF12;0987654321B;\"No\xebl;Roux\";\x8cuvrard;Zo\xe9 Ana;2004-02-00;2026;4;01/09/2026;X;\r\n"
	if err != nil || lines != 2 || out.String() != want {
		t.Errorf("%d lines, %v:\n%q\nwant\n%q", lines, err, out.String(), want)
	}
	var reasons []string
	for _, r := range rejected {
		reasons = append(reasons, r.Student.Local+": "+r.Err.Error())
	}
	for i, part := range []string{0: "1: Enrolment.UAI: shape", 1: "2: Enrolment.CVEC: shape", 2: "3: ", 3: "5: Columns[3]: character"} {
		if i >= len(reasons) || !strings.HasPrefix(reasons[i], part) {
			t.Errorf("rejected %q; want number %d to begin by %q", reasons, i, part)
		}
	}
	if len(rejected) != 4 {
		t.Errorf("%d students are rejected; want 4", len(rejected))
	}
}

func TestWriteListEnds(t *testing.T) {
	t.Parallel()
	layout := cvec.Layout{Columns: []cvec.Column{{Field: cvec.FieldUAI}, {Field: cvec.FieldNumber}}}
	fatal := errors.New("the base is gone")
	var out bytes.Buffer
	lines, _, err := cvec.WriteList(t.Context(), &out, layout, seq([]cvec.Listed{listed(0, nil), listed(1, nil), listed(2, nil)}, map[int]error{1: fatal}))
	if !errors.Is(err, fatal) || lines != 1 || out.String() != "0782562L;VER5ABCDEF12\n" {
		t.Errorf("%d lines, %v, %q; want one, and the error", lines, err, out.String())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := cvec.WriteList(ended, io.Discard, layout, seq([]cvec.Listed{listed(0, nil)}, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func TestLayoutFaults(t *testing.T) {
	t.Parallel()
	first := []cvec.Column{{Field: cvec.FieldUAI}}
	for i, c := range []struct {
		layout cvec.Layout
		want   string
	}{
		0: {cvec.Layout{}, "Columns[0].Field"},
		1: {cvec.Layout{Columns: []cvec.Column{{Field: cvec.FieldINE}, {Field: "x"}}}, "Columns[0].Field Columns[1].Field"},
		2: {cvec.Layout{Columns: first, Separator: '"', DateFormat: "x"}, "Separator DateFormat"},
		3: {cvec.Layout{Columns: first, Separator: '§', Windows1252: true}, "Separator"},
		4: {cvec.Layout{Columns: []cvec.Column{{Field: cvec.FieldUAI, Text: func(cvec.Listed) string { return "" }}}}, "Columns[0].Field"},
	} {
		_, err := cvec.NewExporter(io.Discard, c.layout)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if strings.Join(fields, " ") != c.want {
			t.Errorf("%d: %v; want faults of %s", i, err, c.want)
		}
	}
}

func TestExpected(t *testing.T) {
	t.Parallel()
	e := sis.Enrolment{Year: 2026, Status: sis.EnrolmentValid, CVEC: "VER5ABCDEF12"}
	cancelled, blank := e, e
	cancelled.Status, blank.CVEC = sis.EnrolmentCancelled, " "
	if !cvec.Expected(e, 2026) || cvec.Expected(e, 2025) || cvec.Expected(cancelled, 2026) || cvec.Expected(blank, 2026) {
		t.Error("the list is not that of the valid enrolments of the year with a certificate")
	}
}

func BenchmarkExporter(b *testing.B) {
	x, err := cvec.NewExporter(io.Discard, cvec.Layout{Columns: all()})
	if err != nil {
		b.Fatal(err)
	}
	l := listed(0, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := x.Write(l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExporterFloor writes the same cells, made beforehand, through encoding/csv.
func BenchmarkExporterFloor(b *testing.B) {
	w := csv.NewWriter(io.Discard)
	w.Comma = ';'
	cells := strings.Split("0782562L|VER5ABCDEF12|1234567890V|Noël;Roux|Œuvrard|Zoé Ana|29/02/2004|2026|0|01/09/2026|X|", "|")
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(cells); err != nil {
			b.Fatal(err)
		}
	}
}
