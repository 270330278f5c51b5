package factsheet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schema  = "ewp-specs-api-factsheet/stable-v1/response.xsd"
	example = "ewp-specs-api-factsheet/stable-v1/response-example.xml"
)

var (
	uniA, uniB = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")
	office     = factsheet.Information{
		Email: "io@uni-b.example", Phone: contact.PhoneOf("03 88 12 34 56", "33"), Websites: ewp.Texts{{Lang: "en", Value: "https://uni-b.example/en/io"}},
	}
	// full has something in each element.
	full = factsheet.Factsheet{
		HEI: uniB,
		Calendar: factsheet.Calendar{
			Nominations:  factsheet.Terms{Autumn: "--05-15", Spring: "--10-15"},
			Applications: factsheet.Terms{Autumn: "--06-15", Spring: "--11-15"},
		},
		Requirements:  []factsheet.Requirement{{Name: factsheet.CV, Details: "Europass", Websites: office.Websites}, {Name: "Insurance", Details: "x"}},
		DecisionWeeks: "4", ToRWeeks: "5",
		Accessibility: []factsheet.Accessibility{{Type: factsheet.Service, Name: "Mission handicap", Description: "x", Information: office}},
		Additional:    []factsheet.Additional{{Type: "Recognition process", Information: office}},
	}.WithOffice(office)
)

func TestExamples(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, schema, documenttest.Example(t, example), factsheet.Decode, factsheet.Encode)
	if len(got) != 1 {
		t.Fatalf("%d factsheets, want 1", len(got))
	}
	s := got[0]
	if err := errors.Join(s.Validate(), s.Warnings().Err()); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "factsheet", []string{s.HEI.String(), s.Calendar.Applications.Spring, s.DecisionWeeks, s.ToRWeeks, s.Housing.Phone.E164, s.Requirements[7].Name, s.Accessibility[0].Type},
		[]string{"example-hei.edu", "--10-19", "4", "3", "+136794613", "Privacy statement", "service"})
	empty := documenttest.Example(t, "ewp-registry-service/api-responses/factsheet-empty.xml")
	if got := documenttest.RoundTrip(t, schema, empty, factsheet.Decode, factsheet.Encode); len(got) != 0 {
		t.Errorf("%d factsheets in an empty answer", len(got))
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	if err := full.Validate(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := factsheet.Encode(&b, []factsheet.Factsheet{full}); err != nil {
		t.Fatal(err)
	}
	got := documenttest.RoundTrip(t, schema, b.Bytes(), factsheet.Decode, factsheet.Encode)
	testutil.Equal(t, "factsheets", got, []factsheet.Factsheet{full}, documenttest.HEIs)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for i, doc := range map[int]string{0: "", 1: "<factsheet-response/>", 2: "<!DOCTYPE a><a/>"} {
		if _, err := factsheet.Decode(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want ErrProtocol", i, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		change func(*factsheet.Factsheet)
		want   string
	}{
		0:  {func(s *factsheet.Factsheet) { s.HEI = ewp.HEIID{} }, "hei-id required"},
		1:  {func(s *factsheet.Factsheet) { s.Calendar.Nominations.Autumn = "15/05" }, "calendar.student-nominations.autumn-term date"},
		2:  {func(s *factsheet.Factsheet) { s.Calendar.Nominations.Spring = "" }, "calendar.student-nominations.spring-term date"},
		3:  {func(s *factsheet.Factsheet) { s.Calendar.Applications.Autumn = "--13-01" }, "calendar.student-applications.autumn-term date"},
		4:  {func(s *factsheet.Factsheet) { s.Calendar.Applications.Spring = "--02-30" }, "calendar.student-applications.spring-term date"},
		5:  {func(s *factsheet.Factsheet) { s.Application.Email = "office" }, "application-info.email pattern"},
		6:  {func(s *factsheet.Factsheet) { s.Housing.Phone.E164 = "0388" }, "housing-info.phone-number.e164 pattern"},
		7:  {func(s *factsheet.Factsheet) { s.Visa.Websites = nil }, "visa-info.website-url required"},
		8:  {func(s *factsheet.Factsheet) { s.Insurance.Websites = ewp.Texts{{Value: "x"}} }, "insurance-info.website-url[0] url"},
		9:  {func(s *factsheet.Factsheet) { s.Requirements = []factsheet.Requirement{{}} }, "additional-requirement[0].name required"},
		10: {func(s *factsheet.Factsheet) { s.DecisionWeeks = "four" }, "decision-weeks-limit integer"},
		11: {func(s *factsheet.Factsheet) { s.ToRWeeks = "" }, "tor-weeks-limit integer"},
		12: {func(s *factsheet.Factsheet) {
			s.Accessibility = []factsheet.Accessibility{{Type: "Service", Name: "x", Information: office}}
		}, "accessibility[0].type code"},
		13: {func(s *factsheet.Factsheet) { s.Additional = []factsheet.Additional{{Information: office}} }, "additional-info[0].type required"},
	} {
		bad := full
		c.change(&bad)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, bad.Validate()), []string{c.want})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	odd := full
	odd.DecisionWeeks, odd.ToRWeeks = "6", "0"
	odd.Requirements = []factsheet.Requirement{{Name: "cv"}, {Name: "Motivation  Letter"}, {Name: factsheet.OtherDocument}, {Name: "Vaccination"}}
	testutil.Equal(t, "warnings", documenttest.Faults(t, odd.Warnings()), []string{
		"decision-weeks-limit range", "tor-weeks-limit range", "additional-requirement[0].name spelling", "additional-requirement[1].name spelling",
	})
	if w := full.Warnings(); len(w) > 0 {
		t.Error(w)
	}
}

func TestMonthDay(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct{ text, from, want string }{
		0: {"--05-15", "2025-05-15", "2025-05-15"}, 1: {"--05-15", "2025-05-16", "2026-05-15"}, 2: {"--02-29", "2025-01-01", "2028-02-29"},
		3: {"--02-29", "2096-03-01", "2104-02-29"}, 4: {" --12-31Z ", "2025-12-31", "2025-12-31"}, 5: {"--01-01+14:00", "2025-12-31", "2026-01-01"},
		6: {"--02-30", "", ""}, 7: {"05-15", "", ""}, 8: {"--05-00", "", ""}, 9: {"", "", ""}, 10: {"--5-15", "", ""}, 11: {"--0515", "", ""},
	} {
		m, err := factsheet.ParseMonthDay(c.text)
		if c.want == "" {
			if e, ok := errors.AsType[*passerelle.ParseError](err); !ok || !m.IsZero() || e.Type == "" {
				t.Errorf("%d: %v, %v, want a ParseError", i, m, err)
			}
			continue
		}
		if err != nil || !strings.Contains(c.text, m.String()) {
			t.Errorf("%d: %v, %v", i, m, err)
		}
		testutil.Equal(t, fmt.Sprintf("%d: next", i), m.Next(passerelle.MustParseDate(c.from)).String(), c.want)
	}
	if d := (factsheet.MonthDay{}).Next(passerelle.MustParseDate("2025-01-01")); !d.IsZero() {
		t.Error("no day has a next")
	}
}

// network has uni-a, and uni-b with factsheets, two of which may be asked for at once.
func network(sheets factsheet.List) (*ewptest.Network, error) {
	return ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return factsheet.Register(u.Server, sheets, factsheet.Limits{HEIs: 2})
		}},
	}})
}

func TestGet(t *testing.T) {
	t.Parallel()
	second := full
	second.HEI = ewp.MustParseHEIID("uni-b2.example")
	n, err := network(factsheet.List{full, second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	c := factsheet.NewClient(n.University("uni-a.example").Client)
	var got []string
	about := []ewp.HEIID{uniB, uniA, uniB, ewp.MustParseHEIID("nobody.example"), second.HEI}
	for s, err := range c.Get(t.Context(), factsheet.Request{HEI: uniB, About: about}) {
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "office", s.Visa, office)
		got = append(got, s.HEI.String())
	}
	testutil.Equal(t, "factsheets", got, []string{"uni-b.example", "uni-b2.example"})
	if _, err := c.Own(t.Context(), uniA); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a host without the API: %v, want ErrNotFound", err)
	}
	if err := factsheet.Register(n.University("uni-a.example").Server, nil, factsheet.Limits{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nil provider: %v, want ErrInvalid", err)
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := factsheet.Encode(&b, []factsheet.Factsheet{full, {}}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes(), []byte("<a>")}, factsheet.Decode, factsheet.Encode)
}

// A partner's factsheet tells until when to nominate.
func ExampleClient_Own() {
	network, err := network(factsheet.List{full})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	client := factsheet.NewClient(network.University("uni-a.example").Client)
	sheet, err := client.Own(context.Background(), uniB)
	if err != nil {
		log.Fatal(err)
	}
	autumn, spring := sheet.Calendar.Nominations.Next(passerelle.MustParseDate("2026-06-01"))
	fmt.Println("autumn:", autumn, "spring:", spring, "ask:", sheet.Application.Email)
	// Output:
	// autumn: 2027-05-15 spring: 2026-10-15 ask: io@uni-b.example
}

// One office answers everything; a fault is found before partners see it.
func ExampleFactsheet_WithOffice() {
	sheet := factsheet.Factsheet{
		HEI: uniB,
		Calendar: factsheet.Calendar{
			Nominations:  factsheet.Terms{Autumn: "--05-15", Spring: "--10-15"},
			Applications: factsheet.Terms{Autumn: "--06-15", Spring: "15/11"},
		},
		Requirements:  []factsheet.Requirement{{Name: "Language Certificate", Details: "B2"}},
		DecisionWeeks: "4", ToRWeeks: "8",
	}.WithOffice(office)
	fmt.Println(sheet.Validate())
	fmt.Println(sheet.Warnings())
	// Output:
	// calendar.student-applications.spring-term: date: want a day of each year, as --05-15
	// tor-weeks-limit: range: want 1 to 5 weeks; additional-requirement[0].name: spelling: want Language certificate, letter for letter, or a name of its own
}
