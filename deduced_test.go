package passerelle_test

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// marks are the words by which documentation says how sure a thing is, in the order in
// which a sentence that has several is placed, with the chapter that they make.
var marks = []mark{
	{
		regexp.MustCompile(`(?i)\b(deduced|inferred)\b`), "Deduced",
		"No document says it; it follows from public programs, public data, or what services were seen to answer. It never wins against the service's own answer.",
	},
	{
		regexp.MustCompile(`(?i)\b(not|never|nowhere|nobody) (been )?(published|public)\b`), "Not public",
		"Nobody published it. Either you give it, or what is done without it is said here.",
	},
	{
		regexp.MustCompile(`(?i)\binvented\b`), "Invented",
		"Made up, so that there is something to test against. It looks made up, and only the fakes speak it.",
	},
	{
		regexp.MustCompile(`(?i)\bconfigured\b`), "Configured",
		"Left to you, because it differs from one establishment to the next or comes with an account: what configurations cannot do without.",
	},
}

type mark struct {
	word           *regexp.Regexp
	title, meaning string
}

var (
	required = regexp.MustCompile(`(?i)\brequired\b`)
	people   = regexp.MustCompile(`(?i)\binvented (campus|cohort|data|people|students?)\b`) // who is in a fake is no question
)

// has reports whether a remark has the mark. A field that a configuration requires is one
// that is configured.
func (m mark) has(r remark) bool {
	if m.title == "Configured" && strings.Contains(r.symbol, "Config.") && required.MatchString(r.sentence) {
		return true
	}
	return m.word.MatchString(people.ReplaceAllString(r.sentence, ""))
}

// remark is a sentence of the documentation.
type remark struct{ pkg, symbol, sentence string }

// TestPublicOrDeduced compares docs/public-or-deduced.md with the marks in the code.
func TestPublicOrDeduced(t *testing.T) {
	t.Parallel()
	root := testutil.ModuleRoot(t)
	chapters := make([][]remark, len(marks))
	for dir, files := range documented(t, root) {
		for _, r := range remarks(t, dir, files) {
			for i, m := range marks {
				if m.has(r) {
					chapters[i] = append(chapters[i], r)
					break
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("# What is public, what is deduced, what you configure\n\n" +
		"This page is made of the documentation of the packages: every sentence that says how sure a thing is, under its symbol. " +
		"A test writes it (`go test . -run TestPublicOrDeduced -update`) and fails when it is out of date. What is on none of these lists follows a public text, which the documentation of the symbol names.\n")
	for i, m := range marks {
		if len(chapters[i]) == 0 {
			t.Errorf("nothing is marked as %s: the marks are not read", m.title)
		}
		slices.SortFunc(chapters[i], func(a, b remark) int {
			return slices.Compare([]string{a.pkg, a.symbol, a.sentence}, []string{b.pkg, b.symbol, b.sentence})
		})
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| package | symbol | what it says |\n|---|---|---|\n", m.title, m.meaning)
		for _, r := range slices.Compact(chapters[i]) {
			link := fmt.Sprintf("[`%s`](../%s)", r.pkg, r.pkg)
			if r.pkg == "." {
				link = "[`passerelle`](..)"
			}
			symbol := ""
			if r.symbol != "" {
				symbol = "`" + r.symbol + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", link, symbol, strings.ReplaceAll(r.sentence, "|", `\|`))
		}
	}
	page(t, filepath.Join(root, "docs", "public-or-deduced.md"), b.String())
}

// page holds a written page against what it should be, or writes it under -update.
func page(t *testing.T, name, want string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, name+" (run the test with -update to write it)", string(got), want)
}

// documented lists the Go files that are not tests by their folder: those of the SDK and
// of the adapters, whose packages others can import.
func documented(t *testing.T, root string) map[string][]string {
	t.Helper()
	files := make(map[string][]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "internal" || name == "examples" || name == "docs"):
			return filepath.SkipDir
		case !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			dir, err := filepath.Rel(root, filepath.Dir(path))
			files[filepath.ToSlash(dir)] = append(files[filepath.ToSlash(dir)], path)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// remarks reads the sentences of the documentation of a package and of its exported
// symbols.
func remarks(t *testing.T, dir string, files []string) []remark {
	t.Helper()
	var list []remark
	say := func(symbol string, groups ...*ast.CommentGroup) {
		for _, g := range groups {
			for s := range sentences(g.Text()) {
				list = append(list, remark{dir, symbol, s})
			}
		}
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		say("", file.Doc)
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if symbol := symbolOf(d); symbol != "" {
					say(symbol, d.Doc)
				}
			case *ast.GenDecl:
				sayAll(d, say)
			}
		}
	}
	return list
}

// symbolOf is the name of an exported function, or method of an exported type; "" for
// others.
func symbolOf(d *ast.FuncDecl) string {
	if !d.Name.IsExported() {
		return ""
	}
	if d.Recv == nil {
		return d.Name.Name
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if index, ok := of.(*ast.IndexExpr); ok {
		of = index.X
	}
	if name, ok := of.(*ast.Ident); ok && name.IsExported() {
		return name.Name + "." + d.Name.Name
	}
	return ""
}

// sayAll tells of the types, constants and variables of a declaration.
func sayAll(d *ast.GenDecl, say func(symbol string, groups ...*ast.CommentGroup)) {
	first := "" // what the documentation of the whole declaration is about
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			for _, n := range s.Names {
				if n.IsExported() {
					first = cmp.Or(first, n.Name)
					say(n.Name, s.Doc, s.Comment)
				}
			}
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			first = cmp.Or(first, s.Name.Name)
			say(s.Name.Name, s.Doc, s.Comment)
			for _, f := range fieldsOf(s.Type) {
				for _, n := range f.Names {
					if n.IsExported() {
						say(s.Name.Name+"."+n.Name, f.Doc, f.Comment)
					}
				}
			}
		}
	}
	if first != "" {
		say(first, d.Doc)
	}
}

// fieldsOf are the fields of a struct, or the methods of an interface.
func fieldsOf(of ast.Expr) []*ast.Field {
	switch of := of.(type) {
	case *ast.StructType:
		return of.Fields.List
	case *ast.InterfaceType:
		return of.Methods.List
	}
	return nil
}

var (
	item   = regexp.MustCompile(`\n\s*\n|\n\s*- `) // paragraphs, and the items of a list
	ending = regexp.MustCompile(`([.!?])\s+([A-ZÉ\[])`)
	link   = regexp.MustCompile(`\[((?:\w+\.)*[A-Z]\w*)\]`)
)

// sentences are those of a documentation. Code is left out.
func sentences(doc string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range item.Split("\n"+doc, -1) {
			if strings.HasPrefix(p, "\t") {
				continue
			}
			text := ending.ReplaceAllString(strings.Join(strings.Fields(p), " "), "$1\x00$2")
			for s := range strings.SplitSeq(link.ReplaceAllString(text, "$1"), "\x00") {
				if !yield(strings.TrimPrefix(s, "# ")) {
					return
				}
			}
		}
	}
}
