package supdata

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Ledger is the memory of what was fed. Implementations are safe for concurrent use,
// and durable ones have written what they acknowledge. The package has one in memory
// ([NewMemory]) and one in a file ([OpenFile]); package feedtest holds the suite
// that every implementation passes.
type Ledger interface {
	// Get returns the record of an enrolment by its key, or an error that is
	// passerelle.ErrNotFound.
	Get(ctx context.Context, key string) (Record, error)

	// Put writes r if the stored record has r.Version still (0: there is none),
	// and returns r with its new version. Otherwise it returns an error that is
	// passerelle.ErrConflict, and writes nothing. Put does not enter StateClaimed: Claim
	// does.
	Put(ctx context.Context, r Record) (Record, error)

	// Claim makes c.ID the only sending of the enrolment c.Key, atomically with respect to
	// every other call on the ledger, or returns a *ClaimError and changes nothing. An
	// implementation decides by CheckClaim and applies Apply.
	Claim(ctx context.Context, c Claim) (Record, error)

	// Records gives every record, in no particular order.
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// State is where an enrolment stands in the ledger. The zero value is StateNew.
type State string

// The states.
const (
	StateNew       State = ""          // nothing of it was recorded by SUPDATA
	StateClaimed   State = "claimed"   // it is being sent, or its sender died
	StateDoubtful  State = "doubtful"  // it was sent and the answer is not known
	StateFed       State = "fed"       // SUPDATA recorded it
	StateRefused   State = "refused"   // SUPDATA refused it, and recorded nothing
	StateCancelled State = "cancelled" // its cancellation was sent and recorded, see OnChange
)

// Pending reports whether the enrolment may have been recorded without our knowing.
func (s State) Pending() bool { return s == StateClaimed || s == StateDoubtful }

// Record is what the ledger holds about one enrolment that was sent. It is personal data.
type Record struct {
	Key     string `json:"key"`     // see Key
	Student string `json:"student"` // reference, sis.StudentID.String()
	Version int64  `json:"version"` // number of the last write, from 1; 0 for a record never written

	State State     `json:"state"`
	Since time.Time `json:"since"` // when State was entered

	Fed         *Enrolment `json:"fed,omitempty"`         // what SUPDATA recorded last; nil: nothing yet
	ID          string     `json:"id,omitempty"`          // id_inscription of it
	IDs         []string   `json:"ids,omitempty"`         // those of earlier calls for the same enrolment, the oldest first
	Sending     *Enrolment `json:"sending,omitempty"`     // what was sent last and is not known to be recorded
	Cancelling  bool       `json:"cancelling,omitempty"`  // whether Sending is a cancellation
	Fingerprint string     `json:"fingerprint,omitempty"` // of Sending or Fed, see Enrolment.Fingerprint

	Was    State `json:"was,omitempty"`    // StateFed or StateCancelled: where it stood before Sending
	Doubts int   `json:"doubts,omitempty"` // earlier sendings whose answer never came and that were sent again

	ClaimID   string    `json:"claim_id,omitempty"`  // of the last sending
	ClaimedAt time.Time `json:"claimed_at,omitzero"` // when
	HTTP      int       `json:"http,omitempty"`      // status of the last refusal
	UID       string    `json:"uid,omitempty"`       // SUPDATA's reference of it
}

// LogValue gives the reference and the state: nothing personal.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", r.Student), slog.String("state", string(r.State)))
}

// Claim asks for the right to send one enrolment, once.
type Claim struct {
	ID      string // identifier of this sending, unique
	Key     string // of the enrolment
	Student string // reference
	Sending Enrolment
	// Cancelling says that Sending is a cancellation.
	Cancelling bool
	// Again allows what SUPDATA recorded already to be sent in another form, see OnChange.
	Again bool
	At    time.Time // now
	// ResendAfter allows a doubtful enrolment to be sent again after that long. Zero: never.
	ResendAfter time.Duration
}

// ClaimError says why a claim was not granted. errors.Is(err,
// passerelle.ErrConflict) is true of it.
type ClaimError struct {
	Key   string // who holds the claim: this enrolment, or another that is the same to SUPDATA
	State State  // where the holder stands
	Why   string
}

// Error returns the reason and where the holder stands. It does not name the holder,
// because a caller's Key could hold anything.
func (e *ClaimError) Error() string {
	return fmt.Sprintf("supdata: claim refused: %s (state %q)", e.Why, e.State)
}

// Is reports whether target is ErrConflict.
func (e *ClaimError) Is(target error) bool { return target == passerelle.ErrConflict }

// Outcome returns NotSent: without a claim nothing is sent.
func (e *ClaimError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// CheckClaim decides whether c can be granted. rec is the record of c.Key, the zero
// Record when there is none; holder is the record of another key that holds the same
// fingerprint (see Record.Holds), the zero Record when there is none. It returns nil or
// a *ClaimError. It is for implementations of [Ledger].
func CheckClaim(rec, holder Record, c Claim) error {
	refuse := func(key string, state State, why string) error { return &ClaimError{Key: key, State: state, Why: why} }
	switch {
	case c.ID == "" || c.Key == "":
		return refuse(c.Key, rec.State, "a claim needs an id and a key")
	case holder.Key != "":
		return refuse(holder.Key, holder.State, "another enrolment is the same to SUPDATA")
	}
	switch rec.State {
	case StateNew, StateRefused:
		return nil
	case StateClaimed, StateDoubtful:
		if c.ResendAfter > 0 && c.At.Sub(rec.ClaimedAt) >= c.ResendAfter {
			return nil
		}
		return refuse(rec.Key, rec.State, "it was claimed already")
	case StateFed, StateCancelled:
		if c.Again && rec.Fed != nil && (*rec.Fed != c.Sending || c.Cancelling != (rec.State == StateCancelled)) {
			return nil
		}
	}
	return refuse(rec.Key, rec.State, "SUPDATA has recorded it already")
}

// Holds reports whether r keeps the same enrolment from being sent under another key.
func (r Record) Holds() bool {
	return r.Fingerprint != "" && (r.State.Pending() || r.State == StateFed)
}

// Apply returns rec as it stands once c is granted. The caller sets the version.
func (c Claim) Apply(rec Record) Record {
	sending := c.Sending
	switch rec.State {
	case StateClaimed, StateDoubtful:
		rec.Doubts++
	default:
		rec.Was = ""
		if rec.Fed != nil {
			rec.Was = rec.State
		}
	}
	rec.Key, rec.Student = c.Key, c.Student
	rec.Sending, rec.Cancelling, rec.Fingerprint = &sending, c.Cancelling, c.Sending.Fingerprint()
	rec.ClaimID, rec.ClaimedAt = c.ID, c.At
	rec.HTTP, rec.UID = 0, ""
	rec.State, rec.Since = StateClaimed, c.At
	return rec
}

// recorded returns r once SUPDATA has recorded what was being sent.
func (r Record) recorded(id string, at time.Time) Record {
	if r.ID != "" {
		r.IDs = append(r.IDs[:len(r.IDs):len(r.IDs)], r.ID)
	}
	r.State, r.Since = StateFed, at
	if r.Cancelling {
		r.State = StateCancelled
	}
	r.Fed, r.ID, r.Sending, r.Cancelling, r.Was = r.Sending, id, nil, false, ""
	return r
}

// released returns r once it is known that nothing was recorded of what was being
// sent: as it stood before, or in the given state when it was never recorded. An
// earlier sending may be in doubt still.
func (r Record) released(state State, at time.Time) Record {
	r.Since = at
	if r.Doubts > 0 {
		r.State = StateDoubtful
		return r
	}
	r.Sending, r.Cancelling, r.State = nil, false, state
	if r.Fed != nil {
		r.State, r.Was, r.Fingerprint = r.Was, "", r.Fed.Fingerprint()
	}
	return r
}

// clone returns r with values of its own.
func (r Record) clone() Record {
	if r.Fed != nil {
		fed := *r.Fed
		r.Fed = &fed
	}
	if r.Sending != nil {
		sending := *r.Sending
		r.Sending = &sending
	}
	r.IDs = append([]string(nil), r.IDs...)
	return r
}

// errNoRecord is what Get returns for an enrolment that was never sent.
func errNoRecord() error {
	return fmt.Errorf("supdata: no record of that enrolment: %w", passerelle.ErrNotFound)
}

// checkPut decides whether r may be written over stored.
func checkPut(stored, r *Record) error {
	switch {
	case r.Key == "":
		return fmt.Errorf("supdata: a record needs a key: %w", passerelle.ErrInvalid)
	case r.State == StateClaimed && stored.State != StateClaimed:
		return fmt.Errorf("supdata: only Claim enters the state %q: %w", StateClaimed, passerelle.ErrInvalid)
	case stored.Version != r.Version:
		return fmt.Errorf("supdata: version %d was written meanwhile, not %d: %w", stored.Version, r.Version, passerelle.ErrConflict)
	}
	return nil
}

// Settlement is what a person found out about a doubtful enrolment, by asking RENATER
// or reading it through API Particulier.
type Settlement struct {
	Fed bool   // whether SUPDATA has recorded it
	ID  string // id_inscription, when it is known
	At  time.Time
}

// Settle ends a doubt. What was not recorded may be sent again by the next run. It
// returns an error that is passerelle.ErrNotFound when the ledger does not know key, and
// passerelle.ErrConflict when there is no doubt about it. Do not settle while a run is under
// way: what is just being sent stands as claimed too. Should it happen, what SUPDATA
// records is kept all the same.
func Settle(ctx context.Context, l Ledger, key string, s Settlement) (Record, error) {
	rec, err := l.Get(ctx, key)
	if err != nil {
		return Record{}, err
	}
	if !rec.State.Pending() {
		return Record{}, fmt.Errorf("supdata: settle: the state is %q, which holds no doubt: %w", rec.State, passerelle.ErrConflict)
	}
	if s.Fed {
		return l.Put(ctx, rec.recorded(s.ID, s.At))
	}
	rec.Doubts = 0
	return l.Put(ctx, rec.released(StateNew, s.At))
}
