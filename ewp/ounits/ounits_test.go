package ounits_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schema  = "ewp-specs-api-ounits/stable-v2/response.xsd"
	example = "ewp-specs-api-ounits/stable-v2/response-example.xml"
)

// full has something in each element.
var full = ounits.Unit{
	ID: "7f3c", Code: "UFR-SCI", Names: ewp.Texts{{Lang: "en", Value: "Faculty of Science"}, {Lang: "fr", Value: "UFR Sciences"}}, Abbreviation: "SCI",
	Parent: "root", Street: &contact.Address{StreetName: "rue de l'Exemple", Locality: "Exemple", Country: "FR"}, Mailing: &contact.Address{},
	Websites: ewp.Texts{{Lang: "fr", Value: "https://uni-b.example/sci"}}, Logo: "https://uni-b.example/sci.svg",
	Factsheets: ewp.Texts{{Lang: "en", Value: "https://uni-b.example/sci.pdf"}},
	Contacts:   []contact.Contact{{Names: ewp.Texts{{Value: "Mobility office"}}, Emails: []string{"sci@uni-b.example"}}},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, schema, documenttest.Example(t, example), ounits.Decode, ounits.Encode)
	if len(got) != 1 {
		t.Fatalf("%d units, want 1", len(got))
	}
	u := got[0]
	if err := u.Validate(); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "unit", []string{u.ID, u.Code, u.Parent, u.Names.In("pl").Value, u.Mailing.PostalCode, u.Contacts[0].Email()},
		[]string{"73", "10000000", "5", "Wydział Matematyki, Informatyki i Mechaniki", "02-097", "john@mimuw.edu.pl"})
	empty := documenttest.Example(t, "ewp-registry-service/api-responses/ounits-empty.xml")
	if got := documenttest.RoundTrip(t, schema, empty, ounits.Decode, ounits.Encode); len(got) != 0 {
		t.Errorf("%d units in an empty answer", len(got))
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	if err := full.Validate(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := ounits.Encode(&b, []ounits.Unit{full}); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "units", documenttest.RoundTrip(t, schema, b.Bytes(), ounits.Decode, ounits.Encode), []ounits.Unit{full})
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for i, doc := range map[int]string{0: "", 1: "<ounits-response/>", 2: "<!DOCTYPE a><a/>"} {
		if _, err := ounits.Decode(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want ErrProtocol", i, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		change func(*ounits.Unit)
		want   string
	}{
		0: {func(u *ounits.Unit) { u.ID = "a b" }, "ounit-id pattern"},
		1: {func(u *ounits.Unit) { u.Code = " " }, "ounit-code required"},
		2: {func(u *ounits.Unit) { u.Names = nil }, "name required"},
		3: {func(u *ounits.Unit) { u.Parent = strings.Repeat("x", 65) }, "parent-ounit-id pattern"},
		4: {func(u *ounits.Unit) { u.Street = &contact.Address{Country: "f"} }, "street-address.country pattern"},
		5: {func(u *ounits.Unit) { u.Mailing = &contact.Address{Country: "f"} }, "mailing-address.country pattern"},
		6: {func(u *ounits.Unit) { u.Websites = ewp.Texts{{Value: "x"}} }, "website-url[0] url"},
		7: {func(u *ounits.Unit) { u.Logo = "http://x" }, "logo-url url"},
		8: {func(u *ounits.Unit) { u.Factsheets = ewp.Texts{{Value: "x"}} }, "mobility-factsheet-url[0] url"},
		9: {func(u *ounits.Unit) { u.Contacts = []contact.Contact{{}} }, "contact[0].contact-name required"},
	} {
		bad := full
		c.change(&bad)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, bad.Validate()), []string{c.want})
	}
}

// rows make units with these identifiers, each with its parent.
func rows(pairs ...string) []ounits.Row {
	var list []ounits.Row
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, ounits.Row{ID: pairs[i], Code: strings.ToUpper(pairs[i]), Name: "Unité " + pairs[i], Parent: pairs[i+1]})
	}
	return list
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		rows []ounits.Row
		want []string
		root string
	}{
		0: {nil, nil, ""},
		1: {rows("a", ""), nil, ""},
		2: {rows("a", "", "b", ""), nil, ""},
		3: {rows("b", "a", "a", "", "c", "b"), nil, "a"},
		4: {rows("a", "", "a", ""), []string{"ounit[1].ounit-id duplicate", "ounit[1].ounit-code duplicate"}, ""},
		5: {rows("a", "", "b", "z"), []string{"ounit[1].parent-ounit-id reference"}, ""},
		6: {rows("a", "a"), []string{"ounit[0].parent-ounit-id circle"}, ""},
		7: {rows("r", "", "a", "b", "b", "c", "c", "a", "d", "c"),
			[]string{"ounit[1].parent-ounit-id circle", "ounit[2].parent-ounit-id circle", "ounit[3].parent-ounit-id circle"}, "r"},
		8: {[]ounits.Row{{}}, []string{"ounit[0].ounit-id pattern", "ounit[0].ounit-code required", "ounit[0].name required"}, ""},
	} {
		units, err := ounits.FromRows(c.rows, "fr")
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, err), c.want)
		if root, ok := ounits.Root(units); root.ID != c.root || ok != (c.root != "") {
			t.Errorf("%d: root %q, %v, want %q", i, root.ID, ok, c.root)
		}
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	units, _ := ounits.FromRows(rows("b", "a", "a", "", "c", "b", "d", "lost", "e", "a"), "fr")
	got := map[string]string{}
	for parent, children := range ounits.Children(units) {
		for _, u := range children {
			got[parent] += u.ID
		}
	}
	testutil.Equal(t, "children", got, map[string]string{"": "ad", "a": "be", "b": "c"})
}

func TestRows(t *testing.T) {
	t.Parallel()
	want := ounits.Row{ID: "7f3c", Code: "UFR-SCI", Name: "UFR Sciences", NameEnglish: "Faculty of Science", Abbreviation: "SCI", Parent: "root", Website: "https://uni-b.example/sci"}
	testutil.Equal(t, "row", full.Row("fr"), want)
	testutil.Equal(t, "and back", want.Unit("fr").Row("fr"), want)
	testutil.Equal(t, "no key", ounits.Row{Code: "UFR-1", Name: "x"}.Unit("fr").ID, "UFR-1")
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := ounits.Encode(&b, []ounits.Unit{full, {}}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes(), []byte("<a>")}, ounits.Decode, ounits.Encode)
}

// The units of a student system become the document that partners read. A row with a
// fault is named, and nothing is published.
func ExampleFromRows() {
	rows := []ounits.Row{
		{ID: "1", Code: "UE", Name: "Université d'Exemple", NameEnglish: "Exemple University"},
		{ID: "2", Code: "UFR-SCI", Name: "UFR Sciences", Parent: "1"},
		{ID: "3", Code: "DEP-INFO", Name: "Département d'informatique", Parent: "UFR-SCI"},
	}
	_, err := ounits.FromRows(rows, "fr")
	fmt.Println(err)

	rows[2].Parent = "2"
	units, err := ounits.FromRows(rows, "fr")
	if err != nil {
		log.Fatal(err)
	}
	root, _ := ounits.Root(units)
	fmt.Println("root:", root.Names.In("fr").Value)
	if err := ounits.Encode(os.Stdout, units[2:]); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ounit[2].parent-ounit-id: reference: want a unit that is among them
	// root: Université d'Exemple
	// <?xml version="1.0" encoding="UTF-8"?>
	// <ounits-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-ounits/tree/stable-v2"><ounit><ounit-id>3</ounit-id><ounit-code>DEP-INFO</ounit-code><name xml:lang="fr">Département d&#39;informatique</name><parent-ounit-id>2</parent-ounit-id></ounit></ounits-response>
}
