package xmlx

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// The names of the supported character sets, as they are registered with IANA
// and written in declarations.
const (
	UTF8        = "UTF-8"
	ASCII       = "US-ASCII"
	Latin1      = "ISO-8859-1"
	Latin9      = "ISO-8859-15"
	Windows1252 = "Windows-1252"
)

const supported = UTF8 + ", " + ASCII + ", " + Latin1 + ", " + Latin9 + " or " + Windows1252

// Charset returns the name of the character set that a label means, whatever its
// case; an empty label is UTF-8. A label of any other character set is an
// [Error].
func Charset(label string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "", "utf-8", "utf8":
		return UTF8, nil
	case "us-ascii", "ascii":
		return ASCII, nil
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1":
		return Latin1, nil
	case "iso-8859-15", "iso8859-15", "iso_8859-15", "latin-9", "latin9":
		return Latin9, nil
	case "windows-1252", "cp1252":
		return Windows1252, nil
	}
	return "", &Error{Rule: "charset", Want: supported}
}

// table returns the map of a single-byte character set, nil for UTF-8 and ASCII.
func table(name string) *charmap.Charmap {
	switch name {
	case Latin1:
		return charmap.ISO8859_1
	case Latin9:
		return charmap.ISO8859_15
	case Windows1252:
		return charmap.Windows1252
	}
	return nil
}

// CharsetReader converts input from the character set of the label to UTF-8. It
// has the type that encoding/xml and etree ask for. A label that [Charset] does
// not know is an [Error], and so is a byte above 0x7F under US-ASCII.
func CharsetReader(label string, input io.Reader) (io.Reader, error) {
	name, err := Charset(label)
	if err != nil {
		return nil, err
	}
	if m := table(name); m != nil {
		return transform.NewReader(input, m.NewDecoder()), nil
	}
	if name == ASCII {
		return asciiReader{input}, nil
	}
	return input, nil
}

type asciiReader struct{ r io.Reader }

func (a asciiReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if i := firstNonASCII(p[:n]); i < n {
		return i, &Error{Rule: "charset", Want: "bytes of " + ASCII}
	}
	return n, err
}

func firstNonASCII(p []byte) int {
	for i, c := range p {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(p)
}

// Decode returns the document in UTF-8, without byte order mark. label is the
// character set named by the transport, empty when it named none. Where the
// bytes are not of that set, the one of the XML declaration is tried: servers
// write a default label on documents that are declared right. The declaration is
// left as it stands. data itself is returned where nothing had to be converted.
func Decode(data []byte, label string) ([]byte, error) {
	name, rest, err := sniff(data, label)
	if err != nil {
		return nil, err
	}
	out, err := decodeAs(rest, name)
	if err == nil || label == "" || len(rest) != len(data) {
		return out, err
	}
	declared, declaredErr := Charset(declaredCharset(data))
	if declaredErr != nil || declared == name {
		return nil, err
	}
	return decodeAs(rest, declared)
}

func decodeAs(data []byte, name string) ([]byte, error) {
	bad := firstNonASCII(data)
	if name == UTF8 && bad < len(data) {
		bad = firstInvalid(data, bad)
	}
	switch {
	case bad == len(data):
		return data, nil
	case name == UTF8, name == ASCII:
		line := 1 + bytes.Count(data[:bad], []byte("\n"))
		column := bad - bytes.LastIndexByte(data[:bad], '\n')
		return nil, &Error{Rule: "charset", Line: line, Column: column, Want: "bytes of " + name}
	}
	return table(name).NewDecoder().Bytes(data)
}

// firstInvalid returns where data stops being UTF-8, from an index on.
func firstInvalid(data []byte, i int) int {
	if utf8.Valid(data[i:]) {
		return len(data)
	}
	for {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// sniff tells the character set of a document from its first bytes and from the
// label of the transport, and returns the bytes after the byte order mark.
func sniff(head []byte, label string) (name string, rest []byte, err error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return UTF8, head[3:], nil
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), bytes.HasPrefix(head, []byte("\xFF\xFE")),
		bytes.HasPrefix(head, []byte("\x00<")), bytes.HasPrefix(head, []byte("<\x00")):
		return "", nil, &Error{Rule: "charset", Want: supported + ", not UTF-16"}
	}
	if label == "" {
		label = declaredCharset(head)
	}
	name, err = Charset(label)
	return name, head, err
}

// declarationMax is how far the end of an XML declaration is looked for.
const declarationMax = 1024

// declaredCharset returns the encoding named by the XML declaration, or "".
func declaredCharset(head []byte) string {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	if len(head) > declarationMax {
		head = head[:declarationMax]
	}
	if !bytes.HasPrefix(head, []byte("<?xml")) || len(head) < 6 || !isSpace(head[5]) {
		return ""
	}
	end := bytes.Index(head, []byte("?>"))
	if end < 0 {
		return ""
	}
	head = head[5:end]
	for {
		i := bytes.Index(head, []byte("encoding"))
		if i < 0 {
			return ""
		}
		preceded := i > 0 && isSpace(head[i-1])
		head = head[i+len("encoding"):]
		value := bytes.TrimLeft(head, " \t\r\n")
		if !preceded || len(value) == 0 || value[0] != '=' {
			continue
		}
		value = bytes.TrimLeft(value[1:], " \t\r\n")
		if len(value) < 2 || value[0] != '"' && value[0] != '\'' {
			return ""
		}
		if j := bytes.IndexByte(value[1:], value[0]); j >= 0 {
			return string(value[1 : 1+j])
		}
		return ""
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
