package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The numbers published or computed with a right key, published with a wrong one,
// and those of public test suites, accepted then refused.
const (
	rightKeys = `223456789HE
120156231KE
130187884JE
070578267KH
080890290EH
090567778FF
081768862AE
0AYIOP071Y8
0494004062M
0100007108D
0100008010J
000000000KH
000000001KG
000000096AB
000000097KH
123456789FJ
012345678KE
200000001DB
250000000EA
999999999GE
0000000023A
1234567890V
0100000000C
1190000001M
2218123456G
8005012345A
0AYIOP00006
0AYIOP00017
0AYIOP000Z1
0G411N00011
ZZZZZZZZZZ5
`
	wrongKeys = `1234567890G
1234567890Y
1234567890A
1234567890B
1234567890C
1234567890D
1234567890E
1234567890F
1234567890T
1234567404G
1234567500G
1234567503G
123456789AA
123456789AB
012345678GD
012345678AA
675773666AD
402957826QH
697720085AO
`
	shapes = `000000000AH
123456789JK
123456789KA
1234567890Z
1234567890N
1234567890R
12345678901
A2B4C6D8E05
AAAAAAAAAA1
1234A56789B
0000A00000Z
1111A11111A
1234D56789B
0000D00000A

` + "   " + `
1234567890
1234567890GG
12345 6789AB
123456789@#
123456789II
123456789AL
1234567890I
1234567890O
1111111111Q
A2B4C6D8E0A
1234B56789C
123A456789B
1234A56789I
1234E56789B
1234567]90G
`
)

// invoke runs the program and returns what it printed and its exit code.
func invoke(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   string
		code int
	}{
		"right_keys": {rightKeys, exitDone},
		"wrong_keys": {wrongKeys, exitRefused},
		"shapes":     {shapes, exitRefused},
	} {
		out, errs, code := invoke(tc.in, "-summary")
		if code != tc.code || errs != "" {
			t.Errorf("%s: exit code %d and %q on standard error; want %d and nothing", name, code, errs, tc.code)
		}
		testutil.Golden(t, name+".jsonl", []byte(out))
		if lines := strings.Count(out, "\n"); lines != strings.Count(tc.in, "\n")+1 {
			t.Errorf("%s: %d lines out for %d lines in and a summary", name, lines, strings.Count(tc.in, "\n"))
		}
	}
}

// The keys of each line are those of the contract, in its order.
func TestLineContract(t *testing.T) {
	t.Parallel()
	out, _, _ := invoke("223456789HE\n1234 d5678 9b\nx\"\\\xff\u20acé\n\n")
	want := []string{
		`{"line":1,"number":"223456789HE","family":"rnie","key":"ok","expected_key":"HE","status":"definitive","reason":"Current form (RNIE), right key."}`,
		`{"line":2,"number":"1234D56789B","family":"provisional","key":"unchecked","status":"provisional","reason":"Provisional form: ask INES for the definitive number; blanks inside it were removed."}`,
		`{"line":3,"number":"x\"\\\ufffd€é","family":"unknown","key":"none","status":"malformed","reason":"Not an INE: it has 6 characters where 11 are expected."}`,
		`{"line":4,"number":"","family":"none","key":"none","status":"absent","reason":"No number: search the student in INES, then immatriculate."}`,
	}
	testutil.Equal(t, "output", strings.Split(strings.TrimSuffix(out, "\n"), "\n"), want)
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "base.csv")
	const content = "nom;prenom;INE\nA;B;223456789HE\nC;\"D\nE\";1234D56789B\nF;G\nH;\"I\"J;x\nK;L;\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	const faults = "inecheck: line 5, column 1: columns: want 3 columns as in the header, not 2\n" +
		"inecheck: line 6, column 6: quote: want a separator after the quote that ends a field, or that quote doubled\n"
	for i, args := range [...][]string{
		0: {"-csv", file, "-column", "INE"},
		1: {"-csv", file, "-column", "ine", "-sep", ";"},
		2: {"-csv", "-", "-column", "INE"},
	} {
		out, errs, code := invoke(content, args...)
		if code != exitRefused || errs != faults {
			t.Errorf("%d: exit code %d, standard error:\n%s", i, code, errs)
		}
		var lines []int
		for line := range strings.Lines(out) {
			var row struct{ Line int }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, row.Line)
		}
		testutil.Equal(t, "lines", lines, []int{2, 3, 7})
	}
	out, _, code := invoke("", "-csv", file, "-column", "INE", "-summary-only")
	want := `{"summary":{"total":5,"unreadable":2,"by_status":{"absent":1,"definitive":1,"malformed":0,"provisional":1,"suspect":0,"unknown":0},` +
		`"by_family":{"bea":0,"nne":0,"none":1,"provisional":1,"rnie":1,"sifa":0,"unknown":0}}}` + "\n"
	if code != exitRefused || out != want {
		t.Errorf("-summary-only: exit code %d, output %s", code, out)
	}
	if out, _, code := invoke("a\tINE\n1\t1234567890V\n", "-csv", "-", "-column", "INE", "-sep", `\t`); code != exitDone || strings.Count(out, "\n") != 1 {
		t.Errorf("tabulations: exit code %d, output %s", code, out)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		stdin string
		args  []string
		code  int
		said  string // on standard error
	}{
		0:  {"", nil, exitDone, ""},
		1:  {"1234E56789B\n1234D56789B\n\n", nil, exitDone, ""}, // unknown, provisional, absent: not refused
		2:  {"x\n", nil, exitRefused, ""},
		3:  {"1234567890G\n", nil, exitRefused, ""},
		4:  {strings.Repeat("x", 70_000), nil, exitRefused, "line 1, column 65537"},
		5:  {"", []string{"-nope"}, exitUsage, "not defined"},
		6:  {"", []string{"file.txt"}, exitUsage, "unexpected argument"},
		7:  {"", []string{"-csv", "x.csv"}, exitUsage, "-column"},
		8:  {"", []string{"-column", "x"}, exitUsage, "-csv"},
		9:  {"", []string{"-csv", "x", "-column", "y", "-sep", "ab"}, exitUsage, "-sep"},
		10: {"", []string{"-csv", "x", "-column", "y", "-sep", "\""}, exitUsage, "-sep"},
		11: {"", []string{"-csv", filepath.Join(t.TempDir(), "none.csv"), "-column", "INE"}, exitFailed, "none.csv"},
		12: {"nom;code\n", []string{"-csv", "-", "-column", "INE"}, exitFailed, `columns found: ["nom" "code"]`},
		13: {"", []string{"-csv", "-", "-column", "INE"}, exitFailed, "no line"},
		14: {"", []string{"-csv", t.TempDir(), "-column", "INE"}, exitFailed, "reading line"},
	} {
		_, errs, code := invoke(tc.stdin, tc.args...)
		if code != tc.code || !strings.Contains(errs, tc.said) || tc.said == "" && errs != "" {
			t.Errorf("%d: exit code %d, standard error %q; want %d, %q", i, code, errs, tc.code, tc.said)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	out, errs, code := invoke("", "-h")
	if code != exitDone || errs != "" {
		t.Errorf("exit code %d, standard error %q", code, errs)
	}
	testutil.Golden(t, "help.txt", []byte(out))
}

// failingWriter refuses everything.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFailures(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	if code := run(nil, strings.NewReader("1234567890V\n"), failingWriter{}, &errs); code != exitFailed || !strings.Contains(errs.String(), "disk full") {
		t.Errorf("output that fails: exit code %d, %s", code, &errs)
	}
	many := strings.Repeat("1234567890V\n", 10_000) // more than the buffer of the output
	if code := run(nil, strings.NewReader(many), failingWriter{}, &errs); code != exitFailed {
		t.Errorf("output that fails early: exit code %d", code)
	}
	var out bytes.Buffer
	errs.Reset()
	input := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("1")))
	if code := run(nil, input, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "reading line 1") {
		t.Errorf("input that fails: exit code %d, %s", code, &errs)
	}
}
