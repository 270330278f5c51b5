package apogeetest

import (
	"bytes"
	"crypto/subtle"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle/adapters/apogee"
)

const soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"

// node is an element of a request.
type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

// get returns the text of a child.
func (n node) get(name string) string {
	for _, child := range n.Nodes {
		if child.XMLName.Local == name {
			return strings.TrimSpace(child.Text)
		}
	}
	return ""
}

// value is an element of an answer. One without text and children is missing.
type value struct {
	name     string
	text     string
	children []value
}

func v(name, text string) value { return value{name: name, text: text} }

func group(name string, children ...value) value { return value{name: name, children: children} }

// problem is a SOAP fault.
type problem struct {
	code   string // domaine.nature.element
	text   string // faultstring, when it is not the code
	client bool   // the fault of who asks
}

// Handler returns the SOAP services, each under a path that ends with its name.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="apogee"`)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost {
			http.Error(w, "POST a SOAP envelope", http.StatusMethodNotAllowed)
			return
		}
		request, op, bad := s.read(r)
		if bad != nil {
			s.writeFault(w, *bad, http.StatusInternalServerError)
			return
		}
		f := s.trouble(op)
		if s.before(w, f, request) {
			return
		}
		values, bad := s.do(r.Context(), op, request)
		if bad != nil {
			s.writeFault(w, *bad, http.StatusInternalServerError)
			return
		}
		s.write(w, r, op, f, values)
	})
}

// allowed reports whether the request has the credentials that are asked for.
func (s *Service) allowed(r *http.Request) bool {
	equal := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	if s.cfg.Username != "" {
		username, password, ok := r.BasicAuth()
		if !ok || !equal(username, s.cfg.Username) || !equal(password, s.cfg.Password) {
			return false
		}
	}
	return s.cfg.KeyHeader == "" || equal(r.Header.Get(s.cfg.KeyHeader), s.cfg.Key)
}

// read takes the request apart and refuses what the contracts do not have.
func (s *Service) read(r *http.Request) (node, apogee.Operation, *problem) {
	refuse := func(text string) (node, apogee.Operation, *problem) {
		return node{}, "", &problem{text: text, client: true}
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "text/xml" {
		return refuse("want text/xml")
	}
	if action, ok := r.Header["Soapaction"]; !ok || len(action) != 1 || action[0] != `""` {
		return refuse(`want the header SOAPAction: ""`)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return refuse("want a request of at most 1 MiB")
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if !strings.EqualFold(label, s.cfg.Contract.Charset) {
			return nil, fmt.Errorf("want %s", s.cfg.Contract.Charset)
		}
		return charmap.ISO8859_15.NewDecoder().Reader(in), nil
	}
	var envelope struct {
		XMLName xml.Name
		Body    struct {
			Nodes []node `xml:",any"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := d.Decode(&envelope); err != nil {
		return refuse("want well-formed XML: " + err.Error())
	}
	if envelope.XMLName != (xml.Name{Space: soapNamespace, Local: "Envelope"}) || len(envelope.Body.Nodes) != 1 {
		return refuse("want an Envelope of SOAP 1.1 with one operation")
	}
	request := envelope.Body.Nodes[0]
	service := path.Base(r.URL.Path)
	for op, call := range s.cfg.Contract.Calls {
		if call.Service != service || call.Request != request.XMLName.Local {
			continue
		}
		if request.XMLName.Space != s.cfg.Contract.Namespaces[service] {
			return refuse("want the namespace " + s.cfg.Contract.Namespaces[service])
		}
		if text := unexpected(request.Nodes, s.children(op)); text != "" {
			return refuse(text)
		}
		return request, op, nil
	}
	return refuse("the service " + service + " has no operation " + request.XMLName.Local)
}

// children are the elements that an operation takes, in their order.
func (s *Service) children(op apogee.Operation) []string {
	switch op {
	case apogee.OpIdentifiers:
		if s.cfg.Contract.SplitINE {
			return strings.Fields("_codEtu _codInd _numINE _cleINE _numBoursier _codOPI _nom _prenom _dateNaiss _temoinRecupAnnu")
		}
		return strings.Fields("_codEtu _codInd _numINE _numBoursier _codOPI _nom _prenom _dateNaiss _temoinRecupAnnu")
	case apogee.OpAddresses:
		return strings.Fields("_codEtu _annee _recupAnnuaire")
	case apogee.OpList:
		return []string{"_parametres"}
	case apogee.OpYears:
		return strings.Fields("_codEtu _etatInscriptionIA")
	case apogee.OpAnnual:
		return strings.Fields("_codEtu _annee _etatIAA")
	case apogee.OpSteps:
		return strings.Fields("_codEtu _annee _etatIAA _etatIAE")
	}
	return []string{"_codEtu"}
}

// unexpected tells of the first element that is qualified, unknown or out of order.
func unexpected(nodes []node, known []string) string {
	at := 0
	for _, n := range nodes {
		if n.XMLName.Space != "" {
			return "want " + n.XMLName.Local + " in no namespace"
		}
		for at < len(known) && known[at] != n.XMLName.Local {
			at++
		}
		if at == len(known) {
			return "no element " + n.XMLName.Local + " is expected there"
		}
	}
	return ""
}

// before answers the faults that come before any work, and reports whether it did.
func (s *Service) before(w http.ResponseWriter, f Fault, request node) bool {
	switch f {
	case Unavailable:
		http.Error(w, "service unavailable", http.StatusServiceUnavailable)
	case Maintenance:
		w.Header().Set("Content-Type", "text/html; charset=ISO-8859-15")
		_, _ = io.WriteString(w, "<html><body><h1>Apog\xe9e est en maintenance</h1></body></html>\n")
	case Unauthorized:
		http.Error(w, "unauthorized", http.StatusUnauthorized)
	case RemoteError:
		s.writeFault(w, problem{code: "technical.remoteerror.apogee"}, http.StatusInternalServerError)
	case NullRetrieve:
		s.writeFault(w, problem{code: "technical.data.nullretrieve.etudiant"}, http.StatusInternalServerError)
	case FaultIn200:
		s.writeFault(w, problem{code: "technical.data.nullretrieve.etudiant"}, http.StatusOK)
	case UnknownFault:
		said := ""
		for _, n := range request.Nodes {
			said += " " + n.Text
		}
		s.writeFault(w, problem{text: "Erreur interne pour" + said}, http.StatusInternalServerError)
	default:
		return false
	}
	return true
}

// encode writes text in the encoding of the answers.
func (s *Service) encode(text string) []byte {
	if s.cfg.Charset == "UTF-8" {
		return []byte(text)
	}
	var out []byte
	for _, r := range text {
		if b, ok := charmap.ISO8859_15.EncodeRune(r); ok {
			out = append(out, b)
		} else {
			out = append(out, "&#"+strconv.Itoa(int(r))+";"...)
		}
	}
	return out
}

func (s *Service) prolog() string {
	return `<?xml version="1.0" encoding="` + s.cfg.Charset + `"?>` + "\n"
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return b.String()
}

func (s *Service) writeFault(w http.ResponseWriter, p problem, status int) {
	code, text := "soap:Server", p.text
	if p.client {
		code = "soap:Client"
	}
	detail := ""
	if p.code != "" {
		parts := strings.SplitN(p.code, ".", 3)
		for len(parts) < 3 {
			parts = append(parts, "")
		}
		text = p.code
		detail = `<detail><ns1:fault xmlns:ns1="gouv.education.apogee.commun.servicesmetiers.fault"><domaine>` + escaped(parts[0]) + `</domaine><element>` + escaped(parts[2]) +
			`</element><messages><item>` + escaped(p.code) + `</item></messages><nature>` + escaped(parts[1]) + `</nature><type>WebBaseException</type><lastErrorMsg xsi:nil="true"/></ns1:fault></detail>`
	}
	w.Header().Set("Content-Type", "text/xml; charset="+s.cfg.Charset)
	w.WriteHeader(status)
	_, _ = w.Write(s.encode(s.prolog() + `<soap:Envelope xmlns:soap="` + soapNamespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body><soap:Fault><faultcode>` + code +
		`</faultcode><faultstring>` + escaped(text) + `</faultstring>` + detail + `</soap:Fault></soap:Body></soap:Envelope>` + "\n"))
}

// write sends an answer, spoilt as the fault wants.
func (s *Service) write(w http.ResponseWriter, r *http.Request, op apogee.Operation, f Fault, values []value) {
	call := s.cfg.Contract.Names(op)
	if f == Duplicated {
		var twice []value
		for _, v := range values {
			twice = append(twice, v, v)
		}
		values = twice
	}
	if f == OtherName {
		call.Response = "autreVersionResponse"
	}
	var b strings.Builder
	b.WriteString(s.prolog())
	text := `<soap:Envelope xmlns:soap="` + soapNamespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body><ns1:` + call.Response +
		` xmlns:ns1="` + s.cfg.Contract.Namespaces[call.Service] + `">`
	if f == Doctype {
		b.WriteString(`<!DOCTYPE x [<!ENTITY e "x">]>` + "\n")
	}
	b.WriteString(text)
	missing := 0
	for _, v := range values {
		v.name = call.Return
		s.writeValue(&b, v, &missing)
	}
	b.WriteString(`</ns1:` + call.Response + `></soap:Body></soap:Envelope>` + "\n")
	body := s.encode(b.String())
	if f == WrongCharset {
		body = bytes.Replace(body, []byte(s.cfg.Charset), []byte("US-ASCII"), 1)
		body = append(body, "<!-- \xe9 -->"...)
	}
	if f == Slow {
		select {
		case <-time.After(s.cfg.Delay):
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "text/xml; charset="+s.cfg.Charset)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f == Truncated {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

func (s *Service) writeValue(b *strings.Builder, v value, missing *int) {
	if v.text == "" && len(v.children) == 0 {
		style := s.cfg.Nil
		if style == NilMixed {
			style = NilStyle(*missing % 3)
			*missing++
		}
		switch style {
		case NilAttribute:
			b.WriteString("<" + v.name + ` xsi:nil="true"/>`)
		case NilEmpty:
			b.WriteString("<" + v.name + "></" + v.name + ">")
		}
		return
	}
	b.WriteString("<" + v.name + ">" + escaped(v.text))
	for _, child := range v.children {
		s.writeValue(b, child, missing)
	}
	b.WriteString("</" + v.name + ">")
}
