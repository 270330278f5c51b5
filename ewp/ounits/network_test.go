package ounits_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var uniA, uniB = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")

// network has uni-a, and uni-b with units.
func network(tb ewptest.TB, units ounits.List) *ewptest.Network {
	return ewptest.NewNetwork(tb, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			return ounits.Register(u.Server, uninvited{units}, ounits.Limits{IDs: 2, Codes: 3})
		}},
	}})
}

// uninvited gives a unit more than it was asked for.
type uninvited struct{ ounits.List }

func (p uninvited) Units(ctx context.Context, parties ewpserver.Parties, by ounits.Selection) iter.Seq2[ounits.Unit, error] {
	return func(yield func(ounits.Unit, error) bool) {
		if yield(ounits.Unit{ID: "uninvited", Code: "UNINVITED"}, nil) {
			p.List.Units(ctx, parties, by)(yield)
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	units, err := ounits.FromRows(rows("a", "", "b", "a", "c", "a", "d", "a"), "fr")
	if err != nil {
		t.Fatal(err)
	}
	n := network(t, units)
	c := ounits.NewClient(n.University("uni-a.example").Client)
	for i, q := range map[int]struct {
		request ounits.Request
		want    string
	}{
		0: {ounits.Request{HEI: uniB, IDs: []string{"a", "b", "c", "d", "e"}}, "[a b c d]"},
		1: {ounits.Request{HEI: uniB, Codes: []string{"A", "B", "C", "D", "a"}}, "[a b c d]"},
		2: {ounits.Request{HEI: uniB, IDs: []string{"z"}}, "[]"},
		3: {ounits.Request{HEI: uniB}, "[]"},
		4: {ounits.Request{HEI: uniB, IDs: []string{"é", "b"}}, "[b]"},
	} {
		got := []string{}
		for u, err := range c.Get(t.Context(), q.request) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			got = append(got, u.ID)
		}
		testutil.Equal(t, fmt.Sprintf("%d: units", i), fmt.Sprint(got), q.want)
	}
	for _, err := range c.Get(t.Context(), ounits.Request{HEI: uniB, IDs: []string{"a"}, Codes: []string{"A"}}) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("identifiers and codes: %v, want ErrInvalid", err)
		}
	}
	for _, err := range c.Get(t.Context(), ounits.Request{HEI: uniA, IDs: []string{"a"}}) {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a host without the API: %v, want ErrNotFound", err)
		}
	}
	if err := ounits.Register(n.University("uni-a.example").Server, nil, ounits.Limits{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nil provider: %v, want ErrInvalid", err)
	}
}

// All units of a partner: the Institutions API lists them, this one describes them.
func ExampleClient_Get() {
	units := ounits.List{
		{ID: "1", Code: "UB", Names: ewp.Texts{{Lang: "en", Value: "University B"}}},
		{ID: "2", Code: "SCI", Names: ewp.Texts{{Lang: "en", Value: "Faculty of Science"}}, Parent: "1"},
	}
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA},
		{HEI: uniB, Register: func(u *ewptest.University) error {
			own := institutions.HEI{ID: u.HEI, Names: ewp.Texts{{Value: "University B"}}, RootUnit: "1", Units: []string{"1", "2"}}
			return errors.Join(
				institutions.Register(u.Server, institutions.List{own}, institutions.Limits{}),
				ounits.Register(u.Server, units, ounits.Limits{IDs: 50, Codes: 50}))
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	ctx, client := context.Background(), network.University("uni-a.example").Client
	hei, err := institutions.NewClient(client).Own(ctx, uniB)
	if err != nil {
		log.Fatal(err)
	}
	for unit, err := range ounits.NewClient(client).Get(ctx, ounits.Request{HEI: uniB, IDs: hei.Units}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(unit.Code, unit.Names.In("en").Value)
	}
	// Output:
	// UB University B
	// SCI Faculty of Science
}
