package iias_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

var (
	uniA = ewp.MustParseHEIID("uni-a.example")
	uniB = ewp.MustParseHEIID("uni-b.example")
)

// day is when the tests take place.
var day = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)

// sheet is an agreement for so many persons, as an institution keeps it.
func sheet(own, partner ewp.HEIID, id, partnerID string, persons int) iias.Sheet {
	return iias.Sheet{
		Own:     iias.Party{HEI: own, ID: id, Code: "2026/" + id},
		Partner: iias.Party{HEI: partner, ID: partnerID},
		Rows: []iias.Row{
			{Kind: iias.StudentStudies, FirstYear: 2026, LastYear: 2028, Persons: persons, Languages: []iias.Skill{{Language: "en", Level: "B2"}},
				Subjects: []string{"0541"}, Months: 500, EQF: []int{6, 7}, Incoming: own == uniB},
			{Kind: iias.StaffTeaching, FirstYear: 2026, LastYear: 2028, Persons: 1, Languages: []iias.Skill{{Language: "fr", Level: "B1"}},
				Subjects: []string{"0541"}, Days: 550, Incoming: own == uniA},
		},
	}
}

// node is a university in a scenario.
type node struct {
	name    string
	hei     ewp.HEIID
	id      string
	record  iias.Record
	partner *node
}

// game plays a scenario between two universities.
type game struct {
	t     *testing.T
	now   time.Time
	a, b  *node
	line  string
	known map[string]string // names of hashes
}

func newGame(t *testing.T) *game {
	g := &game{t: t, now: day, known: map[string]string{"": "-"}}
	g.a, g.b = &node{name: "A", hei: uniA, id: "A-1"}, &node{name: "B", hei: uniB, id: "B-1"}
	g.a.partner, g.b.partner = g.b, g.a
	for persons := 1; persons < 10; persons++ {
		for _, n := range []*node{g.a, g.b} {
			for mark, change := range map[string]func(*iias.Sheet){"": func(*iias.Sheet) {}, "u": func(s *iias.Sheet) { s.Partner.ID = "" }, "t": func(s *iias.Sheet) { s.Terminated = true }} {
				s := sheet(n.hei, n.partner.hei, n.id, n.partner.id, persons)
				change(&s)
				revision, err := iias.Seal(s.Agreement())
				if err != nil {
					t.Fatal(err)
				}
				g.known[revision.Hash.String()] = n.name + mark + strconv.Itoa(persons)
			}
		}
	}
	return g
}

// name returns the revision that a hash is of: "A1", "Bu1" not mapped, "At1" terminated.
func (g *game) name(h iias.Hash) string {
	if name, ok := g.known[h.String()]; ok {
		return name
	}
	return "?" + h.String()
}

// content returns the own agreement of a node for so many persons, as its record has it
// otherwise.
func (n *node) content(persons int) iias.Agreement {
	return sheet(n.hei, n.partner.hei, n.id, n.record.PartnerID, persons).Agreement()
}

// fetch is what a node gets of its partner's copy.
func (g *game) fetch(n *node) (*iias.Verified, error) {
	answer := `<iias-get-response xmlns="` + iias.Namespace + `">` + n.partner.record.Own.XML + `</iias-get-response>`
	return iias.Verify([]byte(answer), n.partner.hei, n.hei, n.partner.id, g.now)
}

// do takes one step.
func (g *game) do(n *node, action string, persons int) (iias.Record, []cnr.Change, error) {
	r := n.record
	switch action {
	case "create":
		return iias.Create(n.content(persons), nil, g.now)
	case "revert":
		return r.Revert(g.now)
	case "withdraw":
		return r.Withdraw(g.now)
	case "delete":
		return r.Delete(g.now)
	case "terminate":
		return r.Terminate(persons, g.now)
	case "modify":
		return r.Modify(n.content(persons), g.now)
	case "hear":
		approval, _ := n.partner.record.Approval()
		if approval.ID != n.id {
			approval = iias.Approval{}
		}
		return r.Heard(approval.Hash, g.now)
	}
	v, err := g.fetch(n)
	absent, gone := errors.AsType[*iias.AbsentError](err)
	switch action {
	case "answer":
		return iias.Create(iias.Mirror(v.Agreement(), n.id, "2026/"+n.id), v, g.now)
	case "see":
		if gone {
			return r.Gone(absent, g.now)
		}
		return r.Saw(v, g.now)
	case "approve":
		return r.Approve(r.Seen.Hash, v, g.now)
	}
	g.t.Fatalf("%s: no such action", g.line)
	return r, nil, err
}

// play plays lines of the form "A6 A modify 2 | A2 B1 A1 B1 | iia-cnr": cell of the
// published table, who does what, own copy, partner's copy as it was seen, own copy that
// the partner approves, partner's copy that is approved, and what is due. "!rule" in the
// place of the state says that the step is refused.
func (g *game) play(lines ...string) {
	g.t.Helper()
	for _, line := range lines {
		g.line = line
		g.now = g.now.Add(time.Minute)
		part := strings.Split(line, "|")
		step := strings.Fields(part[0])
		n := g.a
		if step[1] == "B" {
			n = g.b
		}
		persons := 0
		if len(step) > 3 {
			persons, _ = strconv.Atoi(step[3])
		}
		before := n.record
		next, due, err := g.do(n, step[2], persons)
		want := strings.TrimSpace(part[1])
		if rule, ok := strings.CutPrefix(want, "!"); ok {
			refused, isRefused := errors.AsType[*iias.RefusedError](err)
			if !isRefused || refused.Rule != rule || len(due) > 0 {
				g.t.Errorf("%s: %v, %v; want it refused: %s", line, due, err, rule)
			}
			if fmt.Sprint(next) != fmt.Sprint(before) {
				g.t.Errorf("%s: a refused step changes the record", line)
			}
			continue
		}
		if err != nil {
			g.t.Fatalf("%s: %v", line, err)
		}
		n.record = next
		if got := g.state(n); got != want {
			g.t.Errorf("%s: the state is %s", line, got)
		}
		var dues []string
		if len(part) > 2 {
			dues = strings.Fields(part[2])
		}
		g.checkDue(n, before, due, dues)
	}
}

// checkDue checks what is due, and who is told about what.
func (g *game) checkDue(n *node, before iias.Record, due []cnr.Change, want []string) {
	g.t.Helper()
	var got []string
	for _, d := range due {
		got = append(got, d.API.String())
		id := n.id
		if d.API == ewp.IIAApprovalCNR {
			id = n.partner.id
		}
		if d.From != n.hei || d.To != n.partner.hei || d.ID != id {
			g.t.Errorf("%s: %v %s is due; want it from %s about %s", g.line, d.Route, d.ID, n.hei, id)
		}
		if err := d.Check(); err != nil {
			g.t.Errorf("%s: %v", g.line, err)
		}
	}
	if !slices.Equal(got, want) {
		g.t.Errorf("%s: %v is due", g.line, got)
	}
	changed := before.Own != n.record.Own
	if changed != slices.Contains(got, ewp.IIACNR.String()) || changed && !n.record.Changed.Equal(g.now) {
		g.t.Errorf("%s: the copy changed: %v at %v; due is %v", g.line, changed, n.record.Changed, got)
	}
}

// state returns the hashes of a record by name.
func (g *game) state(n *node) string {
	r := n.record
	return strings.Join([]string{g.name(r.Own.Hash), g.name(r.Seen.Hash), g.name(r.ApprovedByPartner), g.name(r.Approved.Hash)}, " ")
}

// concluded checks on both sides whether the agreement is concluded.
func (g *game) concluded(want bool) {
	g.t.Helper()
	for _, n := range []*node{g.a, g.b} {
		r := n.record
		if r.IsMutual() != want || want && (r.Agreed.Own != r.Own || r.Agreed.Partner.Hash != r.Seen.Hash) {
			g.t.Errorf("%s: concluded %v, agreed on %s and %s; want %v", n.name, r.IsMutual(), g.name(r.Agreed.Own.Hash), g.name(r.Agreed.Partner.Hash), want)
		}
	}
}

// agree brings both to a concluded agreement for one person.
func (g *game) agree() {
	g.t.Helper()
	g.play(
		"- A create 1 | Au1 - - - | iia-cnr",
		"- B answer   | B1 Au1 - - | iia-cnr",
		"- B approve  | !mapped",
		"- A see      | A1 B1 - - | iia-cnr",
		"- B see      | B1 A1 - -",
		"- B approve  | B1 A1 - A1 | iia-approval-cnr",
		"- A approve  | A1 B1 - B1 | iia-approval-cnr",
		"- A hear     | A1 B1 A1 B1",
		"- B hear     | B1 A1 B1 A1",
	)
	g.concluded(true)
}
