package registry

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// parse reads a catalogue and fails the test when it is refused.
func parse(tb testing.TB, xml string) *Index {
	tb.Helper()
	x, err := Parse(strings.NewReader(xml), Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

// catalogue returns the hosts and institutions inside a root element.
func catalogue(content string) string {
	return `<catalogue xmlns="` + ewp.NamespaceRegistry + `" xmlns:ewp="` + ewp.NamespaceCommon + `">` + content + `</catalogue>`
}

// sharedIndex reads a catalogue of the reference material.
func sharedIndex(tb testing.TB, name string) *Index {
	tb.Helper()
	data, err := os.ReadFile(testutil.Shared(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, string(data))
}

// fingerprintOf returns the fingerprint of a published PEM file.
func fingerprintOf(tb testing.TB, name string) ewp.Fingerprint {
	tb.Helper()
	data, err := os.ReadFile(testutil.Shared(tb, "ewp/schemas/ewp-registry-client/test-files/"+name))
	if err != nil {
		tb.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		tb.Fatalf("%s holds no PEM block", name)
	}
	if block.Type == "CERTIFICATE" {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			tb.Fatal(err)
		}
		return sha256Of(cert.Raw)
	}
	key, err := ewp.ParsePublicKeyDER(block.Bytes)
	if err != nil {
		tb.Fatal(err)
	}
	return key.Fingerprint()
}

func ids(heis HEIs) []string {
	var s []string
	for id := range heis.All() {
		s = append(s, id.String())
	}
	slices.Sort(s)
	return s
}

func hei(id string) ewp.HEIID { return ewp.MustParseHEIID(id) }

// synthetic makes a catalogue of the shape of the real one, with as many hosts as
// asked, 0 for as many as that has. It returns the document and what must be found.
func synthetic(tb testing.TB, hosts string) (data, facts []byte) {
	tb.Helper()
	script := testutil.Shared(tb, "tools/gencatalogue.py")
	python := testutil.Program(tb, "python3")
	dir := tb.TempDir()
	out, about := filepath.Join(dir, "catalogue.xml"), filepath.Join(dir, "facts.json")
	args := []string{script, "--out", out, "--facts", about}
	if hosts != "" {
		args = append(args, "--hosts", hosts)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), python, args...)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%v: %s", err, stderr.Bytes())
	}
	var err error
	if data, err = os.ReadFile(out); err != nil {
		tb.Fatal(err)
	}
	if facts, err = os.ReadFile(about); err != nil {
		tb.Fatal(err)
	}
	return data, facts
}
