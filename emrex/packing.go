package emrex

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// The bounds of what travels, where a configuration says nothing.
const (
	DefaultMaxForm     = 20 << 20  // bytes of a form
	DefaultMaxDocument = 100 << 20 // bytes of a document, unpacked
)

// Pack returns a signed document as the field elmo: base64 of gzip of exactly
// these bytes.
func Pack(document []byte) (string, error) {
	var b bytes.Buffer
	encoder := base64.NewEncoder(base64.StdEncoding, &b)
	zip := gzip.NewWriter(encoder)
	if _, err := zip.Write(document); err != nil {
		return "", fmt.Errorf("emrex: packing: %w", err)
	}
	if err := zip.Close(); err != nil {
		return "", fmt.Errorf("emrex: packing: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return "", fmt.Errorf("emrex: packing: %w", err)
	}
	return b.String(), nil
}

// Unpack returns the document of a field elmo, of most bytes at the most. It
// accepts lines, missing padding, and blanks where a plus sign was left bare in the
// form. Its error is a [*passerelle.ParseError].
func Unpack(field string, most int) ([]byte, error) {
	fault := func(rule, want string) ([]byte, error) {
		return nil, &passerelle.ParseError{Type: "elmo", Rule: rule, Want: want}
	}
	text := strings.TrimRight(strings.Map(func(r rune) rune {
		switch r {
		case '\r', '\n', '\t':
			return -1
		case ' ':
			return '+'
		}
		return r
	}, strings.Trim(field, " \t\r\n")), "=")
	if text == "" {
		return fault("empty", "base64 of gzip of the document")
	}
	zip, err := gzip.NewReader(base64.NewDecoder(base64.RawStdEncoding, strings.NewReader(text)))
	if err != nil {
		return fault("gzip", "base64 of gzip of the document")
	}
	zip.Multistream(false)
	data, err := io.ReadAll(io.LimitReader(zip, int64(most)+1))
	if err != nil {
		return fault("gzip", "a gzip stream that is whole")
	}
	if len(data) > most {
		return fault("length", fmt.Sprintf("at most %d bytes, unpacked", most))
	}
	return data, nil
}
