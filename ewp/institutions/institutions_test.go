package institutions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schema  = "ewp-specs-api-institutions/stable-v2/response.xsd"
	example = "ewp-specs-api-institutions/stable-v2/response-example.xml"
)

// full has something in each element.
var full = institutions.HEI{
	ID:           ewp.MustParseHEIID("uni-b.example"),
	OtherIDs:     []institutions.OtherID{{Type: ewp.OtherIDErasmus, Value: "F EXEMPLE01"}, {Type: "local", Value: "UB"}},
	Names:        ewp.Texts{{Lang: "en", Value: "University B"}, {Lang: "fr", Value: "Université B & Cie"}},
	Abbreviation: "UB",
	Street:       &contact.Address{Lines: []string{"1 rue de l'Exemple"}, Locality: "Exemple", Country: "FR"},
	Mailing:      &contact.Address{PostOfficeBox: "12", PostalCode: "99999", Locality: "Exemple", Country: "FR"},
	Websites:     ewp.Texts{{Value: "https://uni-b.example/"}},
	Logo:         "https://uni-b.example/logo.svg",
	Factsheets:   ewp.Texts{{Lang: "en", Value: "https://uni-b.example/factsheet.pdf"}},
	Catalogues:   ewp.Texts{{Lang: "fr", Value: "https://uni-b.example/cours"}},
	Contacts:     []contact.Contact{{Names: ewp.Texts{{Value: "International office"}}, Emails: []string{"io@uni-b.example"}}},
	RootUnit:     "ub", Units: []string{"ub", "fac-1"},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, schema, documenttest.Example(t, example), institutions.Decode, institutions.Encode)
	if len(got) != 1 {
		t.Fatalf("%d institutions, want 1", len(got))
	}
	h := got[0]
	if err := h.Validate(); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "identifier", h.ID.String(), "uio.no")
	testutil.Equal(t, "other identifiers", []string{h.OtherID("erasmus"), h.OtherID("local"), h.OtherID("pic")}, []string{"N Oslo01", "UIO", ""})
	testutil.Equal(t, "name", h.Names.In("no").Value, "Universitetet i Oslo")
	testutil.Equal(t, "box", h.Mailing.PostOfficeBox, "1072")
	testutil.Equal(t, "second contact", h.Contacts[1].Names.In("ru-Cyrl").Value, "Иван Петрович Сидоров (визы и страхование)")
	testutil.Equal(t, "telephone", h.Contacts[1].Phones[1], contact.Phone{E164: "+4722222222", Extension: "3407"})
	testutil.Equal(t, "units", h.Units, []string{"fsat.no", "matnat.uio.no", "hf.uio.no"})

	empty := documenttest.Example(t, "ewp-registry-service/api-responses/institutions-empty.xml")
	if got := documenttest.RoundTrip(t, schema, empty, institutions.Decode, institutions.Encode); len(got) != 0 {
		t.Errorf("%d institutions in an empty answer", len(got))
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	if err := full.Validate(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := institutions.Encode(&b, []institutions.HEI{full}); err != nil {
		t.Fatal(err)
	}
	got := documenttest.RoundTrip(t, schema, b.Bytes(), institutions.Decode, institutions.Encode)
	testutil.Equal(t, "institutions", got, []institutions.HEI{full}, documenttest.HEIs)
}

// TestLenient: order, unknown elements and prefixes do not matter.
func TestLenient(t *testing.T) {
	t.Parallel()
	doc := `<i:institutions-response xmlns:i="https://github.com/erasmus-without-paper/ewp-specs-api-institutions/tree/stable-v2"><i:note/><i:hei future="1">
		<i:ounit-id>u</i:ounit-id><i:later><i:name>no</i:name></i:later><i:other-id>X</i:other-id><i:name>B</i:name><i:hei-id> uni-b.example </i:hei-id></i:hei></i:institutions-response>`
	got, err := institutions.Decode(strings.NewReader(doc))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	want := institutions.HEI{ID: full.ID, Names: ewp.Texts{{Value: "B"}}, OtherIDs: []institutions.OtherID{{Value: "X"}}, Units: []string{"u"}}
	testutil.Equal(t, "institution", got[0], want, documenttest.HEIs)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const open = `<institutions-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-institutions/tree/stable-v2">`
	for i, doc := range map[int]string{
		0: ``, 1: `<a/>`, 2: `<institutions-response/>`, 3: open, 4: open + `<hei></institutions-response>`, 5: `<!DOCTYPE a>` + open + `</institutions-response>`,
		6: open + `<hei><hei-id>a b</hei-id></hei></institutions-response>`, 7: open + `</institutions-response><more/>`,
	} {
		if got, err := institutions.Decode(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) || got != nil {
			t.Errorf("%d: %v, %v, want ErrProtocol", i, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		change func(*institutions.HEI)
		want   string
	}{
		0:  {func(h *institutions.HEI) { h.ID = ewp.HEIID{} }, "hei-id required"},
		1:  {func(h *institutions.HEI) { h.Names = nil }, "name required"},
		2:  {func(h *institutions.HEI) { h.OtherIDs = []institutions.OtherID{{Value: "x"}} }, "other-id[0]@type required"},
		3:  {func(h *institutions.HEI) { h.Street = &contact.Address{Country: "France"} }, "street-address.country pattern"},
		4:  {func(h *institutions.HEI) { h.Mailing = &contact.Address{Lines: make([]string, 5)} }, "mailing-address.addressLine length"},
		5:  {func(h *institutions.HEI) { h.Websites = ewp.Texts{{Value: "uni-b.example"}} }, "website-url[0] url"},
		6:  {func(h *institutions.HEI) { h.Logo = "http://uni-b.example/logo.svg" }, "logo-url url"},
		7:  {func(h *institutions.HEI) { h.Factsheets = ewp.Texts{{Lang: "en_GB", Value: "https://a.b"}} }, "mobility-factsheet-url[0]@xml:lang language"},
		8:  {func(h *institutions.HEI) { h.Catalogues = ewp.Texts{{Value: "mailto:a@b.c"}} }, "course-catalogue-url[0] url"},
		9:  {func(h *institutions.HEI) { h.Contacts = []contact.Contact{{}} }, "contact[0].contact-name required"},
		10: {func(h *institutions.HEI) { h.RootUnit = "fac-2" }, "root-ounit-id reference"},
		11: {func(h *institutions.HEI) { h.Units = []string{"ub", "faculté"} }, "ounit-id[1] pattern"},
		12: {func(h *institutions.HEI) { h.Units = []string{"ub", "ub"} }, "ounit-id[1] duplicate"},
	} {
		bad := full
		c.change(&bad)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, bad.Validate()), []string{c.want})
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	i := ewp.Institution{ID: full.ID, Names: full.Names, OtherIDs: []ewp.OtherID{{Type: "erasmus", Value: "F EXEMPLE01"}}}
	testutil.Equal(t, "institution", institutions.FromCatalogue(i).Manifest(), i, documenttest.HEIs)
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := institutions.Encode(&b, []institutions.HEI{full, {}}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes(), []byte("<a>")}, institutions.Decode, institutions.Encode)
}

// A host publishes its own institution, and describes another by what the catalogue
// says of it.
func ExampleEncode() {
	own := institutions.HEI{
		ID:       ewp.MustParseHEIID("univ-exemple.example"),
		OtherIDs: []institutions.OtherID{{Type: ewp.OtherIDErasmus, Value: "F EXEMPLE01"}},
		Names:    ewp.Texts{{Lang: "fr", Value: "Université d'Exemple"}},
		Contacts: []contact.Contact{{Names: ewp.Texts{{Value: "Relations internationales"}}, Emails: []string{"ri@univ-exemple.example"}}},
	}
	if err := own.Validate(); err != nil {
		log.Fatal(err)
	}
	partner := institutions.FromCatalogue(ewp.Institution{ID: ewp.MustParseHEIID("uni-b.example"), Names: ewp.Texts{{Value: "University B"}}})
	if err := institutions.Encode(os.Stdout, []institutions.HEI{own, partner}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <institutions-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-institutions/tree/stable-v2"><hei><hei-id>univ-exemple.example</hei-id><other-id type="erasmus">F EXEMPLE01</other-id><name xml:lang="fr">Université d&#39;Exemple</name><contact xmlns="https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1"><contact-name xmlns="https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1">Relations internationales</contact-name><email xmlns="https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1">ri@univ-exemple.example</email></contact></hei><hei><hei-id>uni-b.example</hei-id><name>University B</name></hei></institutions-response>
}

// A partner's host is asked for its name and whom to write to.
func ExampleClient_Own() {
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: ewp.MustParseHEIID("uni-b.example"), Register: func(u *ewptest.University) error {
			return institutions.Register(u.Server, institutions.List{full}, institutions.Limits{HEIs: 10})
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	client := institutions.NewClient(network.University("uni-a.example").Client)
	hei, err := client.Own(context.Background(), ewp.MustParseHEIID("uni-b.example"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hei.Names.In("fr").Value, hei.Contacts[0].Email())
	// Output:
	// Université B & Cie io@uni-b.example
}
