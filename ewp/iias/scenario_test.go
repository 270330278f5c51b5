package iias_test

import (
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// The 20 negotiation scenarios of ewp-specs-api-iias (stable-v7, scenarios-v6-v7). Numbers
// 1 to 7 are of version 6 and 10 to 16 the same under version 7; both are played under
// version 7, where a mapping changes the hash. Revision 0 of the tables is for one
// person here, and the others for more. Where the tables leave it open when the
// partner's copy is noted down, it is noted when it is fetched.
func TestScenarios(t *testing.T) {
	t.Parallel()
	created := []string{
		"A6  A create 1  | Au1 - - -  | iia-cnr",
		"B10 B answer    | B1 Au1 - - | iia-cnr",
		"B10 B approve   | !mapped",
		"A13 A see       | A1 B1 - -  | iia-cnr",
		"B16 B see       | B1 A1 - -",
	}
	oneSided := append(created[:len(created):len(created)],
		"B17 B approve   | B1 A1 - A1 | iia-approval-cnr",
		"A19 A hear      | A1 B1 A1 -",
		"A20 A delete    | - - - -    | iia-cnr",
		"A20 A delete    | !deleted",
		"A20 A modify 2  | !deleted",
	)
	modified := []string{
		"A6  A modify 2  | A2 B1 A1 B1 | iia-cnr",
		"B9  B see       | B1 A2 B1 A1",
		"B10 B modify 2  | B2 A2 B1 A1 | iia-cnr",
		"A13 A see       | A2 B2 A1 B1",
		"B14 B withdraw  | !agreed",
		"A14 A delete    | !agreed",
		"B14 B approve   | B2 A2 B1 A2 | iia-approval-cnr",
		"A16 A hear      | A2 B2 A2 B1",
	}
	with := func(first []string, more ...string) []string { return append(first[:len(first):len(first)], more...) }
	for name, c := range map[string]struct {
		agreed, concluded bool // before, after
		lines             []string
	}{
		"1 and 10: modify, revert": {true, true, []string{
			"A6  A modify 2  | A2 B1 A1 B1 | iia-cnr",
			"A27 A hear      | A2 B1 A1 B1",
			"B9  B see       | B1 A2 B1 A1",
			"B10 B modify 2  | B2 A2 B1 A1 | iia-cnr",
			"B11 B modify 3  | B3 A2 B1 A1 | iia-cnr",
			"A14 A see       | A2 B3 A1 B1",
			"A27 A hear      | A2 B3 A1 B1",
			"A15 A revert    | A1 B3 A1 B1 | iia-cnr",
			"B18 B see       | B3 A1 B1 A1",
			"B18 B revert    | B1 A1 B1 A1 | iia-cnr",
			"A21 A see       | A1 B1 A1 B1",
			"A21 A revert    | !modified",
		}},
		"2 and 11: modify, one-sided approval, revert": {true, true, with(modified,
			"A17 A revert    | !approved",
			"A17 A modify 1  | A1 B2 A2 B1 | iia-cnr",
			"B20 B see       | B2 A1 B1 A2",
			"B20 B revert    | B1 A1 B1 A2 | iia-cnr",
			"A23 A see       | A1 B1 A2 B1",
			"B24 B approve   | B1 A1 B1 A1 | iia-approval-cnr",
			"A26 A hear      | A1 B1 A1 B1",
		)},
		"3 and 12: modify, conclude": {true, true, with(modified,
			"A17 A approve   | A2 B2 A2 B2 | iia-approval-cnr",
			"B19 B hear      | B2 A2 B2 A2",
		)},
		"4 and 13: modify, negotiate, conclude": {true, true, []string{
			"A6  A modify 2  | A2 B1 A1 B1 | iia-cnr",
			"B9  B see       | B1 A2 B1 A1",
			"B10 B modify 3  | B3 A2 B1 A1 | iia-cnr",
			"A13 A see       | A2 B3 A1 B1",
			"A14 A modify 4  | A4 B3 A1 B1 | iia-cnr",
			"B17 B see       | B3 A4 B1 A1",
			"B18 B modify 5  | B5 A4 B1 A1 | iia-cnr",
			"A21 A see       | A4 B5 A1 B1",
			"A22 A modify 6  | A6 B5 A1 B1 | iia-cnr",
			"B25 B see       | B5 A6 B1 A1",
			"B26 B modify 6  | B6 A6 B1 A1 | iia-cnr",
			"A29 A see       | A6 B6 A1 B1",
			"B30 B approve   | B6 A6 B1 A6 | iia-approval-cnr",
			"A32 A hear      | A6 B6 A6 B1",
			"A33 A approve   | A6 B6 A6 B6 | iia-approval-cnr",
			"B35 B hear      | B6 A6 B6 A6",
		}},
		"5 and 14: modify, one-sided approval, correct, conclude": {true, true, with(modified,
			"A17 A modify 3  | A3 B2 A2 B1 | iia-cnr",
			"B20 B see       | B2 A3 B1 A2",
			"B21 B modify 3  | B3 A3 B1 A2 | iia-cnr",
			"A24 A see       | A3 B3 A2 B1",
			"B25 B approve   | B3 A3 B1 A3 | iia-approval-cnr",
			"A27 A hear      | A3 B3 A3 B1",
			"A28 A approve   | A3 B3 A3 B3 | iia-approval-cnr",
			"B30 B hear      | B3 A3 B3 A3",
		)},
		"withdrawal of a newer approval": {true, true, with(modified, // answer of scenario 8, row 18
			"-   B withdraw  | B2 A2 B1 A1 | iia-approval-cnr",
			"-   A hear      | A2 B2 A1 B1",
			"-   A revert    | A1 B2 A1 B1 | iia-cnr",
			"-   B see       | B2 A1 B1 A1",
			"-   B revert    | B1 A1 B1 A1 | iia-cnr",
			"-   A see       | A1 B1 A1 B1",
		)},
		"6 and 15: create, one-sided approval, delete on one side": {false, false, with(oneSided,
			"B22 B see       | Bu1 - - A1 | iia-cnr",
			"A25 A see       | !deleted",
			"B26 B withdraw  | Bu1 - - -  | iia-approval-cnr",
			"A28 A hear      | !deleted",
		)},
		"7 and 16: create, one-sided approval, delete on both sides": {false, false, with(oneSided,
			"B22 B delete    | - - - A1   | iia-cnr",
			"A25 A see       | - - - -", // the partner has none either: nothing to note
			"B26 B withdraw  | - - - -    | iia-approval-cnr",
			"B26 B withdraw  | - - - -",
		)},
		"17: modify at length, revert": {true, true, []string{
			"A6  A modify 2  | A2 B1 A1 B1 | iia-cnr",
			"B9  B see       | B1 A2 B1 A1",
			"B10 B modify 2  | B2 A2 B1 A1 | iia-cnr",
			"A13 A see       | A2 B2 A1 B1",
			"B14 B hear      | B2 A2 B1 A1",
			"A15 A hear      | A2 B2 A1 B1",
			"B16 B approve   | B2 A2 B1 A2 | iia-approval-cnr",
			"B16 B approve   | B2 A2 B1 A2",
			"A18 A hear      | A2 B2 A2 B1",
			"A19 A modify 3  | A3 B2 A2 B1 | iia-cnr",
			"B22 B see       | B2 A3 B1 A2",
			"B23 B modify 3  | B3 A3 B1 A2 | iia-cnr",
			"A26 A see       | A3 B3 A2 B1",
			"B27 B hear      | B3 A3 B1 A2",
			"A28 A hear      | A3 B3 A2 B1",
			"B29 B approve   | B3 A3 B1 A3 | iia-approval-cnr",
			"A31 A hear      | A3 B3 A3 B1",
			"A32 A revert    | !approved",
			"A32 A modify 1  | A1 B3 A3 B1 | iia-cnr",
			"B35 B see       | B3 A1 B1 A3",
			"B35 B revert    | B1 A1 B1 A3 | iia-cnr",
			"A38 A see       | A1 B1 A3 B1",
			"B39 B approve   | B1 A1 B1 A1 | iia-approval-cnr",
			"A41 A hear      | A1 B1 A1 B1",
		}},
		"18: create, negotiate, conclude": {false, true, with(created,
			"A17 A hear      | A1 B1 - -",
			"B18 B approve   | B1 A1 - A1 | iia-approval-cnr",
			"A20 A hear      | A1 B1 A1 -",
			"A21 A modify 2  | A2 B1 A1 - | iia-cnr",
			"B24 B see       | B1 A2 - A1",
			"B25 B modify 3  | B3 A2 - A1 | iia-cnr",
			"A28 A see       | A2 B3 A1 -",
			"A29 A hear      | A2 B3 A1 -",
			"A30 A modify 4  | A4 B3 A1 - | iia-cnr",
			"B33 B see       | B3 A4 - A1",
			"B34 B modify 4  | B4 A4 - A1 | iia-cnr",
			"A37 A see       | A4 B4 A1 -",
			"A38 A hear      | A4 B4 A1 -",
			"B39 B approve   | B4 A4 - A4 | iia-approval-cnr",
			"A41 A hear      | A4 B4 A4 -",
			"A42 A approve   | A4 B4 A4 B4 | iia-approval-cnr",
			"B44 B hear      | B4 A4 B4 A4",
		)},
		"TerminatedAsWhole": {true, true, []string{
			"A6  A terminate 3 | !exchanges",
			"A6  A terminate | At1 B1 A1 B1   | iia-cnr",
			"B9  B see       | B1 At1 B1 A1",
			"B10 B terminate 1 | !exchanges",
			"B11 B terminate | Bt1 At1 B1 A1  | iia-cnr",
			"A14 A see       | At1 Bt1 A1 B1",
			"B15 B approve   | Bt1 At1 B1 At1 | iia-approval-cnr",
			"A17 A hear      | At1 Bt1 At1 B1",
			"A18 A approve   | At1 Bt1 At1 Bt1 | iia-approval-cnr",
			"B20 B hear      | Bt1 At1 Bt1 At1",
		}},
		"no termination before it is concluded": {false, false, with(created, "- A terminate | !agreed", "- B revert | !agreed")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGame(t)
			if c.agreed {
				g.agree()
			}
			g.play(c.lines...)
			g.concluded(c.concluded)
		})
	}
}

// switched makes the records of both sides as they were under version 6: A with a
// revision for so many persons, both with an agreement for one.
func (g *game) switched(persons int, withdrawn bool) {
	g.t.Helper()
	archive := func(n *node, own int) iias.ArchiveV6 {
		n.record.PartnerID = n.partner.id
		a := iias.ArchiveV6{Own: n.content(own), OwnApproved: v6Document(n, 1)}
		if own != 1 {
			agreed := n.content(1)
			a.OwnAgreed = &agreed
		}
		return a
	}
	a, b := archive(g.a, persons), archive(g.b, 1)
	a.Partner, a.Approved, a.ApprovedHash = v6Document(g.b, 1), v6Document(g.b, 1), conditionsHash(g.t, v6Document(g.b, 1))
	b.Partner = v6Document(g.a, persons)
	if !withdrawn {
		b.Approved, b.ApprovedHash = v6Document(g.a, 1), conditionsHash(g.t, v6Document(g.a, 1))
	}
	var err error
	if g.a.record, err = iias.FromV6(a, g.now); err != nil {
		g.t.Fatal(err)
	}
	if g.b.record, err = iias.FromV6(b, g.now); err != nil {
		g.t.Fatal(err)
	}
}

// TestSwitchScenarios has those in which the network changes from version 6 to 7.
func TestSwitchScenarios(t *testing.T) {
	t.Parallel()
	t.Run("8: switch", func(t *testing.T) {
		t.Parallel()
		g := newGame(t)
		g.switched(1, false)
		g.concluded(true)
	})
	t.Run("9: switch, modify, revert", func(t *testing.T) {
		t.Parallel()
		g := newGame(t)
		g.switched(1, false)
		g.play(
			"A12 A modify 2 | A2 B1 A1 B1 | iia-cnr",
			"B15 B see      | B1 A2 B1 A1",
			"B16 B modify 2 | B2 A2 B1 A1 | iia-cnr",
			"B17 B modify 3 | B3 A2 B1 A1 | iia-cnr",
			"A20 A see      | A2 B3 A1 B1",
			"A21 A revert   | A1 B3 A1 B1 | iia-cnr",
			"B24 B see      | B3 A1 B1 A1",
			"B24 B revert   | B1 A1 B1 A1 | iia-cnr",
			"A27 A see      | A1 B1 A1 B1",
		)
		g.concluded(true)
	})
	t.Run("19: modify, switch, revert", func(t *testing.T) {
		t.Parallel()
		g := newGame(t)
		g.switched(2, true)
		g.play("A20 A hear     | A2 B1 A1 B1")
		if !g.a.record.Disputed || g.a.record.IsMutual() {
			t.Error("a partner that does not confirm what was agreed on is not noticed")
		}
		g.play(
			"A20 A revert   | A1 B1 A1 B1 | iia-cnr",
			"B25 B see      | B1 A1 B1 -",
			"B25 B approve  | B1 A1 B1 A1 | iia-approval-cnr",
		)
		if g.a.record.IsMutual() {
			t.Error("disputed, and concluded")
		}
		g.play("A27 A hear     | A1 B1 A1 B1")
		g.concluded(true)
	})
}

// TestApproveAsShown: what a person decides on is what is approved, and nothing else.
func TestApproveAsShown(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.play(
		"- A create 1 | Au1 - - -  | iia-cnr",
		"- B answer   | B1 Au1 - - | iia-cnr",
		"- A see      | A1 B1 - -  | iia-cnr",
		"- B see      | B1 A1 - -",
	)
	shown := g.b.record.Seen.Hash
	g.play("- A modify 2 | A2 B1 - - | iia-cnr", "- B see | B1 A2 - -")
	v, err := g.fetch(g.b)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, rule string, r iias.Record, v *iias.Verified, shown iias.Hash, at time.Time) {
		t.Helper()
		_, due, err := r.Approve(shown, v, at)
		if e, ok := err.(*iias.RefusedError); !ok || e.Rule != rule || due != nil {
			t.Errorf("%s: %v, %v; want it refused: %s", what, due, err, rule)
		}
	}
	b := g.b.record
	refused("the copy changed since it was shown", "changed", b, v, shown, g.now)
	refused("the copy was fetched yesterday", "older", b, v, v.Hash(), g.now.Add(24*time.Hour))
	refused("no copy", "fetched", b, nil, v.Hash(), g.now)
	refused("a copy out of thin air", "fetched", b, new(iias.Verified), iias.Hash{}, g.now)
	refused("by the one whose copy it is", "partner", g.a.record, v, v.Hash(), g.now)
	more := b
	g.now = g.now.Add(time.Minute)
	newer, err := g.fetch(g.b)
	if err != nil {
		t.Fatal(err)
	}
	if more, _, err = more.Saw(newer, g.now); err != nil {
		t.Fatal(err)
	}
	refused("an older copy than was seen", "older", more, v, v.Hash(), g.now)
	fewer := sheet(uniB, uniA, "B-1", "A-1", 2)
	fewer.Rows = fewer.Rows[:1]
	less, _, err := b.Modify(fewer.Agreement(), g.now)
	if err != nil {
		t.Fatal(err)
	}
	refused("another number of conditions", "conditions", less, newer, newer.Hash(), g.now)
}
