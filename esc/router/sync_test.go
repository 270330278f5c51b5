package router_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestMemoryState(t *testing.T) {
	t.Parallel()
	esctest.TestState(t, false, func(*testing.T, string) (router.State, func()) { return &router.MemoryState{}, func() {} })
}

func TestFileState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	esctest.TestState(t, true, func(t *testing.T, name string) (router.State, func()) {
		t.Helper()
		s := must(router.OpenState(filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))))(t)
		return s, func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	// One process at a time.
	path := filepath.Join(dir, "one")
	first := must(router.OpenState(path))(t)
	defer first.Close()
	if _, err := router.OpenState(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("opened twice: %v", err)
	}
}

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

func TestFirstESIKept(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{LowerCase: true})
	provisional := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:1234567PROV")
	definitive := ada
	w := wanted()
	w.ESI = provisional
	if r := b.apply(t, "provisional", w, router.Sent, "person", "create-person", "create-card"); r.KeptESI || r.ESI != provisional {
		t.Errorf("result %s, kept %t", r.ESI, r.KeptESI)
	}
	w.ESI = definitive
	if r := b.apply(t, "the definitive comes", w, router.Unchanged); !r.KeptESI || !r.ESI.Equal(provisional) {
		t.Errorf("result %s, kept %t, want the first one", r.ESI, r.KeptESI)
	}
	w.ESI = esi.MustParse(strings.ToLower(provisional.String()))
	if r := b.apply(t, "the first in another case", w, router.Unchanged); r.KeptESI {
		t.Error("another case is taken for another identifier")
	}
	w.ESI = esi.ID{}
	b.apply(t, "none given any more", w, router.Unchanged)

	// Kept through withdrawal and return.
	w.ESI, w.Consent = definitive, false
	b.apply(t, "withdrawn", w, router.Removed, "delete-card", "cards", "delete-person")
	w.Consent = true
	b.apply(t, "back", w, router.Sent, "person", "create-person", "create-card")
	if b.fake.Person(definitive.String()) != nil || b.fake.Person(provisional.String()) == nil {
		t.Error("the student came back under another identifier")
	}

	// On purpose, and through an interruption between the deletions and the creation.
	b.fake.Script("create-person", esctest.Unavailable)
	b.fake.Script("update-person", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	r := must(b.sync.Replace(t.Context(), w))(t)
	if r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	w.ESI = provisional // the caller's own data may lag: the replacement is on record
	b.operations()
	if r := b.apply(t, "finished by the next run", w, router.Sent, "person", "create-person", "create-card"); !r.ESI.Equal(definitive) || !r.KeptESI {
		t.Errorf("result %s", r.ESI)
	}
	if b.fake.Person(provisional.String()) != nil || b.fake.Person(definitive.String()) == nil {
		t.Error("the identifier was not replaced")
	}
	record := must(b.state.Load(t.Context(), w.Key))(t)
	if len(record.Former) != 1 || record.Former[0] != provisional {
		t.Errorf("former identifiers %v", record.Former)
	}
	if _, held := b.fake.Card(number); !held {
		t.Error("the card is not under the new identifier")
	}
}

// Interrupted in the deletions, a Replace is finished by Apply too.
func TestReplaceInterrupted(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	w := wanted()
	b.apply(t, "registered", w, router.Sent, "person", "create-person", "create-card")
	next := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	w.ESI = next
	b.fake.Script("delete-person", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	if r := must(b.sync.Replace(t.Context(), w))(t); r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	plan := must(b.sync.Plan(t.Context(), w))(t)
	if len(plan) != 3 || plan[0].Kind != router.DeletePerson || !plan[1].Person.Identifier.Equal(next) {
		t.Errorf("plan %v", plan)
	}
	b.apply(t, "finished", w, router.Sent, "cards", "delete-person", "person", "create-person", "create-card")
	if b.fake.Person(ada.String()) != nil || b.fake.Person(next.String()) == nil {
		t.Error("the identifier was not replaced")
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

func TestRun(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{Faults: esctest.Harsh, Seed: 7}, func(c *router.SyncConfig) { c.BreakAfter = 1000 })
	generator := must(esc.NewGenerator(esc.Config{Prefix: 1}))(t)
	var all []router.Wanted
	for i := range 120 {
		w := wanted()
		w.Student = fmt.Sprint(i)
		w.ESI = esi.MustParse(fmt.Sprintf("urn:schac:personalUniqueCode:int:esi:fr:%09dAB", i))
		card := wantedCard(number)
		card.Number = must(generator.Next(t.Context(), picA))(t)
		w.Cards = []router.WantedCard{card}
		w.Consent = i%10 != 0
		all = append(all, w)
	}
	broken := errors.New("row 3 of the export is broken")
	source := func(yield func(router.Wanted, error) bool) {
		for i, w := range all {
			if i == 3 && !yield(router.Wanted{}, broken) || !yield(w, nil) {
				return
			}
		}
	}
	passes := 0
	for done := false; !done && passes < 20; passes++ {
		effects := make(map[router.Effect]int)
		broke := 0
		for r, err := range b.sync.Run(t.Context(), source) {
			if errors.Is(err, broken) {
				broke++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			effects[r.Effect]++
			if r.Effect == router.Refused {
				t.Errorf("student %s: %v", r.Student, r.Err)
			}
		}
		if broke != 1 || effects[router.Nothing] != 12 {
			t.Errorf("pass %d: %d broken rows, effects %v", passes, broke, effects)
		}
		total := 0
		for _, n := range effects {
			total += n
		}
		if total != len(all) {
			t.Errorf("pass %d: %d results for %d students", passes, total, len(all))
		}
		done = effects[router.Unchanged] == 108
	}
	if persons, cards := b.fake.Counts(); persons != 108 || cards != 108 {
		t.Errorf("after %d passes the router holds %d persons and %d cards, want 108 of each", passes, persons, cards)
	}
}

func TestRunGivesUp(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(*syncBed){
		"away": func(b *syncBed) {
			b.fake.Change(func(c *esctest.RouterConfig) { c.Faults = esctest.Faults{Unavailable: 1} })
		},
		"token expired": func(b *syncBed) { b.fake.ExpireToken(picA) },
	} {
		b := newSync(t, esctest.RouterConfig{}, func(c *router.SyncConfig) { c.Workers, c.BreakAfter = 1, 2 })
		break_(b)
		var all []router.Wanted
		for i := range 50 {
			w := wanted()
			w.Student, w.ESI = fmt.Sprint(i), esi.MustParse(fmt.Sprintf("urn:schac:personalUniqueCode:int:esi:fr:%09dAB", i))
			w.Cards[0].Number = esc.MustParse(fmt.Sprintf("%08x-894e-1038-a711-001999465982", i+1))
			all = append(all, w)
		}
		deferred := 0
		for r, err := range b.sync.Run(t.Context(), sequence(all...)) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Effect == router.Deferred {
				deferred++
			}
		}
		if requests := len(b.operations()); requests > 6 || deferred < 48 {
			t.Errorf("%s: %d requests, %d deferred", name, requests, deferred)
		}
	}

	// A run that is left early leaves nothing behind.
	b := newSync(t, esctest.RouterConfig{})
	for range b.sync.Run(t.Context(), sequence(wanted(), wanted(), wanted())) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range b.sync.Run(ctx, sequence(wanted())) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled run ends with %v", last)
	}
}

func TestStrays(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{LowerCase: true})
	b.apply(t, "ours", wanted(), router.Sent, "person", "create-person", "create-card")
	left := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	b.fake.SeedCard(router.CardUpdate{Person: left}, router.Enrolment{Organisation: picA})
	var strays []string
	for p, err := range b.sync.Strays(t.Context(), picA) {
		if err != nil {
			t.Fatal(err)
		}
		strays = append(strays, p.Identifier)
	}
	testutil.Equal(t, "strays", strays, []string{strings.ToLower(left.String())})
}

// A crash between any two steps: a new Sync on the same file goes on.
func TestSyncSurvivesRestart(t *testing.T) {
	t.Parallel()
	b := newBed(t, esctest.RouterConfig{})
	path := filepath.Join(t.TempDir(), "state")
	open := func() (*router.Sync, *router.FileState) {
		s := must(router.OpenState(path))(t)
		return must(router.NewSync(router.SyncConfig{Client: b.client, State: s, Now: func() time.Time { return today }}))(t), s
	}
	first, state := open()
	b.fake.Script("create-card", esctest.AnswerLost)
	b.fake.Script("update-card", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	if r := must(first.Apply(t.Context(), wanted()))(t); r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	second, state := open()
	defer state.Close()
	// Consent is gone meanwhile: what may have been sent is deleted.
	w := wanted()
	w.Consent = false
	if r := must(second.Apply(t.Context(), w))(t); r.Effect != router.Removed {
		t.Errorf("%s, %v", r.Effect, r.Err)
	}
	if persons, cards := b.fake.Counts(); persons+cards != 0 {
		t.Errorf("the router still holds %d persons and %d cards", persons, cards)
	}
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
