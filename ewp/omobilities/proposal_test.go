package omobilities_test

import (
	"crypto/sha256"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

// TestProposalID: the identifier is another for each change of each field, and the same
// for the same content, in this process and the next.
func TestProposalID(t *testing.T) {
	t.Parallel()
	base := nomination("m1").Nomination
	id := omobilities.ProposalID("m1", base)
	if want := "cb4e28053c26a9462f44b7996d191d53263358d6e4882bf25f63fe264b193990"; id != want {
		t.Errorf("%s; want %s, as in every release", id, want)
	}
	base.ProposalID = "another"
	if got := omobilities.ProposalID("m1", base); got != id {
		t.Error("it depends on itself")
	}
	seen := map[string]string{id: "nothing", omobilities.ProposalID("m2", base): "the mobility"}
	if len(seen) != 2 {
		t.Error("two mobilities have one proposal")
	}
	for name, change := range map[string]func(*omobilities.Nomination){
		"sending HEI": func(n *omobilities.Nomination) { n.Sending.HEI = uniC }, "sending unit": func(n *omobilities.Nomination) { n.Sending.OUnitID = "x" },
		"sending IIA": func(n *omobilities.Nomination) { n.Sending.IIAID = "x" }, "receiving HEI": func(n *omobilities.Nomination) { n.Receiving.HEI = uniC },
		"receiving unit": func(n *omobilities.Nomination) { n.Receiving.OUnitID = "x" }, "receiving IIA": func(n *omobilities.Nomination) { n.Receiving.IIAID = "x" },
		"term": func(n *omobilities.Nomination) { n.Term = "2026/2027-2/2" }, "no term": func(n *omobilities.Nomination) { n.Term = "" },
		"period": func(n *omobilities.Nomination) { n.Term, n.NonStandard = "", &omobilities.Period{} }, "year": func(n *omobilities.Nomination) { n.Year = "2027/2027" },
		"type": func(n *omobilities.Nomination) { n.ActivityType = "x" }, "attributes": func(n *omobilities.Nomination) { n.ActivityAttributes = omobilities.ShortTermDoctoral },
		"agreement": func(n *omobilities.Nomination) { n.AgreementISCED = "0542" }, "EQF": func(n *omobilities.Nomination) { n.EQF = "7" },
		"nominee": func(n *omobilities.Nomination) { n.NomineeISCED = "0542" }, "comment": func(n *omobilities.Nomination) { n.Comment = "x" },
		// The same characters, cut elsewhere.
		"unit and IIA": func(n *omobilities.Nomination) { n.Sending.OUnitID, n.Sending.IIAID = "UFR-SCIiia-1", "" },
	} {
		n := base
		change(&n)
		got := omobilities.ProposalID("m1", n)
		if other, ok := seen[got]; ok {
			t.Errorf("a change of %s and one of %s give one identifier", name, other)
		}
		seen[got] = name
		if n.Same(base) {
			t.Errorf("a change of %s leaves the nomination the same", name)
		}
	}
}

func BenchmarkProposalID(b *testing.B) {
	n := nomination("m1").Nomination
	b.Run("identifier", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			omobilities.ProposalID("m1", n)
		}
	})
	b.Run("floor: SHA-256 of 300 bytes", func(b *testing.B) {
		data := make([]byte, 300)
		b.ReportAllocs()
		for b.Loop() {
			sha256.Sum256(data)
		}
	})
}
