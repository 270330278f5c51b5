package ines

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Contract is everything by which a SOAP dialogue with INES may vary, as data:
// no contract is public, so none is built in. A real one comes from
// [ContractFromWSDL]; [ReferenceContract] is invented. A Contract is read-only
// once it is in use. Its data part can be read from JSON.
type Contract struct {
	Name      string `json:"name"`               // for people: "reference", "ministry 2026-04"
	Endpoint  string `json:"endpoint,omitempty"` // address of all operations, unless an Exchange has its own
	SOAP      string `json:"soap"`               // "1.1" or "1.2"
	Namespace string `json:"namespace"`          // of the operation elements and, unless Unqualified, of what they hold
	// Unqualified says that what an operation element holds is in no namespace
	// (elementFormDefault="unqualified"). It needs a Prefix.
	Unqualified bool `json:"unqualified,omitempty"`
	// Namespaces are further namespaces by prefix, for element names written
	// "prefix:name" in a path.
	Namespaces map[string]string      `json:"namespaces,omitempty"`
	Operations map[Operation]Exchange `json:"operations"` // one missing: the binding lacks that ability

	Conventions

	// Header, when set, gives what to put into the SOAP header of each attempt: one
	// or more whole elements, their namespaces declared. See [UsernameToken].
	Header func(ctx context.Context) ([]byte, error) `json:"-"`
	// Sign, when set, turns the finished envelope into the one that is sent, for any
	// security profile that signs or encrypts. It runs for each attempt, after Header.
	Sign func(envelope []byte) ([]byte, error) `json:"-"`
	// Basic, when set, is sent as HTTP Basic credentials.
	Basic *Credentials `json:"-"`
}

// Conventions are the parts of a [Contract] that no WSDL says.
type Conventions struct {
	Prefix  string `json:"prefix,omitempty"`  // written before the names of Namespace; "" makes it the default namespace
	Charset string `json:"charset,omitempty"` // of what is sent: UTF-8 when empty; ISO-8859-1, ISO-8859-15, Windows-1252

	DateFormat string              `json:"date_format,omitempty"` // YYYY, MM and DD in any order with separators; "YYYY-MM-DD" when empty
	TimeFormat string              `json:"time_format,omitempty"` // layout of package time; RFC 3339 when empty
	TimeZone   string              `json:"time_zone,omitempty"`   // IANA name, for a TimeFormat without zone; UTC when empty
	Sex        passerelle.SexCodes `json:"sex"`                   // codes of the civil registry's sex
	// ShortCountry says that countries are written with the last three digits
	// of 99xxx (100 is France), as SISE, Apogée and Pégase do.
	ShortCountry bool `json:"short_country,omitempty"`

	// Statuses maps the service's words to ours. A word that is not listed is
	// kept as received; an empty map means that the words are Pégase's.
	Statuses map[string]Status `json:"statuses,omitempty"`
	// Errors maps codes, of faults and of ordinary answers; the first rule that
	// matches wins.
	Errors []ErrorRule `json:"errors,omitempty"`
	// FaultCode and FaultMessage are the paths of the service's own code and
	// words inside the detail of a fault. When empty, or absent from a fault, the
	// code is the fault code (its innermost subcode in SOAP 1.2) and the words
	// are the fault string.
	FaultCode    string `json:"fault_code,omitempty"`
	FaultMessage string `json:"fault_message,omitempty"`
	// MaintenanceIsRefusal says that an HTTP 503 without a fault proves that the
	// request was not processed. Without it a registration that got one is in doubt.
	MaintenanceIsRefusal bool `json:"maintenance_is_refusal,omitempty"`
}

// Exchange is one operation as the service names it.
type Exchange struct {
	Endpoint string    `json:"endpoint,omitempty"` // its own address; Contract.Endpoint when empty
	Action   string    `json:"action,omitempty"`   // SOAPAction (1.1), action parameter (1.2)
	Request  string    `json:"request"`            // name of the operation element
	Response string    `json:"response"`           // name of the element of the answer
	Fields   []Element `json:"fields"`             // what Request holds, in order
	// Record is the path, from Response, of the element that holds one answer; it
	// repeats in a follow-up. Empty: Response itself.
	Record string    `json:"record,omitempty"`
	Answer []Element `json:"answer"` // what a record holds, in order
}

// Element is one element of a message: a [Field] or a constant text, and where it stands.
type Element struct {
	Field    Field  `json:"field,omitempty"`    // what it holds; empty for a constant
	Path     string `json:"path"`               // names from the element above, separated by "/": "etatCivil/nomFamille"
	Required bool   `json:"required,omitempty"` // always written, empty when there is no value
	Repeated bool   `json:"repeated,omitempty"` // written once per value
	Text     string `json:"text,omitempty"`     // the constant of an Element without Field
}

// ErrorRule says what a code of the service means. Exactly one of Status and
// Kind is set.
type ErrorRule struct {
	Code   string `json:"code"`             // the code; with a "*" at the end, all codes that begin so
	Status Status `json:"status,omitempty"` // it is an answer in truth, with this status
	Kind   Kind   `json:"kind,omitempty"`   // it is an error of this kind
	// Refused says that the code proves that nothing was created.
	Refused bool `json:"refused,omitempty"`
}

// Kind names an error of the root taxonomy in a contract.
type Kind string

// The kinds, each the error of the same name.
const (
	KindNotFound     Kind = "not_found"
	KindInvalid      Kind = "invalid"
	KindConflict     Kind = "conflict"
	KindAmbiguous    Kind = "ambiguous"
	KindGone         Kind = "gone"
	KindUnauthorized Kind = "unauthorized"
	KindForbidden    Kind = "forbidden"
	KindRateLimited  Kind = "rate_limited"
	KindUnavailable  Kind = "unavailable"
	KindProtocol     Kind = "protocol"
)

var kinds = map[Kind]error{
	KindNotFound: passerelle.ErrNotFound, KindInvalid: passerelle.ErrInvalid, KindConflict: passerelle.ErrConflict,
	KindAmbiguous: passerelle.ErrAmbiguous, KindGone: passerelle.ErrGone, KindUnauthorized: passerelle.ErrUnauthorized,
	KindForbidden: passerelle.ErrForbidden, KindRateLimited: passerelle.ErrRateLimited,
	KindUnavailable: passerelle.ErrUnavailable, KindProtocol: passerelle.ErrProtocol,
}

// Err returns the error of the root taxonomy, or nil for an unknown kind.
func (k Kind) Err() error { return kinds[k] }

// Credentials are a user name and a password. They are never logged.
type Credentials struct{ Username, Password string }

// LogValue masks both.
func (c Credentials) LogValue() slog.Value { return slog.StringValue("***") }

// String masks both, so that a Credentials printed by accident says nothing.
func (c Credentials) String() string { return "***" }

// operations in the order in which faults are listed.
var operations = []Operation{OpVerify, OpSearch, OpRegister, OpFollowUp}

// Validate checks that the contract is complete and coherent. All faults come
// together as passerelle.FieldErrors, in the order of the fields. Endpoints may
// be missing, since SOAPConfig can give one.
func (c Contract) Validate() error {
	var faults passerelle.FieldErrors
	if c.SOAP != "1.1" && c.SOAP != "1.2" {
		faults.Add("SOAP", "value", "1.1 or 1.2")
	}
	if c.Namespace == "" {
		faults.Add("Namespace", "required", "the namespace of the operation elements")
	}
	checkEndpoint(&faults, "Endpoint", c.Endpoint)
	if c.Prefix != "" && !isName(c.Prefix) {
		faults.Add("Prefix", "character", "an XML prefix")
	}
	if c.Unqualified && c.Prefix == "" {
		faults.Add("Prefix", "required", "a prefix, since unqualified children cannot live under a default namespace")
	}
	for _, prefix := range slices.Sorted(maps.Keys(c.Namespaces)) {
		if !isName(prefix) || prefix == c.Prefix {
			faults.Add("Namespaces["+prefix+"]", "prefix", "an XML prefix other than the contract's")
		}
		if c.Namespaces[prefix] == "" {
			faults.Add("Namespaces["+prefix+"]", "required", "a namespace")
		}
	}
	if len(c.Operations) == 0 {
		faults.Add("Operations", "required", "one operation at least")
	}
	for _, op := range slices.Sorted(maps.Keys(c.Operations)) {
		if !slices.Contains(operations, op) {
			faults.Add("Operations["+string(op)+"]", "name", "one of "+list(operations))
		}
	}
	requests := make(map[string]Operation)
	for _, op := range operations {
		x, ok := c.Operations[op]
		if !ok {
			continue
		}
		c.checkExchange(&faults, op, x)
		if other, twice := requests[x.Request]; twice {
			faults.Add("Operations["+string(op)+"].Request", "unique", "another name than that of "+string(other))
		}
		requests[x.Request] = op
	}
	c.Conventions.check(&faults)
	return faults.Err()
}

func (c Contract) checkExchange(faults *passerelle.FieldErrors, op Operation, x Exchange) {
	at := "Operations[" + string(op) + "]."
	checkEndpoint(faults, at+"Endpoint", x.Endpoint)
	for _, name := range []struct{ field, value string }{{"Request", x.Request}, {"Response", x.Response}} {
		if !isName(name.value) {
			faults.Add(at+name.field, "required", "the name of an element, without prefix")
		}
	}
	if x.Record != "" && !c.isPath(x.Record) {
		faults.Add(at+"Record", "path", pathForm)
	}
	check := func(part string, elements []Element, rule fieldRule) {
		seen, paths := make(map[Field]bool), make(map[string]bool)
		for i, e := range elements {
			name := fmt.Sprintf("%s%s[%d]", at, part, i)
			switch {
			case !c.isPath(e.Path):
				faults.Add(name+".Path", "path", pathForm)
			case paths[e.Path]:
				faults.Add(name+".Path", "unique", "a path that no other element has")
			}
			paths[e.Path] = true
			switch {
			case e.Field == "":
				if e.Text == "" {
					faults.Add(name+".Field", "required", "a field, or a constant text")
				}
				continue
			case e.Text != "":
				faults.Add(name+".Text", "conflict", "no constant in an element that has a field")
			case !slices.Contains(rule.all(), e.Field):
				faults.Add(name+".Field", "name", "one of "+list(rule.all()))
			case seen[e.Field]:
				faults.Add(name+".Field", "unique", "each field once")
			}
			seen[e.Field] = true
		}
		for _, f := range rule.required {
			if !seen[f] && !(f == FieldBirthplace && seen[FieldBirthCommune] && seen[FieldBirthCountry]) {
				faults.Add(at+part, "required", "an element for the field "+string(f))
			}
		}
	}
	check("Fields", x.Fields, requestFields[op])
	check("Answer", x.Answer, answerFields[op])
	has := func(elements []Element, f Field) bool {
		return slices.ContainsFunc(elements, func(e Element) bool { return e.Field == f })
	}
	if op == OpFollowUp {
		if x.Record == "" {
			faults.Add(at+"Record", "required", "the path of the element that repeats")
		}
		if !has(x.Fields, FieldRequestID) && !has(x.Fields, FieldSince) {
			faults.Add(at+"Fields", "required", "an element for the field request_id or since")
		}
		if !has(x.Answer, FieldRequestID) && !has(x.Answer, FieldStudent) {
			faults.Add(at+"Answer", "required", "an element for the field request_id or student, without which nobody knows whose answer it is")
		}
	}
}

func (c Conventions) check(faults *passerelle.FieldErrors) {
	if _, err := xmlx.Charset(c.Charset); err != nil {
		faults.Add("Charset", "value", "UTF-8, ISO-8859-1, ISO-8859-15 or Windows-1252")
	}
	if _, err := parseDatePattern(c.DateFormat); err != nil {
		faults.Add("DateFormat", "value", "YYYY, MM and DD, once each, with separators: YYYY-MM-DD, DD/MM/YYYY, YYYYMMDD")
	}
	if c.TimeFormat != "" {
		probe := time.Date(2026, 11, 24, 21, 47, 33, 0, time.UTC)
		back, err := time.Parse(c.TimeFormat, probe.Format(c.TimeFormat))
		if err != nil || back.Format("20060102") != "20261124" {
			faults.Add("TimeFormat", "value", "a layout of Go's package time that holds a whole date")
		}
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		faults.Add("TimeZone", "value", "an IANA time zone such as Europe/Paris")
	}
	if c.Sex.Female == "" || c.Sex.Male == "" || c.Sex.Female == c.Sex.Male {
		faults.Add("Sex", "required", "two different codes for female and male")
	}
	for i, r := range c.Errors {
		name := fmt.Sprintf("Errors[%d]", i)
		if r.Code == "" {
			faults.Add(name+".Code", "required", "the code of the service")
		}
		if (r.Status == "") == (r.Kind == "") {
			faults.Add(name, "value", "either a status or a kind of error")
		}
		if r.Kind != "" && r.Kind.Err() == nil {
			faults.Add(name+".Kind", "name", "one of "+list(slices.Sorted(maps.Keys(kinds))))
		}
	}
	for _, path := range []struct{ field, value string }{{"FaultCode", c.FaultCode}, {"FaultMessage", c.FaultMessage}} {
		bad := func(step string) bool { return !isName(step) }
		if path.value != "" && slices.ContainsFunc(strings.Split(path.value, "/"), bad) {
			faults.Add(path.field, "path", pathForm)
		}
	}
}

func checkEndpoint(faults *passerelle.FieldErrors, field, endpoint string) {
	if endpoint == "" {
		return
	}
	if u, err := url.Parse(endpoint); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		faults.Add(field, "url", "an absolute http or https address without credentials")
	}
}

const pathForm = `names separated by "/", each with a prefix of Namespaces or none: "etatCivil/nomFamille"`

// isPath reports whether path is well formed and its prefixes are declared.
func (c Contract) isPath(path string) bool {
	for step := range strings.SplitSeq(path, "/") {
		if prefix, local, found := strings.Cut(step, ":"); found {
			if _, known := c.Namespaces[prefix]; !known {
				return false
			}
			step = local
		}
		if !isName(step) {
			return false
		}
	}
	return true
}

// isName accepts the XML names without colon that schemas use: letters, digits,
// "_", "-" and ".", beginning with a letter or "_".
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0xC0 && r != 0xD7 && r != 0xF7
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// list joins names for a message.
func list[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}

// rule returns the rule for a code of the service.
func (c Conventions) rule(code string) (ErrorRule, bool) {
	for _, r := range c.Errors {
		prefix, open := strings.CutSuffix(r.Code, "*")
		if r.Code == code || open && strings.HasPrefix(code, prefix) {
			return r, code != ""
		}
	}
	return ErrorRule{}, false
}
