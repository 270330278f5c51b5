package soap

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Options is the profile of SOAP that a service speaks. The zero value is SOAP
// 1.1 in UTF-8 without any header block. It is safe for concurrent use as long
// as it is not changed and its hooks are safe.
type Options struct {
	// Version is that of requests. Answers of either version are read.
	Version Version
	// Charset is the character set of requests: UTF-8, which is also what an empty
	// one means, US-ASCII, ISO-8859-1, ISO-8859-15 or Windows-1252. Answers are
	// read in any of them, whatever Charset says.
	Charset string
	// Header returns the header blocks of each request as XML elements in UTF-8,
	// one after the other, each declaring the prefixes it uses. Nil adds none.
	Header func(ctx context.Context) ([]byte, error)
	// Sign returns what is sent in the place of a finished envelope, given in
	// Charset. Nil sends it as it is.
	Sign func(envelope []byte) ([]byte, error)
	// Understood lists the header blocks of answers that may be marked
	// mustUnderstand: what the caller of this package knows how to honour.
	Understood []xml.Name
	// Encoded accepts answers in the SOAP encoding (rpc/encoded), whose body holds
	// independent elements beside the answer; see [Envelope.Inline].
	Encoded bool
	// Limits bounds the envelopes read.
	Limits xmlx.Limits
}

// Check returns what is wrong with the options, for a configuration to report
// with its other faults.
func (o *Options) Check() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if o.Version > V12 {
		faults.Add("Version", "range", "V11 or V12")
	}
	if _, err := xmlx.Charset(o.Charset); err != nil {
		faults.Add("Charset", "charset", "UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15 or Windows-1252")
	}
	return faults
}

// Message is what has to be sent: the body of an HTTP POST and its headers.
type Message struct {
	Header http.Header // Content-Type, Accept and, for SOAP 1.1, SOAPAction
	Body   []byte
}

// EncodeRequest builds an envelope around body, which may be nil for an empty
// one, with these header blocks before those of the Header hook. body and
// headers are moved into the envelope and must not be part of another tree. A
// character that Charset lacks is an [xmlx.EncodeError]. The error of a hook is
// returned as it is. Nothing was sent when there is an error, and
// passerelle.OutcomeOf says so.
func (o *Options) EncodeRequest(ctx context.Context, action string, body *etree.Element, headers ...*etree.Element) (*Message, error) {
	faults := o.Check()
	if strings.ContainsFunc(action, unicode.IsControl) {
		faults.Add("action", "character", "a URI, without control characters")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	charset, _ := xmlx.Charset(o.Charset)
	if o.Header != nil {
		raw, err := o.Header(ctx)
		if err != nil {
			return nil, &notSent{err}
		}
		more, err := fragment(raw, o.Limits)
		if err != nil {
			return nil, &notSent{fmt.Errorf("header block: %w: %v", passerelle.ErrInvalid, err)}
		}
		headers = append(headers[:len(headers):len(headers)], more...)
	}
	data, err := marshal(o.Version, charset, headers, body)
	if err != nil {
		return nil, err
	}
	if o.Sign != nil {
		data, err = o.Sign(data)
		if err != nil {
			return nil, &notSent{err}
		}
	}
	return &Message{Header: o.Version.header(charset, action), Body: data}, nil
}

// notSent marks an error that came before anything left.
type notSent struct{ error }

func (e *notSent) Unwrap() error               { return e.error }
func (e *notSent) Outcome() passerelle.Outcome { return passerelle.NotSent }

// fragment parses elements that stand one after the other.
func fragment(raw []byte, limits xmlx.Limits) ([]*etree.Element, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	wrapped := make([]byte, 0, len(raw)+7)
	wrapped = append(wrapped, "<h>"...)
	wrapped = append(wrapped, raw...)
	wrapped = append(wrapped, "</h>"...)
	doc, err := xmlx.Parse(wrapped, xmlx.UTF8, limits)
	if err != nil {
		return nil, err
	}
	return doc.Root().ChildElements(), nil
}

// marshal writes an envelope.
func marshal(version Version, charset string, headers []*etree.Element, body *etree.Element) ([]byte, error) {
	envelope := etree.NewElement("soap:Envelope")
	envelope.CreateAttr("xmlns:soap", version.Namespace())
	if len(headers) > 0 {
		header := envelope.CreateElement("soap:Header")
		for _, block := range headers {
			header.AddChild(block)
		}
	}
	content := envelope.CreateElement("soap:Body")
	if body != nil {
		content.AddChild(body)
	}
	return xmlx.Marshal(envelope, charset)
}

// DecodeResponse reads what a service answered: the content type and status of
// the HTTP answer, and its whole body. A fault is returned as a [*Fault], beside
// the envelope that holds it. Bytes that are no envelope are a [*ResponseError]
// where the status tells of a failure, an [*xmlx.Error] or an [*EnvelopeError]
// otherwise. An empty answer with status 202 or 204, which one-way operations
// get, is an envelope without body.
func (o *Options) DecodeResponse(contentType string, status int, body []byte) (*Envelope, error) {
	media, label := mediaType(contentType)
	if len(body) == 0 && (status == http.StatusAccepted || status == http.StatusNoContent) {
		return &Envelope{Version: o.Version}, nil
	}
	if !isXML(media) {
		return nil, &ResponseError{Status: status, MediaType: media}
	}
	env, err := o.Parse(body, label)
	if err != nil {
		if status >= 300 {
			return nil, &ResponseError{Status: status, MediaType: media, Err: err}
		}
		return nil, err
	}
	if fault := env.Fault(); fault != nil {
		fault.Status = status
		return env, fault
	}
	if status >= 300 {
		return env, &ResponseError{Status: status, MediaType: media}
	}
	return env, nil
}
