package wsdl

import (
	"encoding/xml"
	"io/fs"
	"net/url"
	"path"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Namespaces of contracts.
const (
	namespaceWSDL   = "http://schemas.xmlsoap.org/wsdl/"
	namespaceSOAP   = "http://schemas.xmlsoap.org/wsdl/soap/"
	namespaceSOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
	namespaceXSD    = soap.NamespaceXSD
)

// Bounds of a contract with everything it imports.
const (
	maxDocuments = 1000
	maxBytes     = 64 << 20
)

// Source gives the document of a location. Relative locations are resolved
// against the document that names them; absolute URLs are passed as written, and
// it is up to the source to know them, without a network. Its error makes the
// location missing; for the first document it is returned.
type Source func(location string) ([]byte, error)

// FromFS returns the source that opens locations as paths of fsys. URLs are
// looked up by their last path element, so that a folder of downloaded files
// does.
func FromFS(fsys fs.FS) Source {
	return func(location string) ([]byte, error) {
		if u, err := url.Parse(location); err == nil && u.IsAbs() {
			location = path.Base(u.Path)
		}
		return fs.ReadFile(fsys, location)
	}
}

// Read reads the contract at a location of source and all that it imports.
func Read(source Source, location string) (*Definitions, error) {
	data, err := source(location)
	if err != nil {
		return nil, &Error{Location: location, Rule: "read", Err: err}
	}
	return read(source, location, data)
}

// Parse reads a contract that stands alone. Whatever it imports is missing.
func Parse(data []byte) (*Definitions, error) {
	return read(nil, "", data)
}

func read(source Source, location string, data []byte) (*Definitions, error) {
	l := &loader{
		source: source,
		loaded: map[string]bool{location: true},
		schemas: schemas{
			elements: map[xml.Name]component{}, types: map[xml.Name]component{}, groups: map[xml.Name]component{},
		},
		messages: map[xml.Name]*etree.Element{}, portTypes: map[xml.Name]*etree.Element{},
	}
	root, err := l.parse(location, data)
	if err != nil {
		return nil, err
	}
	if !xmlx.Is(root, namespaceWSDL, "definitions") {
		return nil, &Error{Location: location, Rule: "document", Want: "definitions of WSDL 1.1"}
	}
	if err := l.definitions(location, root); err != nil {
		return nil, err
	}
	return l.bind(root.SelectAttrValue("targetNamespace", ""))
}

// loader gathers the components of all documents before anything is resolved.
type loader struct {
	source    Source
	loaded    map[string]bool // location and adopted namespace
	bytes     int
	missing   []string
	schemas   schemas
	messages  map[xml.Name]*etree.Element
	portTypes map[xml.Name]*etree.Element
	bindings  []named
	services  []named
}

// named is a component with the namespace of its document.
type named struct {
	name xml.Name
	el   *etree.Element
}

func (l *loader) parse(location string, data []byte) (*etree.Element, error) {
	if l.bytes += len(data); l.bytes > maxBytes {
		return nil, &Error{Location: location, Rule: "limit", Want: "smaller documents"}
	}
	doc, err := xmlx.Parse(data, "", xmlx.Limits{})
	if err != nil {
		return nil, &Error{Location: location, Rule: "document", Err: err}
	}
	return doc.Root(), nil
}

// open loads what is imported at location from the document base; nil where it
// was loaded before or is missing. adopted is the namespace that an included
// schema without one takes.
func (l *loader) open(base, location, adopted string) (resolved string, root *etree.Element, err error) {
	resolved = location
	if u, err := url.Parse(location); err == nil && !u.IsAbs() {
		if b, err := url.Parse(base); err == nil && b.IsAbs() {
			resolved = b.ResolveReference(u).String()
		} else {
			resolved = path.Join(path.Dir(base), location)
		}
	}
	key := resolved + " " + adopted
	if location == "" || l.loaded[key] || l.loaded[resolved] && adopted == "" {
		return resolved, nil, nil
	}
	l.loaded[key] = true
	if len(l.loaded) > maxDocuments {
		return "", nil, &Error{Location: resolved, Rule: "limit", Want: "fewer documents"}
	}
	if l.source == nil {
		l.missing = append(l.missing, location)
		return resolved, nil, nil
	}
	data, err := l.source(resolved)
	if err != nil {
		l.missing = append(l.missing, location)
		return resolved, nil, nil
	}
	root, err = l.parse(resolved, data)
	return resolved, root, err
}

// definitions gathers a WSDL document.
func (l *loader) definitions(location string, root *etree.Element) error {
	target := root.SelectAttrValue("targetNamespace", "")
	for _, el := range root.ChildElements() {
		if xmlx.Name(el).Space != namespaceWSDL {
			continue
		}
		name := xml.Name{Space: target, Local: el.SelectAttrValue("name", "")}
		switch el.Tag {
		case "import":
			resolved, imported, err := l.open(location, el.SelectAttrValue("location", ""), "")
			if err != nil {
				return err
			}
			if imported == nil {
				continue
			}
			if err := l.imported(resolved, imported); err != nil {
				return err
			}
		case "types":
			for _, schema := range xmlx.Children(el, namespaceXSD, "schema") {
				if err := l.schema(location, schema, ""); err != nil {
					return err
				}
			}
		case "message":
			l.messages[name] = el
		case "portType":
			l.portTypes[name] = el
		case "binding":
			l.bindings = append(l.bindings, named{name, el})
		case "service":
			l.services = append(l.services, named{name, el})
		}
	}
	return nil
}

// imported gathers what a wsdl:import names: a contract, or a schema, which
// WS-I forbids and some tools write.
func (l *loader) imported(location string, root *etree.Element) error {
	switch xmlx.Name(root) {
	case xml.Name{Space: namespaceWSDL, Local: "definitions"}:
		return l.definitions(location, root)
	case xml.Name{Space: namespaceXSD, Local: "schema"}:
		return l.schema(location, root, "")
	}
	return &Error{Location: location, Rule: "import", Want: "a contract or a schema"}
}
