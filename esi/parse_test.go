package esi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const urn = esi.Prefix

func TestRead(t *testing.T) {
	t.Parallel()
	type parts struct {
		Text, Scope, Code, PIC, Country string
		Form                            esi.Form
	}
	long := strings.Repeat("x", maxCode("fr"))
	tests := [...]struct {
		in       string
		want     parts
		variants []esi.Variant
	}{
		0: {urn + "fr:123456789AB", parts{urn + "fr:123456789AB", "fr", "123456789AB", "", "FR", esi.CountryForm}, nil},
		1: {urn + "HR:xxxxxxxxxx", parts{urn + "HR:xxxxxxxxxx", "HR", "xxxxxxxxxx", "", "HR", esi.CountryForm}, nil},
		2: {urn + "uio.no:1234567890", parts{urn + "uio.no:1234567890", "uio.no", "1234567890", "", "NO", esi.InstitutionForm}, nil},
		3: {urn + "unipv.it:999001", parts{urn + "unipv.it:999001", "unipv.it", "999001", "", "IT", esi.InstitutionForm}, nil},
		4: {urn + "ES-AN:77", parts{urn + "ES-AN:77", "ES-AN", "77", "", "ES", esi.RegionForm}, nil},
		5: {urn + "ladok.se:externtstudentuid-abc-123-def", parts{urn + "ladok.se:externtstudentuid-abc-123-def", "ladok.se", "externtstudentuid-abc-123-def", "", "SE", esi.InstitutionForm}, nil},
		6: {urn + "yyy.uma.es:a%2Fb", parts{urn + "yyy.uma.es:a%2Fb", "yyy.uma.es", "a%2Fb", "", "ES", esi.InstitutionForm}, nil},
		7: {urn + "se:123", parts{urn + "se:123", "se", "123", "", "SE", esi.CountryForm}, nil},
		8: {urn + "fr:" + long, parts{urn + "fr:" + long, "fr", long, "", "FR", esi.CountryForm}, nil},
		9: {urn + "ox.ac.uk:1", parts{urn + "ox.ac.uk:1", "ox.ac.uk", "1", "", "GB", esi.InstitutionForm}, nil},
		10: {
			"URN:SCHAC:PERSONALUNIQUECODE:INT:ESI:FR:123456789ab", parts{urn + "FR:123456789ab", "FR", "123456789ab", "", "FR", esi.CountryForm},
			[]esi.Variant{esi.PrefixCase},
		},
		11: {
			"urn:schac:PersonalUniqueCode:int:esi:uma.es:7", parts{urn + "uma.es:7", "uma.es", "7", "", "ES", esi.InstitutionForm},
			[]esi.Variant{esi.PrefixCase},
		},
		12: {
			" \t" + urn + "fr:123456789AB\n", parts{urn + "fr:123456789AB", "fr", "123456789AB", "", "FR", esi.CountryForm},
			[]esi.Variant{esi.Blanks},
		},
		13: {
			"ES-999898311-0617102195", parts{"ES-999898311-0617102195", "ES", "0617102195", "999898311", "ES", esi.LegacyForm},
			[]esi.Variant{esi.LegacySyntax},
		},
		14: {
			"FR-999465982-123456789AB", parts{"FR-999465982-123456789AB", "FR", "123456789AB", "999465982", "FR", esi.LegacyForm},
			[]esi.Variant{esi.LegacySyntax},
		},
		15: {
			"urn:schac:PersonalUniqueCode:es:ESI:uma.es:xxx", parts{urn + "uma.es:xxx", "uma.es", "xxx", "", "ES", esi.InstitutionForm},
			[]esi.Variant{esi.CountryFirst},
		},
		16: {
			"urn:schac:PersonalUniqueCode:hr:ESI:xxx", parts{urn + "hr:xxx", "hr", "xxx", "", "HR", esi.CountryForm},
			[]esi.Variant{esi.CountryFirst},
		},
		17: {
			"urn:schac:PersonalUniqueCode:int:uma.es:0617", parts{urn + "uma.es:0617", "uma.es", "0617", "", "ES", esi.InstitutionForm},
			[]esi.Variant{esi.NoLabel},
		},
		18: {
			"urn:mace:terena.org:schac:personalUniqueCode:int:studentID:es:99", parts{urn + "es:99", "es", "99", "", "ES", esi.CountryForm},
			[]esi.Variant{esi.TerenaStudentID},
		},
		19: {
			urn + "uma.es:a:b:c", parts{urn + "uma.es:a:b:c", "uma.es", "a:b:c", "", "ES", esi.InstitutionForm},
			[]esi.Variant{esi.ColonInCode},
		},
		20: {
			urn + "eu:1234567", parts{urn + "eu:1234567", "eu", "1234567", "", "EU", esi.CountryForm},
			[]esi.Variant{esi.UnassignedScope},
		},
		21: {
			urn + "XX-1:7", parts{urn + "XX-1:7", "XX-1", "7", "", "XX", esi.RegionForm},
			[]esi.Variant{esi.UnassignedScope},
		},
		22: {
			urn + "univ_paris:7", parts{urn + "univ_paris:7", "univ_paris", "7", "", "", esi.UnknownForm},
			[]esi.Variant{esi.IrregularScope},
		},
		23: {
			" URN:schac:personalUniqueCode:int:esi:eu:a:b", parts{urn + "eu:a:b", "eu", "a:b", "", "EU", esi.CountryForm},
			[]esi.Variant{esi.Blanks, esi.PrefixCase, esi.UnassignedScope, esi.ColonInCode},
		},
		24: {
			"ZZ-999898311-0617102195", parts{"ZZ-999898311-0617102195", "ZZ", "0617102195", "999898311", "ZZ", esi.LegacyForm},
			[]esi.Variant{esi.LegacySyntax, esi.UnassignedScope},
		},
		25: {urn + "myacademy.org:7", parts{urn + "myacademy.org:7", "myacademy.org", "7", "", "", esi.InstitutionForm}, nil},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r, err := esi.Read(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			id := r.ID
			testutil.Equal(t, "parts", parts{id.String(), id.Scope(), id.Code(), id.PIC(), id.Country(), id.Form()}, tt.want)
			testutil.Equal(t, "variants", r.Variants, tt.variants)
			if r.Raw != tt.in {
				t.Errorf("raw %q, want %q", r.Raw, tt.in)
			}

			draft := r.Has(esi.CountryFirst) || r.Has(esi.NoLabel) || r.Has(esi.TerenaStudentID)
			parsed, err := esi.Parse(tt.in)
			if draft != r.Draft() || (err == nil) == draft || !draft && parsed != id {
				t.Errorf("draft %v; Parse gives %v, %v", r.Draft(), parsed, err)
			}
			strict, err := esi.ParseStrict(tt.in)
			var pe *passerelle.ParseError
			if len(tt.variants) == 0 {
				if err != nil || strict != id {
					t.Errorf("ParseStrict gives %v, %v", strict, err)
				}
			} else if !errors.As(err, &pe) || pe.Rule != string(tt.variants[0]) || pe.Want == "" {
				t.Errorf("ParseStrict: %v, want rule %q", err, tt.variants[0])
			}
		})
	}
	if _, err := esi.ParseStrict(urn+"uma.es:a:b", esi.AllowColon()); err != nil {
		t.Errorf("a colon allowed on purpose: %v", err)
	}
	if _, err := esi.ParseStrict(urn+"eu:a:b", esi.AllowColon()); err == nil {
		t.Error("allowing a colon allows an unassigned country")
	}
}

// maxCode returns how long the code may be in a scope.
func maxCode(scope string) int { return esi.MaxLen - len(urn) - len(scope) - 1 }

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	at := len(urn)
	tests := [...]struct {
		in   string
		rule string
		pos  int
	}{
		0:  {"", "prefix", 1},
		1:  {"   ", "prefix", 1},
		2:  {"urn:schac:personalUniqueCode:fi:tut.fi:hetu:010161-995A", "prefix", 30},
		3:  {"urn:schac:personalUniqueCode:int:studentID:es:99", "prefix", 34},
		4:  {"urn:schac:personalUniqueCode:es:uma.es:99", "prefix", 30},
		5:  {urn, "scope", at + 1},
		6:  {urn + "fr", "scope", at + 1},
		7:  {urn + ":123", "scope", at + 1},
		8:  {urn + "fr:", "code", 0},
		9:  {urn + "fr:a/b", "character", at + 5},
		10: {urn + "fr:a b", "character", at + 5},
		11: {urn + `fr:a"b`, "character", at + 5},
		12: {urn + "fr:é", "character", at + 4},
		13: {urn + "fr:a%2", "escape", at + 5},
		14: {urn + "fr:%zz", "escape", at + 4},
		15: {urn + "fr:ab%00", "escape", at + 6},
		16: {urn + "fr:" + strings.Repeat("x", maxCode("fr")+1), "length", 0},
		17: {urn + "f é:x", "character", at + 2},
		18: {"  " + urn + "fr:a?", "character", at + 7},
		19: {"FR-999465982-", "code", 0},
		20: {"FR-99946598-1234", "prefix", 1},
		21: {"FRA-999465982-1", "prefix", 1},
		22: {"FR-999465982-a b", "character", 15},
		23: {"123456789AB", "prefix", 1},
		24: {"urn:schac:PersonalUniqueCode:hr:ESI:" + strings.Repeat("x", 255-36), "length", 0}, // grows when rewritten
		25: {"urn:schac:PersonalUniqueCode:hr:ESI:", "code", 0},
		26: {urn + "fr:a#", "character", at + 5},
		27: {urn + "fr:" + "\x00", "character", at + 4},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r, err := esi.Read(tt.in)
			var pe *passerelle.ParseError
			if !errors.As(err, &pe) || pe.Rule != tt.rule || pe.Pos != tt.pos {
				t.Fatalf("Read(%q) = %+v, %v; want rule %q at %d", tt.in, r, err, tt.rule, tt.pos)
			}
			if _, err := esi.Parse(tt.in); !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("Parse: %v, want ErrInvalid", err)
			}
		})
	}
}

// Every octet, judged by RFC 2141, 2.2 to 2.4.
func TestCodeCharacters(t *testing.T) {
	t.Parallel()
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()+,-.:=@;$_!*'"
	for c := range 256 {
		code := "x" + string([]byte{byte(c)}) + "y"
		_, err := esi.Country("HR", code, esi.AllowColon())
		if want := strings.IndexByte(allowed, byte(c)) >= 0; (err == nil) != want {
			t.Errorf("octet %#02x: accepted %v, want %v (%v)", c, err == nil, want, err)
		}
	}
}

func TestEquality(t *testing.T) {
	t.Parallel()
	a := esi.MustParse(urn + "fr:123456789AB")
	b := esi.MustParse("URN:SCHAC:PERSONALUNIQUECODE:INT:ESI:FR:123456789ab")
	c := esi.MustParse(urn + "fr:123456789AC")
	if !a.Equal(b) || a.Key() != b.Key() || a.Key() != strings.ToLower(a.String()) {
		t.Errorf("%v and %v are one identifier; keys %q and %q", a, b, a.Key(), b.Key())
	}
	if a.Equal(c) || a.Key() == c.Key() || a.Equal(esi.ID{}) {
		t.Errorf("%v and %v are two identifiers", a, c)
	}
	if !(esi.ID{}).IsZero() || a.IsZero() || (esi.ID{}).String() != "" || (esi.ID{}).Key() != "" {
		t.Error("the zero identifier is not empty")
	}
}

func TestIDEncodings(t *testing.T) {
	t.Parallel()
	type record struct {
		A, B esi.ID
	}
	in := record{A: esi.MustParse(urn + "fr:123456789AB")}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"A":"` + urn + `fr:123456789AB","B":""}`; string(data) != want {
		t.Errorf("JSON %s, want %s", data, want)
	}
	out := record{B: in.A}
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("read back as %v, %v; want %v", out, err, in)
	}
	if err := json.Unmarshal([]byte(`{"A":"123"}`), &out); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no identifier: %v, want ErrInvalid", err)
	}
}

func TestNoPersonalData(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "123456789AB", "0617102195", "7f3a9c")
	log := leaks.Logger()
	reading, err := esi.Read("URN:schac:personalUniqueCode:int:esi:fr:123456789AB")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("read", slog.Any("reading", reading), slog.Any("id", reading.ID))
	log.Info("legacy", slog.Any("id", esi.MustParse("ES-999898311-0617102195")))
	log.Info("user", slog.Any("id", esi.MustParseUserID("7f3a9c@myacademicid.org")))
	if !strings.Contains(leaks.Log(), "country:fr:***") || !strings.Contains(leaks.Log(), "prefix-case") {
		t.Errorf("the log does not show scope and deviations: %s", leaks.Log())
	}
	for _, bad := range []string{urn + "fr:123456789AB/", urn + "123456789AB", "123456789AB", "ES-999898311-0617102195é"} {
		_, err := esi.Read(bad)
		if err == nil {
			t.Errorf("%q is read", bad)
		}
		leaks.Error(err)
	}
	_, err = esi.Pick([]string{urn + "fr:123456789AB", urn + "uma.es:0617102195"})
	leaks.Error(err)
	_, err = esi.France{}.Release("123456789AB", "987654321CD")
	leaks.Error(err)
	leaks.Check(t)
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		urn + "fr:123456789AB", "URN:SCHAC:PERSONALUNIQUECODE:INT:ESI:FR:123456789ab", "ES-999898311-0617102195",
		"urn:schac:PersonalUniqueCode:es:ESI:uma.es:xxx", "urn:schac:PersonalUniqueCode:hr:ESI:xxx", "urn:schac:PersonalUniqueCode:int:uma.es:1",
		"urn:mace:terena.org:schac:personalUniqueCode:int:studentID:es:99", urn + "uma.es:a:b%2F", urn + "-:%", "\u212afr", "\u00a0" + urn + "eu:1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := esi.Read(s)
		if err != nil {
			var pe *passerelle.ParseError
			if !errors.As(err, &pe) || !r.ID.IsZero() {
				t.Fatalf("Read(%q) = %+v, %v", s, r, err)
			}
			return
		}
		id := r.ID
		if len(id.String()) > esi.MaxLen || id.Scope() == "" || id.Code() == "" || id.Form() == esi.NoForm {
			t.Fatalf("Read(%q) = %+v", s, r)
		}
		again, err := esi.Read(id.String())
		if err != nil || again.ID != id || again.Draft() || again.Has(esi.PrefixCase) {
			t.Fatalf("%q reads as %v, which reads as %+v, %v", s, id, again, err)
		}
		if lower, err := esi.Parse(id.Key()); err != nil || !lower.Equal(id) || lower.Key() != id.Key() {
			t.Fatalf("the key of %v reads as %v, %v", id, lower, err)
		}
		if strict, err := esi.ParseStrict(s); err == nil && (strict.String() != s || len(r.Variants) > 0) {
			t.Fatalf("ParseStrict(%q) = %v although %v", s, strict, r.Variants)
		}
		_ = esi.Conformance(id)
	})
}
