package soap

import (
	"encoding/xml"
	"log/slog"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Text is a text in a language.
type Text struct {
	Lang string // tag of xml:lang, "fr"
	Text string
}

// Fault is a fault that a service answered, or that a handler of [Server]
// answers. Error prints the codes only.
type Fault struct {
	// Version is the one of the envelope the fault came in.
	Version Version
	// Status is the HTTP status it came with; 0 when it came without HTTP.
	Status int
	// Code is the faultcode of SOAP 1.1 or the Code of SOAP 1.2. Its namespace is
	// that of the envelope for the codes of SOAP, also where a server wrote them
	// without prefix, and "" where a prefix is not declared.
	Code xml.Name
	// Subcodes are those of SOAP 1.2, from the general to the particular.
	Subcodes []xml.Name
	// Reason is what the service says, the first text where it says it in several
	// languages. Personal data: it may repeat an INE or a name.
	Reason string
	// Reasons are all texts of a SOAP 1.2 fault. Personal data.
	Reasons []Text
	// Actor is the faultactor of SOAP 1.1 or the Role of SOAP 1.2.
	Actor string
	// Node is the Node of SOAP 1.2.
	Node string
	// Detail is the detail element, its entries its children; nil where there is
	// none. Personal data.
	Detail *etree.Element
}

// NewFault returns a fault for a handler to answer. code is a code of SOAP,
// "Client", "Server" and so on, in the words of either version; it is translated
// to the version of the request.
func NewFault(code, reason string, detail ...*etree.Element) *Fault {
	f := &Fault{Code: xml.Name{Space: Namespace11, Local: code}, Reason: reason}
	if len(detail) > 0 {
		f.Detail = etree.NewElement("detail")
		for _, entry := range detail {
			f.Detail.AddChild(entry)
		}
	}
	return f
}

// Error returns the codes, without the reason, which may be personal.
func (f *Fault) Error() string {
	text := "SOAP fault " + code(f.Code.Local)
	for _, sub := range f.Subcodes {
		text += ", " + code(sub.Local)
	}
	return text
}

// LogValue returns the version, status and codes.
func (f *Fault) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("version", f.Version.String()), slog.String("code", code(f.Code.Local))}
	for _, sub := range f.Subcodes {
		attrs = append(attrs, slog.String("subcode", code(sub.Local)))
	}
	if f.Status != 0 {
		attrs = append(attrs, slog.Int("status", f.Status))
	}
	return slog.GroupValue(attrs...)
}

// Client reports whether the fault lays the blame on the request: Client of SOAP
// 1.1, its dotted refinements included, or Sender of SOAP 1.2.
func (f *Fault) Client() bool { return f.is("Client") || f.is("Sender") }

// Server reports whether the fault lays the blame on the service: Server of SOAP
// 1.1, its dotted refinements included, or Receiver of SOAP 1.2.
func (f *Fault) Server() bool { return f.is("Server") || f.is("Receiver") }

func (f *Fault) is(name string) bool {
	if f.Code.Space != Namespace11 && f.Code.Space != Namespace12 {
		return false
	}
	return f.Code.Local == name || strings.HasPrefix(f.Code.Local, name+".")
}

// Is maps the fault to the taxonomy, for want of anything better: what its codes
// mean is up to the contract of the service, which the caller knows. The faults
// of WS-Security are passerelle.ErrUnauthorized, those of the client
// passerelle.ErrInvalid, VersionMismatch, MustUnderstand and
// DataEncodingUnknown passerelle.ErrProtocol, all others
// passerelle.ErrUnavailable.
func (f *Fault) Is(target error) bool {
	switch {
	case f.security():
		return target == passerelle.ErrUnauthorized
	case f.Client():
		return target == passerelle.ErrInvalid
	case f.is("VersionMismatch"), f.is("MustUnderstand"), f.is("DataEncodingUnknown"):
		return target == passerelle.ErrProtocol
	}
	return target == passerelle.ErrUnavailable
}

func (f *Fault) security() bool {
	if f.Code.Space == namespaceWSSE {
		return true
	}
	for _, sub := range f.Subcodes {
		if sub.Space == namespaceWSSE {
			return true
		}
	}
	return false
}

// Outcome returns passerelle.Answered: the service said what it did.
func (f *Fault) Outcome() passerelle.Outcome { return passerelle.Answered }

// In returns the reason in a language, "fr" also finding "fr-FR", and Reason
// where there is none.
func (f *Fault) In(lang string) string {
	for _, t := range f.Reasons {
		if got, _, _ := strings.Cut(t.Lang, "-"); strings.EqualFold(t.Lang, lang) || strings.EqualFold(got, lang) {
			return t.Text
		}
	}
	return f.Reason
}

// Fault returns the fault in the body, nil where the body is something else.
func (e *Envelope) Fault() *Fault {
	if !xmlx.Is(e.Body, e.Version.Namespace(), "Fault") {
		return nil
	}
	if e.Version == V12 {
		return fault12(e.Body)
	}
	return fault11(e.Body)
}

// fault11 reads the unqualified children that SOAP 1.1 wants, or qualified ones,
// which some servers send.
func fault11(el *etree.Element) *Fault {
	child := func(local string) *etree.Element {
		if c := xmlx.Child(el, "", local); c != nil {
			return c
		}
		return xmlx.Child(el, xmlx.Any, local)
	}
	f := &Fault{
		Reason: xmlx.Text(child("faultstring")),
		Actor:  xmlx.Text(child("faultactor")),
		Detail: child("detail"),
	}
	if c := child("faultcode"); c != nil {
		f.Code = faultCode(c, V11)
	}
	return f
}

func fault12(el *etree.Element) *Fault {
	f := &Fault{
		Version: V12,
		Actor:   xmlx.Text(xmlx.Child(el, Namespace12, "Role")),
		Node:    xmlx.Text(xmlx.Child(el, Namespace12, "Node")),
		Detail:  xmlx.Child(el, Namespace12, "Detail"),
	}
	top := xmlx.Child(el, Namespace12, "Code")
	if value := xmlx.Child(top, Namespace12, "Value"); value != nil {
		f.Code = faultCode(value, V12)
	}
	for sub := xmlx.Child(top, Namespace12, "Subcode"); sub != nil; sub = xmlx.Child(sub, Namespace12, "Subcode") {
		if value := xmlx.Child(sub, Namespace12, "Value"); value != nil {
			name, _ := xmlx.QName(value, xmlx.Text(value))
			f.Subcodes = append(f.Subcodes, name)
		}
	}
	for _, t := range xmlx.Children(xmlx.Child(el, Namespace12, "Reason"), Namespace12, "Text") {
		lang, _ := xmlx.Attr(t, "http://www.w3.org/XML/1998/namespace", "lang")
		f.Reasons = append(f.Reasons, Text{lang, xmlx.Text(t)})
	}
	if len(f.Reasons) > 0 {
		f.Reason = f.Reasons[0].Text
	}
	return f
}

// faultCode resolves a code. Many servers write those of SOAP without prefix.
func faultCode(el *etree.Element, version Version) xml.Name {
	text := xmlx.Text(el)
	name, _ := xmlx.QName(el, text)
	if !strings.Contains(text, ":") {
		class, _, _ := strings.Cut(text, ".")
		switch class {
		case "Client", "Server", "Sender", "Receiver", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown":
			name.Space = version.Namespace()
		}
	}
	return name
}
