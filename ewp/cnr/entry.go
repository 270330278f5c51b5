package cnr

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// State is where a change stands. It is written as its String.
type State string

// The states of an [Entry].
const (
	Waiting State = "waiting" // to be done when it is due, or being done under a lease
	Done    State = "done"    // the partner answered 200, or the object was fetched
	Refused State = "refused" // 4xx: not repeated by itself, see [Entry.Said]
	Expired State = "expired" // given up after the expiry
)

// IsFinal reports whether nothing more is done by itself.
func (s State) IsFinal() bool { return s == Done || s == Refused || s == Expired }

// Entry is what a queue knows of one change. Times are UTC. A queue holds one
// entry for each [Change]; the rules by which it goes on are [Entry.Merge],
// [Entry.Again], [Entry.Lease] and [Entry.Settle], which every queue applies as they are.
type Entry struct {
	Change   Change    `json:"change"`
	State    State     `json:"state"`
	Changes  int64     `json:"changes"`            // how often the object was added, ever
	Since    time.Time `json:"since"`              // the oldest change that is not done yet, the last done otherwise
	Changed  time.Time `json:"changed"`            // the newest change
	Due      time.Time `json:"due,omitzero"`       // when it may be done
	Attempts int       `json:"attempts,omitempty"` // tries that failed since it was last final
	Claim    int64     `json:"claim,omitempty"`    // of the lease, a new one each time
	Leased   time.Time `json:"leased,omitzero"`    // end of the lease
	Settled  time.Time `json:"settled,omitzero"`   // of the last result
	Status   int       `json:"status,omitempty"`   // HTTP status of the last result, 0 where none came
	Reason   string    `json:"reason,omitempty"`   // of the last failure, without personal data
	Said     string    `json:"said,omitempty"`     // the partner's own words about it: may be personal
}

// Result is what became of a claimed entry. Status, Reason and Said are kept of one
// that is final or was tried.
type Result struct {
	At     time.Time
	State  State     // Done, Refused, Expired; or Waiting, to be tried at Due
	Due    time.Time // for Waiting
	Tried  bool      // it counts as an attempt
	Status int
	Reason string // without personal data
	Said   string // the partner's own words: may be personal
}

// maxSaid bounds what is kept of a partner's words, in bytes.
const maxSaid = 2000

// Ready is the earliest moment when a waiting entry can be claimed.
func (e Entry) Ready() time.Time {
	if e.Leased.After(e.Due) {
		return e.Leased
	}
	return e.Due
}

// Merge returns the entry after its object changed again, or for the first time
// when e is zero. An entry that waits goes on waiting as long as it has to: a
// partner that is down is not asked sooner because more happens here. One that was
// final begins anew.
func (e Entry) Merge(c Change, at time.Time) Entry {
	at = at.UTC()
	e.Change = c
	e.Changes++
	if e.State != Waiting {
		e.State, e.Attempts, e.Since, e.Due = Waiting, 0, at, at
		e.Claim, e.Leased = 0, time.Time{}
		e.Status, e.Reason, e.Said = 0, "", ""
	}
	e.Changed = at
	return e
}

// Again returns the entry as Merge does, to be done at once: a person asked for it.
func (e Entry) Again(c Change, at time.Time) Entry {
	e = e.Merge(c, at)
	e.Due = at.UTC()
	return e
}

// Lease returns the entry claimed until a moment. claim is a number that the queue
// gave to no claim of this entry before.
func (e Entry) Lease(claim int64, until time.Time) Entry {
	e.Claim, e.Leased = claim, until.UTC()
	return e
}

// Settle returns the stored entry e after the one that was claimed came to a
// result. A final result of an object that changed meanwhile is about an older
// state: the entry waits again, and may be claimed at once. Its error is
// passerelle.ErrConflict when another claim was made since, or a result given.
func (e Entry) Settle(claimed Entry, r Result) (Entry, error) {
	if e.State != Waiting || claimed.Claim == 0 || e.Claim != claimed.Claim {
		return e, fmt.Errorf("cnr: settle: the claim was lost: %w", passerelle.ErrConflict)
	}
	r.At = r.At.UTC()
	e.Claim, e.Leased, e.Settled = 0, time.Time{}, r.At
	if r.Tried || r.State.IsFinal() {
		e.Status, e.Reason, e.Said = r.Status, r.Reason, strings.ToValidUTF8(r.Said[:min(len(r.Said), maxSaid)], "")
	}
	switch {
	case r.State.IsFinal() && e.Changes != claimed.Changes:
		e.Attempts, e.Since, e.Due = 0, e.Changed, r.At
	case r.State.IsFinal():
		e.State, e.Due = r.State, time.Time{}
		if r.State != Done {
			e.Attempts++
		}
	default:
		e.Due = r.Due.UTC()
		if r.Tried {
			e.Attempts++
		}
	}
	return e, nil
}

// LogValue returns route, state, attempts, status and reason.
func (e Entry) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("change", e.Change), slog.String("state", string(e.State)),
		slog.Int("attempts", e.Attempts), slog.Int("status", e.Status), slog.String("reason", e.Reason))
}
