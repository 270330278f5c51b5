package elmo

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Attachment is a file in a document. Its content is one data URI a language.
type Attachment struct {
	Identifiers  []Identifier `xml:"identifier"`
	Titles       ewp.Texts    `xml:"title"`
	Type         string       `xml:"type,omitempty"` // "Transcript of Records", "Diploma Supplement", …
	Descriptions ewp.Texts    `xml:"description"`
	Contents     ewp.Texts    `xml:"content"`
	Extension    *Extension   `xml:"extension"`
}

// NewContent returns data as the content of an attachment, in a language or none.
func NewContent(mediaType string, data []byte, lang string) ewp.Text {
	return ewp.Text{Lang: lang, Value: "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data)}
}

// maxMediaType bounds the part of a data URI before its comma.
const maxMediaType = 512

// DecodeContent returns the media type and the bytes of a data URI (RFC 2397), of
// most bytes at the most. The type is the sender's word: it is to be checked before
// a file is shown. Its error is a [*passerelle.ParseError] without the content.
func DecodeContent(content ewp.Text, most int) (mediaType string, data []byte, err error) {
	fail := func(rule, want string) (string, []byte, error) {
		return "", nil, &passerelle.ParseError{Type: "attachment content", Rule: rule, Want: want}
	}
	value := strings.TrimSpace(content.Value)
	if len(value) < 5 || !strings.EqualFold(value[:5], "data:") {
		return fail("scheme", "a data: URI")
	}
	head, body, ok := strings.Cut(value[5:], ",")
	if !ok || len(head) > maxMediaType {
		return fail("form", "data:TYPE;base64,CONTENT")
	}
	head, encoded := strings.CutSuffix(head, ";base64")
	if head == "" || strings.HasPrefix(head, ";") {
		head = "text/plain" + head
	}
	if mediaType, _, err = mime.ParseMediaType(head); err != nil {
		return fail("type", "a media type such as application/pdf")
	}
	if !encoded {
		text, err := url.PathUnescape(body)
		if err != nil {
			return fail("escape", "percent-encoded text")
		}
		if len(text) > most {
			return fail("length", fmt.Sprintf("at most %d bytes", most))
		}
		return mediaType, []byte(text), nil
	}
	if strings.ContainsAny(body, " \t\r\n") { // xs:token: white space is none of the content
		body = strings.Join(strings.Fields(body), "")
	}
	if base64.StdEncoding.DecodedLen(len(body)) > most+2 {
		return fail("length", fmt.Sprintf("at most %d bytes", most))
	}
	coding := base64.StdEncoding
	if len(body)%4 != 0 {
		coding = base64.RawStdEncoding // without padding, as some write it
	}
	if data, err = coding.DecodeString(body); err != nil {
		return fail("base64", "base64 (RFC 4648)")
	}
	if len(data) > most {
		return fail("length", fmt.Sprintf("at most %d bytes", most))
	}
	return mediaType, data, nil
}
