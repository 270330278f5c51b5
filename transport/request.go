package transport

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Class says what a request does to the service, and so when it may be sent
// again. The zero value is Create, the cautious one.
type Class uint8

const (
	// Create changes the service in a way that must not happen twice: registering
	// someone. It is sent again only when nothing was sent, or when the service
	// proved that it did not carry it out.
	Create Class = iota
	// Idempotent changes the service, and doing it twice is doing it once:
	// replacing, deleting, asking for a token.
	Idempotent
	// Read changes nothing.
	Read
)

// String returns "create", "idempotent" or "read".
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Idempotent:
		return "idempotent"
	default:
		return "create"
	}
}

// Verdict is what a Judge says of a complete answer.
type Verdict uint8

const (
	// ByStatus leaves it to the status: 429, 502, 503 and 504 are Transient, the
	// rest is handed on, with outcome Unknown for 408 and most of 5xx.
	ByStatus Verdict = iota
	// Final is an answer to the question, whatever its status: it is handed on and
	// its outcome is Answered. A SOAP fault in a 500 is one.
	Final
	// Transient means "not now", and nothing of what became of the request: it is
	// sent again unless its class is Create. Its outcome is Unknown, or Answered
	// for a 429.
	Transient
	// Unprocessed proves that the request was not carried out, and that sending it
	// again later may help: it is, whatever its class. Its outcome is Answered.
	Unprocessed
)

// Request is one thing to ask of a service. It is not changed by this package and
// can be used again.
type Request struct {
	// Operation names the call in errors and logs: "ines.register". It must not
	// hold personal data.
	Operation string
	// Method is the HTTP method. Empty is GET. GET, HEAD, OPTIONS and TRACE are
	// refused in class Create: net/http would send them again on its own.
	Method string
	// URL is absolute, http or https, without user information. Its path and query
	// may hold personal data: they appear in no log and no error.
	URL string
	// Host is sent as the Host header, and is the server name that signatures see,
	// when it is not that of URL. Empty is the host of URL.
	Host string
	// Header is sent with each attempt. Values given here win over those that the
	// package adds.
	Header http.Header
	// Body is sent with each attempt. It must not be changed before the call returns.
	Body []byte
	// Class says when the request may be sent again.
	Class Class

	// Credentials says that the request proves who sends it: by a header, a value
	// in its body, a client certificate of Base. No redirect is followed then. A
	// request with a Token, a Prepare, or an Authorization or Cookie header has
	// credentials whatever is said here.
	Credentials bool
	// Token gives the bearer token of each attempt. A token answered by 401 is
	// dropped and, if the source then gives another one, the request is sent once
	// more at once, whatever its class: a service that answers 401 has not begun.
	Token TokenSource
	// Prepare is called for each attempt on the request that will be sent, after
	// everything else: for dates, identifiers, digests and signatures that must be
	// new each time. It may set headers and replace Body together with GetBody and
	// ContentLength. The text of its error appears in ours: no personal data.
	// Within one Do its calls do not overlap.
	Prepare func(*http.Request) error

	// Judge is asked about each complete answer, before the rules of the status.
	// It must not keep or change the Response. In a stream it is asked only about
	// answers that are neither 2xx nor 304. Nil is ByStatus.
	Judge func(*Response) Verdict

	// MaxBody takes the place of Config.MaxBody for this request; 0 does not.
	MaxBody int64
}

// check returns the parsed URL, or everything that is wrong with r.
func (r *Request) check() (*url.URL, error) {
	var faults passerelle.FieldErrors
	u, err := url.Parse(r.URL)
	switch { // the error of url.Parse quotes the URL
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		faults.Add("URL", "url", "an absolute http or https URL")
	case u.User != nil:
		faults.Add("URL", "userinfo", "credentials in a header, not in the URL")
	}
	if !isToken(r.method()) {
		faults.Add("Method", "character", "an HTTP method such as GET or POST")
	}
	if r.Class > Read {
		faults.Add("Class", "range", "Create, Idempotent or Read")
	}
	switch r.method() {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		if r.Class == Create {
			faults.Add("Class", "method", "Read or Idempotent for "+r.method()+", which is never sent only once for sure")
		}
	}
	if r.MaxBody < 0 {
		faults.Add("MaxBody", "range", "no negative value; 0 is that of the Config")
	}
	if badHeaderByte(r.Host) >= 0 {
		faults.Add("Host", "character", "no control character")
	}
	faults = append(faults, headerFaults(r.Header)...)
	if len(faults) > 0 {
		return nil, faults
	}
	return u, nil
}

func (r *Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// credentials reports whether the request proves who sends it.
func (r *Request) credentials() bool {
	return r.Credentials || r.Token != nil || r.Prepare != nil ||
		r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != ""
}

// headerFaults names the headers that net/http would refuse to send. Found by
// net/http they would look like a failure of unknown outcome. A token read from a
// file with its line break is the usual one.
func headerFaults(h http.Header) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	for name, values := range h {
		if !isToken(name) {
			faults.Add("Header", "name", "header names of RFC 9110 token characters")
			continue
		}
		for _, v := range values {
			if i := badHeaderByte(v); i >= 0 {
				faults.Add("Header."+name, "character", "no control character, as at byte "+strconv.Itoa(i+1))
			}
		}
	}
	return faults
}

// badHeaderByte returns where s has a byte that no header value may hold, or -1.
func badHeaderByte(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return i
		}
	}
	return -1
}

// isToken reports whether s is a token of RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
