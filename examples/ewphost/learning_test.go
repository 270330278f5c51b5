package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// TestLAsServed: the partner of the sample reads the agreements of its guests and signs
// one, which is kept, told in due.jsonl, and shown by a host that starts again; the host
// itself, as any other institution, gets nothing of it.
func TestLAsServed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	_, _, stop := m.serve(t, hostConfig)
	const id = "m-2026-0001"
	call := func(config string, args ...string) string {
		out, _ := m.must(t, append([]string{"call", "-config", m.path(config), "-hei", "univ-exemple.example"}, args...)...)
		return out
	}
	get := []string{"-api", "omobility-las", "-endpoint", "get", "-param", "sending_hei_id=univ-exemple.example", "-param", "omobility_id=" + id}
	index := []string{"-api", "omobility-las", "-endpoint", "index", "-param", "sending_hei_id=univ-exemple.example"}
	read := func() omobilitylas.Agreement {
		t.Helper()
		list, err := omobilitylas.Decode(strings.NewReader(call(partnerConfig, get...)))
		if err != nil || len(list) != 1 {
			t.Fatalf("%d agreements, %v", len(list), err)
		}
		if err := list[0].Validate(); err != nil {
			t.Error(err)
		}
		return list[0]
	}
	a := read()
	signature := omobilitylas.Signature{Name: "Erika Beispiel", Position: "Mobility coordinator", Email: "erika@uni-beispiel.example", Time: "2026-05-10T09:00:00+02:00"}
	request, err := omobilitylas.NewApproval(a, signature).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.path("approval.xml"), request, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		config string
		args   []string
		want   string
	}{
		0: {partnerConfig, index, "<omobility-id>" + id + "</omobility-id>"},
		1: {partnerConfig, append(index, "-param", "mobility_type=blended"), "xsd\"><omobility-id>m-2026-0003</omobility-id></"},
		2: {hostConfig, index, "></omobility-las-index-response>"},
		3: {hostConfig, get, "></omobility-las-get-response>"},
		4: {partnerConfig, []string{"-api", "omobility-las", "-endpoint", "update", "-body", m.path("approval.xml")}, "has received your signature"},
		5: {partnerConfig, []string{"-api", "omobility-las", "-endpoint", "stats"}, "<la-outgoing-total>3</la-outgoing-total>"},
		6: {partnerConfig, []string{"-api", "omobility-la-cnr", "-param", "sending_hei_id=uni-beispiel.example", "-param", "omobility_id=m9"}, "<omobility-la-cnr-response"},
	} {
		if got := call(test.config, test.args...); !strings.Contains(got, test.want) {
			t.Errorf("%d: %s\nwant %s", i, got, test.want)
		}
	}
	for name, want := range map[string]string{"omobility-las/due.jsonl": id, "omobility-la-cnr/notices.jsonl": "m9"} {
		if lines, err := os.ReadFile(m.path("data/" + name)); err != nil || !bytes.Contains(lines, []byte(want)) || !bytes.Contains(lines, []byte("uni-beispiel.example")) {
			t.Errorf("%s: %s, %v; want %s", name, lines, err, want)
		}
	}
	stop()
	m.serve(t, hostConfig)
	if a = read(); a.Proposal != nil || a.First == nil || *a.First.ReceivingSignature != signature {
		t.Errorf("after a new start: %+v", a.First)
	}
}
