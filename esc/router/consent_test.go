package router_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

// Not one request is made about somebody who never consented, whatever is asked.
func TestNoConsentNothingSent(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{}, func(c *router.SyncConfig) { c.WithoutCards, c.Recheck = true, true })
	w := wanted()
	w.Consent = false
	b.apply(t, "no consent", w, router.Nothing)
	if plan := must(b.sync.Plan(t.Context(), w))(t); len(plan) != 0 {
		t.Errorf("plan %v", plan)
	}
	if r, err := b.sync.Replace(t.Context(), w); err != nil || r.Effect != router.Refused {
		t.Errorf("replace without consent: %s, %v", r.Effect, err)
	}
	for r, err := range b.sync.Run(t.Context(), sequence(w)) {
		if err != nil || r.Effect != router.Nothing {
			t.Errorf("run: %s, %v", r.Effect, err)
		}
	}
	if requests := b.operations(); len(requests) != 0 {
		t.Errorf("requests %v", requests)
	}
	for r, err := range b.state.Records(t.Context()) {
		t.Errorf("a record of somebody who never consented: %v, %v", r, err)
	}
}

func TestWithdrawalEnds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		before  func(*syncBed)
		want    router.Effect
		request []string
	}{
		0: {"all there", func(*syncBed) {}, router.Removed, []string{"delete-card", "cards", "delete-person"}},
		1: {"card deleted by hand", func(b *syncBed) {
			_ = b.client.DeleteCard(context.Background(), router.CardRequest{As: picA, Number: number})
		}, router.Removed, []string{"delete-card", "cards", "delete-person"}},
		2: {"all deleted by hand", func(b *syncBed) {
			_ = b.client.DeletePerson(context.Background(), router.PersonRequest{As: picA, ESI: ada})
		}, router.Removed, []string{"delete-card", "cards", "delete-person"}},
		3: {"anonymised", func(b *syncBed) { b.fake.Anonymise(ada.String()) }, router.Removed, []string{"delete-card", "cards", "delete-person"}},
		4: {"card of another system", func(b *syncBed) {
			c := cardWrite(number2).Card
			b.fake.SeedCard(c, router.Enrolment{Organisation: picA})
		}, router.Removed, []string{"delete-card", "cards", "delete-card", "delete-person"}},
		5: {"router away", func(b *syncBed) {
			b.fake.Script("delete-card", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
		}, router.Deferred, []string{"delete-card", "delete-card", "delete-card"}},
		6: {"answer lost", func(b *syncBed) { b.fake.Script("delete-card", esctest.AnswerLost) }, router.Removed, []string{"delete-card", "delete-card", "cards", "delete-person"}},
	}
	for i, c := range cases {
		b := newSync(t, esctest.RouterConfig{CardsBlockPersons: true})
		w := wanted()
		b.apply(t, c.name, w, router.Sent, "person", "create-person", "create-card")
		c.before(b)
		w.Consent = false
		b.apply(t, fmt.Sprintf("%d %s", i, c.name), w, c.want, c.request...)
		if c.want == router.Deferred {
			b.apply(t, "next run", w, router.Removed, "delete-card", "cards", "delete-person")
		}
		if b.fake.Person(ada.String()) != nil {
			t.Errorf("%d %s: the router still holds the person", i, c.name)
		}
		b.apply(t, "and again", w, router.Unchanged)
	}
}

// The search is only observed: a router that ignores it gives everybody's cards, and
// none of those may be deleted.
func TestWithdrawalSparesOthers(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{IgnoreSearch: true})
	other := cardWrite("01228de1-8944-1038-a3d5-001999465982").Card
	other.Person = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	b.fake.SeedCard(other, router.Enrolment{Organisation: picA})
	w := wanted()
	b.apply(t, "registered", w, router.Sent, "person", "create-person", "create-card")
	w.Consent = false
	b.apply(t, "withdrawn", w, router.Removed, "delete-card", "cards", "delete-person")
	if _, held := b.fake.Card(other.Number); !held {
		t.Error("another student's card was deleted")
	}
}
