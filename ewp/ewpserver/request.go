package ewpserver

import (
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxForm bounds a form, which is read into memory: with the longest identifiers
// that is some thousands of them.
const maxForm = 1 << 20

// Parties are the two sides of a call.
type Parties struct {
	HEI    ewp.HEIID // the institution that was called, one of the server's
	Caller ewp.HEIID // the institution that calls, by its key; zero for an anonymous client
}

// Request is a request whose signature is good, as a [Handler] gets it. What the
// signature does not cover is not in it. It is good until Serve returns.
type Request struct {
	Parties
	API       ewp.API
	Major     int             // version of the API, see [Major]
	Endpoint  string          // "get", "index", …; empty for an API with a single one
	Method    string          // one of those that the endpoint allows
	Key       ewp.Fingerprint // that signed it; zero for an anonymous client
	RequestID string          // X-Request-Id; of an anonymous client anything, or nothing
	// Header holds the headers that were signed, and for an anonymous client all.
	Header http.Header
	// Params are those of the query of a GET, or of the form in the body of a POST,
	// whose query is ignored. Each value is UTF-8 that XML can hold. Read them with
	// Check, which knows the rules.
	Params url.Values

	body        *httpsig.Spool // without content coding
	contentType string
}

// Body returns a new reader of the body, its content coding undone, from the start.
func (r *Request) Body() *io.SectionReader { return r.body.Reader() }

// Decode reads the body, an XML document with the given root, into v as
// encoding/xml does. Its error is an [*Error] with status 400 for a document that
// is not well-formed, has a document type declaration, or another root.
func (r *Request) Decode(v any, root xml.Name) error {
	refused := func(err error) error {
		return refuse(http.StatusBadRequest, "the body is not the expected document: "+err.Error(), passerelle.ErrInvalid)
	}
	_, params, _ := mime.ParseMediaType(r.contentType)
	d, err := xmlx.NewDecoder(r.Body(), params["charset"], xmlx.Limits{})
	if err != nil {
		return documentError(err, refused)
	}
	for {
		token, err := d.Token()
		if err != nil {
			return documentError(err, refused)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name != root {
			return refused(&xmlx.Error{Rule: "root", Want: root.Local + " in the namespace " + root.Space})
		}
		if err := d.DecodeElement(v, &start); err != nil {
			return documentError(err, refused)
		}
		break
	}
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return documentError(err, refused)
		}
	}
}

// documentError words what is wrong with a document. What encoding/xml says of
// a value that does not fit may repeat it, so only the reader's own words are sent.
func documentError(err error, refused func(error) error) error {
	if e, ok := errors.AsType[*xmlx.Error](err); ok {
		return refused(e)
	}
	return refused(errors.New("an element has a value of another type"))
}

// request takes the parameters out of what came.
func (x *exchange) request(body *httpsig.Spool) (*Request, error) {
	r := &Request{
		Parties: x.seen.Parties, API: x.route.API, Major: x.route.Major, Endpoint: x.route.Endpoint.Name, Method: x.r.Method,
		Key: x.seen.Key, RequestID: x.seen.RequestID, Header: x.r.Header,
	}
	plain, err := x.decode(body)
	if err != nil {
		return nil, err
	}
	r.body, r.contentType = plain, strings.Join(x.r.Header.Values("Content-Type"), ", ") // several are no type
	query := x.r.URL.RawQuery
	if x.r.Method == http.MethodPost {
		form, err := x.media(r.contentType)
		if err != nil {
			return nil, err
		}
		query = ""
		if form {
			if plain.Size() > maxForm {
				return nil, refuse(http.StatusRequestEntityTooLarge, "the form is longer than 1 MiB", nil)
			}
			text, err := io.ReadAll(plain.Reader())
			if err != nil {
				return nil, err
			}
			query = string(text)
		}
	}
	r.Params, err = parseParams(query)
	return r, err
}

// media reports whether the body of a POST is a form, and refuses one of another
// type than the endpoint takes. A body without a type, or whose type was not
// signed, is taken for what it should be.
func (x *exchange) media(contentType string) (form bool, err error) {
	form = x.route.Endpoint.Methods != ewp.PostXML
	if contentType == "" {
		return form, nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	ok := media == "application/x-www-form-urlencoded"
	want := "application/x-www-form-urlencoded"
	if !form {
		ok = media == "text/xml" || media == "application/xml" || strings.HasSuffix(media, "+xml")
		want = "text/xml or application/xml"
	}
	if err != nil || !ok {
		return form, refuse(http.StatusUnsupportedMediaType, "Content-Type: want "+want, nil)
	}
	return form, nil
}
