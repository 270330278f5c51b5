package soap

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Request is what a [Handler] is given.
type Request struct {
	*Envelope
	// Action is the SOAPAction of SOAP 1.1, without quotes, or the action parameter
	// of SOAP 1.2.
	Action string
	// HTTP is the request that carried the envelope; its body is read already.
	HTTP *http.Request
}

// Handler answers one operation. The element it returns goes into the body of the
// answer; nil makes an empty one. A [*Fault] is answered as it is, in the version
// of the request; any other error becomes a fault of the server that tells
// nothing of it.
type Handler func(ctx context.Context, r *Request) (*etree.Element, error)

// Server is the server side of a service, over HTTP. It answers in the version of
// the request. Its fields and handlers are set before it serves; it is safe for
// concurrent use from then on.
type Server struct {
	// Charset is the character set of answers; UTF-8 where empty.
	Charset string
	// WSDL answers a GET with the query "wsdl", in any case. Nil answers 404.
	WSDL []byte
	// Check is called before each handler, to authenticate for instance; its error
	// is answered like that of a handler. Nil lets everything through.
	Check func(r *Request) error
	// Understood lists the header blocks that may be marked mustUnderstand.
	Understood []xml.Name
	// Limits bounds the requests read.
	Limits xmlx.Limits
	// Report is told the errors of handlers that are answered without detail. Nil
	// drops them.
	Report func(err error)

	names   map[xml.Name]Handler
	actions map[string]Handler
}

// Handle registers the handler of the requests whose body holds this element.
func (s *Server) Handle(namespace, local string, h Handler) {
	if s.names == nil {
		s.names = map[xml.Name]Handler{}
	}
	s.names[xml.Name{Space: namespace, Local: local}] = h
}

// HandleAction registers the handler of the requests with this action whose body
// holds no element that has a handler of its own.
func (s *Server) HandleAction(action string, h Handler) {
	if s.actions == nil {
		s.actions = map[string]Handler{}
	}
	s.actions[action] = h
}

// ServeHTTP reads an envelope, calls its handler and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.serveWSDL(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "SOAP requests are sent with POST", http.StatusMethodNotAllowed)
		return
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	version := V11
	switch {
	case err == nil && media == V11.MediaType():
	case err == nil && media == V12.MediaType():
		version = V12
	default:
		http.Error(w, "want text/xml for SOAP 1.1 or application/soap+xml for SOAP 1.2", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.WithDefaults().MaxBytes))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		}
		return // otherwise the client went away
	}
	req := &Request{Action: actionOf(r.Header, version), HTTP: r}
	answer, err := s.answer(req, version, body, params["charset"])
	s.write(w, version, answer, err)
}

func (s *Server) serveWSDL(w http.ResponseWriter, r *http.Request) {
	for key := range r.URL.Query() {
		if strings.EqualFold(key, "wsdl") && s.WSDL != nil {
			// Without charset: the declaration of the document says it.
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write(s.WSDL)
			return
		}
	}
	http.NotFound(w, r)
}

func (s *Server) answer(r *Request, version Version, body []byte, label string) (*etree.Element, error) {
	options := Options{Understood: s.Understood, Limits: s.Limits}
	env, err := options.Parse(body, label)
	if bad, ok := errors.AsType[*EnvelopeError](err); ok && bad.Rule == "mustUnderstand" {
		return nil, NewFault("MustUnderstand", bad.Error())
	} else if ok && bad.Rule == "version" {
		return nil, NewFault("VersionMismatch", bad.Error())
	}
	if err != nil {
		return nil, NewFault("Client", err.Error())
	}
	if env.Version != version {
		return nil, NewFault("VersionMismatch", "the content type is not that of SOAP "+env.Version.String())
	}
	r.Envelope = env
	h := s.handler(r)
	if h == nil {
		return nil, NewFault("Client", "no such operation")
	}
	if s.Check != nil {
		if err := s.Check(r); err != nil {
			return nil, err
		}
	}
	return h(r.HTTP.Context(), r)
}

func (s *Server) handler(r *Request) Handler {
	if r.Body != nil {
		if h := s.names[xmlx.Name(r.Body)]; h != nil {
			return h
		}
	}
	return s.actions[r.Action]
}

func (s *Server) write(w http.ResponseWriter, version Version, answer *etree.Element, err error) {
	status := http.StatusOK
	if err != nil {
		answer, status = s.fault(err, version)
	}
	charset, err := xmlx.Charset(s.Charset)
	if err != nil {
		http.Error(w, "the server is set to an unknown character set", http.StatusInternalServerError)
		return
	}
	data, err := marshal(version, charset, nil, answer)
	if err != nil {
		answer, status = s.fault(err, version)
		if data, err = marshal(version, charset, nil, answer); err != nil {
			http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", version.MediaType()+"; charset="+strings.ToLower(charset))
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func (s *Server) fault(err error, version Version) (*etree.Element, int) {
	fault, ok := errors.AsType[*Fault](err)
	if !ok {
		if s.Report != nil {
			s.Report(err)
		}
		fault = NewFault("Server", "internal error")
	}
	return fault.Element(version), fault.httpStatus(version)
}
