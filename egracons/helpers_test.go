package egracons_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	guide  = "ects-guide-example"
	ap     = "be-ap-antwerp-2019-2023-general"
	avans  = "nl-avans-all"
	ucl    = "be-uclouvain-2010-2015-all"
	abitur = "de-kmk-abitur-2015"
	cbs    = "dk-cbs-2013-2014-undergraduate"
)

// published returns the published tables by name.
func published(tb testing.TB) map[string]*egracons.Table {
	tb.Helper()
	return tablesOf(tb, read(tb, "grade_tables.csv"), egracons.PublishedLayout())
}

func tablesOf(tb testing.TB, data []byte, layout egracons.Layout) map[string]*egracons.Table {
	tb.Helper()
	tables := map[string]*egracons.Table{}
	for t, err := range egracons.ReadTables(bytes.NewReader(data), layout) {
		if err != nil {
			tb.Fatal(err)
		}
		tables[t.Identity().ID] = t
	}
	return tables
}

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func decode(tb testing.TB, name string, into any) {
	tb.Helper()
	if err := json.Unmarshal(read(tb, name), into); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
}

// must fails the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func rules(p egracons.Policy) egracons.Rules {
	return egracons.Rules{Policy: p, Tie: egracons.Better}
}

// pairs is a list of grades with their counts, best first, all passing.
type pairs []struct {
	grade string
	count int64
}

func (p pairs) table(tb testing.TB, id egracons.Identity) *egracons.Table {
	tb.Helper()
	var grades []egracons.Grade
	var weights []egracons.Weight
	for i, g := range p {
		grades = append(grades, egracons.Grade{Label: g.grade, Passing: true, Value: egracons.Int(int64(len(p) - i))})
		weights = append(weights, egracons.Weight{Grade: g.grade, Number: egracons.Int(g.count)})
	}
	scale := must(egracons.NewScale("test", grades...))(tb)
	return must(egracons.NewTable(egracons.TableSpec{Identity: id, Scale: scale, Basis: egracons.Counts, Weights: weights}))(tb)
}

// The copies in testdata are those of the reference material.
func TestFixturesAreCurrent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"grade_tables.csv", "conversion_vectors.json", "edge_cases.json", "ects_letter_vectors.json", "bavarian_vectors.json"} {
		want, err := os.ReadFile(testutil.Shared(t, "fixtures/egracons/"+name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, read(t, name)) {
			t.Errorf("testdata/%s is not the copy of the reference material", name)
		}
	}
}
