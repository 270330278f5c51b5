package ine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/uai"
)

func TestHints(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		number string
		want   ine.Hints
	}{
		0:  {"080890290EH", ine.Hints{Year: 2008}},
		1:  {"990567778AA", ine.Hints{Year: 1999}},
		2:  {"0494004062M", ine.Hints{Academy: "04", AcademyKnown: true, AcademyName: "Bordeaux", Year: 1994}},
		3:  {"8005012345A", ine.Hints{Academy: "80", AcademyKnown: true, AcademyName: "agriculture", Year: 2005}},
		4:  {"2218123456G", ine.Hints{Academy: "22", AcademyKnown: true, Year: 2018}},
		5:  {"2989123456A", ine.Hints{Academy: "29", Year: 2089}},
		6:  {"0000000000A", ine.Hints{Academy: "00", AcademyKnown: true, AcademyName: "international", Year: 2000, Repeated: true}},
		7:  {"1118D00001A", ine.Hints{Academy: "11", AcademyKnown: true, AcademyName: "Montpellier", Year: 2018}},
		8:  {"1190A00001A", ine.Hints{Academy: "11", AcademyKnown: true, AcademyName: "Montpellier", Year: 1990}},
		9:  {"0AYIOP071Y8", ine.Hints{Series: "P", SeriesYear: "2014-2015", Issuer: uai.MustParse("0511296G")}},
		10: {"0G411N00011", ine.Hints{Series: "N", SeriesYear: "2013-2014", Issuer: uai.MustParse("0751717J")}},
		11: {"ZZZZZZZZZZ5", ine.Hints{Series: "Z"}},
		12: {"11111111111", ine.Hints{Series: "1", Issuer: uai.MustParse("1727605G"), Repeated: true}},
		13: {"1234567890V", ine.Hints{Academy: "12", AcademyKnown: true, Year: 2034}},
	} {
		testutil.Equal(t, tc.number, ine.MustParse(tc.number).Hints(), tc.want, cmpopts.EquateComparable(uai.Code{}))
		if t.Failed() {
			t.Fatalf("case %d", i)
		}
	}
}

// The prefixes of the NNE numbers of real establishments.
func TestNNEPrefix(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct{ code, prefix string }{
		0: {"0511296G", "0AYIO"},
		1: {"0751717J", "0G411"},
		2: {"0542493S", "0BML9"},
		3: {"0691774D", "0ETRY"},
		4: {"0311384L", "06O9K"},
		5: {"0781944P", "0GRCO"},
		6: {"7200664J", "4AC2G"},
		7: {"9710585J", "5S4QH"},
	} {
		code := uai.MustParse(tc.code)
		if got := ine.NNEPrefix(code); got != tc.prefix {
			t.Errorf("%d: NNEPrefix(%s) = %q; want %q", i, code, got, tc.prefix)
		}
		n, err := ine.Complete(ine.NNE, tc.prefix+"N0001")
		if err != nil || n.Hints().Issuer != code {
			t.Errorf("%d: %v, %v was issued by %v; want %s", i, n, err, n.Hints().Issuer, code)
		}
	}
	if got := ine.NNEPrefix(uai.Code{}); got != "" {
		t.Errorf("no establishment has the prefix %q", got)
	}
}
