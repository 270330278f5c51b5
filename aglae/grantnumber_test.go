package aglae_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ine"
)

func TestParseGrantNumber(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ in, want, rule string }{
		0:  {in: "1118000001X", want: "1118000001X"},
		1:  {in: " 1118 000 001x\t", want: "1118000001X"},
		2:  {in: "1118\u00a0000001X", want: "1118000001X"},
		3:  {in: "1118\xa0000001X", want: "1118000001X"}, // Windows-1252
		4:  {in: "1", want: "1"},
		5:  {in: "ABCDEFGHIJKLM", want: "ABCDEFGHIJKLM"},
		6:  {in: "ABCDEFGHIJKLMN", rule: "length"},
		7:  {in: "", rule: "length"},
		8:  {in: " \t ", rule: "length"},
		9:  {in: "12É", rule: "character at position 3"},
		10: {in: "12\x003", rule: "character at position 3"},
		11: {in: "1 2\xff", rule: "character at position 3"},
		12: {in: "12-34/5", want: "12-34/5"},
	} {
		got, err := aglae.ParseGrantNumber(c.in)
		if c.rule != "" {
			if err == nil || !errors.Is(err, passerelle.ErrInvalid) || !strings.HasPrefix(err.Error(), "grant number: "+c.rule) {
				t.Errorf("%d: error %v; want the rule %q", i, err, c.rule)
			}
			if !got.IsZero() {
				t.Errorf("%d: a number beside an error", i)
			}
			continue
		}
		if err != nil || got.String() != c.want {
			t.Errorf("%d: %q, %v; want %q", i, got, err, c.want)
		}
	}
	if a, b := aglae.MustParseGrantNumber("12 34x"), aglae.MustParseGrantNumber("1234X"); a != b {
		t.Error("two spellings of one number differ")
	}
}

func TestGrantNumberAndINE(t *testing.T) {
	t.Parallel()
	n := ine.MustParse("1234567890V")
	g := aglae.GrantNumberOf(n)
	if g.String() != "1234567890V" {
		t.Errorf("the grant number of an INE is %q", g)
	}
	if back, ok := g.INE(); !ok || back != n {
		t.Errorf("INE is %v, %v", back, ok)
	}
	if _, ok := aglae.MustParseGrantNumber("1234567").INE(); ok {
		t.Error("a number of seven characters is an INE")
	}
	if !aglae.GrantNumberOf(ine.Number{}).IsZero() {
		t.Error("no INE makes a grant number")
	}
}

func TestParseDocumentNumber(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in, rule     string
		year         int
		crous, grant string
	}{
		0: {in: "2014MON1118000001X", year: 2014, crous: "MON", grant: "1118000001X"},
		1: {in: " 2014 mon 1118000001x ", year: 2014, crous: "MON", grant: "1118000001X"},
		2: {in: "2014MON", rule: "length"},
		3: {in: "2014MON1118000001XY", rule: "length"},
		4: {in: "201AMON1118000001X", rule: "character at position 4: want a digit of the year"},
		5: {in: "2014M0N1118000001X", rule: "character at position 6: want a letter of the Crous"},
		6: {in: "2014MON1118000001É", rule: "character at position 18"},
		7: {in: "", rule: "length"},
	} {
		got, err := aglae.ParseDocumentNumber(c.in)
		if c.rule != "" {
			if err == nil || !errors.Is(err, passerelle.ErrInvalid) || !strings.HasPrefix(err.Error(), "document number: "+c.rule) {
				t.Errorf("%d: error %v; want the rule %q", i, err, c.rule)
			}
			if !got.IsZero() {
				t.Errorf("%d: a number beside an error", i)
			}
			continue
		}
		if err != nil || got.Year() != c.year || got.Crous() != c.crous || got.GrantNumber().String() != c.grant {
			t.Errorf("%d: %d %q %q, %v; want %d %q %q", i, got.Year(), got.Crous(), got.GrantNumber(), err, c.year, c.crous, c.grant)
		}
		if want := "2014MON1118000001X"; got.String() != want {
			t.Errorf("%d: String is %q; want %q", i, got, want)
		}
	}
	var zero aglae.DocumentNumber
	if zero.Year() != 0 || zero.Crous() != "" || zero.String() != "" || !zero.GrantNumber().IsZero() {
		t.Error("the zero document number says something")
	}
}

func TestNumbersInText(t *testing.T) {
	t.Parallel()
	type record struct {
		Grant    aglae.GrantNumber    `json:"grant"`
		Document aglae.DocumentNumber `json:"document"`
	}
	for i, c := range []string{
		0: `{"grant":"1118000001X","document":"2014MON1118000001X"}`,
		1: `{"grant":"","document":""}`,
	} {
		r := record{Grant: aglae.MustParseGrantNumber("9"), Document: aglae.MustParseDocumentNumber("2015MON1118000001X")}
		if err := json.Unmarshal([]byte(c), &r); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if back, err := json.Marshal(r); err != nil || string(back) != c {
			t.Errorf("%d: written as %s, %v; want %s", i, back, err, c)
		}
	}
	var r record
	if err := json.Unmarshal([]byte(`{"grant":"ABCDEFGHIJKLMN"}`), &r); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a number of 14 characters: %v", err)
	}
}

func TestNumbersAreMasked(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x",
		"grant", aglae.MustParseGrantNumber("1118000001X"), "document", aglae.MustParseDocumentNumber("2014MON1118000001X"))
	if strings.Contains(log.String(), "1118") || !strings.Contains(log.String(), "grant=*** document=2014MON***") {
		t.Errorf("logged %s", log.String())
	}
}

func FuzzParseGrantNumber(f *testing.F) {
	for _, s := range []string{"1118000001X", " 12 34x", "ABCDEFGHIJKLMN", "é", "\xa0", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := aglae.ParseGrantNumber(s)
		if err != nil {
			if !n.IsZero() || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("%q beside %v", n, err)
			}
			return
		}
		if again, err := aglae.ParseGrantNumber(n.String()); err != nil || again != n || n.IsZero() {
			t.Fatalf("%q is read again as %q, %v", n, again, err)
		}
	})
}

func FuzzParseDocumentNumber(f *testing.F) {
	for _, s := range []string{"2014MON1118000001X", "2014 mon 1118000001x", "2014", "é", "20É4MON1118000001X"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := aglae.ParseDocumentNumber(s)
		if err != nil {
			if !n.IsZero() || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("%q beside %v", n, err)
			}
			return
		}
		if again, err := aglae.ParseDocumentNumber(n.String()); err != nil || again != n {
			t.Fatalf("%q is read again as %q, %v", n, again, err)
		}
		if n.String()[7:] != n.GrantNumber().String() {
			t.Fatalf("%q ends by %q", n, n.GrantNumber())
		}
	})
}

func BenchmarkParseGrantNumber(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := aglae.ParseGrantNumber("1118000001x"); err != nil {
			b.Fatal(err)
		}
	}
}
