package aglae

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/soap/wsdl"
)

// Mapping says what the WSDL of a connector cannot say: which operation asks, and
// which element is which. It is made to be read from JSON. Paths are local names
// separated by "/", without prefixes.
type Mapping struct {
	Name      string            `json:"name,omitempty"`      // for people
	SOAP      string            `json:"soap,omitempty"`      // "1.1" or "1.2"; empty: 1.1 where the WSDL has it
	Endpoint  string            `json:"endpoint,omitempty"`  // in place of the address in the WSDL
	Operation string            `json:"operation"`           // name of the operation in the WSDL
	Request   map[Field]string  `json:"request"`             // paths inside the element of the question
	Constants map[string]string `json:"constants,omitempty"` // texts by path, for elements that always hold the same
	Verdict   string            `json:"verdict"`             // paths inside the element of the answer
	Code      string            `json:"code,omitempty"`
	Message   string            `json:"message,omitempty"`

	Conventions
}

// ContractFromWSDL makes a contract of the WSDL that an establishment received and of
// a mapping: names, namespaces, order and optionality come from the WSDL, which has to
// stand alone.
//
// Everything that is missing or unknown comes together as passerelle.FieldErrors, with
// what the WSDL has instead. A WSDL that cannot be read is another error that is
// passerelle.ErrInvalid.
func ContractFromWSDL(document []byte, m Mapping) (Contract, error) {
	definitions, err := wsdl.Parse(document)
	if err != nil {
		return Contract{}, err
	}
	b := wsdlBuilder{mapping: m, namespaces: make(map[string]string), prefixes: make(map[string]string)}
	c := b.build(definitions)
	if err := b.faults.Err(); err != nil {
		return Contract{}, err
	}
	return c, c.Validate()
}

// wsdlBuilder makes a contract.
type wsdlBuilder struct {
	mapping    Mapping
	usual      string            // namespace of names without prefix
	namespaces map[string]string // by prefix
	prefixes   map[string]string // by namespace
	faults     passerelle.FieldErrors
}

func (b *wsdlBuilder) build(definitions *wsdl.Definitions) Contract {
	m := b.mapping
	c := Contract{Name: m.Name, Endpoint: m.Endpoint, SOAP: m.SOAP, Verdict: m.Verdict, Code: m.Code, Message: m.Message, Conventions: m.Conventions}
	if c.SOAP == "" {
		c.SOAP = soap.V11.String()
	}
	version := soap.V11
	if c.SOAP == soap.V12.String() {
		version = soap.V12
	}
	op := definitions.Operation(m.Operation, version)
	if op == nil {
		b.faults.Add("Mapping.Operation", "unknown", "one of "+strings.Join(definitions.Operations(), ", "))
		return c
	}
	binding := bindingOf(definitions, op)
	if m.SOAP != "" && binding.Version != version {
		b.faults.Add("Mapping.SOAP", "unknown", "the version of a binding of the operation, or nothing")
	}
	c.SOAP = binding.Version.String()
	if c.Endpoint == "" {
		c.Endpoint = addressOf(definitions, binding)
	}
	in, out := op.Input, op.Output
	for _, side := range []struct {
		name string
		wsdl.Message
	}{{"input", in}, {"output", out}} {
		if side.Use == "encoded" || side.Element.Local == "" {
			b.faults.Add("Mapping.Operation", "style", "an operation with a literal element as its "+side.name)
		}
	}
	if len(b.faults) > 0 {
		return c
	}
	if in.Element.Space != out.Element.Space {
		b.faults.Add("Mapping.Operation", "namespace", "one namespace for question and answer")
	}
	shape, err := in.Operation()
	if err != nil {
		b.faults.Add("Mapping.Operation", "schema", err.Error())
		return c
	}
	c.Namespace, c.Unqualified = in.Element.Space, !shape.Qualified
	c.Action, c.Request, c.Response = op.Action, in.Element.Local, out.Element.Local
	if shape.Qualified {
		b.usual = c.Namespace
	}
	b.answer(out)
	c.Fields = b.question(in)
	if len(b.namespaces) > 0 {
		c.Namespaces = b.namespaces
	}
	return c
}

// answer checks the paths of the answer.
func (b *wsdlBuilder) answer(out wsdl.Message) {
	for _, p := range []struct{ field, path string }{
		{"Mapping.Verdict", b.mapping.Verdict}, {"Mapping.Code", b.mapping.Code}, {"Mapping.Message", b.mapping.Message},
	} {
		if p.path == "" {
			continue // Contract.Validate asks for the verdict
		}
		for _, f := range out.Unknown(p.path) {
			b.faults.Add(p.field, f.Rule, f.Want)
		}
	}
}

// question lists the elements of the question in the order of the WSDL.
func (b *wsdlBuilder) question(in wsdl.Message) []Element {
	mapped := make(map[string]Element)
	take := func(name, path string, e Element) {
		unknown := in.Unknown(path)
		for _, f := range unknown {
			b.faults.Add(name, f.Rule, f.Want)
		}
		if _, twice := mapped[path]; twice {
			b.faults.Add(name, "unique", "an element that nothing else is mapped to")
		}
		if len(unknown) == 0 {
			mapped[path] = e
		}
	}
	for _, f := range slices.Sorted(maps.Keys(b.mapping.Request)) {
		take("Mapping.Request["+string(f)+"]", b.mapping.Request[f], Element{Field: f})
	}
	for _, path := range slices.Sorted(maps.Keys(b.mapping.Constants)) {
		take("Mapping.Constants["+path+"]", path, Element{Text: b.mapping.Constants[path]})
	}
	top, err := in.Fields()
	if err != nil {
		b.faults.Add("Mapping.Operation", "schema", err.Error())
		return nil
	}
	elements := b.walk(top, "", "", mapped, true, 0)
	for path, e := range mapped {
		if !slices.ContainsFunc(elements, func(x Element) bool { return x.Field == e.Field && x.Text == e.Text }) {
			b.faults.Add("Mapping.Request", "text", "elements that hold text: "+path+" holds elements")
		}
	}
	return elements
}

// maxDepth bounds the elements inside one another: types may hold themselves.
const maxDepth = 8

// walk goes through the elements of a message in order. sure says that the WSDL
// requires what holds them.
func (b *wsdlBuilder) walk(shape []wsdl.Field, above, written string, mapped map[string]Element, sure bool, depth int) []Element {
	var elements []Element
	for _, f := range shape {
		path, name := above+f.Name.Local, written+b.step(f)
		inside, err := f.Fields()
		if err != nil {
			b.faults.Add("Mapping.Request", "schema", err.Error())
			continue
		}
		e, here := mapped[path]
		switch {
		case here && len(inside) == 0:
			e.Path, e.Required = name, sure && f.Min > 0
			elements = append(elements, e)
		case len(inside) > 0 && depth < maxDepth:
			elements = append(elements, b.walk(inside, path+"/", name+"/", mapped, sure && f.Min > 0, depth+1)...)
		case sure && f.Min > 0 && !f.Nillable && len(inside) == 0:
			b.faults.Add("Mapping.Request", "required", "a field or a constant for "+path+", which the WSDL requires")
		}
	}
	return elements
}

// step writes the name of an element as a path wants it.
func (b *wsdlBuilder) step(f wsdl.Field) string {
	switch f.Name.Space {
	case b.usual:
		return f.Name.Local
	case "":
		return ":" + f.Name.Local
	}
	prefix, ok := b.prefixes[f.Name.Space]
	if !ok {
		prefix = fmt.Sprintf("n%d", len(b.prefixes)+1)
		b.prefixes[f.Name.Space], b.namespaces[prefix] = prefix, f.Name.Space
	}
	return prefix + ":" + f.Name.Local
}

func bindingOf(definitions *wsdl.Definitions, op *wsdl.Operation) *wsdl.Binding {
	for _, binding := range definitions.Bindings {
		if slices.Contains(binding.Operations, op) {
			return binding
		}
	}
	return &wsdl.Binding{}
}

// addressOf returns where the binding is served, if the WSDL says something usable.
func addressOf(definitions *wsdl.Definitions, binding *wsdl.Binding) string {
	for _, s := range definitions.Services {
		for _, p := range s.Ports {
			var faults passerelle.FieldErrors
			if checkEndpoint(&faults, "", p.Address); p.Binding == binding && len(faults) == 0 {
				return p.Address
			}
		}
	}
	return ""
}
