package ine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestRightKeys(t *testing.T) {
	t.Parallel()
	for i, tc := range rightKeys {
		n, err := ine.ParseStrict(tc.number)
		if err != nil {
			t.Errorf("%d: ParseStrict(%q): %v", i, tc.number, err)
			continue
		}
		if n.String() != tc.number || n.Family().String() != tc.family || n.Key() != ine.KeyOK {
			t.Errorf("%d: %s is %v with key %v; want %s, ok", i, n, n.Family(), n.Key(), tc.family)
		}
		body, key := n.Split(ine.ByFamily)
		if got, err := ine.ComputeKey(n.Family(), body); err != nil || got != key {
			t.Errorf("%d: ComputeKey(%v, %q) = %q, %v; want %q", i, n.Family(), body, got, err, key)
		}
		if got, err := ine.Complete(n.Family(), strings.ToLower(body)); err != nil || got != n {
			t.Errorf("%d: Complete(%v, %q) = %v, %v; want %v", i, n.Family(), body, got, err, n)
		}
	}
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	for i, tc := range wrongKeys {
		n, err := ine.Parse(tc.number)
		if err != nil {
			t.Errorf("%d: Parse(%q): %v", i, tc.number, err)
			continue
		}
		want, ok := n.ExpectedKey()
		if n.Key() != ine.KeyWrong || want != tc.key || !ok {
			t.Errorf("%d: %s has key %v, expected %q, %v; want wrong, %q", i, n, n.Key(), want, ok, tc.key)
		}
		_, err = ine.ParseStrict(tc.number)
		fault := passerelle.ParseError{Type: "INE", Rule: "key", Pos: 12 - len(tc.key), Want: tc.key}
		if got, ok := errors.AsType[*passerelle.ParseError](err); !ok || *got != fault {
			t.Errorf("%d: ParseStrict(%q): %v; want %v", i, tc.number, err, &fault)
		}
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for i, tc := range shapes {
		for _, s := range []string{tc.number, strings.ToLower(tc.number), " " + tc.number[:5] + "  " + tc.number[5:] + "\t"} {
			n, err := ine.Parse(s)
			if err != nil || n.String() != tc.number || n.Family().String() != tc.family {
				t.Errorf("%d: Parse(%q) = %v (%v), %v; want %s", i, s, n, n.Family(), err, tc.family)
			}
		}
	}
}

func TestRefusedShapes(t *testing.T) {
	t.Parallel()
	for i, tc := range refused {
		n, err := ine.Parse(tc.text)
		got, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || got.Type != "INE" || got.Rule != tc.rule || got.Pos != tc.pos || got.Want == "" || !n.IsZero() {
			t.Errorf("%d: Parse(%q) = %v, %v; want rule %s at %d", i, tc.text, n, err, tc.rule, tc.pos)
		}
		if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%d: %v is not ErrInvalid, not sent", i, err)
		}
	}
}

// The text of an error says which family was tried and what it wants.
func TestParseErrorTexts(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct{ text, want string }{
		0: {"12345", "INE: length: want 11 characters"},
		1: {"1234567]90G", "INE: character at position 8: want a digit, as in a BEA number (10 digits and 1 letter)"},
		2: {"123456789AL", "INE: character at position 11: want a letter of ABCDEFGHJK, as in an RNIE number (9 digits and 2 letters)"},
		3: {"0AYI-P071Y8", "INE: character at position 5: want a digit or a letter, as in an NNE number (10 digits or letters and 1 digit)"},
		4: {"1234A56789I", "INE: character at position 11: want a letter of ABCDEFGHJKLMNPRSTUVWXYZ, as in a SIFA number (4 digits, A, 5 digits and 1 letter)"},
		5: {"12X4D56789B", "INE: character at position 3: want a digit, as in a provisional number (4 digits, D, 5 digits and 1 letter)"},
		6: {"1234E56789B", "INE: family at position 5: want a digit (BEA), A (SIFA) or D (provisional) when a digit and a letter end the number"},
	} {
		if _, err := ine.Parse(tc.text); err == nil || err.Error() != tc.want {
			t.Errorf("%d: got  %v\nwant %s", i, err, tc.want)
		}
	}
}

func TestBlanks(t *testing.T) {
	t.Parallel()
	want := ine.MustParse("223456789HE")
	for i, s := range [...]string{
		0: "\u00a0223456789HE\u202f",
		1: "223\u00a0456\u202f789 he",
		2: "223\xa0456\xa0789HE", // the no-break space of Windows-1252
		3: "\r\n223456789HE\r\n",
		4: strings.Repeat(" ", 1000) + "223456789HE",
	} {
		if n, err := ine.Parse(s); err != nil || n != want {
			t.Errorf("%d: Parse(%q) = %v, %v", i, s, n, err)
		}
	}
	for i, s := range [...]string{0: "2234-56789HE", 1: "223456789-HE", 2: "223456789HE-", 3: "22345678ſ9HE"} {
		if n, err := ine.Parse(s); err == nil {
			t.Errorf("%d: Parse(%q) = %v: a character was dropped or changed", i, s, n)
		}
	}
}

// expressions are those of the families, as public validators write them.
var expressions = [...]struct {
	family ine.Family
	re     *regexp.Regexp
}{
	{ine.RNIE, regexp.MustCompile(`^[0-9]{9}[A-HJK]{2}$`)},
	{ine.BEA, regexp.MustCompile(`^[0-9]{10}[A-HJ-NPR-Z]$`)},
	{ine.NNE, regexp.MustCompile(`^[0-9A-Z]{10}[0-9]$`)},
	{ine.SIFA, regexp.MustCompile(`^[0-9]{4}A[0-9]{5}[A-HJ-NPR-Z]$`)},
	{ine.Provisional, regexp.MustCompile(`^[0-9]{4}D[0-9]{5}[A-HJ-NPR-Z]$`)},
}

func checkExpressions(t *testing.T, s string) {
	t.Helper()
	want := ine.NoFamily
	for _, e := range expressions {
		if e.re.MatchString(s) {
			if want != ine.NoFamily {
				t.Fatalf("%q matches %v and %v", s, want, e.family)
			}
			want = e.family
		}
	}
	n, err := ine.Parse(s)
	if n.Family() != want || (err == nil) != (want != ine.NoFamily) {
		t.Fatalf("Parse(%q) = %v (%v), %v; the expressions say %v", s, n, n.Family(), err, want)
	}
}

// Every character at every position of a number of each family, then random ones.
func TestFamiliesAgreeWithTheExpressions(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"223456789HE", "1234567890V", "0AYIOP071Y8", "1234A56789B", "1234D56789B"} {
		for i := range s {
			for c := byte('!'); c < 'a'; c++ {
				first := []byte(s)
				first[i] = c
				checkExpressions(t, string(first))
				for j := range i {
					for _, d := range []byte("0AIKLQZ-") {
						second := bytes.Clone(first)
						second[j] = d
						checkExpressions(t, string(second))
					}
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		alphabet := []string{"0123456789", "0123456789ADEHIJKLOQZ", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ]-"}[r.IntN(3)]
		b := make([]byte, 11)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
			if i >= 9 {
				b[i] = "0123456789ABHIJKLOQZ"[r.IntN(20)]
			}
		}
		checkExpressions(t, string(b))
	}
}

// The keys computed by shifts and sums agree with their definitions on big numbers.
func TestKeysAgreeWithTheirDefinitions(t *testing.T) {
	t.Parallel()
	modulo := func(body string, base, m int64) int {
		n, ok := new(big.Int).SetString(body, int(base))
		if !ok {
			t.Fatalf("%q is not a number", body)
		}
		return int(n.Mod(n, big.NewInt(m)).Int64())
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		digits := fmt.Sprintf("%010d", r.Int64N(1e10))
		any36 := make([]byte, 10)
		for i := range any36 {
			any36[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(36)]
		}
		rnie := fmt.Sprintf("%02d", 97-modulo(digits[:9], 10, 97))
		for _, tc := range []struct {
			family    ine.Family
			body, key string
		}{
			{ine.BEA, digits, string("ABCDEFGHJKLMNPRSTUVWXYZ"[modulo(digits, 10, 23)])},
			{ine.NNE, string(any36), fmt.Sprint(modulo(string(any36), 36, 10))},
			{ine.RNIE, digits[:9], strings.NewReplacer("0", "A", "1", "B", "2", "C", "3", "D", "4", "E", "5", "F", "6", "G", "7", "H", "8", "J", "9", "K").Replace(rnie)},
		} {
			if got, err := ine.ComputeKey(tc.family, tc.body); err != nil || got != tc.key {
				t.Fatalf("ComputeKey(%v, %q) = %q, %v; the definition gives %q", tc.family, tc.body, got, err, tc.key)
			}
		}
	}
}

// The keys AA, KJ and KK cannot occur: 97 minus a remainder is from 1 to 97.
func TestRNIEKeysThatNeverOccur(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 1000 {
		key, err := ine.ComputeKey(ine.RNIE, fmt.Sprintf("%09d", n))
		if err != nil {
			t.Fatal(err)
		}
		seen[key] = true
	}
	if len(seen) != 97 || seen["AA"] || seen["KJ"] || seen["KK"] {
		t.Errorf("%d keys, AA %v, KJ %v, KK %v", len(seen), seen["AA"], seen["KJ"], seen["KK"])
	}
}

func TestCompleteFaults(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		family     ine.Family
		body, rule string
		pos        int
	}{
		0: {ine.RNIE, "1234567890", "length", 0},
		1: {ine.BEA, "123456789", "length", 0},
		2: {ine.BEA, "12345A7890", "character", 6},
		3: {ine.NNE, "0AYIO-071Y", "character", 6},
		4: {ine.SIFA, "1234D56789", "character", 5},
		5: {ine.SIFA, "1234A56789", "key", 11},
		6: {ine.Provisional, "1234D56789", "key", 11},
		7: {ine.NoFamily, "1234567890", "family", 0},
		8: {ine.UnknownFamily, "1234567890", "family", 0},
		9: {ine.Family(200), "1234567890", "family", 0},
	} {
		n, err := ine.Complete(tc.family, tc.body)
		got, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || got.Rule != tc.rule || got.Pos != tc.pos || !n.IsZero() {
			t.Errorf("%d: Complete(%v, %q) = %v, %v; want rule %s at %d", i, tc.family, tc.body, n, err, tc.rule, tc.pos)
		}
	}
}

func TestZeroNumber(t *testing.T) {
	t.Parallel()
	var n ine.Number
	if !n.IsZero() || n.String() != "" || n.Family() != ine.NoFamily || n.Key() != ine.KeyNone {
		t.Errorf("the zero Number is %q, %v, %v", n, n.Family(), n.Key())
	}
	if key, ok := n.ExpectedKey(); key != "" || ok {
		t.Errorf("it expects the key %q, %v", key, ok)
	}
	if n == ine.MustParse("00000000000") {
		t.Error("the number made of zeros equals it")
	}
	if n.Hints() != (ine.Hints{}) {
		t.Errorf("it has hints: %+v", n.Hints())
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	type record struct {
		INE    ine.Number `json:"ine"`
		Family ine.Family `json:"family"`
	}
	in := record{ine.MustParse("223456789HE"), ine.RNIE}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"ine":"223456789HE","family":"rnie"}` {
		t.Fatalf("got %s, %v", data, err)
	}
	var out record
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("got %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"ine":""}`), &out); err != nil || !out.INE.IsZero() {
		t.Errorf("the empty text gave %v, %v", out.INE, err)
	}
	for _, bad := range []string{`{"ine":"12345"}`, `{"family":"other"}`} {
		if err := json.Unmarshal([]byte(bad), &out); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s gave %v", bad, err)
		}
	}
}

func TestEnumerationNames(t *testing.T) {
	t.Parallel()
	testutil.Equal(t, "families", fmt.Sprint([]ine.Family{ine.NoFamily, ine.RNIE, ine.BEA, ine.NNE, ine.SIFA, ine.Provisional, ine.UnknownFamily}),
		"[none rnie bea nne sifa provisional unknown]")
	testutil.Equal(t, "keys", fmt.Sprint([]ine.KeyVerdict{ine.KeyNone, ine.KeyOK, ine.KeyWrong, ine.KeyUnchecked}), "[none ok wrong unchecked]")
	testutil.Equal(t, "statuses", fmt.Sprint([]ine.Status{ine.StatusUnknown, ine.StatusDefinitive, ine.StatusProvisional, ine.StatusAbsent, ine.StatusSuspect, ine.StatusMalformed}),
		"[unknown definitive provisional absent suspect malformed]")
	testutil.Equal(t, "strengths", fmt.Sprint([]ine.Strength{ine.Guessed, ine.Deduced, ine.Secondary, ine.Published, ine.Authority}),
		"[guessed deduced secondary published authority]")
	if got := ine.Family(99).String() + ine.Status(99).String() + ine.KeyVerdict(99).String() + ine.Strength(99).String(); got != "" {
		t.Errorf("values that are no constants have the names %q", got)
	}
}

// Neither errors nor log lines hold a number.
func TestNoLeak(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	var texts []string
	for _, tc := range rightKeys {
		texts = append(texts, tc.number)
	}
	for _, tc := range wrongKeys {
		texts = append(texts, tc.number)
	}
	for _, tc := range refused {
		if len(tc.text) >= 10 {
			texts = append(texts, tc.text)
		}
	}
	leaks.Secret(t, texts...)
	log := leaks.Logger()
	for _, s := range texts {
		_, err := ine.ParseStrict(s)
		leaks.Error(err)
		v := ine.Judge(s)
		log.Info("judged", slog.Any("number", v.Number), slog.Any("verdict", v), slog.Any("row", ine.Row{Line: 1, Verdict: v}), slog.String("reason", v.Reason()))
	}
	leaks.Check(t)
	if !strings.Contains(leaks.Log(), "rnie:***") {
		t.Error("the masked number is not in the log: it proves nothing")
	}
}

func TestMustParsePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	ine.MustParse("not a number")
}

func FuzzParse(f *testing.F) {
	for _, tc := range rightKeys {
		f.Add(tc.number)
	}
	for _, tc := range shapes {
		f.Add(" " + strings.ToLower(tc.number))
	}
	for _, tc := range refused {
		f.Add(tc.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := ine.Judge(s)
		reason := v.Reason()
		n, err := ine.Parse(s)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) || !n.IsZero() || !v.Number.IsZero() {
				t.Fatalf("Parse(%q) = %v, %v; Judge says %v", s, n, err, v.Number)
			}
			ine.Slips(s)
			return
		}
		if again, err := ine.Parse(n.String()); err != nil || again != n {
			t.Fatalf("%v does not survive a round trip: %v, %v", n, again, err)
		}
		checkExpressions(t, n.String())
		if v.Number != n || v.Family != n.Family() || v.Key != n.Key() {
			t.Fatalf("Judge(%q) disagrees with Parse: %+v", s, v)
		}
		if strings.Contains(reason, n.String()) {
			t.Fatalf("the reason holds the number: %s", reason)
		}
		for _, layout := range []ine.Layout{ine.ByFamily, ine.TenOne} {
			if joined, err := ine.Join(n.Split(layout)); err != nil || joined != n {
				t.Fatalf("%v split and joined is %v, %v", n, joined, err)
			}
		}
		for _, slip := range ine.Slips(s) {
			if slip.Key() != ine.KeyOK {
				t.Fatalf("%v is proposed for %v and its key is %v", slip, n, slip.Key())
			}
		}
	})
}
