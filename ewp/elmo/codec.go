package elmo

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// DefaultMaxBytes is how long a document may be when Limits say nothing:
// transcripts carry scanned files.
const DefaultMaxBytes = 64 << 20

// namespaceBefore is that of the first format, whose structure was another.
const namespaceBefore = "http://purl.org/net/elmo"

// Limits bound what a document may cost. Zero fields are the defaults.
type Limits struct {
	MaxBytes    int64 // DefaultMaxBytes
	MaxElements int   // 500 000
}

// Decode reads a document of either version from UTF-8 or another character set
// that it declares. It refuses DOCTYPE, and what Limits exceed. An element of
// another name or namespace at the root is a passerelle.ErrProtocol, as is what is
// not well-formed.
func Decode(r io.Reader, limits Limits) (*Document, error) {
	if limits.MaxBytes == 0 {
		limits.MaxBytes = DefaultMaxBytes
	}
	dec, err := xmlx.NewDecoder(r, "", xmlx.Limits{MaxBytes: limits.MaxBytes, MaxToken: limits.MaxBytes, MaxElements: limits.MaxElements})
	if err != nil {
		return nil, err
	}
	d := new(Document)
	if err := dec.Decode(d); err != nil {
		return nil, protocol(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, protocol(err)
	}
	if d.XMLName.Space == namespaceBefore {
		return nil, fmt.Errorf("elmo: a document of the format of 2015, which versions 1 and 2 have replaced: %w", passerelle.ErrProtocol)
	}
	if d.Version() == 0 || d.XMLName.Local != "elmo" {
		return nil, fmt.Errorf("elmo: the root element is no elmo of version 1 or 2: %w", passerelle.ErrProtocol)
	}
	return d, nil
}

// protocol makes what encoding/xml says a passerelle.ErrProtocol.
func protocol(err error) error {
	if err == nil {
		return fmt.Errorf("elmo: something follows the document: %w", passerelle.ErrProtocol)
	}
	return fmt.Errorf("elmo: %w: %w", passerelle.ErrProtocol, err)
}

// Encode writes the document in a version, in UTF-8, with a declaration. What the
// version does not have is left out; what it demands and is absent is not made
// up: see [Document.Validate]. d is not changed.
func (d *Document) Encode(v Version) ([]byte, error) {
	if v.Namespace() == "" {
		return nil, passerelle.FieldErrors{{Field: "version", Rule: "code", Want: "V1 or V2"}}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(d.In(v)); err != nil {
		return nil, fmt.Errorf("elmo: %w", err)
	}
	return b.Bytes(), nil
}

// In returns the document as a version has it, for a document that is part of
// another: its name is that of the version, and what the version lacks is gone.
// Birth dates are under both names in version 2, as its authors ask, and under the
// older in version 1.
func (d *Document) In(v Version) *Document {
	out := *d
	out.XMLName = xml.Name{Space: v.Namespace(), Local: "elmo"}
	l := &out.Learner
	l.Citizenship, l.CountryOfBirth = l.Citizenship.in(v), l.CountryOfBirth.in(v)
	if l.BirthDay == "" {
		l.BirthDay = l.DateOfBirth
	}
	if v == V1 {
		l.AlternativeName, l.DateOfBirth, l.CountryOfBirth = nil, "", nil
	} else if l.DateOfBirth == "" {
		l.DateOfBirth = l.BirthDay
	}
	out.Reports = nil
	for _, r := range d.Reports {
		out.Reports = append(out.Reports, r.in(v))
	}
	return &out
}

func (c *Coded) in(v Version) *Coded {
	if c == nil {
		return nil
	}
	out := *c
	if v == V1 {
		out.Type = ""
	} else if out.Type == "" {
		out.Type = "ISO"
	}
	return &out
}

func (r Report) in(v Version) Report {
	r.Issuer = r.Issuer.in(v)
	r.Specifications = specificationsIn(r.Specifications, v)
	if v == V1 {
		r.Recognitions, r.Status = nil, nil
		return r
	}
	var recognitions []Recognition
	for _, c := range r.Recognitions {
		var basis []RecognitionBasis
		for _, b := range c.Basis {
			report := b.Report.in(v)
			report.Status = nil
			basis = append(basis, RecognitionBasis{report})
		}
		var results []RecognitionResult
		for _, s := range c.Results {
			results = append(results, RecognitionResult{s.Specification.in(v)})
		}
		c.Basis, c.Results = basis, results
		recognitions = append(recognitions, c)
	}
	r.Recognitions = recognitions
	return r
}

func (i Issuer) in(v Version) Issuer {
	i.Country = i.Country.in(v)
	return i
}

func specificationsIn(specs []Specification, v Version) []Specification {
	var out []Specification
	for _, s := range specs {
		out = append(out, s.in(v))
	}
	return out
}

func (s Specification) in(v Version) Specification {
	i := &s.Specifies.Instance
	var credits []Credit
	for _, c := range i.Credits {
		if v == V2 {
			c.Level = ""
		}
		credits = append(credits, c)
	}
	i.Credits = credits
	if v == V1 {
		s.DocumentType, i.Enrolment, i.Duration, i.GradingSchemeExternal = "", nil, "", ""
	} else if i.Enrolment != nil {
		e := *i.Enrolment
		e.Institution = e.Institution.in(v)
		i.Enrolment = &e
	}
	var parts []Part
	for _, p := range s.Parts {
		parts = append(parts, Part{p.Specification.in(v)})
	}
	s.Parts = parts
	return s
}

// IdentifierOf returns the first identifier of a type, whatever its case, or "".
func IdentifierOf(ids []Identifier, kind string) string {
	for _, id := range ids {
		if equalFold(id.Type, kind) {
			return token(id.Value)
		}
	}
	return ""
}

// TitleOf returns the title in the first of the languages that there is one in, or
// any, or "".
func TitleOf(titles ewp.Texts, langs ...string) string { return token(titles.In(langs...).Value) }
