package iias

import (
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// Step is a step of the life cycle of an agreement.
type Step string

// The steps.
const (
	Creating    Step = "create"
	Mapping     Step = "map"
	Unmapping   Step = "unmap"
	Seeing      Step = "see"      // the partner's copy was fetched
	Losing      Step = "lose"     // the partner has no copy any more
	Approving   Step = "approve"  // the partner's copy
	Hearing     Step = "hear"     // what the partner approves
	Modifying   Step = "modify"   // the own copy
	Reverting   Step = "revert"   // to the agreed state
	Withdrawing Step = "withdraw" // the approval of the partner's copy
	Deleting    Step = "delete"   // the own copy
	Terminating Step = "terminate"
)

// RefusedError says why a step cannot be taken in the state of the record. errors.Is
// knows it as passerelle.ErrConflict.
type RefusedError struct {
	Step Step
	Rule string // the broken rule, a stable word: "deleted", "mapped", "agreed", "changed"
	Want string // what must be so, for a person to read
}

// Error returns the step, the rule and what must be so.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("iias: %s: %s: want %s", e.Step, e.Rule, e.Want)
}

// Is reports whether target is passerelle.ErrConflict.
func (e *RefusedError) Is(target error) bool { return target == passerelle.ErrConflict }

// Outcome returns passerelle.NotSent.
func (e *RefusedError) Outcome() passerelle.Outcome { return passerelle.NotSent }

func (s Step) refuse(rule, want string) error { return &RefusedError{s, rule, want} }

// exists refuses a step on a copy that is deleted, or was never made.
func (r Record) exists(s Step) error {
	if r.Deleted {
		return s.refuse("deleted", "a copy that is not deleted")
	}
	if r.Own.IsZero() {
		return s.refuse("created", "a copy of our own")
	}
	return nil
}

// of refuses a copy that is not one of the two partners of the record, or older than
// the one that was seen last.
func (r Record) of(v *Verified, s Step) error {
	switch {
	case v == nil || v.document == "":
		return s.refuse("fetched", "the partner's copy, fetched by Client.Fetch")
	case v.owner != r.Partner || v.other != r.HEI:
		return s.refuse("partner", "a copy of the partner's, fetched in our name")
	case v.at.Before(r.Seen.At):
		return s.refuse("older", "a copy that was not fetched before the last one that was seen")
	}
	return nil
}
