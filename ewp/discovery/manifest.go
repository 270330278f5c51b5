package discovery

import (
	"encoding/xml"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Manifest is what a host says of itself to the registry: the content of a
// manifest of version 6.
type Manifest struct {
	// URL is where the registry fetches the manifest. It stands in the entry of the
	// Discovery API, which is written first and is not among APIs.
	URL string
	// AdminEmails are addresses of administrators, at least one, of services and
	// never of persons.
	AdminEmails []string
	// AdminProvider names the provider and the software, in English: "MUCI (USOS)".
	AdminProvider string
	// AdminNotes are notes in English for whoever runs the registry or a client.
	AdminNotes string
	// APIs are the entries of all APIs but Discovery.
	APIs []Entry
	// HEI is the institution that the host covers. The zero value is none.
	HEI ewp.Institution
	// ClientKeys sign requests in the name of HEI, ServerKeys sign answers. One key
	// may be both.
	ClientKeys, ServerKeys []ewp.PublicKey
	// Withdrawn writes a manifest without host: the registry then forgets all of it.
	// Everything but URL must be empty.
	Withdrawn bool
}

// Entry declares an API. See [For].
type Entry struct {
	// Name is the namespace and the name of the element: ewp.API.Namespace and
	// ewp.API.String, or those of any other API.
	Name xml.Name
	// Version is the version that is implemented.
	Version ewp.Version
	// AdminEmails and AdminNotes add to those of the manifest.
	AdminEmails []string
	AdminNotes  string
	// Security is what stands in http-security; the zero value writes none.
	Security ewp.Methods
	// Elements are the others: addresses, limits. In an entry of a known API they
	// are written in the order of its schema, whatever their order here.
	Elements []Element
}

// Element is an element of an entry.
type Element struct {
	Name     xml.Name // an empty namespace is that of the element around it
	Attrs    []xml.Attr
	Text     string // of an element without children
	Children []Element
}

// Value returns an element of the entry's namespace: Value("get-url",
// "https://…"), Value("max-iia-ids", "20").
func Value(name, text string) Element {
	return Element{Name: xml.Name{Local: name}, Text: text}
}

// Signed is the security of nearly every API of the network: signed requests, and
// answers that are signed beside the TLS certificate of the host.
const Signed = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.ResponseTLS

// For returns the entry of an API in the version that this module speaks, secured
// by [Signed].
func For(api ewp.API, elements ...Element) Entry {
	return Entry{
		Name:     xml.Name{Space: api.Namespace(), Local: api.String()},
		Version:  api.Version(),
		Security: Signed,
		Elements: elements,
	}
}

// ForMajor is For in an older major version, declared as its ".0.0": for a host that
// serves partners that are behind. In the version that this module speaks it is For.
func ForMajor(api ewp.API, major int, elements ...Element) Entry {
	e := For(api, elements...)
	if major != api.Major() {
		e.Name.Space = api.NamespaceOf(major)
		e.Version = ewp.Version{Major: major}
	}
	return e
}

// Value returns the text of an element of the entry's namespace, and whether there
// is one.
func (e Entry) Value(name string) (string, bool) {
	for _, el := range e.Elements {
		if el.Name.Local == name && (el.Name.Space == "" || el.Name.Space == e.Name.Space) {
			return el.Text, true
		}
	}
	return "", false
}
