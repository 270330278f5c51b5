// Package documenttest is what the tests of the APIs' packages share: documents are
// validated against the published schemas, and compared whatever their prefixes, blanks
// and comments are.
package documenttest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// Valid fails the test unless xmllint finds the document valid against a schema, named
// by its path among the reference material: "ewp-specs-api-ounits/stable-v2/response.xsd".
// It skips the test where there is no xmllint, or no material.
func Valid(tb testing.TB, schema string, doc []byte) {
	tb.Helper()
	base := testutil.Shared(tb, "ewp/schemas")
	cmd := exec.CommandContext(tb.Context(), testutil.Program(tb, "xmllint"), "--nonet", "--noout", "--schema", filepath.Join(base, schema), "-")
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(base, "catalog-business.xml"))
	cmd.Stdin = bytes.NewReader(doc)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Errorf("%v\n%s\n%s", err, out, doc)
	}
}

// Example returns a document of the reference material:
// "ewp-specs-api-ounits/stable-v2/response-example.xml". It skips the test where there
// is none.
func Example(tb testing.TB, name string) []byte {
	tb.Helper()
	doc, err := os.ReadFile(testutil.Shared(tb, "ewp/examples/"+name))
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

// RoundTrip reads a document, writes it again, and fails the test unless it is valid,
// without prefixes, and the same but for what Canonical leaves out.
func RoundTrip[T any](tb testing.TB, schema string, doc []byte, decode func(io.Reader) ([]T, error), encode func(io.Writer, []T) error) []T {
	tb.Helper()
	objects, err := decode(bytes.NewReader(doc))
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if err := encode(&b, objects); err != nil {
		tb.Fatal(err)
	}
	Valid(tb, schema, b.Bytes())
	if prefix := []byte("xmlns:"); bytes.Contains(b.Bytes(), prefix) {
		tb.Errorf("a prefix is declared:\n%s", &b)
	}
	testutil.Equal(tb, "document", Canonical(tb, b.Bytes()), Canonical(tb, doc))
	return objects
}

// Canonical returns the elements of a document, a line each, with their namespaces,
// attributes in order, and the text of those that hold no other element. Comments,
// prefixes, blank texts, xml:base and what is of the schema language are left out.
func Canonical(tb testing.TB, doc []byte) []string {
	tb.Helper()
	var lines []string
	var path []string
	var text strings.Builder
	leaf := false
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			tb.Fatal(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, "{"+t.Name.Space+"}"+t.Name.Local)
			line := strings.Repeat(" ", len(path)) + path[len(path)-1]
			slices.SortFunc(t.Attr, func(a, b xml.Attr) int { return strings.Compare(a.Name.Space+a.Name.Local, b.Name.Space+b.Name.Local) })
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" {
					continue
				}
				line += " " + a.Name.Space + ":" + a.Name.Local + "=" + a.Value
			}
			lines = append(lines, line)
			text.Reset()
			leaf = true
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if s := text.String(); leaf && strings.TrimSpace(s) != "" {
				lines[len(lines)-1] += " = " + s
			}
			leaf = false
			path = path[:len(path)-1]
		}
	}
}

// Faults returns what an error of a Validate lists: path and rule of each fault.
func Faults(tb testing.TB, err error) []string {
	tb.Helper()
	list, ok := errors.AsType[passerelle.FieldErrors](err)
	if err != nil && !ok {
		tb.Fatalf("%v is no passerelle.FieldErrors", err)
	}
	var lines []string
	for _, f := range list {
		lines = append(lines, f.Field+" "+f.Rule)
	}
	return lines
}

// Fuzz looks for documents on which decode panics, or that do not come back the same
// when what was read is written and read again.
func Fuzz[T any](f *testing.F, seeds [][]byte, decode func(io.Reader) ([]T, error), encode func(io.Writer, []T) error) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		objects, err := decode(bytes.NewReader(doc))
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("%v is no passerelle.ErrProtocol", err)
			}
			return
		}
		var first, second bytes.Buffer
		if err := encode(&first, objects); err != nil {
			t.Fatal(err)
		}
		again, err := decode(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, &first)
		}
		if err := encode(&second, again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("what was written is read as something else:\n%s\n%s", &first, &second)
		}
	})
}

// Bench measures decode beside bare decoding of the same bytes into the same type.
func Bench[T any](b *testing.B, doc []byte, decode func(io.Reader) ([]T, error), whole any) {
	b.Helper()
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if _, err := decode(bytes.NewReader(doc)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor: encoding/xml", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if err := xml.Unmarshal(doc, whole); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// HEIs compares identifiers of institutions.
var HEIs = cmp.Comparer(func(a, b ewp.HEIID) bool { return a == b })
