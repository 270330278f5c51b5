package xmlx

import (
	"encoding/xml"
	"strings"

	"github.com/beevik/etree"
)

// Any stands for every namespace in [Child], [Children], [Path] and [Is].
const Any = "*"

// Namespace returns the URI that a prefix means at el, "" where it is not bound.
// An empty prefix asks for the default namespace.
func Namespace(el *etree.Element, prefix string) string {
	if prefix == "xml" {
		return namespaceXML
	}
	for ; el != nil; el = el.Parent() {
		for i := range el.Attr {
			a := &el.Attr[i]
			if prefix == "" && a.Space == "" && a.Key == "xmlns" || prefix != "" && a.Space == "xmlns" && a.Key == prefix {
				return a.Value
			}
		}
	}
	return ""
}

// Name returns the namespace and local name of el.
func Name(el *etree.Element) xml.Name {
	return xml.Name{Space: Namespace(el, el.Space), Local: el.Tag}
}

// Is reports whether el has this namespace, or [Any], and this local name.
func Is(el *etree.Element, namespace, local string) bool {
	return el != nil && el.Tag == local && (namespace == Any || Namespace(el, el.Space) == namespace)
}

// Child returns the first child of el with this namespace, or [Any], and this
// local name, whatever its prefix; nil where there is none or el is nil.
func Child(el *etree.Element, namespace, local string) *etree.Element {
	if el == nil {
		return nil
	}
	for _, token := range el.Child {
		if child, ok := token.(*etree.Element); ok && Is(child, namespace, local) {
			return child
		}
	}
	return nil
}

// Children returns all children of el that [Child] would accept.
func Children(el *etree.Element, namespace, local string) []*etree.Element {
	if el == nil {
		return nil
	}
	var found []*etree.Element
	for _, token := range el.Child {
		if child, ok := token.(*etree.Element); ok && Is(child, namespace, local) {
			found = append(found, child)
		}
	}
	return found
}

// Path goes down from el, one [Child] a name, and returns nil where one is missing.
func Path(el *etree.Element, namespace string, locals ...string) *etree.Element {
	for _, local := range locals {
		el = Child(el, namespace, local)
	}
	return el
}

// Text returns the text directly inside el, without the XML white space around
// it; "" for nil.
func Text(el *etree.Element) string {
	if el == nil {
		return ""
	}
	var text string
	var more strings.Builder // for an element with texts between its children
	for _, token := range el.Child {
		data, ok := token.(*etree.CharData)
		switch {
		case !ok:
		case text == "":
			text = data.Data
		default:
			more.WriteString(data.Data)
		}
	}
	if more.Len() > 0 {
		text += more.String()
	}
	return strings.Trim(text, " \t\r\n")
}

// Attr returns the value of the attribute of el with this namespace, "" meaning
// an attribute without prefix, and this local name.
func Attr(el *etree.Element, namespace, local string) (value string, ok bool) {
	for i := range el.Attr {
		a := &el.Attr[i]
		if a.Key != local || a.Space == "xmlns" {
			continue
		}
		if a.Space == "" && namespace == "" || a.Space != "" && Namespace(el, a.Space) == namespace {
			return a.Value, true
		}
	}
	return "", false
}

// QName resolves a qualified name that stands in a text or an attribute value at
// el, such as a fault code. A name without prefix is in the default namespace.
// Where the prefix is not bound, the namespace is "" and ok is false.
func QName(el *etree.Element, text string) (name xml.Name, ok bool) {
	text = strings.Trim(text, " \t\r\n")
	prefix, local, found := strings.Cut(text, ":")
	if !found {
		return xml.Name{Space: Namespace(el, ""), Local: text}, true
	}
	space := Namespace(el, prefix)
	return xml.Name{Space: space, Local: local}, space != ""
}

// Inherit declares on el each prefix that is in force at from and means something
// else, or nothing, at el, and returns how many those are. A copy of from, or of
// what it holds, means the same inside el afterwards.
func Inherit(el, from *etree.Element) int {
	seen := map[string]bool{}
	declared := 0
	for up := from; up != nil; up = up.Parent() {
		for i := range up.Attr {
			a := &up.Attr[i]
			prefix, ok := declares(xml.Name{Space: a.Space, Local: a.Key})
			if !ok || seen[prefix] {
				continue
			}
			seen[prefix] = true
			if Namespace(el, prefix) != a.Value {
				el.CreateAttr(a.FullKey(), a.Value)
				declared++
			}
		}
	}
	return declared
}
