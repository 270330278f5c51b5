package wsdl_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/soap/wsdl"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func load(t testing.TB, name string) *wsdl.Definitions {
	t.Helper()
	d, err := wsdl.Read(wsdl.FromFS(os.DirFS("testdata")), name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func operation(t testing.TB, d *wsdl.Definitions, name string, v soap.Version) *wsdl.Operation {
	t.Helper()
	o := d.Operation(name, v)
	if o == nil {
		t.Fatalf("no operation %s among %v", name, d.Operations())
	}
	return o
}

// shape writes the fields of a message, what is inside them in braces.
func shape(t testing.TB, fields []wsdl.Field, err error, depth int) string {
	t.Helper()
	if err != nil {
		return "error: " + err.Error()
	}
	var parts []string
	for _, f := range fields {
		s := f.Name.Local
		if f.Name.Space != "" {
			s = "q:" + s
		}
		if f.Type.Space == soap.NamespaceXSD {
			s += ":" + f.Type.Local
		}
		if f.Min != 1 || f.Max != 1 {
			s += fmt.Sprintf("[%d..%d]", f.Min, f.Max)
		}
		if f.Nillable {
			s += "?"
		}
		if inner, err := f.Fields(); (len(inner) > 0 || err != nil) && depth > 0 {
			s += "{" + shape(t, inner, err, depth-1) + "}"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func messageShape(t testing.TB, m wsdl.Message) string {
	t.Helper()
	fields, err := m.Fields()
	return shape(t, fields, err, 4)
}

// TestSeveralDocuments reads a contract in the style of Apogée.
func TestSeveralDocuments(t *testing.T) {
	t.Parallel()
	const space = "invente.exemple.servicesmetiers.Etudiant"
	d := load(t, "etudiant/Etudiant_Impl.wsdl")
	testutil.Equal(t, "missing", d.Missing, nil)
	testutil.Equal(t, "operations", d.Operations(), []string{"lireIdentifiants_v2", "listerEtudiants"})
	port := d.Services[0].Ports[0]
	testutil.Equal(t, "address", port.Address, "http://localhost:8080/invente/services/Etudiant")
	testutil.Equal(t, "version", port.Binding.Version, soap.V11)

	o := operation(t, d, "lireIdentifiants_v2", soap.V11)
	if o.Action != "" || o.Style != "document" || o.Input.Use != "literal" {
		t.Errorf("operation %+v", o)
	}
	testutil.Equal(t, "input element", o.Input.Element, xml.Name{Space: space, Local: "lireIdentifiants_v2"})
	testutil.Equal(t, "input", messageShape(t, o.Input), "_codEtu:string _numINE:string _dateNaiss:string? _temoin:string[0..1]")
	testutil.Equal(t, "output", messageShape(t, o.Output), "lireIdentifiants_v2Return{codEtu:int? numeroINE:string? emailAnnuaire:string? "+
		"listeBacs?{item[0..-1]?{codBac:string anneeObtention:string[0..1]}}}")
	testutil.Equal(t, "headers", o.Input.Headers, []xml.Name{{Space: space, Local: "entete"}})
	testutil.Equal(t, "list", messageShape(t, operation(t, d, "listerEtudiants", soap.V11).Output), "etudiant[0..-1]{codEtu:int? numeroINE:string?}")
	if len(o.Faults) != 1 || o.Faults[0].Name != "ErreurWeb" || o.Faults[0].Element.Local != "fault" {
		t.Fatalf("faults %+v", o.Faults)
	}
	testutil.Equal(t, "fault", messageShape(t, o.Faults[0]), "domaine:string? lastErrorMsg:string?")

	shape, err := o.Input.Operation()
	testutil.Equal(t, "shape", shape, soap.Operation{Name: "lireIdentifiants_v2", Namespace: space})
	testutil.Equal(t, "error of the shape", err, nil)
	required, err := o.Input.Required()
	testutil.Equal(t, "required", required, []string{"_codEtu", "_numINE"})
	testutil.Equal(t, "error of required", err, nil)
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	o := operation(t, load(t, "etudiant/Etudiant_Impl.wsdl"), "lireIdentifiants_v2", soap.V11)
	if faults := o.Output.Unknown("lireIdentifiants_v2Return/numeroINE", "lireIdentifiants_v2Return/listeBacs/item/codBac"); faults != nil {
		t.Errorf("names that are there: %v", faults)
	}
	faults := o.Output.Unknown("lireIdentifiants_v2Return/ine", "lireIdentifiants_v2Return/codEtu/x", "numeroINE", "lireIdentifiants_v2Return/listeBacs/item/codBac")
	testutil.Equal(t, "faults", faults, passerelle.FieldErrors{
		{Field: "lireIdentifiants_v2Return/ine", Rule: "unknown", Want: "one of codEtu, numeroINE, emailAnnuaire, listeBacs"},
		{Field: "lireIdentifiants_v2Return/codEtu/x", Rule: "unknown", Want: "nothing inside codEtu"},
		{Field: "numeroINE", Rule: "unknown", Want: "one of lireIdentifiants_v2Return"},
	})
}

func TestRPC(t *testing.T) {
	t.Parallel()
	d := load(t, "rpc.wsdl")
	if len(d.Bindings) != 2 || len(d.Services[0].Ports) != 1 {
		t.Fatalf("%d bindings and %d ports, want the SOAP ones only", len(d.Bindings), len(d.Services[0].Ports))
	}
	literal := d.Bindings[0].Operations
	testutil.Equal(t, "element", literal[0].Input.Element, xml.Name{Space: "urn:invented:bourse:rpc", Local: "chercher"})
	testutil.Equal(t, "answer element", literal[0].Output.Element, xml.Name{Space: "urn:invented:bourse:rpc", Local: "chercherResponse"})
	testutil.Equal(t, "first overload", messageShape(t, literal[0].Input),
		"identite{nom:string conjoint[0..1]{nom:string conjoint[0..1]{nom:string conjoint[0..1]{nom:string conjoint[0..1]}}}} annee:int")
	testutil.Equal(t, "second overload", messageShape(t, literal[1].Input), "ine:string")
	testutil.Equal(t, "action", literal[1].Action, "urn:invented:bourse#chercherParIne")
	testutil.Equal(t, "parts", messageShape(t, literal[2].Input), "ine:string")
	testutil.Equal(t, "no answer", literal[2].Output.Element, xml.Name{})
	testutil.Equal(t, "use", d.Bindings[1].Operations[0].Input.Use, "encoded")
	testutil.Equal(t, "array", messageShape(t, literal[0].Output), "return")
	shape, _ := literal[0].Input.Operation()
	testutil.Equal(t, "qualified", shape.Qualified, false)
}

func TestQualified(t *testing.T) {
	t.Parallel()
	d := load(t, "immatriculation.wsdl")
	testutil.Equal(t, "missing", d.Missing, []string{"http://localhost/absent.xsd?v=1"})
	for _, v := range []soap.Version{soap.V11, soap.V12} {
		o := operation(t, d, "immatriculer", v)
		testutil.Equal(t, "action", o.Action, map[soap.Version]string{soap.V11: "urn:invented:immatriculer", soap.V12: "urn:invented:immatriculer12"}[v])
		testutil.Equal(t, "headers", o.Input.Headers, []xml.Name{{Space: "urn:invented:immatriculation", Local: "contexte"}})
		testutil.Equal(t, "element", o.Input.Element.Local, "immatriculer")
		testutil.Equal(t, "input", messageShape(t, o.Input),
			"q:nom:string q:prenom:string[1..3] q:naissance{q:date:date q:commune[0..1]{q:code} q:pays:string[0..1]} q:montant[0..1]")
		testutil.Equal(t, "output", messageShape(t, o.Output), "q:ine[0..5]? q:litige:string[0..-1] erreur:string[0..-1]")
		shape, _ := o.Input.Operation()
		testutil.Equal(t, "shape", shape, soap.Operation{Name: "immatriculer", Namespace: "urn:invented:immatriculation", Qualified: true})
	}
	commune, err := operation(t, d, "immatriculer", soap.V12).Input.Find("naissance/commune/code")
	if err != nil || commune == nil || commune.Name.Space != "urn:invented:immatriculation" {
		t.Errorf("the included schema did not take the namespace: %+v, %v", commune, err)
	}
	// What is missing is a fault where it is asked for, and names itself.
	other := operation(t, d, "ailleurs", soap.V12)
	_, err = other.Input.Fields()
	testutil.Equal(t, "error", fmt.Sprint(err), "WSDL: undeclared: {urn:invented:absent}Inconnu: want a type, perhaps in a missing document: http://localhost/absent.xsd?v=1")
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("taxonomy of %v", err)
	}
	if faults := other.Input.Unknown("x"); len(faults) != 1 || faults[0].Rule != "undeclared" {
		t.Errorf("faults %v", faults)
	}
	testutil.Equal(t, "empty answer", messageShape(t, other.Output), "")
	if d.Operation("absente", soap.V11) != nil {
		t.Error("an operation that is not there was found")
	}
}

const open = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">`

// contract wraps schema content in a contract with one operation, whose input is
// the element e.
func contract(types string) string {
	return open + `<types><x:schema targetNamespace="urn:t">` + types + `</x:schema></types>` +
		`<message name="m"><part name="p" element="t:e"/></message><portType name="p"><operation name="o"><input message="t:m"/></operation></portType>` +
		`<binding name="b" type="t:p"><s:binding/><operation name="o"><input><s:body/></input></operation></binding></definitions>`
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for i, tc := range map[int]struct{ in, want string }{
		0: {"", "WSDL: document: XML: line 1, column 1: empty: want a root element"},
		1: {`<!DOCTYPE d [<!ENTITY a "b">]>` + contract(""), "WSDL: document: XML: line 1, column 31: doctype: want no document type declaration"},
		2: {`<description xmlns="http://www.w3.org/ns/wsdl"/>`, "WSDL: document: want definitions of WSDL 1.1"},
		3: {open + `<binding name="b" type="t:p"><s:binding/></binding></definitions>`, "WSDL: undeclared: {urn:t}p: want the port type of the binding b"},
		4: {open + `<portType name="p"/><binding name="b" type="t:p"><s:binding/><operation name="o"/></binding></definitions>`,
			"WSDL: undeclared: {urn:t}o: want the operation in the port type p"},
		5: {open + `<portType name="p"><operation name="o"><input message="t:m"/></operation></portType><binding name="b" type="t:p"><s:binding/><operation name="o"/></binding></definitions>`,
			"WSDL: undeclared: {urn:t}m: want a message"},
		6: {strings.Replace(contract(""), "<s:body/>", `<s:header message="t:m" part="q"/>`, 1), "WSDL: undeclared: {urn:t}q: want a part of the message m"},
		7: {strings.Replace(contract(""), "<s:body/>", `<s:header message="t:n" part="q"/>`, 1), "WSDL: undeclared: {urn:t}n: want the message of a header block"},
	} {
		_, err := wsdl.Parse([]byte(tc.in))
		testutil.Equal(t, fmt.Sprint(i), fmt.Sprint(err), tc.want)
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v is not invalid", i, err)
		}
	}
	for i, tc := range map[int]struct{ types, want string }{
		0: {"", "error: WSDL: undeclared: {urn:t}e: want an element"},
		1: {`<x:element name="e" type="t:absent"/>`, "error: WSDL: undeclared: {urn:t}absent: want a type"},
		2: {`<x:element name="e"><x:complexType><x:complexContent><x:extension base="t:absent"/></x:complexContent></x:complexType></x:element>`,
			"error: WSDL: undeclared: {urn:t}absent: want the type that is extended"},
		3: {`<x:element name="e"><x:complexType><x:group ref="t:absent"/></x:complexType></x:element>`, "error: WSDL: undeclared: {urn:t}absent: want a group"},
		4: {`<x:element name="e"><x:complexType><x:sequence><x:element ref="t:absent"/></x:sequence></x:complexType></x:element>`,
			"error: WSDL: undeclared: {urn:t}absent: want an element"},
		5: {`<x:element name="e" type="t:c"/><x:complexType name="c"><x:complexContent><x:extension base="t:c"/></x:complexContent></x:complexType>`,
			"error: WSDL: circle: c: want types that do not extend themselves"},
		6: {`<x:element name="e"><x:complexType><x:group ref="t:g"/></x:complexType></x:element><x:group name="g"><x:sequence><x:group ref="t:g"/></x:sequence></x:group>`,
			"error: WSDL: circle: want groups that do not hold themselves"},
		7: {`<x:element name="e"><x:complexType><x:sequence><x:element ref="t:e" minOccurs="0"/></x:sequence></x:complexType></x:element>`,
			"q:e[0..1]{q:e[0..1]{q:e[0..1]{q:e[0..1]{q:e[0..1]}}}}"},
	} {
		d, err := wsdl.Parse([]byte(contract(tc.types)))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, fmt.Sprint(i), messageShape(t, d.Operation("o", soap.V11).Input), tc.want)
	}
}

// TestGroupsMultiply checks that groups that hold others many times over cannot
// be made to unfold without end.
func TestGroupsMultiply(t *testing.T) {
	t.Parallel()
	var types strings.Builder
	types.WriteString(`<x:element name="e"><x:complexType><x:group ref="t:g0"/></x:complexType></x:element>`)
	for i := range 20 {
		ref := fmt.Sprintf(`<x:group ref="t:g%d"/>`, i+1)
		fmt.Fprintf(&types, `<x:group name="g%d"><x:sequence>%s</x:sequence></x:group>`, i, strings.Repeat(ref, 10))
	}
	types.WriteString(`<x:group name="g20"><x:sequence><x:element name="ha" type="x:string"/></x:sequence></x:group>`)
	d, err := wsdl.Parse([]byte(contract(types.String())))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Operation("o", soap.V11).Input.Fields()
	if e, ok := errors.AsType[*wsdl.Error](err); !ok || e.Rule != "limit" {
		t.Errorf("10^20 elements: %v, want a refusal", err)
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	schema := `<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><x:element name="e" type="x:string"/></x:schema>`
	get := func(imported string, files fs.FS) error {
		_, err := wsdl.Read(wsdl.FromFS(files), "a/main.wsdl")
		return err
	}
	main := func(location string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(open + `<import namespace="urn:t" location="` + location + `"/></definitions>`)}
	}
	for i, tc := range map[int]struct {
		location string
		files    fstest.MapFS
		want     string
	}{
		0: {"main.wsdl", fstest.MapFS{}, "<nil>"},
		1: {"../b/x.xsd", fstest.MapFS{"b/x.xsd": {Data: []byte(schema)}}, "<nil>"},
		2: {"https://localhost/c/x.xsd?y=1", fstest.MapFS{"x.xsd": {Data: []byte(schema)}}, "<nil>"},
		3: {"x.xsd", fstest.MapFS{"a/x.xsd": {Data: []byte("<html/>")}}, "WSDL: a/x.xsd: import: want a contract or a schema"},
		4: {"x.xsd", fstest.MapFS{"a/x.xsd": {Data: []byte("<html>")}}, "WSDL: a/x.xsd: document: XML: line 1, column 7: truncated: want the rest of the document"},
		5: {"../../../etc/passwd", fstest.MapFS{}, "<nil>"},
		6: {"", fstest.MapFS{}, "<nil>"},
		7: {"://", fstest.MapFS{}, "<nil>"},
	} {
		tc.files["a/main.wsdl"] = main(tc.location)
		testutil.Equal(t, fmt.Sprint(i), fmt.Sprint(get(tc.location, tc.files)), tc.want)
	}
	_, err := wsdl.Read(wsdl.FromFS(fstest.MapFS{}), "absent.wsdl")
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a contract that is not there: %v", err)
	}
	// A source that makes up documents without end.
	n := 0
	_, err = wsdl.Read(func(string) ([]byte, error) {
		n++
		return fmt.Appendf(nil, open+`<import location="%d.wsdl"/></definitions>`, n), nil
	}, "0.wsdl")
	if e, ok := errors.AsType[*wsdl.Error](err); !ok || e.Rule != "limit" {
		t.Errorf("documents without end: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	testutil.Seeds(f, "testdata")
	f.Add([]byte(contract(`<x:element name="e" type="t:c"/><x:complexType name="c"><x:sequence><x:element ref="t:e"/></x:sequence></x:complexType>`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := wsdl.Parse(data)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("%v is not invalid", err)
			}
			return
		}
		for _, b := range d.Bindings {
			for _, o := range b.Operations {
				for _, m := range []wsdl.Message{o.Input, o.Output} {
					fields, err := m.Fields()
					if err != nil && !errors.Is(err, passerelle.ErrInvalid) {
						t.Fatalf("%v is not invalid", err)
					}
					for _, field := range fields {
						if _, err := m.Find(field.Name.Local); err != nil {
							t.Fatalf("%s cannot be found: %v", field.Name.Local, err)
						}
					}
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("testdata/immatriculation.wsdl")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wsdl.Parse(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v struct{}
			if err := xml.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
