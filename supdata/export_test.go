package supdata_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
)

func layout() supdata.Layout {
	return supdata.Layout{
		Columns: []supdata.Column{
			{Title: "Établissement", Field: supdata.FieldUAI}, {Title: "Né(e) le", Field: supdata.FieldBirthDate},
			{Title: "INE", Field: supdata.FieldINE}, {Title: "Vide"}, {Title: "Statut", Field: supdata.FieldStatus},
			{Title: "Régime", Field: supdata.FieldRegime}, {Title: "Origine", Text: func(supdata.Enrolment) string { return `a;"b"` }},
		},
		Codes: supdata.InferredCodes(), Header: true, DateFormat: "02/01/2006",
	}
}

func export(t *testing.T, l supdata.Layout, e ...supdata.Enrolment) string {
	t.Helper()
	var out bytes.Buffer
	x, err := supdata.NewExporter(&out, l)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range e {
		if err := x.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestExportLayout writes one enrolment in several layouts.
func TestExportLayout(t *testing.T) {
	t.Parallel()
	want := "Établissement;Né(e) le;INE;Vide;Statut;Régime;Origine\n" +
		`0011402U;26/12/1996;0AYIOP071Y8;;inscrit;formation initiale hors apprentissage;"a;""b"""` + "\n"
	testutil.Equal(t, "UTF-8", export(t, layout(), goodEnrolment()), want)
	l := layout()
	l.Encoding = supdata.UTF8BOM
	testutil.Equal(t, "UTF-8 with mark", export(t, l, goodEnrolment()), "\ufeff"+want)
	for encoding, set := range map[supdata.Encoding]*charmap.Charmap{supdata.Windows1252: charmap.Windows1252, supdata.ISO8859_15: charmap.ISO8859_15} {
		l.Encoding = encoding
		back, err := set.NewDecoder().String(export(t, l, goodEnrolment()))
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "charset", back, want)
	}
	all := supdata.Layout{Codes: supdata.InferredCodes(), Separator: '\t', CRLF: true}
	for _, f := range supdata.Fields() {
		all.Columns = append(all.Columns, supdata.Column{Field: f})
	}
	testutil.Equal(t, "all fields", export(t, all, goodEnrolment()),
		"0AYIOP071Y8\t1996-12-26\t2026-09-01\t2027-08-31\tinscrit\tformation initiale hors apprentissage\t67482\t0011402U\tL\t2500123\t01\r\n")
}

// TestExportRefuses lists the faults of a layout, and refuses rows without writing them.
func TestExportRefuses(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		change func(*supdata.Layout)
		want   []string
	}{
		0: {func(l *supdata.Layout) { *l = supdata.Layout{} }, []string{"Columns", "Codes.Statuses"}},
		1: {func(l *supdata.Layout) { l.Columns[2].Field = "nir" }, []string{"Columns[2].Field"}},
		2: {func(l *supdata.Layout) { l.Separator = '"' }, []string{"Separator"}},
		3: {func(l *supdata.Layout) { l.DateFormat = "jj/mm/aaaa" }, []string{"DateFormat"}},
		4: {func(l *supdata.Layout) { l.Encoding = 9 }, []string{"Encoding"}},
	} {
		l := layout()
		c.change(&l)
		_, err := supdata.NewExporter(&bytes.Buffer{}, l)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.want) {
			t.Errorf("%d: faults of %v; want %v", i, fields, c.want)
		}
	}
	var out bytes.Buffer
	l := layout()
	l.Header, l.Encoding = false, supdata.Windows1252
	l.Columns[6].Text = func(supdata.Enrolment) string { return "Łódź" }
	x, err := supdata.NewExporter(&out, l)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Write(goodEnrolment()); !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), "Columns[6]") || strings.Contains(err.Error(), "dź") {
		t.Errorf("a character that the encoding lacks = %v", err)
	}
	bad := goodEnrolment()
	bad.BirthDate.Day = 0
	if err := x.Write(bad); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a bad enrolment = %v", err)
	}
	if err := x.Flush(); err != nil || out.Len() != 0 {
		t.Errorf("refused enrolments left %d bytes, %v", out.Len(), err)
	}
}

// TestFeederExports writes what could be fed, without client or ledger, and reports the rest.
func TestFeederExports(t *testing.T) {
	t.Parallel()
	b, _ := school(5)
	b.students[0].INEState = sis.INELitige
	b.enrolments[1].Status = sis.EnrolmentCancelled
	b.enrolments[2].Regime = "99"
	f, err := supdata.NewFeeder(supdata.FeederConfig{Source: b, Year: 2026})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, err := f.Export(t.Context(), &out, layout())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "counts", r.Counts, map[supdata.Outcome]int{supdata.Held: 1, supdata.NeverFed: 1, supdata.Invalid: 1, supdata.Planned: 2})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[1], b.students[3].INE) || !strings.Contains(lines[2], b.students[4].INE) {
		t.Errorf("the file has the lines %q", lines)
	}
	var table bytes.Buffer
	if err := r.WriteCSV(&table); err != nil || strings.Count(table.String(), "\n") != 3 {
		t.Errorf("the report as CSV: %q, %v", table.String(), err)
	}
}
