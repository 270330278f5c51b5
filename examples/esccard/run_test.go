package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const number = "d88b02c1-894e-1038-a711-001999465982"

// call runs the program.
func call(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, diag bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &diag)
	return code, out.String(), diag.String()
}

// answer runs the program and decodes its only line.
func answer(t *testing.T, wantCode int, args ...string) map[string]any {
	t.Helper()
	code, stdout, stderr := call("", args...)
	if code != wantCode {
		t.Fatalf("esccard %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, stdout, stderr)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatalf("esccard %s: %v in %q", strings.Join(args, " "), err, stdout)
	}
	return v
}

// What does not change from run to run, with the exit code before the output.
func TestAnswers(t *testing.T) {
	t.Parallel()
	calls := [...][]string{
		0:  {"escn", "show", number},
		1:  {"escn", "show", "B881984A0B8811E998A40000773406C7"},
		2:  {"escn", "show", "b881984a-0b88-11e9-98a4-001999978433"},
		3:  {"escn", "show", "0c615bc5-605a-11ef-83b5-60a44c40ce5c"},
		4:  {"escn", "show", "3f2c8a5e-9b1d-4c6f-8a7b-0123456789ab"},
		5:  {"escn", "show", "d88b02c1-894e-1038-a711"},
		6:  {"esi", "build", "-country", "fr", "-code", "223456789HE"},
		7:  {"esi", "build", "-country", "FR", "-code", "123456789ab"},
		8:  {"esi", "build", "-country", "fr", "-code", "2024D00001A"},
		9:  {"esi", "build", "-country", "fr", "-code", "2024D00001A", "-provisional"},
		10: {"esi", "build", "-country", "fr", "-code", "42"},
		11: {"esi", "build", "-country", "DE", "-code", "12345"},
		12: {"esi", "build", "-country", "XX", "-code", "12345"},
		13: {"esi", "build", "-country", "ES-AN", "-code", "12345"},
		14: {"esi", "build", "-sho", "univ.fr", "-code", "20240001"},
		15: {"esi", "build", "-sho", "univ", "-code", "20240001"},
		16: {"esi", "build", "-legacy", "-country", "FR", "-pic", "999465982", "-code", "123456789AB"},
		17: {"esi", "build", "-country", "DE", "-code", "a/b"},
		18: {"esi", "show", "URN:SCHAC:PERSONALUNIQUECODE:INT:ESI:FR:123456789ab"},
		19: {"esi", "show", "ES-999898311-0617102195"},
		20: {"esi", "show", "urn:schac:personalUniqueCode:int:esi:se:123"},
		21: {"esi", "show", "urn:schac:PersonalUniqueCode:es:ESI:uma.es:xxx"},
		22: {"esi", "show", "urn:schac:personalUniqueCode:fi:tut.fi:hetu:010161-995A"},
		23: {"qr", number},
		24: {"qr", number, "-base", "http://esc.gg/"},
		25: {"qr", "-base", "https://carte.univ-exemple.example.org/esc", number},
		26: {"qr", "nothing"},
		27: {"qr", "00000000000000000000000000000000"},
	}
	var b strings.Builder
	for i, args := range calls {
		code, stdout, stderr := call("", args...)
		fmt.Fprintf(&b, "%d: esccard %s\n%d %s", i, strings.Join(args, " "), code, stdout)
		if stderr != "" {
			t.Errorf("%d: standard error %q, want nothing", i, stderr)
		}
		if strings.Count(stdout, "\n") != 1 || !json.Valid([]byte(stdout)) {
			t.Errorf("%d: standard output is not one object on a line: %q", i, stdout)
		}
	}
	testutil.Golden(t, "answers.txt", []byte(b.String()))
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}, {"escn", "-h"}, {"seal", "verify", "-h"}, {"qr", number, "-h"}} {
		if code, stdout, stderr := call("", args...); code != exitDone || stdout != help || stderr != "" {
			t.Errorf("esccard %v: exit code %d, %d bytes, %q; want the help", args, code, len(stdout), stderr)
		}
	}
	for name := range commands {
		if !strings.Contains(help, "esccard "+name) {
			t.Errorf("the help does not tell of %q", name)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	picture := filepath.Join(dir, "x.png")
	tests := [...][]string{
		0:  {},
		1:  {"escn"},
		2:  {"escn", "old"},
		3:  {"escn", "new"},
		4:  {"escn", "new", "-pic", "99946598"},
		5:  {"escn", "new", "-pic", "999465982", "-prefix", "1000"},
		6:  {"escn", "new", "-pic", "999465982", "-n", "0"},
		7:  {"escn", "new", "-pic", "999465982", "-n", "x"},
		8:  {"escn", "new", "-pic", "999465982", "extra"},
		9:  {"escn", "show"},
		10: {"escn", "show", number, number},
		11: {"esi", "build", "-country", "fr"},
		12: {"esi", "build", "-code", "1"},
		13: {"esi", "build", "-country", "fr", "-sho", "univ.fr", "-code", "1"},
		14: {"esi", "build", "-country", "fr", "-pic", "999465982", "-code", "1"},
		15: {"esi", "build", "-legacy", "-country", "fr", "-code", "1"},
		16: {"qr", number, "-base", "ftp://esc.gg/"},
		17: {"qr", number, "-o", filepath.Join(dir, "x.gif")},
		18: {"qr", number, "-o", picture, "-scale", "3"},
		19: {"qr", number, "-o", picture, "-scale", "4.5"},
		20: {"qr", number, "-scale", "4"},
		21: {"qr", number, "-unknown"},
		22: {"authority"},
		23: {"seal", "sign"},
		24: {"seal", "verify", "-roots", "r.pem", "x"},
		25: {"seal", "verify", "-roots", "r.pem", "-chain", "c.pem", "-at", "tomorrow", "x"},
		26: {"seal", "verify", "-roots", "r.pem", "-chain", "c.pem", "-issuer", "univ.fr", "x"},
		27: {"seal", "sign", "-key", "k", "-chain", "c", "-escn", number, "-expires", "30/09/2027"},
		28: {"seal", "sign", "-key", "k", "-chain", "c", "-escn", number, "-expires", "2027-09-00"},
		29: {"seal", "sign", "-key", "k", "-chain", "c", "-escn", "x", "-expires", "2027-09-30"},
		30: {"deuinfo", "verify", "-roots", "r", "-chain", "c", "-escn", number, "-uid", "04", "-signature", "00"},
		31: {"deuinfo", "verify", "-roots", "r", "-chain", "c", "-escn", number, "-uid", "042e5a7a6e4d80", "-signature", "zz"},
	}
	for i, args := range tests {
		code, stdout, stderr := call("", args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "esccard -h") {
			t.Errorf("%d: esccard %v: exit code %d, %q, %q; want 2 and where help is", i, args, code, stdout, stderr)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("wrong calls left files: %v", entries)
	}
}

func TestCouldNotWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "such")
	state := filepath.Join(dir, "state")
	if err := os.WriteFile(state, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := [...][]string{
		0: {"escn", "new", "-pic", "999465982", "-state", state},
		1: {"escn", "new", "-pic", "999465982", "-state", missing},
		2: {"qr", number, "-o", missing + ".png"},
		3: {"seal", "sign", "-key", missing, "-chain", missing, "-escn", number, "-expires", "2027-09-30"},
		4: {"seal", "sign", "-key", state, "-chain", state, "-escn", number, "-expires", "2027-09-30"},
		5: {"seal", "verify", "-roots", missing, "-chain", missing, "x"},
		6: {"authority", "-out", state},
	}
	for i, args := range tests {
		if code, stdout, stderr := call("", args...); code != exitFailed || stdout != "" || !strings.HasPrefix(stderr, "esccard: ") {
			t.Errorf("%d: esccard %v: exit code %d, %q, %q; want 3 and why", i, args, code, stdout, stderr)
		}
	}
}

func TestNewNumbers(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "escn-042")
	seen := map[uint64]bool{}
	for range 3 { // each run is a new process as far as ticks go
		code, stdout, stderr := call("", "escn", "new", "-pic", "999465982", "-prefix", "42", "-n", "500", "-state", state)
		if code != exitDone || stderr != "" {
			t.Fatalf("exit code %d, %q", code, stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if len(lines) != 500 {
			t.Fatalf("%d lines, want 500", len(lines))
		}
		for _, line := range lines {
			var v struct{ ESCN esc.Number }
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			d := v.ESCN.Decode()
			if d.Variant != esc.Official || !d.Plausible || d.Prefix != "042" || d.PIC != "999465982" {
				t.Fatalf("%v decodes to %+v", v.ESCN, d)
			}
			if seen[v.ESCN.Ticks()] {
				t.Fatalf("tick %d was used before", v.ESCN.Ticks())
			}
			seen[v.ESCN.Ticks()] = true
		}
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, scale := range []string{"4", "12"} {
		name := filepath.Join(dir, "card-"+scale+".PNG")
		v := answer(t, exitDone, "qr", number, "-o", name, "-scale", scale)
		text, err := readPicture(name)
		if err != nil || text != v["content"] {
			t.Errorf("scale %s: the picture reads %q, %v; want %q", scale, text, err, v["content"])
		}
	}
	svg := filepath.Join(dir, "card.svg")
	answer(t, exitDone, "qr", "-scale", "1.5", "-o", svg, number)
	if data, err := os.ReadFile(svg); err != nil || !bytes.Contains(data, []byte(`width="61.5"`)) {
		t.Errorf("drawing %.100q, %v; want one of 61.5 units", data, err)
	}
	if _, stdout, stderr := call("", "qr", number, "-terminal"); !strings.Contains(stderr, "█▄█") || strings.Contains(stdout, "█") {
		t.Errorf("the drawing is not on standard error: %q", stderr)
	}
}
