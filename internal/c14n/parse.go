package c14n

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// xmlNamespace is bound to the prefix xml everywhere.
const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// Bounds of a document, far beyond what the field sends. Without them the work
// grows with the square of the length, and the memory to a hundred times of it.
const (
	maxDepth    = 200     // elements inside one another
	maxNodes    = 500_000 // elements and instructions
	maxAttrs    = 256     // attributes of an element, declarations among them
	maxPrefixes = 64      // prefixes in force at one place
)

// Kind is what a Node is.
type Kind uint8

// The kinds.
const (
	Element Kind = iota
	Text
	Instruction
)

// Node is a node of a document. It must not be changed.
type Node struct {
	Kind     Kind
	Prefix   string // as written
	Local    string
	Space    string // namespace of an element
	Data     string // of a Text, or of an Instruction whose target is Local
	Attrs    []Attr // without namespace declarations
	Children []*Node
	Parent   *Node
	scope    map[string]string // prefixes in force, "" for the default; shared with the parent when none was declared
}

// Attr is an attribute.
type Attr struct {
	Prefix, Local, Space string
	Value                string // normalised
}

// Document is a whole document.
type Document struct {
	Root          *Node
	Before, After []*Node // instructions outside of the root
}

// Error says why a document was refused. errors.Is(err, passerelle.ErrProtocol) is true of it.
type Error struct {
	Rule string // "encoding", "doctype", "syntax", "namespace", "duplicate", "depth", "size", "root"
	Want string // what was expected, for a person to read
}

// Error names the rule and the expectation, and nothing of the document.
func (e *Error) Error() string { return "c14n: " + e.Rule + ": want " + e.Want }

// Is reports whether target is passerelle.ErrProtocol.
func (e *Error) Is(target error) bool { return target == passerelle.ErrProtocol }

var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+[^?]*\?>`)

var encodingOf = regexp.MustCompile(`encoding[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')`)

// Parse reads a document. Its bytes must have been bounded by the caller. Its
// error is an [*Error].
func Parse(data []byte) (*Document, error) {
	data, err := utf8Of(data)
	if err != nil {
		return nil, err
	}
	data = normaliseLines(data)
	if data, err = normaliseAttributes(data); err != nil {
		return nil, err
	}
	d := new(Document)
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.Strict = true
	at := (*Node)(nil)
	depth, nodes := 0, 0
	var text []byte // what was read of a text that may go on after a comment
	endText := func() {
		if len(text) > 0 {
			at.Children = append(at.Children, &Node{Kind: Text, Data: string(text), Parent: at})
			text = text[:0]
		}
	}
	for {
		token, err := dec.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &Error{"syntax", "a well-formed document"}
		}
		switch token.(type) {
		case xml.StartElement, xml.ProcInst:
			if nodes++; nodes > maxNodes {
				return nil, &Error{"size", fmt.Sprintf("at most %d elements and instructions", maxNodes)}
			}
			endText()
		case xml.EndElement:
			endText()
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, &Error{"depth", fmt.Sprintf("at most %d elements inside one another", maxDepth)}
			}
			if at == nil && d.Root != nil {
				return nil, &Error{"root", "one root element"}
			}
			n, err := element(at, t)
			if err != nil {
				return nil, err
			}
			if at == nil {
				d.Root = n
			} else {
				at.Children = append(at.Children, n)
			}
			at = n
		case xml.EndElement:
			if at == nil || at.Prefix != t.Name.Space || at.Local != t.Name.Local {
				return nil, &Error{"syntax", "end tags that match"}
			}
			at = at.Parent
			depth--
		case xml.CharData:
			if at == nil {
				if len(bytes.Trim(t, " \t\n")) > 0 {
					return nil, &Error{"root", "no text outside of the root element"}
				}
				continue
			}
			text = append(text, t...)
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") {
				return nil, &Error{"syntax", "an XML declaration at the very beginning only"}
			}
			pi := &Node{Kind: Instruction, Local: t.Target, Data: string(t.Inst), Parent: at}
			switch {
			case at != nil:
				at.Children = append(at.Children, pi)
			case d.Root == nil:
				d.Before = append(d.Before, pi)
			default:
				d.After = append(d.After, pi)
			}
		case xml.Directive:
			return nil, &Error{"doctype", "no document type declaration"}
		}
	}
	if d.Root == nil || at != nil {
		return nil, &Error{"root", "one root element, closed"}
	}
	return d, nil
}

// utf8Of returns the document in UTF-8 without byte order mark and declaration.
func utf8Of(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	label := "utf-8"
	if head := declaration.Find(data); head != nil {
		if m := encodingOf.FindSubmatch(head); m != nil {
			label = strings.ToLower(string(m[1]) + string(m[2]))
		}
		data = data[len(head):]
	}
	switch label {
	case "utf-8", "utf8", "us-ascii":
		if !utf8.Valid(data) || label == "us-ascii" && bytes.ContainsFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return nil, &Error{"encoding", "the bytes of the encoding that is declared"}
		}
		return data, nil
	case "iso-8859-1", "latin1":
		out := make([]byte, 0, len(data)+len(data)/8)
		for _, b := range data {
			out = utf8.AppendRune(out, rune(b))
		}
		return out, nil
	}
	return nil, &Error{"encoding", "UTF-8 or ISO-8859-1"}
}

// normaliseLines makes every line end a line feed (XML 1.0, 2.11).
func normaliseLines(data []byte) []byte {
	if !bytes.ContainsRune(data, '\r') {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}

// normaliseAttributes makes a literal tab or line feed in an attribute value a
// blank (XML 1.0, 3.3.3), while character references to them are untouched.
func normaliseAttributes(data []byte) ([]byte, error) {
	var out []byte // nil while nothing was changed
	for i := 0; i < len(data); {
		if data[i] != '<' {
			i++
			continue
		}
		rest := data[i:]
		skip := func(open, end string) bool {
			if !bytes.HasPrefix(rest, []byte(open)) {
				return false
			}
			n := bytes.Index(rest[len(open):], []byte(end))
			if n < 0 {
				i = len(data)
			} else {
				i += len(open) + n + len(end)
			}
			return true
		}
		if skip("<!--", "-->") || skip("<![CDATA[", "]]>") || skip("<?", "?>") {
			continue
		}
		var quote byte
		for ; i < len(data); i++ {
			b := data[i]
			switch {
			case quote == 0 && b == '>':
				i++
			case quote == 0 && (b == '"' || b == '\''):
				quote = b
				continue
			case quote != 0 && b == quote:
				quote = 0
				continue
			case quote != 0 && (b == '\t' || b == '\n'):
				if out == nil {
					out = bytes.Clone(data)
				}
				out[i] = ' '
				continue
			default:
				continue
			}
			break
		}
		if quote != 0 {
			return nil, &Error{"syntax", "attribute values that end"}
		}
	}
	if out == nil {
		return data, nil
	}
	return out, nil
}

// element resolves a start tag under its parent.
func element(parent *Node, t xml.StartElement) (*Node, error) {
	if len(t.Attr) > maxAttrs {
		return nil, &Error{"size", fmt.Sprintf("at most %d attributes", maxAttrs)}
	}
	n := &Node{Kind: Element, Prefix: t.Name.Space, Local: t.Name.Local, Parent: parent}
	if parent != nil {
		n.scope = parent.scope
	}
	if err := n.declare(t.Attr); err != nil {
		return nil, err
	}
	var err error
	if n.Space, err = n.resolve(n.Prefix, true); err != nil {
		return nil, err
	}
	if strings.Contains(n.Local, ":") {
		return nil, &Error{"namespace", "names with one colon at the most"}
	}
	seen := make(map[[2]string]bool, len(t.Attr))
	for _, a := range t.Attr {
		raw := [2]string{"\x00" + a.Name.Space, a.Name.Local}
		if seen[raw] {
			return nil, &Error{"duplicate", "each attribute once"}
		}
		seen[raw] = true
		if isDeclaration(a) {
			continue
		}
		space, err := n.resolve(a.Name.Space, false)
		if err != nil {
			return nil, err
		}
		if strings.Contains(a.Name.Local, ":") {
			return nil, &Error{"namespace", "names with one colon at the most"}
		}
		if key := [2]string{space, a.Name.Local}; space != "" {
			if seen[key] {
				return nil, &Error{"duplicate", "each attribute once, by its resolved name too"}
			}
			seen[key] = true
		}
		n.Attrs = append(n.Attrs, Attr{a.Name.Space, a.Name.Local, space, a.Value})
	}
	return n, nil
}

func isDeclaration(a xml.Attr) bool {
	return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
}

// declare puts the namespace declarations of a tag in force.
func (n *Node) declare(attrs []xml.Attr) error {
	var own map[string]string
	for _, a := range attrs {
		if !isDeclaration(a) {
			continue
		}
		prefix := a.Name.Local
		if a.Name.Space == "" {
			prefix = ""
		}
		switch {
		case prefix == "xmlns", a.Value == "http://www.w3.org/2000/xmlns/",
			prefix == "xml" != (a.Value == xmlNamespace), // each is bound to the other alone
			prefix != "" && a.Value == "":
			return &Error{"namespace", "declarations that Namespaces in XML 1.0 allows"}
		case prefix == "xml":
			continue // it says what is so anyway, and is never written
		}
		if own == nil {
			own = make(map[string]string, len(n.scope)+1)
			for k, v := range n.scope {
				own[k] = v
			}
		}
		own[prefix] = a.Value
	}
	if len(own) > maxPrefixes {
		return &Error{"size", fmt.Sprintf("at most %d prefixes in force", maxPrefixes)}
	}
	if own != nil {
		n.scope = own
	}
	return nil
}

func (n *Node) resolve(prefix string, isElement bool) (string, error) {
	switch {
	case prefix == "xml":
		return xmlNamespace, nil
	case prefix == "" && !isElement:
		return "", nil
	}
	space, ok := n.scope[prefix]
	if !ok && prefix != "" {
		return "", &Error{"namespace", "prefixes that are bound"}
	}
	return space, nil
}

// Is reports whether n is an element of this namespace and local name.
func (n *Node) Is(space, local string) bool {
	return n != nil && n.Kind == Element && n.Space == space && n.Local == local
}

// Elements returns the children that are elements.
func (n *Node) Elements() []*Node {
	var out []*Node
	for _, c := range n.Children {
		if c.Kind == Element {
			out = append(out, c)
		}
	}
	return out
}

// Text returns the text directly inside n.
func (n *Node) Text() string {
	var b strings.Builder
	for _, c := range n.Children {
		if c.Kind == Text {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// Attr returns the value of an attribute without namespace, and whether it is there.
func (n *Node) Attr(local string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Space == "" && a.Local == local {
			return a.Value, true
		}
	}
	return "", false
}
