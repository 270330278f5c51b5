package xmlx_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// drain reads a document with the streaming decoder.
func drain(r io.Reader, label string, limits xmlx.Limits) (text string, err error) {
	dec, err := xmlx.NewDecoder(r, label, limits)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		if data, ok := token.(xml.CharData); ok {
			b.Write(data)
		}
	}
}

// both reads a document in the two ways and checks that they agree.
func both(t *testing.T, data []byte, label string, limits xmlx.Limits) (*etree.Document, error) {
	t.Helper()
	doc, err := xmlx.Parse(data, label, limits)
	_, streamErr := drain(iotest.OneByteReader(bytes.NewReader(data)), label, limits)
	if (err == nil) != (streamErr == nil) {
		t.Fatalf("Parse says %v, NewDecoder says %v", err, streamErr)
	}
	one, ok := errors.AsType[*xmlx.Error](err)
	two, ok2 := errors.AsType[*xmlx.Error](streamErr)
	if err != nil && (!ok || !ok2 || one.Rule != two.Rule) {
		t.Fatalf("Parse says %v, NewDecoder says %v: want an xmlx.Error with the same rule", err, streamErr)
	}
	return doc, err
}

func TestRefused(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat(` a="`+strings.Repeat("x", 40)+`"`, 300)
	for i, tc := range map[int]struct {
		in, rule string
		line     int
	}{
		0:  {"", "empty", 1},
		1:  {"   \n ", "empty", 2},
		2:  {`<!DOCTYPE a><a/>`, "doctype", 1},
		3:  {"<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x \"y\">]>\n<a>&x;</a>", "doctype", 2},
		4:  {`<a><!ELEMENT b ANY></a>`, "doctype", 1},
		5:  {`<a/><!DOCTYPE a>`, "doctype", 1},
		6:  {`<a>&x;</a>`, "syntax", 1},
		7:  {`<a/><b/>`, "trailing", 1},
		8:  {"<a/>\n\nrest", "trailing", 3},
		9:  {`text<a/>`, "root", 1},
		10: {`<a></b>`, "syntax", 1},
		11: {`</a>`, "root", 1},
		12: {`<a/></a>`, "trailing", 1},
		13: {`<a x="1" x="2"/>`, "duplicate", 1},
		14: {`<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>`, "duplicate", 1},
		15: {`<a xmlns:p="u" xmlns:p="v"/>`, "duplicate", 1},
		16: {`<a xmlns="u" xmlns="v"/>`, "duplicate", 1},
		17: {`<p:a/>`, "namespace", 1},
		18: {`<a p:x="1"/>`, "namespace", 1},
		19: {`<a><b xmlns:p="u"/><p:c/></a>`, "namespace", 1},
		20: {`<a xmlns:p=""/>`, "namespace", 1},
		21: {`<a xmlns:xml="urn:x"/>`, "namespace", 1},
		22: {`<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, "namespace", 1},
		23: {`<a xmlns:xmlns="urn:x"/>`, "namespace", 1},
		24: {`<a:b:c xmlns:a="u"/>`, "syntax", 1},
		25: {`<:a/>`, "namespace", 1},
		26: {`<a><?php echo ?></a>`, "instruction", 1},
		27: {"\n<?xml version=\"1.0\"?><a/>", "instruction", 2},
		28: {`<a/><?xml version="1.0"?>`, "instruction", 1},
		29: {`<?xml version="1.1"?><a/>`, "syntax", 1},
		30: {`<?xml version="1.0" encoding="UTF-7"?><a/>`, "charset", 0},
		31: {"\xFF\xFE<\x00a\x00", "charset", 0},
		32: {"<a>\xE9</a>", "charset", 1},
		33: {"<a>\n\n\xC3</a>", "charset", 3},
		34: {`<a>` + "\x01" + `</a>`, "syntax", 1},
		35: {`<a>&#0;</a>`, "syntax", 1},
		36: {`<a><b></a></b>`, "syntax", 1},
		37: {`<a x=1/>`, "syntax", 1},
		38: {`<a x/>`, "syntax", 1},
		39: {`<a>]]></a>`, "syntax", 1},
		40: {`<a` + wide + `/>`, "attributes", 1},
		41: {strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000), "depth", 1},
		42: {`<a>Durand & Fils</a>`, "syntax", 1},
		43: {`<a><!-- -- --></a>`, "syntax", 1},
		44: {"\x01", "syntax", 1},
		45: {`<a xmlns:p="u"><b xmlns:p="v" p:x="1"/><b p:x="1" p:x="1"/></a>`, "duplicate", 1},
	} {
		_, err := both(t, []byte(tc.in), "", xmlx.Limits{})
		e, ok := errors.AsType[*xmlx.Error](err)
		if !ok {
			t.Errorf("%d: %.60q: error %v, want an xmlx.Error", i, tc.in, err)
			continue
		}
		if e.Rule != tc.rule || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %.60q: %v, want rule %q", i, tc.in, err, tc.rule)
		}
		if tc.line != 0 && e.Line != tc.line {
			t.Errorf("%d: %.60q: line %d, want %d", i, tc.in, e.Line, tc.line)
		}
		if strings.Contains(err.Error(), "Fils") {
			t.Errorf("%d: the error repeats the document: %v", i, err)
		}
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct{ in, want string }{
		0: {`<a/>`, ""},
		1: {"\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n<a>é</a>\n", "é"},
		2: {`<a>12<!-- x -->34<![CDATA[5<6]]></a>`, "12345<6"},
		3: {`<?xml-stylesheet href="x"?><a>1</a><?end?><!-- end -->`, "1"},
		4: {`<a>&lt;&amp;&gt;&quot;&apos;&#xE9;&#8364;</a>`, `<&>"'é€`},
		5: {`<a xmlns="u"><b xmlns="" x="1" xml:lang="fr"/>1</a>`, "1"},
		6: {`<a xmlns:p="u" p:x="1" x="2">1</a>`, "1"},
		7: {`<a xmlns:p="u" xmlns:q="v" p:x="1" q:x="2">1</a>`, "1"},
		8: {"<a>1\r\n2</a>", "1\n2"},
	} {
		doc, err := both(t, []byte(tc.in), "", xmlx.Limits{})
		if err != nil {
			t.Errorf("%d: %q: %v", i, tc.in, err)
			continue
		}
		if got := xmlx.Text(doc.Root()); got != tc.want {
			t.Errorf("%d: %q: text %q, want %q", i, tc.in, got, tc.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const doc = `<a><b x="1" y="2">text</b><b/><b/></a>`
	exact := xmlx.Limits{MaxBytes: int64(len(doc)), MaxToken: 15, MaxDepth: 2, MaxElements: 4, MaxAttrs: 2}
	if _, err := both(t, []byte(doc), "", exact); err != nil {
		t.Fatalf("limits that just do: %v", err)
	}
	for rule, change := range map[string]func(*xmlx.Limits){
		"size":       func(l *xmlx.Limits) { l.MaxBytes-- },
		"token":      func(l *xmlx.Limits) { l.MaxToken-- },
		"depth":      func(l *xmlx.Limits) { l.MaxDepth-- },
		"elements":   func(l *xmlx.Limits) { l.MaxElements-- },
		"attributes": func(l *xmlx.Limits) { l.MaxAttrs-- },
	} {
		limits := exact
		change(&limits)
		_, err := both(t, []byte(doc), "", limits)
		if e, ok := errors.AsType[*xmlx.Error](err); !ok || e.Rule != rule {
			t.Errorf("one less of %s: %v", rule, err)
		}
	}
	// The bytes count after conversion: each of these is two in UTF-8.
	latin := []byte(`<?xml version="1.0" encoding="ISO-8859-1"?><a>` + strings.Repeat("\xE9", 100) + `</a>`)
	if _, err := both(t, latin, "", xmlx.Limits{MaxBytes: int64(len(latin)) + 99}); err == nil {
		t.Error("a document over the limit after conversion was accepted")
	}
}

// TestHostileSize feeds what would cost gigabytes or minutes without limits.
func TestHostileSize(t *testing.T) {
	t.Parallel()
	var attrs strings.Builder
	attrs.WriteString("<a")
	for i := range 400_000 {
		attrs.WriteString(` a` + string(rune('a'+i%26)) + `="0123456789012345678"`)
	}
	attrs.WriteString("/>")
	laughs := `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>`
	var bindings strings.Builder
	bindings.WriteString("<a>")
	for i := range 99 {
		bindings.WriteString("<b")
		for j := range 200 {
			bindings.WriteString(" xmlns:p" + strings.Repeat("x", i) + strings.Repeat("y", j) + `="u"`)
		}
		bindings.WriteString(">")
	}
	for name, tc := range map[string]struct{ doc, rule string }{
		"10 MB of attributes": {attrs.String(), "attributes"},
		"billion laughs":      {laughs, "doctype"},
		"many declarations":   {bindings.String(), "namespace"},
	} {
		_, err := both(t, []byte(tc.doc), "", xmlx.Limits{MaxBytes: 64 << 20, MaxToken: 64 << 20})
		if e, ok := errors.AsType[*xmlx.Error](err); !ok || e.Rule != tc.rule {
			t.Errorf("%s: %v, want rule %q", name, err, tc.rule)
		}
	}
	cut := "<a>" + strings.Repeat("x<!---->", 400_000) + "</a>"
	doc, err := both(t, []byte(cut), "", xmlx.Limits{})
	if err != nil || len(xmlx.Text(doc.Root())) != 400_000 {
		t.Errorf("a text in 400 000 pieces: %v", err)
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	const doc = `<?xml version="1.0" encoding="ISO-8859-15"?><!-- c --><s:a xmlns:s="urn:s" x="é&amp;"><b>` + "\xA4\xE9" +
		`<![CDATA[<]]></b><c/></s:a>`
	for i := range len(doc) {
		_, err := both(t, []byte(doc[:i]), "", xmlx.Limits{})
		if e, ok := errors.AsType[*xmlx.Error](err); !ok || e.Rule != "truncated" && e.Rule != "empty" && e.Rule != "charset" {
			t.Errorf("cut after %d bytes: %v, want an xmlx.Error that says so", i, err)
		}
	}
	if _, err := both(t, []byte(doc), "", xmlx.Limits{}); err != nil {
		t.Errorf("whole: %v", err)
	}
}

func TestDecoderPassesReaderErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader("<a>"+strings.Repeat(" ", 5000)), iotest.ErrReader(broken))
	if _, err := drain(r, "", xmlx.Limits{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the reader", err)
	}
	if _, err := xmlx.NewDecoder(iotest.ErrReader(broken), "", xmlx.Limits{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the reader", err)
	}
}

func TestDecoderDecodesElements(t *testing.T) {
	t.Parallel()
	const doc = `<h:hosts xmlns:h="urn:h" xmlns="urn:d"><h:host id="1"><name>Brest</name></h:host><h:host id="2"><name>Lyon</name></h:host></h:hosts>`
	dec, err := xmlx.NewDecoder(strings.NewReader(doc), "", xmlx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		XMLName xml.Name `xml:"urn:h hosts"`
		Hosts   []struct {
			ID   int    `xml:"id,attr"`
			Name string `xml:"urn:d name"`
		} `xml:"urn:h host"`
	}
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Hosts) != 2 || got.Hosts[1].ID != 2 || got.Hosts[1].Name != "Lyon" {
		t.Errorf("decoded %+v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`<a/>`, `<?xml version="1.0" encoding="ISO-8859-15"?><a x="1">` + "\xA4" + `</a>`,
		`<a xmlns:p="u"><p:b p:c="d">&lt;<![CDATA[x]]><!-- y --></p:b></a>`, `<!DOCTYPE a><a/>`,
	} {
		f.Add([]byte(seed), "")
		f.Add([]byte(seed), "windows-1252")
	}
	f.Fuzz(func(t *testing.T, data []byte, label string) {
		doc, err := xmlx.Parse(data, label, xmlx.Limits{})
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Fatalf("%v is no protocol error", err)
			}
			return
		}
		// What was read can be written, and read again as the same.
		out, err := xmlx.Marshal(doc.Root(), "")
		if err != nil {
			t.Fatalf("accepted, then not written: %v", err)
		}
		again, err := xmlx.Parse(out, "", xmlx.Limits{MaxBytes: 64 << 20})
		if err != nil {
			t.Fatalf("written as %q, then refused: %v", out, err)
		}
		twice, err := xmlx.Marshal(again.Root(), "")
		if err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("written as %q, then as %q: %v", out, twice, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var doc bytes.Buffer
	doc.WriteString(`<?xml version="1.0"?><r xmlns="urn:r">`)
	for range 2000 {
		doc.WriteString(`<etudiant id="1"><nom>Éléonore</nom><prenom>Zoé</prenom><naissance>2004-05-06</naissance></etudiant>`)
	}
	doc.WriteString(`</r>`)
	data := doc.Bytes()
	run := func(name string, read func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("Parse", func() error { _, err := xmlx.Parse(data, "", xmlx.Limits{}); return err })
	run("floor etree", func() error { return etree.NewDocument().ReadFromBytes(data) })
	tokens := func(dec *xml.Decoder) error {
		for {
			if _, err := dec.Token(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	run("NewDecoder", func() error {
		dec, err := xmlx.NewDecoder(bytes.NewReader(data), "", xmlx.Limits{})
		if err != nil {
			return err
		}
		return tokens(dec)
	})
	run("floor encoding-xml", func() error { return tokens(xml.NewDecoder(bytes.NewReader(data))) })
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	_, err := xmlx.Parse([]byte("<a>\n  <b></c>"), "", xmlx.Limits{})
	testutil.Equal(t, "error text", err.Error(), "XML: line 2, column 10: syntax: want end tags that match their start tags")
}
