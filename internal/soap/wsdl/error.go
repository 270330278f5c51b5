package wsdl

import (
	"encoding/xml"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Error says what is wrong with a contract. errors.Is(err,
// passerelle.ErrInvalid) is true of it.
type Error struct {
	Location string   // the document, as its source knows it; "" where unknown
	Rule     string   // a stable word: "read", "document", "import", "undeclared", "circle", "limit"
	Name     xml.Name // the component concerned, where there is one
	Want     string   // what was expected, for a person to read
	Err      error    // the error of the source or of the XML reader
}

// Error returns the document, the rule, the name and the expectation.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("WSDL")
	for _, part := range []string{e.Location, e.Rule, display(e.Name)} {
		if part != "" {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	if e.Want != "" {
		b.WriteString(": want ")
		b.WriteString(e.Want)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is passerelle.ErrInvalid.
func (e *Error) Is(target error) bool { return target == passerelle.ErrInvalid }

// Outcome returns passerelle.NotSent: contracts are read before any call.
func (e *Error) Outcome() passerelle.Outcome { return passerelle.NotSent }

// display writes a name as {namespace}local, the form of James Clark.
func display(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return "{" + name.Space + "}" + name.Local
}
