package soap

import (
	"encoding/xml"
	"slices"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Envelope is a message that was read.
type Envelope struct {
	Version Version
	// Root is the Envelope element; nil for an empty answer.
	Root *etree.Element
	// Header holds the header blocks, in order.
	Header []*etree.Element
	// Body is the element inside Body; nil where Body is empty.
	Body *etree.Element

	independent []*etree.Element // the other children of Body, under Options.Encoded
	maxElements int
}

// Block returns the first header block of this name, nil where there is none.
func (e *Envelope) Block(namespace, local string) *etree.Element {
	for _, block := range e.Header {
		if xmlx.Is(block, namespace, local) {
			return block
		}
	}
	return nil
}

// Parse reads an envelope of either version. label is the character set named by
// the transport, empty when it named none. Beside the rules of [xmlx.Parse], the
// names and order of Envelope, Header and Body are checked, header blocks marked
// mustUnderstand must be in o.Understood, and Body holds one element at most
// (more under o.Encoded). Every refusal is an [*xmlx.Error] or an
// [*EnvelopeError].
func (o *Options) Parse(data []byte, label string) (*Envelope, error) {
	doc, err := xmlx.Parse(data, label, o.Limits)
	if err != nil {
		return nil, err
	}
	env := &Envelope{Root: doc.Root(), maxElements: o.Limits.WithDefaults().MaxElements}
	switch {
	case xmlx.Is(env.Root, Namespace11, "Envelope"):
	case xmlx.Is(env.Root, Namespace12, "Envelope"):
		env.Version = V12
	case env.Root.Tag == "Envelope":
		return nil, &EnvelopeError{Rule: "version", Want: "an Envelope of SOAP 1.1 or 1.2"}
	default:
		return nil, &EnvelopeError{Rule: "envelope", Want: "an Envelope element"}
	}
	if err := env.parts(o.Encoded); err != nil {
		return nil, err
	}
	return env, env.understand(o.Understood)
}

// parts finds the header blocks and the body. SOAP 1.1 lets other qualified
// elements follow Body (section 4); they are passed over.
func (e *Envelope) parts(encoded bool) error {
	namespace := e.Version.Namespace()
	var body *etree.Element
	for i, child := range e.Root.ChildElements() {
		switch {
		case xmlx.Is(child, namespace, "Header"):
			if i != 0 {
				return &EnvelopeError{Rule: "header", Want: "one Header, before Body"}
			}
			e.Header = child.ChildElements()
		case xmlx.Is(child, namespace, "Body"):
			if body != nil {
				return &EnvelopeError{Rule: "body", Want: "one Body"}
			}
			body = child
		case body == nil:
			return &EnvelopeError{Rule: "body", Want: "Header and Body only"}
		case e.Version == V12 || xmlx.Name(child).Space == "":
			return &EnvelopeError{Rule: "body", Want: "nothing after Body"}
		}
	}
	if body == nil {
		return &EnvelopeError{Rule: "body", Want: "a Body"}
	}
	if stray(e.Root) || stray(body) {
		return &EnvelopeError{Rule: "text", Want: "no text beside the elements of Envelope and Body"}
	}
	children := body.ChildElements()
	switch {
	case len(children) == 0:
		return nil
	case len(children) == 1:
	case !encoded:
		return &EnvelopeError{Rule: "body", Want: "one element in Body"}
	default:
		e.independent = children
	}
	e.Body = children[0]
	return nil
}

func stray(el *etree.Element) bool { return xmlx.Text(el) != "" }

// Roles under which an ordinary receiver must honour mustUnderstand.
var ownRoles = []string{
	"", "http://schemas.xmlsoap.org/soap/actor/next",
	Namespace12 + "/role/next", Namespace12 + "/role/ultimateReceiver",
}

func (e *Envelope) understand(understood []xml.Name) error {
	namespace := e.Version.Namespace()
	roleName := "actor"
	if e.Version == V12 {
		roleName = "role"
	}
	for _, block := range e.Header {
		must, _ := xmlx.Attr(block, namespace, "mustUnderstand")
		if must != "1" && must != "true" {
			continue
		}
		role, _ := xmlx.Attr(block, namespace, roleName)
		if name := xmlx.Name(block); slices.Contains(ownRoles, role) && !slices.Contains(understood, name) {
			return &EnvelopeError{Rule: "mustUnderstand", Block: name}
		}
	}
	return nil
}
