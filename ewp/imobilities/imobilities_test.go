package imobilities_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const schema = "ewp-specs-api-imobilities/stable-v2/endpoints/get-response.xsd"

func TestExamples(t *testing.T) {
	t.Parallel()
	doc := documenttest.Example(t, "ewp-specs-api-imobilities/stable-v2/endpoints/get-response-example.xml")
	got := documenttest.RoundTrip(t, schema, doc, imobilities.Decode, imobilities.Encode)
	testutil.Equal(t, "mobilities", got, []imobilities.Mobility{{ID: "c442c289-5541-4cae-9edb-8ad83e133613", Arrival: "2018-02-05", Departure: "2018-06-19"}})
	if err := got[0].Validate(); err != nil {
		t.Error(err)
	}
	empty := documenttest.Example(t, "own-samples/empty-imobilities-get-response-v2.xml")
	if got := documenttest.RoundTrip(t, schema, empty, imobilities.Decode, imobilities.Encode); len(got) != 0 {
		t.Errorf("%d mobilities in an empty answer", len(got))
	}
	var b bytes.Buffer
	all := []imobilities.Mobility{{ID: "m1"}, {ID: "m2", Arrival: "2026-09-01"}, {ID: "m3", Departure: "2027-01-31"}}
	if err := imobilities.Encode(&b, all); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "mobilities", documenttest.RoundTrip(t, schema, b.Bytes(), imobilities.Decode, imobilities.Encode), all)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for i, doc := range map[int]string{0: "", 1: "<imobilities-get-response/>", 2: "<!DOCTYPE a><a/>"} {
		if _, err := imobilities.Decode(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want ErrProtocol", i, err)
		}
	}
	old := documenttest.Example(t, "ewp-specs-api-imobilities/stable-v1/endpoints/get-response-example.xml")
	if _, err := imobilities.Decode(bytes.NewReader(old)); !errors.Is(err, passerelle.ErrProtocol) || !strings.Contains(err.Error(), "stable-v2") {
		t.Errorf("the example of version 1: %v, want ErrProtocol and what is read", err)
	}
}

// TestLenient reads prefixes, another order, blanks around values and elements that are
// not known.
func TestLenient(t *testing.T) {
	t.Parallel()
	const doc = `<x:imobilities-get-response xmlns:x="https://github.com/erasmus-without-paper/ewp-specs-api-imobilities/blob/stable-v2/endpoints/get-response.xsd"><x:student-mobility>
		<x:actual-departure-date> 2027-01-31+01:00
		</x:actual-departure-date><x:new/><x:omobility-id> m1 </x:omobility-id></x:student-mobility><x:staff-mobility/></x:imobilities-get-response>`
	got, err := imobilities.Decode(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "mobilities", got, []imobilities.Mobility{{ID: "m1", Departure: "2027-01-31+01:00"}})
	arrival, departure, err := got[0].Dates()
	if !arrival.IsZero() || departure.String() != "2027-01-31" || err != nil {
		t.Errorf("%v, %v, %v", arrival, departure, err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		m    imobilities.Mobility
		want []string
	}{
		0: {imobilities.Mobility{}, []string{"omobility-id pattern"}},
		1: {imobilities.Mobility{ID: "m1", Arrival: "1 September", Departure: "2027-02-30"}, []string{"actual-arrival-date date", "actual-departure-date date"}},
		2: {imobilities.Mobility{ID: "m1", Arrival: "2027-01-31", Departure: "2027-01-30"}, []string{"actual-departure-date order"}},
		3: {imobilities.Mobility{ID: "m1", Arrival: "2027-01-31", Departure: "2027-01-31"}, nil},
		4: {imobilities.Mobility{ID: "m1", Departure: "2027-01-31"}, nil},
		5: {imobilities.Mobility{ID: "m1"}, nil},
	} {
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, c.m.Validate()), c.want)
	}
	for i, m := range []imobilities.Mobility{{Arrival: "x"}, {Departure: "x"}} {
		if _, _, err := m.Dates(); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := imobilities.Encode(&b, []imobilities.Mobility{{ID: "m1", Arrival: "2026-09-01"}, {}}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes(), []byte("<a>")}, imobilities.Decode, imobilities.Encode)
}

func BenchmarkDecode(b *testing.B) {
	all := make([]imobilities.Mobility, 100)
	for i := range all {
		all[i] = imobilities.Mobility{ID: fmt.Sprintf("mobility-%d", i), Arrival: "2026-09-01", Departure: "2027-01-31"}
	}
	var doc bytes.Buffer
	if err := imobilities.Encode(&doc, all); err != nil {
		b.Fatal(err)
	}
	type plain struct {
		Mobilities []struct {
			ID        string `xml:"omobility-id"`
			Arrival   string `xml:"actual-arrival-date"`
			Departure string `xml:"actual-departure-date"`
		} `xml:"student-mobility"`
	}
	documenttest.Bench(b, doc.Bytes(), imobilities.Decode, new(plain))
}
