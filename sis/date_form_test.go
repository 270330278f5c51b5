package sis_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestDateForm(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ form, text, want string }{
		0: {"DD.MM.YYYY", "28.02.2007", "2007-02-28"},
		1: {"YYYYMMDD", "20070228", "2007-02-28"},
		2: {"YYYYMMDD", "2007022", ""},
		3: {"YYYYMMDD", "2007O228", ""},
		4: {"DD/MM/YYYY HH:MI", "00/00/1990 23:59", "1990-00-00T23:59:00"},
		5: {"DD/MM/YYYY HH:MI:SS", "01/02/1990 01:02:03", "1990-02-01T01:02:03"},
		6: {"DD.MM.YYYY", "28/02/2007", ""},
		7: {"Le DD MM YYYY", "Le 28 02 2007", "2007-02-28"},
	} {
		f, err := sis.ParseDateForm(c.form)
		if err != nil {
			t.Errorf("%d: form %q is refused: %v", i, c.form, err)
			continue
		}
		got, ok := f.ISO(c.text)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%d: %q as %q is %q, want %q", i, c.text, c.form, got, c.want)
		}
		var again sis.DateForm
		if err := again.UnmarshalText([]byte(f.String())); err != nil || again != f {
			t.Errorf("%d: %q comes back as %q, %v", i, f, again, err)
		}
	}
	for i, c := range []struct{ form, rule string }{
		0: {"", "parts"}, 1: {"JJ/MM/AAAA", "parts"}, 2: {"YYYY-MM", "parts"}, 3: {"YYYY-MM-DD-DD", "parts"},
		4: {"YYYY-MM-DD HH", "parts"}, 5: {"YYYY-MM-DD SS", "parts"}, 6: {"YYYY1MM1DD", "character"},
		7: {"YYYY–MM–DD", "character"}, 8: {"le jour DD du mois MM YYYY", "length"},
		9: {"DD-MMM-YYYY", "parts"}, 10: {"DD/MM/YYYYY", "parts"}, 11: {"YYYY-MM-DD HH:MI AM", "parts"},
	} {
		_, err := sis.ParseDateForm(c.form)
		if fault, ok := errors.AsType[*passerelle.ParseError](err); !ok || fault.Rule != c.rule {
			t.Errorf("%d: form %q: %v, want the rule %q", i, c.form, err, c.rule)
		}
	}
	if _, ok := (sis.DateForm{}).ISO(""); ok {
		t.Error("the zero form fits an empty text")
	}
}

// TestCSVDates reads a file with dates of its own: its form comes first, and the
// documented ones are read besides.
func TestCSVDates(t *testing.T) {
	t.Parallel()
	const file = "student;birth_date;modified_at\n1;28.02.2007;20260901 1030\n2;2007-02-28;2026-09-01\n3;31.02.2007;\n4;02282007;\n"
	src, err := sis.NewCSV("base", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(file)), nil }, sis.CSVOptions{
		Required: []string{"student"},
		Dates:    []sis.DateForm{sis.MustParseDateForm("DD.MM.YYYY"), sis.MustParseDateForm("YYYYMMDD HHMI")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for s, err := range src.Students(t.Context(), sis.Query{}) {
		if row, ok := errors.AsType[*sis.RowError](err); ok {
			got = append(got, row.ID.Local+" refused "+row.Field)
			continue
		}
		got = append(got, s.ID.Local+" "+s.Person.BirthDate.String()+" "+s.ModifiedAt.Format("2006-01-02T15:04"))
	}
	want := "1 2007-02-28 2026-09-01T10:30, 2 2007-02-28 2026-09-01T00:00, 3 refused birth_date, 4 refused birth_date"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
}
