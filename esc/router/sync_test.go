package router_test

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// syncBed is a bed with a Sync on it.
type syncBed struct {
	*bed
	sync  *router.Sync
	state *router.MemoryState
}

func newSync(tb testing.TB, config esctest.RouterConfig, change ...func(*router.SyncConfig)) *syncBed {
	tb.Helper()
	b := &syncBed{bed: newBed(tb, config), state: &router.MemoryState{}}
	sc := router.SyncConfig{Client: b.client, State: b.state, Now: func() time.Time { return today }}
	for _, f := range change {
		f(&sc)
	}
	b.sync = must(router.NewSync(sc))(tb)
	return b
}

func wanted() router.Wanted {
	return router.Wanted{
		Key: router.Key{PIC: picA, Student: "20260001"}, Consent: true, ESI: ada,
		FullName: "Ada Lovelace", Email: "ada@univ-ville.example", Level: router.Master,
		Cards: []router.WantedCard{wantedCard(number)},
	}
}

func wantedCard(n string) router.WantedCard {
	return router.WantedCard{
		Number: esc.MustParse(n), State: router.Active, Type: router.CardSmartNoCDZ,
		IssuedAt: passerelle.MustParseDate("2026-09-01"), ExpiresAt: passerelle.MustParseDate("2027-09-30"),
	}
}

// apply expects an effect and the requests made for it.
func (b *syncBed) apply(t *testing.T, what string, w router.Wanted, effect router.Effect, requests ...string) router.Result {
	t.Helper()
	b.operations()
	r, err := b.sync.Apply(t.Context(), w)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if r.Effect != effect || (r.Err != nil) != (effect == router.Deferred || effect == router.Refused) {
		t.Errorf("%s: %s, %v, want %s", what, r.Effect, r.Err, effect)
	}
	if got := b.operations(); !slices.Equal(got, requests) {
		t.Errorf("%s: requests %v, want %v", what, got, requests)
	}
	return r
}

func TestSyncLife(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{CardsBlockPersons: true})
	w := wanted()

	w.Consent = false
	b.apply(t, "no consent", w, router.Nothing)
	w.Consent = true
	b.apply(t, "consent", w, router.Sent, "person", "create-person", "create-card")
	b.apply(t, "again", w, router.Unchanged)

	w.Email = "ada.lovelace@univ-ville.example"
	b.apply(t, "another address", w, router.Sent, "person", "update-person")
	if e := b.fake.Person(ada.String())[picA]; e.Email != w.Email || e.Level != router.Master || e.FullName != w.FullName {
		t.Errorf("the router holds %+v", e)
	}
	w.Cards[0].State = router.Inactive
	b.apply(t, "card blocked", w, router.Sent, "update-card")
	w.Cards = append(w.Cards, wantedCard(number2))
	b.apply(t, "second card", w, router.Sent, "create-card")
	w.Cards = w.Cards[1:]
	b.apply(t, "first card gone", w, router.Sent, "delete-card")
	if _, held := b.fake.Card(number); held {
		t.Error("the first card is still there")
	}

	w.Consent = false
	r := b.apply(t, "withdrawn", w, router.Removed, "delete-card", "cards", "delete-person")
	var kinds []router.Kind
	for _, s := range r.Steps {
		kinds = append(kinds, s.Kind)
	}
	testutil.Equal(t, "steps", kinds, []router.Kind{router.DeleteCard, router.DeletePerson})
	if persons, cards := b.fake.Counts(); persons+cards != 0 {
		t.Errorf("the router still holds %d persons and %d cards", persons, cards)
	}
	b.apply(t, "still withdrawn", w, router.Unchanged)
	w.Consent = true
	b.apply(t, "consent again", w, router.Sent, "person", "create-person", "create-card")
}

func sequence(list ...router.Wanted) iter.Seq2[router.Wanted, error] {
	return func(yield func(router.Wanted, error) bool) {
		for _, w := range list {
			if !yield(w, nil) {
				return
			}
		}
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	w := wanted()
	plan := must(b.sync.Plan(t.Context(), w))(t)
	r := b.apply(t, "first", w, router.Sent, "person", "create-person", "create-card")
	testutil.Equal(t, "plan and steps", plan, r.Steps, cmpESI)
	if plan[0].Person.Enrolments[0].FullName != "Ada Lovelace" || plan[1].Card.Number != number {
		t.Errorf("the plan does not show what is sent: %+v", plan)
	}
	w.Cards = nil
	plan = must(b.sync.Plan(t.Context(), w))(t)
	if len(plan) != 2 || plan[0].Kind != router.DeleteCard || plan[1].Kind != router.DeletePerson {
		t.Errorf("plan of a student whose last card lapsed: %v", plan)
	}
}

// The router away, slow or lying does not stop the card desk, and the next run
// finds its way from wherever the last one stopped.
func TestSyncConverges(t *testing.T) {
	t.Parallel()
	for operation, faults := range map[string][]esctest.Fault{
		"person":        {esctest.Unavailable, esctest.CutBefore, esctest.NotJSON},
		"create-person": {esctest.CutBefore, esctest.AnswerLost, esctest.Truncated, esctest.BadGateway, esctest.NotJSON, esctest.InternalError, esctest.Unavailable},
		"create-card":   {esctest.CutBefore, esctest.AnswerLost, esctest.Truncated, esctest.BadGateway, esctest.NotJSON, esctest.InternalError, esctest.Maintenance},
	} {
		for _, fault := range faults {
			t.Run(operation+" "+string(fault), func(t *testing.T) {
				t.Parallel()
				b := newSync(t, esctest.RouterConfig{})
				b.fake.Script(operation, fault, fault, fault)
				r, err := b.sync.Apply(t.Context(), wanted())
				if err != nil || r.Effect != router.Sent && r.Effect != router.Deferred {
					t.Fatalf("%s, %v, %v", r.Effect, r.Err, err)
				}
				pending := 0
				for range b.sync.Pendings(t.Context()) {
					pending++
				}
				if (pending == 1) != (r.Effect == router.Deferred) {
					t.Errorf("%d pending after %s", pending, r.Effect)
				}
				for range 5 { // the rest of the trouble, then none
					if r, err = b.sync.Apply(t.Context(), wanted()); err != nil {
						t.Fatal(err)
					}
				}
				if r.Effect != router.Unchanged {
					t.Errorf("not converged: %s, %v", r.Effect, r.Err)
				}
				if persons, cards := b.fake.Counts(); persons != 1 || cards != 1 {
					t.Errorf("the router holds %d persons and %d cards", persons, cards)
				}
				for r := range b.sync.Pendings(t.Context()) {
					t.Errorf("still pending: %+v", r.Pending)
				}
			})
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	b.apply(t, "first student", wanted(), router.Sent, "person", "create-person", "create-card")

	twin := wanted()
	twin.Student = "20260002"
	if r := b.apply(t, "same ESI", twin, router.Refused); !errors.Is(r.Err, passerelle.ErrConflict) {
		t.Errorf("same ESI: %v", r.Err)
	}
	twin.ESI = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	if r := b.apply(t, "same card number", twin, router.Refused); !errors.Is(r.Err, passerelle.ErrConflict) {
		t.Errorf("same number: %v", r.Err)
	}
	twin.Cards = []router.WantedCard{wantedCard(number2)}
	b.apply(t, "put right", twin, router.Sent, "person", "create-person", "create-card")

	// The same student at another institution is another matter.
	elsewhere := wanted()
	elsewhere.PIC = picB
	elsewhere.Cards = []router.WantedCard{wantedCard("aec54890-72b1-1039-8e5f-001999893752")}
	b.apply(t, "same INE, two institutions", elsewhere, router.Sent, "person", "create-person", "create-card")
	if n := len(b.fake.Person(ada.String())); n != 2 {
		t.Errorf("%d enrolments, want 2", n)
	}

	noESI := wanted()
	noESI.Student, noESI.ESI, noESI.Cards = "20260003", esi.ID{}, nil
	if r := b.apply(t, "no ESI", noESI, router.Refused); !errors.Is(r.Err, passerelle.ErrInvalid) {
		t.Errorf("no ESI: %v", r.Err)
	}
	bad := wanted()
	bad.PIC, bad.Student, bad.Cards = "111111111", "", []router.WantedCard{wantedCard(number), wantedCard(number), {}}
	r := b.apply(t, "nonsense", bad, router.Refused)
	list, _ := errors.AsType[passerelle.FieldErrors](r.Err)
	var fields []string
	for _, f := range list {
		fields = append(fields, f.Field+" "+f.Rule)
	}
	testutil.Equal(t, "faults", fields, []string{"PIC value", "Student required", "Cards[1].Number duplicate", "Cards[2].Number required"})

	// What the router would refuse is refused before anything is sent.
	unfit := wanted()
	unfit.Student, unfit.ESI, unfit.Level = "20260005", esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:666666666FF"), "EQF6"
	unfit.Cards = []router.WantedCard{{Number: esc.MustParse("53228de1-8944-1038-a3d5-001999465982"), State: router.Expired}}
	r = b.apply(t, "unfit", unfit, router.Refused)
	list, _ = errors.AsType[passerelle.FieldErrors](r.Err)
	fields = nil
	for _, f := range list {
		fields = append(fields, f.Field+" "+f.Rule)
	}
	testutil.Equal(t, "faults", fields, []string{"Person.Enrolments.Level value", "Card.State value", "Card.Type required", "Card.IssuedAt required", "Card.ExpiresAt required"})

	gone := wanted()
	gone.Student, gone.ESI, gone.Cards = "20260004", esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:555555555EE"), []router.WantedCard{wantedCard("52228de1-8944-1038-a3d5-001999465982")}
	b.fake.Anonymise(gone.ESI.String())
	if r := b.apply(t, "anonymised", gone, router.Refused, "person"); !errors.Is(r.Err, passerelle.ErrGone) {
		t.Errorf("anonymised: %v", r.Err)
	}
	if r := b.apply(t, "anonymised, not asked again", gone, router.Refused); !errors.Is(r.Err, passerelle.ErrGone) {
		t.Errorf("anonymised: %v", r.Err)
	}
}

func TestExpiredCards(t *testing.T) {
	t.Parallel()
	now := today
	b := newSync(t, esctest.RouterConfig{Now: func() time.Time { return now }}, func(c *router.SyncConfig) { c.Now = func() time.Time { return now } })
	w := wanted()
	over := wantedCard(number2)
	over.ExpiresAt = passerelle.MustParseDate("2026-09-15")
	w.Cards = append(w.Cards, over)
	b.apply(t, "one card is over", w, router.Sent, "person", "create-person", "create-card")
	if _, held := b.fake.Card(number2); held {
		t.Error("a card that is over was registered")
	}
	now = today.AddDate(1, 0, 0)
	b.apply(t, "the last card lapses", w, router.Removed, "delete-card", "cards", "delete-person")
	w.Cards[0].ExpiresAt = passerelle.MustParseDate("2028-09-30")
	b.apply(t, "renewed", w, router.Sent, "person", "create-person", "create-card")
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{}, func(c *router.SyncConfig) { c.Recheck = true })
	b.apply(t, "first", wanted(), router.Sent, "person", "create-person", "create-card")
	if err := b.client.DeletePerson(t.Context(), router.PersonRequest{As: picA, ESI: ada}); err != nil {
		t.Fatal(err)
	}
	b.apply(t, "deleted by hand", wanted(), router.Sent, "person", "create-person", "update-card", "create-card")
	b.apply(t, "as it should be", wanted(), router.Sent, "person", "update-card")
}

func TestSyncHidesPersonalData(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "123456789AB", "Lovelace", "ada@univ", "20260001", number[:23])
	b := newSync(t, esctest.RouterConfig{})
	w := wanted()
	log := leaks.Logger()
	r := b.apply(t, "first", w, router.Sent, "person", "create-person", "create-card")
	log.Info("x", "wanted", w, "result", r, "step", r.Steps[0], "person", *r.Steps[0].Person, "card", *r.Steps[1].Card)
	record := must(b.state.Load(t.Context(), w.Key))(t)
	log.Info("x", "record", record, "key", w.Key)
	held := must(b.client.Person(t.Context(), router.PersonRequest{As: picA, ESI: ada}))(t)
	card := must(b.client.Card(t.Context(), router.CardRequest{As: picA, Number: number}))(t)
	log.Info("x", "person", *held, "card", *card)
	twin := wanted()
	twin.Student = "20260002"
	leaks.Error(b.apply(t, "twin", twin, router.Refused).Err)
	leaks.Check(t)
}
