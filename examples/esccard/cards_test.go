package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const chipUID = "042e5a7a6e4d80"

// newAuthority makes a test chain and returns the path of its files.
func newAuthority(t *testing.T) func(name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "authority")
	if code, stdout, stderr := call("", "authority", "-out", dir); code != exitDone || strings.Count(stdout, "\n") != 6 {
		t.Fatalf("authority: exit code %d\n%s%s", code, stdout, stderr)
	}
	return func(name string) string { return filepath.Join(dir, name) }
}

func reasons(v map[string]any) []string {
	var out []string
	for _, r := range v["reasons"].([]any) {
		out = append(out, r.(string))
	}
	return out
}

func TestAuthority(t *testing.T) {
	t.Parallel()
	file := newAuthority(t)
	for name, want := range map[string]int{"root.pem": 1, "issuing.pem": 1, "chain.pem": 3, "chip-chain.pem": 4} {
		bundle, err := trust.File(file(name))
		if err != nil || len(bundle) != want {
			t.Errorf("%s: %d certificates, %v; want %d", name, len(bundle), err, want)
			continue
		}
		for i := 1; i < len(bundle); i++ {
			if err := bundle[i].CheckSignatureFrom(bundle[i-1]); err != nil {
				t.Errorf("%s: certificate %d is not signed by the one before it: %v", name, i, err)
			}
		}
	}
	for _, name := range []string{"card.key", "chip.key"} {
		info, err := os.Stat(file(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want a file for its owner alone", name, info.Mode(), err)
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	file := newAuthority(t)
	picture := filepath.Join(t.TempDir(), "seal.png")
	lastDay := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	signed := answer(t, exitDone, "seal", "sign", "-key", file("card.key"), "-chain", file("chain.pem"),
		"-escn", strings.ToUpper(number), "-expires", lastDay, "-o", picture)
	jws := signed["jws"].(string)
	if v := signed["qr_version"].(float64); v < 5 || v > 15 {
		t.Errorf("QR version %v, want one that phones read", v)
	}

	verify := []string{"seal", "verify", "-roots", file("root.pem"), "-chain", file("chain.pem")}
	want := map[string]any{"valid": true, "escn": number, "expires": lastDay, "issuer": "univ-exemple.example", "reasons": []any{}}
	for _, arguments := range [][]string{{jws}, {picture}, {"-issuer", "univ-exemple.example=999465982", jws}} {
		testutil.Equal(t, "verdict", answer(t, exitDone, append(verify, arguments...)...), want)
	}
	if code, stdout, _ := call(jws+"\n", append(verify, "-")...); code != exitDone || !strings.Contains(stdout, `"valid":true`) {
		t.Errorf("from standard input: exit code %d, %s", code, stdout)
	}

	tampered := strings.Split(jws, ".")
	tampered[2] = strings.Repeat("A", 86)
	other := newAuthority(t)
	refused := [...]struct {
		args   []string
		reason string
	}{
		0: {append(verify, "-at", "2099-01-01", jws), "expired"},
		1: {append(verify, "-at", "2001-01-01T00:00:00Z", jws), "not-yet-valid"},
		2: {append(verify, strings.Join(tampered, ".")), "signature"},
		3: {append(verify, "nonsense"), "malformed"},
		4: {append(verify, "-issuer", "univ-exemple.example=999999999", jws), "pic"},
		5: {append(verify, "-issuer", "univ-autre.example=999465982", jws), "issuer"},
		6: {[]string{"seal", "verify", "-roots", other("root.pem"), "-chain", file("chain.pem"), jws}, "unknown-root"},
		7: {[]string{"seal", "verify", "-roots", file("root.pem"), "-chain", other("chain.pem"), jws}, "chain-missing"},
	}
	for i, tt := range refused {
		v := answer(t, exitRefused, tt.args...)
		if got := reasons(v); v["valid"] != false || len(got) == 0 || !slices.Contains(got, tt.reason) {
			t.Errorf("%d: reasons %v, want %s", i, got, tt.reason)
		}
		if v["escn"] != "" || v["issuer"] != "" || v["expires"] != "" {
			t.Errorf("%d: claims that are not believed are shown: %v", i, v)
		}
	}
}

// What is not checked is said, and a list of revoked certificates is used.
func TestRevocation(t *testing.T) {
	t.Parallel()
	authority, err := esctest.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	credential, err := authority.Issue("univ-exemple.example")
	if err != nil {
		t.Fatal(err)
	}
	key, err := encodeKey(credential.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root, chain := write("root.pem", trust.EncodePEM(authority.Root)), write("chain.pem", trust.EncodePEM(credential.Bundle()...))
	jws := answer(t, exitDone, "seal", "sign", "-key", write("card.key", key), "-chain", chain, "-escn", number,
		"-expires", time.Now().AddDate(0, 6, 0).Format(time.DateOnly))["jws"].(string)
	writeLists := func(prefix string) (flags []string) {
		lists, err := authority.RevocationLists()
		if err != nil {
			t.Fatal(err)
		}
		for i, list := range lists {
			name := prefix + string(rune('0'+i)) + ".pem"
			flags = append(flags, "-crl", write(name, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list.Raw})))
		}
		return flags
	}
	verify := []string{"seal", "verify", "-roots", root, "-chain", chain, jws}

	if _, _, stderr := call("", verify...); !strings.Contains(stderr, "revocation is not checked") || !strings.Contains(stderr, "any issuer") {
		t.Errorf("standard error does not say what is not checked: %q", stderr)
	}
	good := append(writeLists("good"), "-issuer", "univ-exemple.example=999465982")
	if code, stdout, stderr := call("", append(verify, good...)...); code != exitDone || stderr != "" {
		t.Errorf("with everything checked: exit code %d, %q, %q; want 0 and nothing said", code, stdout, stderr)
	}
	authority.Revoke(credential.Certificate)
	if got := reasons(answer(t, exitRefused, append(verify, writeLists("revoked")...)...)); !slices.Contains(got, "revoked") {
		t.Errorf("revoked certificate: reasons %v", got)
	}
}

func TestChip(t *testing.T) {
	t.Parallel()
	file := newAuthority(t)
	signature := answer(t, exitDone, "deuinfo", "sign", "-key", file("chip.key"), "-escn", number, "-uid", chipUID)["signature"].(string)
	verify := func(uid, signature string, more ...string) []string {
		return append([]string{
			"deuinfo", "verify", "-roots", file("root.pem"), "-chain", file("chip-chain.pem"),
			"-escn", number, "-uid", uid, "-signature", signature,
		}, more...)
	}
	v := answer(t, exitDone, verify(chipUID, signature)...)
	if v["valid"] != true || v["escn"] != number || v["issuer"] != "univ-exemple.example" || len(reasons(v)) > 0 {
		t.Errorf("verdict %v, want the card believed", v)
	}
	answer(t, exitDone, verify(chipUID, signature, "-issuer", "univ-exemple.example=999465982")...)
	for i, tt := range [...]struct {
		args   []string
		reason string
	}{
		0: {verify("042e5a7a6e4d81", signature), "signature"},
		1: {verify(chipUID, "3006020101020101"), "signature"},
		2: {verify(chipUID, signature, "-at", "2099-01-01"), "certificate-expired"},
		3: {verify(chipUID, signature, "-issuer", "univ-autre.example=999465982"), "issuer"},
		4: {verify(chipUID, signature, "-certificate", file("chain.pem")), "signature"},
	} {
		if got := reasons(answer(t, exitRefused, tt.args...)); !slices.Contains(got, tt.reason) {
			t.Errorf("%d: reasons %v, want %s", i, got, tt.reason)
		}
	}
}
