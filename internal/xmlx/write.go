package xmlx

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"
	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
)

// EncodeError says that a value cannot be written: XML, or the character set
// asked for, has no such character. Nothing is ever replaced in its stead.
// errors.Is(err, passerelle.ErrInvalid) is true of it.
type EncodeError struct {
	Element string // path of the element, by local names: "Envelope/Body/verifier/nom"
	Attr    string // attribute that holds the character; empty for the text
	Char    rune   // the character; U+FFFD for bytes that are not UTF-8
	Charset string // "ISO-8859-1"; "XML" for a character that no document may hold, "XML name" for one that no name may
}

// Error names the element, the code point and the character set.
func (e *EncodeError) Error() string {
	where := e.Element
	if e.Attr != "" {
		where += "/@" + e.Attr
	}
	return fmt.Sprintf("%s: character: want no %U, which %s cannot hold", where, e.Char, e.Charset)
}

// Is reports whether target is passerelle.ErrInvalid.
func (e *EncodeError) Is(target error) bool { return target == passerelle.ErrInvalid }

// Outcome returns passerelle.NotSent: what cannot be written never left.
func (e *EncodeError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Marshal writes a declaration and the tree of root in the character set of the
// label, empty meaning UTF-8. root may be part of a bigger tree; it is written
// as it stands, so prefixes bound above it must be declared first, see
// [Inherit]. Tabs and line breaks survive reading, as character references where
// XML needs them. A character that cannot be written is an [EncodeError].
func Marshal(root *etree.Element, label string) ([]byte, error) {
	name, err := Charset(label)
	if err != nil {
		return nil, err
	}
	c := checker{name: name, table: table(name)}
	if err := c.check(root); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	buf.WriteString(`<?xml version="1.0" encoding="` + name + `"?>` + "\n")
	root.WriteTo(&buf, &etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true})
	if c.table == nil || !c.wide {
		return buf.Bytes(), nil
	}
	return c.table.NewEncoder().Bytes(buf.Bytes())
}

// checker walks a tree that is about to be written.
type checker struct {
	name  string
	table *charmap.Charmap
	path  []string
	wide  bool // some character is outside ASCII
}

func (c *checker) check(el *etree.Element) error {
	c.path = append(c.path, el.Tag)
	if err := c.names(el.Space, el.Tag, ""); err != nil {
		return err
	}
	for i := range el.Attr {
		if err := c.names(el.Attr[i].Space, el.Attr[i].Key, el.Attr[i].Key); err != nil {
			return err
		}
		if err := c.text(el.Attr[i].Value, el.Attr[i].Key); err != nil {
			return err
		}
	}
	for _, token := range el.Child {
		var err error
		switch t := token.(type) {
		case *etree.Element:
			err = c.check(t)
		case *etree.CharData:
			err = c.text(t.Data, "")
		case *etree.Comment:
			err = c.text(t.Data, "")
		}
		if err != nil {
			return err
		}
	}
	c.path = c.path[:len(c.path)-1]
	return nil
}

func (c *checker) names(prefix, local, attr string) error {
	if r, ok := nameFault(local); !ok {
		return &EncodeError{strings.Join(c.path, "/"), attr, r, "XML name"}
	}
	if prefix != "" {
		if r, ok := nameFault(prefix); !ok {
			return &EncodeError{strings.Join(c.path, "/"), attr, r, "XML name"}
		}
	}
	if err := c.text(local, attr); err != nil {
		return err
	}
	return c.text(prefix, attr)
}

// IsName reports whether s can be the local name or the prefix of an element or
// attribute: an NCName of "Namespaces in XML 1.0", of letters, digits, "_", "-"
// and ".", not starting with a digit, "-" or ".".
func IsName(s string) bool {
	_, ok := nameFault(s)
	return ok
}

func nameFault(s string) (r rune, ok bool) {
	for i, r := range s {
		letter := r == '_' || r != utf8.RuneError && unicode.IsLetter(r)
		if !letter && (i == 0 || r != '-' && r != '.' && r != 0xB7 && !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return r, false
		}
	}
	return 0, s != ""
}

func (c *checker) text(s, attr string) error {
	for i := 0; i < len(s); {
		if b := s[i]; b >= 0x20 && b < utf8.RuneSelf || isSpace(b) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r < 0x20 || r == 0xFFFE || r == 0xFFFF {
			return &EncodeError{strings.Join(c.path, "/"), attr, r, "XML"}
		}
		if c.name == ASCII || c.table != nil {
			if _, ok := encodable(c.table, r); !ok {
				return &EncodeError{strings.Join(c.path, "/"), attr, r, c.name}
			}
		}
		c.wide = true
		i += size
	}
	return nil
}

func encodable(table *charmap.Charmap, r rune) (byte, bool) {
	if table == nil {
		return 0, false
	}
	return table.EncodeRune(r)
}
