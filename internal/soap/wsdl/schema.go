package wsdl

import (
	"encoding/xml"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// schemas indexes the global components of all schemas.
type schemas struct {
	elements, types, groups map[xml.Name]component
}

// schema is what a schema document says of all its components.
type schema struct {
	target    string
	qualified bool // elementFormDefault
	adopted   bool // it has no namespace of its own and took that of its includer
}

// component is a declaration and the schema that it stands in.
type component struct {
	el     *etree.Element
	schema *schema
}

// ref resolves the name in an attribute of el. In a schema that adopted its
// namespace, a name without namespace is in the adopted one.
func (c component) ref(el *etree.Element, attr string) (name xml.Name, ok bool) {
	text := el.SelectAttrValue(attr, "")
	if text == "" {
		return xml.Name{}, false
	}
	name, _ = xmlx.QName(el, text)
	if name.Space == "" && c.schema != nil && c.schema.adopted {
		name.Space = c.schema.target
	}
	return name, true
}

// schema gathers a schema document; adopted is the namespace of its includer.
func (l *loader) schema(location string, root *etree.Element, adopted string) error {
	s := &schema{
		target:    root.SelectAttrValue("targetNamespace", adopted),
		qualified: root.SelectAttrValue("elementFormDefault", "") == "qualified",
		adopted:   root.SelectAttr("targetNamespace") == nil && adopted != "",
	}
	for _, el := range root.ChildElements() {
		if xmlx.Name(el).Space != namespaceXSD {
			continue
		}
		name := xml.Name{Space: s.target, Local: el.SelectAttrValue("name", "")}
		var index map[xml.Name]component
		switch el.Tag {
		case "import", "include", "redefine":
			take := ""
			if el.Tag != "import" {
				take = s.target
			}
			resolved, imported, err := l.open(location, el.SelectAttrValue("schemaLocation", ""), take)
			if err != nil {
				return err
			}
			if imported == nil {
				continue
			}
			if !xmlx.Is(imported, namespaceXSD, "schema") {
				return &Error{Location: resolved, Rule: "import", Want: "a schema"}
			}
			if err := l.schema(resolved, imported, take); err != nil {
				return err
			}
		case "element":
			index = l.schemas.elements
		case "complexType", "simpleType":
			index = l.schemas.types
		case "group":
			index = l.schemas.groups
		}
		if index != nil && name.Local != "" {
			if _, there := index[name]; !there {
				index[name] = component{el, s}
			}
		}
	}
	return nil
}
