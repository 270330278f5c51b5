package xmlx

import (
	"encoding/xml"
	"io"
	"strings"
)

// The namespaces that the letters of a prefix are bound to by definition.
const (
	namespaceXML   = "http://www.w3.org/XML/1998/namespace"
	namespaceXMLNS = "http://www.w3.org/2000/xmlns/"
)

// maxBindings bounds the namespace declarations in force at one place: looking
// up a prefix in an etree visits them all.
const maxBindings = 1024

// guard is an xml.TokenReader over raw tokens, prefixes kept as written. It lets
// through start tags, end tags and the text between them, of documents that obey
// the rules of the package.
type guard struct {
	dec    *xml.Decoder
	src    *source
	limits Limits

	first    bool // no token was read yet
	rooted   bool // the root element was opened
	elements int
	open     []open
	bound    map[string]string
	undo     []binding
}

type open struct {
	name xml.Name
	undo int // length of guard.undo before the element
}

type binding struct{ prefix, uri string }

func newGuard(src *source, limits Limits, declared string) *guard {
	src.max, src.maxToken = limits.MaxBytes, limits.MaxToken
	g := &guard{
		dec: xml.NewDecoder(src), src: src, limits: limits, first: true,
		bound: map[string]string{"": "", "xml": namespaceXML},
	}
	// The bytes are UTF-8 by now. A label that was not seen beforehand would mean
	// that they were converted from the wrong character set.
	g.dec.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if !strings.EqualFold(label, declared) {
			return nil, at(g.dec, "charset", "an XML declaration at the start of the document")
		}
		return input, nil
	}
	return g
}

// Token returns the next start tag, end tag or text, and io.EOF after a whole
// document. The text is valid until the next call.
func (g *guard) Token() (xml.Token, error) {
	for {
		g.src.token = g.src.read
		token, err := g.dec.RawToken()
		if err == io.EOF {
			return nil, g.end()
		}
		if err != nil {
			return nil, fault(g.dec, err)
		}
		first := g.first
		g.first = false
		switch t := token.(type) {
		case xml.StartElement:
			if err := g.start(t); err != nil {
				return nil, err
			}
			return token, nil // not t, which would be boxed anew
		case xml.EndElement:
			if err := g.close(t); err != nil {
				return nil, err
			}
			return token, nil
		case xml.CharData:
			if len(g.open) > 0 {
				return token, nil
			}
			if strings.Trim(string(t), " \t\r\n") != "" {
				return nil, g.outside("text inside the root element only")
			}
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") {
				if !first || t.Target != "xml" {
					return nil, at(g.dec, "instruction", "the XML declaration at the start only")
				}
			} else if len(g.open) > 0 {
				return nil, at(g.dec, "instruction", "no processing instruction inside the root element")
			}
		case xml.Directive:
			return nil, at(g.dec, "doctype", "no document type declaration")
		}
	}
}

func (g *guard) end() error {
	switch {
	case len(g.open) > 0:
		return at(g.dec, "truncated", "the rest of the document")
	case !g.rooted:
		return at(g.dec, "empty", "a root element")
	}
	return io.EOF
}

func (g *guard) outside(want string) error {
	if g.rooted {
		return at(g.dec, "trailing", "nothing after the root element")
	}
	return at(g.dec, "root", want)
}

func (g *guard) start(t xml.StartElement) error {
	g.elements++
	switch {
	case len(g.open) == 0 && g.rooted:
		return g.outside("")
	case len(g.open) >= g.limits.MaxDepth:
		return at(g.dec, "depth", "fewer elements inside one another")
	case g.elements > g.limits.MaxElements:
		return at(g.dec, "elements", "fewer elements")
	case len(t.Attr) > g.limits.MaxAttrs:
		return at(g.dec, "attributes", "fewer attributes on an element")
	}
	g.rooted = true
	g.open = append(g.open, open{t.Name, len(g.undo)})
	for _, a := range t.Attr {
		if prefix, ok := declares(a.Name); ok {
			if err := g.bind(prefix, a); err != nil {
				return err
			}
		}
	}
	if len(g.undo) > maxBindings {
		return at(g.dec, "namespace", "fewer namespace declarations")
	}
	return g.names(t)
}

// declares tells which prefix an attribute declares, "" being the default one.
func declares(name xml.Name) (prefix string, ok bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

func (g *guard) bind(prefix string, a xml.Attr) error {
	switch {
	case prefix == "xmlns", a.Value == namespaceXMLNS, (prefix == "xml") != (a.Value == namespaceXML):
		return at(g.dec, "namespace", "the reserved prefixes left alone")
	case prefix != "" && a.Value == "":
		return at(g.dec, "namespace", "a namespace for each prefix")
	}
	g.undo = append(g.undo, binding{prefix, g.bound[prefix]})
	g.bound[prefix] = a.Value
	return nil
}

// names checks the prefixes of a tag, and that no attribute is there twice.
func (g *guard) names(t xml.StartElement) error {
	if err := g.qualified(t.Name); err != nil {
		return err
	}
	for i, a := range t.Attr {
		if a.Name.Space != "xmlns" {
			if err := g.qualified(a.Name); err != nil {
				return err
			}
		} else if strings.ContainsRune(a.Name.Local, ':') {
			return at(g.dec, "namespace", "one colon in a name at most")
		}
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name || a.Name.Local == b.Name.Local && a.Name.Space != "" && b.Name.Space != "" &&
				g.bound[a.Name.Space] == g.bound[b.Name.Space] {
				return at(g.dec, "duplicate", "each attribute once on an element")
			}
		}
	}
	return nil
}

func (g *guard) qualified(name xml.Name) error {
	if strings.ContainsRune(name.Local, ':') {
		return at(g.dec, "namespace", "a prefix, one colon and a name")
	}
	if name.Space != "" && g.bound[name.Space] == "" {
		return at(g.dec, "namespace", "a declaration for each prefix")
	}
	return nil
}

func (g *guard) close(t xml.EndElement) error {
	if len(g.open) == 0 {
		return g.outside("a start tag")
	}
	top := g.open[len(g.open)-1]
	if top.name != t.Name {
		return at(g.dec, "syntax", "end tags that match their start tags")
	}
	g.open = g.open[:len(g.open)-1]
	for len(g.undo) > top.undo {
		last := g.undo[len(g.undo)-1]
		g.undo = g.undo[:len(g.undo)-1]
		g.bound[last.prefix] = last.uri
	}
	return nil
}
