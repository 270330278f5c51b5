package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

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
