package hei_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/hei"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func pairs(list ...string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := 0; i+1 < len(list); i += 2 {
			if !yield(list[i], list[i+1]) {
				return
			}
		}
	}
}

func catalogue(t *testing.T, domain string, ids ...string) hei.Institution {
	t.Helper()
	in, err := hei.FromOtherIDs("EWP", domain, pairs(ids...))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	var d hei.Directory
	if got := d.Find(hei.Query{PIC: hei.MustParsePIC("999999991")}); len(got) != 0 {
		t.Errorf("found in an empty directory: %+v", got)
	}
	eche := func(name, code, pic string) hei.Institution {
		return hei.Charter{Name: name, Code: hei.MustParseErasmusCode(code), PIC: hei.MustParsePIC(pic)}.Institution()
	}
	d.Add(
		eche("A", "F  EXEMPLE01", "999999991"),
		eche("B", "F  EXEMPLE02", "999999992"),
		eche("C", "F  EXEMPLE03", "999999993"),
		catalogue(t, "a.example", "pic", " 999999991 ", "erasmus", "F EXEMPLE02"), // the PIC counts before the code
		catalogue(t, "b.example", "erasmus", "F\u00a0 EXEMPLE02", "euc", "", "local", "x"),
		catalogue(t, "c1.example", "pic", "999999993"),
		catalogue(t, "c2.example", "pic", "999999993", "pic", "999999993", "oid", "E10000009"),
	)
	for i, c := range []struct {
		q    hei.Query
		want []string // name or domain, by, direct
	}{
		0: {hei.Query{Domain: hei.MustParseDomain("A.example")}, []string{"a.example domain true", "A pic false"}},
		1: {hei.Query{Domain: hei.MustParseDomain("b.example")}, []string{"b.example domain true", "B erasmus false"}},
		2: {hei.Query{PIC: hei.MustParsePIC("999999993")}, []string{"C pic true", "c1.example pic true", "c2.example pic true"}},
		3: {hei.Query{Code: hei.MustParseErasmusCode("F  EXEMPLE03")}, []string{"C erasmus true", "c1.example pic false", "c2.example pic false"}},
		4: {hei.Query{Code: hei.MustParseErasmusCode("F  EXEMPLE02")}, []string{"B erasmus true", "a.example erasmus true", "b.example erasmus true", "A pic false"}},
		5: {hei.Query{OID: hei.MustParseOID("E10000009")}, []string{"c2.example oid true", "C pic false"}},
		6: {hei.Query{}, nil},
		7: {hei.Query{PIC: hei.MustParsePIC("123456789")}, nil},
	} {
		var got []string
		for _, m := range d.Find(c.q) {
			direct := " false"
			if m.Direct {
				direct = " true"
			}
			got = append(got, m.Name+m.Domain.String()+" "+string(m.By)+direct)
		}
		if i == 6 || i == 7 {
			testutil.Equal(t, "nothing", len(got), 0)
			continue
		}
		testutil.Equal(t, string(rune('0'+i)), got, c.want)
	}
}

func TestOtherIDs(t *testing.T) {
	t.Parallel()
	in, err := hei.FromOtherIDs("EWP", "uni.example", pairs("pic", "E10158141", "pic", "999999991", "erasmus", "RSPROKUP01", "OID", "E10158141"))
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	if len(faults) != 2 || faults[0].Field != "pic" || faults[1].Field != "erasmus" {
		t.Errorf("faults %v, want those of a PIC and of a code", faults)
	}
	if len(in.PICs) != 1 || len(in.Codes) != 0 || len(in.OIDs) != 1 {
		t.Errorf("%+v, want what can be read", in)
	}
}
