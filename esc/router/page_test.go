package router_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestPages(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int{"ten whatever is asked": 0, "as asked": -1, "one": 1} {
		b := newBed(t, esctest.RouterConfig{PageCap: limit})
		want := make(map[string]bool)
		for i := range 25 {
			id := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:1234567" + string(rune('A'+i)) + "9AB")
			w := cardWrite(number[:35] + string("0123456789"[i%10]))
			w.Card.Person = id
			b.fake.SeedCard(router.CardUpdate{Person: id}, router.Enrolment{Organisation: picA})
			want[id.Key()] = true
		}
		got := make(map[string]bool)
		for p, err := range b.client.Persons(t.Context(), router.ListRequest{As: picA, Sort: "identifier", Desc: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if got[esi.MustParse(p.Identifier).Key()] {
				t.Errorf("%s: a person twice", name)
			}
			got[esi.MustParse(p.Identifier).Key()] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d persons, want %d", name, len(got), len(want))
		}
		if calls := len(b.operations()); limit == 0 && calls != 3 {
			t.Errorf("%s: %d pages, want 3", name, calls)
		}
		for range b.client.Persons(t.Context(), router.ListRequest{As: picB}) {
			t.Errorf("%s: another institution sees persons", name)
		}
	}

	// An answer that always is the first page has no end of its own.
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"content":[{"identifier":"x"}],"page":{"number":0,"totalPages":9}}`))
	}))
	t.Cleanup(stuck.Close)
	client := must(router.New(router.Config{Environment: router.Custom, BaseURL: stuck.URL, Organisations: tokens[:1]}))(t)
	rows, last := 0, error(nil)
	for _, err := range client.Persons(t.Context(), router.ListRequest{}) {
		if last = err; err == nil {
			rows++
		}
	}
	if rows != 1 || !errors.Is(last, passerelle.ErrProtocol) {
		t.Errorf("a router that turns in circles: %d rows, %v", rows, last)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	b := newBed(t, esctest.RouterConfig{})
	must(b.client.CreatePerson(t.Context(), personWrite(picA)))(t)
	must(b.client.CreateCard(t.Context(), cardWrite(number)))(t)
	other := cardWrite(number2).Card
	other.Person = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	b.fake.SeedCard(other, router.Enrolment{Organisation: picA})
	if s := router.SearchPerson(ada); s != "person.identifierCode:ESI<+>person.identifier:"+ada.String() {
		t.Errorf("search %s", s)
	}
	var got []string
	for c, err := range b.client.Cards(t.Context(), router.ListRequest{As: picA, Search: router.SearchPerson(ada)}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Number)
	}
	testutil.Equal(t, "cards found", got, []string{number})
}
