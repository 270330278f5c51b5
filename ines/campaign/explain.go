package campaign

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Explain tells one student's history from the ledger, or returns an error that
// is passerelle.ErrNotFound for a student that no campaign asked about.
func Explain(ctx context.Context, l Ledger, student string) (Explanation, error) {
	rec, err := l.Get(ctx, student)
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{Record: rec}, nil
}

// Explanation is the history of one student. It is personal data.
type Explanation struct {
	Record Record
}

// Text writes the history for a person: where the student stands, what happened
// and when, and what to do.
func (e Explanation) Text(lang Lang) string {
	var b strings.Builder
	r := e.Record
	outcome := Item{}.fromRecord(r).Outcome
	fmt.Fprintf(&b, "%s: %s", r.Student, outcome.Title(lang))
	if !r.Since.IsZero() {
		fmt.Fprintf(&b, " (%s)", r.Since.Format(time.DateOnly))
	}
	b.WriteString("\n")
	for _, ev := range r.History {
		fmt.Fprintf(&b, "  %s  %s", ev.At.Format("2006-01-02 15:04"), ev.What)
		for _, part := range []string{ev.Status, ev.Code, ev.Detail} {
			if part != "" {
				fmt.Fprintf(&b, " — %s", part)
			}
		}
		b.WriteString("\n")
	}
	if todo := outcome.Todo(lang); todo != "" {
		fmt.Fprintf(&b, "→ %s\n", todo)
	}
	return b.String()
}

// Decision is how a person ends a doubt or a refusal.
type Decision string

// The decisions.
const (
	// NeverArrived says that INES never had the registration: it may be sent anew.
	NeverArrived Decision = "never arrived"
	// AskAgain drops a refusal, so that the unchanged record is sent anew.
	AskAgain Decision = "ask again"
)

// Settle applies a person's decision to a student and notes who took it. It
// refuses, with an error that is passerelle.ErrConflict, a decision that does not fit the
// state: NeverArrived ends a doubt, AskAgain a refusal. A student whose number
// became known needs no decision: the next run's search finds it.
func Settle(ctx context.Context, l Ledger, student string, d Decision, by string, at time.Time) error {
	rec, err := l.Get(ctx, student)
	if err != nil {
		return err
	}
	fits := d == NeverArrived && (rec.State == StateDoubtful || rec.State == StateClaimed) || d == AskAgain && rec.State == StateRefused
	if !fits {
		return fmt.Errorf("campaign: %s: decision %q does not fit state %q: %w", student, d, rec.State, passerelle.ErrConflict)
	}
	rec.enter(StateNew, at)
	rec.Outcome, rec.Attempts, rec.AskedAt = "", 0, time.Time{}
	rec.ClaimID, rec.ClaimedAt = "", time.Time{}
	rec.add(Event{At: at, What: "settled by a person: " + string(d), Detail: by})
	_, err = l.Put(ctx, rec)
	return err
}
