package ine_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/ine"
)

func Example() {
	for _, s := range []string{"223456789HE", "1234567890G", "1234D56789B", ""} {
		v := ine.Judge(s)
		fmt.Println(v.Status, v.Family, v.Key)
		fmt.Println("  ", v.Reason())
	}
	// Output:
	// definitive rnie ok
	//    Current form (RNIE), right key.
	// suspect bea wrong
	//    The form is that of a BEA number (10 digits and 1 letter) but its key should be V: probably a mistyped character.
	// provisional provisional unchecked
	//    Provisional form: ask INES for the definitive number.
	// absent none none
	//    No number: search the student in INES, then immatriculate.
}

func ExampleParse() {
	n, err := ine.Parse(" 2234 56789 he")
	fmt.Println(n, n.Family(), n.Key(), err)
	_, err = ine.Parse("1234567]90G")
	fmt.Println(err)
	// Output:
	// 223456789HE rnie ok <nil>
	// INE: character at position 8: want a digit, as in a BEA number (10 digits and 1 letter)
}

func ExampleRules() {
	rules := &ine.Rules{
		Custom: []ine.Rule{{
			Name:   "newcomers",
			Match:  ine.Between("9900000000A", "9999999999Z"),
			Status: ine.StatusProvisional,
			Reason: "Range given to newcomers by our school.",
		}},
		Keys: ine.Keys{RNIE: ine.Unchecked}, // the deduced key is not wanted
	}
	v := rules.Judge("9912345678K")
	fmt.Println(v.Status, "by", v.Rule)
	v = rules.Judge("123456789AA")
	fmt.Println(v.Status, v.Key)
	// Output:
	// provisional by newcomers
	// definitive unchecked
}

func ExampleVerdict_WithINES() {
	v := ine.Judge("0AYIOP071Y8")
	fmt.Println(v.Status, v.Strength)
	v = v.WithINES(ine.MustParse("223456789HE"), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(v.Status, v.Strength, v.Number, "replaces", v.Replaces)
	// Output:
	// definitive secondary
	// definitive authority 223456789HE replaces 0AYIOP071Y8
}

func ExampleScanCSV() {
	const base = "code;nom;INE\n1;A;223456789HE\n2;\"B;1234567890V\n3;C;\n"
	var tally ine.Tally
	for row, err := range ine.ScanCSV(strings.NewReader(base), ine.CSV{Column: "INE"}) {
		tally.Add(row, err)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("line", row.Line, row.Status)
	}
	fmt.Println(tally.Refused(), "of", tally.Total, "to look at")
	// Output:
	// line 2 definitive
	// line 3, column 3: quote: want the end of the quoted field that begins here
	// line 4 absent
	// 1 of 3 to look at
}

func ExampleSlips() {
	fmt.Println(ine.Slips("22345G789HE")) // of its own family first
	// Output:
	// [223456789HE 22345G789H3]
}

func ExampleComplete() {
	n, err := ine.Complete(ine.RNIE, "250000000")
	fmt.Println(n, err)
	// Output:
	// 250000000EA <nil>
}
