package lexical_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		is        func(string) bool
		good, bad []string
	}{
		"identifier": {lexical.IsIdentifier, []string{"a", "CR/12", "!~", strings.Repeat("x", 64)}, []string{"", "a b", "é", strings.Repeat("x", 65), "a\n"}},
		"email":      {lexical.IsEmail, []string{"a@b.c"}, []string{"", "a", "@b.c", "a@b", "a@.c"}},
		"http":       {lexical.IsHTTP, []string{"http://a", "https://a/b?c=d"}, []string{"", "ftp://a", "https://", "http://a b", "www.a.fr", "HTTP://a"}},
		"https":      {lexical.IsHTTPS, []string{"https://a"}, []string{"http://a", "https:///x"}},
		"country":    {lexical.IsCountry, []string{"FR"}, []string{"", "fr", "FRA", "F1"}},
		"language":   {lexical.IsLanguage, []string{"fr", "ru-Latn", "en-us", "tlh-Kore-AQ-fonipa"}, []string{"", "fr_FR", "français", "fr-"}},
		"decimal":    {lexical.IsDecimal, []string{"6", "7.5", ".5", "-1", "+1.", " 6 "}, []string{"", "7,5", "1e3", ".", "six"}},
		"integer":    {lexical.IsInteger, []string{"5", "-1", "+03"}, []string{"", "5.0", "x"}},
	} {
		for _, s := range c.good {
			if !c.is(s) {
				t.Errorf("%q is no %s", s, name)
			}
		}
		for _, s := range c.bad {
			if c.is(s) {
				t.Errorf("%q is taken for a %s", s, name)
			}
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct{ text, want string }{
		0: {"2025-09-01", "2025-09-01"}, 1: {" 2025-09-01Z\n", "2025-09-01"}, 2: {"2025-09-01-05:00", "2025-09-01"},
		3: {"2025-09-00", ""}, 4: {"2025-02-30", ""}, 5: {"2025-09-01T00:00:00", ""}, 6: {"", ""}, 7: {"01/09/2025", ""},
	} {
		d, err := lexical.Date(c.text)
		if d.String() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%d: %v, %v, want %q", i, d, err, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	f := lexical.Under("ounit[2]")
	f.Identifier("ounit-id", "")
	f.Names("name", nil)
	f.Texts("name", ewp.Texts{{Lang: "fr", Value: "x"}, {Lang: "_", Value: " "}})
	f.Links("website-url", ewp.Texts{{Value: "www.x"}})
	f.HEI("hei-id", ewp.HEIID{})
	f.Date("start", "x")
	f.Decimal("value", "x")
	f.Word("type", "x", "a", "b")
	f.In("contact[0]", passerelle.FieldErrors{{Field: "email[1]", Rule: "pattern", Want: "an e-mail address"}})
	f.In("contact[1]", nil)
	var got []string
	for _, e := range f.List() {
		got = append(got, e.Field+" "+e.Rule)
	}
	testutil.Equal(t, "faults", got, []string{
		"ounit[2].ounit-id pattern", "ounit[2].name required", "ounit[2].name[1] required", "ounit[2].name[1]@xml:lang language", "ounit[2].website-url[0] url",
		"ounit[2].hei-id required", "ounit[2].start date", "ounit[2].value decimal", "ounit[2].type code", "ounit[2].contact[0].email[1] pattern",
	})
	var none lexical.Faults
	if err := none.Err(); err != nil {
		t.Error(fmt.Sprint("no fault is an error: ", err))
	}
}
