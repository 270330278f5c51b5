package ine_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// summary is what most tests look at in a verdict.
type summary struct {
	number, family, key, expected, status, strength, rule string
}

func summarise(v ine.Verdict) summary {
	return summary{v.Number.String(), v.Family.String(), v.Key.String(), v.ExpectedKey, v.Status.String(), v.Strength.String(), v.Rule}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		text string
		want summary
	}{
		0:  {"", summary{"", "none", "none", "", "absent", "secondary", "empty"}},
		1:  {" \t\u00a0", summary{"", "none", "none", "", "absent", "secondary", "empty"}},
		2:  {"223456789he", summary{"223456789HE", "rnie", "ok", "HE", "definitive", "secondary", "current-form"}},
		3:  {"123456789AA", summary{"123456789AA", "rnie", "wrong", "FJ", "suspect", "deduced", "wrong-key"}},
		4:  {"1234567890V", summary{"1234567890V", "bea", "ok", "V", "definitive", "secondary", "older-form"}},
		5:  {"1234567890G", summary{"1234567890G", "bea", "wrong", "V", "suspect", "secondary", "wrong-key"}},
		6:  {"0AYIOP071Y8", summary{"0AYIOP071Y8", "nne", "ok", "8", "definitive", "secondary", "older-form"}},
		7:  {"0AYIOP071Y9", summary{"0AYIOP071Y9", "nne", "wrong", "8", "suspect", "secondary", "wrong-key"}},
		8:  {"1234A56789B", summary{"1234A56789B", "sifa", "unchecked", "", "definitive", "secondary", "older-form"}},
		9:  {"1234D56789B", summary{"1234D56789B", "provisional", "unchecked", "", "provisional", "secondary", "provisional"}},
		10: {"1234E56789B", summary{"", "unknown", "none", "", "unknown", "deduced", "other-letter"}},
		11: {"1234E56789I", summary{"", "unknown", "none", "", "malformed", "secondary", "no-shape"}},
		13: {"1234E56789BX", summary{"", "unknown", "none", "", "malformed", "secondary", "no-shape"}},
		12: {"12345", summary{"", "unknown", "none", "", "malformed", "secondary", "no-shape"}},
	} {
		v := ine.Judge(tc.text)
		if got := summarise(v); got != tc.want {
			t.Errorf("%d: Judge(%q) = %+v\nwant %+v", i, tc.text, got, tc.want)
		}
		if wantInput := map[bool]string{true: tc.text}[tc.want.family == "unknown"]; v.Input != wantInput {
			t.Errorf("%d: input kept is %q, want %q", i, v.Input, wantInput)
		}
	}
}

// Blanks are told when they stand inside the number, not around it.
func TestJudgeBlanks(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		text string
		want bool
	}{
		0: {"223456789HE", false},
		1: {"  223456789HE\r\n", false},
		2: {"223 456 789 HE", true},
		3: {" 223456789 HE ", true},
		4: {"  ", false},
	} {
		v := ine.Judge(tc.text)
		if told := strings.Contains(v.Reason(), "blanks"); v.Blanks != tc.want || told != tc.want {
			t.Errorf("%d: Judge(%q).Blanks = %v, told %v; want %v", i, tc.text, v.Blanks, told, tc.want)
		}
	}
}

func TestJudgeVectors(t *testing.T) {
	t.Parallel()
	for i, tc := range rightKeys {
		if v := ine.Judge(tc.number); v.Status != ine.StatusDefinitive || v.Key != ine.KeyOK || !v.Definitive() {
			t.Errorf("right key %d: %s is %v, key %v", i, tc.number, v.Status, v.Key)
		}
	}
	for i, tc := range wrongKeys {
		if v := ine.Judge(tc.number); v.Status != ine.StatusSuspect || v.ExpectedKey != tc.key || v.Definitive() {
			t.Errorf("wrong key %d: %s is %v, expected key %q", i, tc.number, v.Status, v.ExpectedKey)
		}
	}
	for i, tc := range refused {
		if v := ine.Judge(tc.text); v.Status.String() != tc.status || !v.Number.IsZero() || v.Key != ine.KeyNone {
			t.Errorf("refused %d: %q is %v with number %v; want %s", i, tc.text, v.Status, v.Number, tc.status)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	off := &ine.Rules{Keys: ine.Keys{RNIE: ine.Unchecked, BEA: ine.Unchecked, NNE: ine.Unchecked}}
	guess, _ := ine.GuessedKeyRule("guess-letter-zero")
	guessing := &ine.Rules{
		Keys:   ine.Keys{SIFA: guess, Provisional: guess},
		Custom: []ine.Rule{{Name: "crous", Match: ine.Prefix("99")}, {Name: "school", Match: ine.Prefix("98"), Reason: "Given by the school."}},
	}
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	old, current := ine.MustParse("0AYIOP071Y8"), ine.MustParse("223456789HE")
	for _, v := range []ine.Verdict{
		ine.Judge(""), ine.Judge("223456789HE"), ine.Judge("2234 5678 9HE"), ine.Judge("123456789AA"),
		ine.Judge("1234567890V"), ine.Judge("1234567890G"), ine.Judge("0AYIOP071Y8"), ine.Judge("1234A56789B"),
		ine.Judge("1234D56789B"), ine.Judge("1234E56789B"), ine.Judge("x"), ine.Judge("12345 67890"), ine.Judge("1234567]90G"),
		off.Judge("123456789AA"), off.Judge("1234567890G"), off.Judge("0AYIOP071Y9"),
		guessing.Judge("1118A00001T"), guessing.Judge("1118D00001A"), guessing.Judge("9900000"), guessing.Judge("98 1"),
		ine.Judge(old.String()).WithINES(old, at), ine.Judge(old.String()).WithINES(current, at), ine.Judge(old.String()).WithINES(ine.Number{}, at),
	} {
		out.WriteString(v.Status.String() + "\t" + v.Reason() + "\n")
	}
	testutil.Golden(t, "reasons.txt", []byte(out.String()))
}

func TestCustomRules(t *testing.T) {
	t.Parallel()
	rules := &ine.Rules{Custom: []ine.Rule{
		{Name: "nothing", Status: ine.StatusMalformed},
		{Name: "cnous", Match: ine.Between("2500000000A", "2599999999Z"), Status: ine.StatusProvisional, Strength: ine.Published, Reason: "Range of the CNOUS."},
		{Name: "school", Match: ine.Prefix("ECOLE", "SCH"), Status: ine.StatusProvisional, Strength: ine.Secondary},
		{Name: "old", Match: ine.Matching(regexp.MustCompile(`[0-9]{8}|TMP.*`)), Status: ine.StatusUnknown},
		{Name: "even", Match: func(s string) bool { return strings.HasSuffix(s, "8") }, Status: ine.StatusSuspect, Strength: ine.Guessed},
		{Name: "late", Match: ine.Prefix("25"), Status: ine.StatusAbsent},
	}}
	for i, tc := range [...]struct {
		text string
		want summary
	}{
		0:  {"2500000001b", summary{"2500000001B", "bea", "wrong", "F", "provisional", "published", "cnous"}},
		1:  {"25 00000001 B", summary{"2500000001B", "bea", "wrong", "F", "provisional", "published", "cnous"}},
		2:  {"250000000EA", summary{"250000000EA", "rnie", "ok", "EA", "provisional", "published", "cnous"}},
		3:  {"école-1", summary{"", "unknown", "none", "", "malformed", "secondary", "no-shape"}},
		4:  {" ecole-1", summary{"", "unknown", "none", "", "provisional", "secondary", "school"}},
		5:  {"20231234", summary{"", "unknown", "none", "", "unknown", "", "old"}},
		6:  {"120231234", summary{"", "unknown", "none", "", "malformed", "secondary", "no-shape"}},
		7:  {"tmpé", summary{"", "unknown", "none", "", "unknown", "", "old"}},
		8:  {"0AYIOP071Y8", summary{"0AYIOP071Y8", "nne", "ok", "8", "suspect", "guessed", "even"}},
		9:  {"25", summary{"", "unknown", "none", "", "absent", "", "late"}},
		10: {"", summary{"", "none", "none", "", "absent", "secondary", "empty"}},
		11: {"1234567890V", summary{"1234567890V", "bea", "ok", "V", "definitive", "secondary", "older-form"}},
	} {
		if got := summarise(rules.Judge(tc.text)); got != tc.want {
			t.Errorf("%d: Judge(%q) = %+v\nwant %+v", i, tc.text, got, tc.want)
		}
	}
	if v := rules.Judge(" ecole-1"); v.Input != " ecole-1" {
		t.Errorf("the text is kept as %q", v.Input)
	}
}

func TestKeySwitch(t *testing.T) {
	t.Parallel()
	rules := &ine.Rules{Keys: ine.Keys{RNIE: ine.Unchecked}}
	want := summary{"123456789AA", "rnie", "unchecked", "", "definitive", "secondary", "current-form"}
	if got := summarise(rules.Judge("123456789AA")); got != want {
		t.Errorf("with the key of RNIE turned off: %+v\nwant %+v", got, want)
	}
	if v := rules.Judge("1234567890G"); v.Key != ine.KeyWrong {
		t.Errorf("the key of BEA was turned off too: %v", v.Key)
	}
	if v := new(ine.Rules).Judge("123456789AA"); v.Key != ine.KeyWrong {
		t.Errorf("zero rules do not check the key: %v", v.Key)
	}
}

// Rules that a caller got wrong do no harm.
func TestBadRules(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "AB"} {
		bad := ine.KeyRule{Name: "bad", Compute: func(ine.Number) (string, bool) { return key, true }}
		rules := &ine.Rules{Keys: ine.Keys{BEA: bad}}
		if v := rules.Judge("1234567890A"); v.Key != ine.KeyUnchecked || v.ExpectedKey != "" {
			t.Errorf("a rule that gives the key %q: key %v, expected %q", key, v.Key, v.ExpectedKey)
		}
		if n, err := rules.Keys.Complete(ine.BEA, "1234567890"); err == nil {
			t.Errorf("a rule that gives the key %q completes a number as %v", key, n)
		}
	}
	rules := &ine.Rules{Custom: []ine.Rule{{Name: "bad", Match: ine.Prefix("1"), Status: ine.Status(99)}}}
	var tally ine.Tally
	tally.Add(ine.Row{Line: 1, Verdict: rules.Judge("1234567890V")}, nil)
	if tally.ByStatus[ine.StatusUnknown] != 1 {
		t.Errorf("a status that does not exist: %+v", tally)
	}
}

// The table of keys that each guess gives for two bodies.
func TestGuessedKeyRules(t *testing.T) {
	t.Parallel()
	want := [...][3]string{
		0: {"guess-letter-dropped", "R", "R"},
		1: {"guess-letter-zero", "T", "T"},
		2: {"guess-letter-rank", "A", "N"},
		3: {"guess-letter-base36", "H", "W"},
		4: {"guess-base36", "A", "M"},
		5: {"guess-letter-rank23", "E", "T"},
	}
	rules := ine.GuessedKeyRules()
	if len(rules) != len(want) {
		t.Fatalf("%d rules, want %d", len(rules), len(want))
	}
	for i, w := range want {
		rule, ok := ine.GuessedKeyRule(w[0])
		if !ok || rules[i].Name != w[0] || rule.Strength != ine.Guessed {
			t.Errorf("%d: %q found %v, strength %v; listed as %q", i, w[0], ok, rule.Strength, rules[i].Name)
			continue
		}
		keys := &ine.Keys{SIFA: rule, Provisional: rule}
		for j, tc := range []struct {
			family ine.Family
			body   string
		}{{ine.Provisional, "1118D00001"}, {ine.SIFA, "1118A00001"}} {
			n, err := keys.Complete(tc.family, tc.body)
			if err != nil || n.String() != tc.body+w[j+1] {
				t.Errorf("%d: %s completes %s as %v, %v; want key %s", i, w[0], tc.body, n, err, w[j+1])
				continue
			}
			if v, _ := keys.Check(n); v != ine.KeyOK {
				t.Errorf("%d: %s says %v of its own key", i, w[0], v)
			}
		}
	}
	if _, ok := ine.GuessedKeyRule("other"); ok {
		t.Error("a rule that does not exist was found")
	}
	rules0 := &ine.Rules{Keys: ine.Keys{Provisional: rules[0]}}
	if got := summarise(rules0.Judge("1118D00001T")); got != (summary{"1118D00001T", "provisional", "wrong", "R", "suspect", "guessed", "wrong-key"}) {
		t.Errorf("a key wrong by a guess: %+v", got)
	}
}

func TestWithINES(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	old, current := ine.MustParse("0AYIOP071Y8"), ine.MustParse("223456789AA") // INES is right, whatever the key
	rules := &ine.Rules{Custom: []ine.Rule{{Name: "all", Match: ine.Prefix(""), Status: ine.StatusSuspect, Reason: "Because."}}}
	for i, tc := range [...]struct {
		text     string
		master   ine.Number
		want     summary
		replaces ine.Number
	}{
		0: {old.String(), old, summary{"0AYIOP071Y8", "nne", "ok", "8", "definitive", "authority", "ines"}, ine.Number{}},
		1: {old.String(), current, summary{"223456789AA", "rnie", "wrong", "HE", "definitive", "authority", "ines"}, old},
		2: {old.String(), ine.Number{}, summary{"0AYIOP071Y8", "nne", "ok", "8", "unknown", "authority", "ines"}, ine.Number{}},
		3: {"", current, summary{"223456789AA", "rnie", "wrong", "HE", "definitive", "authority", "ines"}, ine.Number{}},
		4: {"not a number", current, summary{"223456789AA", "rnie", "wrong", "HE", "definitive", "authority", "ines"}, ine.Number{}},
	} {
		before := rules.Judge(tc.text)
		v := before.WithINES(tc.master, at)
		if !v.Number.IsZero() && v.Input != "" {
			t.Errorf("%d: the input %q is kept beside the number", i, v.Input)
		}
		if got := summarise(v); got != tc.want || v.Replaces != tc.replaces || !v.At.Equal(at) {
			t.Errorf("%d: %+v replaces %v at %v\nwant %+v", i, got, v.Replaces, v.At, tc.want)
		}
		if before.Rule == ine.RuleINES {
			t.Errorf("%d: the verdict before the answer was changed", i)
		}
		if strings.Contains(v.Reason(), "Because") {
			t.Errorf("%d: the reason is still that of the rule: %s", i, v.Reason())
		}
	}
}

func TestVerdictJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal([]ine.Verdict{ine.Judge("1234567890G"), ine.Judge("x")})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "JSON", string(data), `[{"number":"1234567890G","family":"bea","key":"wrong","expected_key":"V","status":"suspect","strength":"secondary","rule":"wrong-key"},`+
		`{"number":"","input":"x","family":"unknown","key":"none","status":"malformed","strength":"secondary","rule":"no-shape"}]`)
}

func TestNoAllocation(t *testing.T) {
	rules := &ine.Rules{Custom: []ine.Rule{{Name: "p", Match: ine.Prefix("999")}}}
	for _, s := range []string{"223456789HE", "1234567890v", "0AYIOP071Y8", "1234A56789B", "1234D56789B", "2234 56789 HE", ""} {
		if n := testing.AllocsPerRun(100, func() {
			v := ine.Judge(s)
			if v.Status == ine.StatusMalformed || v.Reason() == "" && !v.Blanks {
				t.Fatal(v)
			}
			if s != "" {
				if _, err := ine.ParseStrict(s); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 && !strings.Contains(s, " ") || n > 2 {
			t.Errorf("%v allocations to judge %q", n, s)
		}
	}
	if n := testing.AllocsPerRun(100, func() { rules.Judge("223456789HE") }); n != 0 {
		t.Errorf("%v allocations with a custom rule", n)
	}
	if n := testing.AllocsPerRun(100, func() { ine.Judge("2234 56789 HE") }); n != 0 {
		t.Errorf("%v allocations with inner blanks, the reason left unread", n)
	}
}
