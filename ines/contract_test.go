package ines_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// faultNames returns the fields of a FieldErrors, each with its rule.
func faultNames(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	if !ok {
		tb.Fatalf("got %T: %v, want passerelle.FieldErrors", err, err)
	}
	names := make([]string, len(faults))
	for i, f := range faults {
		names[i] = f.Field + " " + f.Rule
	}
	return names
}

func TestContractValidate(t *testing.T) {
	t.Parallel()
	exchange := func(op ines.Operation, change func(*ines.Exchange)) func(*ines.Contract) {
		return func(c *ines.Contract) {
			x := c.Operations[op]
			x.Fields, x.Answer = slices.Clone(x.Fields), slices.Clone(x.Answer)
			change(&x)
			c.Operations[op] = x
		}
	}
	tests := map[string]struct {
		change func(*ines.Contract)
		want   []string
	}{
		"reference": {func(*ines.Contract) {}, nil},
		"empty": {func(c *ines.Contract) { *c = ines.Contract{} },
			[]string{"SOAP value", "Namespace required", "Operations required", "Sex required"}},
		"endpoint":    {func(c *ines.Contract) { c.Endpoint = "ines.example.org/soap" }, []string{"Endpoint url"}},
		"credentials": {func(c *ines.Contract) { c.Endpoint = "https://me:secret@ines.example.org/soap" }, []string{"Endpoint url"}},
		"prefix":      {func(c *ines.Contract) { c.Prefix = "1a" }, []string{"Prefix character"}},
		"unqualified": {func(c *ines.Contract) { c.Prefix, c.Unqualified = "", true }, []string{"Prefix required"}},
		"namespaces":  {func(c *ines.Contract) { c.Namespaces = map[string]string{"inv": "urn:a", "b": ""} }, []string{"Namespaces[b] required", "Namespaces[inv] prefix"}},
		"operation":   {func(c *ines.Contract) { c.Operations["erasure"] = ines.Exchange{} }, []string{"Operations[erasure] name"}},
		"charset":     {func(c *ines.Contract) { c.Charset = "EBCDIC" }, []string{"Charset value"}},
		"date":        {func(c *ines.Contract) { c.DateFormat = "JJ/MM/AAAA" }, []string{"DateFormat value"}},
		"time":        {func(c *ines.Contract) { c.TimeFormat = "15:04" }, []string{"TimeFormat value"}},
		"zone":        {func(c *ines.Contract) { c.TimeZone = "Europe/Ys" }, []string{"TimeZone value"}},
		"sex":         {func(c *ines.Contract) { c.Sex.Male = c.Sex.Female }, []string{"Sex required"}},
		"error rule": {func(c *ines.Contract) {
			c.Errors = []ines.ErrorRule{{}, {Code: "A", Kind: "broken"}, {Code: "B", Kind: "gone", Status: "X"}}
		}, []string{"Errors[0].Code required", "Errors[0] value", "Errors[1].Kind name", "Errors[2] value"}},
		"fault path":    {func(c *ines.Contract) { c.FaultCode = "a//b" }, []string{"FaultCode path"}},
		"same request":  {exchange(ines.OpSearch, func(x *ines.Exchange) { x.Request = "verifierIne" }), []string{"Operations[search].Request unique"}},
		"no response":   {exchange(ines.OpSearch, func(x *ines.Exchange) { x.Response = "" }), []string{"Operations[search].Response required"}},
		"field missing": {exchange(ines.OpVerify, func(x *ines.Exchange) { x.Fields = x.Fields[:1] }), []string{"Operations[verification].Fields required"}},
		"place by parts": {exchange(ines.OpSearch, func(x *ines.Exchange) {
			x.Fields[len(x.Fields)-1] = ines.Element{Field: ines.FieldBirthCommune, Path: "commune"}
			x.Fields = append(x.Fields, ines.Element{Field: ines.FieldBirthCountry, Path: "pays"})
		}), nil},
		"half a place": {exchange(ines.OpSearch, func(x *ines.Exchange) {
			x.Fields[len(x.Fields)-1] = ines.Element{Field: ines.FieldBirthCommune, Path: "commune"}
		}), []string{"Operations[search].Fields required"}},
		"foreign field": {exchange(ines.OpVerify, func(x *ines.Exchange) { x.Fields[0] = ines.Element{Field: "iban", Path: "iban"} }),
			[]string{"Operations[verification].Fields[0].Field name", "Operations[verification].Fields required"}},
		"twice": {exchange(ines.OpVerify, func(x *ines.Exchange) { x.Fields = append(x.Fields, x.Fields[0]) }),
			[]string{"Operations[verification].Fields[2].Path unique", "Operations[verification].Fields[2].Field unique"}},
		"path": {exchange(ines.OpVerify, func(x *ines.Exchange) { x.Fields[0].Path = "a/p:b" }), []string{"Operations[verification].Fields[0].Path path"}},
		"constant": {exchange(ines.OpVerify, func(x *ines.Exchange) {
			x.Fields = append(x.Fields, ines.Element{Path: "version", Text: "1"}, ines.Element{Path: "vide"})
		}), []string{"Operations[verification].Fields[3].Field required"}},
		"no record":     {exchange(ines.OpFollowUp, func(x *ines.Exchange) { x.Record = "" }), []string{"Operations[follow-up].Record required"}},
		"no selection":  {exchange(ines.OpFollowUp, func(x *ines.Exchange) { x.Fields = x.Fields[:1] }), []string{"Operations[follow-up].Fields required"}},
		"no status":     {exchange(ines.OpVerify, func(x *ines.Exchange) { x.Answer = x.Answer[1:] }), []string{"Operations[verification].Answer required"}},
		"whose answer?": {exchange(ines.OpFollowUp, func(x *ines.Exchange) { x.Answer = x.Answer[:3] }), []string{"Operations[follow-up].Answer required"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ines.ReferenceContract()
			tc.change(&c)
			testutil.Equal(t, "faults", faultNames(t, c.Validate()), tc.want)
		})
	}
}

func TestContractJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(ines.ReferenceContract())
	if err != nil {
		t.Fatal(err)
	}
	var back ines.Contract
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "contract read back from JSON", back, ines.ReferenceContract())
}

// referenceMapping is the mapping that turns the reference WSDL into the reference contract.
func referenceMapping() ines.Mapping {
	c := ines.ReferenceContract()
	m := ines.Mapping{Name: c.Name, Conventions: c.Conventions, Operations: make(map[ines.Operation]ines.OperationMapping)}
	for op, x := range c.Operations {
		om := ines.OperationMapping{Operation: x.Request, Record: x.Record, Request: make(map[ines.Field]string), Answer: make(map[ines.Field]string)}
		for _, e := range x.Fields {
			om.Request[e.Field] = e.Path
		}
		for _, e := range x.Answer {
			om.Answer[e.Field] = e.Path
		}
		m.Operations[op] = om
	}
	return m
}

func TestReferenceWSDL(t *testing.T) {
	t.Parallel()
	got, err := ines.ContractFromWSDL(ines.ReferenceWSDL(), referenceMapping())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "address", got.Endpoint, "https://ines.invalid/soap")
	got.Endpoint = ""
	testutil.Equal(t, "contract from the WSDL", got, ines.ReferenceContract())
	if !strings.Contains(ines.ReferenceNamespace, "invented") {
		t.Error("the reference namespace does not say that it is invented")
	}
}

// TestReferenceSchema has xmllint check the reference WSDL, and what the codec writes
// against its schema.
func TestReferenceSchema(t *testing.T) {
	t.Parallel()
	xmllint := testutil.Program(t, "xmllint")
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(xmllint, args...).CombinedOutput(); err != nil {
			t.Errorf("xmllint %v: %v\n%s", args, err, out)
		}
	}
	run("--noout", "--nonet", write("reference.wsdl", ines.ReferenceWSDL()))

	schema := regexp.MustCompile(`(?s)<xs:schema .*</xs:schema>`).Find(ines.ReferenceWSDL())
	schema = []byte(strings.Replace(string(schema), "<xs:schema ", `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:inv="`+ines.ReferenceNamespace+`" `, 1))
	xsd := write("reference.xsd", schema)
	codec := newCodec(t, ines.ReferenceContract())
	requests := sampleRequests()
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		el, err := codec.EncodeRequest(requests[name])
		if err != nil {
			t.Fatal(err)
		}
		run("--noout", "--nonet", "--schema", xsd, write(name+".xml", text(t, el)))
	}
	answers := sampleAnswers()
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		el, err := codec.EncodeAnswer(answers[name][0].Operation, answers[name]...)
		if err != nil {
			t.Fatal(err)
		}
		run("--noout", "--nonet", "--schema", xsd, write("answer "+name+".xml", text(t, el)))
	}
}

func newCodec(tb testing.TB, c ines.Contract) *ines.Codec {
	tb.Helper()
	codec, err := ines.NewCodec(c)
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

func text(tb testing.TB, el *etree.Element) []byte {
	tb.Helper()
	doc := etree.NewDocumentWithRoot(el.Copy())
	data, err := doc.WriteToBytes()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
