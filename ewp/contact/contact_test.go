package contact_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// full is a contact with something in each element.
var full = contact.Contact{
	Names:       ewp.Texts{{Lang: "en", Value: "Mobility office"}, {Lang: "fr", Value: "Bureau des mobilités"}},
	GivenNames:  ewp.Texts{{Value: "Zoé"}},
	FamilyNames: ewp.Texts{{Lang: "ru-Latn", Value: "Exemple"}},
	Gender:      "9",
	Phones:      []contact.Phone{{E164: "+33123456789", Extension: "12"}, {Other: "extension 7"}},
	Faxes:       []contact.Phone{{E164: "+33123456780"}},
	Emails:      []string{"mobility@univ-exemple.example"},
	Street:      &contact.Address{BuildingNumber: "1", BuildingName: "A", StreetName: "rue de l'Exemple", Unit: "2", Floor: "3", PostOfficeBox: "4", DeliveryPoints: []string{"5"}, Locality: "Exemple", Country: "FR"},
	Mailing:     &contact.Address{Recipients: []string{"Université"}, Lines: []string{"1 rue de l'Exemple"}, PostalCode: "99999", Locality: "Exemple", Region: "Nord", Country: "FR"},
	Roles:       ewp.Texts{{Lang: "en", Value: "Signs agreements.\nAnswers in French."}},
}

// marshal writes a contact as the element contact.
func marshal(tb testing.TB, c contact.Contact) []byte {
	tb.Helper()
	var b bytes.Buffer
	name := xml.Name{Space: contact.Namespace, Local: "contact"}
	if err := xml.NewEncoder(&b).EncodeElement(c, xml.StartElement{Name: name}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	if err := full.Validate(); err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]contact.Contact{0: full, 1: {Names: ewp.Texts{{Value: "Office"}}}, 2: {Names: ewp.Texts{{Value: "x"}}, Street: &contact.Address{}}} {
		var got contact.Contact
		doc := marshal(t, want)
		if err := xml.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, fmt.Sprintf("contact %d", i), got, want)
		if bytes.Contains(doc, []byte(":contact-name")) {
			t.Errorf("%d: a prefix: %s", i, doc)
		}
	}
}

// TestSchema validates against the published schema.
func TestSchema(t *testing.T) {
	t.Parallel()
	schema := testutil.Shared(t, "ewp/schemas/ewp-specs-types-contact/stable-v1/schema.xsd")
	catalog := testutil.Shared(t, "ewp/schemas/catalog-business.xml")
	program := testutil.Program(t, "xmllint")
	for i, c := range map[int]contact.Contact{0: full, 1: {Names: ewp.Texts{{Value: "Office"}}}} {
		cmd := exec.CommandContext(t.Context(), program, "--nonet", "--noout", "--schema", schema, "-")
		cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+catalog)
		cmd.Stdin = bytes.NewReader(marshal(t, c))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%d: %v\n%s", i, err, out)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	bad := full
	bad.Names = nil
	bad.Gender = "f"
	bad.Phones = []contact.Phone{{}, {E164: "0123"}}
	bad.Faxes = []contact.Phone{{E164: "+"}}
	bad.Emails = []string{"nobody"}
	bad.Street = &contact.Address{Lines: []string{"1", "2", "3", "4", "5"}, StreetName: "x", Country: "fr"}
	bad.Mailing = &contact.Address{Country: "FRA"}
	var got []string
	faults, _ := errors.AsType[passerelle.FieldErrors](bad.Validate())
	for _, f := range faults {
		got = append(got, f.Field+" "+f.Rule)
	}
	testutil.Equal(t, "faults", got, []string{
		"contact-name required", "person-gender code", "phone-number[1].e164 pattern", "fax-number[0].e164 pattern", "email[0] pattern",
		"street-address.addressLine length", "street-address.addressLine exclusive", "street-address.country pattern", "mailing-address.country pattern",
	})
}

// TestMasked: no name, number or address reaches a log.
func TestMasked(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "contact", full, "phone", full.Phones[0], "address", *full.Mailing)
	for _, secret := range []string{"Zoé", "+33", "rue", "mobility@"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, &b)
		}
	}
}

func ExampleContact() {
	c := contact.Contact{
		Names:  ewp.Texts{{Lang: "en", Value: "International office"}},
		Emails: []string{"international@univ-exemple.example"},
		Phones: []contact.Phone{{E164: "33123456789"}},
	}
	fmt.Println(c.Validate())

	c.Phones[0].E164 = "+33123456789"
	if err := c.Validate(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Names.In("en").Value)
	// Output:
	// phone-number[0].e164: pattern: want a plus sign and 1 to 15 digits
	// International office
}
