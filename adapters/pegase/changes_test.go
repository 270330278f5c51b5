package pegase_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// never reads no identity: the flow alone is looked at.
func never(c *pegase.Config) { c.Details = pegase.DetailsNever }

func TestFlow(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 3000})
	rows := all(t, c.Flow(t.Context(), pegase.FlowQuery{}))
	met := map[string]int{}
	for i, r := range rows {
		met[r.Code]++
		if i > 0 && r.Modified < rows[i-1].Modified {
			t.Fatalf("row %d is older than the one before", i)
		}
	}
	if len(rows) != 3000 || len(met) != 3000 {
		t.Errorf("%d rows of %d students; want 3000 of as many", len(rows), len(met))
	}
	if n := server.Requests(pegasetest.Flow); n > 60 {
		t.Errorf("%d requests for 3000 rows", n)
	}
	since := day.Add(-70 * 24 * time.Hour)
	for _, r := range all(t, c.Flow(t.Context(), pegase.FlowQuery{Since: since, Until: since.Add(24 * time.Hour)})) {
		if at := time.Unix(r.Modified, 0); at.Before(since) || !at.Before(since.Add(24*time.Hour)) {
			t.Errorf("a row of %s is out of the bounds", at)
		}
	}
}

// A bulk import stores more rows in one second than a page holds.
func TestFlowCrowdedSecond(t *testing.T) {
	t.Parallel()
	var server *pegasetest.Server
	moved := false
	server, c := tenant(t, pegasetest.Config{Before: func(op pegasetest.Operation, _ int, query url.Values) {
		if op == pegasetest.Flow && query.Get("page") == "2" && !moved { // while the pages of the second are read
			moved = true
			for i := range 100 {
				server.Change(fmt.Sprintf("%05d", i), func(*pegasetest.Student) {})
			}
		}
	}})
	at := day.Add(-time.Hour)
	for i := range 2600 {
		server.Add(pegasetest.Student{Code: fmt.Sprintf("%05d", i), Person: lucie.Person, Modified: at, Enrolments: []pegasetest.Enrolment{{Modified: at}}})
	}
	met := map[string]int{}
	for _, r := range all(t, c.Flow(t.Context(), pegase.FlowQuery{})) {
		met[r.Code]++
	}
	for i := range 2600 {
		if n := met[fmt.Sprintf("%05d", i)]; n > 1 || n == 0 && i >= 100 {
			t.Fatalf("student %d, who did not change, was given %d times", i, n)
		}
	}
	if !moved {
		t.Fatal("nothing moved: the test proves nothing")
	}
}

// Students change all the time, between any two pages; the reader is stopped anywhere and
// starts again from the cursor of what it was given last. Every change is given, and none twice.
func TestChangesNothingMissedNothingDoubled(t *testing.T) {
	t.Parallel()
	rounds := 6
	if testutil.IsLong() {
		rounds = 60
	}
	for seed := range rounds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			playChanges(t, uint64(seed))
		})
	}
}

func playChanges(t *testing.T, seed uint64) {
	const students = 1500
	r := rand.New(rand.NewPCG(seed, 7))
	var server *pegasetest.Server
	var noise atomic.Bool
	server, c := tenant(t, pegasetest.Config{
		Seed: seed, Population: students, Quirks: pegasetest.Quirks{SmallPages: []int{0, 50, 211}[seed%3]},
		Before: func(op pegasetest.Operation, _ int, _ url.Values) {
			if op != pegasetest.Flow || !noise.Load() {
				return
			}
			server.Advance(time.Duration(r.IntN(3000)) * time.Millisecond)
			for range r.IntN(6) {
				server.Change(fmt.Sprintf("%09d", 1+r.IntN(students)), func(*pegasetest.Student) {})
			}
		},
	}, never)
	type state struct {
		code string
		at   int64
	}
	given := map[state]int{}
	cursor, runs := "", 0
	read := func(stop int) (ended bool) {
		runs++
		n := 0
		for d, err := range c.Changes(t.Context(), cursor) {
			if err != nil {
				t.Fatal(err)
			}
			given[state{d.Student.ID.Local, d.Student.ModifiedAt.Unix()}]++
			cursor = d.Cursor
			if n++; n == stop {
				return false
			}
		}
		return true
	}
	noise.Store(true)
	for range 25 {
		read(1 + r.IntN(400)) // killed somewhere
		server.Advance(time.Duration(r.IntN(90)) * time.Second)
	}
	for range 6 {
		read(-1)
		server.Advance(time.Duration(r.IntN(300)) * time.Second)
	}
	noise.Store(false)
	server.Advance(5 * time.Minute)
	read(-1)
	for i := range students {
		code := fmt.Sprintf("%09d", i+1)
		st, _ := server.Student(code)
		if given[state{code, st.Modified.Unix()}] == 0 {
			t.Errorf("the last change of %s, of %s, was never given", code, st.Modified)
		}
	}
	for s, n := range given {
		if n > 1 {
			t.Errorf("the change of %s at %d was given %d times", s.code, s.at, n)
		}
	}
	before := len(given)
	if read(-1); len(given) != before {
		t.Error("a run after the last change gave something")
	}
	if len(cursor) > 64<<10 {
		t.Errorf("the cursor has %d bytes", len(cursor))
	}
}

// A change that is stored late, with the time at which it was begun, is given by the next run.
func TestChangesStoredLate(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 20}, never)
	cursor := ""
	for _, d := range all(t, c.Changes(t.Context(), "")) {
		cursor = d.Cursor
	}
	begun := server.Now().Add(-time.Minute)
	server.Advance(10 * time.Second)
	server.Add(pegasetest.Student{Code: "late", Person: lucie.Person, Modified: begun, Enrolments: []pegasetest.Enrolment{{Modified: begun}}})
	got := all(t, c.Changes(t.Context(), cursor))
	if len(got) != 1 || got[0].Student.ID.Local != "late" {
		t.Errorf("the next run gave %v; want the one that was stored late", got)
	}
	if again := all(t, c.Changes(t.Context(), got[0].Cursor)); len(again) != 0 {
		t.Errorf("it is given again: %v", again)
	}
}

// A machine whose clock is ahead of the service's does not skip what happens meanwhile.
func TestChangesClockAhead(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 20}, never, func(c *pegase.Config) {
		theirs := c.Now
		c.Now = func() time.Time { return theirs().Add(time.Hour) }
	})
	cursor := ""
	for _, d := range all(t, c.Changes(t.Context(), "")) {
		cursor = d.Cursor
	}
	server.Advance(time.Minute)
	server.Change("000000007", func(*pegasetest.Student) {})
	server.Advance(time.Minute)
	if got := all(t, c.Changes(t.Context(), cursor)); len(got) != 1 {
		t.Errorf("%d changes; want the one that happened in what this machine calls the past", len(got))
	}
}

// An answer that breaks ends the run; the cursor takes it up again.
func TestChangesFaults(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 2500}, never)
	if err := server.SetFaults(pegasetest.Faults{ServerError: 0.08, ExpiredToken: 0.05, Truncated: 0.05, Unavailable: 0.05, AnswerLost: 0.05}); err != nil {
		t.Fatal(err)
	}
	given := map[string]int{}
	cursor, broken := "", 0
	for range 40 {
		ended := true
		for d, err := range c.Changes(t.Context(), cursor) {
			if err != nil {
				if !errors.Is(err, passerelle.ErrUnavailable) {
					t.Fatal(err)
				}
				ended = false
				broken++
				continue
			}
			given[d.Student.ID.Local]++
			cursor = d.Cursor
		}
		if ended {
			break
		}
	}
	if len(given) != 2500 || broken == 0 {
		t.Errorf("%d students over %d broken runs; want 2500", len(given), broken)
	}
	for code, n := range given {
		if n > 1 {
			t.Errorf("student %s was given %d times", code, n)
		}
	}
}

func TestChangesCursor(t *testing.T) {
	t.Parallel()
	_, c := tenant(t, pegasetest.Config{})
	for i, bad := range []string{0: "x", 1: "pegase1.", 2: "pegase1.AAAA", 3: "pegase1.!", 4: "pegase1." + strings.Repeat("_", 22)} {
		_, errs := collect(c.Changes(t.Context(), bad))
		if len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrInvalid) || passerelle.OutcomeOf(errs[0]) != passerelle.NotSent {
			t.Errorf("%d: cursor %q: errors %v; want one, ErrInvalid", i, bad, errs)
		}
	}
}

// By default an identity is read where the flow tells no number.
func TestChangesDetails(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	server.Add(lucie)
	server.Add(estelle)
	got := all(t, c.Changes(t.Context(), ""))
	if len(got) != 2 {
		t.Fatalf("%d changes; want 2", len(got))
	}
	if s := got[0].Student; s.INE != lucie.INE || s.INEState != sis.INEUnverified || !s.Person.Birthplace.IsZero() {
		t.Errorf("Lucie, as the flow tells: %+v", s)
	}
	if s := got[1].Student; s.INEState != sis.INEUnknown || s.Person != estelle.Person || !s.ModifiedAt.Equal(estelle.Modified) {
		t.Errorf("Estelle, as her identity tells: %+v", s)
	}
}

// Enrolments of one student that change together are one change.
func TestChangesTogether(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{}, never)
	several := lucie
	several.Enrolments = []pegasetest.Enrolment{{Year: 2025}, {Year: 2026, Main: true}, {Year: 2026, Programme: "DU-LATIN"}}
	for i := range several.Enrolments {
		several.Enrolments[i].Modified = day.Add(time.Duration(i-10) * time.Minute)
	}
	server.Add(several)
	got := all(t, c.Changes(t.Context(), ""))
	if len(got) != 1 || !got[0].Student.ModifiedAt.Equal(day.Add(-8*time.Minute)) {
		t.Errorf("%d changes, %+v; want one with the time of the last", len(got), got)
	}
	if n := len(all(t, c.Changes(t.Context(), got[0].Cursor))); n != 0 {
		t.Errorf("%d changes afterwards; want none", n)
	}
}
