package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The sample is right in itself and fits together.
func TestPublishedSample(t *testing.T) {
	t.Parallel()
	heis := read(t, "institutions/univ-exemple.example.xml", institutions.Decode)
	units := read(t, "organizational-units/units.xml", ounits.Decode)
	read(t, "factsheet/univ-exemple.example.xml", factsheet.Decode)
	known := map[string]bool{}
	for _, u := range units {
		known[u.ID] = true
	}
	if err := ounits.Check(units); err != nil {
		t.Error(err)
	}
	if root, ok := ounits.Root(units); !ok || root.ID != heis[0].RootUnit || len(heis[0].Units) != len(units) {
		t.Errorf("root unit %q, %d units of %d", root.ID, len(heis[0].Units), len(units))
	}
	for _, s := range read(t, "courses/licence-informatique.xml", courses.Decode) {
		if !known[s.Unit] {
			t.Errorf("%s is of a unit that is nowhere", s.ID)
		}
	}
}

// read reads a file of the sample; each object of it must be valid.
func read[T interface{ Validate() error }](t *testing.T, name string, decode func(io.Reader) ([]T, error)) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("sample/data", name))
	if err != nil {
		t.Fatal(err)
	}
	list, err := decode(bytes.NewReader(data))
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: %d objects, %v", name, len(list), err)
	}
	for _, v := range list {
		if err := v.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return list
}

// What is public is served from the data folder as it stands there, and a file with a
// fault is named in the log.
func TestPublished(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.edit(t, hostConfig, func(text string) string {
		return strings.Replace(text, `"institutions": {`, `"institutions": {"anonymous": true, `, 1)
	})
	m.publish(t)
	_, log, stop := m.serve(t, hostConfig)
	for i, c := range map[int]struct {
		args []string
		want []string
	}{
		0: {[]string{"institutions", "-param", "hei_id=univ-exemple.example"}, []string{"Université d&#39;Exemple", "F EXEMPLE01"}},
		1: {[]string{"institutions", "-param", "hei_id=uni-beispiel.example"}, []string{"Universität Beispiel"}},
		2: {[]string{"organizational-units", "-param", "hei_id=univ-exemple.example", "-param", "ounit_code=UFR-SCI"}, []string{"UFR Sciences"}},
		3: {[]string{"factsheet", "-param", "hei_id=univ-exemple.example"}, []string{"--06-15"}},
		4: {[]string{"courses", "-param", "hei_id=univ-exemple.example", "-param", "los_code=INF-301"}, []string{"Algorithmique", "languageOfInstruction"}},
		5: {[]string{"simple-course-replication", "-param", "hei_id=univ-exemple.example"}, []string{"CR/8c0e5f52-0000-4000-8000-000000000301", "DEP/"}},
	} {
		code, stdout, stderr := start(t, append([]string{"call", "-config", m.path(partnerConfig), "-hei", "univ-exemple.example", "-api"}, c.args...)...)
		if code != exitDone {
			t.Errorf("%d: exit code %d, %s", i, code, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%d: %q is not in %s", i, want, stdout)
			}
		}
	}
	m.write(t, "data/factsheet/second.xml", `<factsheet-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-factsheet/tree/stable-v1"><factsheet/></factsheet-response>`)
	code, _, _ := start(t, "call", "-config", m.path(partnerConfig), "-hei", "univ-exemple.example", "-api", "factsheet", "-param", "hei_id=x.example")
	stop()
	if code == exitDone || !strings.Contains(log.String(), "second.xml") || !strings.Contains(log.String(), "hei-id") {
		t.Errorf("exit code %d; want the file and its fault in the log:\n%s", code, log)
	}
}

// A course is listed by the time of its file.
func TestPublishedChanged(t *testing.T) {
	t.Parallel()
	changed := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	for name, at := range map[string]time.Time{"a.xml": changed, "b.xml": changed.AddDate(0, 0, 1), "note.txt": changed} {
		var b bytes.Buffer
		if err := courses.Encode(&b, []courses.Specification{{ID: "CR/" + name, Titles: ewp.Texts{{Value: "x"}}}}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	p := publishedCourses{published[courses.Specification]{folder: dir, decode: courses.Decode}}
	for since, want := range map[time.Time]string{
		{}: "CR/a.xml CR/b.xml ", changed: "CR/a.xml CR/b.xml ", changed.Add(time.Second): "CR/b.xml ", changed.AddDate(0, 0, 2): "",
	} {
		got := ""
		for id, err := range p.Changed(t.Context(), ewpserver.Parties{}, since) {
			if err != nil {
				t.Fatal(err)
			}
			got += id + " "
		}
		testutil.Equal(t, "since "+since.String(), got, want)
	}
	p.folder = filepath.Join(dir, "absent")
	for id, err := range p.Changed(t.Context(), ewpserver.Parties{}, time.Time{}) {
		t.Errorf("%s, %v in a folder that is not there", id, err)
	}
}
