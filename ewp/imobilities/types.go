package imobilities

import (
	"encoding/xml"
	"io"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Mobility is one student-mobility, as R serves it: what R is the master of. It is
// personal. A date that is empty is not known, or has not come: the schema has one
// element for both.
type Mobility struct {
	ID string `xml:"omobility-id" json:"id"` // as S gave it, 1 to 64 printable ASCII characters
	// Arrival is when the student actually arrived, Departure when the student actually
	// left: YYYY-MM-DD, maybe with a zone, see Dates.
	Arrival   string `xml:"actual-arrival-date,omitempty" json:"arrival,omitempty"`
	Departure string `xml:"actual-departure-date,omitempty" json:"departure,omitempty"`
}

// New returns a mobility with the dates of a record; a zero date is left out.
func New(id string, arrival, departure passerelle.Date) Mobility {
	return Mobility{ID: id, Arrival: arrival.String(), Departure: departure.String()}
}

// Dates reads both dates, zero for one that is not there. Its error is a
// *passerelle.ParseError.
func (m Mobility) Dates() (arrival, departure passerelle.Date, err error) {
	if m.Arrival != "" {
		if arrival, err = lexical.Date(m.Arrival); err != nil {
			return passerelle.Date{}, passerelle.Date{}, err
		}
	}
	if m.Departure != "" {
		if departure, err = lexical.Date(m.Departure); err != nil {
			return passerelle.Date{}, passerelle.Date{}, err
		}
	}
	return arrival, departure, nil
}

// Validate returns everything that is wrong with a mobility that is to be served, as
// passerelle.FieldErrors whose paths are those of the elements: what the schema refuses,
// and a departure before the arrival. A departure without an arrival is allowed: the
// arrival may not have been recorded.
func (m Mobility) Validate() error {
	var f lexical.Faults
	f.Identifier("omobility-id", m.ID)
	var arrival, departure passerelle.Date
	if m.Arrival != "" {
		arrival = f.Date("actual-arrival-date", m.Arrival)
	}
	if m.Departure != "" {
		departure = f.Date("actual-departure-date", m.Departure)
	}
	if !arrival.IsZero() && !departure.IsZero() && departure.Before(arrival) {
		f.Add("actual-departure-date", "order", "a day that is not before the arrival")
	}
	return f.Err()
}

// UnmarshalXML reads a mobility, without the white space that pretty printers put
// around values.
func (m *Mobility) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain Mobility
	if err := d.DecodeElement((*plain)(m), &start); err != nil {
		return err
	}
	m.ID, m.Arrival, m.Departure = lexical.Token(m.ID), lexical.Token(m.Arrival), lexical.Token(m.Departure)
	return nil
}

// LogValue masks the mobility.
func (m Mobility) LogValue() slog.Value { return slog.StringValue("[mobility]") }

// item is the element of a mobility.
const item = "student-mobility"

// Decode reads the mobilities of an answer of "get" outside the network. Its error is
// passerelle.ErrProtocol for what is not well-formed, has a document type declaration,
// or is another document, one of version 1 included, and else that of r.
func Decode(r io.Reader) ([]Mobility, error) {
	return document.Decode[Mobility](r, document.Root(ewp.IMobilities, "get"), item)
}

// Encode writes mobilities as an answer of "get" has them, in UTF-8 and without
// prefixes. Its error is that of w.
func Encode(w io.Writer, mobilities []Mobility) error {
	return document.Encode(w, document.Root(ewp.IMobilities, "get"), item, mobilities)
}
