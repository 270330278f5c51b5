package xmlx

import (
	"bufio"
	"encoding/xml"
	"io"

	"github.com/beevik/etree"
)

// Parse reads a document into an etree, prefixes as written. label is the
// character set that the transport named, empty when it named none; see [Decode].
// Every refusal is an [Error].
func Parse(data []byte, label string, limits Limits) (*etree.Document, error) {
	limits = limits.WithDefaults()
	if int64(len(data)) > limits.MaxBytes {
		return nil, &Error{Rule: "size", Want: "a smaller document"}
	}
	text, err := Decode(data, label)
	if err != nil {
		return nil, err
	}
	return build(newGuard(&source{buf: text}, limits, declaredCharset(text)))
}

func build(g *guard) (*etree.Document, error) {
	doc := etree.NewDocument()
	top := &doc.Element
	var text []byte // comments and CDATA sections cut a text into several tokens
	for {
		token, err := g.Token()
		if err == io.EOF {
			return doc, nil
		}
		if err != nil {
			return nil, err
		}
		if data, ok := token.(xml.CharData); ok {
			text = append(text, data...)
			continue
		}
		if len(text) > 0 {
			top.CreateText(string(text))
			text = text[:0]
		}
		switch t := token.(type) {
		case xml.StartElement:
			top = top.CreateElement(t.Name.Local)
			top.Space = t.Name.Space
			for _, a := range t.Attr {
				key := a.Name.Local
				if a.Name.Space != "" {
					key = a.Name.Space + ":" + key
				}
				top.CreateAttr(key, a.Value)
			}
		case xml.EndElement:
			top = top.Parent()
		}
	}
}

// NewDecoder returns an encoding/xml decoder that reads r under the rules of the
// package, for documents too big for a tree. label is the character set that the
// transport named, empty when it named none. The decoder gives start tags, end
// tags and texts only; its InputOffset and InputPos say nothing, and
// ",innerxml" fields stay empty. That nothing follows the root element is known
// once Token has returned io.EOF.
func NewDecoder(r io.Reader, label string, limits Limits) (*xml.Decoder, error) {
	br := bufio.NewReaderSize(r, 4096)
	head, err := br.Peek(declarationMax)
	if err != nil && err != io.EOF {
		return nil, err
	}
	name, rest, err := sniff(head, label)
	if err != nil {
		return nil, err
	}
	declared := declaredCharset(head)
	if _, err := br.Discard(len(head) - len(rest)); err != nil {
		return nil, err
	}
	in, err := CharsetReader(name, br)
	if err != nil {
		return nil, err
	}
	src := &source{r: in, buf: make([]byte, 0, 32<<10)}
	return xml.NewTokenDecoder(newGuard(src, limits.WithDefaults(), declared)), nil
}
