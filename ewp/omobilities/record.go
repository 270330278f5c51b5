package omobilities

import (
	"log/slog"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// Key names a mobility in the whole network: identifiers are given by the sending
// institution, and two may give the same. It is comparable; the zero value is none.
type Key struct {
	Sending ewp.HEIID `json:"sending"`
	ID      string    `json:"id"`
}

// IsZero reports whether k names nothing.
func (k Key) IsZero() bool { return k.Sending.IsZero() || k.ID == "" }

// LogValue gives the institution: the identifier is that of a person's stay.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.Sending.String()) }

// Record is what one side knows of a mobility: S of what it serves, R of what it
// fetched last and decided. It is personal. The zero value is no mobility.
type Record struct {
	Mobility Mobility `json:"mobility"` // as S serves it: at S now, at R when it was fetched last
	Version  int64    `json:"version"`  // number of the last write, from 1; 0 for a record never written

	Created time.Time `json:"created,omitzero"`
	// Modified is when what is served changed last, in whole seconds or finer: what
	// modified_since is compared with.
	Modified time.Time `json:"modified,omitzero"`
	// Decision is the last one of R; at S the last that changed the status.
	Decision Decision `json:"decision,omitzero"`

	// Untold says, at S, that R is still to be told of the last change.
	Untold bool `json:"untold,omitempty"`
	// Gone says, at R, that S does not show the mobility any more.
	Gone bool `json:"gone,omitempty"`
	// Findings are what was out of rule in the answer of S that was fetched last.
	Findings []Finding `json:"findings,omitempty"`
}

// Decision is what R said of a proposal. The zero value is none.
type Decision struct {
	Verdict    Verdict   `json:"verdict"`
	ProposalID string    `json:"proposal_id"` // that was looked at
	Comment    string    `json:"comment,omitempty"`
	At         time.Time `json:"at,omitzero"`
	// Delivery says, at R, what became of it on its way to S.
	Delivery Delivery `json:"delivery,omitempty"`
}

// Delivery is what became of a decision on its way to S. The zero value is that it
// was made, and what S knows of it is not known: it was not sent, or the answer was
// lost. It is safe to send it again.
type Delivery string

// The outcomes. All are final for that decision.
const (
	Taken   Delivery = "taken"   // S did what it says
	Stale   Delivery = "stale"   // S has another proposal, or another status: 409
	Refused Delivery = "refused" // S does not know the mobility as one to us, or the document is wrong: 400
)

// IsZero reports whether there is no decision.
func (d Decision) IsZero() bool { return d.Verdict == "" }

// Key returns the name of the mobility.
func (r Record) Key() Key { return Key{r.Mobility.Nomination.Sending.HEI, r.Mobility.ID} }

// LogValue gives the institutions, the status and nothing personal.
func (r Record) LogValue() slog.Value { return r.Mobility.LogValue() }

// change is the notification to R that is due.
func (r Record) change() []cnr.Change {
	n := r.Mobility.Nomination
	return []cnr.Change{{Route: cnr.Route{From: n.Sending.HEI, To: n.Receiving.HEI, API: ewp.OMobilityCNR}, ID: r.Mobility.ID}}
}

// same reports whether two records say the same, whatever their versions are.
func (r Record) same(o Record) bool {
	return sameMobility(r.Mobility, o.Mobility) && r.Modified.Equal(o.Modified) && r.Decision == o.Decision && r.Untold == o.Untold && r.Gone == o.Gone &&
		slices.Equal(r.Findings, o.Findings)
}

// clone copies what is behind pointers and slices.
func (r Record) clone() Record {
	s, n := &r.Mobility.Student, &r.Mobility.Nomination
	s.GivenNames, s.FamilyName = slices.Clone(s.GivenNames), slices.Clone(s.FamilyName)
	if n.NonStandard != nil {
		n.NonStandard = &Period{}
	}
	r.Findings = slices.Clone(r.Findings)
	return r
}

// Reason is why something was refused, a stable word.
type Reason string

// The reasons.
const (
	UnknownMobility Reason = "unknown"      // there is no such mobility for who asks
	OtherProposal   Reason = "proposal"     // another proposal is current
	IsCancelled     Reason = "cancelled"    // what is cancelled stays so
	IsApproved      Reason = "approved"     // what is approved can only be cancelled
	OtherParties    Reason = "institutions" // the institutions of a mobility never change
	OtherStudent    Reason = "student"      // neither does the student
	IsGone          Reason = "gone"         // S does not show it any more
	Exists          Reason = "exists"       // there is a mobility of this identifier
	NotDecidable    Reason = "inconsistent" // what S serves contradicts the rules: see Record.Findings
)
