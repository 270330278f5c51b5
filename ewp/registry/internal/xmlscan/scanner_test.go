package xmlscan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// documents are small documents with the rule by which they are refused, "" for
// those that are read.
var documents = map[int]struct {
	xml, rule string
	line, col int
}{
	0:  {xml: `<a/>`},
	1:  {xml: "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8' standalone=\"yes\" ?>\n<!-- c --><?p i?><a>t</a><!-- d -->\n"},
	2:  {xml: `<p:a xmlns:p="u"><b xmlns="v" p:c="1" c='2'>x &lt;&#65;&#x42;&amp;</b></p:a>`},
	3:  {xml: "<a>one\r\ntwo\rthree<!-- x -->four<![CDATA[<five>&]]>]] ></a>"},
	4:  {xml: "<a b='1\r\n2' c=\"&quot;'&apos;\"></a >"},
	5:  {xml: "<é xmlns:à='u' à:ü='1'/>"},
	6:  {xml: `<a xmlns="u"><b xmlns=""/></a>`},
	7:  {xml: "", rule: "empty", line: 1, col: 1},
	8:  {xml: "<!DOCTYPE a><a/>", rule: "doctype", line: 1, col: 1},
	9:  {xml: "<a>\n &x;</a>", rule: "syntax", line: 2, col: 2},
	10: {xml: "<a><b></a></b>", rule: "syntax", line: 1, col: 7},
	11: {xml: "<a/><b/>", rule: "trailing", line: 1, col: 5},
	12: {xml: "<a/>x", rule: "trailing", line: 1, col: 5},
	13: {xml: "x<a/>", rule: "root", line: 1, col: 1},
	14: {xml: "<a b='1' b='2'/>", rule: "duplicate", line: 1, col: 1},
	15: {xml: "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", rule: "duplicate", line: 1, col: 1},
	16: {xml: "<p:a/>", rule: "namespace", line: 1, col: 1},
	17: {xml: "<a p:b='1'/>", rule: "namespace", line: 1, col: 1},
	18: {xml: "<a xmlns:p=''/>", rule: "namespace", line: 1, col: 1},
	19: {xml: "<a xmlns:xml='u'/>", rule: "namespace", line: 1, col: 1},
	20: {xml: "<a><?p i?></a>", rule: "instruction", line: 1, col: 4},
	21: {xml: " <?xml version='1.0'?><a/>", rule: "instruction", line: 1, col: 2},
	22: {xml: "<?xml version='1.1'?><a/>", rule: "syntax", line: 1, col: 1},
	23: {xml: "<?xml version='1.0' encoding='latin1'?><a/>", rule: "charset", line: 1, col: 1},
	24: {xml: "<a>\xff</a>", rule: "charset", line: 1, col: 4},
	25: {xml: "<a>\x01</a>", rule: "syntax", line: 1, col: 4},
	26: {xml: "<a>&#0;</a>", rule: "syntax", line: 1, col: 4},
	27: {xml: "<a>&#xD800;</a>", rule: "syntax", line: 1, col: 4},
	28: {xml: "<a>]]></a>", rule: "syntax", line: 1, col: 4},
	29: {xml: "<a b='<'/>", rule: "syntax", line: 1, col: 7},
	30: {xml: "<a b=1/>", rule: "syntax", line: 1, col: 6},
	31: {xml: "<a b/>", rule: "syntax", line: 1, col: 5},
	32: {xml: "<a b='1'c='2'/>", rule: "syntax", line: 1, col: 9},
	33: {xml: "<a><!-- a -- b --></a>", rule: "syntax", line: 1, col: 11},
	34: {xml: "<a>", rule: "truncated", line: 1, col: 4},
	35: {xml: "<a b='", rule: "truncated", line: 1, col: 7},
	36: {xml: "<a><![CDATA[x</a>", rule: "truncated", line: 1, col: 18},
	37: {xml: "<1a/>", rule: "syntax", line: 1, col: 2},
	38: {xml: "<a:b:c xmlns:a='u'/>", rule: "syntax", line: 1, col: 2},
	39: {xml: "<a:1 xmlns:a='u'/>", rule: "syntax", line: 1, col: 2},
	40: {xml: "<xmlns:a/>", rule: "namespace", line: 1, col: 1},
	41: {xml: "<xmlns/>"},
	42: {xml: "</a>", rule: "root", line: 1, col: 1},
	43: {xml: "<a xmlns:p='u'><b xmlns:p='v'/><p:c/></a>"},
	44: {xml: "<a/><![CDATA[ ]]>", rule: "trailing", line: 1, col: 5},
	45: {xml: "<a/>&#32;", rule: "trailing", line: 1, col: 5},
	46: {xml: "<a><b xmlns:p='u'/><p:c/></a>", rule: "namespace", line: 1, col: 20},
	47: {xml: "<a>x]]&gt;</a>"},
	48: {xml: "<a ></a\t\n>"},
	49: {xml: "<", rule: "truncated", line: 1, col: 2},
	50: {xml: "<a / >", rule: "syntax", line: 1, col: 5},
}

func TestScanner(t *testing.T) {
	t.Parallel()
	for i := range len(documents) {
		tt := documents[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			_, err := scanned(strings.NewReader(tt.xml))
			if tt.rule == "" {
				if err != io.EOF {
					t.Errorf("%s: %v", tt.xml, err)
				}
			} else {
				e, ok := errors.AsType[*xmlx.Error](err)
				if !ok || e.Rule != tt.rule || e.Line != tt.line || e.Column != tt.col || !errors.Is(err, passerelle.ErrProtocol) {
					t.Errorf("%s: %v, want %s at %d:%d", tt.xml, err, tt.rule, tt.line, tt.col)
				}
			}
			agree(t, []byte(tt.xml))
		})
	}
}

// TestWindow reads documents whose tokens lie over the edge of the window at every
// place that matters, and tokens longer than it.
func TestWindow(t *testing.T) {
	t.Parallel()
	tail := `<p:b xmlns:p="u" p:c="v&amp;w">text &lt; more<!-- comment --><![CDATA[<&]]></p:b>`
	for shift := range len(tail) + 1 {
		var b strings.Builder
		b.WriteString("<a>\n")
		b.WriteString(strings.Repeat(" ", window-4-shift))
		b.WriteString(tail)
		b.WriteString("</a>")
		agree(t, []byte(b.String()))
	}
	long := strings.Repeat("0123456789", 3*window/10)
	for _, doc := range []string{
		"<a>" + long + "</a>", "<a b='" + long + "'/>", "<a><!--" + long + "--></a>", "<a><![CDATA[" + long + "]]></a>", "<a" + long + "/>",
	} {
		agree(t, []byte(doc))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*window)
	tests := map[int]struct {
		limits xmlx.Limits
		ok     string
		bad    string
		rule   string
	}{
		0: {xmlx.Limits{MaxBytes: 8}, "<a>x</a>", "<a>xx</a>", "size"},
		1: {xmlx.Limits{MaxToken: 8}, "<a>12345678</a>", "<a>123456789</a>", "token"},
		2: {xmlx.Limits{MaxToken: window}, "<a>" + long[:window] + "</a>", "<a>" + long + "</a>", "token"},
		3: {xmlx.Limits{MaxToken: 8}, "<a b=''>" + "</a>", "<a b=' '></a>", "token"},
		4: {xmlx.Limits{MaxDepth: 2}, "<a><b/><b/></a>", "<a><b><c/></b></a>", "depth"},
		5: {xmlx.Limits{MaxElements: 3}, "<a><b/><b/></a>", "<a><b/><b/><b/></a>", "elements"},
		6: {xmlx.Limits{MaxAttrs: 2}, "<a b='' c=''/>", "<a b='' c='' d=''/>", "attributes"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			read := func(doc string) (err error) {
				s := New(strings.NewReader(doc), tt.limits)
				for err == nil {
					_, err = s.Next()
				}
				return err
			}
			if err := read(tt.ok); err != io.EOF {
				t.Errorf("within the limit: %v", err)
			}
			e, ok := errors.AsType[*xmlx.Error](read(tt.bad))
			if !ok || e.Rule != tt.rule {
				t.Errorf("beyond the limit: %v, want %s", e, tt.rule)
			}
		})
	}
}

func TestTooManyNames(t *testing.T) {
	t.Parallel()
	var names, uris strings.Builder
	names.WriteString("<a>")
	uris.WriteString("<a>")
	for i := range maxNames + 1 {
		fmt.Fprintf(&names, "<a%d/>", i)
		fmt.Fprintf(&uris, "<a xmlns='%d'/>", i)
	}
	for _, doc := range []string{names.String(), uris.String()} {
		_, err := scanned(strings.NewReader(doc))
		if e, ok := errors.AsType[*xmlx.Error](err); !ok || e.Rule != "namespace" {
			t.Errorf("got %v, want a bound on what is remembered", err)
		}
	}
}

func TestReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	s := New(io.MultiReader(strings.NewReader("<a><b/>"), iotest.ErrReader(broken)), xmlx.Limits{})
	var err error
	for err == nil {
		_, err = s.Next()
	}
	if err != broken {
		t.Errorf("got %v, want the reader's own error", err)
	}
	if _, again := s.Next(); again != broken {
		t.Errorf("then %v", again)
	}
}

func TestSkip(t *testing.T) {
	t.Parallel()
	s := New(strings.NewReader("<a><b><c>x</c><d/></b><e/></a>"), xmlx.Limits{})
	for range 2 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Skip(); err != nil {
		t.Fatal(err)
	}
	if kind, err := s.Next(); kind != Start || err != nil || s.Name().Local != "e" || s.Depth() != 2 {
		t.Errorf("after Skip: %v %v at %v, depth %d", kind, err, s.Name(), s.Depth())
	}
}

// files yields the XML documents under a folder.
func files(tb testing.TB, folder string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".xml" && filepath.Ext(path) != ".xsd" {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !yield(filepath.Base(path), data) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkScan reads a document of small elements, and BenchmarkScanEncodingXML
// is the same work done by the standard library.
func BenchmarkScan(b *testing.B) {
	doc := benchDocument()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		s := New(bytes.NewReader(doc), xmlx.Limits{MaxBytes: 64 << 20})
		var err error
		for err == nil {
			_, err = s.Next()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

func BenchmarkScanEncodingXML(b *testing.B) {
	doc := benchDocument()
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(doc))
		var err error
		for err == nil {
			_, err = d.Token()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

func benchDocument() []byte {
	const element = "    <p:entry xmlns:q='urn:q' version=\"1.0.0\">\n        <q:url>https://host.example/one/two</q:url>\n        <q:max>10</q:max>\n    </p:entry>\n"
	return []byte("<p:a xmlns:p='urn:p'>\n" + strings.Repeat(element, 4000) + "</p:a>\n")
}
