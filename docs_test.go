package passerelle_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestThreatModel: every test that docs/threat-model.md names exists in a package of its
// row, and every row names one.
func TestThreatModel(t *testing.T) {
	t.Parallel()
	root := testutil.ModuleRoot(t)
	data, err := os.ReadFile(filepath.Join(root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	rows := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 4 || strings.Contains(line, "| shown by |") {
			continue
		}
		rows++
		defined := tests(t, root, quoted.FindAllStringSubmatch(cells[2], -1))
		names := quoted.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("nothing shows this: %s", line)
		}
		for _, name := range names {
			if !defined[name[1]] {
				t.Errorf("%s: no %s in %s", strings.TrimPrefix(cells[0], "| "), name[1], cells[2])
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d rows were read: the table has another form", rows)
	}
}

// tests gives the names of the tests and fuzz targets of some packages.
func tests(t *testing.T, root string, packages [][]string) map[string]bool {
	t.Helper()
	defined := make(map[string]bool)
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, p := range packages {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(p[1]), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("%s has no tests", p[1])
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range function.FindAllSubmatch(text, -1) {
				defined[string(m[1])] = true
			}
		}
	}
	return defined
}

// TestLinks: every file that a page of docs links to exists.
func TestLinks(t *testing.T) {
	t.Parallel()
	root := testutil.ModuleRoot(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(string(m[1])))); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(name), m[1])
			}
		}
	}
}
