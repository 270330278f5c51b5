package wsdl

import (
	"encoding/xml"

	"github.com/passerelle-sup/passerelle/internal/soap"
)

// Definitions is a contract: what its documents say together. It is not changed
// once read, and safe for concurrent use.
type Definitions struct {
	// TargetNamespace is that of the first document.
	TargetNamespace string
	// Services are the services, in document order.
	Services []Service
	// Bindings are the SOAP bindings, in document order, those without a port
	// included.
	Bindings []*Binding
	// Missing lists the locations that were imported and not given by the source.
	Missing []string

	schemas schemas
}

// Service is a service with its SOAP ports.
type Service struct {
	Name  xml.Name
	Ports []Port
}

// Port is an address where a binding is served. Ports of bindings other than
// SOAP are left out.
type Port struct {
	Name    string
	Address string // as written in the contract; often that of a developer's machine
	Binding *Binding
}

// Binding says how the operations of a port type travel.
type Binding struct {
	Name       xml.Name
	Version    soap.Version
	Style      string // "document" or "rpc", for operations that do not say
	Transport  string // URI; that of HTTP nearly always
	Operations []*Operation
}

// Operation is one operation of a binding.
type Operation struct {
	Name   string
	Action string // soapAction; often empty
	Style  string // "document" or "rpc"
	Input  Message
	Output Message // the zero value where there is no answer
	Faults []Message
}

// Message is what one direction of an operation carries.
type Message struct {
	// Name is the local name of the wsdl:message, or of the fault.
	Name string
	// Element is the element in the body; the zero value where the body is empty or
	// holds the parts of a type without element.
	Element xml.Name
	// Use is "literal" or "encoded".
	Use string
	// Headers are the header blocks that the binding asks for.
	Headers []xml.Name

	parts       []part
	rpc         bool
	definitions *Definitions
}

// part is a wsdl:part.
type part struct {
	name          string
	element, kind xml.Name
}

// Operation returns the operation of this name among all bindings, those of the
// wanted version first, nil where there is none.
func (d *Definitions) Operation(name string, version soap.Version) *Operation {
	var other *Operation
	for _, b := range d.Bindings {
		for _, o := range b.Operations {
			if o.Name != name {
				continue
			}
			if b.Version == version {
				return o
			}
			if other == nil {
				other = o
			}
		}
	}
	return other
}

// Operations returns the names of all operations, each once, in document order.
func (d *Definitions) Operations() []string {
	var names []string
	seen := map[string]bool{}
	for _, b := range d.Bindings {
		for _, o := range b.Operations {
			if !seen[o.Name] {
				seen[o.Name] = true
				names = append(names, o.Name)
			}
		}
	}
	return names
}
