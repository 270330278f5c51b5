package aglae_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// referenceMapping says of the reference WSDL what it cannot say itself.
func referenceMapping() aglae.Mapping {
	return aglae.Mapping{
		Name: "reference (invented)", Endpoint: "", Operation: "interrogerBourse",
		Request: map[aglae.Field]string{aglae.FieldINE: "nne", aglae.FieldYear: "anneeUniversitaire"},
		Verdict: "reponse", Code: "code", Message: "message", Conventions: aglae.ReferenceContract().Conventions,
	}
}

func TestReferenceComesFromItsWSDL(t *testing.T) {
	t.Parallel()
	c, err := aglae.ContractFromWSDL(aglae.ReferenceWSDL(), referenceMapping())
	if err != nil {
		t.Fatal(err)
	}
	want := aglae.ReferenceContract()
	want.Endpoint = "https://aglae.invalid/soap"
	data := func(c aglae.Contract) string {
		b, err := json.MarshalIndent(c, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	testutil.Equal(t, "contract", data(c), data(want))
	if !strings.Contains(aglae.ReferenceNamespace, "invented") {
		t.Error("the namespace does not look invented")
	}
}

func TestMappingFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*aglae.Mapping)
		want   []string
	}{
		"operation": {func(m *aglae.Mapping) { m.Operation = "x" }, []string{"Mapping.Operation"}},
		"version":   {func(m *aglae.Mapping) { m.SOAP = "1.2" }, []string{"Mapping.SOAP"}},
		"paths":     {func(m *aglae.Mapping) { m.Request[aglae.FieldINE], m.Verdict = "ine", "etat" }, []string{"Mapping.Verdict", "Mapping.Request[ine]", "Mapping.Request"}},
		"unfilled":  {func(m *aglae.Mapping) { delete(m.Request, aglae.FieldYear) }, []string{"Mapping.Request"}},
		"twice":     {func(m *aglae.Mapping) { m.Constants = map[string]string{"nne": "x"} }, []string{"Mapping.Constants[nne]"}},
		"no number": {func(m *aglae.Mapping) {
			m.Request = map[aglae.Field]string{aglae.FieldYear: "anneeUniversitaire"}
			m.Constants = map[string]string{"nne": "x"}
		}, []string{"Fields"}},
		"no verdict": {func(m *aglae.Mapping) { m.Verdict = "" }, []string{"Verdict"}},
		"no word":    {func(m *aglae.Mapping) { m.Words = map[string]aglae.Verdict{"ATTENTE": aglae.Wait} }, []string{"Words"}},
		"word of no": {func(m *aglae.Mapping) {
			m.Words = map[string]aglae.Verdict{"OUI": aglae.Holder, "NON": aglae.Unavailable}
		}, []string{"Words[NON]"}},
		"zero word": {func(m *aglae.Mapping) {
			m.Words = map[string]aglae.Verdict{"OUI": aglae.Holder, "NON": aglae.Undetermined}
		}, []string{"Words[NON]"}},
		"bad charset": {func(m *aglae.Mapping) { m.Charset = "EBCDIC" }, []string{"Charset"}},
		"bad rules": {func(m *aglae.Mapping) {
			m.Rules = []aglae.CodeRule{{}, {Code: "A", Kind: "x"}, {Code: "B", Verdict: aglae.Unavailable}, {Code: "C", Verdict: aglae.Holder, Kind: aglae.KindInvalid}}
		}, []string{"Rules[0].Code", "Rules[0]", "Rules[1].Kind", "Rules[2].Verdict", "Rules[3]"}},
	} {
		m := referenceMapping()
		tc.change(&m)
		_, err := aglae.ContractFromWSDL(aglae.ReferenceWSDL(), m)
		wantFields(t, name, err, tc.want...)
	}
	if _, err := aglae.ContractFromWSDL([]byte("<html/>"), referenceMapping()); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no WSDL: %v, want invalid", err)
	}
}

func TestContractFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*aglae.Contract)
		want   []string
	}{
		"soap":     {func(c *aglae.Contract) { c.SOAP = "2" }, []string{"SOAP"}},
		"endpoint": {func(c *aglae.Contract) { c.Endpoint = "https://user:secret@x.invalid" }, []string{"Endpoint"}},
		"names":    {func(c *aglae.Contract) { c.Request, c.Response = "a b", "" }, []string{"Request", "Response"}},
		"path":     {func(c *aglae.Contract) { c.Fields[0].Path = "x:nne" }, []string{"Fields[0].Path"}},
		"prefix":   {func(c *aglae.Contract) { c.Namespaces = map[string]string{"x": ""} }, []string{"Namespaces[x]"}},
		"empty":    {func(c *aglae.Contract) { c.Fields = append(c.Fields, aglae.Element{Path: "z"}) }, []string{"Fields[2]"}},
		"unknown":  {func(c *aglae.Contract) { c.Fields = append(c.Fields, aglae.Element{Path: "z", Field: "name"}) }, []string{"Fields[2].Field"}},
		"both":     {func(c *aglae.Contract) { c.Fields[1].Text = "x" }, []string{"Fields[1].Text"}},
		"twice": {func(c *aglae.Contract) {
			c.Fields = append(c.Fields, aglae.Element{Path: "nne", Field: aglae.FieldINE})
		}, []string{"Fields[2].Path", "Fields[2].Field"}},
		"verdict":   {func(c *aglae.Contract) { c.Verdict = "a//b" }, []string{"Verdict"}},
		"fault":     {func(c *aglae.Contract) { c.FaultCode = "p:code" }, []string{"FaultCode"}},
		"no number": {func(c *aglae.Contract) { c.Fields = c.Fields[1:] }, []string{"Fields"}},
	} {
		c := aglae.ReferenceContract()
		tc.change(&c)
		wantFields(t, name, c.Validate(), tc.want...)
	}
	if err := aglae.ReferenceContract().Validate(); err != nil {
		t.Error(err)
	}
}

// otherContracts are ways in which the real one may differ from the reference.
func otherContracts() map[string]aglae.Contract {
	all := map[string]aglae.Contract{}
	add := func(name string, change func(*aglae.Contract)) {
		c := aglae.ReferenceContract()
		c.Namespace = "urn:example:invented:" + strings.ReplaceAll(name, " ", "-")
		change(&c)
		all[name] = c
	}
	add("soap 1.2", func(c *aglae.Contract) { c.SOAP = "1.2" })
	add("unqualified", func(c *aglae.Contract) { c.Unqualified = true })
	add("boolean", func(c *aglae.Contract) { c.Words = map[string]aglae.Verdict{"true": aglae.Holder, "false": aglae.Wait} })
	add("nested", func(c *aglae.Contract) {
		c.Namespaces = map[string]string{"t": "urn:example:invented:types"}
		c.Fields = []aglae.Element{
			{Text: "CONNECTEUR", Path: "entete/application", Required: true},
			{Field: aglae.FieldYear, Path: "entete/annee"},
			{Field: aglae.FieldINE, Path: "t:etudiant/t:nne", Required: true},
			{Field: aglae.FieldBirthDate, Path: "t:etudiant/:naissance"},
			{Field: aglae.FieldStudent, Path: "reference", Required: true},
		}
		c.Verdict, c.Code = "resultat/etat/valeur", "resultat/code"
		c.FrenchDate = true
	})
	add("grant number", func(c *aglae.Contract) {
		c.Fields = []aglae.Element{{Field: aglae.FieldGrantNumber, Path: "numeroBoursier", Required: true}}
	})
	add("latin", func(c *aglae.Contract) { c.Charset = "ISO-8859-1" })
	return all
}

// TestOtherContracts speaks each of them with the fake, which is strict.
func TestOtherContracts(t *testing.T) {
	t.Parallel()
	for name, c := range otherContracts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := aglaetest.NewServer(t, aglaetest.Config{Contract: c, Files: []aglaetest.File{fileOf(askedINE, aglaetest.Conditional)}})
			client := soapClient(t, s)
			q := askedQuery
			q.BirthDate = passerelle.NewDate(2007, 3, 4)
			for number, want := range map[ine.Number]aglae.Verdict{askedINE: aglae.Holder, otherINE: aglae.Wait} {
				q.INE = number
				if a, err := client.Ask(t.Context(), q); err != nil || a.Verdict != want {
					t.Errorf("got %v, %v, want %v", a.Verdict, err, want)
				}
			}
			q.INE, q.GrantNumber = otherINE, aglae.GrantNumberOf(askedINE)
			want := map[string]aglae.Verdict{"grant number": aglae.Holder}[name]
			if a, _ := client.Ask(t.Context(), q); want != aglae.Undetermined && a.Verdict != want {
				t.Errorf("by the grant number: %v, want %v", a.Verdict, want)
			}
			codec, err := aglae.NewCodec(c)
			if err != nil {
				t.Fatal(err)
			}
			back, err := codec.DecodeQuestion(codec.EncodeQuestion(q))
			if err != nil {
				t.Fatal(err)
			}
			again, err := codec.DecodeQuestion(codec.EncodeQuestion(back))
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "question", again, back, cmp.AllowUnexported(ine.Number{}, aglae.GrantNumber{}))
		})
	}
}

// TestWSDLShapes reads a contract with elements in several namespaces and inside one
// another out of a WSDL.
func TestWSDLShapes(t *testing.T) {
	t.Parallel()
	document := strings.NewReplacer(
		`<xs:element name="nne" type="xs:string"/>`, `<xs:element name="etudiant" form="unqualified"><xs:complexType><xs:sequence>
			<xs:element name="nne" type="xs:string"/><xs:element name="naissance" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>`,
	).Replace(string(aglae.ReferenceWSDL()))
	m := referenceMapping()
	m.Request[aglae.FieldINE], m.Request[aglae.FieldBirthDate] = "etudiant/nne", "etudiant/naissance"
	c, err := aglae.ContractFromWSDL([]byte(document), m)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := aglae.NewCodec(c)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocumentWithRoot(codec.EncodeQuestion(askedQuery))
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">223456789HE<", ">2026<", "etudiant"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(text, "naissance") {
		t.Errorf("an optional element without value is written: %s", text)
	}
}

// TestStrictQuestion departs from the contract in each way; the fake finds it out.
func TestStrictQuestion(t *testing.T) {
	t.Parallel()
	codec, err := aglae.NewCodec(aglae.ReferenceContract())
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(el *etree.Element){
		"other name":      func(el *etree.Element) { el.Tag = "x" },
		"other namespace": func(el *etree.Element) { el.CreateAttr("xmlns:m", "urn:x") },
		"missing":         func(el *etree.Element) { el.RemoveChildAt(1) },
		"more":            func(el *etree.Element) { el.CreateElement("m:x") },
		"order":           func(el *etree.Element) { el.InsertChildAt(0, el.ChildElements()[1]) },
		"unqualified":     func(el *etree.Element) { el.ChildElements()[0].Space = "" },
		"no INE":          func(el *etree.Element) { el.ChildElements()[0].SetText("X") },
		"no year":         func(el *etree.Element) { el.ChildElements()[1].SetText("MMXXVI") },
	} {
		el := codec.EncodeQuestion(askedQuery)
		spoil(el)
		if _, err := codec.DecodeQuestion(el); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

// TestFaultRules maps codes of faults and of answers.
func TestFaultRules(t *testing.T) {
	t.Parallel()
	c := aglae.ReferenceContract()
	c.Rules = append([]aglae.CodeRule{{Code: "INVENTE-NUM*", Verdict: aglae.Wait}}, c.Rules...)
	s := aglaetest.NewServer(t, aglaetest.Config{Contract: c})
	s.Script(aglaetest.OpAsk, aglaetest.ClientFault)
	a, err := soapClient(t, s).Ask(t.Context(), askedQuery)
	if err != nil || a.Verdict != aglae.Wait || a.Code != "INVENTE-NUMERO" || len(a.Causes) != 4 || a.Message == "" {
		t.Errorf("a fault that is a wait: %v %q, %v", a.Verdict, a.Code, err)
	}
}
