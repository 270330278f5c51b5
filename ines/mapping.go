package ines

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap/wsdl"
)

// Mapping says what the WSDL of a service cannot say: which operation is which,
// and which element is which field. It is made to be read from JSON. Paths are
// local names separated by "/", without prefixes.
type Mapping struct {
	Name     string `json:"name,omitempty"`     // for people, see Contract.Name
	SOAP     string `json:"soap,omitempty"`     // "1.1" or "1.2"; empty: that of the first binding
	Endpoint string `json:"endpoint,omitempty"` // in place of the address in the WSDL, which is often that of another machine

	Operations map[Operation]OperationMapping `json:"operations"`

	Conventions
}

// OperationMapping is a [Mapping] for one operation.
type OperationMapping struct {
	Operation string            `json:"operation"`           // name of the operation in the WSDL
	Request   map[Field]string  `json:"request"`             // paths inside the element of the request
	Constants map[string]string `json:"constants,omitempty"` // texts by path, for elements of the request that always hold the same
	Record    string            `json:"record,omitempty"`    // path of the element that holds one answer, inside that of the response
	Answer    map[Field]string  `json:"answer"`              // paths inside a record
}

// ContractFromWSDL makes a contract of the WSDL that an establishment received
// and of a mapping: names, namespaces, order and optionality come from the WSDL.
// The WSDL has to stand alone: one that imports schemas is given with them put
// in.
//
// Everything that is missing or unknown comes together as passerelle.FieldErrors:
// operations and paths that the WSDL does not have, with those that it has, fields
// that the operation needs and that are not mapped, and elements that the WSDL
// requires and nothing fills. A WSDL that cannot be read is another error that is
// passerelle.ErrInvalid.
func ContractFromWSDL(document []byte, m Mapping) (Contract, error) {
	definitions, err := wsdl.Parse(document)
	if err != nil {
		return Contract{}, err
	}
	b := builder{wsdl: definitions, mapping: m, contract: Contract{
		Name: m.Name, SOAP: m.SOAP, Endpoint: m.Endpoint, Conventions: m.Conventions,
		Namespaces: make(map[string]string), Operations: make(map[Operation]Exchange),
	}}
	b.build()
	if err := b.faults.Err(); err != nil {
		return Contract{}, err
	}
	if len(b.contract.Namespaces) == 0 {
		b.contract.Namespaces = nil
	}
	return b.contract, b.contract.Validate()
}

// builder makes a contract.
type builder struct {
	wsdl     *wsdl.Definitions
	mapping  Mapping
	contract Contract
	faults   passerelle.FieldErrors
}

func (b *builder) build() {
	if len(b.wsdl.Bindings) == 0 {
		b.faults.Add("WSDL", "binding", "a SOAP binding"+missingDocuments(b.wsdl))
		return
	}
	if len(b.mapping.Operations) == 0 {
		b.faults.Add("Mapping.Operations", "required", "one operation at least of "+list(operations))
	}
	for _, op := range slices.Sorted(maps.Keys(b.mapping.Operations)) {
		if !slices.Contains(operations, op) {
			b.faults.Add("Mapping.Operations["+string(op)+"]", "name", "one of "+list(operations))
		}
	}
	binding := b.wsdl.Bindings[0]
	for _, candidate := range b.wsdl.Bindings {
		if candidate.Version.String() == b.contract.SOAP {
			binding = candidate
			break
		}
	}
	if b.contract.SOAP != "" && binding.Version.String() != b.contract.SOAP {
		b.faults.Add("Mapping.SOAP", "unknown", "the version of a binding of the WSDL, or nothing")
		return
	}
	b.contract.SOAP = binding.Version.String()
	if b.contract.Endpoint == "" {
		b.contract.Endpoint = b.address(binding)
	}
	// Whether anything is in no namespace has to be known before names are written.
	messages := make(map[Operation][2]*message)
	for _, op := range operations {
		if om, ok := b.mapping.Operations[op]; ok {
			messages[op] = b.messages(binding, op, om)
		}
	}
	if b.contract.Unqualified && b.contract.Prefix == "" {
		b.contract.Prefix = "ns"
	}
	for _, op := range operations {
		if pair, ok := messages[op]; ok && pair[0] != nil && pair[1] != nil {
			b.exchange(op, b.mapping.Operations[op], pair[0], pair[1])
		}
	}
}

func missingDocuments(d *wsdl.Definitions) string {
	if len(d.Missing) == 0 {
		return ""
	}
	return ", perhaps in a document that is imported: " + strings.Join(d.Missing, ", ")
}

// address returns where the binding is served, if the WSDL says something usable.
func (b *builder) address(binding *wsdl.Binding) string {
	for _, s := range b.wsdl.Services {
		for _, p := range s.Ports {
			var faults passerelle.FieldErrors
			if checkEndpoint(&faults, "", p.Address); p.Binding == binding && len(faults) == 0 {
				return p.Address
			}
		}
	}
	return ""
}

// message is what the WSDL says of one direction of an operation.
type message struct {
	action, element string
	fields          []element
}

// element is an element that a message may hold.
type element struct {
	wsdl.Field
	path   string // local names from the message on
	inside []element
}

// maxShape bounds the elements of one message: types may hold themselves.
const (
	maxShapeDepth = 8
	maxShape      = 2000
)

// messages finds the request and the response of an operation in the WSDL.
func (b *builder) messages(binding *wsdl.Binding, op Operation, om OperationMapping) (pair [2]*message) {
	at := "Mapping.Operations[" + string(op) + "]"
	i := slices.IndexFunc(binding.Operations, func(o *wsdl.Operation) bool { return o.Name == om.Operation })
	if i < 0 {
		names := make([]string, len(binding.Operations))
		for i, o := range binding.Operations {
			names[i] = o.Name
		}
		b.faults.Add(at+".Operation", "unknown", "one of "+list(names))
		return pair
	}
	o := binding.Operations[i]
	for i, m := range []wsdl.Message{o.Input, o.Output} {
		direction := [...]string{"input", "output"}[i]
		switch {
		case m.Use == "encoded":
			b.faults.Add(at, "style", "an operation with literal messages: "+direction+" is encoded")
			continue
		case m.Element.Local == "":
			b.faults.Add(at, "style", "an operation whose "+direction+" has an element")
			continue
		case b.contract.Namespace == "":
			b.contract.Namespace = m.Element.Space
		case b.contract.Namespace != m.Element.Space:
			b.faults.Add(at, "namespace", "one namespace for all operations, as in "+b.contract.Namespace)
			continue
		}
		budget := maxShape
		fields, err := m.Fields()
		var inside []element
		if err == nil {
			inside, err = b.shape(fields, "", 0, &budget)
		}
		if err != nil {
			b.faults.Add(at, "schema", direction+": "+err.Error())
			continue
		}
		pair[i] = &message{action: o.Action, element: m.Element.Local, fields: inside}
	}
	return pair
}

// shape lists what a message holds.
func (b *builder) shape(fields []wsdl.Field, above string, depth int, budget *int) ([]element, error) {
	var shape []element
	for _, f := range fields {
		if *budget--; *budget < 0 {
			return shape, nil
		}
		e := element{Field: f, path: strings.TrimPrefix(above+"/"+f.Name.Local, "/")}
		if f.Name.Space == "" {
			b.contract.Unqualified = true
		}
		if depth < maxShapeDepth {
			inside, err := f.Fields()
			if err != nil {
				return nil, err
			}
			if e.inside, err = b.shape(inside, e.path, depth+1, budget); err != nil {
				return nil, err
			}
		}
		shape = append(shape, e)
	}
	return shape, nil
}

// exchange maps one operation.
func (b *builder) exchange(op Operation, om OperationMapping, in, out *message) {
	at := "Mapping.Operations[" + string(op) + "]"
	x := Exchange{Action: in.action, Request: in.element, Response: out.element}
	request := b.paths(at+".Request", om.Request, requestFields[op], in.fields)
	for _, path := range slices.Sorted(maps.Keys(om.Constants)) {
		if found := lookup(in.fields, path); found == nil || len(found.inside) > 0 {
			b.faults.Add(fmt.Sprintf("%s.Constants[%s]", at, path), "unknown", "one of "+offered(in.fields))
		}
		request[path] = Element{Text: om.Constants[path]}
	}
	x.Fields = b.elements(at+".Request", in.fields, request, requestFields[op].required, true)
	records := out.fields
	if om.Record != "" {
		record := lookup(out.fields, om.Record)
		if record == nil {
			b.faults.Add(at+".Record", "unknown", "one of "+offered(out.fields))
			return
		}
		x.Record, records = b.qualified(out.fields, om.Record), below(record.inside, om.Record)
	}
	answer := b.paths(at+".Answer", om.Answer, answerFields[op], records)
	x.Answer = b.elements(at+".Answer", records, answer, nil, false)
	b.contract.Operations[op] = x
}

// below takes a path off the front of those of a shape.
func below(shape []element, path string) []element {
	cut := make([]element, len(shape))
	for i, e := range shape {
		e.path, e.inside = strings.TrimPrefix(e.path, path+"/"), below(e.inside, path)
		cut[i] = e
	}
	return cut
}

// paths turns a mapping around, and names what is wrong with it.
func (b *builder) paths(at string, mapping map[Field]string, rule fieldRule, shape []element) map[string]Element {
	paths := make(map[string]Element, len(mapping))
	for _, f := range slices.Sorted(maps.Keys(mapping)) {
		name, path := fmt.Sprintf("%s[%s]", at, f), mapping[f]
		found := lookup(shape, path)
		other, taken := paths[path]
		switch {
		case !slices.Contains(rule.all(), f):
			b.faults.Add(name, "name", "a field of this message: "+list(rule.all()))
		case found == nil:
			b.faults.Add(name, "unknown", "one of "+offered(shape))
		case len(found.inside) > 0:
			b.faults.Add(name, "text", "an element that holds text, one of "+offered(found.inside))
		case taken:
			b.faults.Add(name, "unique", "another element than that of "+string(other.Field))
		}
		paths[path] = Element{Field: f}
	}
	for _, f := range rule.required {
		_, mapped := mapping[f]
		if f == FieldBirthplace && mapping[FieldBirthCommune] != "" && mapping[FieldBirthCountry] != "" {
			mapped = true
		}
		if !mapped {
			b.faults.Add(fmt.Sprintf("%s[%s]", at, f), "required", "the path of an element, one of "+offered(shape))
		}
	}
	return paths
}

// elements puts the mapped elements in the order of the WSDL. In a request, one
// that the WSDL requires and that nothing fills is a fault.
func (b *builder) elements(at string, shape []element, mapped map[string]Element, needed []Field, request bool) []Element {
	var elements []Element
	for _, e := range shape {
		if m, ok := mapped[e.path]; ok && len(e.inside) == 0 {
			m.Path, m.Required, m.Repeated = b.step(e), e.Min > 0, e.Max != 1
			elements = append(elements, m)
			continue
		}
		inner := b.elements(at, e.inside, mapped, needed, request && e.Min > 0)
		sure := e.Min > 0 || slices.ContainsFunc(inner, func(x Element) bool { return needs(needed, x.Field) })
		for _, x := range inner {
			x.Path, x.Required = b.step(e)+"/"+x.Path, x.Required && sure
			elements = append(elements, x)
		}
		if request && e.Min > 0 && !e.Nillable && len(inner) == 0 && len(e.inside) == 0 {
			b.faults.Add(at, "required", "a field or a constant for "+e.path+", which the WSDL requires")
		}
	}
	return elements
}

// needs reports whether a field is one that every request has, alone or as a part
// of the birthplace.
func needs(needed []Field, f Field) bool {
	return slices.Contains(needed, f) || (f == FieldBirthCommune || f == FieldBirthCountry) && slices.Contains(needed, FieldBirthplace)
}

// qualified writes a path with the prefixes that its names need.
func (b *builder) qualified(shape []element, path string) string {
	var steps []string
	for at := ""; ; {
		local, rest, more := strings.Cut(path, "/")
		at = strings.TrimPrefix(at+"/"+local, "/")
		steps = append(steps, b.step(*lookup(shape, at)))
		if !more {
			return strings.Join(steps, "/")
		}
		path = rest
	}
}

// step writes the name of an element as a path wants it.
func (b *builder) step(e element) string {
	usual := b.contract.Namespace
	if b.contract.Unqualified {
		usual = ""
	}
	if e.Name.Space == usual {
		return e.Name.Local
	}
	for prefix, space := range b.contract.Namespaces {
		if space == e.Name.Space {
			return prefix + ":" + e.Name.Local
		}
	}
	for n := 1; ; n++ {
		prefix := fmt.Sprintf("n%d", n)
		if _, taken := b.contract.Namespaces[prefix]; !taken && prefix != b.contract.Prefix {
			b.contract.Namespaces[prefix] = e.Name.Space
			return prefix + ":" + e.Name.Local
		}
	}
}

// lookup finds the element at a path.
func lookup(shape []element, path string) *element {
	for i := range shape {
		e := &shape[i]
		if e.path == path {
			return e
		}
		if found := lookup(e.inside, path); found != nil {
			return found
		}
	}
	return nil
}

// offered lists the paths of a shape that hold text, for an error.
func offered(shape []element) string {
	const enough = 60
	var paths []string
	var walk func([]element)
	walk = func(shape []element) {
		for _, e := range shape {
			if len(e.inside) == 0 && len(paths) <= enough {
				paths = append(paths, e.path)
			}
			walk(e.inside)
		}
	}
	walk(shape)
	switch {
	case len(paths) == 0:
		return "nothing: the message is empty"
	case len(paths) > enough:
		paths[enough] = "…"
		paths = paths[:enough+1]
	}
	return strings.Join(paths, ", ")
}
