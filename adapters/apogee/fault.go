package apogee

import (
	"log/slog"
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// fault is the SOAP fault of a service, with its WebBaseException.
type fault struct {
	Code   string `xml:"faultcode"`
	String string `xml:"faultstring"`
	Detail struct {
		Fault struct {
			Domain    string   `xml:"domaine"`
			Element   string   `xml:"element"`
			Messages  []string `xml:"messages>item"`
			Nature    string   `xml:"nature"`
			Type      string   `xml:"type"`
			LastError string   `xml:"lastErrorMsg"`
		} `xml:"fault"`
	} `xml:"detail"`
}

// FaultRule tells what a fault means by a word in its texts.
type FaultRule struct {
	Word string // in lower case
	Kind error  // of the taxonomy of package passerelle
}

// DefaultFaults are the known ones, tried in this order. Trouble of the backend comes
// first, so that it never passes for "nobody".
func DefaultFaults() []FaultRule {
	return []FaultRule{
		{"remoteerror", passerelle.ErrUnavailable},
		{"nullretrieve", passerelle.ErrNotFound},
		{"noncoherentinput", passerelle.ErrInvalid},
		{"technical.parameter", passerelle.ErrInvalid},
		{"failedauthentication", passerelle.ErrUnauthorized},
	}
}

// kind tells what f means. A fault that no rule knows says nothing of the question
// asked: ErrUnavailable.
func (f *fault) kind(rules []FaultRule) error {
	d := f.Detail.Fault
	text := strings.ToLower(strings.Join([]string{
		f.Code, f.String, d.Domain + "." + d.Nature + "." + d.Element, d.Type, d.LastError, strings.Join(d.Messages, " ")}, "\n"))
	for _, rule := range rules {
		if strings.Contains(text, rule.Word) {
			return rule.Kind
		}
	}
	return passerelle.ErrUnavailable
}

// faultCode is a code in the style of the services, which holds nothing personal.
var faultCode = regexp.MustCompile(`^[a-z]{2,20}(\.[A-Za-z]{2,30}){1,4}$`)

// code returns the code of f, "" when what stands there is no code.
func (f *fault) code() string {
	d := f.Detail.Fault
	for _, code := range []string{strings.TrimSpace(f.String), d.Domain + "." + d.Nature + "." + d.Element} {
		if faultCode.MatchString(code) {
			return code
		}
	}
	return ""
}

// Error is what a service answered instead of a value: a SOAP fault, or an answer
// that cannot be read. errors.Is knows it by the taxonomy: ErrNotFound for the faults
// named nullretrieve, ErrProtocol for what is no answer.
type Error struct {
	Operation Operation
	Status    int    // of HTTP
	Code      string // of the fault: "technical.data.nullretrieve.etudiant"; empty when there is none
	Want      string // what was expected of an answer that cannot be read
	// Fault is what the service said, in its own words: the text of the fault, the
	// messages. It may be personal.
	Fault []string

	kind error
}

// Error returns the operation, the class and the code.
func (e *Error) Error() string {
	text := "apogee: " + string(e.Operation) + ": " + e.kind.Error()
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.Want != "" {
		text += ": " + e.Want
	}
	return text
}

// Is reports whether target is the class of e.
func (e *Error) Is(target error) bool { return target == e.kind }

// Outcome returns Answered: the service said what it has to say.
func (e *Error) Outcome() passerelle.Outcome { return passerelle.Answered }

// LogValue returns what Error shows.
func (e *Error) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// words returns the texts of a fault that are not empty.
func (f *fault) words() []string {
	var out []string
	d := f.Detail.Fault
	for _, text := range append([]string{f.String, d.Type, d.LastError}, d.Messages...) {
		if text = strings.TrimSpace(text); text != "" {
			out = append(out, text)
		}
	}
	return out
}
