package inestest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

var (
	eve = passerelle.Person{
		BirthName: "Béranger", GivenNames: [3]string{"Marie-Ève", "Chloé"}, Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2005, 3, 14), Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
	rnie    = ine.MustParse("223456789HE")
	bea     = ine.MustParse("0494004062M")
	reims   = uai.MustParse("0511296G")
	lorrain = uai.MustParse("0542493S")
)

func client(tb testing.TB, s *inestest.Server) *ines.SOAP {
	tb.Helper()
	cfg := s.SOAPConfig()
	cfg.Transport.Retry = transport.RetryPolicy{MinWait: time.Microsecond, MaxWait: time.Millisecond}
	cfg.Unchecked = true
	c, err := ines.NewSOAP(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// register sends a registration and returns its answer.
func register(tb testing.TB, c *ines.SOAP, student string, p passerelle.Person) ines.Answer {
	tb.Helper()
	a, err := c.Register(tb.Context(), ines.RegisterRequest{Student: student, Person: p, UAI: lorrain})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// follow returns what a follow-up says, as "student status number".
func follow(tb testing.TB, c *ines.SOAP, r ines.FollowUpRequest) []string {
	tb.Helper()
	var rows []string
	for a, err := range c.FollowUp(tb.Context(), r) {
		if err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(a.Student, " ", a.Status, " ", a.Master))
	}
	return rows
}

func advance(tb testing.TB, s *inestest.Server, d time.Duration) {
	tb.Helper()
	if err := s.Advance(d); err != nil {
		tb.Fatal(err)
	}
}

func with(p passerelle.Person, change func(*passerelle.Person)) passerelle.Person {
	change(&p)
	return p
}

// TestLikeness says whom the register takes for whom.
func TestLikeness(t *testing.T) {
	t.Parallel()
	const same, doubt, nobody = "CONFIRME", "LITIGE", "INCONNU"
	tests := map[string]struct {
		asked            passerelle.Person
		search, register string
	}{
		"herself":             {eve, same, same},
		"without accents":     {with(eve, func(p *passerelle.Person) { p.BirthName, p.GivenNames[0] = "BERANGER", "marie eve" }), same, same},
		"other second name":   {with(eve, func(p *passerelle.Person) { p.GivenNames[1] = "Zoé" }), same, same},
		"one letter in name":  {with(eve, func(p *passerelle.Person) { p.BirthName = "Bérangé" }), nobody, doubt},
		"one letter in given": {with(eve, func(p *passerelle.Person) { p.GivenNames[0] = "Marie-Lève" }), nobody, doubt},
		"given names swapped": {with(eve, func(p *passerelle.Person) { p.GivenNames = [3]string{"Chloé", "Marie-Ève"} }), nobody, doubt},
		"as usage name":       {with(eve, func(p *passerelle.Person) { p.BirthName, p.UsageName = "Dubois", "Béranger" }), nobody, doubt},
		"other sex":           {with(eve, func(p *passerelle.Person) { p.Sex = passerelle.SexMale }), nobody, doubt},
		"other place":         {with(eve, func(p *passerelle.Person) { p.Birthplace.Commune = "2A004" }), nobody, doubt},
		"other day":           {with(eve, func(p *passerelle.Person) { p.BirthDate.Day = 15 }), nobody, same},
		"twin":                {with(eve, func(p *passerelle.Person) { p.GivenNames = [3]string{"Anaïs"} }), nobody, same},
		"other name":          {with(eve, func(p *passerelle.Person) { p.BirthName = "Poirier" }), nobody, same},
		"short names differ":  {with(eve, func(p *passerelle.Person) { p.BirthName = "Ba" }), nobody, same},
		"no place":            {with(eve, func(p *passerelle.Person) { p.Birthplace = passerelle.Birthplace{} }), "DONNEES_INCOMPLETES", "DONNEES_INCOMPLETES"},
		"no such day":         {with(eve, func(p *passerelle.Person) { p.BirthDate.Year = 2999 }), "DONNEES_INVALIDES", "DONNEES_INVALIDES"},
		"digits in the name":  {with(eve, func(p *passerelle.Person) { p.BirthName = "B3ranger" }), "DONNEES_INVALIDES", "DONNEES_INVALIDES"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inestest.NewServer(t, inestest.Config{})
			if _, err := s.Add(eve, rnie, bea); err != nil {
				t.Fatal(err)
			}
			c := client(t, s)
			a, err := c.Search(t.Context(), ines.SearchRequest{Person: tc.asked})
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "search", string(a.Status), tc.search)
			if a.Status == ines.StatusConfirmed && a.Master != rnie {
				t.Errorf("search found another one")
			}
			a = register(t, c, "S-1", tc.asked)
			testutil.Equal(t, "registration", string(a.Status), tc.register)
			created := 0
			if tc.search == nobody && tc.register == same {
				created = 1
			}
			testutil.Equal(t, "numbers created", len(s.Created()), created)
		})
	}
}

func TestHomonyms(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	for _, n := range []ine.Number{rnie, bea} { // the register holds one person twice
		if _, err := s.Add(eve, n); err != nil {
			t.Fatal(err)
		}
	}
	a, err := client(t, s).Search(t.Context(), ines.SearchRequest{Person: eve})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "status", a.Status, ines.StatusLitige)
}

func TestAgain(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	c := client(t, s)
	first, second := register(t, c, "S-1", eve), register(t, c, "S-1", eve)
	testutil.Equal(t, "number of the second registration", second.Master.String(), first.Master.String())
	testutil.Equal(t, "of the person", s.Registrations(eve), inestest.Count{Received: 2, Processed: 2, Created: 1})
	testutil.Equal(t, "of the reference", s.RegistrationsOf("S-1"), inestest.Count{Received: 2, Processed: 2, Created: 1})
	register(t, c, "S-2", eve)
	testutil.Equal(t, "under another reference", s.RegistrationsOf("S-2"), inestest.Count{Received: 1, Processed: 1})
	testutil.Equal(t, "registered twice", len(s.Twice()), 0)
	s.Script(ines.OpRegister, inestest.Unavailable)
	if _, err := c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: eve, UAI: lorrain}); err == nil {
		t.Error("a scripted 503 was answered")
	}
	testutil.Equal(t, "with a refused one", s.RegistrationsOf("S-1"), inestest.Count{Received: 3, Processed: 2, Created: 1})
}

func TestTomorrow(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{Tomorrow: 1})
	c := client(t, s)
	a := register(t, c, "S-1", eve)
	testutil.Equal(t, "status", a.Status, ines.StatusInProgress)
	testutil.Equal(t, "maître", a.Master.String(), "")
	testutil.Equal(t, "again, the same request", register(t, c, "S-1", eve).RequestID, a.RequestID)
	other := register(t, c, "S-2", eve)
	testutil.Equal(t, "under another reference while it is open", other.Status, ines.StatusLitige)

	byID := ines.FollowUpRequest{UAI: lorrain, RequestIDs: []string{a.RequestID}}
	testutil.Equal(t, "the same day", follow(t, c, byID), []string{"S-1 IMAT_EN_COURS "})
	advance(t, s, 23*time.Hour)
	testutil.Equal(t, "before a day", follow(t, c, byID), []string{"S-1 IMAT_EN_COURS "})
	testutil.Equal(t, "numbers created", s.Registrations(eve).Created, 0)
	yesterday := s.Now().Add(-time.Hour)
	advance(t, s, 2*time.Hour)
	testutil.Equal(t, "numbers created", s.Registrations(eve).Created, 1)
	number := s.Created()[0].Number
	testutil.Equal(t, "the day after", follow(t, c, byID), []string{"S-1 CONFIRME " + number.String()})
	testutil.Equal(t, "since yesterday", follow(t, c, ines.FollowUpRequest{UAI: lorrain, Since: yesterday}), []string{"S-1 CONFIRME " + number.String()})
	testutil.Equal(t, "another establishment", follow(t, c, ines.FollowUpRequest{UAI: reims}), nil)
	testutil.Equal(t, "no such request", follow(t, c, ines.FollowUpRequest{UAI: lorrain, RequestIDs: []string{"INV-0"}}), nil)
}

func TestLateCreation(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	c := client(t, s)
	s.Script(ines.OpRegister, inestest.LateCreation)
	_, err := c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: eve, UAI: lorrain})
	testutil.Equal(t, "outcome", passerelle.OutcomeOf(err), passerelle.Unknown)
	if err == nil {
		t.Fatal("the answer was not lost")
	}
	search := func() ines.Status {
		a, err := c.Search(t.Context(), ines.SearchRequest{Person: eve})
		if err != nil {
			t.Fatal(err)
		}
		return a.Status
	}
	testutil.Equal(t, "search in between", search(), ines.StatusUnknown)
	testutil.Equal(t, "follow-up in between", follow(t, c, ines.FollowUpRequest{UAI: lorrain}), nil)
	guessed := ines.FollowUpRequest{UAI: lorrain, RequestIDs: []string{s.Dossiers()[0].ID}}
	testutil.Equal(t, "follow-up in between, by a guessed id", follow(t, c, guessed), nil)
	advance(t, s, 25*time.Hour)
	testutil.Equal(t, "search the day after", search(), ines.StatusConfirmed)
	testutil.Equal(t, "counts", s.Registrations(eve), inestest.Count{Received: 1, Processed: 1, Created: 1})
	testutil.Equal(t, "registered twice", s.Twice(), nil)
}

// TestTwice sends again while a late creation is on its way: the mistake that the
// fake is there to show.
func TestTwice(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	c := client(t, s)
	s.Script(ines.OpRegister, inestest.LateCreation)
	_, _ = c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: eve, UAI: lorrain})
	register(t, c, "S-1", eve)
	testutil.Equal(t, "not yet", s.Twice(), nil)
	advance(t, s, 25*time.Hour)
	testutil.Equal(t, "registered twice", s.Twice(), []passerelle.Person{eve})
	testutil.Equal(t, "counts", s.Registrations(eve), inestest.Count{Received: 2, Processed: 2, Created: 2})
	created := s.Created()
	if created[0].Number == created[1].Number {
		t.Error("one number was given twice")
	}
}

func TestLitige(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	if _, err := s.Add(eve, rnie, bea); err != nil {
		t.Fatal(err)
	}
	c := client(t, s)
	near := with(eve, func(p *passerelle.Person) { p.BirthName = "Bérangé" })
	other := with(eve, func(p *passerelle.Person) { p.BirthName = "Bérangère" })
	register(t, c, "S-1", near)
	register(t, c, "S-2", other)
	open := s.Litiges()
	testutil.Equal(t, "litiges", len(open), 2)
	if err := s.ResolveLitige(open[0].ID, bea); err != nil { // the same person
		t.Fatal(err)
	}
	if err := s.ResolveLitige(open[1].ID, ine.Number{}); err != nil { // somebody new
		t.Fatal(err)
	}
	for name, err := range map[string]error{"no litige": s.ResolveLitige(open[0].ID, rnie), "no dossier": s.ResolveLitige("x", rnie)} {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", name, err)
		}
	}
	created := s.Created()
	testutil.Equal(t, "numbers created", len(created), 1)
	got := follow(t, c, ines.FollowUpRequest{UAI: lorrain})
	slices.Sort(got)
	testutil.Equal(t, "follow-up", got, []string{"S-1 CONFIRME " + rnie.String(), "S-2 CONFIRME " + created[0].Number.String()})
}

func TestAdd(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{Population: 10})
	r, err := s.Add(eve)
	if err != nil {
		t.Fatal(err)
	}
	if r.Master.Family() != ine.RNIE || r.Master.Key() != ine.KeyOK {
		t.Errorf("made a number of family %v, key %v", r.Master.Family(), r.Master.Key())
	}
	again, err := s.Add(eve)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "added again", again.Master.String(), r.Master.String())
	other := with(eve, func(p *passerelle.Person) { p.BirthDate.Year = 2001 })
	if _, err := s.Add(other, r.Master); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("somebody else's number: got %v, want conflict", err)
	}
	if _, err := s.Add(other, ine.Number{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no number: got %v, want invalid", err)
	}
	testutil.Equal(t, "people", len(s.People()), 11)
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	_, err := inestest.New(inestest.Config{Population: -1, Tomorrow: 2, Delay: -1, Faults: inestest.Faults{Slow: 0.7, AnswerLost: 0.7, Truncated: -0.1, RetryAfter: -1}})
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	names := make([]string, len(faults))
	for i, f := range faults {
		names[i] = f.Field
	}
	testutil.Equal(t, "faults", names, []string{"Population", "Tomorrow", "Delay", "Faults[truncated]", "Faults", "Faults"})
	contract := ines.ReferenceContract()
	contract.SOAP = "2"
	if _, err := inestest.New(inestest.Config{Contract: contract}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("bad contract: got %v, want invalid", err)
	}
	s := inestest.NewServer(t, inestest.Config{})
	if err := s.SetFaults(inestest.Faults{Slow: 2}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("SetFaults: got %v, want invalid", err)
	}
	for _, preset := range []inestest.Faults{inestest.None, inestest.Mild, inestest.Harsh} {
		if err := s.SetFaults(preset); err != nil {
			t.Errorf("preset: %v", err)
		}
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	people := slices.Collect(inestest.Generate(7, 3000))
	testutil.Equal(t, "the same seed", people, slices.Collect(inestest.Generate(7, 3000)))
	if slices.Equal(people[:20], slices.Collect(inestest.Generate(8, 20))) {
		t.Error("another seed gives the same people")
	}
	letters := make(map[rune]bool)
	for i, p := range people {
		r := ines.RegisterRequest{Student: "S", Person: p, UAI: lorrain}
		if err := r.Validate(passerelle.NewDate(2026, 9, 1)); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		for _, r := range p.BirthName + p.Given() {
			letters[r] = true
		}
	}
	for _, r := range "éèêëàâîïôûüçœŒÉ-' " {
		if r != 'à' && r != 'Œ' && !letters[r] {
			t.Errorf("nobody has a name with %q", r)
		}
	}
	s := inestest.NewServer(t, inestest.Config{Seed: 7, Population: 3000})
	for i, r := range s.People() {
		if r.Person != people[i] || r.Master.Key() != ine.KeyOK {
			t.Fatalf("person %d of the register is another one, or has a wrong key", i)
		}
	}
}

// TestDrawIsOfTheRequest checks that faults do not depend on the order in which
// requests arrive.
func TestDrawIsOfTheRequest(t *testing.T) {
	t.Parallel()
	people := slices.Collect(inestest.Generate(3, 60))
	run := func(order []passerelle.Person, workers int) map[passerelle.Person]string {
		s := inestest.NewServer(t, inestest.Config{Seed: 11, Tomorrow: 0.3, Faults: inestest.Harsh})
		c := client(t, s)
		got := make(map[passerelle.Person]string)
		var mu sync.Mutex
		var wg sync.WaitGroup
		work := make(chan passerelle.Person)
		for range workers {
			wg.Go(func() {
				for p := range work {
					a, err := c.Register(context.Background(), ines.RegisterRequest{Student: p.BirthName, Person: p, UAI: lorrain})
					mu.Lock()
					got[p] = fmt.Sprint(a.Status, a.Master, err)
					mu.Unlock()
				}
			})
		}
		for _, p := range order {
			work <- p
		}
		close(work)
		wg.Wait()
		return got
	}
	ascii := func(p passerelle.Person) bool { // references are ASCII
		return strings.IndexFunc(p.BirthName, func(r rune) bool { return r > 126 }) < 0
	}
	people = slices.DeleteFunc(people, func(p passerelle.Person) bool { return !ascii(p) })
	one := run(people, 1)
	slices.Reverse(people)
	hide := func(m map[passerelle.Person]string) map[passerelle.Person]string {
		for p, text := range m { // ports differ
			if i := strings.Index(text, "http://"); i >= 0 {
				m[p] = text[:i]
			}
		}
		return m
	}
	testutil.Equal(t, "backwards, by four", hide(run(people, 4)), hide(one))
	kinds := make(map[string]bool)
	for _, text := range one {
		kinds[text[:min(len(text), 8)]] = true
	}
	if len(kinds) < 3 {
		t.Errorf("got only %v: too few kinds of answers to prove anything", kinds)
	}
}

func TestWSDLServed(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	resp, err := http.Get(s.URL + inestest.PathSOAP + "?wsdl")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "WSDL", string(body), string(ines.ReferenceWSDL()))
}
