package contact

import (
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// NamespaceAddress is that of the elements street-address and mailing-address, and of
// what is in them.
const NamespaceAddress = "https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1"

// maxLines is how many lines an address may have.
const maxLines = 4

// Address is a FlexibleAddress: lines, or parts, with what is common to both. A street
// address is what works on a map, a mailing address what goes on an envelope; they
// need not be equal. An empty one is valid; Locality and Country are strongly advised.
type Address struct {
	Recipients []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 recipientName"`
	// Lines are four at most, and repeat nothing of what is below DeliveryPoints.
	// An address has lines, or the parts from BuildingNumber to DeliveryPoints.
	Lines          []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 addressLine"`
	BuildingNumber string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingNumber,omitempty"`
	BuildingName   string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingName,omitempty"`
	StreetName     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 streetName,omitempty"`
	Unit           string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 unit,omitempty"`
	Floor          string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 floor,omitempty"`
	PostOfficeBox  string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postOfficeBox,omitempty"`
	DeliveryPoints []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 deliveryPointCode"`
	PostalCode     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postalCode,omitempty"`
	Locality       string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 locality,omitempty"`
	Region         string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 region,omitempty"`
	// Country is an ISO 3166-1 alpha-2 code: "FR".
	Country string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 country,omitempty"`
}

// parts are the elements that exclude lines.
func (a Address) parts() []string {
	return append([]string{a.BuildingNumber, a.BuildingName, a.StreetName, a.Unit, a.Floor, a.PostOfficeBox}, a.DeliveryPoints...)
}

// IsZero reports whether nothing is said.
func (a Address) IsZero() bool {
	return len(a.Recipients)+len(a.Lines) == 0 && strings.Join(a.parts(), "") == "" && a.PostalCode+a.Locality+a.Region+a.Country == ""
}

// Text returns the address for a person to read, a line each: recipients, lines or
// parts, postal code and locality, region, country. The order within a line is the
// one most used in Europe; the type does not say that of a country.
func (a Address) Text() []string {
	var text []string
	line := func(words ...string) {
		if s := lexical.Token(strings.Join(words, " ")); s != "" {
			text = append(text, s)
		}
	}
	for _, list := range [][]string{a.Recipients, a.Lines} {
		for _, s := range list {
			line(s)
		}
	}
	line(a.BuildingName, a.Unit, a.Floor)
	line(a.BuildingNumber, a.StreetName)
	line(a.PostOfficeBox)
	line(a.DeliveryPoints...)
	line(a.PostalCode, a.Locality)
	line(a.Region)
	line(a.Country)
	return text
}

// Validate returns everything that the schema refuses, as passerelle.FieldErrors whose
// paths are those of the elements.
func (a Address) Validate() error { return a.Faults("").Err() }

// Faults is Validate for an address inside a document: paths begin with path.
func (a Address) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	if len(a.Lines) > maxLines {
		f.Add("addressLine", "length", "at most four lines")
	}
	if len(a.Lines) > 0 && strings.Join(a.parts(), "") != "" {
		f.Add("addressLine", "exclusive", "either lines, or street, building and their like")
	}
	if a.Country != "" && !lexical.IsCountry(a.Country) {
		f.Add("country", "pattern", "a code of ISO 3166-1 of two capital letters")
	}
	return f.List()
}

// LogValue masks the address.
func (a Address) LogValue() slog.Value { return slog.StringValue("[address]") }
