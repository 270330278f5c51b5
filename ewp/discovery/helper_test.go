package discovery

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// testKeys returns three keys, always the same.
func testKeys() []ewp.PublicKey { return slices.Clone(madeKeys()) }

// madeKeys makes keys once: it is slow.
var madeKeys = sync.OnceValue(func() []ewp.PublicKey {
	var keys []ewp.PublicKey
	for range 3 {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		key, err := ewp.NewPublicKey(&private.PublicKey)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

// sample is a manifest that nothing can be said against.
func sample() *Manifest {
	const base = "https://ewp.univ-exemple.fr/"
	return &Manifest{
		URL:           base + "manifest.xml",
		AdminEmails:   []string{"ewp-admin@univ-exemple.fr"},
		AdminProvider: "Exemple SIS",
		APIs: []Entry{
			For(ewp.Echo, Value("url", base+"echo")),
			For(ewp.IIAs, Value("index-url", base+"iias/index"), Value("get-url", base+"iias/get"), Value("max-iia-ids", "20")),
		},
		HEI: ewp.Institution{
			ID:       ewp.MustParseHEIID("univ-exemple.fr"),
			OtherIDs: []ewp.OtherID{{Type: ewp.OtherIDErasmus, Value: "F EXEMPLE01"}},
			Names:    ewp.Texts{{Lang: "fr", Value: "Université Exemple"}},
		},
		ClientKeys: testKeys()[:1],
		ServerKeys: testKeys()[:1],
	}
}

// xmllint validates a document against a schema of the reference material and
// returns what xmllint says, "" when it is valid.
func xmllint(tb testing.TB, schema string, doc []byte) string {
	tb.Helper()
	program := testutil.Program(tb, "xmllint")
	base := testutil.Shared(tb, "ewp/schemas")
	file := filepath.Join(tb.TempDir(), "doc.xml")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		tb.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), program, "--nonet", "--noout", "--schema", filepath.Join(base, schema), file)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(base, "catalog-network.xml")+" "+filepath.Join(base, "catalog-business.xml"))
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		return err.Error() + ": " + out.String()
	}
	return ""
}

// catalogueOf returns the index of a catalogue with these hosts.
func catalogueOf(tb testing.TB, hosts ...string) *registry.Index {
	tb.Helper()
	x, err := registry.Parse(strings.NewReader(`<catalogue xmlns="`+ewp.NamespaceRegistry+`">`+strings.Join(hosts, "")+`</catalogue>`), registry.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

// hostOf returns the host element of a catalogue.
func hostOf(hei, entries string, clients, servers []ewp.PublicKey) string {
	list := func(name string, keys []ewp.PublicKey) string {
		s := "<" + name + ">"
		for _, k := range keys {
			s += `<rsa-public-key sha-256="` + k.Fingerprint().String() + `"/>`
		}
		return s + "</" + name + ">"
	}
	return "<host><apis-implemented>" + entries + "</apis-implemented><institutions-covered><hei-id>" + hei + "</hei-id></institutions-covered>" +
		list("client-credentials-in-use", clients) + list("server-credentials-in-use", servers) + "</host>"
}
