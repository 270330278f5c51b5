package passerelle_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// given are the variables that the snippets take for granted.
var given = []struct{ name, decl string }{
	{"ctx", "ctx := context.Background()"},
	{"wsdl", "var wsdl []byte"},
	{"mapping", "var mapping ines.Mapping"},
	{"client", "var client *ines.SOAP"}, // unless the snippet makes one
	{"f", "var f *os.File"},
	{"key", "var key *rsa.PrivateKey"},
	{"catalogue", "var catalogue registry.Catalogue"},
	{"signer", "var signer *httpsig.Signer"},
	{"document", "var document []byte"},
	{"certificates", "var certificates []*x509.Certificate"},
	{"person", "var person passerelle.Person"},
}

// TestREADME compiles every Go snippet of the README, of EXAMPLES.md and of the guides
// in docs as the body of a function.
func TestREADME(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	t.Parallel()
	root := testutil.ModuleRoot(t)
	guides, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var files []string
	for _, name := range append([]string{filepath.Join(root, "README.md"), filepath.Join(root, "EXAMPLES.md")}, guides...) {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(page, -1)
		if len(snippets) == 0 && filepath.Base(name) == "README.md" {
			t.Fatal("the README shows no code")
		}
		for i, s := range snippets {
			file := filepath.Join(dir, fmt.Sprintf("%s_%d.go", strings.ToLower(strings.TrimSuffix(filepath.Base(name), ".md")), i+1))
			if err := os.WriteFile(file, []byte(program(t, root, len(files), string(s[1]))), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	main := filepath.Join(dir, "main.go")
	if err := os.WriteFile(main, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", os.DevNull, main}, files...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the snippets of the README and of the guides do not compile (a file is named after its page): %v\n%s", err, out)
	}
}

// program makes a file of a snippet: imports by the package names that it uses,
// declarations of what it takes for granted, and a use of what it leaves unused.
func program(t *testing.T, root string, n int, body string) string {
	t.Helper()
	var decls, uses strings.Builder
	for _, g := range given {
		if regexp.MustCompile(`\b`+g.name+`\b`).MatchString(body) && !regexp.MustCompile(`\b`+g.name+`(, \w+)? :=|(?m)^var `+g.name+`\b`).MatchString(body) {
			decls.WriteString("\t" + g.decl + "\n\t_ = " + g.name + "\n")
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^(\w+)(?:, (\w+))? :=`).FindAllStringSubmatch(body, -1) {
		for _, name := range m[1:] {
			if name != "" && name != "_" {
				uses.WriteString("\t_ = " + name + "\n")
			}
		}
	}
	whole := decls.String() + body + uses.String()
	imports := map[string]bool{}
	code := regexp.MustCompile(`(?m)(^|\s)// .*$`).ReplaceAllString(whole, "") // a comment uses no package
	for _, m := range regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`).FindAllStringSubmatch(code, -1) {
		imports[importPath(root, m[1])] = true
	}
	var head strings.Builder
	for path := range imports {
		if path != "" {
			fmt.Fprintf(&head, "import %q\n", path)
		}
	}
	return fmt.Sprintf("package main\n\n%s\nfunc snippet%d() error {\n%s\treturn nil\n}\n", head.String(), n, whole)
}

// importPath finds the package of a name: one of this module, or of the standard
// library. Variables have none.
func importPath(root, name string) string {
	switch name {
	case "passerelle":
		return module
	case "fmt", "os", "log", "context", "errors", "time", "strings", "iter", "testing":
		return name
	case "http", "url":
		return "net/" + name
	case "rsa", "x509":
		return "crypto/" + name
	}
	for dir := range allowed {
		if filepath.Base(dir) == name && !strings.HasPrefix(dir, "internal/") {
			return module + "/" + dir
		}
	}
	return ""
}
