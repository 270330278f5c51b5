package passerelle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestFoldName(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ in, want string }{
		0:  {"DUPONT", "DUPONT"},
		1:  {"Dupont", "DUPONT"},
		2:  {"Éléonore", "ELEONORE"},
		3:  {"E\u0301le\u0301onore", "ELEONORE"}, // decomposed
		4:  {"LŒTITIA", "LOETITIA"},
		5:  {"Ægidius", "AEGIDIUS"},
		6:  {"d'Arc", "D ARC"},
		7:  {"d’Arc", "D ARC"},
		8:  {"D ‘ARC", "D ARC"},
		9:  {"Jean-Pierre", "JEAN PIERRE"},
		10: {"Jean‑Pierre", "JEAN PIERRE"}, // non-breaking hyphen
		11: {"  LE   GOFF ", "LE GOFF"},
		12: {"LE\u00a0GOFF", "LE GOFF"}, // non-breaking blank
		13: {"Straße", "STRASSE"},
		14: {"Ñuñez", "NUNEZ"},
		15: {"Łukasz Øre", "LUKASZ ORE"},
		16: {"Åse Þór", "ASE THOR"},
		17: {"İnci", "INCI"},
		18: {"ıldız", "ILDIZ"},
		19: {"Ελένη", "ΕΛΕΝΗ"},
		20: {"", ""},
		21: {" - ' ", ""},
		22: {"A  B", "A B"},
		23: {"A\u200bB", "AB"}, // an invisible character between
		24: {"ŸVES", "YVES"},
	} {
		if got := passerelle.FoldName(c.in); got != c.want {
			t.Errorf("%d: FoldName(%q) = %q; want %q", i, c.in, got, c.want)
		}
	}
	if !passerelle.SameName("Œuvre", "oeuvre") || passerelle.SameName("", " ") || passerelle.SameName("Martin", "Marten") {
		t.Error("SameName: two spellings are one name, two empty ones are not, two names are two")
	}
}

func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"DUPONT", "Éléonore d’Arc", "ß", "A\u0301", "\xff", "\xf2ȁ", "ﬁ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := passerelle.FoldName(s)
		if twice := passerelle.FoldName(once); twice != once {
			t.Errorf("FoldName(%q) = %q, folded again %q", s, once, twice)
		}
	})
}

// TestFoldNameAllocates nothing for the names that are folded already.
func TestFoldNameAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { passerelle.FoldName("LE GOFF") }); n != 0 {
		t.Errorf("FoldName allocates %v times for a folded name", n)
	}
}

func BenchmarkFoldName(b *testing.B) {
	for _, name := range []string{"LE GOFF", "Éléonore d’Arc-Lœtitia"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				passerelle.FoldName(name)
			}
		})
	}
}

var marie = passerelle.Person{
	BirthName: "d'Œuvre", GivenNames: [3]string{"Éloïse", "Marie"}, Sex: passerelle.SexFemale,
	BirthDate: passerelle.MustParseDate("2007-03-01"), Birthplace: passerelle.Birthplace{Commune: "67482", Name: "Strasbourg"},
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	same := marie
	same.BirthName, same.GivenNames, same.Birthplace.Name = "D’OEUVRE", [3]string{"ELOISE"}, ""
	if marie.IdentityKey() != same.IdentityKey() || len(marie.Diff(same)) != 0 {
		t.Errorf("two records of one person: %q and %q, differing in %v", marie.IdentityKey(), same.IdentityKey(), marie.Diff(same))
	}
	for i, c := range []struct {
		change func(*passerelle.Person)
		diff   []string
	}{
		0: {func(p *passerelle.Person) { p.BirthName = "Œuvre" }, []string{"BirthName"}},
		1: {func(p *passerelle.Person) { p.GivenNames = [3]string{"Marie", "Éloïse"} }, []string{"GivenNames[0]", "GivenNames[1]"}},
		2: {func(p *passerelle.Person) { p.Sex = passerelle.SexMale }, []string{"Sex"}},
		3: {func(p *passerelle.Person) { p.BirthDate = passerelle.MustParseDate("2007-01-03") }, []string{"BirthDate"}},
		4: {func(p *passerelle.Person) { p.Birthplace = passerelle.Birthplace{Country: "99132"} }, []string{"Birthplace"}},
		5: {func(p *passerelle.Person) { p.BirthDate = passerelle.Date{} }, nil}, // missing is not different
	} {
		q := marie
		c.change(&q)
		testutil.Equal(t, "differences", marie.Diff(q), c.diff)
		if marie.IdentityKey() == q.IdentityKey() {
			t.Errorf("%d: one identity for two persons", i)
		}
	}
	if (passerelle.Person{}).IdentityKey() != "" {
		t.Error("nobody has an identity")
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	if got := marie.Missing(); len(got) != 0 {
		t.Errorf("a complete person misses %v", got)
	}
	var fields []string
	for _, f := range (passerelle.Person{BirthName: " ", Birthplace: passerelle.Birthplace{Country: passerelle.FranceCOG}}).Missing() {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, "missing fields", fields, []string{"BirthName", "GivenNames[0]", "Sex", "BirthDate", "Birthplace"})
	if got := marie.Given(); got != "Éloïse Marie" {
		t.Errorf("given names %q", got)
	}
}

func TestPersonIsMasked(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "d'Œuvre", "Éloïse", "2007-03-01", "67482", "Strasbourg")
	log := leaks.Logger()
	log.Info("student", "person", marie, "date", marie.BirthDate, "place", marie.Birthplace)
	leaks.Check(t)
	if !bytes.Contains([]byte(leaks.Log()), []byte("***")) {
		t.Errorf("the log does not show that something is there: %s", leaks.Log())
	}
	if got := slog.AnyValue(passerelle.Person{}).Resolve().String(); got != "nobody" {
		t.Errorf("nobody is logged as %q", got)
	}
}

func TestPersonJSON(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(marie)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"birth_name":"d'Œuvre","given_names":["Éloïse","Marie",""],"sex":"F","birth_date":"2007-03-01","birthplace":{"commune":"67482","name":"Strasbourg"}}`
	if string(out) != want {
		t.Errorf("JSON %s; want %s", out, want)
	}
	var back passerelle.Person
	if err := json.Unmarshal(out, &back); err != nil || back != marie {
		t.Errorf("from JSON: %+v, %v", back, err)
	}
}

func TestSexCodes(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		codes passerelle.SexCodes
		in    string
		want  passerelle.Sex
		out   string
		bad   bool
	}{
		0: {passerelle.SexCodesMF, "m", passerelle.SexMale, "M", false},
		1: {passerelle.SexCodesHF, "H", passerelle.SexMale, "H", false},
		2: {passerelle.SexCodesHF, "M", passerelle.SexUnknown, "", true},
		3: {passerelle.SexCodesSISE, "2", passerelle.SexFemale, "2", false},
		4: {passerelle.SexCodesMF, " ", passerelle.SexUnknown, "", false},
		5: {passerelle.SexCodes{Female: "F", Male: "M", Unknown: "X"}, "x", passerelle.SexUnknown, "X", false},
		6: {passerelle.SexCodesMF, "2", passerelle.SexUnknown, "", true},
	} {
		got, err := c.codes.Parse(c.in)
		if got != c.want || errors.Is(err, passerelle.ErrInvalid) != c.bad || c.codes.Format(got) != c.out {
			t.Errorf("%d: %q = %v, %v, written %q; want %v, %q, error %v", i, c.in, got, err, c.codes.Format(got), c.want, c.out, c.bad)
		}
	}
}

func TestBirthplace(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in      string
		want    passerelle.Birthplace
		code    string
		country string
		rule    string
	}{
		0:  {"67482", passerelle.Birthplace{Commune: "67482"}, "67482", "100", ""},
		1:  {"2a004", passerelle.Birthplace{Commune: "2A004"}, "2A004", "100", ""},
		2:  {"99132", passerelle.Birthplace{Country: "99132"}, "99132", "132", ""},
		3:  {"132", passerelle.Birthplace{Country: "99132"}, "99132", "132", ""},
		4:  {"100", passerelle.Birthplace{Country: "99100"}, "", "100", ""}, // in France, commune unknown
		5:  {"97411", passerelle.Birthplace{Commune: "97411"}, "97411", "100", ""},
		6:  {"6748", passerelle.Birthplace{}, "", "", "length"},
		7:  {"A7482", passerelle.Birthplace{}, "", "", "character"},
		8:  {"3A004", passerelle.Birthplace{}, "", "", "character"},
		9:  {"00123", passerelle.Birthplace{}, "", "", "range"},
		10: {"99A32", passerelle.Birthplace{}, "", "", "country"},
		11: {"", passerelle.Birthplace{}, "", "", ""},
	} {
		got, err := passerelle.ParseBirthplace(c.in)
		fault, _ := errors.AsType[*passerelle.ParseError](err)
		if got != c.want || got.Code() != c.code || got.CountryCode3() != c.country || c.rule != "" && (fault == nil || fault.Rule != c.rule) || c.rule == "" && err != nil {
			t.Errorf("%d: %q = %+v (%q, %q), %v; want %+v (%q, %q), rule %q", i, c.in, got, got.Code(), got.CountryCode3(), err, c.want, c.code, c.country, c.rule)
		}
	}
	if err := (passerelle.Birthplace{Commune: "67482", Country: "99132"}).Validate(); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a French commune in a foreign country = %v; want ErrInvalid", err)
	}
	if !(passerelle.Birthplace{Country: "99132"}).Abroad() || (passerelle.Birthplace{Country: "99100"}).Abroad() || (passerelle.Birthplace{}).Abroad() {
		t.Error("Abroad")
	}
}
