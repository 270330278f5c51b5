package supdata_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/uai"
)

// today is when the tests take place.
var today = time.Date(2026, 9, 10, 9, 0, 0, 0, time.UTC)

func goodEnrolment() supdata.Enrolment {
	return supdata.Enrolment{
		INE: ine.MustParse("0AYIOP071Y8"), BirthDate: passerelle.NewDate(1996, 12, 26),
		Begin: passerelle.NewDate(2026, 9, 1), End: passerelle.NewDate(2027, 8, 31), Status: supdata.Enrolled,
		Regime: particulier.RegimeInitialNoApprentice, Commune: "67482", UAI: uai.MustParse("0011402U"), Cycle: "L", Diploma: "2500123", Level: "01",
	}
}

// base is a student system in memory.
type base struct {
	students   []sis.Student
	enrolments []sis.Enrolment
	bad        error // a row that cannot be read, at the end
	fatal      error
}

func (b *base) Students(_ context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for _, s := range b.students {
			if len(q.IDs) > 0 && !slices.Contains(q.IDs, s.ID) {
				continue
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (b *base) Enrolments(_ context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		for _, e := range b.enrolments {
			if q.Year != 0 && e.Year != q.Year {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
		for _, err := range []error{b.bad, b.fatal} {
			if err != nil && !yield(sis.Enrolment{}, err) {
				return
			}
		}
	}
}

// school is a base of n students with one enrolment each, known to a store.
func school(n int) (*base, *supdatatest.Store) {
	store := supdatatest.NewStore()
	store.AddEstablishment("0011402U", "UNIVERSITE D'ESSAI")
	b := &base{}
	for i := range n {
		number := fmt.Sprintf("%09dHA", 100000000+i)
		person := passerelle.Person{
			BirthName: "ESSAI", GivenNames: [3]string{"NUMERO"}, Sex: passerelle.SexMale,
			BirthDate: passerelle.NewDate(1990+i%15, time.Month(1+i%12), 1+i%28), Birthplace: passerelle.Birthplace{Commune: "67482"},
		}
		id := sis.StudentID{System: "csv", Local: fmt.Sprint(1000 + i)}
		b.students = append(b.students, sis.Student{ID: id, Person: person, INE: number, INEState: sis.INEVerified})
		b.enrolments = append(b.enrolments, sis.Enrolment{
			Student: id, ID: fmt.Sprint(i), Year: 2026, UAI: "0011402U", Status: sis.EnrolmentValid, Payment: "paye", Regime: "10",
			Programme: sis.Programme{Code: "L1INFO", SISE: "2500123"},
		})
		store.AddStudent(supdatatest.Student{INE: number, Person: person})
	}
	return b, store
}

// feeding is a feeder on a fake.
type feeding struct {
	*supdatatest.Server
	cfg   supdata.FeederConfig
	clock *clock
}

// clock is the time of a test, which the fake reads from goroutines of its own.
type clock struct{ moved atomic.Int64 }

func (c *clock) now() time.Time          { return today.Add(time.Duration(c.moved.Load())) }
func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }

func newFeeding(t *testing.T, b *base, store *supdatatest.Store) *feeding {
	t.Helper()
	f := &feeding{clock: &clock{}}
	f.Server = supdatatest.NewServer(t, supdatatest.Config{Store: store, Now: f.clock.now})
	cfg := f.ClientConfig()
	cfg.Transport.Retry.MaxAttempts = 1
	client, err := supdata.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.cfg = supdata.FeederConfig{
		Client: client, Source: b, Ledger: supdata.NewMemory(), Year: 2026, Parallel: 1, Now: f.clock.now,
		Mapping: supdata.Mapping{Communes: map[uai.Code]string{uai.MustParse("0011402U"): "67482"}},
	}
	return f
}

// run feeds once and checks the counts.
func (f *feeding) run(t *testing.T, want map[supdata.Outcome]int) *supdata.FeedReport {
	t.Helper()
	feeder, err := supdata.NewFeeder(f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := feeder.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "counts", r.Counts, want)
	listed := 0
	for o, n := range r.Counts {
		if o.Listed() {
			listed += n
		}
	}
	if len(r.Items) != listed {
		t.Errorf("%d items are listed; want %d", len(r.Items), listed)
	}
	return r
}

// TestFeedsNew feeds new enrolments once, all fields as the mapping says.
func TestFeedsNew(t *testing.T) {
	t.Parallel()
	b, store := school(3)
	f := newFeeding(t, b, store)
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 3})
	f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 3})
	if got := f.Requests(); got != 3 {
		t.Errorf("%d requests; want 3", got)
	}
	got := store.Enrolments(b.students[1].INE)
	if len(got) != 1 {
		t.Fatalf("%d enrolments are recorded; want 1", len(got))
	}
	want := supdatatest.Fed{
		ID: got[0].ID, INE: b.students[1].INE, DateNaissance: "1991-02-02", Debut: "2026-09-01", Fin: "2027-08-31", Statut: "inscrit",
		Regime: "formation initiale hors apprentissage", CodeCommune: "67482", UAI: "0011402U", Diplome: "2500123", At: today,
	}
	testutil.Equal(t, "recorded", got[0], want, cmpopts.IgnoreUnexported(supdatatest.Fed{}))
	rec, err := f.cfg.Ledger.Get(t.Context(), supdata.Key(b.enrolments[1]))
	if err != nil || rec.ID != got[0].ID || rec.State != supdata.StateFed {
		t.Errorf("the ledger has %+v, %v; want number %s, fed", rec, err, got[0].ID)
	}
}

// TestReportsChanges reports what changed, sends nothing, and sends it under Post.
func TestReportsChanges(t *testing.T) {
	t.Parallel()
	b, store := school(4)
	f := newFeeding(t, b, store)
	b.enrolments[0].Payment = "a_payer"
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 4})

	b.enrolments[0].Payment = "paye"                // admis to inscrit
	b.enrolments[1].Regime = "12"                   // another régime
	b.enrolments[2].Status = sis.EnrolmentCancelled // cancelled
	b.enrolments[2].ModifiedAt = today              //
	r := f.run(t, map[supdata.Outcome]int{supdata.Changed: 2, supdata.Cancelled: 1, supdata.Unchanged: 1})
	item := func(r *supdata.FeedReport, i int) supdata.Item {
		t.Helper()
		for _, it := range r.Items {
			if it.Student == b.enrolments[i].Student.String() {
				return it
			}
		}
		t.Fatalf("student %d is not listed", i)
		return supdata.Item{}
	}
	if got := item(r, 0); got.From != supdata.Admitted || got.To != supdata.Enrolled || !slices.Equal(got.Fields, []string{"statut"}) || got.ID == "" {
		t.Errorf("admis to inscrit is reported as %+v", got)
	}
	if got := item(r, 1); !slices.Equal(got.Fields, []string{"regime"}) {
		t.Errorf("a new régime is reported as %+v", got)
	}
	if got := item(r, 2); got.Outcome != supdata.Cancelled || got.From != supdata.Enrolled {
		t.Errorf("a cancellation is reported as %+v", got)
	}
	if f.Requests() != 4 {
		t.Fatalf("%d requests; want the 4 of the first run: changes are not sent", f.Requests())
	}

	f.cfg.OnChange = supdata.Post
	f.run(t, map[supdata.Outcome]int{supdata.Resent: 2, supdata.CancelSent: 1, supdata.Unchanged: 1})
	f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 4})
	if got := store.Enrolments(b.students[0].INE); len(got) != 2 || got[0].Statut != "admis" || got[1].Statut != "inscrit" {
		t.Errorf("recorded of the first student: %+v", got)
	}
	if got := store.Enrolments(b.students[2].INE); len(got) != 2 || got[1].Fin != "2026-09-10" {
		t.Errorf("the cancellation was sent as %+v; want its end on 2026-09-10", got)
	}
	rec, err := f.cfg.Ledger.Get(t.Context(), supdata.Key(b.enrolments[0]))
	if err != nil || len(rec.IDs) != 1 || rec.ID == rec.IDs[0] {
		t.Errorf("both numbers should be kept: %+v, %v", rec, err)
	}
	b.enrolments[2].Status = sis.EnrolmentValid // and back
	f.run(t, map[supdata.Outcome]int{supdata.Resent: 1, supdata.Unchanged: 3})
}

// TestHoldsWithoutINE holds an enrolment until the INE comes, by the state that the
// system knows or by the rules of numbers.
func TestHoldsWithoutINE(t *testing.T) {
	t.Parallel()
	b, store := school(7)
	right := b.students[0].INE
	for i, c := range []struct {
		ine   string
		state sis.INEState
	}{
		0: {"", sis.INENone},
		1: {b.students[1].INE, sis.INEPending},
		2: {b.students[2].INE, sis.INELitige},
		3: {b.students[3].INE, sis.INEUnverified}, // the key is wrong
		4: {"0000D00000A", sis.INEUnverified},
	} {
		b.students[i].INE, b.students[i].INEState = c.ine, c.state
	}
	f := newFeeding(t, b, store)
	r := f.run(t, map[supdata.Outcome]int{supdata.Held: 5, supdata.Fed: 2})
	for _, it := range r.Items {
		if it.Outcome != supdata.Held || it.Student == "" || it.Detail == "" {
			t.Errorf("held enrolment is listed as %+v", it)
		}
	}
	b.students[0].INE, b.students[0].INEState = right, sis.INEVerified
	f.run(t, map[supdata.Outcome]int{supdata.Held: 4, supdata.Fed: 1, supdata.Unchanged: 2})
	if len(store.Enrolments(right)) != 1 {
		t.Error("the enrolment was not fed the day its INE came")
	}
}

// TestInvalidListsAllFaults lists every fault of an enrolment and sends nothing.
func TestInvalidListsAllFaults(t *testing.T) {
	t.Parallel()
	b, store := school(2)
	b.students[0].Person.BirthDate = passerelle.NewDate(2000, 0, 0)
	b.enrolments[0].UAI, b.enrolments[0].Regime, b.enrolments[0].Payment = "0011402A", "77", ""
	f := newFeeding(t, b, store)
	f.cfg.Mapping.Period = func(sis.Enrolment) (passerelle.Date, passerelle.Date) {
		return passerelle.NewDate(2026, 9, 1), passerelle.NewDate(2026, 8, 31)
	}
	r := f.run(t, map[supdata.Outcome]int{supdata.Invalid: 2})
	want := []string{"Regime", "BirthDate", "End", "Status", "UAI"}
	if got := r.Items[0].Fields; !slices.Equal(got, want) {
		t.Errorf("faults of %v; want %v (%s)", got, want, r.Items[0].Detail)
	}
	if f.Requests() != 0 {
		t.Errorf("%d requests for enrolments that break rules", f.Requests())
	}
}

// TestDoubt loses answers: what was recorded without our knowing is listed, and never
// sent again on its own.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault    supdatatest.Fault
		want     supdata.Outcome
		recorded int
		after    supdata.Outcome // of the next run, the fault gone
	}{
		0:  {supdatatest.AnswerLost, supdata.Doubtful, 1, supdata.Doubtful},
		1:  {supdatatest.Truncated, supdata.Doubtful, 1, supdata.Doubtful},
		2:  {supdatatest.InternalAfter, supdata.Doubtful, 1, supdata.Doubtful},
		3:  {supdatatest.GatewayAfter, supdata.Doubtful, 1, supdata.Doubtful},
		4:  {supdatatest.PageAfter, supdata.Doubtful, 1, supdata.Doubtful},
		5:  {supdatatest.WrongCharset, supdata.Doubtful, 1, supdata.Doubtful},
		6:  {supdatatest.NoNumber, supdata.Doubtful, 1, supdata.Doubtful},
		7:  {supdatatest.Cut, supdata.Doubtful, 0, supdata.Doubtful},
		8:  {supdatatest.Internal, supdata.Doubtful, 0, supdata.Doubtful},
		9:  {supdatatest.Unavailable, supdata.Doubtful, 0, supdata.Doubtful},
		10: {supdatatest.Maintenance, supdata.Doubtful, 0, supdata.Doubtful},
		11: {supdatatest.TooMany, supdata.Unanswered, 0, supdata.Fed},
		12: {supdatatest.Unauthorized, supdata.Unanswered, 0, supdata.Fed},
		13: {supdatatest.PageNotFound, supdata.Unanswered, 0, supdata.Fed},
		14: {supdatatest.BadValue, supdata.Refused, 0, supdata.Fed},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			b, store := school(1)
			f := newFeeding(t, b, store)
			f.Script(c.fault)
			r := f.run(t, map[supdata.Outcome]int{c.want: 1})
			if got := store.Count(); got != c.recorded {
				t.Fatalf("%d recorded; want %d", got, c.recorded)
			}
			if len(r.Items) != 1 || r.Items[0].Detail == "" {
				t.Errorf("listed as %+v", r.Items)
			}
			f.clock.advance(30 * 24 * time.Hour)
			f.run(t, map[supdata.Outcome]int{c.after: 1})
			sent := c.recorded
			if c.after == supdata.Fed {
				sent++
			}
			if got := store.Count(); got != sent || len(store.Twice()) > 0 {
				t.Errorf("after the next run %d recorded (twice: %d); want %d", got, len(store.Twice()), sent)
			}
			if c.after == supdata.Doubtful {
				f.cfg.ResendAfter = 24 * time.Hour
				f.run(t, map[supdata.Outcome]int{supdata.Fed: 1})
				f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 1})
			}
		})
	}
}

// TestDoubtOutlivesARefusal: a second sending that is refused does not undo the first.
func TestDoubtOutlivesARefusal(t *testing.T) {
	t.Parallel()
	b, store := school(1)
	f := newFeeding(t, b, store)
	f.Script(supdatatest.AnswerLost, supdatatest.TooMany, supdatatest.BadValue)
	f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 1})
	f.cfg.ResendAfter = time.Hour
	f.clock.advance(2 * time.Hour)
	f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 1})
	f.clock.advance(2 * time.Hour)
	f.run(t, map[supdata.Outcome]int{supdata.Refused: 1})
	f.cfg.ResendAfter = 0
	f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 1})
}

// TestDoubtComesFirst: whatever happens to a doubtful enrolment in the student system, the
// doubt is what is listed, in a dry run too.
func TestDoubtComesFirst(t *testing.T) {
	t.Parallel()
	for i, change := range []func(b *base){
		0: func(b *base) { b.enrolments[0].Status = sis.EnrolmentCancelled },
		1: func(b *base) { b.students[0].INE, b.students[0].INEState = "", sis.INENone },
		2: func(b *base) { b.enrolments[0].Payment = "" },
		3: func(b *base) { b.enrolments = nil },
	} {
		b, store := school(1)
		f := newFeeding(t, b, store)
		f.Script(supdatatest.AnswerLost)
		f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 1})
		f.clock.advance(time.Hour)
		change(b)
		for _, dry := range []bool{false, true} {
			f.cfg.DryRun = dry
			r := f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 1})
			if len(r.Items) != 1 || r.Items[0].Student != "csv:1000" {
				t.Errorf("%d, dry run %v: listed as %+v", i, dry, r.Items)
			}
		}
	}
}

// TestRefused lists what SUPDATA refuses, with its reference, and tries again the next time.
func TestRefused(t *testing.T) {
	t.Parallel()
	b, store := school(2)
	b.students[0].Person.BirthDate = passerelle.NewDate(1970, 1, 1) // not the one that SUPDATA knows
	b.enrolments[1].UAI = "0010006B"                                // not an establishment of the store
	f := newFeeding(t, b, store)
	r := f.run(t, map[supdata.Outcome]int{supdata.Refused: 2})
	for _, it := range r.Items {
		if it.HTTP != 404 || it.UID == "" || !strings.Contains(it.Detail, "INE and birth date") {
			t.Errorf("listed as %+v", it)
		}
	}
	b.students[0].Person.BirthDate = passerelle.NewDate(1990, 1, 1)
	f.run(t, map[supdata.Outcome]int{supdata.Refused: 1, supdata.Fed: 1})
}

// TestSameEnrolmentTwice: two records of the base that are one enrolment to SUPDATA are
// sent once, and so is a record that the source gives twice.
func TestSameEnrolmentTwice(t *testing.T) {
	t.Parallel()
	b, store := school(1)
	twin := b.enrolments[0]
	twin.ID = "twin"
	b.enrolments = append(b.enrolments, b.enrolments[0], twin)
	f := newFeeding(t, b, store)
	r := f.run(t, map[supdata.Outcome]int{supdata.Fed: 1, supdata.Duplicate: 2})
	for _, it := range r.Items { // which of them comes first is not told
		if !strings.Contains(it.Detail, "csv:1000|2026|") && !strings.Contains(it.Detail, "twice") {
			t.Errorf("the twin is not named: %+v", it)
		}
	}
	if store.Count() != 1 {
		t.Errorf("%d recorded; want 1", store.Count())
	}
}

// TestSourceTroubles: bad rows are listed, missing students too, vanished enrolments too; a
// fatal error ends the run with a report.
func TestSourceTroubles(t *testing.T) {
	t.Parallel()
	b, store := school(3)
	f := newFeeding(t, b, store)
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 3})
	b.bad = &sis.RowError{Provenance: sis.Provenance{Source: "base.csv", Line: 7}, Field: "year", Err: errors.New("not a number")}
	b.students = b.students[:2]
	gone := b.enrolments[1]
	b.enrolments = []sis.Enrolment{b.enrolments[0], b.enrolments[2]}
	r := f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 1, supdata.Unreadable: 2, supdata.NoLongerFed: 1})
	i := slices.IndexFunc(r.Items, func(it supdata.Item) bool { return it.Outcome == supdata.NoLongerFed })
	if r.Items[i].Student != gone.Student.String() || r.Items[i].ID == "" {
		t.Errorf("the vanished enrolment is listed as %+v", r.Items[i])
	}
	if i := slices.IndexFunc(r.Items, func(it supdata.Item) bool { return it.Line == 7 }); i < 0 {
		t.Errorf("the bad row is not listed by its line: %+v", r.Items)
	}
	f.cfg.Year = 2025 // another season: nothing of this one is missed
	f.run(t, map[supdata.Outcome]int{supdata.Unreadable: 1})

	f.cfg.Year, b.fatal = 2026, errors.New("disk gone")
	feeder, err := supdata.NewFeeder(f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := feeder.Run(t.Context()); !errors.Is(err, b.fatal) || r.Stopped == "" {
		t.Errorf("a fatal error of the source: %v, %+v", err, r)
	}
}

// TestStops stops a run whose key is refused, and one without answers.
func TestStops(t *testing.T) {
	t.Parallel()
	b, store := school(30)
	f := newFeeding(t, b, store)
	f.SetFaults(map[supdatatest.Fault]float64{supdatatest.Unauthorized: 1})
	r := f.run(t, map[supdata.Outcome]int{supdata.Unanswered: 1, supdata.NotTried: 29})
	if r.Stopped != "SUPDATA refuses the key" || f.Requests() != 1 {
		t.Errorf("stopped by %q after %d requests", r.Stopped, f.Requests())
	}
	f.SetFaults(map[supdatatest.Fault]float64{supdatatest.Cut: 1})
	f.cfg.MaxFailures = 3
	r = f.run(t, map[supdata.Outcome]int{supdata.Doubtful: 3, supdata.NotTried: 27})
	if r.Calls != 3 || !strings.Contains(r.String(), "3 doubtful, 27 not-tried; stopped: 3 calls") {
		t.Errorf("report: %s", r)
	}
}

// settling is a transport on which a person settles a sending while its answer is
// on the way.
type settling struct {
	base   http.RoundTripper
	settle func()
}

func (s settling) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.base.RoundTrip(r)
	s.settle()
	return resp, err
}

// TestSettledDuringCall keeps what SUPDATA recorded, although a person said meanwhile
// that it never arrived: nothing is sent twice.
func TestSettledDuringCall(t *testing.T) {
	t.Parallel()
	b, store := school(1)
	f := newFeeding(t, b, store)
	key, settled := supdata.Key(b.enrolments[0]), 0
	cfg := f.ClientConfig()
	cfg.Now = f.cfg.Now
	cfg.Transport.Base = settling{http.DefaultTransport, func() {
		if _, err := supdata.Settle(t.Context(), f.cfg.Ledger, key, supdata.Settlement{At: today}); err != nil {
			t.Error(err)
		}
		settled++
	}}
	client, err := supdata.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.cfg.Client = client
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 1})
	rec, err := f.cfg.Ledger.Get(t.Context(), key)
	if err != nil || rec.State != supdata.StateFed || rec.ID == "" || settled != 1 {
		t.Errorf("after the answer: state %q, id %q, %v, settled %d times; want it fed, with its id", rec.State, rec.ID, err, settled)
	}
	f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 1})
	if store.Count() != 1 {
		t.Errorf("%d enrolments were recorded; want 1", store.Count())
	}
}

// TestDryRun sends nothing and writes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	b, store := school(2)
	f := newFeeding(t, b, store)
	f.cfg.DryRun = true
	f.run(t, map[supdata.Outcome]int{supdata.Planned: 2})
	for range f.cfg.Ledger.Records(t.Context()) {
		t.Error("a dry run wrote to the ledger")
	}
	if f.Requests() != 0 {
		t.Errorf("%d requests", f.Requests())
	}
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Source: b})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := feeder.Run(t.Context()); !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), "Client") || !strings.Contains(err.Error(), "Ledger") {
		t.Errorf("Run without client and ledger = %v", err)
	}
}

// TestFeedOne feeds one enrolment as it becomes final.
func TestFeedOne(t *testing.T) {
	t.Parallel()
	b, store := school(1)
	f := newFeeding(t, b, store)
	feeder, err := supdata.NewFeeder(f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []supdata.Outcome{supdata.Fed, supdata.Unchanged} {
		item, err := feeder.Feed(t.Context(), b.students[0], b.enrolments[0])
		if err != nil || item.Outcome != want || item.ID == "" {
			t.Errorf("Feed = %+v, %v; want %s", item, err, want)
		}
	}
	b.enrolments[0].Status = sis.EnrolmentCancelled
	b.enrolments[0].ID = "other"
	if item, err := feeder.Feed(t.Context(), b.students[0], b.enrolments[0]); err != nil || item.Outcome != supdata.NeverFed {
		t.Errorf("Feed of what was cancelled before = %+v, %v", item, err)
	}
}

// TestTwoRunsAtOnce: two feeders on one ledger feed nothing twice, and lose nothing.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	b, store := school(200)
	f := newFeeding(t, b, store)
	f.cfg.Parallel = 8
	var runs sync.WaitGroup
	reports := make([]*supdata.FeedReport, 2)
	for i := range reports {
		feeder, err := supdata.NewFeeder(f.cfg)
		if err != nil {
			t.Fatal(err)
		}
		runs.Go(func() {
			var err error
			if reports[i], err = feeder.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	if fed := reports[0].Counts[supdata.Fed] + reports[1].Counts[supdata.Fed]; fed != 200 || store.Count() != 200 {
		t.Errorf("%d fed, %d recorded; want 200 (%s; %s)", fed, store.Count(), reports[0], reports[1])
	}
	for _, r := range reports {
		if r.Total() != 200 {
			t.Errorf("a report is about %d enrolments; want 200: %s", r.Total(), r)
		}
	}
	f.run(t, map[supdata.Outcome]int{supdata.Unchanged: 200})
}
