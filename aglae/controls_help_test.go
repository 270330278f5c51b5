package aglae_test

import (
	"errors"
	"go/ast"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// seq gives values without errors.
func seq[T any](all ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// rowsOf gathers rows and errors.
func rowsOf(rows iter.Seq2[aglae.Row, error]) (all []aglae.Row, errs []error) {
	for row, err := range rows {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, row)
	}
	return all, errs
}

// reasonKeys are the constant texts given to because in the source.
func reasonKeys(tb testing.TB) []string {
	tb.Helper()
	keys := map[string]bool{}
	for _, f := range sources(tb) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if id, ok := call.Fun.(*ast.Ident); !ok || id.Name != "because" {
				return true
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				keys[strings.Trim(lit.Value, `"`)] = true
			}
			return true
		})
	}
	for _, slip := range []string{"slip", "swap", "dropped", "wrong-key", "different"} { // put together in likenessOf
		for _, side := range []string{"-ine", "-grant"} {
			keys[slip+side] = true
		}
	}
	if len(keys) < 25 {
		tb.Fatalf("%d reasons found in the source: the check would prove nothing", len(keys))
	}
	return slices.Sorted(maps.Keys(keys))
}

func isUnavailable(err error) bool { return errors.Is(err, passerelle.ErrUnavailable) }
