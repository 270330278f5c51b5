package soap_test

import (
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

func TestElement(t *testing.T) {
	t.Parallel()
	fields := []soap.Field{
		{Name: "nom", Value: "Dé & <Co>"},
		{Name: "usage", IfEmpty: soap.Omit},
		{Name: "prenom", IfEmpty: soap.Empty},
		{Name: "sexe", IfEmpty: soap.Nil},
		{Name: "naissance", Fields: []soap.Field{{Name: "date", Value: "2004-05-06"}, {Name: "lieu", IfEmpty: soap.Nil}}},
		{Name: "item", Value: "1"}, {Name: "item", Value: "2"},
		{Name: "dto", Namespace: "urn:dto", Value: "x"}, {Name: "dto", Namespace: "urn:dto", Value: "y"},
		{Name: "local", Unqualified: true, Value: "z"},
	}
	for name, tc := range map[string]struct {
		operation soap.Operation
		want      string
	}{
		"unqualified": {soap.Operation{Name: "op", Namespace: "urn:a"},
			`<m:op xmlns:m="urn:a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:m2="urn:dto"><nom>Dé &amp; &lt;Co&gt;</nom><prenom/><sexe xsi:nil="true"/>` +
				`<naissance><date>2004-05-06</date><lieu xsi:nil="true"/></naissance><item>1</item><item>2</item><m2:dto>x</m2:dto><m2:dto>y</m2:dto><local>z</local></m:op>`},
		"qualified": {soap.Operation{Name: "op", Namespace: "urn:a", Qualified: true},
			`<m:op xmlns:m="urn:a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:m2="urn:dto"><m:nom>Dé &amp; &lt;Co&gt;</m:nom><m:prenom/><m:sexe xsi:nil="true"/>` +
				`<m:naissance><m:date>2004-05-06</m:date><m:lieu xsi:nil="true"/></m:naissance><m:item>1</m:item><m:item>2</m:item><m2:dto>x</m2:dto><m2:dto>y</m2:dto><local>z</local></m:op>`},
		"no namespace": {soap.Operation{Name: "op", Qualified: true},
			`<op xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:m1="urn:dto"><nom>Dé &amp; &lt;Co&gt;</nom><prenom/><sexe xsi:nil="true"/>` +
				`<naissance><date>2004-05-06</date><lieu xsi:nil="true"/></naissance><item>1</item><item>2</item><m1:dto>x</m1:dto><m1:dto>y</m1:dto><local>z</local></op>`},
	} {
		out, err := xmlx.Marshal(tc.operation.Element(fields...), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		testutil.Equal(t, name, string(out), `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+tc.want)

		n := tc.operation.Read(tc.operation.Element(fields...), false)
		testutil.Equal(t, name+": path", n.Path("naissance/date").String(), "2004-05-06")
		testutil.Equal(t, name+": list", len(n.Children("item")), 2)
		testutil.Equal(t, name+": other namespace", n.Child("dto").String(), "x")
	}
}

func element(t *testing.T, s string) *etree.Element {
	t.Helper()
	doc, err := xmlx.Parse([]byte(s), "", xmlx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestNode(t *testing.T) {
	t.Parallel()
	xsi := ` xmlns:xsi="` + soap.NamespaceXSI + `"`
	el := element(t, `<r xmlns="urn:a"`+xsi+`><ine>1</ine><x:ine xmlns:x="urn:x">2</x:ine><ine xmlns="">3</ine>`+
		`<x:dto xmlns:x="urn:x"><x:nom> Zoé </x:nom></x:dto><nul xsi:nil="true">x</nul><un xsi:nil="1"/><faux xsi:nil="false">y</faux><vide/></r>`)
	for i, tc := range map[int]struct {
		operation soap.Operation
		strict    bool
		path      string
		want      string
		exists    bool
	}{
		0:  {soap.Operation{Namespace: "urn:a"}, false, "ine", "1", true},
		1:  {soap.Operation{Namespace: "urn:a"}, true, "ine", "3", true},
		2:  {soap.Operation{Namespace: "urn:a", Qualified: true}, true, "ine", "1", true},
		3:  {soap.Operation{Namespace: "urn:b"}, false, "ine", "3", true},
		4:  {soap.Operation{Namespace: "urn:a"}, false, "dto/nom", "Zoé", true},
		5:  {soap.Operation{Namespace: "urn:a"}, true, "dto/nom", "", false},
		6:  {soap.Operation{Namespace: "urn:a", Qualified: true}, true, "dto/nom", "Zoé", true},
		7:  {soap.Operation{}, false, "nul", "", true},
		8:  {soap.Operation{}, false, "un", "", true},
		9:  {soap.Operation{}, false, "faux", "y", true},
		10: {soap.Operation{}, false, "vide", "", true},
		11: {soap.Operation{}, false, "absent", "", false},
		12: {soap.Operation{}, false, "absent/plus/loin", "", false},
	} {
		n := tc.operation.Read(el, tc.strict).Path(tc.path)
		text, says := n.Text()
		if text != tc.want || n.Exists() != tc.exists || says != (tc.want != "") {
			t.Errorf("%d: %s is %q, says %v, exists %v, want %q, exists %v", i, tc.path, text, says, n.Exists(), tc.want, tc.exists)
		}
	}
	var none soap.Node
	if none.Exists() || none.IsNil() || none.Child("x").String() != "" || len(none.Children("x")) != 0 || none.Element() != nil {
		t.Error("the zero node holds something")
	}
	if n := (soap.Operation{Namespace: "urn:a"}).Read(el, false); len(n.Children("ine")) != 2 || n.Path("").Element() != el {
		t.Errorf("%d children ine, want the expected two", len(n.Children("ine")))
	}
	if !(soap.Operation{Name: "r", Namespace: "urn:a"}).Matches(el) || (soap.Operation{Name: "r"}).Matches(el) {
		t.Error("Matches goes by name and namespace")
	}
}
