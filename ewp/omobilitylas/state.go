package omobilitylas

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
)

// State is the life of one learning agreement, as the sending or the receiving
// institution keeps it. It is personal data. Its methods return a new state and leave
// theirs as it is; parts are shared between the two and must not be changed.
type State struct {
	Version int64 `json:"version"` // number of the last write, from 1; 0 for a state never written
	// Agreement is what "get" shows: to the sending institution the document that it
	// serves, to the receiving one what it has read.
	Agreement Agreement `json:"agreement"`
	// Decisions are those of the receiving institution, the oldest first: taken by it, or
	// received from it.
	Decisions []Decided `json:"decisions,omitempty"`
	// Modified is when what "get" shows changed last.
	Modified time.Time `json:"modified"`
	// Due says that the receiving institution is to be notified of it, and was not yet:
	// see Told. Of the sending institution only.
	Due bool `json:"due,omitempty"`
}

// Decided is a decision of the receiving institution on a proposal.
type Decided struct {
	ProposalID string    `json:"proposal_id"`
	Approved   bool      `json:"approved"`
	Comment    string    `json:"comment,omitempty"`
	Signature  Signature `json:"signature"`
	At         time.Time `json:"at"`
	Content    string    `json:"content"` // fingerprint of what was decided on
}

// Key names an agreement among those of all institutions. It is comparable.
type Key struct {
	Sending ewp.HEIID
	ID      string // of the mobility
}

// Key returns the key of the agreement.
func (s State) Key() Key { return Key{s.Agreement.Sending.HEI, s.Agreement.OMobilityID} }

// IsZero reports whether k names nothing.
func (k Key) IsZero() bool { return k == Key{} }

// Stage is where an agreement stands.
type Stage string

// The stages. The zero value is that of an agreement of which nothing is to be seen: not
// proposed yet, or withdrawn before it was agreed.
const (
	FirstProposed    Stage = "first-proposed"
	FirstCommented   Stage = "first-commented" // the receiving institution wants something else
	Agreed           Stage = "agreed"          // the latest version is approved
	ChangesProposed  Stage = "changes-proposed"
	ChangesCommented Stage = "changes-commented"
)

// Stage returns where the agreement stands.
func (s State) Stage() Stage {
	a := s.Agreement
	switch {
	case a.Proposal == nil && a.First == nil:
		return ""
	case a.Proposal == nil:
		return Agreed
	case a.First == nil && s.commented():
		return FirstCommented
	case a.First == nil:
		return FirstProposed
	case s.commented():
		return ChangesCommented
	}
	return ChangesProposed
}

// commented reports whether the last decision is a comment on the present proposal.
func (s State) commented() bool {
	d := s.Last()
	return d != nil && !d.Approved && s.Agreement.Proposal != nil && d.ProposalID == s.Agreement.Proposal.ID
}

// Last returns the last decision of the receiving institution, nil where there is none.
func (s State) Last() *Decided {
	if len(s.Decisions) == 0 {
		return nil
	}
	d := s.Decisions[len(s.Decisions)-1]
	return &d
}

// Side is a part in a mobility.
type Side string

// The sides: of the student, never of a call.
const (
	Sending   Side = "sending"
	Receiving Side = "receiving"
)

// Action is what a side may do.
type Action string

// The actions. The first three are of the sending side.
const (
	Propose  Action = "propose"
	Withdraw Action = "withdraw"
	Amend    Action = "amend"
	Approve  Action = "approve"
	Comment  Action = "comment"
)

// May returns what a side may do now.
func (s State) May(side Side) []Action {
	open := s.Agreement.Proposal != nil
	if side == Receiving {
		if open {
			return []Action{Approve, Comment}
		}
		return nil
	}
	var list []Action
	if s.open(Propose) == nil {
		list = append(list, Propose)
	}
	if open {
		list = append(list, Withdraw)
	}
	return append(list, Amend)
}

// open refuses a proposal where the type of the mobility has none any more.
func (s State) open(action Action) error {
	if kind := s.Agreement.Type(); s.Agreement.First != nil && kind != Semester {
		return action.refuse("type", "a mobility of a semester: others have no change after the first version")
	}
	return nil
}

// VisibleTo reports whether "get" and "index" show the agreement to an institution: it
// is the receiving one, and there is something that student and sending institution have
// signed.
func (s State) VisibleTo(caller ewp.HEIID) bool {
	return !caller.IsZero() && caller == s.Agreement.Receiving.HEI && s.Stage() != ""
}

// Told returns the state of which the receiving institution was notified.
func (s State) Told() State {
	s.Due = false
	return s
}

// LogValue gives the key and the stage: nothing of what is in the agreement.
func (s State) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("agreement", s.Agreement), slog.String("stage", string(s.Stage())), slog.Bool("due", s.Due))
}

// changed returns the state as one whose "get" changed.
func (s State) changed(at time.Time) State {
	s.Modified, s.Due = at.UTC(), true
	return s
}

// decided returns the state with one more decision.
func (s State) decided(d Decided) State {
	s.Decisions = append(slices.Clip(s.Decisions), d)
	return s
}

// String returns the key in words: "uni-a.example c442c289".
func (k Key) String() string { return strings.TrimSpace(k.Sending.String() + " " + k.ID) }
