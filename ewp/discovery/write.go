package discovery

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// namespaceXML is that of xml:lang.
const namespaceXML = "http://www.w3.org/XML/1998/namespace"

// Marshal writes the manifest, in UTF-8, valid against the schema of version 6. Its
// error is passerelle.FieldErrors with everything that the registry would refuse; a
// manifest that has such a fault is not written. See [Manifest.Check] for what needs
// the catalogue, and for warnings.
func (m *Manifest) Marshal() ([]byte, error) {
	if err := m.Check(Against{}).Refused.Err(); err != nil {
		return nil, err
	}
	root := etree.NewElement("manifest")
	root.CreateAttr("xmlns", ewp.NamespaceDiscovery)
	root.CreateAttr("xmlns:ewp", ewp.NamespaceCommon)
	root.CreateAttr("xmlns:r", ewp.NamespaceRegistry)
	root.CreateAttr("xmlns:sec", ewp.NamespaceSecurity)
	if !m.Withdrawn {
		m.host(root.CreateElement("host"))
	}
	indent(root, "")
	return xmlx.Marshal(root, "")
}

func (m *Manifest) host(host *etree.Element) {
	admins(host, m.AdminEmails, m.AdminProvider, m.AdminNotes)
	apis := host.CreateElement("r:apis-implemented")
	self := For(ewp.Discovery, Value("url", m.URL))
	self.Security = 0
	for _, e := range append([]Entry{self}, m.APIs...) {
		e.write(apis)
	}
	if !m.HEI.ID.IsZero() {
		hei := host.CreateElement("institutions-covered").CreateElement("r:hei")
		hei.CreateAttr("id", m.HEI.ID.String())
		for _, id := range m.HEI.OtherIDs {
			el := child(hei, "r:other-id", id.Value)
			el.CreateAttr("type", id.Type)
		}
		for _, n := range m.HEI.Names {
			el := child(hei, "r:name", n.Value)
			if n.Lang != "" {
				el.CreateAttr("xml:lang", n.Lang)
			}
		}
	}
	keys(host, "client-credentials-in-use", m.ClientKeys)
	keys(host, "server-credentials-in-use", m.ServerKeys)
}

func admins(parent *etree.Element, emails []string, provider, notes string) {
	for _, e := range emails {
		child(parent, "ewp:admin-email", e)
	}
	if provider != "" {
		child(parent, "ewp:admin-provider", provider)
	}
	if notes != "" {
		child(parent, "ewp:admin-notes", notes)
	}
}

func keys(host *etree.Element, name string, keys []ewp.PublicKey) {
	if len(keys) == 0 {
		return
	}
	list := host.CreateElement(name)
	for _, k := range keys {
		child(list, "rsa-public-key", k.String())
	}
}

func child(parent *etree.Element, name, text string) *etree.Element {
	el := parent.CreateElement(name)
	if text != "" {
		el.SetText(text)
	}
	return el
}

// write adds the entry to apis-implemented.
func (e Entry) write(apis *etree.Element) {
	entry := apis.CreateElement(e.Name.Local)
	entry.CreateAttr("xmlns", e.Name.Space)
	entry.CreateAttr("version", e.Version.String())
	admins(entry, e.AdminEmails, "", e.AdminNotes)
	if e.Security != 0 {
		security := entry.CreateElement("http-security")
		for _, list := range ewp.SecurityLists() {
			var methods *etree.Element
			for method, name := range e.Security.Elements() {
				if !list.Mask.Has(method) {
					continue
				}
				if methods == nil {
					methods = security.CreateElement("sec:" + list.Element)
				}
				methods.CreateElement(name.Local).CreateAttr("xmlns", name.Space)
			}
		}
	}
	for _, el := range e.ordered() {
		el.write(entry, e.Name.Space)
	}
}

// ordered returns the elements in the order of the schema, where it is known.
func (e Entry) ordered() []Element {
	shape, ok := shapes[e.Name]
	if !ok {
		return e.Elements
	}
	place := func(el Element) int {
		return slices.IndexFunc(shape, func(p part) bool { return p.name == el.Name.Local })
	}
	return slices.SortedStableFunc(slices.Values(e.Elements), func(a, b Element) int {
		return cmp.Compare(place(a), place(b))
	})
}

// write adds the element to one that has space as default namespace.
func (el Element) write(parent *etree.Element, space string) {
	e := parent.CreateElement(el.Name.Local)
	if el.Name.Space != "" && el.Name.Space != space {
		space = el.Name.Space
		e.CreateAttr("xmlns", space)
	}
	for i, a := range el.Attrs {
		switch a.Name.Space {
		case "":
			e.CreateAttr(a.Name.Local, a.Value)
		case namespaceXML:
			e.CreateAttr("xml:"+a.Name.Local, a.Value)
		default:
			prefix := "a" + strconv.Itoa(i)
			e.CreateAttr("xmlns:"+prefix, a.Name.Space)
			e.CreateAttr(prefix+":"+a.Name.Local, a.Value)
		}
	}
	if el.Text != "" {
		e.SetText(el.Text)
	}
	for _, c := range el.Children {
		c.write(e, space)
	}
}

// indent puts each element that has no text beside it on a line of its own.
func indent(el *etree.Element, before string) {
	children := el.ChildElements()
	if len(children) == 0 {
		return
	}
	el.Child = nil
	for _, c := range children {
		el.CreateText("\n" + before + "  ")
		el.AddChild(c)
		indent(c, before+"  ")
	}
	el.CreateText("\n" + before)
}

// nameOf returns the name of an attribute of a tree.
func nameOf(el *etree.Element, a etree.Attr) xml.Name {
	if a.Space == "" {
		return xml.Name{Local: a.Key}
	}
	return xml.Name{Space: xmlx.Namespace(el, a.Space), Local: a.Key}
}
