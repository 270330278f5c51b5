package discovery

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxManifest bounds a manifest in bytes. Real ones have some 30 kB.
const maxManifest = 1 << 20

// limits bounds what a manifest may cost to read.
var limits = xmlx.Limits{MaxBytes: maxManifest, MaxDepth: 32, MaxElements: 20_000, MaxAttrs: 128}

// Read reads a manifest of version 6. dropped tells what is left out of it, because
// the value cannot be one: keys that are no RSA keys, entries without a version.
// What can be represented is kept, right or wrong; [Manifest.Check] judges it.
//
// err is passerelle.FieldErrors for a document that the schema refuses, with all
// reasons, where the registry keeps what it had; else an error that is
// passerelle.ErrProtocol for one that is not well-formed, has a document type
// declaration, or is no manifest, or the error of r.
func Read(r io.Reader) (m *Manifest, dropped passerelle.FieldErrors, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, nil, err
	}
	doc, err := xmlx.Parse(data, "", limits)
	if err != nil {
		return nil, nil, err
	}
	rd := reader{m: &Manifest{}}
	if err := rd.root(doc.Root()); err != nil {
		return nil, nil, err
	}
	if err := rd.refused.Err(); err != nil {
		return nil, nil, err
	}
	return rd.m, rd.dropped, nil
}

// NotManifestError says that a document is something else, or a manifest of a version
// that the registry takes no more. errors.Is(err, passerelle.ErrProtocol) is true of
// it.
type NotManifestError struct {
	Major int // of the Discovery API, 0 when the document is no manifest at all
}

// Error says which it is.
func (e *NotManifestError) Error() string {
	if e.Major == 0 {
		return "the document is no manifest"
	}
	return fmt.Sprintf("the manifest has version %d: the registry takes version 6 only", e.Major)
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *NotManifestError) Is(target error) bool { return target == passerelle.ErrProtocol }

type reader struct {
	m       *Manifest
	refused passerelle.FieldErrors // by the schema
	dropped passerelle.FieldErrors
}

func (r *reader) root(root *etree.Element) error {
	name := xmlx.Name(root)
	if name.Local != "manifest" || name.Space != ewp.NamespaceDiscovery {
		e := &NotManifestError{}
		if name.Local == "manifest" && strings.HasPrefix(name.Space, organisation+"ewp-specs-api-discovery/") {
			e.Major, _ = ewp.NamespaceMajor(name.Space)
		}
		return e
	}
	r.m.Withdrawn = true
	r.sequence(root, "", []slot{{mf("host"), 0, 1, func(el *etree.Element, _ string) {
		r.m.Withdrawn = false
		r.host(el)
	}}})
	return nil
}

// slot is a place in the sequence of children that a schema prescribes.
type slot struct {
	name     xml.Name
	min, max int // max 0 is any number
	read     func(el *etree.Element, field string)
}

func mf(local string) xml.Name      { return xml.Name{Space: ewp.NamespaceDiscovery, Local: local} }
func reg(local string) xml.Name     { return xml.Name{Space: ewp.NamespaceRegistry, Local: local} }
func common(local string) xml.Name  { return xml.Name{Space: ewp.NamespaceCommon, Local: local} }
func at(prefix, name string) string { return strings.TrimPrefix(prefix+"."+name, ".") }

// sequence reads the children of el, which must come in the order of slots.
func (r *reader) sequence(el *etree.Element, field string, slots []slot) {
	count := make([]int, len(slots))
	place := 0
	for _, child := range el.ChildElements() {
		name := xmlx.Name(child)
		i := 0
		for i < len(slots) && slots[i].name != name {
			i++
		}
		where := at(field, name.Local)
		switch {
		case i == len(slots):
			r.refused.Add(where, "unknown", "only elements of the schema of version 6")
			continue
		case i < place:
			r.refused.Add(where, "order", "the elements in the order of the schema")
		}
		place = max(place, i)
		if count[i]++; slots[i].max > 0 && count[i] > slots[i].max {
			r.refused.Add(where, "duplicate", fmt.Sprintf("the element %d time at most", slots[i].max))
			continue
		}
		if slots[i].max != 1 {
			where = fmt.Sprintf("%s[%d]", where, count[i]-1)
		}
		slots[i].read(child, where)
	}
	for i, s := range slots {
		if count[i] < s.min {
			r.refused.Add(at(field, s.name.Local), "required", "the element")
		}
	}
}

func (r *reader) host(host *etree.Element) {
	m := r.m
	r.sequence(host, "host", []slot{
		{common("admin-email"), 1, 0, func(el *etree.Element, _ string) { m.AdminEmails = append(m.AdminEmails, xmlx.Text(el)) }},
		{common("admin-provider"), 1, 1, func(el *etree.Element, _ string) { m.AdminProvider = xmlx.Text(el) }},
		{common("admin-notes"), 0, 1, func(el *etree.Element, _ string) { m.AdminNotes = xmlx.Text(el) }},
		{reg("apis-implemented"), 0, 1, func(el *etree.Element, field string) {
			for i, child := range el.ChildElements() {
				r.entry(child, fmt.Sprintf("%s[%d]", field, i))
			}
		}},
		{mf("institutions-covered"), 0, 1, func(el *etree.Element, field string) {
			r.sequence(el, field, []slot{{reg("hei"), 0, 1, r.hei}})
		}},
		{mf("client-credentials-in-use"), 0, 1, r.keysInto(&m.ClientKeys)},
		{mf("server-credentials-in-use"), 0, 1, r.keysInto(&m.ServerKeys)},
	})
}

func (r *reader) keysInto(keys *[]ewp.PublicKey) func(*etree.Element, string) {
	return func(el *etree.Element, field string) {
		r.sequence(el, field, []slot{{mf("rsa-public-key"), 0, 0, func(el *etree.Element, field string) {
			key, err := ewp.ParsePublicKey(xmlx.Text(el))
			if fault, ok := errors.AsType[*passerelle.ParseError](err); ok {
				r.dropped.Add(field, fault.Rule, fault.Want+keyLost)
				return
			}
			*keys = append(*keys, key)
		}}})
	}
}

func (r *reader) hei(el *etree.Element, field string) {
	h := &r.m.HEI
	text, ok := xmlx.Attr(el, "", "id")
	id, err := ewp.ParseHEIID(text)
	if !ok {
		r.refused.Add(field+".id", "required", "the identifier of the institution")
	} else if err != nil {
		r.dropped.Add(field+".id", "id", "an identifier of printable ASCII characters without blanks; the institution is left out")
	}
	h.ID = id
	r.sequence(el, field, []slot{
		{reg("other-id"), 0, 0, func(el *etree.Element, field string) {
			typ, ok := xmlx.Attr(el, "", "type")
			if !ok {
				r.refused.Add(field+".type", "required", "the type of the identifier")
			}
			h.OtherIDs = append(h.OtherIDs, ewp.OtherID{Type: typ, Value: xmlx.Text(el)})
		}},
		{reg("name"), 1, 0, func(el *etree.Element, _ string) {
			h.Names = append(h.Names, ewp.Text{Lang: attr(el, namespaceXML, "lang"), Value: xmlx.Text(el)})
		}},
	})
	if err != nil {
		*h = ewp.Institution{}
	}
}

// entry reads a child of apis-implemented. The schema of the manifest leaves its
// content alone.
func (r *reader) entry(el *etree.Element, field string) {
	e := Entry{Name: xmlx.Name(el)}
	if e.Name == (xml.Name{Space: ewp.Discovery.Namespace(), Local: ewp.Discovery.String()}) && r.m.URL == "" {
		r.m.URL = xmlx.Text(xmlx.Child(el, e.Name.Space, "url"))
		return
	}
	var err error
	if e.Version, err = ewp.ParseVersion(attr(el, "", "version")); err != nil {
		r.dropped.Add(field+".version", "version", "three numbers separated by dots"+entryLost)
		return
	}
	for _, child := range el.ChildElements() {
		switch name := xmlx.Name(child); name {
		case common("admin-email"):
			e.AdminEmails = append(e.AdminEmails, xmlx.Text(child))
		case common("admin-notes"):
			e.AdminNotes = xmlx.Text(child)
		case xml.Name{Space: e.Name.Space, Local: "http-security"}:
			e.Security |= security(child)
		default:
			e.Elements = append(e.Elements, element(child, e.Name.Space))
		}
	}
	r.m.APIs = append(r.m.APIs, e)
}

// security reads http-security.
func security(el *etree.Element) (methods ewp.Methods) {
	for _, list := range ewp.SecurityLists() {
		for _, declared := range xmlx.Children(el, ewp.NamespaceSecurity, list.Element) {
			for _, method := range declared.ChildElements() {
				methods |= list.MethodOf(xmlx.Name(method))
			}
		}
	}
	return methods
}

// element reads an element of an entry that has this namespace.
func element(el *etree.Element, space string) Element {
	e := Element{Name: xmlx.Name(el)}
	if e.Name.Space == space {
		e.Name.Space = ""
	} else {
		space = e.Name.Space
	}
	for _, a := range el.Attr {
		if a.Space != "xmlns" && (a.Space != "" || a.Key != "xmlns") {
			e.Attrs = append(e.Attrs, xml.Attr{Name: nameOf(el, a), Value: a.Value})
		}
	}
	for _, c := range el.ChildElements() {
		e.Children = append(e.Children, element(c, space))
	}
	if len(e.Children) == 0 {
		e.Text = xmlx.Text(el)
	}
	return e
}

// attr returns the value of an attribute, "" when it is not there.
func attr(el *etree.Element, space, local string) string {
	value, _ := xmlx.Attr(el, space, local)
	return value
}
