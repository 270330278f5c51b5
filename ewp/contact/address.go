package contact

import (
	"log/slog"
	"regexp"

	"github.com/passerelle-sup/passerelle"
)

// NamespaceAddress is that of the elements of an address, and of street-address and
// mailing-address.
const NamespaceAddress = "https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1"

// Address is a FlexibleAddress: either lines as on an envelope, or the parts of which
// they are made, and the place. A street address is what works on a map, a mailing
// address what works on an envelope. The zero value is an empty address, which the
// schema allows.
type Address struct {
	Recipients []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 recipientName"`
	// Lines are up to four. They must not repeat postal code, locality, region or
	// country. Where there are lines, the six parts below and DeliveryPoints are empty.
	Lines          []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 addressLine"`
	BuildingNumber string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingNumber,omitempty"`
	BuildingName   string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingName,omitempty"`
	StreetName     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 streetName,omitempty"`
	Unit           string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 unit,omitempty"`
	Floor          string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 floor,omitempty"`
	PostOfficeBox  string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postOfficeBox,omitempty"`
	DeliveryPoints []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 deliveryPointCode"`
	PostalCode     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postalCode,omitempty"`
	Locality       string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 locality,omitempty"` // strongly advised
	Region         string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 region,omitempty"`
	Country        string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 country,omitempty"` // ISO 3166-1 alpha-2; strongly advised
}

// maxLines is how many address lines there may be.
const maxLines = 4

var countryCode = regexp.MustCompile(`^[A-Z][A-Z]$`)

// Validate returns every rule that the address breaks, as passerelle.FieldErrors whose
// paths are those of the elements.
func (a Address) Validate() error { return a.Faults("").Err() }

// Faults is Validate for an address inside a document: paths begin with path.
func (a Address) Faults(path string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if len(a.Lines) > maxLines {
		faults.Add(join(path, "addressLine"), "length", "at most four lines")
	}
	parts := a.BuildingNumber + a.BuildingName + a.StreetName + a.Unit + a.Floor + a.PostOfficeBox
	if len(a.Lines) > 0 && (parts != "" || len(a.DeliveryPoints) > 0) {
		faults.Add(join(path, "addressLine"), "exclusive", "either lines, or street, building and their like")
	}
	if a.Country != "" && !countryCode.MatchString(a.Country) {
		faults.Add(join(path, "country"), "pattern", "a code of ISO 3166-1 of two capital letters")
	}
	return faults
}

// LogValue masks the address.
func (a Address) LogValue() slog.Value { return slog.StringValue("[address]") }

// join puts an element behind a path.
func join(path, element string) string {
	if path == "" {
		return element
	}
	return path + "." + element
}
