package soap_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// axis is an answer in the style of Axis 1.
const axis = `<soapenv:Envelope xmlns:soapenv="` + soap.Namespace11 + `" xmlns:xsd="` + soap.NamespaceXSD + `" xmlns:xsi="` + soap.NamespaceXSI + `"><soapenv:Body>
<ns1:lireEtudiantResponse soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="urn:invented">
 <lireEtudiantReturn href="#id0"/></ns1:lireEtudiantResponse>
<multiRef id="id0" soapenc:root="0" xsi:type="ns2:Etudiant" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns2="urn:invented:dto">
 <nom xsi:type="xsd:string">Le Goff</nom><adresse href="#id1"/><autre href="#id1"/><photo href="cid:1"/></multiRef>
<multiRef id="id1" soapenc:root="0" xsi:type="ns3:Adresse" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns3="urn:invented:dto">
 <ville xsi:type="xsd:string">Brest</ville><cp xsi:nil="true"/></multiRef>
</soapenv:Body></soapenv:Envelope>`

func TestInline(t *testing.T) {
	t.Parallel()
	if _, err := new(soap.Options).Parse([]byte(axis), ""); err == nil {
		t.Error("several elements in the body were accepted without Encoded")
	}
	o := soap.Options{Encoded: true}
	env, err := o.Parse([]byte(axis), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := env.Inline(); err != nil {
		t.Fatal(err)
	}
	n := soap.Operation{Name: "lireEtudiantResponse", Namespace: "urn:invented"}.Read(env.Body, false).Child("lireEtudiantReturn")
	for path, want := range map[string]string{"nom": "Le Goff", "adresse/ville": "Brest", "autre/ville": "Brest", "adresse/cp": ""} {
		testutil.Equal(t, path, n.Path(path).String(), want)
	}
	if !n.Path("autre/cp").IsNil() {
		t.Error("xsi:nil got lost on the way")
	}
	kind, _ := xmlx.Attr(n.Child("adresse").Element(), soap.NamespaceXSI, "type")
	if name, ok := xmlx.QName(n.Child("adresse").Element(), kind); !ok || name.Space != "urn:invented:dto" || name.Local != "Adresse" {
		t.Errorf("the type became %v", name)
	}
	if href, _ := xmlx.Attr(n.Child("photo").Element(), "", "href"); href != "cid:1" {
		t.Error("the reference to an attachment was touched")
	}
	if _, err := xmlx.Marshal(env.Root, ""); err != nil {
		t.Error(err)
	}
}

func TestInlineShapes(t *testing.T) {
	t.Parallel()
	enc := ` xmlns:e="http://www.w3.org/2003/05/soap-encoding"`
	enc11 := ` xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"`
	for i, tc := range map[int]struct{ in, path, want string }{
		0: {head12 + `<s:Body` + enc + `><a><b e:ref="x"/></a><c e:id="x"><d>1</d></c></s:Body>` + tail, "b/d", "1"},
		1: {head11 + `<s:Body` + enc11 + `><m id="1" e:root="0">v</m><a><b href="#1"/></a></s:Body>` + tail, "b", "v"},
		2: {head11 + `<s:Body><a><b href="#1"/><c id="1">in place</c></a></s:Body>` + tail, "b", "in place"},
		3: {head11 + `<s:Body><a><b href="#1"/></a><m id="1" href="#2"/><m id="2">far</m></s:Body>` + tail, "b", "far"},
		// The target binds the prefix of the reference, or the default namespace, to something else.
		4: {head11 + `<s:Body><a xmlns:p="urn:1"><p:b href="#1"/></a><m id="1" xmlns:p="urn:2"><p:c>1</p:c></m></s:Body>` + tail, "b/c", "1"},
		5: {head11 + `<s:Body><a><b href="#1"/></a><m id="1" xmlns="urn:2"><c>1</c></m></s:Body>` + tail, "b/c", "1"},
		6: {head11 + `<s:Body/>` + tail, "b", ""},
	} {
		env, err := (&soap.Options{Encoded: true}).Parse([]byte(tc.in), "")
		if err == nil {
			err = env.Inline()
		}
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		n := soap.Operation{}.Read(env.Body, false).Path(tc.path)
		if n.String() != tc.want {
			t.Errorf("%d: %s is %q, want %q", i, tc.path, n.String(), tc.want)
		}
		if i == 4 && xmlx.Name(n.Element().Parent()).Space != "urn:1" {
			t.Errorf("%d: the reference changed its namespace", i)
		}
		if i == 4 || i == 5 {
			if space := xmlx.Name(n.Element()).Space; space != "urn:2" {
				t.Errorf("%d: the content is in %q, want urn:2", i, space)
			}
		}
		if i == 5 && xmlx.Name(n.Element().Parent()).Space != "" {
			t.Errorf("%d: the reference came into a namespace", i)
		}
	}
}

func TestInlineHostile(t *testing.T) {
	t.Parallel()
	// Each of 40 levels refers twice to the next: 2^40 elements.
	var laughs strings.Builder
	laughs.WriteString(`<a><b href="#0"/></a>`)
	for i := range 40 {
		fmt.Fprintf(&laughs, `<m id="%d"><b href="#%d"/><b href="#%d"/></m>`, i, i+1, i+1)
	}
	laughs.WriteString(`<m id="40">ha</m>`)
	var chain strings.Builder
	chain.WriteString(`<a href="#0"/>`)
	for i := range 5000 {
		fmt.Fprintf(&chain, `<m id="%d"><b href="#%d"/></m>`, i, i+1)
	}
	chain.WriteString(`<m id="5000"/>`)
	wide := `<a>` + strings.Repeat(`<b href="#1"/>`, 20_000) + `</a><m id="1"`
	for i := range 200 {
		wide += fmt.Sprintf(` xmlns:x%d="urn:x"`, i)
	}
	wide += `/>`
	for name, body := range map[string]string{
		"circle of one":  `<a><b href="#1"/></a><m id="1"><c href="#1"/></m>`,
		"circle of two":  `<a><b href="#1"/></a><m id="1" href="#2"/><m id="2" href="#1"/>`,
		"itself":         `<a id="1"><b href="#1"/></a>`,
		"nothing":        `<a><b href="#1"/></a><m id="2"/>`,
		"id twice":       `<a><b href="#1"/></a><m id="1"/><m id="1"/>`,
		"billion laughs": laughs.String(),
		"long chain":     chain.String(),
		"attributes":     wide,
	} {
		env, err := (&soap.Options{Encoded: true}).Parse([]byte(head11+"<s:Body>"+body+"</s:Body>"+tail), "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = env.Inline()
		if e, ok := errors.AsType[*soap.EnvelopeError](err); !ok || e.Rule != "reference" {
			t.Errorf("%s: %v, want an EnvelopeError about references", name, err)
		}
	}
}
