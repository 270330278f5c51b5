// Package feedtest is the conformance suite of supdata.Ledger. Every implementation
// passes it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyLedger(t *testing.T) {
//		feedtest.Ledger(t, func(t *testing.T) supdata.Ledger { return openMine(t) })
//	}
package feedtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/uai"
)

// at is when the suite takes place.
var at = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// Ledger runs the suite. open returns a new, empty ledger each time.
func Ledger(t *testing.T, open func(t *testing.T) supdata.Ledger) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, l supdata.Ledger)
	}{
		{"get nothing", getNothing},
		{"put and get", putAndGet},
		{"put compares versions", putCompares},
		{"put does not claim", putDoesNotClaim},
		{"claim once", claimOnce},
		{"claim one enrolment once under two keys", claimFingerprintOnce},
		{"claims by state", claimStates},
		{"a freed fingerprint", freedFingerprint},
		{"resend after a delay", resend},
		{"claim race", claimRace},
		{"fingerprint race", fingerprintRace},
		{"put race", putRace},
		{"records", records},
		{"own values", ownValues},
		{"cancelled context", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// enrolment returns the nth enrolment.
func enrolment(n int) supdata.Enrolment {
	return supdata.Enrolment{
		INE: ine.MustParse("0AYIOP071Y8"), BirthDate: passerelle.NewDate(1996, 12, 26),
		Begin: passerelle.NewDate(2026, 9, 1), End: passerelle.NewDate(2027, 8, 31), Status: supdata.Admitted, Regime: "RF2",
		Commune: "67482", UAI: uai.MustParse("0011402U"), Cycle: "L", Diploma: fmt.Sprint(2000000 + n), Level: "01",
	}
}

func full() supdata.Record {
	e := enrolment(1)
	return supdata.Record{
		Key: "k1", Student: "csv:1", State: supdata.StateFed, Since: at, Fed: &e, ID: "42", IDs: []string{"41"}, Fingerprint: e.Fingerprint(),
		ClaimID: "c", ClaimedAt: at, HTTP: 404, UID: "5e68e563116ab_0000",
	}
}

func claim(n int, key string, e supdata.Enrolment) supdata.Claim {
	return supdata.Claim{ID: fmt.Sprintf("claim-%d", n), Key: key, Student: "csv:" + key, Sending: e, At: at}
}

func getNothing(t *testing.T, l supdata.Ledger) {
	if r, err := l.Get(t.Context(), "k1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing = %+v, %v; want ErrNotFound", r, err)
	}
}

func putAndGet(t *testing.T, l supdata.Ledger) {
	want := full()
	got, err := l.Put(t.Context(), want)
	if err != nil || got.Version != 1 {
		t.Fatalf("first Put = version %d, %v; want 1", got.Version, err)
	}
	want.Version = 1
	same(t, got, want)
	if got, err = l.Get(t.Context(), want.Key); err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	want.ID = "43"
	if got, err = l.Put(t.Context(), want); err != nil || got.Version != 2 {
		t.Fatalf("second Put = version %d, %v; want 2", got.Version, err)
	}
	if got, err = l.Get(t.Context(), want.Key); err != nil || got.ID != "43" {
		t.Errorf("after the second Put: %s, %v; want 43", got.ID, err)
	}
}

func putCompares(t *testing.T, l supdata.Ledger) {
	first, err := l.Put(t.Context(), full())
	if err != nil {
		t.Fatal(err)
	}
	for i, version := range []int64{0, 2, -1} {
		r := first
		r.Version, r.ID = version, "other"
		if _, err := l.Put(t.Context(), r); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d: Put with version %d = %v; want ErrConflict", i, version, err)
		}
	}
	if got, _ := l.Get(t.Context(), first.Key); got.ID != first.ID || got.Version != 1 {
		t.Errorf("a refused Put changed the record to %s, version %d", got.ID, got.Version)
	}
	if _, err := l.Put(t.Context(), supdata.Record{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put without a key = %v; want ErrInvalid", err)
	}
}

func putDoesNotClaim(t *testing.T, l supdata.Ledger) {
	if _, err := l.Put(t.Context(), supdata.Record{Key: "k1", State: supdata.StateClaimed, Since: at}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put of a claimed record = %v; want ErrInvalid: only Claim claims", err)
	}
}

func claimOnce(t *testing.T, l supdata.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "k1", enrolment(1)))
	if err != nil {
		t.Fatal(err)
	}
	if r.State != supdata.StateClaimed || r.ClaimID != "claim-1" || r.Version != 1 || !r.ClaimedAt.Equal(at) || r.Sending == nil || *r.Sending != enrolment(1) {
		t.Errorf("claimed record = %+v", r)
	}
	got, err := l.Get(t.Context(), "k1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, r)
	refused(t, l, claim(2, "k1", enrolment(1)), "k1")
	refused(t, l, claim(3, "k1", enrolment(2)), "k1")
	again := claim(4, "k1", enrolment(2))
	again.Again = true
	refused(t, l, again, "k1")
	for i, c := range []supdata.Claim{claim(5, "", enrolment(5)), {Key: "k9", Sending: enrolment(9), At: at}} {
		if _, err := l.Claim(t.Context(), c); err == nil {
			t.Errorf("%d: an incomplete claim was granted", i)
		}
	}
}

func claimFingerprintOnce(t *testing.T, l supdata.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "k1", enrolment(1)))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, l, claim(2, "k2", enrolment(1)), "k1")
	other := enrolment(1)
	other.Status = supdata.Enrolled // the status is no part of what an enrolment is
	refused(t, l, claim(3, "k2", other), "k1")
	if _, err := l.Claim(t.Context(), claim(4, "k3", enrolment(3))); err != nil {
		t.Errorf("another enrolment was refused: %v", err)
	}
	r.State, r.Fed, r.Sending, r.ID = supdata.StateFed, r.Sending, nil, "42"
	if _, err = l.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	refused(t, l, claim(5, "k2", enrolment(1)), "k1")
}

func freedFingerprint(t *testing.T, l supdata.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "k1", enrolment(1)))
	if err != nil {
		t.Fatal(err)
	}
	r.State, r.Sending, r.HTTP = supdata.StateRefused, nil, 404
	if r, err = l.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Claim(t.Context(), claim(2, "k2", enrolment(1))); err != nil {
		t.Errorf("what was refused under one key was not free for another: %v", err)
	}
	refused(t, l, claim(3, "k1", enrolment(1)), "k2")
	if _, err := l.Claim(t.Context(), claim(4, "k1", enrolment(4))); err != nil {
		t.Errorf("what was refused may be sent again once corrected: %v", err)
	}
	if got, _ := l.Get(t.Context(), "k1"); got.HTTP != 0 {
		t.Errorf("a new claim keeps the refusal before it: status %d", got.HTTP)
	}
}

func claimStates(t *testing.T, l supdata.Ledger) {
	for i, c := range []struct {
		state      supdata.State
		again      bool
		same       bool // what is sent is what was fed
		cancelling bool
		granted    bool
	}{
		0:  {supdata.StateNew, false, false, false, true},
		1:  {supdata.StateRefused, false, false, false, true},
		2:  {supdata.StateDoubtful, false, false, false, false},
		3:  {supdata.StateDoubtful, true, false, false, false},
		4:  {supdata.StateFed, false, false, false, false},
		5:  {supdata.StateFed, true, false, false, true},
		6:  {supdata.StateFed, true, true, false, false},
		7:  {supdata.StateFed, true, true, true, true},
		8:  {supdata.StateCancelled, false, false, false, false},
		9:  {supdata.StateCancelled, true, true, true, false},
		10: {supdata.StateCancelled, true, true, false, true},
	} {
		key := fmt.Sprint(i)
		fed, sending := enrolment(100*i), enrolment(100*i+1)
		if c.same {
			sending = fed
		}
		rec := supdata.Record{Key: key, State: c.state, Since: at, ClaimedAt: at}
		if c.state == supdata.StateFed || c.state == supdata.StateCancelled {
			rec.Fed, rec.Fingerprint = &fed, fed.Fingerprint()
		}
		if _, err := l.Put(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		q := claim(i, key, sending)
		q.Again, q.Cancelling = c.again, c.cancelling
		got, err := l.Claim(t.Context(), q)
		if granted := err == nil; granted != c.granted {
			t.Errorf("%d: claim in state %q (again %v, same %v, cancelling %v): granted %v (%v); want %v", i, c.state, c.again, c.same, c.cancelling, granted, err, c.granted)
		}
		if err == nil && (rec.Fed == nil) != (got.Fed == nil) {
			t.Errorf("%d: a claim lost what was fed", i)
		}
	}
}

func resend(t *testing.T, l supdata.Ledger) {
	if _, err := l.Claim(t.Context(), claim(1, "k1", enrolment(1))); err != nil {
		t.Fatal(err)
	}
	c := claim(2, "k1", enrolment(1))
	c.At = at.Add(47 * time.Hour)
	refused(t, l, c, "k1")
	c.ResendAfter = 48 * time.Hour
	refused(t, l, c, "k1")
	c.At = at.Add(48 * time.Hour)
	r, err := l.Claim(t.Context(), c)
	if err != nil || r.Doubts != 1 || r.ClaimID != c.ID {
		t.Errorf("claim after the delay = doubts %d, id %s, %v; want 1, %s", r.Doubts, r.ClaimID, err, c.ID)
	}
}

// race runs n calls at once and tells how many succeeded.
func race(n int, call func(i int) error) int64 {
	var won atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			if call(i) == nil {
				won.Add(1)
			}
		})
	}
	close(start)
	all.Wait()
	return won.Load()
}

func claimRace(t *testing.T, l supdata.Ledger) {
	for round := range 10 {
		won := race(16, func(i int) error {
			_, err := l.Claim(t.Context(), claim(i, fmt.Sprint(round), enrolment(100*round+i)))
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d of 16 claims of one enrolment were granted; want 1", round, won)
		}
	}
}

func fingerprintRace(t *testing.T, l supdata.Ledger) {
	for round := range 10 {
		won := race(16, func(i int) error {
			_, err := l.Claim(t.Context(), claim(i, fmt.Sprintf("%d-%d", round, i), enrolment(round)))
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d of 16 keys were granted one enrolment; want 1", round, won)
		}
	}
}

func putRace(t *testing.T, l supdata.Ledger) {
	r, err := l.Put(t.Context(), full())
	if err != nil {
		t.Fatal(err)
	}
	if won := race(16, func(int) error { _, err := l.Put(t.Context(), r); return err }); won != 1 {
		t.Errorf("%d of 16 writes of one version succeeded; want 1", won)
	}
}

func records(t *testing.T, l supdata.Ledger) {
	want := map[string]supdata.Record{}
	for i := range 25 {
		r := full()
		e := enrolment(i)
		r.Key, r.Fed, r.Fingerprint = fmt.Sprint(i), &e, e.Fingerprint()
		r, err := l.Put(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want[r.Key] = r
	}
	met := 0
	for r, err := range l.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		met++
		same(t, r, want[r.Key])
	}
	if met != len(want) {
		t.Errorf("Records gave %d records; want %d", met, len(want))
	}
	for range l.Records(t.Context()) {
		break // a caller may stop early
	}
}

func ownValues(t *testing.T, l supdata.Ledger) {
	r := full()
	stored, err := l.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.Fed.Level, stored.Fed.Level, r.IDs[0], stored.IDs[0] = "99", "99", "changed", "changed"
	got, err := l.Get(t.Context(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got.Fed.Level != "01" || got.IDs[0] != "41" {
		t.Errorf("the ledger shares memory with its caller: level %q, number %q", got.Fed.Level, got.IDs[0])
	}
}

func cancelled(t *testing.T, l supdata.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Claim(ctx, claim(1, "k1", enrolment(1))); !errors.Is(err, context.Canceled) {
		t.Errorf("Claim under a cancelled context = %v; want context.Canceled", err)
	}
	if _, err := l.Get(t.Context(), "k1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a cancelled Claim left a record: %v", err)
	}
}

// refused fails the test unless the claim is refused in favour of holder, and
// nothing changed.
func refused(t *testing.T, l supdata.Ledger, c supdata.Claim, holder string) {
	t.Helper()
	before, _ := l.Get(t.Context(), c.Key)
	_, err := l.Claim(t.Context(), c)
	refusal, ok := errors.AsType[*supdata.ClaimError](err)
	if !ok || refusal.Key != holder || !errors.Is(err, passerelle.ErrConflict) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("claim %s of %s = %v; want a *ClaimError held by %s, ErrConflict, not sent", c.ID, c.Key, err, holder)
	}
	after, _ := l.Get(t.Context(), c.Key)
	same(t, after, before)
}

// same compares records as what they mean: times by instant.
func same(t *testing.T, got, want supdata.Record) {
	t.Helper()
	if g, w := canonical(t, got), canonical(t, want); g != w {
		t.Errorf("record differs:\n got %s\nwant %s", g, w)
	}
}

func canonical(t *testing.T, r supdata.Record) string {
	t.Helper()
	r.Since, r.ClaimedAt = r.Since.UTC(), r.ClaimedAt.UTC()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
