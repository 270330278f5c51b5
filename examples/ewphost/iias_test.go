package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	sampleIIA = "sample/data/iias/exemple-beispiel.xml"
	ownIIA    = "7d1c9a40-exemple-beispiel"
)

func TestIIAHash(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(sampleIIA)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	changed := file("changed.xml", strings.Replace(string(document), "<language>en<", "<language>EN<", 1))
	twice := file("twice.xml", strings.Replace(string(document), "</iias-get-response>", string(document[strings.Index(string(document), "<iia>"):]), 1))
	for name, test := range map[string]struct {
		args       []string
		code       int
		lines      int
		diagnostic string
	}{
		"right":         {[]string{sampleIIA}, exitDone, 1, "1 agreements, 0 with another hash"},
		"version 7":     {[]string{"-version", "7", sampleIIA}, exitDone, 1, ""},
		"two":           {[]string{twice}, exitDone, 2, "2 agreements"},
		"changed":       {[]string{changed}, exitRefused, 1, "a declared hash is wrong"},
		"of version 7":  {[]string{"-version", "6", sampleIIA}, exitFailed, 0, "say -version 7"},
		"no version":    {[]string{"-version", "5", sampleIIA}, exitUsage, 0, "-version is 7 or 6"},
		"no file":       {nil, exitUsage, 0, "want one file"},
		"not there":     {[]string{filepath.Join(dir, "absent.xml")}, exitFailed, 0, "absent.xml"},
		"not a answer":  {[]string{file("x.xml", "<x/>")}, exitFailed, 0, "iias-get-response"},
		"not even XML":  {[]string{file("y.xml", "x")}, exitFailed, 0, "y.xml"},
		"no agreements": {[]string{file("z.xml", `<iias-get-response xmlns="`+iias.Namespace+`"/>`)}, exitDone, 0, "0 agreements"},
	} {
		var out, diag bytes.Buffer
		code := run(t.Context(), append([]string{"iia-hash"}, test.args...), &out, &diag)
		if code != test.code || strings.Count(out.String(), "\n") != test.lines || !strings.Contains(diag.String(), test.diagnostic) {
			t.Errorf("%s: exit code %d, want %d; %d lines, want %d:\n%s%s", name, code, test.code, strings.Count(out.String(), "\n"), test.lines, &out, &diag)
		}
		if name != "changed" && name != "right" {
			continue
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if same := line["hash"] == line["declared_hash"]; same != (name == "right") || line["iia_id"] != ownIIA || line["valid_for_approval"] != true ||
			!strings.HasPrefix(line["text"].(string), "_iia-id_1="+ownIIA+"__iia-id_2=4411_") {
			t.Errorf("%s: %v", name, line)
		}
	}
}

// TestPublishedIIAHashes has documents whose hashes were published with them.
func TestPublishedIIAHashes(t *testing.T) {
	t.Parallel()
	base := testutil.Shared(t, "ewp/examples")
	for name, test := range map[string]struct {
		version string
		code    int
	}{
		"ewp-registry-service/iia/get-response-example-v7.xml":    {"7", exitDone},
		"ewp-registry-service/iia/get-response-xsltkit-v7.xml":    {"7", exitDone},
		"ewp-registry-service/iia/get-response-wrong-hash-v7.xml": {"7", exitRefused},
		"ewp-registry-service/iia/get-response-example-v6.xml":    {"6", exitDone},
		"ewp-registry-service/iia/get-response-xsltkit-v6.xml":    {"6", exitDone},
	} {
		var out, diag bytes.Buffer
		if code := run(t.Context(), []string{"iia-hash", "-version", test.version, filepath.Join(base, name)}, &out, &diag); code != test.code {
			t.Errorf("%s: exit code %d, want %d:\n%s", name, code, test.code, &diag)
		}
	}
}

// TestIIAsServed: the partner of the sample gets its agreement, what the host approves,
// and leaves a notification; the host itself gets nothing of it.
func TestIIAsServed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	m.serve(t, hostConfig)
	call := func(config string, args ...string) string {
		out, _ := m.must(t, append([]string{"call", "-config", m.path(config), "-hei", "univ-exemple.example"}, args...)...)
		return out
	}
	got := call(partnerConfig, "-api", "iias", "-endpoint", "get", "-param", "iia_id="+ownIIA)
	parts, err := iias.Split([]byte(got))
	if err != nil || len(parts) != 1 {
		t.Fatalf("%d agreements, %v:\n%s", len(parts), err, got)
	}
	if c, err := iias.Compute(parts[0]); err != nil || !c.Right() || c.ID != ownIIA {
		t.Errorf("%+v, %v; want the agreement with its hash", c, err)
	}
	for i, test := range []struct {
		config string
		args   []string
		want   string
	}{
		0: {partnerConfig, []string{"-api", "iias", "-endpoint", "index"}, "<iia-id>" + ownIIA + "</iia-id>"},
		1: {partnerConfig, []string{"-api", "iias", "-endpoint", "index", "-param", "receiving_academic_year_id=2028/2029"}, "<iia-id>" + ownIIA},
		2: {partnerConfig, []string{"-api", "iias", "-endpoint", "index", "-param", "receiving_academic_year_id=2029/2030"}, "></iias-index-response>"},
		3: {partnerConfig, []string{"-api", "iias", "-endpoint", "index", "-param", "modified_since=2100-01-01T00:00:00Z"}, "></iias-index-response>"},
		4: {partnerConfig, []string{"-api", "iias", "-endpoint", "stats"}, "<iia-fetchable>1</iia-fetchable>"},
		5: {partnerConfig, []string{"-api", "iias-approval", "-param", "iia_id=4411"}, "<iia-id>4411</iia-id><iia-hash>242ade515cfccf649813208bdea481b5778d3c28cdd73c40b85a8e66b9d80150<"},
		6: {partnerConfig, []string{"-api", "iia-cnr", "-param", "iia_id=4411"}, "<iia-cnr-response"},
		7: {hostConfig, []string{"-api", "iias", "-endpoint", "get", "-param", "iia_id=" + ownIIA}, "></iias-get-response>"},
		8: {hostConfig, []string{"-api", "iias", "-endpoint", "index"}, "></iias-index-response>"},
		9: {hostConfig, []string{"-api", "iias-approval", "-param", "iia_id=4411"}, "></iias-approval-response>"},
	} {
		if got := call(test.config, test.args...); !strings.Contains(got, test.want) {
			t.Errorf("%d: %s\nwant %s", i, got, test.want)
		}
	}
	notices, err := os.ReadFile(m.path("data/iia-cnr/notices.jsonl"))
	if err != nil || !bytes.Contains(notices, []byte(`"4411"`)) || !bytes.Contains(notices, []byte("uni-beispiel.example")) {
		t.Errorf("%s, %v; want the notification", notices, err)
	}
}
