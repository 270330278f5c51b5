package wsdl

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// bind resolves the bindings and services once all documents are gathered.
func (l *loader) bind(target string) (*Definitions, error) {
	d := &Definitions{TargetNamespace: target, Missing: l.missing, schemas: l.schemas}
	for _, b := range l.bindings {
		binding, err := l.binding(d, b)
		if err != nil {
			return nil, err
		}
		if binding != nil {
			d.Bindings = append(d.Bindings, binding)
		}
	}
	for _, s := range l.services {
		service := Service{Name: s.name}
		for _, p := range xmlx.Children(s.el, namespaceWSDL, "port") {
			name, _ := xmlx.QName(p, p.SelectAttrValue("binding", ""))
			i := slices.IndexFunc(d.Bindings, func(b *Binding) bool { return b.Name == name })
			if i < 0 {
				continue
			}
			port := Port{Name: p.SelectAttrValue("name", ""), Binding: d.Bindings[i]}
			if address := extension(p, "address"); address != nil {
				port.Address = address.SelectAttrValue("location", "")
			}
			service.Ports = append(service.Ports, port)
		}
		d.Services = append(d.Services, service)
	}
	return d, nil
}

// extension returns the child of el in a namespace of the SOAP bindings.
func extension(el *etree.Element, local string) *etree.Element {
	if found := xmlx.Child(el, namespaceSOAP, local); found != nil {
		return found
	}
	return xmlx.Child(el, namespaceSOAP12, local)
}

// binding returns nil for a binding that is not one of SOAP.
func (l *loader) binding(d *Definitions, b named) (*Binding, error) {
	head := extension(b.el, "binding")
	if head == nil {
		return nil, nil
	}
	binding := &Binding{
		Name:      b.name,
		Style:     head.SelectAttrValue("style", "document"),
		Transport: head.SelectAttrValue("transport", ""),
	}
	if xmlx.Name(head).Space == namespaceSOAP12 {
		binding.Version = soap.V12
	}
	kind, _ := xmlx.QName(b.el, b.el.SelectAttrValue("type", ""))
	portType := l.portTypes[kind]
	if portType == nil {
		return nil, l.undeclared(kind, "the port type of the binding "+b.name.Local)
	}
	for _, el := range xmlx.Children(b.el, namespaceWSDL, "operation") {
		o := &Operation{Name: el.SelectAttrValue("name", ""), Style: binding.Style}
		if head := extension(el, "operation"); head != nil {
			o.Action = head.SelectAttrValue("soapAction", "")
			o.Style = head.SelectAttrValue("style", o.Style)
		}
		abstract := abstractOperation(portType, el)
		if abstract == nil {
			return nil, l.undeclared(xml.Name{Space: kind.Space, Local: o.Name}, "the operation in the port type "+kind.Local)
		}
		var err error
		if o.Input, err = l.message(d, o, el, abstract, "input", o.Name); err != nil {
			return nil, err
		}
		if o.Output, err = l.message(d, o, el, abstract, "output", o.Name+"Response"); err != nil {
			return nil, err
		}
		if o.Faults, err = l.faults(d, abstract); err != nil {
			return nil, err
		}
		binding.Operations = append(binding.Operations, o)
	}
	return binding, nil
}

// abstractOperation finds the operation of the port type. Overloaded ones are
// told apart by the name of their input.
func abstractOperation(portType, bound *etree.Element) *etree.Element {
	var found *etree.Element
	for _, el := range xmlx.Children(portType, namespaceWSDL, "operation") {
		if el.SelectAttrValue("name", "") != bound.SelectAttrValue("name", "") {
			continue
		}
		if found == nil || inputName(el) == inputName(bound) {
			found = el
		}
	}
	return found
}

func inputName(operation *etree.Element) string {
	input := xmlx.Child(operation, namespaceWSDL, "input")
	if input == nil {
		return ""
	}
	return input.SelectAttrValue("name", "")
}

func (l *loader) undeclared(name xml.Name, want string) error {
	if len(l.missing) > 0 {
		want += ", perhaps in a missing document: " + strings.Join(l.missing, ", ")
	}
	return &Error{Rule: "undeclared", Name: name, Want: want}
}

// message puts together what the binding and the port type say of one direction.
func (l *loader) message(d *Definitions, o *Operation, bound, abstract *etree.Element, direction, wrapper string) (Message, error) {
	m := Message{Use: "literal", rpc: o.Style == "rpc", definitions: d}
	in := xmlx.Child(abstract, namespaceWSDL, direction)
	if in == nil {
		return Message{}, nil
	}
	name, err := l.parts(&m, in)
	if err != nil {
		return m, err
	}
	ext := xmlx.Child(bound, namespaceWSDL, direction)
	namespace := ""
	if body := find(ext, "body"); body != nil {
		m.Use = body.SelectAttrValue("use", m.Use)
		namespace = body.SelectAttrValue("namespace", "")
		if only := body.SelectAttr("parts"); only != nil {
			names := strings.Fields(only.Value)
			m.parts = slices.DeleteFunc(m.parts, func(p part) bool { return !slices.Contains(names, p.name) })
		}
	}
	for _, header := range slices.Concat(xmlx.Children(ext, namespaceSOAP, "header"), xmlx.Children(ext, namespaceSOAP12, "header")) {
		block, ok, err := l.header(header, name, &m)
		if err != nil {
			return m, err
		}
		if ok {
			m.Headers = append(m.Headers, block)
		}
	}
	switch {
	case m.rpc:
		m.Element = xml.Name{Space: namespace, Local: wrapper}
	case len(m.parts) > 0:
		m.Element = m.parts[0].element
	}
	return m, nil
}

// find looks for an extension in el and, for attachments, in its MIME parts.
func find(el *etree.Element, local string) *etree.Element {
	if el == nil {
		return nil
	}
	if found := extension(el, local); found != nil {
		return found
	}
	for _, child := range el.ChildElements() {
		if space := xmlx.Name(child).Space; space != "http://schemas.xmlsoap.org/wsdl/mime/" {
			continue
		}
		if found := find(child, local); found != nil {
			return found
		}
	}
	return nil
}

// parts reads the parts of the message that an input, output or fault names.
func (l *loader) parts(m *Message, in *etree.Element) (xml.Name, error) {
	name, _ := xmlx.QName(in, in.SelectAttrValue("message", ""))
	el := l.messages[name]
	if el == nil {
		return name, l.undeclared(name, "a message")
	}
	m.Name = name.Local
	for _, p := range xmlx.Children(el, namespaceWSDL, "part") {
		m.parts = append(m.parts, partOf(p))
	}
	return name, nil
}

func partOf(el *etree.Element) part {
	p := part{name: el.SelectAttrValue("name", "")}
	if a := el.SelectAttr("element"); a != nil {
		p.element, _ = xmlx.QName(el, a.Value)
	} else if a := el.SelectAttr("type"); a != nil {
		p.kind, _ = xmlx.QName(el, a.Value)
	}
	return p
}

// header finds the element of a header block. Where the block is a part of the
// message itself, that part is not in the body.
func (l *loader) header(header *etree.Element, own xml.Name, m *Message) (xml.Name, bool, error) {
	name, _ := xmlx.QName(header, header.SelectAttrValue("message", ""))
	wanted := header.SelectAttrValue("part", "")
	el := l.messages[name]
	if el == nil {
		return xml.Name{}, false, l.undeclared(name, "the message of a header block")
	}
	for _, child := range xmlx.Children(el, namespaceWSDL, "part") {
		p := partOf(child)
		if p.name != wanted {
			continue
		}
		if name == own {
			m.parts = slices.DeleteFunc(m.parts, func(q part) bool { return q.name == wanted })
		}
		return p.element, p.element.Local != "", nil
	}
	return xml.Name{}, false, l.undeclared(xml.Name{Space: name.Space, Local: wanted}, "a part of the message "+name.Local)
}

func (l *loader) faults(d *Definitions, abstract *etree.Element) ([]Message, error) {
	var faults []Message
	for _, el := range xmlx.Children(abstract, namespaceWSDL, "fault") {
		m := Message{Use: "literal", definitions: d}
		if _, err := l.parts(&m, el); err != nil {
			return nil, err
		}
		if name := el.SelectAttrValue("name", ""); name != "" {
			m.Name = name
		}
		if len(m.parts) > 0 {
			m.Element = m.parts[0].element
		}
		faults = append(faults, m)
	}
	return faults, nil
}
