package egracons_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const generated = 150 // pairs of tables for each property

// generator makes tables of 2 to 14 grades with small, large and zero counts.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 9))} }

func (g generator) counts(n int) []int64 {
	counts := make([]int64, n)
	for i := range counts {
		switch g.IntN(5) {
		case 0: // never awarded
		case 1:
			counts[i] = g.Int64N(4)
		case 2:
			counts[i] = g.Int64N(1_000_000_000_000)
		default:
			counts[i] = g.Int64N(500)
		}
	}
	if !slices.ContainsFunc(counts, func(c int64) bool { return c > 0 }) {
		counts[g.IntN(n)] = 1
	}
	return counts
}

// tableOf makes a table of these counts, with values and bands, and one failing
// grade below.
func tableOf(tb testing.TB, name string, counts []int64) *egracons.Table {
	tb.Helper()
	var grades []egracons.Grade
	var weights []egracons.Weight
	for i, c := range counts {
		low := int64(len(counts) - i)
		g := egracons.Grade{Label: fmt.Sprintf("%s%d", name, i), Passing: true, Value: egracons.Int(low), From: egracons.Int(low), To: egracons.Int(low + 1)}
		grades = append(grades, g)
		weights = append(weights, egracons.Weight{Grade: g.Label, Number: egracons.Int(c)})
	}
	grades = append(grades, egracons.Grade{Label: "F"})
	weights = append(weights, egracons.Weight{Grade: "F", Number: egracons.Int(1000)})
	scale := must(egracons.NewScale(name, grades...))(tb)
	return must(egracons.NewTable(egracons.TableSpec{Identity: egracons.Identity{ID: name}, Scale: scale, Basis: egracons.Counts, Weights: weights}))(tb)
}

// rulesOf draws rules for a policy.
func (g generator) rules(p egracons.Policy) egracons.Rules {
	return egracons.Rules{Policy: p, Tie: []egracons.Tie{egracons.Better, egracons.Worse}[g.IntN(2)],
		MinShare: []egracons.Number{{}, egracons.MustParseNumber("0.02"), egracons.MustParseNumber("0.3")}[g.IntN(3)], Continuous: true}
}

func rankOf(tb testing.TB, t *egracons.Table, label string) int {
	tb.Helper()
	return must(t.Scale().Rank(label))(tb)
}

func TestConversionKeepsOrderAndPasses(t *testing.T) {
	t.Parallel()
	g := newGenerator(1)
	for n := range generated {
		host, home := tableOf(t, "h", g.counts(2+g.IntN(13))), tableOf(t, "j", g.counts(1+g.IntN(14)))
		for _, policy := range egracons.Policies() {
			r := g.rules(policy)
			c := must(egracons.NewConverter(host, home, r))(t)
			last, mark := -1, egracons.Int(1000)
			for _, row := range host.Rows() {
				got := must(c.Convert(row.Grade.Label))(t)
				rank := rankOf(t, home, got.Suggestion)
				if !home.Scale().Grade(rank).Passing {
					t.Fatalf("pair %d, %s: %s became the failing %s", n, policy, row.Grade.Label, got.Suggestion)
				}
				if rank < last {
					t.Fatalf("pair %d, %s, %s: %s became %s, better than what a better grade became", n, policy, r.Tie, row.Grade.Label, got.Suggestion)
				}
				if got.Mark.Cmp(mark) > 0 {
					t.Fatalf("pair %d: %s became the mark %s, better than %s of a better grade", n, row.Grade.Label, got.Mark, mark)
				}
				last, mark = rank, got.Mark
				if i := slices.IndexFunc(home.Rows(), func(h egracons.TableRow) bool { return h.Grade.Label == got.Suggestion }); home.Rows()[i].Share.Sign() == 0 {
					t.Fatalf("pair %d, %s: %s became %s, which nobody got", n, policy, row.Grade.Label, got.Suggestion)
				}
			}
		}
	}
}

func TestSameTableGivesTheSameGrade(t *testing.T) {
	t.Parallel()
	g := newGenerator(2)
	for range generated {
		table := tableOf(t, "h", g.counts(2+g.IntN(13)))
		for _, policy := range egracons.Policies() {
			c := must(egracons.NewConverter(table, table, g.rules(policy)))(t)
			for _, row := range table.Rows() {
				if got := must(c.Grade(row.Grade.Label))(t); row.Share.Sign() > 0 && got != row.Grade.Label {
					t.Fatalf("%s: %s became %s", policy, row.Grade.Label, got)
				}
			}
		}
	}
}

func TestSharesAddUpToOne(t *testing.T) {
	t.Parallel()
	g := newGenerator(3)
	for range generated {
		host, home := tableOf(t, "h", g.counts(2+g.IntN(13))), tableOf(t, "j", g.counts(1+g.IntN(14)))
		c := must(egracons.NewConverter(host, home, g.rules(egracons.Maximum)))(t)
		for _, row := range host.Rows() {
			sum := new(big.Rat)
			got := must(c.Convert(row.Grade.Label))(t)
			for _, candidate := range got.Candidates {
				sum.Add(sum, candidate.Share.Rat())
			}
			want := big.NewRat(1, 1)
			if got.Interval.IsEmpty() {
				want.SetInt64(0)
				if n := len(got.Candidates); n < 1 || n > 2 {
					t.Fatalf("%d candidates for a point, want one or two", n)
				}
			}
			if sum.Cmp(want) != 0 {
				t.Fatalf("shares of %s add up to %s, want %s", row.Grade.Label, sum, want)
			}
		}
	}
}

func TestScalingCountsChangesNothing(t *testing.T) {
	t.Parallel()
	g := newGenerator(4)
	for range generated {
		counts, factor := g.counts(2+g.IntN(13)), 2+g.Int64N(900)
		times := slices.Clone(counts)
		for i := range times {
			times[i] *= factor
		}
		home := tableOf(t, "j", g.counts(1+g.IntN(14)))
		for _, policy := range egracons.Policies() {
			r := g.rules(policy)
			r.WarnBelow = 1 // the size alone may differ
			a := must(egracons.NewConverter(tableOf(t, "h", counts), home, r))(t)
			b := must(egracons.NewConverter(tableOf(t, "h", times), home, r))(t)
			for _, row := range a.Host().Rows() {
				x, y := must(a.Convert(row.Grade.Label))(t), must(b.Convert(row.Grade.Label))(t)
				y.Host.Size = x.Host.Size
				testutil.Equal(t, "scaled result", fmt.Sprint(y), fmt.Sprint(x))
			}
		}
	}
}

func TestMergingHostGradesGivesTheUnion(t *testing.T) {
	t.Parallel()
	g := newGenerator(5)
	for range generated {
		counts := g.counts(3 + g.IntN(11))
		at := g.IntN(len(counts) - 1)
		merged := slices.Concat(counts[:at], []int64{counts[at] + counts[at+1]}, counts[at+2:])
		home := tableOf(t, "j", g.counts(1+g.IntN(14)))
		labels := func(counts []int64, grades ...int) map[string]bool {
			c := must(egracons.NewConverter(tableOf(t, "h", counts), home, rules(egracons.Maximum)))(t)
			set := map[string]bool{}
			for _, i := range grades {
				for _, candidate := range must(c.Convert(fmt.Sprintf("h%d", i)))(t).Candidates {
					set[candidate.Grade] = true
				}
			}
			return set
		}
		if counts[at] == 0 || counts[at+1] == 0 {
			continue // an empty interval touches grades without overlapping them
		}
		testutil.Equal(t, "candidates of two grades merged", labels(merged, at), labels(counts, at, at+1))
	}
}

// The same answers computed another way: on fractions, from the definition.
func TestMatchesTheDefinition(t *testing.T) {
	t.Parallel()
	g := newGenerator(6)
	for range generated {
		host, home := tableOf(t, "h", g.counts(2+g.IntN(13))), tableOf(t, "j", g.counts(1+g.IntN(14)))
		largest := must(egracons.NewConverter(host, home, rules(egracons.LargestOverlap)))(t)
		nearest := must(egracons.NewConverter(host, home, rules(egracons.NearestCumulative)))(t)
		for _, h := range host.Rows() {
			if h.Share.Sign() == 0 {
				continue
			}
			var best, close string
			overlap, distance := new(big.Rat), big.NewRat(2, 1)
			for _, j := range home.Rows() {
				if j.Share.Sign() == 0 {
					continue
				}
				o := new(big.Rat).Sub(least(h.Interval.High, j.Interval.High), most(h.Interval.Low, j.Interval.Low))
				if o.Cmp(overlap) > 0 {
					best, overlap = j.Grade.Label, o
				}
				d := new(big.Rat).Sub(j.Interval.High.Rat(), h.Interval.High.Rat())
				if d.Abs(d).Cmp(distance) < 0 {
					close, distance = j.Grade.Label, d
				}
			}
			if got := must(largest.Grade(h.Grade.Label))(t); got != best {
				t.Fatalf("largest overlap of %s: %s, want %s", h.Grade.Label, got, best)
			}
			if got := must(nearest.Grade(h.Grade.Label))(t); got != close {
				t.Fatalf("nearest cumulative of %s: %s, want %s", h.Grade.Label, got, close)
			}
		}
	}
}

func least(a, b egracons.Number) *big.Rat {
	if a.Cmp(b) < 0 {
		return a.Rat()
	}
	return b.Rat()
}

func most(a, b egracons.Number) *big.Rat {
	if a.Cmp(b) > 0 {
		return a.Rat()
	}
	return b.Rat()
}
