package campaign

import (
	"context"
	"fmt"
	"log/slog"
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

// LogValue gives the reference and the state: nothing personal.
func (e Explanation) LogValue() slog.Value { return e.Record.LogValue() }

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
		fmt.Fprintf(&b, "  %s  %s", ev.At.Format("2006-01-02 15:04"), ev.text(lang))
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

// text says what happened, in words.
func (e Event) text(lang Lang) string {
	if what, ok := eventTexts[e.What]; ok && lang.orFrench() == French {
		return what
	}
	return e.What
}

// eventTexts are the words of Event.What in French.
var eventTexts = map[string]string{
	"verification":                       "vérification",
	"search":                             "recherche",
	"follow-up":                          "suivi",
	"question refused":                   "question refusée",
	"checked before asking":              "contrôle avant l'appel",
	"registration claimed":               "demande d'immatriculation réservée",
	"registration answered":              "réponse à la demande",
	"registration refused":               "demande refusée",
	"registration not sent":              "demande non envoyée",
	"registration sent, answer lost":     "demande envoyée, réponse perdue",
	"written back to the student system": "numéro transmis au système de scolarité",
	"the base holds the number":          "la base contient le numéro",
	"settled by a search":                "tranché par une recherche",
	"the sender of the registration ended without an answer": "l'envoi s'est interrompu sans réponse",
	"settled by a person: never arrived":                     "tranché par une personne : jamais arrivé",
	"settled by a person: ask again":                         "tranché par une personne : redemander",
	"settled by a person: start over":                        "tranché par une personne : repartir de zéro",
}

// Decision is how a person ends what a run cannot end.
type Decision string

// The decisions.
const (
	// NeverArrived says that INES never had a registration whose answer was lost: it
	// may be sent anew.
	NeverArrived Decision = "never arrived"
	// AskAgain drops a refusal, so that the unchanged record is sent anew.
	AskAgain Decision = "ask again"
	// StartOver forgets everything that INES said: the record is another person's
	// now, or the registration was cancelled at INES. It is the only way to register
	// anew a student to whom INES gave a number, or who is under way or in litige.
	StartOver Decision = "start over"
)

// Decisions lists the decisions.
func Decisions() []Decision { return []Decision{NeverArrived, AskAgain, StartOver} }

// Settle applies a person's decision to a student and notes who took it. It
// refuses, with an error that is passerelle.ErrConflict, a decision that does not
// fit: NeverArrived ends a doubt, AskAgain a refusal. A student whose number
// became known needs no decision: the next run's search finds it.
func Settle(ctx context.Context, l Ledger, student string, d Decision, by string, at time.Time) error {
	rec, err := l.Get(ctx, student)
	if err != nil {
		return err
	}
	var fits bool
	switch d {
	case NeverArrived:
		fits = rec.State == StateDoubtful || rec.State == StateClaimed
	case AskAgain:
		fits = rec.State == StateRefused
	case StartOver:
		fits = true
	}
	if !fits {
		return fmt.Errorf("campaign: %s: decision %q does not fit state %q: %w", student, d, rec.State, passerelle.ErrConflict)
	}
	rec.close()
	kept := Record{Student: rec.Student, Version: rec.Version, Closed: rec.Closed, History: rec.History}
	kept.add(Event{At: at, What: "settled by a person: " + string(d), Detail: by})
	_, err = l.Put(ctx, kept)
	return err
}
