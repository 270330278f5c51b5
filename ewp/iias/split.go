package iias

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
)

// Split returns the agreements of a get response, each as a document of its own: the
// start of the root element, one iia byte for byte, and its end. Namespaces mean the
// same there. What is hashed is what came.
//
// Its error is passerelle.ErrProtocol for a document that is not well-formed, has a
// document type declaration, or is no get response.
func Split(document []byte) ([][]byte, error) {
	s, err := newScanner(document)
	if err != nil {
		return nil, err
	}
	var (
		parts      [][]byte
		root, tail []byte
		from       int64 // of the iia that is open
	)
	for {
		token, err := s.next()
		switch {
		case err == io.EOF:
			return parts, nil
		case err != nil:
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch len(s.open) {
			case 1:
				if t.Name.Local != "iias-get-response" {
					return nil, fmt.Errorf("iias: the root element is no iias-get-response: %w", passerelle.ErrProtocol)
				}
				root, tail = s.text[s.from:s.end()], []byte("</"+qualified(t.Name)+">")
			case 2:
				from = s.from
			}
		case xml.EndElement:
			if len(s.open) == 1 && t.Name.Local == "iia" {
				parts = append(parts, bytes.Join([][]byte{root, s.text[from:s.end()], tail}, nil))
			}
		}
	}
}

// qualified returns a name as it is written.
func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}
