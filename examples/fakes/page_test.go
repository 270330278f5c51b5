package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// program runs the fakes for a test and stops them at its end. It returns the lines that
// were printed, by service.
func program(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	out, in := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() {
		code <- run(ctx, args, in, &stderr)
		in.Close()
	}()
	lines := make(map[string]map[string]any)
	dec := json.NewDecoder(out)
	for lines["control"] == nil {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatalf("the program printed no control: %v\n%s", err, stderr.String())
		}
		line["place"] = len(lines) + 1 // in the order of the ports
		lines[line["service"].(string)] = line
	}
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != exitDone {
			t.Errorf("interrupted, the program ends with %d\n%s", got, stderr.String())
		}
		if ca, _ := lines["ewp"]["ca"].(string); len(args) > 0 && !strings.Contains(strings.Join(args, " "), "-out") {
			if _, err := os.Stat(ca); err == nil {
				t.Errorf("%s is left behind", ca)
			}
		}
	})
	return lines
}

// call is one command of the page and the answer that it shows.
type call struct {
	line          int
	command, want string
}

// calls reads the console blocks of the page: commands after "$ ", with the lines that
// belong to them indented, and the answer below.
func readCalls(t *testing.T, page string) []call {
	t.Helper()
	var list []call
	inBlock := false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inBlock = line == "```console"
		case !inBlock:
		case strings.HasPrefix(line, "$ "):
			list = append(list, call{line: i + 1, command: line[2:]})
		case len(list) > 0 && list[len(list)-1].want == "" && strings.HasPrefix(line, "    "):
			list[len(list)-1].command += "\n" + line[4:]
		case len(list) > 0:
			list[len(list)-1].want += line + "\n"
		}
	}
	return list
}

// pattern is the answer of a page as an expression: … stands for anything.
func pattern(want string) *regexp.Regexp {
	text := regexp.QuoteMeta(strings.TrimSpace(want))
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(text, "…", ".*") + `$`)
}

// TestPage runs every call of docs/fakes.md as a reader would, and compares the answers.
func TestPage(t *testing.T) {
	testutil.Program(t, "curl")
	sh := testutil.Program(t, "sh")
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(testutil.ModuleRoot(t), "docs", "fakes.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	lines := program(t, "-listen", "127.0.0.1:0")
	var addresses []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `http://([^/`]+)").FindAllStringSubmatch(page, -1) {
		line := lines[row[1]]
		if line == nil {
			t.Fatalf("the page has a service %q that is not started", row[1])
		}
		got, _, _ := strings.Cut(strings.TrimPrefix(line["url"].(string), "http://"), "/")
		addresses = append(addresses, row[2], got)
		place := line["place"].(int)
		if row[1] == "control" {
			place = 0
		}
		if want := fmt.Sprintf("127.0.0.1:%d", 8400+place); row[2] != want {
			t.Errorf("the page has %s at %s; -listen 127.0.0.1:8400 gives it %s", row[1], row[2], want)
		}
	}
	// Three universities share a row.
	if want := len(lines) - 3; len(addresses) != 2*want {
		t.Errorf("the page has addresses of %d services; want %d", len(addresses)/2, want)
	}
	here := strings.NewReplacer(addresses...)
	calls := readCalls(t, page)
	if len(calls) < 50 {
		t.Fatalf("the page has %d calls", len(calls))
	}
	dir := t.TempDir()
	for _, c := range calls {
		cmd := exec.CommandContext(t.Context(), sh, "-c", here.Replace(c.command))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CA="+lines["ewp"]["ca"].(string), "UNI_A="+lines["uni-a.example"]["url"].(string), "LC_ALL=C")
		out, _ := cmd.CombinedOutput() // what a failing curl says is compared too
		if got := strings.TrimSpace(string(out)); !pattern(here.Replace(c.want)).MatchString(got) {
			t.Errorf("docs/fakes.md:%d: %s\n got %.1500s\nwant %s", c.line, c.command, got, c.want)
		}
	}
}
