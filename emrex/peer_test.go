package emrex_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// jdk runs the foreign peer.
func jdk(t *testing.T, args ...string) string {
	t.Helper()
	var out, diag bytes.Buffer
	cmd := exec.CommandContext(t.Context(), testutil.Program(t, "java"), append([]string{"testdata/Peer.java"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		t.Fatalf("java: %v\n%s", err, diag.String())
	}
	return out.String()
}

// TestJDK: the JDK's XML signature accepts what we sign, refuses what was changed
// since, and we accept what it signs.
func TestJDK(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a JVM is started twice")
	}
	testutil.Program(t, "java")
	p, _ := own(t)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile, certFile := write("key", key), write("cert", p.cert.Raw)
	documents := []string{
		0: plain,
		1: `<e:elmo xmlns:e="https://github.com/emrex-eu/elmo-schemas/tree/v1" xmlns:x="urn:b" xmlns:y="urn:a" xml:lang="fr"><e:report x:a="1" y:a="2" b="&#10;&#9;&#13;"><?pi d ?>&#13;é😀</e:report></e:elmo>`,
		2: `<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v2"><report xmlns=""><a xmlns="urn:c"/></report></elmo>`,
	}
	var files []string
	var want []string
	for i, doc := range documents {
		signed, err := signer(t, p).Sign([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		n := string(rune('0' + i))
		files = append(files, write("ours"+n+".xml", signed), write("changed"+n+".xml", bytes.Replace(signed, []byte("elmo-schemas/tree"), []byte("elmo-schemas/trei"), 1)))
		want = append(want, "true", "false")
	}
	out := jdk(t, append([]string{"verify", certFile}, files...)...)
	testutil.Equal(t, "what the JDK says", strings.Fields(out), want)
	theirs := filepath.Join(dir, "theirs.xml")
	jdk(t, "sign", keyFile, certFile, write("plain.xml", []byte(plain)), theirs)
	data, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	trust := emrex.Trust{Certificates: []*x509.Certificate{p.cert}}
	v, err := emrex.Verify(data, trust)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if d, err := v.Document(); err != nil || d.Learner.BirthDay != "2003-02-28" {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := emrex.Verify(bytes.Replace(data, []byte("2003-02-28"), []byte("2004-02-28"), 1), trust); err == nil {
		t.Error("a changed document of the JDK is believed")
	}
}
