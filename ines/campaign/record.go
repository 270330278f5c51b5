package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
)

// State is where a student stands in the ledger. The zero value is StateNew.
type State string

// The states.
const (
	StateNew       State = ""            // nothing is settled: whatever was asked may be asked again
	StateUnknown   State = "unknown"     // INES has nobody matching: may be registered
	StateClaimed   State = "claimed"     // a registration is being sent, or its sender died
	StateDoubtful  State = "doubtful"    // a registration was sent and its answer is not known
	StateOpen      State = "in-progress" // INES registers: follow up
	StateLitige    State = "litige"      // INES has a litige about a registration: follow up
	StateConfirmed State = "confirmed"   // INES gave the number
	StateRefused   State = "refused"     // INES answered by an error, or by bad data
)

// Pending reports whether a registration of the student is in INES's hands, or
// may be: it must not be sent again.
func (s State) Pending() bool {
	return s == StateClaimed || s == StateDoubtful || s == StateOpen || s == StateLitige
}

// Record is what the ledger holds about one student whom a campaign asked about.
// It is personal data: an INE, INES's own words, and a fingerprint of the identity.
type Record struct {
	Student string `json:"student"` // reference, sis.StudentID.String()
	Version int64  `json:"version"` // number of the last write, from 1; 0 for a record never written

	State   State     `json:"state"`
	Outcome Outcome   `json:"outcome,omitempty"` // what the last run said
	Since   time.Time `json:"since,omitzero"`    // when Outcome was first said

	// The last question that INES answered.
	AskedAt       time.Time `json:"asked_at,omitzero"`
	AskedIdentity string    `json:"asked_identity,omitempty"` // fingerprint of the civil identity, see Fingerprint
	AskedHeld     string    `json:"asked_held,omitempty"`     // the INE that the base held then

	// The registration that was claimed last.
	ClaimID   string    `json:"claim_id,omitempty"`
	ClaimedAt time.Time `json:"claimed_at,omitzero"`
	UAI       string    `json:"uai,omitempty"`        // establishment that asked
	Attempts  int       `json:"attempts,omitempty"`   // registrations that may have arrived
	RequestID string    `json:"request_id,omitempty"` // INES's reference of the last one
	Closed    []string  `json:"closed,omitempty"`     // INES's references of earlier ones, which have ended

	// The number that INES gave, and to whom.
	Identity   string       `json:"identity,omitempty"` // fingerprint of who holds the number, or the claim
	Held       string       `json:"held,omitempty"`     // the INE that the base held at that moment
	INE        ine.Number   `json:"ine,omitzero"`
	GivenAt    time.Time    `json:"given_at,omitzero"`
	Alternates []ine.Number `json:"alternates,omitempty"`
	Origin     string       `json:"origin,omitempty"` // operation that gave the INE
	Code       string       `json:"code,omitempty"`
	Message    string       `json:"message,omitempty"`
	WrittenAt  time.Time    `json:"written_at,omitzero"` // when the number was written back

	History []Event `json:"history,omitempty"` // the oldest first
}

// Event is one thing that happened to a student.
type Event struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`             // "search", "registration sent", "answer lost", "settled by a person"…
	Status string    `json:"status,omitempty"` // INES's status word
	Code   string    `json:"code,omitempty"`
	Detail string    `json:"detail,omitempty"` // for people; personal, it may hold INES's words or a number
}

// maxHistory bounds what a record keeps: the first event and the newest ones.
const maxHistory = 64

// LogValue gives the reference and the state: nothing personal.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", r.Student), slog.String("state", string(r.State)))
}

// add appends an event.
func (r *Record) add(e Event) {
	if len(r.History) >= maxHistory {
		r.History = append(r.History[:1:1], r.History[2:]...)
	}
	r.History = append(r.History[:len(r.History):len(r.History)], e)
}

// conclude sets what is said of the student and dates it, if it is new.
func (r *Record) conclude(o Outcome, at time.Time) {
	if r.Outcome != o || r.Since.IsZero() {
		r.Outcome, r.Since = o, at
	}
}

// take copies what INES said of the person.
func (r *Record) take(a ines.Answer, at time.Time) {
	r.Code, r.Message = a.Code, a.Message
	if a.RequestID != "" {
		r.RequestID = a.RequestID
	}
	if a.Status != ines.StatusConfirmed || a.Master == r.INE {
		return
	}
	r.Alternates = slices.Clone(a.Alternates)
	if !r.INE.IsZero() && !slices.Contains(r.Alternates, r.INE) {
		r.Alternates = append(r.Alternates, r.INE)
	}
	r.INE, r.GivenAt, r.Origin, r.WrittenAt = a.Master, at, string(a.Operation), time.Time{}
}

// close notes that the registration which INES knows as RequestID has ended.
func (r *Record) close() {
	if r.RequestID != "" {
		r.Closed = append(r.Closed[:len(r.Closed):len(r.Closed)], r.RequestID)
		r.RequestID = ""
	}
}

// Fingerprint returns a digest that is equal for two records of one civil
// identity (see passerelle.Person.IdentityKey), or "" when the identity is incomplete.
// It hides the identity from the eye, not from someone who guesses it: it is
// personal data still.
func Fingerprint(p passerelle.Person) string {
	key := p.IdentityKey()
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("passerelle/ines/campaign identity 1\n" + key))
	return hex.EncodeToString(sum[:])
}
