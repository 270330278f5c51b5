package iias_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/iias"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/c14n"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func documentedContact() contact.Contact {
	return contact.Contact{Names: ewp.Texts{{Lang: "en", Value: "Office"}}, Emails: []string{"office@uni-a.example"}, Phones: []contact.Phone{{E164: "+33123456789"}}}
}

// second is the transformation of version 7 a second time, on a tree, written after the
// sheet instruction by instruction.
type second struct{ root *c14n.Node }

func (s second) each(n *c14n.Node, visit func(*c14n.Node)) {
	visit(n)
	for _, child := range n.Elements() {
		s.each(child, visit)
	}
}

func stringValue(n *c14n.Node) string {
	var b strings.Builder
	for _, child := range n.Children {
		switch child.Kind {
		case c14n.Text:
			b.WriteString(child.Data)
		case c14n.Element:
			b.WriteString(stringValue(child))
		}
	}
	return b.String()
}

func named(n *c14n.Node, name string) []*c14n.Node {
	var found []*c14n.Node
	for _, child := range n.Elements() {
		if child.Local == name {
			found = append(found, child)
		}
	}
	return found
}

// plain returns the value of an attribute without namespace.
func plain(n *c14n.Node, name string) string {
	for _, a := range n.Attrs {
		if a.Space == "" && a.Prefix == "" && a.Local == name {
			return a.Value
		}
	}
	return ""
}

func dump(n *c14n.Node, name string) string {
	if n == nil {
		return "_" + name + "=_"
	}
	value := stringValue(n)
	if v6 := plain(n, "v6-value"); n.Local == "isced-f-code" && v6 != "" {
		value = v6
	}
	return "_" + name + "=" + value + "_"
}

func first(list []*c14n.Node) *c14n.Node {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// text returns the text to hash of the one agreement of the document, and whether it is
// valid for approval.
func (s second) text() (text string, valid bool) {
	var iia *c14n.Node
	terminated := false
	valid = true
	set := func(v string) bool { return v == "true" || v == "1" }
	s.each(s.root, func(n *c14n.Node) {
		if n.Local == "iia" {
			iia = n
		}
		if n.Local == "cooperation-conditions" {
			for _, a := range n.Attrs {
				terminated = terminated || a.Local == "terminated-as-a-whole" && set(a.Value)
			}
		}
		valid = valid && !set(plain(n, "not-yet-defined")) && plain(n, "v6-value") == ""
	})
	var b strings.Builder
	if terminated {
		b.WriteString("_@terminated-as-a-whole@_")
	}
	for i, partner := range named(iia, "partner") {
		b.WriteString(dump(first(named(partner, "iia-id")), fmt.Sprintf("iia-id_%d", i+1)))
	}
	for _, conditions := range named(iia, "cooperation-conditions") {
		for _, spec := range conditions.Elements() {
			for _, child := range spec.Elements() {
				s.each(child, func(n *c14n.Node) {
					for up := n; up != nil; up = up.Parent {
						if up != n && (up.Local == "sending-contact" || up.Local == "receiving-contact") || set(plain(up, "not-yet-defined")) {
							return
						}
					}
					if n.Local == "receiving-first-academic-year-id" || n.Local == "receiving-last-academic-year-id" {
						return
					}
					name := n.Parent.Parent.Local + "." + n.Parent.Local + "." + n.Local
					for _, a := range n.Attrs {
						if a.Prefix != "" || a.Local != "not-yet-defined" && a.Local != "v6-value" {
							b.WriteString("_@" + name + "." + a.Local + "=" + a.Value + "@_")
						}
					}
					if len(n.Elements()) == 0 {
						b.WriteString(dump(n, name))
					}
				})
			}
			for _, name := range []string{"receiving-first-academic-year-id", "receiving-last-academic-year-id"} {
				b.WriteString(dump(first(named(spec, name)), name))
			}
		}
	}
	return b.String(), valid
}

// compare computes the hash of a document in both ways. It returns false for one that
// either cannot read.
func compare(t *testing.T, document []byte) bool {
	got, err := iias.Compute(document)
	if err != nil {
		return false
	}
	doc, err := c14n.Parse(document)
	if err != nil {
		return false
	}
	text, valid := second{doc.Root}.text()
	sum := sha256.Sum256([]byte(text))
	if got.Text != text || got.Hash.String() != hex.EncodeToString(sum[:]) || got.Approvable != valid {
		t.Errorf("hash of\n%s\nis of\n%q, %v\nand the second of\n%q, %v", document, got.Text, got.Approvable, text, valid)
	}
	return true
}

// generator makes documents that say the most different things in the most different
// spellings.
type generator struct{ *rand.Rand }

func (g generator) pick(values ...string) string { return values[g.IntN(len(values))] }

func (g generator) maybe(text string) string { return g.pick("", text) }

// leaf is an element with some text.
func (g generator) leaf(name string, attrs string, values ...string) string {
	value := g.pick(append(values, "", " ", "a&amp;b", "é", "&#13;", "line\r\nbreak", "<![CDATA[<c>]]>", "x<!-- y -->z", "&lt;", "5.00", "05")...)
	if value == "" && g.IntN(2) == 0 {
		return "<" + name + attrs + "/>"
	}
	return "<" + name + attrs + ">" + value + "</" + name + ">"
}

func (g generator) flag() string {
	return g.pick("", "", "", ` not-yet-defined="true"`, ` not-yet-defined="1"`, ` not-yet-defined="false"`, ` c:not-yet-defined="true"`)
}

func (g generator) contact(name string) string {
	return "<" + name + ">" + g.maybe(g.leaf("c:contact-name", "", "Zoé")+"<c:phone-number><p>"+g.leaf("p", "", "1")+"</p></c:phone-number>") + "</" + name + ">"
}

func (g generator) subject() string {
	return "<subject-area" + g.pick("", ` odd="x&#10;y"`, " odd='x\r\n\ty&#x9;&#13;'\n") + ">" + g.leaf("isced-f-code", g.pick("", ` v6-value="031"`, ` v6-value=""`), "0314") + g.maybe(g.leaf("isced-clarification", "")) + "</subject-area>"
}

func (g generator) spec() string {
	kind := string(iias.Kinds()[g.IntN(4)])
	b := "<" + kind + g.flag() + ">" + g.leaf("sending-hei-id", "", "a.example") + g.maybe(g.leaf("sending-ounit-id", ""))
	for range g.IntN(3) {
		b += g.contact("sending-contact")
	}
	b += g.leaf("receiving-hei-id", g.maybe(` xsi:type="q"`), "b.example") + g.maybe(g.contact("receiving-contact"))
	b += g.maybe(g.leaf("receiving-first-academic-year-id", "", "2024/2025")) + g.maybe(g.leaf("receiving-last-academic-year-id", "", "2027/2028"))
	b += g.leaf("mobilities-per-year", g.flag(), "2")
	for range g.IntN(3) {
		b += "<recommended-language-skill" + g.flag() + ">" + g.leaf("language", "", "en", "EN") + g.maybe(g.leaf("cefr-level", "", "B1")) + g.maybe(g.subject()) + "</recommended-language-skill>"
	}
	for range g.IntN(3) {
		b += g.subject()
	}
	return b + g.maybe("<!-- c -->") + g.maybe("text") + g.leaf("blended", "", "true", "1") + "</" + kind + ">\n"
}

func (g generator) document() []byte {
	var b bytes.Buffer
	b.WriteString(g.maybe(xml.Header) + g.maybe("<!-- c -->\n"))
	b.WriteString(`<iias-get-response xmlns="` + iias.Namespace + `" xmlns:c="urn:c" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><iia>`)
	for range g.IntN(4) {
		b.WriteString("<partner>" + g.leaf("hei-id", "", "a.example") + g.maybe(g.leaf("iia-id", "", "A-1")) + g.maybe(g.contact("c:contact")) + "</partner>")
	}
	b.WriteString("<in-effect>true</in-effect><cooperation-conditions" + g.pick("", ` terminated-as-a-whole="true"`, ` terminated-as-a-whole="1"`, ` terminated-as-a-whole="false"`, ` c:terminated-as-a-whole="1"`) + g.flag() + ">")
	for range g.IntN(4) {
		b.WriteString(g.spec())
	}
	b.WriteString("</cooperation-conditions><iia-hash>0</iia-hash></iia></iias-get-response>")
	return b.Bytes()
}

// TestSecondImplementation compares the two on documents of every kind.
func TestSecondImplementation(t *testing.T) {
	t.Parallel()
	compared := 0
	for seed := range uint64(1000) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		if compare(t, g.document()) {
			compared++
		}
		if t.Failed() {
			return
		}
	}
	if compared < 950 {
		t.Errorf("%d of 1000 documents were compared", compared)
	}
}

// FuzzHash compares the two on whatever comes.
func FuzzHash(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(generator{rand.New(rand.NewPCG(seed, 8))}.document())
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		parts, err := iias.Split(document)
		if err != nil {
			parts = [][]byte{document}
		}
		for _, part := range parts {
			compare(t, part)
			if _, err := iias.ComputeOfV6(part); err != nil {
				_, _ = iias.ConditionsHash(part)
			}
		}
	})
}

// FuzzDecode looks for documents that are read as something else when they were written.
func FuzzDecode(f *testing.F) {
	testutil.Seeds(f, testutil.Shared(f, filepath.FromSlash(hashVectors)))
	f.Fuzz(func(t *testing.T, document []byte) {
		a, err := iias.Decode(document)
		if err != nil {
			return
		}
		_ = a.Validate()
		_, _ = iias.SheetOf(a, uniA)
		if !iias.SameContent(a, a) {
			t.Errorf("%+v is not the same as itself", a)
		}
		written, err := a.Encode()
		if err != nil {
			return
		}
		again, err := iias.Decode(written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		rewritten, err := again.Encode()
		if err != nil || !bytes.Equal(rewritten, written) {
			t.Errorf("%v\n%s\nis read as\n%s", err, written, rewritten)
		}
	})
}
