package xmlx_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// letters are those that tell the character sets apart: in ISO-8859-1 there is
// neither €, œ nor Ÿ; the two others have them at different places.
var letters = map[string]struct{ bytes, text string }{
	"UTF-8":        {"\xC3\xA9\xE2\x82\xAC\xC5\x93\xC5\xB8", "é€œŸ"},
	"utf-8":        {"\xC3\xA9\xE2\x82\xAC\xC5\x93\xC5\xB8", "é€œŸ"},
	"ISO-8859-15":  {"\xE9\xA4\xBD\xBE", "é€œŸ"},
	"iso-8859-15":  {"\xE9\xA4\xBD\xBE", "é€œŸ"},
	"Windows-1252": {"\xE9\x80\x9C\x9F", "é€œŸ"},
	"WINDOWS-1252": {"\xE9\x80\x9C\x9F", "é€œŸ"},
	"ISO-8859-1":   {"\xE9\xE8\xC0", "éèÀ"},
	"Iso-8859-1":   {"\xE9\xE8\xC0", "éèÀ"},
	"US-ASCII":     {"e", "e"},
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	for label, l := range letters {
		declared := []byte(`<?xml version="1.0" encoding="` + label + `"?><a>` + l.bytes + `</a>`)
		labelled := []byte(`<a>` + l.bytes + `</a>`)
		for how, tc := range map[string]struct {
			doc   []byte
			label string
		}{"declared": {declared, ""}, "labelled": {labelled, label}, "both": {declared, label}} {
			doc, err := both(t, tc.doc, tc.label, xmlx.Limits{})
			if err != nil {
				t.Errorf("%s %s: %v", label, how, err)
			} else if got := doc.Root().Text(); got != l.text {
				t.Errorf("%s %s: read %q, want %q", label, how, got, l.text)
			}
		}
		// The same reader serves encoding/xml and etree directly.
		dec := xml.NewDecoder(bytes.NewReader(declared))
		dec.CharsetReader = xmlx.CharsetReader
		var text string
		if err := dec.Decode(&text); err != nil || text != l.text {
			t.Errorf("%s with encoding/xml: %q, %v", label, text, err)
		}
		tree := etree.NewDocument()
		tree.ReadSettings.CharsetReader = xmlx.CharsetReader
		if err := tree.ReadFromBytes(declared); err != nil || tree.Root().Text() != l.text {
			t.Errorf("%s with etree: %v", label, err)
		}
	}
}

func TestCharsetRefused(t *testing.T) {
	t.Parallel()
	for i, label := range []string{"UTF-16", "utf-7", "EBCDIC-CP-FR", "ISO-8859-2", "x", "utf-8 "} {
		_, err := xmlx.Charset(label)
		if label == "utf-8 " {
			if err != nil {
				t.Errorf("%d: a label with white space around it: %v", i, err)
			}
			continue
		}
		if !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %q: %v, want a protocol error", i, label, err)
		}
		if _, err := both(t, []byte(`<?xml version="1.0" encoding="`+label+`"?><a/>`), "", xmlx.Limits{}); err == nil {
			t.Errorf("%d: %q was read", i, label)
		}
		if _, err := both(t, []byte(`<a/>`), label, xmlx.Limits{}); err == nil {
			t.Errorf("%d: %q was read", i, label)
		}
	}
	r, err := xmlx.CharsetReader("us-ascii", strings.NewReader("Zo\xE9"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); !errors.Is(err, passerelle.ErrProtocol) || string(got) != "Zo" {
		t.Errorf("a byte above ASCII: %q, %v", got, err)
	}
}

// TestCharsetPrecedence follows RFC 7303: byte order mark, then the label of the
// transport, then the declaration.
func TestCharsetPrecedence(t *testing.T) {
	t.Parallel()
	const head = `<?xml version="1.0" encoding="`
	for i, tc := range map[int]struct{ doc, label, want string }{
		0: {head + "ISO-8859-15\"?><a>\xA4</a>", "ISO-8859-1", "¤"},
		1: {head + "ISO-8859-1\"?><a>\xA4</a>", "ISO-8859-15", "€"},
		2: {"\xEF\xBB\xBF" + head + "ISO-8859-1\"?><a>\xE2\x82\xAC</a>", "ISO-8859-15", "€"},
		3: {head + "ISO-8859-15\"?><a>\xE2\x82\xAC</a>", "utf-8", "€"},
		// The label is a server's default and the bytes are not of it.
		4: {head + "ISO-8859-15\"?><a>\xA4</a>", "utf-8", "€"},
		5: {head + "UTF-8\"?><a>\xE2\x82\xAC</a>", "us-ascii", "€"},
		6: {head + "windows-1252\" standalone=\"yes\"?><a>\x80</a>", "", "€"},
		7: {"<?xml version = '1.0'\n\tencoding = 'windows-1252'  ?><a>\x80</a>", "", "€"},
	} {
		doc, err := xmlx.Parse([]byte(tc.doc), tc.label, xmlx.Limits{})
		if err != nil {
			t.Errorf("%d: %v", i, err)
		} else if got := doc.Root().Text(); got != tc.want {
			t.Errorf("%d: read %q, want %q", i, got, tc.want)
		}
	}
	// A declaration that is not where it is looked for must not go unseen.
	far := `<?xml version="1.0"` + strings.Repeat(" ", 2000) + "encoding=\"ISO-8859-1\"?><a>\xC3\xA9</a>"
	if _, err := both(t, []byte(far), "", xmlx.Limits{}); err == nil {
		t.Error("a declaration beyond the bound was taken as UTF-8")
	}
}

func TestMarshalCharsets(t *testing.T) {
	t.Parallel()
	for label, l := range letters {
		root := etree.NewElement("a")
		root.CreateAttr("x", l.text)
		root.SetText(l.text)
		out, err := xmlx.Marshal(root, label)
		if err != nil {
			t.Errorf("%s: %v", label, err)
			continue
		}
		name, _ := xmlx.Charset(label)
		want := `<?xml version="1.0" encoding="` + name + `"?>` + "\n" + `<a x="` + l.bytes + `">` + l.bytes + `</a>`
		testutil.Equal(t, label, string(out), want)
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct{ charset, tag, attr, attrValue, text, want string }{
		0: {"ISO-8859-1", "nom", "", "", "Œuf", "a/nom: character: want no U+0152, which ISO-8859-1 cannot hold"},
		1: {"ISO-8859-15", "nom", "", "", "a¤", "a/nom: character: want no U+00A4, which ISO-8859-15 cannot hold"},
		2: {"Windows-1252", "nom", "", "", "Łódź", "a/nom: character: want no U+0141, which Windows-1252 cannot hold"},
		3: {"US-ASCII", "nom", "usage", "Zoé", "", "a/nom/@usage: character: want no U+00E9, which US-ASCII cannot hold"},
		4: {"UTF-8", "nom", "", "", "a\x01b", "a/nom: character: want no U+0001, which XML cannot hold"},
		5: {"UTF-8", "nom", "", "", "a\xFFb", "a/nom: character: want no U+FFFD, which XML cannot hold"},
		6: {"UTF-8", "nom", "", "", "\uFFFE", "a/nom: character: want no U+FFFE, which XML cannot hold"},
		7: {"UTF-8", "n m", "", "", "", "a/n m: character: want no U+0020, which XML name cannot hold"},
		8: {"UTF-8", "nom", "1x", "", "", "a/nom/@1x: character: want no U+0031, which XML name cannot hold"},
		9: {"ISO-8859-1", "œ", "", "", "", "a/œ: character: want no U+0153, which ISO-8859-1 cannot hold"},
	} {
		root := etree.NewElement("a")
		el := root.CreateElement("b")
		el.Tag = tc.tag
		if tc.attr != "" {
			el.CreateAttr(tc.attr, tc.attrValue)
		}
		el.SetText(tc.text)
		out, err := xmlx.Marshal(root, tc.charset)
		if err == nil {
			t.Errorf("%d: written as %q", i, out)
			continue
		}
		testutil.Equal(t, "error", err.Error(), tc.want)
		if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%d: taxonomy of %v", i, err)
		}
	}
	if _, err := xmlx.Marshal(etree.NewElement("a"), "UTF-16"); err == nil {
		t.Error("an unknown character set was written")
	}
}

// TestMarshalKeepsWhitespace checks what XML readers change: line ends and tabs.
func TestMarshalKeepsWhitespace(t *testing.T) {
	t.Parallel()
	const text = "a\rb\r\nc\td]]>e"
	root := etree.NewElement("a")
	root.CreateAttr("x", text)
	root.SetText(text)
	out, err := xmlx.Marshal(root, "")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := xmlx.Parse(out, "", xmlx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "text", doc.Root().Text(), text)
	testutil.Equal(t, "attribute", doc.Root().SelectAttrValue("x", ""), text)
}

func FuzzCharsetReader(f *testing.F) {
	for label, l := range letters {
		f.Add(label, []byte(l.bytes))
	}
	f.Fuzz(func(t *testing.T, label string, data []byte) {
		name, err := xmlx.Charset(label)
		r, readerErr := xmlx.CharsetReader(label, bytes.NewReader(data))
		if (err == nil) != (readerErr == nil) {
			t.Fatalf("Charset says %v, CharsetReader says %v", err, readerErr)
		}
		if err != nil {
			return
		}
		text, err := io.ReadAll(r)
		if name != xmlx.ASCII && err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == xmlx.UTF8 || err != nil {
			return
		}
		// Each byte of a single-byte set is one character, and comes back.
		root := etree.NewElement("a")
		root.SetText(string(text))
		out, err := xmlx.Marshal(root, label)
		if err != nil {
			return // control characters, which XML lacks
		}
		back, err := xmlx.Parse(out, "", xmlx.Limits{})
		if err != nil || back.Root().Text() != string(text) {
			t.Fatalf("%s: %q became %q: %v", name, data, out, err)
		}
	})
}
