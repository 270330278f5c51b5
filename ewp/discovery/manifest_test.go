package discovery

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

const manifestSchema = "ewp-specs-api-discovery/stable-v6/manifest.xsd"

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// document returns the entry as a document of its own.
func (e Entry) document(tb testing.TB) []byte {
	tb.Helper()
	parent := etree.NewElement("parent")
	e.write(parent)
	entry := parent.ChildElements()[0]
	entry.CreateAttr("xmlns:ewp", ewp.NamespaceCommon)
	entry.CreateAttr("xmlns:sec", ewp.NamespaceSecurity)
	data, err := xmlx.Marshal(entry, "")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// compareKeys compares keys by their fingerprints, and identifiers as they are.
var compareKeys = cmp.Options{
	cmp.Comparer(func(a, b ewp.PublicKey) bool { return a.Fingerprint() == b.Fingerprint() }),
	cmp.Comparer(func(a, b ewp.HEIID) bool { return a == b }),
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	m := sample()
	m.AdminNotes = "Notes & more"
	m.APIs = append(m.APIs, Entry{
		Name: xml.Name{Space: "urn:campus", Local: "link"}, Version: ewp.MustParseVersion("1.2.3"), AdminNotes: "ours", AdminEmails: []string{"campus@univ-exemple.fr"},
		Elements: []Element{
			Value("text", "<&>"),
			{Name: xml.Name{Space: "urn:other", Local: "outer"}, Children: []Element{
				{Name: xml.Name{Local: "inner"}, Text: "é", Attrs: []xml.Attr{
					{Name: xml.Name{Local: "plain"}, Value: "\"1\""},
					{Name: xml.Name{Space: namespaceXML, Local: "lang"}, Value: "fr"},
					{Name: xml.Name{Space: "urn:attr", Local: "far"}, Value: "3"},
				}},
				{Name: xml.Name{Space: "urn:campus", Local: "back"}},
			}},
		},
	})
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, dropped, err := Read(bytes.NewReader(data))
	if err != nil || dropped != nil {
		t.Fatal(err, dropped)
	}
	m.APIs[1].Elements = m.APIs[1].ordered()
	testutil.Equal(t, "the manifest read again", again, m, compareKeys)
	if v := again.Check(Against{}); len(v.Refused)+len(v.Warnings) > 0 {
		t.Errorf("read again: %v", v)
	}
	if out := xmllint(t, manifestSchema, data); out != "" {
		t.Errorf("%s\n%s", out, data)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	m := sample()
	key, err := ewp.ParsePublicKey(publishedKey)
	if err != nil {
		t.Fatal(err)
	}
	m.ClientKeys, m.ServerKeys = []ewp.PublicKey{key}, []ewp.PublicKey{key}
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "manifest.xml", data)
	if out := xmllint(t, manifestSchema, data); out != "" {
		t.Error(out)
	}
}

func TestWithdrawn(t *testing.T) {
	t.Parallel()
	data, err := (&Manifest{URL: sample().URL, Withdrawn: true}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	m, dropped, err := Read(bytes.NewReader(data))
	if err != nil || dropped != nil || !m.Withdrawn {
		t.Errorf("%+v, %v, %v", m, dropped, err)
	}
	if out := xmllint(t, manifestSchema, data); out != "" {
		t.Error(out)
	}
}

// publishedKey is the key of the examples of the specification.
const publishedKey = `
	MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkQojIPtX+BYGGC2f1zXr
	U3ijq5oApW6YA+mSiB3p5pEQRUuvIHKbSKRXQaW/5hORYpWU1GzU2Wq99vykjX9b
	8GQlM+0xbFP0cILIhjz23R0Q53mKcf2xAzQt2b3f56QOnjUaKbXsuB+ejTLAtQ4D
	yKYSodCzUFkuUZUw+TK7G9ySMbcVHqrG8qDCw3/7CXkN0Wf9HpSnYP5fwd426fay
	u6RXGeX5vUuX5BJkjsxoL8Smn7TB31LSFn3LbQLzG4UuxGaGgHWZCMSC35dX2d3z
	4zcpZxgyN8LNWXCf4g95b20Ljsbnvk1dIUTJtRJJ29zbWXcgXgVl69UKQx8NxXIx
	6wIDAQAB`

// TestReadExample reads the example of the specification.
func TestReadExample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(testutil.Shared(t, "ewp/schemas/ewp-specs-api-discovery/stable-v6/manifest-example.xml"))
	if err != nil {
		t.Fatal(err)
	}
	m, dropped, err := Read(bytes.NewReader(data))
	if err != nil || dropped != nil {
		t.Fatal(err, dropped)
	}
	key, err := ewp.ParsePublicKey(publishedKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := key.Fingerprint().String(); got != "5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4" {
		t.Errorf("fingerprint %s", got)
	}
	want := &Manifest{
		URL: "https://example.com/manifest.xml", AdminEmails: []string{"admin-or-developer@example.com"}, AdminProvider: "MUCI (USOS)",
		AdminNotes: "It's not a real manifest. Just an example.",
		APIs: []Entry{{
			Name: xml.Name{Space: ewp.Echo.Namespace(), Local: "echo"}, Version: ewp.MustParseVersion("2.0.0"),
			AdminEmails: []string{"usually-a-developer@example.com", "some-other-developer@example.com"},
			AdminNotes:  "Some notes which might be useful for client developers.",
			Security:    ewp.ClientTLSCert | ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig,
			Elements:    []Element{Value("url", "https://example.com/ewp/echo")},
		}},
		HEI: ewp.Institution{
			ID: ewp.MustParseHEIID("uw.edu.pl"),
			OtherIDs: []ewp.OtherID{
				{Type: "pic", Value: "999572294"}, {Type: "erasmus", Value: "PL WARSZAW01"}, {Type: "erasmus-charter", Value: "45834-EPP-1-2014-1-PL-EPPKA3-ECHE"},
			},
			Names: ewp.Texts{{Lang: "en", Value: "University of Warsaw"}},
		},
		ClientKeys: []ewp.PublicKey{key}, ServerKeys: []ewp.PublicKey{key},
	}
	testutil.Equal(t, "manifest", m, want, compareKeys)
}

// TestReadPublished reads the manifests of the registry's own tests, and agrees with
// xmllint about which are valid.
func TestReadPublished(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "ewp/schemas/ewp-registry-service/test-files")
	n := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(data, []byte("manifest")) || !bytes.Contains(data, []byte(ewp.NamespaceDiscovery+`"`)) || bytes.Contains(data, []byte("<catalogue")) {
			return nil
		}
		n++
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			m, dropped, err := Read(bytes.NewReader(data))
			out := xmllint(t, manifestSchema, data)
			if (err == nil) != (out == "") && !strings.Contains(out, "certificate") && !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("read with error %v, xmllint says %q", err, out)
			}
			t.Log(m != nil, dropped, err)
		})
		return nil
	})
	if err != nil || n < 10 {
		t.Errorf("%d manifests, %v", n, err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/manifest.xml")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(golden)
	edit := func(oldnew ...string) string {
		out := strings.NewReplacer(oldnew...).Replace(whole)
		if out == whole {
			t.Fatalf("nothing to replace: %q", oldnew)
		}
		return out
	}
	tests := map[int]struct {
		doc     string
		want    error // of the taxonomy
		refused []string
		dropped []string
	}{
		0:  {doc: whole},
		1:  {doc: "", want: passerelle.ErrProtocol},
		2:  {doc: "<!DOCTYPE manifest>" + whole, want: passerelle.ErrProtocol},
		3:  {doc: "<manifest/>", want: passerelle.ErrProtocol},
		4:  {doc: whole[:500], want: passerelle.ErrProtocol},
		5:  {doc: edit("stable-v6\" xmlns:ewp", "stable-v5\" xmlns:ewp"), want: passerelle.ErrProtocol},
		6:  {doc: edit("<ewp:admin-provider>Exemple SIS</ewp:admin-provider>", ""), want: passerelle.ErrInvalid, refused: []string{"host.admin-provider required"}},
		7:  {doc: edit("<ewp:admin-email>ewp-admin@univ-exemple.fr</ewp:admin-email>", ""), want: passerelle.ErrInvalid, refused: []string{"host.admin-email required"}},
		8:  {doc: edit("<host>", "<host><x/>", "</host>", "<x/></host>"), want: passerelle.ErrInvalid, refused: []string{"host.x unknown", "host.x unknown"}},
		9:  {doc: edit("</host>", "<ewp:admin-notes/></host>"), want: passerelle.ErrInvalid, refused: []string{"host.admin-notes order"}},
		10: {doc: edit("</host>", "</host><host/>"), want: passerelle.ErrInvalid, refused: []string{"host duplicate"}},
		11: {doc: edit("MIIBIjANBg", "!!"), dropped: []string{"host.client-credentials-in-use.rsa-public-key[0] base64", "host.server-credentials-in-use.rsa-public-key[0] base64"}},
		12: {doc: edit("MIIBIjANBg", "MIIBIjANBh"), dropped: []string{"host.client-credentials-in-use.rsa-public-key[0] encoding", "host.server-credentials-in-use.rsa-public-key[0] encoding"}},
		13: {doc: edit(`id="univ-exemple.fr"`, `id="two words"`), dropped: []string{"host.institutions-covered.hei.id id"}},
		14: {doc: edit(`version="2.0.1"`, `version="2"`), dropped: []string{"host.apis-implemented[1].version version"}},
		15: {doc: edit("<r:hei ", "<r:hei/><r:hei "), want: passerelle.ErrInvalid, refused: []string{"host.institutions-covered.hei.id required", "host.institutions-covered.hei.name required", "host.institutions-covered.hei duplicate"}},
		16: {doc: edit(` type="erasmus"`, ""), want: passerelle.ErrInvalid, refused: []string{"host.institutions-covered.hei.other-id[0].type required"}},
		17: {doc: edit("</manifest>", "<!--"+strings.Repeat("x", maxManifest)+"--></manifest>"), want: passerelle.ErrProtocol},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m, dropped, err := Read(strings.NewReader(tt.doc))
			if tt.want == nil && err != nil || tt.want != nil && (!errors.Is(err, tt.want) || m != nil) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			list, _ := errors.AsType[passerelle.FieldErrors](err)
			testutil.Equal(t, "refused", faults(list), tt.refused)
			testutil.Equal(t, "dropped", faults(dropped), tt.dropped)
		})
	}
	_, _, err = Read(strings.NewReader(tests[5].doc))
	if e, ok := errors.AsType[*NotManifestError](err); !ok || e.Major != 5 {
		t.Errorf("a manifest of version 5: %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := Read(iotest.ErrReader(broken)); err != broken {
		t.Errorf("a reader that fails: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile("testdata/manifest.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`<manifest xmlns="` + ewp.NamespaceDiscovery + `"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		m.Check(Against{})
		out, err := m.Marshal()
		if err != nil {
			return
		}
		again, dropped, err := Read(bytes.NewReader(out))
		if err != nil || dropped != nil {
			t.Fatalf("what was written cannot be read: %v %v\n%s", err, dropped, out)
		}
		third, err := again.Marshal()
		if err != nil || !bytes.Equal(out, third) {
			t.Fatalf("%v\n%s\nis written again as\n%s", err, out, third)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	m := sample()
	for api := range ewp.APIs() {
		e := For(api)
		for _, p := range shapes[e.Name] {
			e.Elements = append(e.Elements, Value(p.name, map[kind]string{address: "https://ewp.univ-exemple.fr/" + api.String(), positive: "10", boolean: "true"}[p.kind]))
		}
		if api != ewp.Discovery && api != ewp.Registry && api != ewp.Echo && api != ewp.IIAs {
			m.APIs = append(m.APIs, e)
		}
	}
	data, err := m.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := Read(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("FloorTree", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xmlx.Parse(data, "", limits); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Marshal(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
