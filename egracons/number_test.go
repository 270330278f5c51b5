package egracons_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	accepted := map[string]string{"0": "0", "12.50": "12.50", ".5": "0.5", "5.": "5", "-3": "-3", "+7.25": "7.25", "00": "0", "-0.0": "0.0",
		"0.1": "0.1", "123456789012345678901234567890.123456789": "123456789012345678901234567890.123456789"}
	for in, want := range accepted {
		n, err := egracons.ParseNumber(in)
		if err != nil || n.String() != want {
			t.Errorf("%q: %q, %v; want %q", in, n, err, want)
		}
	}
	refused := map[string]int{"": 0, ".": 0, "-": 0, "1e3": 2, "0x1F": 2, "1/3": 2, "1,5": 2, " 1": 1, "1 ": 2, "Inf": 1, "NaN": 1, "1.2.3": 4, "--1": 2, "1_000": 2, "١": 1,
		strings.Repeat("9", 41): 0}
	for in, pos := range refused {
		_, err := egracons.ParseNumber(in)
		parse, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || parse.Pos != pos {
			t.Errorf("%q: error %v, want a parse error at %d", in, err, pos)
		}
	}
}

func TestNumberRounding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number         egracons.Number
		places         int
		rounded, first string
	}{
		0: {egracons.Fraction(1, 3), 4, "0.3333", "0.3333"},
		1: {egracons.Fraction(2, 3), 4, "0.6667", "0.6666"},
		2: {egracons.MustParseNumber("0.00005"), 4, "0.0001", "0.0000"},
		3: {egracons.MustParseNumber("-0.00005"), 4, "-0.0001", "0.0000"},
		4: {egracons.MustParseNumber("2.95"), 1, "3.0", "2.9"},
		5: {egracons.MustParseNumber("9.995"), 2, "10.00", "9.99"},
		6: {egracons.Int(7), 0, "7", "7"},
		7: {egracons.Number{}, 2, "", ""},
		8: {egracons.MustParseNumber("1.4"), -3, "1", "1"},
	}
	for i, tt := range tests {
		if got := tt.number.Decimal(tt.places); got != tt.rounded {
			t.Errorf("%d: Decimal %q, want %q", i, got, tt.rounded)
		}
		if got := tt.number.Truncate(tt.places); got != tt.first {
			t.Errorf("%d: Truncate %q, want %q", i, got, tt.first)
		}
	}
	if got := egracons.Fraction(1, 3).String(); got != "1/3" {
		t.Errorf("a third is written %q", got)
	}
	if got := egracons.Fraction(85, 900).Percent(2); got != "9.44" {
		t.Errorf("85 of 900 is %q percent", got)
	}
}

func TestNumberJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"12.50"`: `"12.50"`, `12.5`: `"12.5"`, `"1/3"`: `"1/3"`, `""`: `""`, `null`: `""`} {
		var n egracons.Number
		if err := json.Unmarshal([]byte(in), &n); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if out, err := json.Marshal(n); err != nil || string(out) != want {
			t.Errorf("%s: written %s, %v; want %s", in, out, err, want)
		}
	}
	for _, in := range []string{`1e3`, `"1/0"`, `"1/"`, `true`, `"x"`, `[1]`} {
		var n egracons.Number
		if err := json.Unmarshal([]byte(in), &n); err == nil {
			t.Errorf("%s: read as %s", in, n)
		}
	}
}

// A Number keeps its value whatever is done with what it gave or was made from.
func TestNumberIsImmutable(t *testing.T) {
	t.Parallel()
	r := big.NewRat(1, 2)
	n := egracons.FromRat(r)
	r.SetInt64(9)
	n.Rat().SetInt64(9)
	if n.String() != "0.5" {
		t.Errorf("the number became %s", n)
	}
	if zero := (egracons.Number{}); zero.IsSet() || zero.Sign() != 0 || zero.Cmp(egracons.Int(0)) != 0 || egracons.Int(0).IsZero() || egracons.FromRat(nil).IsSet() {
		t.Error("no number is not the number 0, and compares like it")
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "12.5", "-.5", "5.", "1e9", "99999999999999999999.000000001", "+", "٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := egracons.ParseNumber(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(n.Rat()) != 0 {
			t.Fatalf("%q read as %s", s, n)
		}
		again, err := egracons.ParseNumber(n.String())
		if err != nil && len(n.String()) <= 40 || err == nil && again.Cmp(n) != 0 {
			t.Fatalf("%q written as %q, which is not the same: %v", s, n, err)
		}
	})
}
