package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// between are the institutions of a call to the host of the sample.
func between(caller string) ewpserver.Parties {
	return ewpserver.Parties{HEI: ewp.MustParseHEIID("univ-exemple.example"), Caller: ewp.MustParseHEIID(caller)}
}

const (
	samplePartner = "uni-beispiel.example"
	sampleThird   = "uni-dritte.example"
)

// states returns the nominations of a folder as a partner sees them: identifier, EQF level
// and status.
func states(t *testing.T, folder, caller string) map[string]string {
	t.Helper()
	n := newNominations(folder)
	all := map[string]string{}
	for m, err := range n.Mobilities(t.Context(), between(caller), []string{"m-2026-0001", "m-2026-0002", "m-2026-0003", "m-2026-0004"}) {
		if err != nil {
			t.Fatal(err)
		}
		all[m.ID] = m.Nomination.EQF + " " + string(m.Status)
	}
	count := 0
	for id, err := range n.Index(t.Context(), omobilities.Filter{Filter: ewpserver.Filter{Parties: between(caller)}}) {
		if count++; err != nil || all[id] == "" {
			t.Errorf("the index lists what get does not show: %v", err)
		}
	}
	if count != len(all) {
		t.Errorf("the index lists %d, get shows %d", count, len(all))
	}
	closeNominations(t, n)
	return all
}

// closeNominations ends the process, as far as the folder goes.
func closeNominations(t *testing.T, n nominations) {
	t.Helper()
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
}

// The nominations of the sample, what a partner decides, and what the institution changes
// in its documents.
func TestNominations(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "omobilities")
	if err := os.CopyFS(folder, os.DirFS("sample/data/omobilities")); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "at first", states(t, folder, samplePartner), map[string]string{"m-2026-0001": "6 pending", "m-2026-0002": "6 pending", "m-2026-0003": "6 pending"})
	testutil.Equal(t, "a third institution", states(t, folder, sampleThird), map[string]string{})

	n := newNominations(folder)
	for m, err := range n.Mobilities(t.Context(), between(samplePartner), []string{"m-2026-0001"}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range []omobilities.Update{{Verdict: omobilities.Approve}, {Verdict: omobilities.Reject, Comment: "as the validator does"}, {Verdict: omobilities.Approve}} {
			u.ID, u.ProposalID = m.ID, m.Nomination.ProposalID
			if _, err := n.Update(t.Context(), between(samplePartner), u); err != nil {
				t.Error(err)
			}
			if _, err := n.Update(t.Context(), between(sampleThird), u); err == nil {
				t.Error("a third institution decides")
			}
		}
	}
	closeNominations(t, n)

	name := filepath.Join(folder, "2026.xml")
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitAfter(string(doc), "</student-mobility>")
	parts[1] = strings.Replace(parts[1], "departure>6<", "departure>7<", 1)
	parts[2] = strings.Replace(parts[2], "pending", "cancelled", 1)
	if err := os.WriteFile(name, []byte(strings.Join(parts, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"m-2026-0001": "6 approved", "m-2026-0002": "7 pending", "m-2026-0003": "6 cancelled"}
	testutil.Equal(t, "after changes", states(t, folder, samplePartner), want)
	testutil.Equal(t, "after nothing", states(t, folder, samplePartner), want)
	due, err := os.ReadFile(filepath.Join(folder, "due.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for line := range strings.Lines(string(due)) {
		var c cnr.Change
		if err := json.Unmarshal([]byte(line), &c); err != nil || c.API != ewp.OMobilityCNR || c.To.String() != samplePartner {
			t.Errorf("due: %s, %v", line, err)
		}
		told[c.ID]++
	}
	testutil.Equal(t, "due", told, map[string]int{"m-2026-0001": 1, "m-2026-0002": 2, "m-2026-0003": 2})

	// What is approved cannot be changed: that is told, and nothing is served meanwhile.
	parts[0] = strings.Replace(parts[0], "departure>6<", "departure>8<", 1)
	if err := os.WriteFile(name, []byte(strings.Join(parts, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range newNominations(folder).Index(t.Context(), omobilities.Filter{Filter: ewpserver.Filter{Parties: between(samplePartner)}}) {
		if err == nil || !strings.Contains(err.Error(), "2026.xml") || !strings.Contains(err.Error(), "approved") {
			t.Errorf("%v; want the file, and that the nomination is approved", err)
		}
	}
}

// The stays of the sample are shown to who sent the students.
func TestStays(t *testing.T) {
	t.Parallel()
	s := stays{folder: "sample/data/imobilities"}
	ids := []string{"b-2026-0001", "b-2026-0002", "b-2026-0003", "b-2026-0004"}
	for caller, want := range map[string][]imobilities.Mobility{
		samplePartner: {{ID: ids[0], Arrival: "2026-09-01", Departure: "2027-01-31"}, {ID: ids[1], Arrival: "2026-09-03"}, {ID: ids[2]}},
		sampleThird:   nil, "..": nil, ".": nil,
	} {
		var got []imobilities.Mobility
		for m, err := range s.Mobilities(t.Context(), between(caller), ids) {
			if err == nil {
				got = append(got, m)
			}
		}
		testutil.Equal(t, caller, got, want)
	}
}
