package tors

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// root returns the root element of an endpoint of a version.
func (v Version) root(endpoint string) xml.Name {
	e, _ := ewp.IMobilityToRs.EndpointOf(endpoint, int(v))
	return xml.Name{Space: e.Namespace, Local: e.Root}
}

// Decode reads a document of transcripts, an answer of either version, as files and
// archives hold it. Zero limits are those of package elmo. Its error is
// passerelle.ErrProtocol for what is not well-formed, has a document type declaration,
// another root or exceeds the limits, and else that of r.
func Decode(r io.Reader, limits elmo.Limits) ([]ToR, Version, error) {
	if limits.MaxBytes == 0 {
		limits.MaxBytes = elmo.DefaultMaxBytes
	}
	d, err := xmlx.NewDecoder(r, "", xmlx.Limits{MaxBytes: limits.MaxBytes, MaxToken: limits.MaxBytes, MaxElements: limits.MaxElements})
	if err != nil {
		return nil, 0, protocol(err)
	}
	tors, v, err := decode(d)
	if err != nil {
		return nil, 0, protocol(err)
	}
	return tors, v, nil
}

func protocol(err error) error { return fmt.Errorf("tors: %w: %w", passerelle.ErrProtocol, err) }

func decode(d *xml.Decoder) ([]ToR, Version, error) {
	var doc struct {
		XMLName xml.Name
		ToRs    []ToR `xml:"tor"`
	}
	if err := d.Decode(&doc); err != nil {
		return nil, 0, err
	}
	if _, err := d.Token(); err != io.EOF {
		if err == nil {
			err = fmt.Errorf("something follows the root element")
		}
		return nil, 0, err
	}
	for _, v := range []Version{V3, V2} {
		if doc.XMLName == v.root("get") {
			return doc.ToRs, v, nil
		}
	}
	return nil, 0, fmt.Errorf("the root element is not %s of version 3 or 2", V3.root("get").Local)
}

// Encode writes a document of transcripts in a version, as an answer has it. It is not
// validated. Its error is that of w, or passerelle.FieldErrors for no version.
func Encode(w io.Writer, v Version, tors []ToR) error {
	if v.ELMO() == 0 {
		return passerelle.FieldErrors{{Field: "version", Rule: "code", Want: "V3 or V2"}}
	}
	out := make([]ToR, len(tors))
	for i := range tors {
		out[i] = tors[i].In(v)
	}
	return document.Encode(w, v.root("get"), item, out)
}
