package soap

import (
	"mime"
	"net/http"
	"strings"
)

// Namespaces of the two versions and of what envelopes borrow.
const (
	Namespace11  = "http://schemas.xmlsoap.org/soap/envelope/"
	Namespace12  = "http://www.w3.org/2003/05/soap-envelope"
	NamespaceXSI = "http://www.w3.org/2001/XMLSchema-instance"
	NamespaceXSD = "http://www.w3.org/2001/XMLSchema"

	encoding11 = "http://schemas.xmlsoap.org/soap/encoding/"
	encoding12 = "http://www.w3.org/2003/05/soap-encoding"
)

// Version is a version of SOAP. The zero value is 1.1.
type Version uint8

const (
	V11 Version = iota // SOAP 1.1, W3C Note of 8 May 2000
	V12                // SOAP 1.2, W3C Recommendation of 27 April 2007
)

// String returns "1.1" or "1.2".
func (v Version) String() string {
	if v == V12 {
		return "1.2"
	}
	return "1.1"
}

// Namespace returns the namespace of the envelope.
func (v Version) Namespace() string {
	if v == V12 {
		return Namespace12
	}
	return Namespace11
}

// MediaType returns the media type of a message, without parameters.
func (v Version) MediaType() string {
	if v == V12 {
		return "application/soap+xml"
	}
	return "text/xml"
}

// header returns the HTTP header of a message in this character set. SOAP 1.1
// wants the action quoted in SOAPAction, even where it is empty (section 6.1.1);
// SOAP 1.2 has it as a parameter of the content type, left out where it is empty
// (part 2, section 6.5.3).
func (v Version) header(charset, action string) http.Header {
	h := http.Header{}
	contentType := v.MediaType() + "; charset=" + strings.ToLower(charset)
	if v == V12 {
		if action != "" {
			contentType += `; action="` + quoted(action) + `"`
		}
		h.Set("Accept", "application/soap+xml")
	} else {
		h.Set("SOAPAction", `"`+quoted(action)+`"`)
		h.Set("Accept", "text/xml")
	}
	h.Set("Content-Type", contentType)
	return h
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace

// actionOf reads the action of a request from its headers.
func actionOf(h http.Header, version Version) string {
	if version == V12 {
		_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
		return params["action"]
	}
	return strings.Trim(strings.TrimSpace(h.Get("SOAPAction")), `"`)
}

// mediaType splits a content type. A server that sends a broken one is forgiven:
// what matters is decided by the bytes.
func mediaType(contentType string) (media, charset string) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && media == "" {
		media, _, _ = strings.Cut(contentType, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	return media, params["charset"]
}

// isXML reports whether a media type can be that of an envelope. No media type
// at all is taken as XML, the bytes decide.
func isXML(media string) bool {
	switch media {
	case "", "text/xml", "application/xml", "application/soap+xml":
		return true
	}
	return strings.HasSuffix(media, "+xml")
}
