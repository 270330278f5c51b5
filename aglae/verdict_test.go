package aglae_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestOnlyHolderSparesThePaper goes through every value that a Verdict can have.
func TestOnlyHolderSparesThePaper(t *testing.T) {
	t.Parallel()
	for v := range 256 {
		verdict := aglae.Verdict(v)
		want := verdict != aglae.Holder
		if got := verdict.AskPaper(); got != want {
			t.Errorf("%v: AskPaper is %v", verdict, got)
		}
		if got := (aglae.Answer{Verdict: verdict}).AskPaper(); got != want {
			t.Errorf("answer %v: AskPaper is %v", verdict, got)
		}
	}
	var zero aglae.Answer
	if zero.Verdict != aglae.Undetermined || !zero.AskPaper() {
		t.Errorf("the zero answer is %v, AskPaper %v", zero.Verdict, zero.AskPaper())
	}
	var flag aglae.Flag
	var eligible aglae.Eligibility
	var c aglae.EventCase
	if flag != aglae.FlagUnknown || eligible != aglae.EligibilityUnknown || c != aglae.CaseUnknown {
		t.Error("a zero value knows something")
	}
}

func TestVerdictText(t *testing.T) {
	t.Parallel()
	for _, v := range []aglae.Verdict{aglae.Undetermined, aglae.Holder, aglae.Wait, aglae.Unavailable} {
		text, err := v.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		back := aglae.Verdict(9)
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%s came back as %v, %v", text, back, err)
		}
	}
	for _, text := range []string{"no", "not_holder", "false", "HOLDER", "holder "} {
		v := aglae.Undetermined
		if err := v.UnmarshalText([]byte(text)); err == nil || v != aglae.Undetermined {
			t.Errorf("%q was read as %v, %v", text, v, err)
		}
	}
	v := aglae.Holder
	if err := v.UnmarshalText(nil); err != nil || v != aglae.Undetermined {
		t.Errorf("an empty text was read as %v, %v", v, err)
	}
}

// TestEveryCauseIsExplained checks that a clerk reads words, in both languages.
func TestEveryCauseIsExplained(t *testing.T) {
	t.Parallel()
	var causes []aglae.Cause
	for name, value := range constants(t, "Cause") {
		if strings.HasPrefix(name, "Cause") {
			causes = append(causes, aglae.Cause(value))
		}
	}
	if len(causes) != 12 {
		t.Errorf("%d causes found in the source, want 12", len(causes))
	}
	for _, c := range causes {
		for _, lang := range []aglae.Lang{aglae.French, aglae.English} {
			if text := c.Text(lang); text == string(c) {
				t.Errorf("%s has no text in %s", c, lang)
			}
		}
	}
	if got := aglae.Cause("of tomorrow").Text(aglae.French); got != "of tomorrow" {
		t.Errorf("an unknown cause is %q", got)
	}
}

// sources parses the package without its tests.
func sources(tb testing.TB) []*ast.File {
	tb.Helper()
	var files []*ast.File
	err := fs.WalkDir(moduleFS(tb), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && path != "." {
			return fs.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := fs.ReadFile(moduleFS(tb), path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, data, 0)
		files = append(files, f)
		return err
	})
	if err != nil || len(files) < 10 {
		tb.Fatalf("%d files of the package parsed: %v", len(files), err)
	}
	return files
}

// constants returns the typed text constants of the package whose type has this name.
func constants(tb testing.TB, typeName string) map[string]string {
	tb.Helper()
	found := make(map[string]string)
	for _, f := range sources(tb) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if id, ok := v.Type.(*ast.Ident); ok && id.Name == typeName && len(v.Values) == 1 {
					if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
						found[v.Names[0].Name] = strings.Trim(lit.Value, `"`)
					}
				}
			}
		}
	}
	return found
}

// TestSwitchesAreExhaustive looks at every switch over verdicts in the source: either
// all values are named, or what is not named goes on to a default that the code chose.
// A fifth verdict, or one that is forgotten, is found here.
func TestSwitchesAreExhaustive(t *testing.T) {
	t.Parallel()
	all := []string{"Undetermined", "Holder", "Wait", "Unavailable"}
	checked := 0
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SwitchStmt)
			if !ok || s.Tag == nil {
				return true
			}
			var named []string
			byDefault := false
			for _, c := range s.Body.List {
				clause := c.(*ast.CaseClause)
				byDefault = byDefault || clause.List == nil
				for _, e := range clause.List {
					if id, ok := e.(*ast.Ident); ok && slices.Contains(all, id.Name) {
						named = append(named, id.Name)
					}
				}
			}
			if len(named) == 0 {
				return true
			}
			checked++
			if byDefault {
				t.Errorf("%s: a switch over verdicts has a default: name each value", f.Name)
			}
			for _, v := range all {
				if !slices.Contains(named, v) {
					t.Errorf("a switch over verdicts forgets %s", v)
				}
			}
			return true
		})
	}
	if checked < 2 {
		t.Errorf("%d switches over verdicts found: the check would prove nothing", checked)
	}
}

// TestNoBooleanSaysNo looks at everything exported about an answer: the only boolean is
// AskPaper, which is true unless the answer is a yes.
func TestNoBooleanSaysNo(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[aglae.Verdict](), reflect.TypeFor[aglae.Answer](), reflect.TypeFor[aglae.Detection](), reflect.TypeFor[aglae.Row](),
		reflect.TypeFor[*aglae.Connector](), reflect.TypeFor[*aglae.SOAP](), reflect.TypeFor[aglae.Cause](),
	} {
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			for o := range m.Type.NumOut() {
				if m.Type.Out(o).Kind() == reflect.Bool && m.Name != "AskPaper" {
					t.Errorf("%v.%s returns a boolean", typ, m.Name)
				}
			}
		}
		if typ.Kind() != reflect.Struct {
			continue
		}
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() && f.Type.Kind() == reflect.Bool {
				t.Errorf("%v.%s is a boolean", typ, f.Name)
			}
		}
	}
	testutil.Equal(t, "values of the type", len(verdictConstants(t)), 4)
}

// verdictConstants are the names of the values, from the source.
func verdictConstants(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, f := range sources(t) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			if id, ok := g.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); !ok || id.Name != "Verdict" {
				continue
			}
			for _, s := range g.Specs {
				names = append(names, s.(*ast.ValueSpec).Names[0].Name)
			}
		}
	}
	return names
}
