package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/tors"
)

// The transcripts of the sample are complete, and issued by its host.
func TestTranscriptsOfSample(t *testing.T) {
	t.Parallel()
	list, _, err := readToRs("sample/data/imobility-tors/uni-beispiel.example/winter-2025.xml")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d transcripts, %v; want 2", len(list), err)
	}
	for _, tor := range list {
		if issuer := tor.Issuer().String(); issuer != "univ-exemple.example" || tor.Validate(tors.V3) != nil || tor.Validate(tors.V2) != nil {
			t.Errorf("issued by %s: %v, %v", issuer, tor.Validate(tors.V3), tor.Validate(tors.V2))
		}
	}
}

// A folder is for the institution of its name and for the host itself; a file with a
// fault is no empty answer.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("sample/data/imobility-tors")); err != nil {
		t.Fatal(err)
	}
	own, partner, third := ewp.MustParseHEIID("univ-exemple.example"), ewp.MustParseHEIID("uni-beispiel.example"), ewp.MustParseHEIID("uni-dritte.example")
	const first = "7b0d6a52-3f0e-4f43-9a55-0c2f9d1f6a01"
	p := countedTranscripts{transcripts(dir)}
	for i, c := range []struct {
		caller      ewp.HEIID
		got, listed int
	}{
		0: {partner, 1, 2},
		1: {own, 1, 2},
		2: {third, 0, 0},
		3: {ewp.HEIID{}, 0, 0},
	} {
		parties := ewpserver.Parties{HEI: own, Caller: c.caller}
		got, listed := 0, 0
		for r, err := range p.ToRs(t.Context(), parties, []string{first, "unknown"}) {
			if err != nil || r.OMobilityID != first || r.Sending != partner || !r.Ready {
				t.Errorf("%d: %+v, %v", i, r.Entry, err)
			}
			got++
		}
		for e, err := range p.Index(t.Context(), tors.Filter{Parties: parties}) {
			if err != nil || e.Modified.IsZero() {
				t.Errorf("%d: %+v, %v", i, e, err)
			}
			listed++
		}
		if got != c.got || listed != c.listed {
			t.Errorf("%d: %d shown and %d listed; want %d and %d", i, got, listed, c.got, c.listed)
		}
	}
	parties := ewpserver.Parties{HEI: own, Caller: third}
	for row, err := range p.Stats(t.Context(), parties) {
		if err != nil || row != (tors.YearStats{Year: "2025/2026", Total: 2}) {
			t.Errorf("statistics: %+v, %v", row, err)
		}
	}
	name := filepath.Join(dir, partner.String(), "broken.xml")
	if err := os.WriteFile(name, []byte("<tor/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, err := range p.Index(t.Context(), tors.Filter{Parties: ewpserver.Parties{HEI: own, Caller: partner}}) {
		failed = failed || err != nil && strings.Contains(err.Error(), "broken.xml")
	}
	if !failed {
		t.Error("a file that is no document is passed over")
	}
}

// The partner reads its transcripts from the running host, and tells of its own.
func TestTranscriptsServed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	m.serve(t, hostConfig)
	const first = "7b0d6a52-3f0e-4f43-9a55-0c2f9d1f6a01"
	call := func(args ...string) string {
		stdout, _ := m.must(t, append([]string{"call", "-config", m.path(partnerConfig), "-hei", "univ-exemple.example", "-api"}, args...)...)
		return stdout
	}
	index := call("imobility-tors", "-endpoint", "index")
	get := call("imobility-tors", "-endpoint", "get", "-param", "omobility_id="+first)
	list, v, err := tors.Decode(strings.NewReader(get), elmo.Limits{})
	if err != nil || v != tors.V3 || len(list) != 1 || list[0].OMobilityID != first || strings.Count(index, "<omobility-id>") != 2 {
		t.Errorf("%d transcripts of version %d, %v; listed as %s", len(list), v, err, index)
	}
	if stats := call("imobility-tor-stats"); !strings.Contains(stats, "<imobility-tor-total>2</imobility-tor-total>") {
		t.Errorf("statistics: %s", stats)
	}
	call("imobility-tor-cnr", "-param", "omobility_id="+first)
	noted, err := os.ReadFile(m.path("data/imobility-tor-cnr/notices.jsonl"))
	if err != nil || !strings.Contains(string(noted), first) || !strings.Contains(string(noted), "uni-beispiel.example") {
		t.Errorf("the notice is %q, %v", noted, err)
	}
}
