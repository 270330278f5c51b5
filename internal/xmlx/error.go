package xmlx

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Error says why a document was refused. It repeats nothing of the document,
// which may hold personal data. errors.Is(err, passerelle.ErrProtocol) is true
// of it.
type Error struct {
	// Rule is the broken rule, a stable word: "charset", "syntax", "truncated",
	// "empty", "root", "trailing", "doctype", "instruction", "namespace",
	// "duplicate", "size", "token", "depth", "elements", "attributes".
	Rule string
	// Line and Column are where reading stopped, both from 1; Column counts bytes
	// of the text in UTF-8. They are 0 when the fault concerns the whole.
	Line, Column int
	// Want is what was expected, for a person to read.
	Want string
}

// Error returns the position, the rule and the expectation.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("XML: ")
	if e.Line > 0 {
		b.WriteString("line ")
		b.WriteString(strconv.Itoa(e.Line))
		b.WriteString(", column ")
		b.WriteString(strconv.Itoa(e.Column))
		b.WriteString(": ")
	}
	b.WriteString(e.Rule)
	if e.Want != "" {
		b.WriteString(": want ")
		b.WriteString(e.Want)
	}
	return b.String()
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *Error) Is(target error) bool { return target == passerelle.ErrProtocol }

// fault turns what encoding/xml or the source below it reported into an Error at
// the position of dec. The texts of encoding/xml quote the document ("invalid
// character entity &Durand"), so none of them is kept. Errors of the reader
// below, a broken connection for instance, are returned as they are.
func fault(dec *xml.Decoder, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		if own.Line == 0 {
			own.Line, own.Column = dec.InputPos()
		}
		return own
	}
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	switch {
	case ok && strings.HasPrefix(syntax.Msg, "unexpected EOF"), errors.Is(err, io.ErrUnexpectedEOF):
		return at(dec, "truncated", "the rest of the document")
	case ok && strings.HasPrefix(syntax.Msg, "invalid character entity"):
		return at(dec, "syntax", "& only as the start of a character reference or of a predefined entity")
	case ok && syntax.Msg == "invalid UTF-8":
		return at(dec, "charset", "bytes of the declared character set")
	case ok && strings.HasPrefix(syntax.Msg, "illegal character code"):
		return at(dec, "syntax", "characters allowed in XML")
	case ok:
		return at(dec, "syntax", "well-formed XML")
	case strings.HasPrefix(err.Error(), "xml: "):
		return at(dec, "syntax", "XML version 1.0")
	}
	return err
}

func at(dec *xml.Decoder, rule, want string) *Error {
	line, column := dec.InputPos()
	return &Error{Rule: rule, Line: line, Column: column, Want: want}
}
