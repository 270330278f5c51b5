// Package omobilitylastest is the conformance suite of omobilitylas.Store. Every
// implementation passes it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyStore(t *testing.T) {
//		omobilitylastest.Store(t, func(t *testing.T) omobilitylas.Store { return openMine(t) })
//	}
package omobilitylastest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// at is when the suite takes place.
var at = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

var sending, other = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")

// Store runs the suite. open returns a new, empty store each time.
func Store(t *testing.T, open func(t *testing.T) omobilitylas.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s omobilitylas.Store)
	}{
		{"nothing", nothing}, {"put and get", putAndGet}, {"keys", keys}, {"versions", versions}, {"race", race},
		{"states", states}, {"own values", ownValues}, {"do", do},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// full returns a state with something in each kind of field, an empty table and an absent
// one among them.
func full(id string) omobilitylas.State {
	signature := omobilitylas.Signature{Name: "Anne Exemple", Position: "É", Email: "a@uni-a.example", Time: "2026-05-02T09:00:00+02:00", App: "SIS"}
	course := omobilitylas.Component{
		Title: "Algebra & <Logic>", Term: &term.Part{Number: "1", Total: "2"}, Credits: []omobilitylas.Credit{{Scheme: "ects", Value: "07.50"}},
	}
	version := omobilitylas.Version{
		Tables:           omobilitylas.Tables{Studied: omobilitylas.TableOf(course), Recognized: omobilitylas.TableOf()},
		StudentSignature: signature, SendingSignature: signature,
	}
	first := version
	first.ReceivingSignature = &signature
	return omobilitylas.State{
		Agreement: omobilitylas.Agreement{
			OMobilityID: id, Sending: omobilitylas.Institution{HEI: sending, Contact: omobilitylas.Person{Phone: &contact.Phone{E164: "+33"}}},
			Receiving: omobilitylas.Institution{HEI: other}, YearID: "2026/2027", Student: omobilitylas.Student{FamilyName: "Étudiante"},
			First: &first, Proposal: &omobilitylas.Proposal{ID: "p", Version: version, Student: &omobilitylas.Student{Email: "z@example.org"}},
		},
		Decisions: []omobilitylas.Decided{{ProposalID: "o", Approved: true, Comment: "c", Signature: signature, At: at, Content: "d"}},
		Modified:  at, Due: true,
	}
}

func nothing(t *testing.T, s omobilitylas.Store) {
	if _, err := s.Get(t.Context(), full("m1").Key()); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing: %v; want ErrNotFound", err)
	}
	if _, err := s.Put(t.Context(), omobilitylas.State{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put without identifier: %v; want ErrInvalid", err)
	}
	for st, err := range s.States(t.Context()) {
		t.Errorf("an empty store gives %v, %v", st, err)
	}
}

// same compares two states by what is kept of them.
func same(t *testing.T, got, want omobilitylas.State) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the store gives\n%s\nwant\n%s", a, b)
	}
}

func putAndGet(t *testing.T, s omobilitylas.Store) {
	want := full("m1")
	written, err := s.Put(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = 1
	same(t, written, want)
	got, err := s.Get(t.Context(), want.Key())
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

// keys: two institutions may give one identifier.
func keys(t *testing.T, s omobilitylas.Store) {
	mine, theirs := full("m1"), full("m1")
	theirs.Agreement.Sending.HEI = other
	for _, st := range []omobilitylas.State{mine, theirs} {
		if _, err := s.Put(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	}
	for _, st := range []omobilitylas.State{mine, theirs} {
		if got, err := s.Get(t.Context(), st.Key()); err != nil || got.Key() != st.Key() {
			t.Errorf("Get of %v gives %v, %v", st.Key(), got.Key(), err)
		}
	}
}

func versions(t *testing.T, s omobilitylas.Store) {
	first, err := s.Put(t.Context(), full("m1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Put(t.Context(), first)
	if err != nil || second.Version != 2 {
		t.Fatalf("version %d, %v; want 2", second.Version, err)
	}
	for i, stale := range []omobilitylas.State{0: full("m1"), 1: first} {
		if _, err := s.Put(t.Context(), stale); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d: version %d over 2: %v; want ErrConflict", i, stale.Version, err)
		}
	}
	absent := full("m2")
	absent.Version = 3
	if _, err := s.Put(t.Context(), absent); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("version 3 of nothing: %v; want ErrConflict", err)
	}
}

func race(t *testing.T, s omobilitylas.Store) {
	first, err := s.Put(t.Context(), full("m1"))
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Put(t.Context(), first); err == nil {
				won.Add(1)
			} else if !errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("a lost race: %v; want ErrConflict", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers wrote over one version; want 1", won.Load())
	}
}

func states(t *testing.T, s omobilitylas.Store) {
	want := map[omobilitylas.Key]bool{}
	for i := range 250 {
		st := full(fmt.Sprintf("m%d", i))
		want[st.Key()] = true
		if _, err := s.Put(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	}
	for st, err := range s.States(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !want[st.Key()] {
			t.Errorf("%v is given twice, or was never put", st.Key())
		}
		delete(want, st.Key())
	}
	if len(want) > 0 {
		t.Errorf("%d states are not given", len(want))
	}
}

func ownValues(t *testing.T, s omobilitylas.Store) {
	st := full("m1")
	written, err := s.Put(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	st.Agreement.First.Studied.Components[0].Title = "changed"
	st.Agreement.Sending.Contact.Phone.E164 = "changed"
	written.Agreement.Proposal.Student.Email = "changed"
	written.Agreement.Proposal.Studied.Components[0].Term.Number = "changed"
	written.Agreement.First.ReceivingSignature.Name = "changed"
	written.Decisions[0].Comment = "changed"
	got, err := s.Get(t.Context(), full("m1").Key())
	if err != nil {
		t.Fatal(err)
	}
	want := full("m1")
	want.Version = 1
	same(t, got, want)
}

// do plays eight people who change a state at the same time: each is heard.
func do(t *testing.T, s omobilitylas.Store) {
	key := full("m1").Key()
	create := func(st omobilitylas.State) (omobilitylas.State, error) {
		if st.Version == 0 {
			return full("m1"), nil
		}
		return st, nil
	}
	if _, err := omobilitylas.Do(t.Context(), s, key, false, create); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Do on nothing: %v; want ErrNotFound", err)
	}
	if st, err := omobilitylas.Do(t.Context(), s, key, true, create); err != nil || st.Version != 1 {
		t.Fatalf("Do that creates: version %d, %v", st.Version, err)
	}
	if st, err := omobilitylas.Do(t.Context(), s, key, true, create); err != nil || st.Version != 1 {
		t.Errorf("Do that changes nothing: version %d, %v; want 1", st.Version, err)
	}
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := omobilitylas.Do(t.Context(), s, key, false, func(st omobilitylas.State) (omobilitylas.State, error) {
				st.Decisions = append(st.Decisions, omobilitylas.Decided{ProposalID: "x"})
				return st, nil
			})
			if err == nil {
				done.Add(1)
			} else if !errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("a race: %v; want ErrConflict at most", err)
			}
		})
	}
	wg.Wait()
	if got, err := s.Get(t.Context(), key); err != nil || len(got.Decisions) != 1+int(done.Load()) || done.Load() == 0 {
		t.Errorf("%d of four wrote, which leaves %d decisions, %v", done.Load(), len(got.Decisions), err)
	}
}
