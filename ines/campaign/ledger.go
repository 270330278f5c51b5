package campaign

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Ledger is the memory of campaigns. Implementations are safe for concurrent
// use, and durable ones have written what they acknowledge. The package has one in
// memory ([NewMemory]) and one in a file ([OpenFile]); package campaigntest holds the suite
// that every implementation passes.
type Ledger interface {
	// Get returns the record of a student, or an error that is
	// passerelle.ErrNotFound.
	Get(ctx context.Context, student string) (Record, error)

	// Put writes r if the stored record has r.Version still (0: there is none),
	// and returns r with its new version. Otherwise it returns an error that is
	// passerelle.ErrConflict, and writes nothing. Put does not change State to
	// StateClaimed: Claim does.
	Put(ctx context.Context, r Record) (Record, error)

	// Claim makes c.Student's registration c.ID the only one, atomically with
	// respect to every other call on the ledger, or returns a *ClaimError and
	// changes nothing. An implementation decides by CheckClaim and applies Apply.
	Claim(ctx context.Context, c Claim) (Record, error)

	// Records gives every record, in no particular order.
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// Claim asks for the right to register one student, once.
type Claim struct {
	ID       string    // identifier of this registration, unique
	Student  string    // reference of the student
	Identity string    // fingerprint of the civil identity, not empty
	Held     string    // the INE that the base holds
	UAI      string    // establishment that asks
	At       time.Time // now
	// ResendAfter allows a second registration of a student, under the same
	// identity, whose first one is doubtful for that long. Zero: never.
	ResendAfter time.Duration
}

// ClaimError says why a claim was not granted. errors.Is(err,
// passerelle.ErrConflict) is true of it.
type ClaimError struct {
	Student string // who holds the claim: the student, or another record of the same identity
	State   State  // where the holder stands
	Why     string
}

// Error returns the holder and the reason.
func (e *ClaimError) Error() string {
	return fmt.Sprintf("campaign: claim refused: %s (held by %s, %s)", e.Why, e.Student, e.State)
}

// Is reports whether target is ErrConflict.
func (e *ClaimError) Is(target error) bool { return target == passerelle.ErrConflict }

// Outcome returns NotSent: without a claim nothing is sent.
func (e *ClaimError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// CheckClaim decides whether c can be granted. rec is the student's record, the
// zero Record when there is none; holder is a record of another student that holds
// the same identity (see HoldsIdentity), the zero Record when there is none. It returns
// nil or a *ClaimError. It is for implementations of [Ledger].
func CheckClaim(rec, holder Record, c Claim) error {
	switch {
	case c.ID == "" || c.Student == "" || c.Identity == "":
		return &ClaimError{Student: c.Student, State: rec.State, Why: "a claim needs an id, a student and an identity"}
	case holder.Student != "":
		return &ClaimError{Student: holder.Student, State: holder.State, Why: "another record has the same civil identity"}
	}
	if !rec.INE.IsZero() {
		return &ClaimError{Student: rec.Student, State: rec.State, Why: "INES gave the student a number"}
	}
	switch rec.State {
	case StateNew, StateUnknown:
		return nil
	case StateRefused:
		if rec.Identity != c.Identity {
			return nil
		}
		return &ClaimError{Student: rec.Student, State: rec.State, Why: "this identity was refused already"}
	case StateClaimed, StateDoubtful:
		if c.ResendAfter > 0 && rec.Identity == c.Identity && c.At.Sub(rec.ClaimedAt) >= c.ResendAfter {
			return nil
		}
		return &ClaimError{Student: rec.Student, State: rec.State, Why: "a registration was claimed already"}
	default:
		return &ClaimError{Student: rec.Student, State: rec.State, Why: "INES has answered already"}
	}
}

// HoldsIdentity reports whether r keeps its identity from being registered for
// another student: a registration of it was claimed and has not been released or refused.
func (r Record) HoldsIdentity() bool {
	return r.Identity != "" && r.Attempts > 0 && (r.State.Pending() || r.State == StateConfirmed)
}

// Apply returns rec as it stands once c is granted. The caller sets the version.
func (c Claim) Apply(rec Record) Record {
	rec.Student = c.Student
	rec.Identity, rec.Held, rec.UAI = c.Identity, c.Held, c.UAI
	rec.ClaimID, rec.ClaimedAt = c.ID, c.At
	rec.Attempts++
	rec.close()
	rec.Code, rec.Message = "", ""
	rec.State = StateClaimed
	rec.conclude(Doubtful, c.At)
	rec.add(Event{At: c.At, What: "registration claimed", Detail: c.ID})
	return rec
}

// errNoRecord is what Get returns for a student nobody asked about.
func errNoRecord(student string) error {
	return fmt.Errorf("campaign: no record of %s: %w", student, passerelle.ErrNotFound)
}

// checkPut decides whether r may be written over stored.
func checkPut(stored, r *Record) error {
	switch {
	case r.Student == "":
		return fmt.Errorf("campaign: a record needs a student: %w", passerelle.ErrInvalid)
	case r.State == StateClaimed && stored.State != StateClaimed:
		return fmt.Errorf("campaign: %s: only Claim enters %s: %w", r.Student, StateClaimed, passerelle.ErrInvalid)
	case stored.Version != r.Version:
		return fmt.Errorf("campaign: %s: version %d was written meanwhile, not %d: %w", r.Student, stored.Version, r.Version, passerelle.ErrConflict)
	}
	return nil
}
