package uai_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/uai"
)

// Real establishments of the ministry's open data, and their departments.
var rightKeys = [...]struct{ code, department string }{
	0:  {"0511296G", "51"},
	1:  {"0751717J", "75"},
	2:  {"0542493S", "54"},
	3:  {"0691774D", "69"},
	4:  {"7200664J", "2B"},
	5:  {"9710585J", "971"},
	6:  {"0311384L", "31"},
	7:  {"0781944P", "78"},
	8:  {"0753364Z", "75"},
	9:  {"0341087X", "34"},
	10: {"0010006B", "01"},
	11: {"0010814E", "01"},
	12: {"0011402U", "01"},
}

func TestRightKeys(t *testing.T) {
	t.Parallel()
	for i, tc := range rightKeys {
		c, err := uai.ParseStrict(tc.code)
		if err != nil {
			t.Errorf("%d: ParseStrict(%q): %v", i, tc.code, err)
			continue
		}
		if c.String() != tc.code || !c.KeyOK() || c.Department() != tc.department || !c.Plausible() {
			t.Errorf("%d: got %s, key right %v, department %q, plausible %v", i, c, c.KeyOK(), c.Department(), c.Plausible())
		}
		key, err := uai.Key(tc.code[:7])
		if err != nil || key != tc.code[7:] {
			t.Errorf("%d: Key(%q) = %q, %v; want %q", i, tc.code[:7], key, err, tc.code[7:])
		}
		again, err := uai.FromNumber(c.Number())
		if err != nil || again != c {
			t.Errorf("%d: FromNumber(%d) = %v, %v; want %v", i, c.Number(), again, err, c)
		}
	}
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct{ code, key string }{
		0: {"0123456A", "S"},
		1: {"1234567A", "W"},
		2: {"0000000B", "A"},
	} {
		c, err := uai.Parse(tc.code)
		if err != nil || c.KeyOK() || c.Plausible() {
			t.Errorf("%d: Parse(%q) = %v, %v with key right %v; want the shape accepted and the key wrong", i, tc.code, c, err, c.KeyOK())
		}
		_, err = uai.ParseStrict(tc.code)
		want := &passerelle.ParseError{Type: "UAI", Rule: "key", Pos: 8, Want: tc.key}
		if got, ok := errors.AsType[*passerelle.ParseError](err); !ok || *got != *want {
			t.Errorf("%d: ParseStrict(%q): %v; want %v", i, tc.code, err, want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		in, rule string
		pos      int
	}{
		0: {"", "length", 0},
		1: {"   ", "length", 0},
		2: {"0511296", "length", 0},
		3: {"0511296GG", "length", 0},
		4: {"O511296G", "character", 1},
		5: {"051129GG", "character", 7},
		6: {"0511296I", "character", 8},
		7: {"0511296O", "character", 8},
		8: {"0511296q", "character", 8},
		9: {"05112967", "character", 8},
	} {
		_, err := uai.Parse(tc.in)
		got, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || got.Type != "UAI" || got.Rule != tc.rule || got.Pos != tc.pos || got.Want == "" {
			t.Errorf("%d: Parse(%q): %v; want rule %s at %d", i, tc.in, err, tc.rule, tc.pos)
		}
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: the error is not ErrInvalid: %v", i, err)
		}
	}
	for i, s := range [...]string{"", "051129", "05112966", "051129G"} {
		if key, err := uai.Key(s); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: Key(%q) = %q, %v; want ErrInvalid", i, s, key, err)
		}
	}
	for _, n := range [...]int{-1, 10_000_000} {
		if c, err := uai.FromNumber(n); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("FromNumber(%d) = %v, %v; want ErrInvalid", n, c, err)
		}
	}
}

func TestNormalisation(t *testing.T) {
	t.Parallel()
	if c, err := uai.Parse(" 0511296g\r\n"); err != nil || c != uai.MustParse("0511296G") {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := uai.Parse("051 1296G"); err == nil {
		t.Error("an inner blank was accepted")
	}
}

func TestZero(t *testing.T) {
	t.Parallel()
	var c uai.Code
	if !c.IsZero() || c.String() != "" || c.KeyOK() || c.Department() != "" || c.Number() != 0 {
		t.Errorf("the zero Code is %q, key right %v, department %q", c, c.KeyOK(), c.Department())
	}
	if c == uai.MustParse("0000000A") {
		t.Error("the code made of zeros equals the zero Code")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	type record struct {
		UAI uai.Code `json:"uai"`
	}
	in := record{uai.MustParse("0511296G")}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"uai":"0511296G"}` {
		t.Fatalf("got %s, %v", data, err)
	}
	var out record
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("got %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"uai":""}`), &out); err != nil || !out.UAI.IsZero() {
		t.Errorf("the empty text gave %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"uai":"x"}`), &out); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a bad text gave %v", err)
	}
	testutil.Equal(t, "log value", in.UAI.LogValue().Equal(slog.StringValue("0511296G")), true)
}

// The expression is that of the open-data portal's detector, except that it
// takes department 000 for plausible.
func TestDepartmentAgreesWithTheDetector(t *testing.T) {
	t.Parallel()
	detector := regexp.MustCompile(`^(0[0-8][0-9]|09[0-5]|9[78][0-9]|[67]20)[0-9]{4}[A-Z]$`)
	for n := range 1000 {
		c, err := uai.FromNumber(n*10_000 + 1)
		if err != nil {
			t.Fatal(err)
		}
		want := detector.MatchString(c.String()) && n != 0
		if got := c.Department() != ""; got != want {
			t.Errorf("%s: department %q, the detector says %v", c, c.Department(), want)
		}
	}
}

func TestMustParsePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	uai.MustParse("not a code")
}

func TestNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if c, err := uai.ParseStrict("0511296g"); err != nil || !c.Plausible() {
			t.Fatal(c, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations to parse a right code", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, tc := range rightKeys {
		f.Add(tc.code)
	}
	for _, s := range [...]string{"", " 0511296g ", "0123456A", "\x00\xff", "0511296ſ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := uai.Parse(s)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) || !c.IsZero() {
				t.Fatalf("Parse(%q) = %v, %v", s, c, err)
			}
			return
		}
		if c.String() != strings.ToUpper(strings.TrimSpace(s)) {
			t.Fatalf("Parse(%q) = %v", s, c)
		}
		if again, err := uai.Parse(c.String()); err != nil || again != c {
			t.Fatalf("%v does not survive a round trip: %v, %v", c, again, err)
		}
		key, err := uai.Key(c.String()[:7])
		if err != nil || (key == c.String()[7:]) != c.KeyOK() {
			t.Fatalf("%v: Key says %q, %v; KeyOK says %v", c, key, err, c.KeyOK())
		}
	})
}

func BenchmarkParseStrict(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := uai.ParseStrict("0511296G"); err != nil {
			b.Fatal(err)
		}
	}
}
