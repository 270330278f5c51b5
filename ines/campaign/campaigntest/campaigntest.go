// Package campaigntest is the conformance suite of campaign.Ledger. Every
// implementation passes it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyLedger(t *testing.T) {
//		campaigntest.Ledger(t, func(t *testing.T) campaign.Ledger { return openMine(t) })
//	}
package campaigntest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// at is when the suite takes place.
var at = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// Ledger runs the suite. open returns a new, empty ledger each time.
func Ledger(t *testing.T, open func(t *testing.T) campaign.Ledger) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, l campaign.Ledger)
	}{
		{"get nothing", getNothing},
		{"put and get", putAndGet},
		{"put compares versions", putCompares},
		{"put does not claim", putDoesNotClaim},
		{"claim once", claimOnce},
		{"claim one identity once", claimIdentityOnce},
		{"claims by state", claimStates},
		{"claim after release", claimAfterRelease},
		{"resend after a delay", resend},
		{"claim race", claimRace},
		{"identity race", identityRace},
		{"put race", putRace},
		{"records", records},
		{"own slices", ownSlices},
		{"cancelled context", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

func full() campaign.Record {
	return campaign.Record{
		Student: "csv:1", State: campaign.StateConfirmed, Since: at, Outcome: campaign.Found, Identity: "id-1", Held: "1234D56789B", AskedAt: at,
		INE: ine.MustParse("223456789HE"), Alternates: []ine.Number{ine.MustParse("1234567890V")}, Origin: "search",
		Code: "C1", Message: "message", RequestID: "R1",
		History: []campaign.Event{{At: at, What: "search", Status: "CONFIRME", Code: "C1", Detail: "message"}},
	}
}

func getNothing(t *testing.T, l campaign.Ledger) {
	if r, err := l.Get(t.Context(), "csv:1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing = %+v, %v; want ErrNotFound", r, err)
	}
}

func putAndGet(t *testing.T, l campaign.Ledger) {
	want := full()
	got, err := l.Put(t.Context(), want)
	if err != nil || got.Version != 1 {
		t.Fatalf("first Put = version %d, %v; want 1", got.Version, err)
	}
	want.Version = 1
	same(t, got, want)
	got, err = l.Get(t.Context(), want.Student)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	want.Outcome = campaign.Replaced
	if got, err = l.Put(t.Context(), want); err != nil || got.Version != 2 {
		t.Fatalf("second Put = version %d, %v; want 2", got.Version, err)
	}
	if got, err = l.Get(t.Context(), want.Student); err != nil || got.Outcome != campaign.Replaced {
		t.Errorf("after the second Put: %s, %v; want %s", got.Outcome, err, campaign.Replaced)
	}
}

func putCompares(t *testing.T, l campaign.Ledger) {
	first, err := l.Put(t.Context(), full())
	if err != nil {
		t.Fatal(err)
	}
	for i, version := range []int64{0, 2, -1} {
		r := first
		r.Version, r.Outcome = version, campaign.Refused
		if _, err := l.Put(t.Context(), r); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d: Put with version %d = %v; want ErrConflict", i, version, err)
		}
	}
	if got, _ := l.Get(t.Context(), first.Student); got.Outcome != first.Outcome || got.Version != 1 {
		t.Errorf("a refused Put changed the record to %s, version %d", got.Outcome, got.Version)
	}
	if _, err := l.Put(t.Context(), campaign.Record{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put without a student = %v; want ErrInvalid", err)
	}
}

func putDoesNotClaim(t *testing.T, l campaign.Ledger) {
	r := campaign.Record{Student: "csv:1", State: campaign.StateClaimed, Since: at}
	if _, err := l.Put(t.Context(), r); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put of a claimed record = %v; want ErrInvalid: only Claim claims", err)
	}
}

func claim(n int, student, identity string) campaign.Claim {
	return campaign.Claim{ID: fmt.Sprintf("claim-%d", n), Student: student, Identity: identity, At: at}
}

func claimOnce(t *testing.T, l campaign.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "csv:1", "id-1"))
	if err != nil {
		t.Fatal(err)
	}
	if r.State != campaign.StateClaimed || r.ClaimID != "claim-1" || r.Attempts != 1 || r.Version != 1 || !r.ClaimedAt.Equal(at) || len(r.History) != 1 {
		t.Errorf("claimed record = %+v", r)
	}
	got, err := l.Get(t.Context(), "csv:1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, r)
	refused(t, l, claim(2, "csv:1", "id-1"), "csv:1")
	refused(t, l, claim(3, "csv:1", "id-other"), "csv:1")
	for i, c := range []campaign.Claim{claim(4, "", "id-9"), claim(5, "csv:9", ""), {Student: "csv:9", Identity: "id-9", At: at}} {
		if _, err := l.Claim(t.Context(), c); err == nil {
			t.Errorf("%d: an incomplete claim was granted", i)
		}
	}
}

func claimIdentityOnce(t *testing.T, l campaign.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "csv:1", "id-1"))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, l, claim(2, "csv:2", "id-1"), "csv:1")
	if _, err := l.Claim(t.Context(), claim(3, "csv:3", "id-3")); err != nil {
		t.Errorf("another identity was refused: %v", err)
	}
	r.State, r.Outcome = campaign.StateConfirmed, campaign.Created
	if r, err = l.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	refused(t, l, claim(4, "csv:2", "id-1"), "csv:1")
	r.State, r.Outcome, r.Attempts = campaign.StateRefused, campaign.Refused, 0
	if _, err = l.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Claim(t.Context(), claim(5, "csv:2", "id-1")); err != nil {
		t.Errorf("the identity of a refused student was not free: %v", err)
	}
}

func claimStates(t *testing.T, l campaign.Ledger) {
	for i, c := range []struct {
		state    campaign.State
		identity string
		granted  bool
	}{
		0: {campaign.StateNew, "same", true},
		1: {campaign.StateUnknown, "same", true},
		2: {campaign.StateDoubtful, "same", false},
		3: {campaign.StateDoubtful, "other", false},
		4: {campaign.StateOpen, "same", false},
		5: {campaign.StateLitige, "same", false},
		6: {campaign.StateConfirmed, "same", false},
		7: {campaign.StateConfirmed, "other", false},
		8: {campaign.StateRefused, "same", false},
		9: {campaign.StateRefused, "other", true},
	} {
		student := fmt.Sprintf("csv:%d", i)
		if _, err := l.Put(t.Context(), campaign.Record{Student: student, State: c.state, Since: at, Identity: student + "same", ClaimedAt: at}); err != nil {
			t.Fatal(err)
		}
		_, err := l.Claim(t.Context(), claim(i, student, student+c.identity))
		if granted := err == nil; granted != c.granted {
			t.Errorf("%d: claim in state %q with %s identity: granted %v (%v); want %v", i, c.state, c.identity, granted, err, c.granted)
		}
	}
}

func claimAfterRelease(t *testing.T, l campaign.Ledger) {
	r, err := l.Claim(t.Context(), claim(1, "csv:1", "id-1"))
	if err != nil {
		t.Fatal(err)
	}
	r.State, r.Attempts, r.ClaimID, r.ClaimedAt = campaign.StateUnknown, 0, "", time.Time{}
	if _, err := l.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Claim(t.Context(), claim(2, "csv:2", "id-1")); err != nil {
		t.Errorf("the identity of a released claim was not free: %v", err)
	}
	refused(t, l, claim(3, "csv:1", "id-1"), "csv:2")
}

func resend(t *testing.T, l campaign.Ledger) {
	if _, err := l.Claim(t.Context(), claim(1, "csv:1", "id-1")); err != nil {
		t.Fatal(err)
	}
	c := claim(2, "csv:1", "id-1")
	c.At = at.Add(47 * time.Hour)
	refused(t, l, c, "csv:1")
	c.ResendAfter = 48 * time.Hour
	refused(t, l, c, "csv:1")
	c.At = at.Add(48 * time.Hour)
	r, err := l.Claim(t.Context(), c)
	if err != nil || r.Attempts != 2 || r.ClaimID != c.ID {
		t.Errorf("claim after the delay = attempts %d, id %s, %v; want 2, %s", r.Attempts, r.ClaimID, err, c.ID)
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

func claimRace(t *testing.T, l campaign.Ledger) {
	for round := range 10 {
		student := fmt.Sprintf("csv:%d", round)
		won := race(16, func(i int) error {
			_, err := l.Claim(t.Context(), claim(i, student, student))
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d of 16 claims of one student were granted; want 1", round, won)
		}
	}
}

func identityRace(t *testing.T, l campaign.Ledger) {
	for round := range 10 {
		identity := fmt.Sprintf("id-%d", round)
		won := race(16, func(i int) error {
			_, err := l.Claim(t.Context(), claim(i, fmt.Sprintf("csv:%d-%d", round, i), identity))
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d of 16 claims of one identity were granted; want 1", round, won)
		}
	}
}

func putRace(t *testing.T, l campaign.Ledger) {
	r, err := l.Put(t.Context(), full())
	if err != nil {
		t.Fatal(err)
	}
	if won := race(16, func(int) error { _, err := l.Put(t.Context(), r); return err }); won != 1 {
		t.Errorf("%d of 16 writes of one version succeeded; want 1", won)
	}
}

func records(t *testing.T, l campaign.Ledger) {
	want := map[string]campaign.Record{}
	for i := range 25 {
		r := full()
		r.Student = fmt.Sprintf("csv:%d", i)
		r, err := l.Put(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want[r.Student] = r
	}
	met := 0
	for r, err := range l.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		met++
		same(t, r, want[r.Student])
	}
	if met != len(want) {
		t.Errorf("Records gave %d records; want %d", met, len(want))
	}
	for range l.Records(t.Context()) {
		break // a caller may stop early
	}
}

func ownSlices(t *testing.T, l campaign.Ledger) {
	r := full()
	stored, err := l.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.History[0].What, stored.History[0].What = "changed by the caller", "changed by the caller"
	got, err := l.Get(t.Context(), r.Student)
	if err != nil {
		t.Fatal(err)
	}
	if got.History[0].What != "search" {
		t.Errorf("the ledger shares memory with its caller: %q", got.History[0].What)
	}
}

func cancelled(t *testing.T, l campaign.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Claim(ctx, claim(1, "csv:1", "id-1")); !errors.Is(err, context.Canceled) {
		t.Errorf("Claim under a cancelled context = %v; want context.Canceled", err)
	}
	if _, err := l.Get(t.Context(), "csv:1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("a cancelled Claim left a record: %v", err)
	}
}

// refused fails the test unless the claim is refused in favour of holder, and
// nothing changed.
func refused(t *testing.T, l campaign.Ledger, c campaign.Claim, holder string) {
	t.Helper()
	before, _ := l.Get(t.Context(), c.Student)
	_, err := l.Claim(t.Context(), c)
	refusal, ok := errors.AsType[*campaign.ClaimError](err)
	if !ok || refusal.Student != holder || !errors.Is(err, passerelle.ErrConflict) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("claim %s of %s = %v; want a *ClaimError held by %s, ErrConflict, not sent", c.ID, c.Student, err, holder)
	}
	after, _ := l.Get(t.Context(), c.Student)
	same(t, after, before)
}

// same compares records as what they mean: times by instant.
func same(t *testing.T, got, want campaign.Record) {
	t.Helper()
	if g, w := canonical(got), canonical(want); g != w {
		t.Errorf("record differs:\n got %s\nwant %s", g, w)
	}
}
