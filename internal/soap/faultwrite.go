package soap

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// defaultLang is the language of a reason that names none: SOAP 1.2 requires one.
const defaultLang = "fr"

// codes translates the codes that the two versions name differently.
var codes = map[Version]map[string]string{
	V11: {"Sender": "Client", "Receiver": "Server"},
	V12: {"Client": "Sender", "Server": "Receiver"},
}

// Element returns the Fault element for an envelope of a version, whose prefix
// must be "soap". Codes are translated; where SOAP 1.2 allows only its own codes,
// another one becomes the first subcode of a Sender. The entries of Detail are
// copied.
func (f *Fault) Element(version Version) *etree.Element {
	el := etree.NewElement("soap:Fault")
	if version == V12 {
		f.write12(el)
	} else {
		f.write11(el)
	}
	return el
}

func (f *Fault) write11(el *etree.Element) {
	name := f.Code
	if standard(name) {
		name = xml.Name{Space: Namespace11, Local: translate(name.Local, V11)}
		if len(f.Subcodes) > 0 {
			name = f.Subcodes[len(f.Subcodes)-1]
		}
	}
	setQName(el.CreateElement("faultcode"), name, V11)
	el.CreateElement("faultstring").SetText(f.Reason)
	if f.Actor != "" {
		el.CreateElement("faultactor").SetText(f.Actor)
	}
	f.writeDetail(el, "detail")
}

func (f *Fault) write12(el *etree.Element) {
	name, subcodes := f.Code, f.Subcodes
	if !standard(name) {
		subcodes = append([]xml.Name{name}, subcodes...)
		name = xml.Name{Space: Namespace12, Local: "Sender"}
	} else {
		class, rest, _ := strings.Cut(name.Local, ".")
		name = xml.Name{Space: Namespace12, Local: translate(class, V12)}
		if rest != "" {
			subcodes = append([]xml.Name{{Local: rest}}, subcodes...)
		}
	}
	in := el.CreateElement("soap:Code")
	setQName(in.CreateElement("soap:Value"), name, V12)
	for _, sub := range subcodes {
		in = in.CreateElement("soap:Subcode")
		setQName(in.CreateElement("soap:Value"), sub, V12)
	}
	reasons := f.Reasons
	if len(reasons) == 0 {
		reasons = []Text{{defaultLang, f.Reason}}
	}
	reason := el.CreateElement("soap:Reason")
	for _, r := range reasons {
		text := reason.CreateElement("soap:Text")
		text.CreateAttr("xml:lang", r.Lang)
		text.SetText(r.Text)
	}
	if f.Node != "" {
		el.CreateElement("soap:Node").SetText(f.Node)
	}
	if f.Actor != "" {
		el.CreateElement("soap:Role").SetText(f.Actor)
	}
	f.writeDetail(el, "soap:Detail")
}

func (f *Fault) writeDetail(el *etree.Element, tag string) {
	if f.Detail == nil {
		return
	}
	detail := el.CreateElement(tag)
	for _, entry := range f.Detail.ChildElements() {
		moved := entry.Copy()
		xmlx.Inherit(moved, entry)
		detail.AddChild(moved)
	}
}

// standard reports whether a code is in the namespace of either version.
func standard(name xml.Name) bool { return name.Space == Namespace11 || name.Space == Namespace12 }

func translate(local string, version Version) string {
	class, rest, dotted := strings.Cut(local, ".")
	if to, ok := codes[version][class]; ok {
		class = to
	}
	if dotted {
		return class + "." + rest
	}
	return class
}

func setQName(el *etree.Element, name xml.Name, version Version) {
	switch name.Space {
	case "":
		el.SetText(name.Local)
	case version.Namespace():
		el.SetText("soap:" + name.Local)
	default:
		el.CreateAttr("xmlns:code", name.Space)
		el.SetText("code:" + name.Local)
	}
}

// httpStatus returns the status that goes with a fault: always 500 in SOAP 1.1
// (section 6.2), 400 for Sender and 500 for the others in SOAP 1.2 (part 2,
// table 20).
func (f *Fault) httpStatus(version Version) int {
	if version == V12 && (f.Client() || !standard(f.Code)) {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// IsFault reports whether an HTTP answer begins as an envelope with a fault in
// its body. It is a cheap test for whoever judges a status 500, which is an
// answer when it carries a fault and a failure otherwise; no more is read than is
// needed, so the rest may still turn out broken.
func IsFault(contentType string, body []byte) bool {
	media, label := mediaType(contentType)
	if !isXML(media) {
		return false
	}
	text, err := xmlx.Decode(body, label)
	if err != nil {
		return false
	}
	dec, err := xmlx.NewDecoder(bytes.NewReader(text), xmlx.UTF8, xmlx.Limits{})
	if err != nil {
		return false
	}
	namespace, inBody := "", false
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.EndElement: // of an empty Body or Envelope
			return false
		case xml.StartElement:
			switch {
			case namespace == "":
				if t.Name.Local != "Envelope" || t.Name.Space != Namespace11 && t.Name.Space != Namespace12 {
					return false
				}
				namespace = t.Name.Space
			case inBody:
				return t.Name.Space == namespace && t.Name.Local == "Fault"
			case t.Name.Space == namespace && t.Name.Local == "Body":
				inBody = true
			default: // Header
				if dec.Skip() != nil {
					return false
				}
			}
		}
	}
}
