package emrex

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Field is a field of a form.
type Field struct{ Name, Value string }

// Form is what a browser is to post, from one side of the exchange to the other.
type Form struct {
	Action string // address
	Fields []Field
}

//go:embed form.html
var formText string

var formPage = template.Must(template.New("form").Parse(formText))

// Page is the words around a form that posts itself.
type Page struct {
	Lang, Title, Text, Button string
}

// defaultPage is shown for a moment, or until the button is pressed.
var defaultPage = Page{Lang: "en", Title: "EMREX", Text: "Your results are on their way.", Button: "Continue"}

// WriteTo writes a page that posts the form by itself, or by a button where scripts
// are off, with headers that keep it out of caches and referrers. The zero Page is
// in English.
func (f Form) WriteTo(w http.ResponseWriter, p Page) error {
	if p == (Page{}) {
		p = defaultPage
	}
	var nonce [16]byte
	rand.Read(nonce[:])
	id := base64.RawURLEncoding.EncodeToString(nonce[:])
	// Browsers hold the redirects after a form to form-action too, and the other side
	// redirects to its login: any https address, then, not that of f.Action alone.
	target := "https:"
	if u, err := url.Parse(f.Action); err == nil && isLoopback(u) {
		target += " http:"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+id+"'; style-src 'unsafe-inline'; form-action "+target+"; frame-ancestors 'none'")
	return formPage.Execute(w, map[string]any{"Form": f, "Page": p, "Nonce": id})
}

// readForm reads a form of bounded length. Its error is a *passerelle.ParseError.
func readForm(r *http.Request, most int64) (url.Values, error) {
	fault := func(rule, want string) (url.Values, error) {
		return nil, &passerelle.ParseError{Type: "EMREX form", Rule: rule, Want: want}
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost:
		return fault("method", "a POST")
	case !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded"):
		return fault("type", "application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return fault("body", "a body that is whole")
	}
	if int64(len(body)) > most {
		return fault("length", "a shorter form")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return fault("form", "fields that are percent-encoded")
	}
	return values, nil
}

// isLoopback reports whether an address is of this machine, where http is allowed
// for tests.
func isLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// returnAddress checks where a browser may be made to post results.
func returnAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !isLoopback(u) {
		return &passerelle.ParseError{Type: "returnUrl", Rule: "url", Want: "an absolute https address"}
	}
	return nil
}
