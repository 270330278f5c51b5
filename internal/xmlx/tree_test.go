package xmlx_test

import (
	"encoding/xml"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

const tree = `<r xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:p">
	<p:a><b> one </b></p:a>
	<q:a><b>two</b><c xmlns="" p:x="1" x="2">p:code</c></q:a>
</r>`

func TestTree(t *testing.T) {
	t.Parallel()
	doc, err := xmlx.Parse([]byte(tree), "", xmlx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	testutil.Equal(t, "name of the root", xmlx.Name(root), xml.Name{Space: "urn:d", Local: "r"})
	all := xmlx.Children(root, "urn:p", "a")
	if len(all) != 2 {
		t.Fatalf("%d children {urn:p}a, want both prefixes", len(all))
	}
	if first := xmlx.Child(root, "urn:p", "a"); first != all[0] {
		t.Error("Child is not the first of Children")
	}
	testutil.Equal(t, "path", xmlx.Text(xmlx.Path(root, xmlx.Any, "a", "b")), "one")
	if xmlx.Path(root, "urn:p", "a", "b") != nil {
		t.Error("a path in the wrong namespace was found")
	}
	if xmlx.Path(root, xmlx.Any, "x", "b") != nil || xmlx.Child(nil, xmlx.Any, "x") != nil || xmlx.Text(nil) != "" || xmlx.Is(nil, "*", "x") {
		t.Error("something was found in nothing")
	}
	c := xmlx.Child(all[1], "", "c")
	if c == nil {
		t.Fatal("no c without namespace")
	}
	for _, a := range []struct{ namespace, want string }{{"urn:p", "1"}, {"", "2"}} {
		if got, ok := xmlx.Attr(c, a.namespace, "x"); got != a.want || !ok {
			t.Errorf("attribute x of namespace %q is %q, %v, want %q", a.namespace, got, ok, a.want)
		}
	}
	if _, ok := xmlx.Attr(c, "urn:d", "x"); ok {
		t.Error("the default namespace was taken for that of an attribute")
	}
	for i, q := range map[int]struct {
		text string
		want xml.Name
		ok   bool
	}{
		0: {xmlx.Text(c), xml.Name{Space: "urn:p", Local: "code"}, true},
		1: {" code\n", xml.Name{Space: "", Local: "code"}, true},
		2: {"zz:code", xml.Name{Space: "", Local: "code"}, false},
		3: {"xml:lang", xml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}, true},
	} {
		got, ok := xmlx.QName(c, q.text)
		if got != q.want || ok != q.ok {
			t.Errorf("%d: QName(%q) = %v, %v, want %v, %v", i, q.text, got, ok, q.want, q.ok)
		}
	}
}

func TestInherit(t *testing.T) {
	t.Parallel()
	doc, err := xmlx.Parse([]byte(tree), "", xmlx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	from := xmlx.Child(doc.Root(), "urn:p", "a")
	moved := from.Copy()
	if n := xmlx.Inherit(moved, from); n != 3 {
		t.Errorf("%d declarations, want 3", n)
	}
	if n := xmlx.Inherit(moved, from); n != 0 {
		t.Errorf("%d declarations the second time, want none", n)
	}
	out, err := xmlx.Marshal(moved, "")
	if err != nil {
		t.Fatal(err)
	}
	alone, err := xmlx.Parse(out, "", xmlx.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	testutil.Equal(t, "b in its namespace", xmlx.Text(xmlx.Child(alone.Root(), "urn:d", "b")), "one")
}

func TestIsName(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"nom": true, "_codEtu": true, "prénom": true, "a-b.c1": true,
		"": false, "1a": false, "-a": false, "a b": false, "a:b": false, "a<": false, "a\xFF": false,
	} {
		if got := xmlx.IsName(s); got != want {
			t.Errorf("IsName(%q) = %v, want %v", s, got, want)
		}
	}
}
