package c14n_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/c14n"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const dsig = "http://www.w3.org/2000/09/xmldsig#"

// signature reports whether n is the signature of the document: that of its root.
func signature(n *c14n.Node) bool {
	return n.Is(dsig, "Signature") && n.Parent != nil && n.Parent.Parent == nil
}

func canonical(t testing.TB, data []byte, m c14n.Method) string {
	t.Helper()
	d, err := c14n.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.WriteDocument(&b, m, signature); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestVectors compares the canonical octets of signed and unsigned documents with
// those that were published with them.
func TestVectors(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/emrex/signed-own")
	files, err := filepath.Glob(filepath.Join(folder, "*.c14n"))
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	compared := 0
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(file, ".c14n")
		for _, name := range []string{base + ".signed.xml", strings.TrimSuffix(base, filepath.Ext(base)) + ".unsigned.xml"} {
			data, err := os.ReadFile(name)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			compared++
			if got := canonical(t, data, c14n.Inclusive); got != string(want) {
				t.Errorf("%s:\n%q\nwant\n%q", filepath.Base(name), got, want)
			}
		}
	}
	if compared < 15 {
		t.Errorf("%d documents were compared; want more", compared)
	}
}

// TestForms has the rules one by one. The examples follow those of the two
// recommendations; the expected forms are computed by hand.
func TestForms(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in        string
		inclusive string
		exclusive string // "": the same
	}{
		0:  {`<?xml version="1.0"?><?a b  ?><doc/><!-- c --><?d?>`, "<?a b  ?>\n<doc></doc>\n<?d?>", ""},
		1:  {`<a b = 'x"y' a="1"/>`, `<a a="1" b="x&quot;y"></a>`, ""},
		2:  {"<a>\r\n\r&#13;&#9;</a>", "<a>\n\n&#xD;\t</a>", ""},
		3:  {"<a b='1\r\n2\t3&#10;4&#9;5'/>", `<a b="1 2 3&#xA;4&#x9;5"></a>`, ""},
		4:  {`<a><![CDATA[<&]]>&gt;&quot;</a>`, `<a>&lt;&amp;&gt;"</a>`, ""},
		5:  {`<a xmlns="u" xmlns:z="v"><b xmlns="u" xmlns:z="w"><z:c xmlns:z="w"/></b></a>`, `<a xmlns="u" xmlns:z="v"><b xmlns:z="w"><z:c></z:c></b></a>`, `<a xmlns="u"><b><z:c xmlns:z="w"></z:c></b></a>`},
		6:  {`<a xmlns="u"><b xmlns=""><c xmlns=""/></b></a>`, `<a xmlns="u"><b xmlns=""><c></c></b></a>`, ""},
		7:  {`<a xmlns:p="1" xmlns:q="0" p:x="" q:x="" x=""/>`, `<a xmlns:p="1" xmlns:q="0" x="" q:x="" p:x=""></a>`, ""},
		8:  {`<a xml:lang="fr" xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`, `<a xml:lang="fr"></a>`, ""},
		9:  {`<a><!-- x -->1<!-- y -->2</a>`, `<a>12</a>`, ""},
		10: {`<p:a xmlns:p="u"><b/></p:a>`, `<p:a xmlns:p="u"><b></b></p:a>`, ""},
		11: {`<a xmlns:p="u"><b><p:c/></b><p:d/></a>`, `<a xmlns:p="u"><b><p:c></p:c></b><p:d></p:d></a>`, `<a><b><p:c xmlns:p="u"></p:c></b><p:d xmlns:p="u"></p:d></a>`},
		12: {"\xEF\xBB\xBF<a>é</a>", "<a>é</a>", ""},
		13: {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", "<a>é</a>", ""},
		14: {`<a x=">" y='"'>]</a>`, `<a x=">" y="&quot;">]</a>`, ""},
		15: {`<a><?p  q?></a>`, `<a><?p q?></a>`, ""},
		16: {"<a><!-- it's --><b c='1\n2'/><![CDATA[it's]]><b c='1\n2'/><?p it's?><b c='1\n2'/></a>", `<a><b c="1 2"></b>it's<b c="1 2"></b><?p it's?><b c="1 2"></b></a>`, ""},
	} {
		if c.exclusive == "" {
			c.exclusive = c.inclusive
		}
		if got := canonical(t, []byte(c.in), c14n.Inclusive); got != c.inclusive {
			t.Errorf("%d: inclusive %q, want %q", i, got, c.inclusive)
		}
		if got := canonical(t, []byte(c.in), c14n.Exclusive); got != c.exclusive {
			t.Errorf("%d: exclusive %q, want %q", i, got, c.exclusive)
		}
	}
}

// TestApex: a part of a document has what is in force around it.
func TestApex(t *testing.T) {
	t.Parallel()
	d, err := c14n.Parse([]byte(`<a xmlns="u" xmlns:p="v" xml:lang="fr" xml:space="preserve" xml:id="i" xml:other="o"><p:b xml:lang="en" x="1"><c/></p:b></a>`))
	if err != nil {
		t.Fatal(err)
	}
	for m, want := range map[c14n.Method]string{
		c14n.Inclusive:   `<p:b xmlns="u" xmlns:p="v" x="1" xml:id="i" xml:lang="en" xml:other="o" xml:space="preserve"><c></c></p:b>`,
		c14n.Inclusive11: `<p:b xmlns="u" xmlns:p="v" x="1" xml:lang="en" xml:space="preserve"><c></c></p:b>`,
		c14n.Exclusive:   `<p:b xmlns:p="v" x="1" xml:lang="en"><c xmlns="u"></c></p:b>`,
	} {
		var b bytes.Buffer
		if err := d.Root.Elements()[0].WriteElement(&b, m, nil); err != nil || b.String() != want {
			t.Errorf("method %d: %q, %v; want %q", m, b.String(), err, want)
		}
	}
	if d, err = c14n.Parse([]byte(`<a xml:base="http://x.example/"><b/></a>`)); err != nil {
		t.Fatal(err)
	}
	if err := d.Root.Elements()[0].WriteElement(io.Discard, c14n.Inclusive11, nil); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("xml:base around an apex of 1.1: %v; want an error", err)
	}
}

// TestRefused: what no signature may be believed over.
func TestRefused(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ in, rule string }{
		0: {"", "root"}, 1: {"<a>", "root"}, 2: {"<a/><b/>", "root"}, 3: {"x<a/>", "root"}, 4: {"<a/>x", "root"}, 5: {"<a></b>", "syntax"},
		6: {`<!DOCTYPE a><a/>`, "doctype"}, 7: {`<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`, "doctype"}, 8: {`<a>&e;</a>`, "syntax"}, 9: {`<p:a/>`, "namespace"}, 10: {`<a p:b=""/>`, "namespace"},
		11: {`<a b="" b=""/>`, "duplicate"}, 12: {`<a xmlns:p="u" xmlns:q="u" p:b="" q:b=""/>`, "duplicate"}, 13: {`<a xmlns:p="u" xmlns:p="u"/>`, "duplicate"},
		14: {`<?xml version="1.0" encoding="UTF-8"?><a>` + "\xe9</a>", "encoding"}, 15: {`<?xml version="1.0" encoding="windows-1252"?><a/>`, "encoding"}, 16: {"\xFE\xFF\x00<", "encoding"},
		17: {strings.Repeat("<a>", 300), "depth"}, 18: {`<a xmlns:p=""/>`, "namespace"}, 19: {`<a xmlns:xml="u"/>`, "namespace"}, 20: {`<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, "namespace"},
		21: {`<a b="x`, "syntax"}, 22: {`<a><?xml version="1.0"?></a>`, "syntax"}, 23: {`<a:b:c xmlns:a="u"/>`, "syntax"}, 24: {`<a b="<"/>`, "syntax"}, 25: {`<p:a xmlns:p="u"></q:a>`, "syntax"},
		26: {`<?xml version="1.0" encoding="US-ASCII"?><a>é</a>`, "encoding"}, 27: {`<a xmlns:p="u" xmlns:q="u"><b p:c="" q:c=""/></a>`, "duplicate"},
		28: {`<a` + numbered(` b%d=""`, 257) + `/>`, "size"}, 29: {`<a` + numbered(` xmlns:p%d="u"`, 65) + `/>`, "size"},
		30: {`<a` + numbered(` xmlns:p%d="u"`, 40) + `><b` + numbered(` xmlns:q%d="u"`, 40) + `/></a>`, "size"},
		31: {"<a>" + strings.Repeat("<b/>", 500_000) + "</a>", "size"}, 32: {"<a>" + strings.Repeat("<?b?>", 500_000) + "</a>", "size"},
	} {
		_, err := c14n.Parse([]byte(c.in))
		fault, ok := errors.AsType[*c14n.Error](err)
		if !ok || fault.Rule != c.rule || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %q: %v; want the rule %q", i, c.in, err, c.rule)
		}
	}
}

// numbered repeats a format with the numbers from 0.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestSplitText: text that comments cut into pieces is read in the time of one. With
// the time of the square, this document would take minutes.
func TestSplitText(t *testing.T) {
	t.Parallel()
	const pieces = 1 << 18
	d, err := c14n.Parse([]byte("<a>" + strings.Repeat("x<!---->", pieces) + "<b/>" + strings.Repeat("<![CDATA[y]]>", 3) + "</a>"))
	if err != nil {
		t.Fatal(err)
	}
	if c := d.Root.Children; len(c) != 3 || len(c[0].Data) != pieces || c[2].Data != "yyy" || c[2].Parent != d.Root {
		t.Errorf("the text is in %d nodes", len(c))
	}
}

// FuzzParse: a canonical form is its own canonical form.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`<a xmlns="u" xmlns:p="v" p:b="&#10;" c='"'>t<![CDATA[<]]><p:d/><?i d?></a>`, "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", `<a><Signature xmlns="` + dsig + `"/></a>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := c14n.Parse(data)
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Fatalf("%v is no ErrProtocol", err)
			}
			return
		}
		for _, m := range []c14n.Method{c14n.Inclusive, c14n.Exclusive} {
			var once, twice bytes.Buffer
			if err := d.WriteDocument(&once, m, nil); err != nil {
				t.Fatal(err)
			}
			again, err := c14n.Parse(once.Bytes())
			if err != nil {
				t.Fatalf("a canonical form is refused: %v\n%q", err, once.Bytes())
			}
			if err := again.WriteDocument(&twice, m, nil); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(once.Bytes(), twice.Bytes()) {
				t.Fatalf("method %d: %q, then %q", m, once.Bytes(), twice.Bytes())
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	data := []byte(`<elmo xmlns="u" xmlns:xsi="v">` + strings.Repeat(`<report a="1" xsi:b="2"><title xml:lang="fr">Algèbre</title><x/></report>`, 5000) + `</elmo>`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := c14n.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.WriteDocument(io.Discard, c14n.Inclusive, nil); err != nil {
			b.Fatal(err)
		}
	}
}
