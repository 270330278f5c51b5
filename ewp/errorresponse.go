package ewp

import (
	"encoding/xml"
	"mime"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Bounds of the error documents that are read.
const (
	maxErrorBody     = 64 << 10
	maxUserMessages  = 32
	maxErrorElements = 256
)

// ErrorResponse is the document by which a host says what went wrong
// (error-response in common-types.xsd). Its words come from a person or a program
// elsewhere, and may be personal.
type ErrorResponse struct {
	// DeveloperMessage is for whoever maintains the client.
	DeveloperMessage string
	// UserMessages are for the person who caused the call, one Text a language;
	// English should be among them.
	UserMessages Texts
}

// errorResponseName is the root of the document.
var errorResponseName = xml.Name{Space: NamespaceCommon, Local: "error-response"}

// Encode returns the document in UTF-8, without namespace prefixes. A character
// that XML cannot hold is an error that errors.Is knows as passerelle.ErrInvalid.
func (e ErrorResponse) Encode() ([]byte, error) {
	root := etree.NewElement(errorResponseName.Local)
	root.CreateAttr("xmlns", errorResponseName.Space)
	root.CreateElement("developer-message").SetText(e.DeveloperMessage)
	for _, m := range e.UserMessages {
		el := root.CreateElement("user-message")
		if m.Lang != "" {
			el.CreateAttr("xml:lang", m.Lang)
		}
		el.SetText(m.Value)
	}
	return xmlx.Marshal(root, xmlx.UTF8)
}

// DecodeErrorResponse reads the body of an answer 4xx or 5xx. contentType is the
// value of that header, empty where there is none. Hosts are known to write the
// document wrongly, so no element's namespace is asked for, messages may be
// missing, and what is unknown is ignored. Anything else that stands there instead
// of an error-response is an error that errors.Is knows as
// passerelle.ErrProtocol; the caller keeps the body.
func DecodeErrorResponse(body []byte, contentType string) (ErrorResponse, error) {
	doc, err := xmlx.Parse(body, charset(contentType), xmlx.Limits{
		MaxBytes: maxErrorBody, MaxDepth: 16, MaxElements: maxErrorElements,
	})
	if err != nil {
		return ErrorResponse{}, err
	}
	root := doc.Root()
	if !xmlx.Is(root, xmlx.Any, errorResponseName.Local) {
		return ErrorResponse{}, &xmlx.Error{Rule: "root", Want: "error-response"}
	}
	e := ErrorResponse{DeveloperMessage: xmlx.Text(xmlx.Child(root, xmlx.Any, "developer-message"))}
	for _, el := range xmlx.Children(root, xmlx.Any, "user-message") {
		if len(e.UserMessages) == maxUserMessages {
			break
		}
		lang, _ := xmlx.Attr(el, "http://www.w3.org/XML/1998/namespace", "lang")
		e.UserMessages = append(e.UserMessages, Text{Lang: lang, Value: xmlx.Text(el)})
	}
	return e, nil
}

// charset returns the charset parameter of a media type, "" where it has none.
func charset(contentType string) string {
	if !strings.Contains(contentType, ";") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}
