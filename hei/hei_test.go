package hei_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/hei"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestErasmusVectors holds codes against the published normalisation.
func TestErasmusVectors(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testutil.Shared(t, "fixtures/emrex/hei/erasmus_code_vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		var v struct {
			Input, Normalised, Prefix, City, Number string
			Grammar                                 bool   `json:"grammar_ok"`
			Country                                 string `json:"country_eu"`
		}
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		c, err := hei.ParseErasmusCode(v.Input)
		if (err == nil) != (v.Normalised != "") || c.String() != v.Normalised {
			t.Errorf("%q: %q, %v, want %q", v.Input, c, err, v.Normalised)
			continue
		}
		got := []any{c.Prefix(), c.City(), c.Number(), c.Country(), c.IsRegular()}
		testutil.Equal(t, v.Input, got, []any{v.Prefix, v.City, v.Number, v.Country, v.Grammar})
		if again, err := hei.ParseErasmusCode(c.String()); err == nil && again != c {
			t.Errorf("%q: normalised twice %q, want %q", v.Input, again, c)
		}
	}
	if n != 111 {
		t.Errorf("%d vectors, want 111", n)
	}
}

func TestErasmusCodes(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ in, want, country string }{
		0: {"F\u00a0 Paris 1", "F  PARIS01", "FR"},
		1: {"NL  UTRECHT01", "NL UTRECHT01", "NL"},
		2: {"irl dublin01", "IRLDUBLIN01", "IE"},
		3: {"\uff26 \uff30\uff21\uff32\uff29\uff33001", "F  PARIS001", "FR"},
		4: {"G  ATHINE01", "G  ATHINE01", "EL"},
		5: {"F  ST. ETIE. 01", "F  ST--ETIE01", "FR"},
		6: {"X  CITY01", "X  CITY01", ""},
	} {
		got, err := hei.ParseErasmusCode(c.in)
		if err != nil || got.String() != c.want || got.Country() != c.country {
			t.Errorf("%d: %q, %s, %v, want %q, %s", i, got, got.Country(), err, c.want, c.country)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	parse := map[string]func(string) (string, error){
		"PIC":    func(s string) (string, error) { v, err := hei.ParsePIC(s); return v.String(), err },
		"OID":    func(s string) (string, error) { v, err := hei.ParseOID(s); return v.String(), err },
		"domain": func(s string) (string, error) { v, err := hei.ParseDomain(s); return v.String(), err },
	}
	for i, c := range []struct {
		typ, in, want, rule string
		pos                 int
	}{
		0:  {"PIC", "999898311", "999898311", "", 0},
		1:  {"PIC", " 999898311\t", "999898311", "", 0},
		2:  {"PIC", "99989831", "", "length", 0},
		3:  {"PIC", "9.9958762E8", "", "character", 2},
		4:  {"PIC", "٩٩٩٨٩٨٣١١", "", "character", 1},
		5:  {"PIC", "E10158141", "", "character", 1},
		6:  {"PIC", "", "", "length", 0},
		7:  {"OID", "e10158141", "E10158141", "", 0},
		8:  {"OID", "10158141", "", "character", 1},
		9:  {"OID", "E1015814", "", "length", 0},
		10: {"domain", "Univ-Tours.FR", "univ-tours.fr", "", 0},
		11: {"domain", "0740047Z.educonnect.education.gouv.fr", "0740047z.educonnect.education.gouv.fr", "", 0},
		12: {"domain", "localhost", "", "label", 0},
		13: {"domain", "10.0.0.1", "", "label", 8},
		14: {"domain", "a..fr", "", "length", 3},
		15: {"domain", "uni-.fr", "", "character", 4},
		16: {"domain", "https://uw.edu.pl", "", "character", 6},
		17: {"domain", "\u212aielce.pl", "", "character", 1},
	} {
		got, err := parse[c.typ](c.in)
		e, _ := errors.AsType[*passerelle.ParseError](err)
		if got != c.want || (e == nil) != (c.rule == "") || e != nil && (e.Rule != c.rule || e.Pos != c.pos || e.Type != c.typ) {
			t.Errorf("%d: %q, %v, want %q, rule %q at %d", i, got, err, c.want, c.rule, c.pos)
		}
	}
}

func FuzzIdentifiers(f *testing.F) {
	for _, s := range []string{"", "F  PARIS001", "IRL", "É  A1", "999898311", "E10158141", "uw.edu.pl", "F \xff1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := hei.ParseErasmusCode(s); err == nil {
			again, err := hei.ParseErasmusCode(c.String())
			if c.IsRegular() && (err != nil || again != c) {
				t.Errorf("%q is regular, and normalised again %q, %v", c, again, err)
			}
		}
		if d, err := hei.ParseDomain(s); err == nil && hei.MustParseDomain(d.String()) != d {
			t.Errorf("%q is not kept", d)
		}
		if p, err := hei.ParsePIC(s); err == nil && len(p.String()) != 9 {
			t.Errorf("PIC %q", p)
		}
		if o, err := hei.ParseOID(s); err == nil && len(o.String()) != 9 {
			t.Errorf("OID %q", o)
		}
	})
}
