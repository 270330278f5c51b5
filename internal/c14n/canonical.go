package c14n

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

// Method is a canonical form.
type Method uint8

// The forms.
const (
	Inclusive   Method = iota // Canonical XML 1.0
	Inclusive11               // Canonical XML 1.1; without xml:base of elements that are left out
	Exclusive                 // Exclusive XML Canonicalization 1.0, without a list of inclusive prefixes
)

// WriteDocument writes the canonical form of the whole document, without the
// elements for which leave reports true; nil leaves none.
func (d *Document) WriteDocument(w io.Writer, m Method, leave func(*Node) bool) error {
	c := &writer{w: w, method: m, leave: leave}
	for _, pi := range d.Before {
		c.instruction(pi)
		c.string("\n")
	}
	c.element(d.Root, nil)
	for _, pi := range d.After {
		c.string("\n")
		c.instruction(pi)
	}
	return c.err
}

// WriteElement writes the canonical form of an element and what is in it, as the
// apex of a document subset: namespaces in force, and in the inclusive forms
// attributes xml:*, come from the elements around it. 1.1 takes xml:lang and
// xml:space alone, and fails where an xml:base would have to be joined.
func (n *Node) WriteElement(w io.Writer, m Method, leave func(*Node) bool) error {
	c := &writer{w: w, method: m, leave: leave}
	attrs := n.Attrs
	if m != Exclusive {
		for p := n.Parent; p != nil; p = p.Parent {
			for _, a := range p.Attrs {
				if a.Space != xmlNamespace || slices.ContainsFunc(attrs, func(b Attr) bool { return b.Space == a.Space && b.Local == a.Local }) {
					continue
				}
				if m == Inclusive11 && a.Local == "base" {
					return &Error{"xml:base", "no xml:base around what is signed by Canonical XML 1.1"}
				}
				if m == Inclusive11 && a.Local != "lang" && a.Local != "space" {
					continue
				}
				attrs = append(slices.Clone(attrs), a)
			}
		}
	}
	apex := *n
	apex.Attrs = attrs
	c.element(&apex, nil)
	return c.err
}

type writer struct {
	w      io.Writer
	method Method
	leave  func(*Node) bool
	err    error
}

func (c *writer) string(s string) {
	if c.err == nil {
		_, c.err = io.WriteString(c.w, s)
	}
}

var (
	textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

func (c *writer) instruction(n *Node) {
	c.string("<?" + n.Local)
	if n.Data != "" {
		c.string(" " + n.Data)
	}
	c.string("?>")
}

// qualified is a name as it was written.
func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// element writes an element. written is what its output ancestors declared.
func (c *writer) element(n *Node, written map[string]string) {
	if c.leave != nil && c.leave(n) {
		return
	}
	name := qualified(n.Prefix, n.Local)
	c.string("<" + name)
	prefixes := c.declarations(n, written)
	if len(prefixes) > 0 {
		own := make(map[string]string, len(written)+len(prefixes))
		for k, v := range written {
			own[k] = v
		}
		for _, prefix := range prefixes {
			own[prefix] = n.scope[prefix]
			c.string(" " + strings.TrimSuffix("xmlns:"+prefix, ":") + `="`)
			c.string(attrEscapes.Replace(n.scope[prefix]))
			c.string(`"`)
		}
		written = own
	}
	attrs := slices.Clone(n.Attrs)
	slices.SortFunc(attrs, func(a, b Attr) int { return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.Local, b.Local)) })
	for _, a := range attrs {
		c.string(" " + qualified(a.Prefix, a.Local) + `="`)
		c.string(attrEscapes.Replace(a.Value))
		c.string(`"`)
	}
	c.string(">")
	for _, child := range n.Children {
		switch child.Kind {
		case Element:
			c.element(child, written)
		case Text:
			c.string(textEscapes.Replace(child.Data))
		case Instruction:
			c.instruction(child)
		}
	}
	c.string("</" + name + ">")
}

// declarations returns the prefixes that n has to declare, sorted.
func (c *writer) declarations(n *Node, written map[string]string) []string {
	var out []string
	need := func(prefix string) {
		if prefix == "xml" {
			return
		}
		space, inForce := n.scope[prefix]
		before, wasWritten := written[prefix]
		switch {
		case prefix == "" && space == "": // none by default: said only where an ancestor said otherwise
			if before != "" {
				out = append(out, prefix)
			}
		case inForce && (!wasWritten || before != space):
			out = append(out, prefix)
		}
	}
	if c.method == Exclusive {
		used := map[string]bool{n.Prefix: true}
		for _, a := range n.Attrs {
			if a.Prefix != "" {
				used[a.Prefix] = true
			}
		}
		for prefix := range used {
			need(prefix)
		}
	} else {
		for prefix := range n.scope {
			need(prefix)
		}
		if _, ok := n.scope[""]; !ok {
			need("")
		}
	}
	slices.Sort(out)
	return out
}
