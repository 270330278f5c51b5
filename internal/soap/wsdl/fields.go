package wsdl

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Unbounded is the Max of a field that may come any number of times.
const Unbounded = -1

// Bounds of one type: groups, extensions and model groups inside one another, and
// the particles in all of them, counted each time a group is used.
const (
	maxNesting   = 50
	maxParticles = 20_000
)

// Field is an element that a message or another field holds.
type Field struct {
	// Name is the name on the wire; its namespace is "" where it is unqualified.
	Name xml.Name
	// Type is the name of its type; the zero value for one defined on the spot.
	Type xml.Name
	// Min and Max are how often it comes, the groups around it taken in.
	Min, Max int
	// Nillable says that xsi:nil may stand for a value.
	Nillable bool

	definitions *Definitions
	kind        component // a type defined on the spot
}

// Fields returns the elements directly inside the body element, or the parts in
// rpc style, in order. An element or type that is not declared is an [Error] that
// names it.
func (m Message) Fields() ([]Field, error) {
	if m.definitions == nil {
		return nil, nil
	}
	if !m.rpc && m.Element.Local != "" {
		f, err := m.definitions.element(m.Element)
		if err != nil {
			return nil, err
		}
		return f.Fields()
	}
	var fields []Field
	for _, p := range m.parts {
		f := Field{Name: xml.Name{Local: p.name}, Type: p.kind, Min: 1, Max: 1, definitions: m.definitions}
		if p.element.Local != "" {
			declared, err := m.definitions.element(p.element)
			if err != nil {
				return nil, err
			}
			f.Type, f.kind = declared.Type, declared.kind
		}
		if !m.rpc {
			// A document whose part has a type: the body holds what the type holds.
			return f.Fields()
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// Find returns the field at a path of local names separated by "/", nil where
// there is none.
func (m Message) Find(path string) (*Field, error) {
	fields, err := m.Fields()
	if err != nil {
		return nil, err
	}
	var found *Field
	for name := range strings.SplitSeq(path, "/") {
		if found != nil {
			if fields, err = found.Fields(); err != nil {
				return nil, err
			}
		}
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name.Local == name })
		if i < 0 {
			return nil, nil
		}
		found = &fields[i]
	}
	return found, nil
}

// Unknown returns a fault for each path that the message does not have, with the
// names that stand at that place. An element or type that is not declared is a
// fault of its path.
func (m Message) Unknown(paths ...string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	for _, path := range paths {
		found, err := m.Find(path)
		switch {
		case err != nil:
			faults.Add(path, "undeclared", err.Error())
		case found == nil:
			faults.Add(path, "unknown", m.neighbours(path))
		}
	}
	return faults
}

// neighbours lists the names at the place where a path leaves the contract.
func (m Message) neighbours(path string) string {
	fields, err := m.Fields()
	where := "the message"
	for name := range strings.SplitSeq(path, "/") {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Name.Local == name })
		if i < 0 || err != nil {
			break
		}
		where = name
		fields, err = fields[i].Fields()
	}
	if len(fields) == 0 {
		return "nothing inside " + where
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name.Local
	}
	return "one of " + strings.Join(names, ", ")
}

// Required returns the names of the fields directly in the message that the
// contract does not let one leave out or nil. Servers are often more lenient than
// their contract.
func (m Message) Required() ([]string, error) {
	fields, err := m.Fields()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range fields {
		if f.Min > 0 && !f.Nillable {
			names = append(names, f.Name.Local)
		}
	}
	return names, nil
}

// Operation returns the shape of the message for the soap package. It is
// qualified where the first field is.
func (m Message) Operation() (soap.Operation, error) {
	fields, err := m.Fields()
	if err != nil {
		return soap.Operation{}, err
	}
	return soap.Operation{
		Name: m.Element.Local, Namespace: m.Element.Space,
		Qualified: len(fields) > 0 && fields[0].Name.Space != "",
	}, nil
}

// Fields returns the elements directly inside f, in order; none where its type is
// simple. What an extension adds comes after what its base has.
func (f Field) Fields() ([]Field, error) {
	c := f.kind
	if c.el == nil {
		if f.Type.Local == "" || builtin(f.Type) {
			return nil, nil
		}
		var ok bool
		if c, ok = f.definitions.schemas.types[f.Type]; !ok {
			return nil, f.definitions.undeclared(f.Type, "a type")
		}
	}
	w := walker{definitions: f.definitions}
	if err := w.complexType(c, 0); err != nil {
		return nil, err
	}
	return w.fields, nil
}

// builtin reports whether a type is one of XML Schema or of the SOAP encoding.
func builtin(name xml.Name) bool {
	switch name.Space {
	case namespaceXSD, "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding":
		return true
	}
	return false
}

func (d *Definitions) undeclared(name xml.Name, want string) error {
	l := loader{missing: d.Missing}
	return l.undeclared(name, want)
}

// element returns a global element as a field.
func (d *Definitions) element(name xml.Name) (Field, error) {
	c, ok := d.schemas.elements[name]
	if !ok {
		return Field{}, d.undeclared(name, "an element")
	}
	return d.field(c, c.el, name), nil
}

// field reads the type of an element declaration.
func (d *Definitions) field(c component, el *etree.Element, name xml.Name) Field {
	f := Field{Name: name, Min: 1, Max: 1, definitions: d}
	nillable := el.SelectAttrValue("nillable", "")
	f.Nillable = nillable == "true" || nillable == "1"
	if kind, ok := c.ref(el, "type"); ok {
		f.Type = kind
	} else if inline := xmlx.Child(el, namespaceXSD, "complexType"); inline != nil {
		f.kind = component{inline, c.schema}
	}
	return f
}

// walker collects the elements of a type.
type walker struct {
	definitions *Definitions
	fields      []Field
	seen        int
}

func (w *walker) complexType(c component, depth int) error {
	if depth > maxNesting {
		return &Error{Rule: "circle", Name: xml.Name{Local: c.el.SelectAttrValue("name", "")}, Want: "types that do not extend themselves"}
	}
	content := xmlx.Child(c.el, namespaceXSD, "complexContent")
	if content == nil {
		return w.particles(c, c.el, 1, 1, depth)
	}
	if derived := xmlx.Child(content, namespaceXSD, "restriction"); derived != nil {
		return w.particles(c, derived, 1, 1, depth)
	}
	derived := xmlx.Child(content, namespaceXSD, "extension")
	if derived == nil {
		return nil
	}
	if base, ok := c.ref(derived, "base"); ok && !builtin(base) {
		b, declared := w.definitions.schemas.types[base]
		if !declared {
			return w.definitions.undeclared(base, "the type that is extended")
		}
		if err := w.complexType(b, depth+1); err != nil {
			return err
		}
	}
	return w.particles(c, derived, 1, 1, depth)
}

// particles walks the model groups and elements directly inside el. low and high
// are how often el itself comes.
func (w *walker) particles(c component, el *etree.Element, low, high, depth int) error {
	if depth > maxNesting {
		return &Error{Rule: "circle", Want: "groups that do not hold themselves"}
	}
	for _, child := range el.ChildElements() {
		if xmlx.Name(child).Space != namespaceXSD {
			continue
		}
		if w.seen++; w.seen > maxParticles {
			return &Error{Rule: "limit", Want: "types with fewer elements"}
		}
		min, max := occurs(child, low, high)
		var err error
		switch child.Tag {
		case "element":
			if el.Tag == "choice" {
				min = 0
			}
			err = w.element(c, child, min, max)
		case "choice":
			err = w.particles(c, child, 0, max, depth+1)
		case "sequence", "all":
			if el.Tag == "choice" {
				min = 0
			}
			err = w.particles(c, child, min, max, depth+1)
		case "group":
			name, ok := c.ref(child, "ref")
			if !ok {
				continue
			}
			group, declared := w.definitions.schemas.groups[name]
			if !declared {
				return w.definitions.undeclared(name, "a group")
			}
			err = w.particles(group, group.el, min, max, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// occurs reads how often a particle comes, inside a group that comes from low to
// high times.
func occurs(el *etree.Element, low, high int) (min, max int) {
	min, max = 1, 1
	if n, err := strconv.Atoi(el.SelectAttrValue("minOccurs", "1")); err == nil && n >= 0 {
		min = n
	}
	switch text := el.SelectAttrValue("maxOccurs", "1"); text {
	case "unbounded":
		max = Unbounded
	default:
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			max = n
		}
	}
	if low == 0 {
		min = 0
	}
	if high == Unbounded || high > 1 && max > 1 {
		if max != 0 {
			max = Unbounded
		}
	} else if max == 1 {
		max = high
	}
	return min, max
}

func (w *walker) element(c component, el *etree.Element, min, max int) error {
	f := Field{}
	if name, ok := c.ref(el, "ref"); ok {
		declared, err := w.definitions.element(name)
		if err != nil {
			return err
		}
		f = declared
	} else {
		name := xml.Name{Local: el.SelectAttrValue("name", "")}
		form := el.SelectAttrValue("form", "")
		if form == "qualified" || form == "" && c.schema.qualified {
			name.Space = c.schema.target
		}
		f = w.definitions.field(c, el, name)
	}
	f.Min, f.Max = min, max
	w.fields = append(w.fields, f)
	return nil
}
