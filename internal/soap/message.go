package soap

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// IfEmpty tells what to write for a field without value.
type IfEmpty uint8

const (
	Empty IfEmpty = iota // an empty element
	Omit                 // nothing, for elements with minOccurs="0"
	Nil                  // an element with xsi:nil="true", for elements that are nillable
)

// Field is one element of a document/literal or rpc/literal message.
type Field struct {
	// Name is the local name of the element.
	Name string
	// Namespace puts the element in this namespace, whatever the form of the
	// operation; "" leaves it to the operation.
	Namespace string
	// Unqualified puts the element in no namespace inside a qualified message, for
	// types from a schema of the other form.
	Unqualified bool
	// Value is the text of the element; ignored where there are Fields.
	Value string
	// Fields are the elements inside, in order. A list is a field that comes
	// several times.
	Fields []Field
	// IfEmpty tells what to write where Value is empty and there are no Fields.
	IfEmpty IfEmpty
}

// Operation is the shape of a message: the element in the body, and whether its
// children are in a namespace.
type Operation struct {
	// Name and Namespace are those of the element in the body.
	Name, Namespace string
	// Qualified puts the elements inside in the namespace too, as schemas with
	// elementFormDefault="qualified" want. Unqualified ones are usual with Apogée,
	// and are the rule in rpc/literal.
	Qualified bool
}

// Element returns the element to put in the body, with its fields in the order
// given.
func (o Operation) Element(fields ...Field) *etree.Element {
	b := builder{operation: o, prefixes: map[string]string{}}
	root := etree.NewElement(o.Name)
	if o.Namespace != "" {
		root.Space = "m"
		root.CreateAttr("xmlns:m", o.Namespace)
		b.prefixes[o.Namespace] = "m"
	}
	b.root = root
	b.add(root, fields)
	return root
}

type builder struct {
	operation Operation
	root      *etree.Element
	prefixes  map[string]string // namespace to prefix, all declared on root
}

func (b *builder) add(to *etree.Element, fields []Field) {
	for i := range fields {
		f := &fields[i]
		empty := f.Value == "" && len(f.Fields) == 0
		if empty && f.IfEmpty == Omit {
			continue
		}
		el := to.CreateElement(f.Name)
		switch {
		case f.Namespace != "":
			el.Space = b.prefix(f.Namespace)
		case b.operation.Qualified && !f.Unqualified:
			el.Space = b.prefix(b.operation.Namespace)
		}
		switch {
		case empty && f.IfEmpty == Nil:
			if b.root.SelectAttr("xmlns:xsi") == nil {
				b.root.CreateAttr("xmlns:xsi", NamespaceXSI)
			}
			el.CreateAttr("xsi:nil", "true")
		case len(f.Fields) > 0:
			b.add(el, f.Fields)
		case f.Value != "":
			el.SetText(f.Value)
		}
	}
}

func (b *builder) prefix(namespace string) string {
	if namespace == "" {
		return ""
	}
	prefix, ok := b.prefixes[namespace]
	if !ok {
		prefix = "m" + strconv.Itoa(len(b.prefixes)+1)
		b.prefixes[namespace] = prefix
		b.root.CreateAttr("xmlns:"+prefix, namespace)
	}
	return prefix
}

// Node reads a message by the names of its elements. The zero value is a node
// that is not there; reading it gives nothing, so a chain of calls needs one
// check at its end. Node is a small value; copies share the tree.
type Node struct {
	el        *etree.Element
	operation Operation
	strict    bool
}

// Read returns a node over el, an element shaped by o. A lenient node finds
// children whatever their namespace, those without one or in that of the
// operation first, because services change their mind about qualification
// between versions. A strict one finds them only as o says.
func (o Operation) Read(el *etree.Element, strict bool) Node {
	return Node{el: el, operation: o, strict: strict}
}

// Matches reports whether el has the name and namespace of o.
func (o Operation) Matches(el *etree.Element) bool {
	return xmlx.Is(el, o.Namespace, o.Name)
}

// Exists reports whether the element is there, empty or nil as it may be.
func (n Node) Exists() bool { return n.el != nil }

// Element returns the element, nil where it is not there.
func (n Node) Element() *etree.Element { return n.el }

// IsNil reports whether the element is there and says xsi:nil.
func (n Node) IsNil() bool {
	if n.el == nil {
		return false
	}
	value, _ := xmlx.Attr(n.el, NamespaceXSI, "nil")
	return value == "true" || value == "1"
}

// Text returns the text of the element without white space around it, and
// whether it says anything: an absent, an empty and a nil element all say
// nothing.
func (n Node) Text() (text string, ok bool) {
	if n.el == nil || n.IsNil() {
		return "", false
	}
	text = xmlx.Text(n.el)
	return text, text != ""
}

// String returns the text of the element, "" where it says nothing.
func (n Node) String() string {
	text, _ := n.Text()
	return text
}

// Child returns the first child of this local name.
func (n Node) Child(local string) Node {
	all := n.find(local, true)
	if len(all) == 0 {
		return n.with(nil)
	}
	return n.with(all[0])
}

// Children returns all children of this local name, in order.
func (n Node) Children(local string) []Node {
	all := n.find(local, false)
	nodes := make([]Node, len(all))
	for i, el := range all {
		nodes[i] = n.with(el)
	}
	return nodes
}

// Path goes down by local names separated by "/", one [Node.Child] each. An
// empty path is the node itself.
func (n Node) Path(path string) Node {
	if path == "" {
		return n
	}
	for local := range strings.SplitSeq(path, "/") {
		n = n.Child(local)
	}
	return n
}

func (n Node) with(el *etree.Element) Node { n.el = el; return n }

func (n Node) find(local string, one bool) []*etree.Element {
	if n.el == nil {
		return nil
	}
	var expected, other []*etree.Element
	for _, token := range n.el.Child {
		child, ok := token.(*etree.Element)
		if !ok || child.Tag != local {
			continue
		}
		switch n.rank(child) {
		case 2:
			expected = append(expected, child)
			if one {
				return expected
			}
		case 1:
			other = append(other, child)
		}
	}
	if len(expected) > 0 {
		return expected
	}
	return other
}

// rank is 2 for a child in an expected namespace, 1 for one that is only
// tolerated and 0 for one that is not.
func (n Node) rank(child *etree.Element) int {
	namespace := xmlx.Namespace(child, child.Space)
	switch {
	case n.strict && n.operation.Qualified:
		// Fields of a qualified message may be of any of its schemas.
		if namespace == "" {
			return 0
		}
		return 2
	case n.strict:
		if namespace != "" {
			return 0
		}
		return 2
	case namespace == "" || namespace == n.operation.Namespace:
		return 2
	}
	return 1
}
