package supdata

import "log/slog"

// Outcome is what a run says of one enrolment. Every enrolment of the source has
// exactly one.
type Outcome string

// The outcomes.
const (
	Fed         Outcome = "fed"           // sent now, and recorded
	Unchanged   Outcome = "unchanged"     // recorded before, and the same since
	Changed     Outcome = "changed"       // recorded before, and different since: nothing was sent
	Resent      Outcome = "resent"        // recorded before, different since, and sent again: OnChange is Post
	Cancelled   Outcome = "cancelled"     // recorded before, and cancelled since: nothing was sent
	CancelSent  Outcome = "cancel-sent"   // its cancellation was sent: OnChange is Post
	NeverFed    Outcome = "never-fed"     // cancelled before it was fed: nothing to do
	Held        Outcome = "held"          // the student has no confirmed INE
	Invalid     Outcome = "invalid"       // a field breaks a rule: nothing was sent
	Refused     Outcome = "refused"       // SUPDATA refused it, and recorded nothing
	Duplicate   Outcome = "duplicate"     // another enrolment is the same to SUPDATA, and was sent
	Doubtful    Outcome = "doubtful"      // it was sent, and the answer is not known
	Unanswered  Outcome = "unanswered"    // nothing was recorded: the next run tries again
	NotTried    Outcome = "not-tried"     // the run had stopped: the next one tries
	Planned     Outcome = "planned"       // dry run: would be sent
	Unreadable  Outcome = "unreadable"    // the record of the source could not be read
	NoLongerFed Outcome = "not-in-source" // recorded before, and no longer in the source
)

// Outcomes lists all outcomes in the order in which a report shows them.
func Outcomes() []Outcome {
	return []Outcome{
		Fed, Resent, CancelSent, Unchanged, Planned, Changed, Cancelled, NoLongerFed, NeverFed, Held, Invalid, Refused, Duplicate, Doubtful,
		Unanswered, NotTried, Unreadable,
	}
}

// Listed reports whether a report lists the enrolment, beside counting it.
func (o Outcome) Listed() bool {
	switch o {
	case Fed, Resent, CancelSent, Unchanged, Planned, NeverFed, NotTried:
		return false
	}
	return true
}

// Item is what became of one enrolment. It holds references and names of fields,
// and no personal data beyond them.
type Item struct {
	Key     string   `json:"key"`
	Student string   `json:"student"`
	Outcome Outcome  `json:"outcome"`
	ID      string   `json:"id,omitempty"`     // id_inscription
	Fields  []string `json:"fields,omitempty"` // what changed, or what is wrong, as the service calls it or the mapping
	From    Status   `json:"from,omitempty"`   // status as it was fed
	To      Status   `json:"to,omitempty"`     // status as it is now
	Detail  string   `json:"detail,omitempty"` // for a person to read
	HTTP    int      `json:"http,omitempty"`
	UID     string   `json:"uid,omitempty"` // SUPDATA's reference of an error
	Line    int      `json:"line,omitempty"`

	seq int // place in the source, from 1; 0 for what is no longer there
}

// LogValue gives reference and outcome.
func (i Item) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", i.Student), slog.String("outcome", string(i.Outcome)))
}
