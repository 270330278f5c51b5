package router_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

const (
	picA, picB = "999465982", "999893752"
	number     = "d88b02c1-894e-1038-a711-001999465982"
	number2    = "50228de1-8944-1038-a3d5-001999465982"
)

var (
	ada    = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB")
	today  = time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	tokens = []router.Organisation{{PIC: picA, Token: "token-of-a"}, {PIC: picB, Token: "token-of-b"}}
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// bed is a fake router and a client of it.
type bed struct {
	fake   *esctest.Router
	client *router.Client
	config router.Config
}

func newBed(tb testing.TB, config esctest.RouterConfig) *bed {
	tb.Helper()
	if config.Organisations == nil {
		config.Organisations = tokens
	}
	if config.Now == nil {
		config.Now = func() time.Time { return today }
	}
	b := &bed{fake: must(esctest.NewRouter(config))(tb)}
	server := esctest.NewServer(b.fake)
	tb.Cleanup(server.Close)
	b.config = b.fake.ClientConfig(server.URL)
	b.config.Transport.Retry = transport.RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond, MaxRetryAfter: time.Millisecond}
	b.client = must(router.New(b.config))(tb)
	return b
}

// operations returns what the fake was asked since the last time.
func (b *bed) operations() []string {
	var out []string
	for _, r := range b.fake.Requests() {
		out = append(out, r.Operation)
	}
	return out
}

func personWrite(as string) router.PersonWrite {
	return router.PersonWrite{As: as, Person: router.PersonUpdate{Identifier: ada, Enrolments: []router.Enrolment{
		{Organisation: as, FullName: "Ada Lovelace", Email: "ada@univ-ville.example", Level: router.Master},
	}}}
}

func cardWrite(number string) router.CardWrite {
	return router.CardWrite{As: picA, Card: router.CardUpdate{
		Number: number, State: router.Active, Type: router.CardSmartNoCDZ, Issuer: picA, Person: ada,
		IssuedAt: passerelle.MustParseDate("2026-09-01"), ExpiresAt: passerelle.MustParseDate("2027-09-30"),
	}}
}

func TestPersonsAndCards(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]esctest.RouterConfig{
		"plain": {}, "date-times": {DateTimes: true}, "lower case": {LowerCase: true}, "loose": {Loose: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, ctx := newBed(t, quirks), t.Context()
			created := must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
			if !esi.MustParse(created.Identifier).Equal(ada) {
				t.Errorf("identifier %s", created.Identifier)
			}
			got := must(b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}))(t)
			m, ok := got.Membership(picA)
			if !ok || m.FullName != "Ada Lovelace" || m.Contact.Email != "ada@univ-ville.example" || m.Level.Key != "MASTER" {
				t.Errorf("membership %+v", m)
			}
			if want := "univ-fictive-1.example"; !quirks.Loose && m.Organisation.Schac() != want {
				t.Errorf("home organisation %q, want %q", m.Organisation.Schac(), want)
			}
			w := personWrite(picA)
			w.Person.Enrolments[0].Level = ""
			updated := must(b.client.UpdatePerson(ctx, w))(t)
			if m, _ := updated.Membership(picA); m.Level != nil && m.Level.Key != "" {
				t.Errorf("level %+v, want none", m.Level)
			}

			card := must(b.client.CreateCard(ctx, cardWrite(number)))(t)
			if card.Number != number || card.State.Key != "ACTIVE" || card.Type.Key != "SMART_NO_CDZ" || card.ExpiresAt.Date != passerelle.MustParseDate("2027-09-30") {
				t.Errorf("card %+v", card)
			}
			// One that is over, and revived by a state with a new date.
			over := cardWrite(number)
			over.Card.ExpiresAt = passerelle.MustParseDate("2026-09-30")
			if card = must(b.client.UpdateCard(ctx, over))(t); card.State.Key != router.Text(router.Expired) {
				t.Errorf("state %s, want EXPIRED", card.State.Key)
			}
			if card = must(b.client.UpdateCard(ctx, cardWrite(number)))(t); card.State.Key != router.Text(router.Active) {
				t.Errorf("state %s, want ACTIVE", card.State.Key)
			}
			assigned := must(b.client.CreateCard(ctx, cardWrite("")))(t)
			if !strings.HasSuffix(assigned.Number, "-988"+picA) {
				t.Errorf("assigned number %s", assigned.Number)
			}
			status := must(b.client.CardStatus(ctx, router.CardRequest{Number: number}))(t)
			if status.Status != router.Active || status.Issuer != picA {
				t.Errorf("status %+v", status)
			}

			for _, n := range []string{number, assigned.Number} {
				if err := b.client.DeleteCard(ctx, router.CardRequest{As: picA, Number: n}); err != nil {
					t.Error(err)
				}
			}
			if _, err := b.client.Card(ctx, router.CardRequest{As: picA, Number: number}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("deleted card: %v", err)
			}
			if err := b.client.DeletePerson(ctx, router.PersonRequest{As: picA, ESI: ada}); err != nil {
				t.Error(err)
			}
			if _, err := b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("deleted person: %v", err)
			}
		})
	}
}

func TestPostBecomesPut(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	cases := []struct {
		name  string
		want  router.Done
		calls []string
	}{
		0: {"new", router.Created, []string{"create-person"}},
		1: {"exists", router.Updated, []string{"create-person", "update-person"}},
	}
	for i, c := range cases {
		_, done, err := b.client.EnsurePerson(ctx, personWrite(picA))
		if err != nil || done != c.want {
			t.Errorf("person %d %s: %s, %v, want %s", i, c.name, done, err, c.want)
		}
		testutil.Equal(t, c.name, b.operations(), c.calls)
	}
	// Known through another institution: a creation, not a conflict.
	if _, done, err := b.client.EnsurePerson(ctx, personWrite(picB)); err != nil || done != router.Created {
		t.Errorf("second institution: %s, %v", done, err)
	}
	b.operations()

	for i, c := range []struct {
		name   string
		script []esctest.Fault
		want   router.Done
		calls  []string
	}{
		0: {"answer lost", []esctest.Fault{esctest.AnswerLost}, router.Updated, []string{"create-card", "update-card"}},
		1: {"exists", nil, router.Updated, []string{"create-card", "update-card"}},
		2: {"answer cut", []esctest.Fault{esctest.Truncated}, router.Updated, []string{"create-card", "update-card"}},
	} {
		b.fake.Script("create-card", c.script...)
		_, done, err := b.client.EnsureCard(ctx, cardWrite(number))
		if err != nil || done != c.want {
			t.Errorf("card %d %s: %s, %v, want %s", i, c.name, done, err, c.want)
		}
		testutil.Equal(t, c.name, b.operations(), c.calls)
	}
	// Nothing was done: the update does not find it and the first failure is told.
	b.fake.Script("create-card", esctest.Unavailable)
	if _, _, err := b.client.EnsureCard(ctx, cardWrite(number2)); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("router away: %v", err)
	}
	if _, exists := b.fake.Card(number2); exists {
		t.Error("the card was made")
	}
	// A bare creation is never sent twice.
	b.operations()
	b.fake.Script("create-card", esctest.AnswerLost)
	_, err := b.client.CreateCard(ctx, cardWrite(number2))
	if passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("lost answer: %v has outcome %s", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "calls", b.operations(), []string{"create-card"})
}

// Processors are left out when they are blank: the router refuses them otherwise.
func TestBlankProcessor(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	w := cardWrite(number)
	w.Card.Processor = "  "
	must(b.client.CreateCard(ctx, w))(t)
	w.Card.Processor = "FR12345678901"
	if card := must(b.client.UpdateCard(ctx, w))(t); card.Processor == nil || card.Processor.Identifier != "FR12345678901" {
		t.Errorf("processor %+v", card.Processor)
	}
}

var cmpESI = cmp.Comparer(func(a, b esi.ID) bool { return a == b })
