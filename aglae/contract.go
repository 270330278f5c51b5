package aglae

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Contract is everything by which the SOAP dialogue of the connector may vary, as
// data: the real one is not public, so none is built in. One comes from
// [ContractFromWSDL], or is written by hand; [ReferenceContract] is invented. A
// Contract is read-only once it is in use. Its data part can be read from JSON.
type Contract struct {
	Name      string `json:"name"`               // for people
	Endpoint  string `json:"endpoint,omitempty"` // address of the service
	SOAP      string `json:"soap"`               // "1.1" or "1.2"
	Namespace string `json:"namespace"`          // of both elements and, unless Unqualified, of what they hold
	// Unqualified says that what the elements hold is in no namespace
	// (elementFormDefault="unqualified"), as with Apogée's own services.
	Unqualified bool `json:"unqualified,omitempty"`
	// Namespaces are further namespaces by prefix, for names written "prefix:name" in
	// the path of an element of the request; ":name" is in no namespace.
	Namespaces map[string]string `json:"namespaces,omitempty"`

	Action   string    `json:"action,omitempty"` // SOAPAction (1.1), action parameter (1.2)
	Request  string    `json:"request"`          // name of the element of the question
	Response string    `json:"response"`         // name of the element of the answer
	Fields   []Element `json:"fields"`           // what Request holds, in order

	// Verdict, Code and Message are paths of local names below Response. Verdict is
	// required; the two others may be empty.
	Verdict string `json:"verdict"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`

	Conventions

	// Header, when set, gives what to put into the SOAP header of each attempt: whole
	// elements, their namespaces declared. See [UsernameToken].
	Header func(ctx context.Context) ([]byte, error) `json:"-"`
	// Sign, when set, turns the finished envelope into the one that is sent. It runs for
	// each attempt, after Header.
	Sign func(envelope []byte) ([]byte, error) `json:"-"`
	// Basic, when set, is sent as HTTP Basic credentials.
	Basic *Credentials `json:"-"`
}

// Conventions are the parts of a [Contract] that no WSDL says.
type Conventions struct {
	Charset    string `json:"charset,omitempty"`     // of what is sent: UTF-8 when empty; ISO-8859-1, ISO-8859-15, Windows-1252
	FrenchDate bool   `json:"french_date,omitempty"` // dates are DD/MM/YYYY; else YYYY-MM-DD

	// Words maps the service's words to [Holder] and [Wait]: a service that answers
	// "true" and "false" has false mapped to Wait, because it is no refusal. At least one
	// word is a Holder. A word that is not listed, and the lack of one, is an answer
	// that cannot be read: Unavailable, never Wait.
	Words map[string]Verdict `json:"words"`
	// Rules say what codes mean, of faults and of ordinary answers; the first that
	// matches wins. A fault that no rule knows is Unavailable.
	Rules []CodeRule `json:"rules,omitempty"`
	// FaultCode and FaultMessage are the paths of the service's own code and words
	// inside the detail of a fault. When empty, or absent from a fault, they are the
	// fault code and the fault string.
	FaultCode    string `json:"fault_code,omitempty"`
	FaultMessage string `json:"fault_message,omitempty"`
}

// Field names a datum of the question, whatever element carries it.
type Field string

// The fields of a question. FieldINE or FieldGrantNumber is required in a contract.
const (
	FieldINE         Field = "ine"          // the INE, key included
	FieldGrantNumber Field = "grant_number" // the numéro de boursier; the INE where the question has none
	FieldYear        Field = "year"         // first civil year of the academic year
	FieldBirthDate   Field = "birth_date"   // Conventions.FrenchDate says the form
	FieldStudent     Field = "student"      // the caller's reference
)

var fields = []Field{FieldINE, FieldGrantNumber, FieldYear, FieldBirthDate, FieldStudent}

// Element is one element of the question: a [Field] or a constant text, and where it
// stands.
type Element struct {
	Field    Field  `json:"field,omitempty"`    // what it holds; empty for a constant
	Path     string `json:"path"`               // names from Request on, separated by "/"
	Required bool   `json:"required,omitempty"` // always written, empty when there is no value
	Text     string `json:"text,omitempty"`     // the constant of an Element without Field
}

// CodeRule says what a code of the service means. Exactly one of Verdict and Kind is
// set.
type CodeRule struct {
	Code    string  `json:"code"`             // the code; with a "*" at the end, all codes that begin so
	Verdict Verdict `json:"verdict,omitzero"` // it is an answer in truth: Holder or Wait
	Kind    Kind    `json:"kind,omitempty"`   // it is an error of this kind
}

// Kind names an error of the root taxonomy in a contract.
type Kind string

// The kinds, each the error of the same name.
const (
	KindNotFound     Kind = "not_found"
	KindInvalid      Kind = "invalid"
	KindUnauthorized Kind = "unauthorized"
	KindForbidden    Kind = "forbidden"
	KindRateLimited  Kind = "rate_limited"
	KindUnavailable  Kind = "unavailable"
	KindProtocol     Kind = "protocol"
)

var kinds = map[Kind]error{
	KindNotFound: passerelle.ErrNotFound, KindInvalid: passerelle.ErrInvalid, KindUnauthorized: passerelle.ErrUnauthorized,
	KindForbidden: passerelle.ErrForbidden, KindRateLimited: passerelle.ErrRateLimited, KindUnavailable: passerelle.ErrUnavailable,
	KindProtocol: passerelle.ErrProtocol,
}

// Err returns the error of the root taxonomy, or nil for an unknown kind.
func (k Kind) Err() error { return kinds[k] }

// Credentials are a user name and a password. They are never logged.
type Credentials struct{ Username, Password string }

// LogValue masks both.
func (c Credentials) LogValue() slog.Value { return slog.StringValue("***") }

// String masks both, so that a Credentials printed by accident says nothing.
func (c Credentials) String() string { return "***" }

// Validate checks that the contract is complete and coherent. All faults come
// together as passerelle.FieldErrors. Endpoint may be missing, since SOAPConfig can
// give one.
func (c Contract) Validate() error {
	var faults passerelle.FieldErrors
	if c.SOAP != "1.1" && c.SOAP != "1.2" {
		faults.Add("SOAP", "value", "1.1 or 1.2")
	}
	if c.Namespace == "" {
		faults.Add("Namespace", "required", "the namespace of the elements of question and answer")
	}
	checkEndpoint(&faults, "Endpoint", c.Endpoint)
	for _, prefix := range slices.Sorted(maps.Keys(c.Namespaces)) {
		if !xmlx.IsName(prefix) || c.Namespaces[prefix] == "" {
			faults.Add("Namespaces["+prefix+"]", "value", "an XML prefix and its namespace")
		}
	}
	for _, name := range []struct{ field, value string }{{"Request", c.Request}, {"Response", c.Response}} {
		if !xmlx.IsName(name.value) {
			faults.Add(name.field, "name", "the name of an element")
		}
	}
	c.checkFields(&faults)
	for _, path := range []struct {
		field, value string
		required     bool
	}{
		{"Verdict", c.Verdict, true}, {"Code", c.Code, false}, {"Message", c.Message, false},
		{"FaultCode", c.FaultCode, false}, {"FaultMessage", c.FaultMessage, false},
	} {
		if (path.required || path.value != "") && (strings.Contains(path.value, ":") || !isPath(path.value, nil)) {
			faults.Add(path.field, "path", `local names separated by "/"`)
		}
	}
	c.Conventions.check(&faults)
	return faults.Err()
}

func (c Contract) checkFields(faults *passerelle.FieldErrors) {
	seen, paths := make(map[Field]bool), make(map[string]bool)
	for i, e := range c.Fields {
		name := fmt.Sprintf("Fields[%d]", i)
		switch {
		case !isPath(e.Path, c.Namespaces):
			faults.Add(name+".Path", "path", `names separated by "/", each with a prefix of Namespaces or none`)
		case paths[e.Path]:
			faults.Add(name+".Path", "unique", "each path once")
		}
		paths[e.Path] = true
		switch {
		case e.Field == "" && e.Text == "":
			faults.Add(name, "required", "a field or a constant text")
		case e.Field == "":
		case e.Text != "":
			faults.Add(name+".Text", "conflict", "no constant in an element that has a field")
		case !slices.Contains(fields, e.Field):
			faults.Add(name+".Field", "name", "one of "+list(fields))
		case seen[e.Field]:
			faults.Add(name+".Field", "unique", "each field once")
		}
		seen[e.Field] = true
	}
	if !seen[FieldINE] && !seen[FieldGrantNumber] {
		faults.Add("Fields", "required", "an element for the field ine or grant_number")
	}
}

func (c Conventions) check(faults *passerelle.FieldErrors) {
	if _, err := xmlx.Charset(c.Charset); err != nil {
		faults.Add("Charset", "value", "UTF-8, ISO-8859-1, ISO-8859-15 or Windows-1252")
	}
	holder := false
	for _, word := range slices.Sorted(maps.Keys(c.Words)) {
		v := c.Words[word]
		holder = holder || v == Holder
		if word == "" || v != Holder && v != Wait {
			faults.Add("Words["+word+"]", "value", "holder or wait, under a word that is not empty")
		}
	}
	if !holder {
		faults.Add("Words", "required", "a word that means holder")
	}
	for i, r := range c.Rules {
		name := fmt.Sprintf("Rules[%d]", i)
		if r.Code == "" {
			faults.Add(name+".Code", "required", "the code of the service")
		}
		switch {
		case (r.Verdict == Undetermined) == (r.Kind == ""):
			faults.Add(name, "value", "either a verdict or a kind of error")
		case r.Kind != "" && r.Kind.Err() == nil:
			faults.Add(name+".Kind", "name", "one of "+list(slices.Sorted(maps.Keys(kinds))))
		case r.Kind == "" && r.Verdict != Holder && r.Verdict != Wait:
			faults.Add(name+".Verdict", "value", "holder or wait")
		}
	}
}

// rule returns the rule for a code of the service.
func (c Conventions) rule(code string) (CodeRule, bool) {
	for _, r := range c.Rules {
		prefix, open := strings.CutSuffix(r.Code, "*")
		if r.Code == code || open && strings.HasPrefix(code, prefix) {
			return r, code != ""
		}
	}
	return CodeRule{}, false
}

func checkEndpoint(faults *passerelle.FieldErrors, field, endpoint string) {
	if endpoint == "" {
		return
	}
	if u, err := url.Parse(endpoint); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		faults.Add(field, "url", "an absolute http or https address without credentials")
	}
}

// isPath reports whether path is names separated by "/", with prefixes that are
// declared.
func isPath(path string, prefixes map[string]string) bool {
	for step := range strings.SplitSeq(path, "/") {
		if prefix, local, found := strings.Cut(step, ":"); found {
			if prefix != "" && prefixes[prefix] == "" {
				return false
			}
			step = local
		}
		if !xmlx.IsName(step) {
			return false
		}
	}
	return true
}

// list joins names for a message.
func list[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}
