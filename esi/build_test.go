package esi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestBuild(t *testing.T) {
	t.Parallel()
	country := func(a, b string) (esi.ID, error) { return esi.Country(a, b) }
	region := func(a, b string) (esi.ID, error) { return esi.Region(a, b) }
	sho := func(a, b string) (esi.ID, error) { return esi.HomeOrganization(a, b) }
	tests := [...]struct {
		build       func(scope, code string) (esi.ID, error)
		scope, code string
		want        string // "" when refused
		rule        string
	}{
		0:  {country, "DE", "12345", urn + "DE:12345", ""},
		1:  {country, "hr", "xxxxxxxxxx", urn + "hr:xxxxxxxxxx", ""},
		2:  {sho, "lmu.de", "12345", urn + "lmu.de:12345", ""},
		3:  {sho, "ladok.se", "externtstudentuid-abc-123-def", urn + "ladok.se:externtstudentuid-abc-123-def", ""},
		4:  {sho, "0740047Z.educonnect.education.gouv.fr", "7", urn + "0740047Z.educonnect.education.gouv.fr:7", ""},
		5:  {region, "ES-AN", "7", urn + "ES-AN:7", ""},
		6:  {region, "fr-971", "7", urn + "fr-971:7", ""},
		7:  {country, "DE", "a%2Fb", urn + "DE:a%2Fb", ""},
		8:  {country, "XX", "1", "", "country"},
		9:  {country, "", "1", "", "country"},
		10: {country, "UK", "1", "", "country"},
		11: {country, "EU", "1", "", "country"},
		12: {country, "XK", "1", "", "country"},
		13: {country, "DEU", "1", "", "country"},
		14: {country, "D1", "1", "", "country"},
		15: {country, "é", "1", "", "country"},
		16: {sho, "", "1", "", "domain"},
		17: {sho, "lmu", "1", "", "domain"},
		18: {sho, "lmu..de", "1", "", "domain"},
		19: {sho, "-lmu.de", "1", "", "domain"},
		20: {sho, "lmu_x.de", "1", "", "domain"},
		21: {sho, "université.fr", "1", "", "domain"},
		22: {sho, "192.0.2.1", "1", "", "domain"},
		23: {sho, strings.Repeat("a", 64) + ".de", "1", "", "domain"},
		24: {region, "XX-1", "7", "", "region"},
		25: {region, "FR-", "7", "", "region"},
		26: {region, "FR-1234", "7", "", "region"},
		27: {region, "FR", "7", "", "region"},
		28: {country, "DE", "", "", "code"},
		29: {country, "DE", strings.Repeat("1", 300), "", "length"},
		30: {country, "DE", "a/b", "", "character"},
		31: {country, "DE", "a b", "", "character"},
		32: {country, "DE", `a"b`, "", "character"},
		33: {country, "DE", "é", "", "character"},
		34: {country, "DE", "a%2", "", "escape"},
		35: {country, "DE", "%zz", "", "escape"},
		36: {country, "DE", "a:b", "", "colon"},
		37: {sho, strings.Repeat("a.", 110) + "de", "12345", "", "length"},
		38: {region, "FR-é", "7", "", "region"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			id, err := tt.build(tt.scope, tt.code)
			if id.String() != tt.want {
				t.Errorf("built %q, want %q (%v)", id, tt.want, err)
			}
			var pe *passerelle.ParseError
			if tt.rule != "" {
				if !errors.As(err, &pe) || pe.Rule != tt.rule {
					t.Errorf("error %v, want rule %q", err, tt.rule)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, err := esi.ParseStrict(id.String()); err != nil || again != id {
				t.Errorf("what was built reads as %v, %v", again, err)
			}
		})
	}
	id, err := esi.Country("DE", "a:b", esi.AllowColon())
	if err != nil || id.Code() != "a:b" {
		t.Errorf("a colon allowed on purpose: %v, %v", id, err)
	}
}

func TestLegacy(t *testing.T) {
	t.Parallel()
	id, err := esi.Legacy("es", "999898311", "0617102195")
	if err != nil || id.String() != "ES-999898311-0617102195" || id != esi.MustParse("ES-999898311-0617102195") {
		t.Errorf("built %v, %v", id, err)
	}
	for i, tt := range [...]struct{ country, pic, code, rule string }{
		0: {"XX", "999898311", "1", "country"},
		1: {"ES", "99989831", "1", "pic"},
		2: {"ES", "99989831x", "1", "pic"},
		3: {"ES", "999898311", "", "code"},
		4: {"ES", "999898311", "a b", "character"},
		5: {"ES", "999898311", strings.Repeat("1", 243), "length"},
	} {
		var pe *passerelle.ParseError
		if _, err := esi.Legacy(tt.country, tt.pic, tt.code); !errors.As(err, &pe) || pe.Rule != tt.rule {
			t.Errorf("%d: %v, want rule %q", i, err, tt.rule)
		}
	}
}

var (
	definitive  = ine.MustParse("123456789AB")
	rightKey    = ine.MustParse("223456789HE")
	provisional = ine.MustParse("2024D00001A")
)

func TestFrance(t *testing.T) {
	t.Parallel()
	const fallback = "univ-exemple.example.org"
	tests := [...]struct {
		france esi.France
		n      ine.Number
		want   string
		err    error
	}{
		0: {esi.France{}, definitive, urn + "fr:123456789AB", nil},
		1: {esi.France{}, ine.MustParse("123456789ab"), urn + "fr:123456789AB", nil},
		2: {esi.France{}, provisional, "", esi.ErrProvisional},
		3: {esi.France{AllowProvisional: true}, provisional, urn + "fr:2024D00001A", nil},
		4: {esi.France{}, ine.Number{}, "", esi.ErrNoINE},
		5: {esi.France{RequireKey: true}, definitive, "", passerelle.ErrInvalid},
		6: {esi.France{RequireKey: true}, rightKey, urn + "fr:223456789HE", nil},
		7: {esi.France{HomeOrganization: fallback}, ine.Number{}, urn + fallback + ":20240001", nil},
		8: {esi.France{HomeOrganization: fallback}, definitive, urn + "fr:123456789AB", nil},
		9: {esi.France{HomeOrganization: fallback}, provisional, "", esi.ErrProvisional},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			id, err := tt.france.Build(tt.n, "20240001")
			if id.String() != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("built %v, %v; want %q, %v", id, err, tt.want, tt.err)
			}
		})
	}
	if _, err := esi.FromINE(provisional); !errors.Is(err, esi.ErrProvisional) || !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("provisional: %v, want ErrProvisional and ErrInvalid", err)
	}
	if _, err := (esi.France{HomeOrganization: fallback}).FromINE(ine.Number{}); !errors.Is(err, esi.ErrNoINE) || !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("no INE: %v, want ErrNoINE and ErrNotFound", err)
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		france esi.France
		values []string
		want   string
		err    error
	}{
		0: {esi.France{}, []string{"123456789AB"}, urn + "fr:123456789AB", nil},
		1: {esi.France{}, []string{"", " ", "123456789ab", "123456789AB"}, urn + "fr:123456789AB", nil},
		2: {esi.France{}, []string{"2024D00001A", "123456789AB"}, urn + "fr:123456789AB", nil},
		3: {esi.France{}, []string{"2024D00001A"}, "", esi.ErrProvisional},
		4: {esi.France{}, nil, "", esi.ErrNoINE},
		5: {esi.France{}, []string{"123456789AB", "223456789HE"}, "", passerelle.ErrAmbiguous},
		6: {esi.France{AllowProvisional: true}, []string{"2024D00001A", "2024D00002B"}, "", passerelle.ErrAmbiguous},
		7: {esi.France{}, []string{"no INE at all"}, "", passerelle.ErrInvalid},
		8: {esi.France{}, []string{"no INE at all", "123456789AB"}, urn + "fr:123456789AB", nil},
	}
	for i, tt := range tests {
		id, err := tt.france.Release(tt.values...)
		if id.String() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%d: released %v, %v; want %q, %v", i, id, err, tt.want, tt.err)
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		in   string
		want []string // field and rule
	}{
		0:  {urn + "fr:223456789HE", nil},
		1:  {urn + "FR:123456789AB", []string{"code key"}},
		2:  {urn + "fr:2024D00001A", []string{"code provisional"}},
		3:  {urn + "fr:42", []string{"code ine"}},
		4:  {urn + "univ-rouen.fr:42", []string{"scope form"}},
		5:  {urn + "se:123", []string{"scope form"}},
		6:  {urn + "ladok.se:externtstudentuid-857c0573-0000-4000-8000-000000000000", nil},
		7:  {urn + "ladok.se:externtstudentuid-857c0573", []string{"code ladok"}},
		8:  {urn + "ladok.se:externtstudentuid-857c0573-0000-4000-8000-00000000000g", []string{"code ladok"}},
		9:  {urn + "kth.se:42", []string{"scope domain", "code ladok"}},
		10: {urn + "buas.nl:a(b)", nil},
		11: {urn + "buas.nl:a:b", []string{"code characters"}},
		12: {urn + "buas.nl:a%2F", []string{"code characters"}},
		13: {urn + "DE:12345", []string{"scope form"}},
		14: {urn + "HR:1", nil},
		15: {urn + "pt:1", nil}, // no practice known
		16: {"ES-999898311-0617102195", []string{"scope form"}},
		17: {urn + "example.org:1", nil},
	}
	for i, tt := range tests {
		var got []string
		for _, f := range esi.Conformance(esi.MustParse(tt.in)) {
			got = append(got, f.Field+" "+f.Rule)
			if f.Want == "" {
				t.Errorf("%d: %s does not say what is expected", i, f)
			}
		}
		testutil.Equal(t, fmt.Sprintf("%d: deviations of %s", i, tt.in), got, tt.want)
	}
}

// The examples of the table follow the practice that they illustrate.
func TestPracticesAreConsistent(t *testing.T) {
	t.Parallel()
	last := ""
	for p := range esi.Practices() {
		if p.Country <= last {
			t.Errorf("%s comes after %s", p.Country, last)
		}
		last = p.Country
		id, err := esi.ParseStrict(p.Example)
		if err != nil || id.Country() != p.Country || id.Form() != p.Form {
			t.Errorf("example of %s: %v, %v form, %v", p.Country, id, id.Form(), err)
		}
		for _, f := range esi.Conformance(id) {
			if f.Rule != "key" { // the French example has an invented key
				t.Errorf("example of %s: %v", p.Country, f)
			}
		}
		found, ok := esi.PracticeOf(strings.ToLower(p.Country))
		if !ok || found.Example != p.Example {
			t.Errorf("practice of %s: %v, %v", p.Country, found, ok)
		}
	}
	if _, ok := esi.PracticeOf("PT"); ok {
		t.Error("a practice for a country without one")
	}
}
