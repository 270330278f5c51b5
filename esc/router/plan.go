package router

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
)

// Kind is what a step does.
type Kind string

// The kinds of steps.
const (
	PutPerson    Kind = "put-person" // created, or updated where it exists
	PutCard      Kind = "put-card"   // created, or updated where it exists
	DeleteCard   Kind = "delete-card"
	DeletePerson Kind = "delete-person"
)

// Step is one thing to send to the router, with all the data that goes there: what a
// student who asks what is sent about them may see. It is personal data.
type Step struct {
	Kind   Kind
	Person *PersonUpdate // of PutPerson
	Card   *CardUpdate   // of PutCard
	Number string        // of DeleteCard
	ESI    esi.ID        // of DeletePerson
}

// LogValue shows the kind alone.
func (s Step) LogValue() slog.Value { return slog.StringValue(string(s.Kind)) }

// Plan says what [Sync.Apply] would send for a student, and sends nothing. It reads the
// state and reserves nothing. Cards of the student that only the router knows of are
// not in it.
func (s *Sync) Plan(ctx context.Context, w Wanted) ([]Step, error) {
	if err := s.check(w); err != nil {
		return nil, err
	}
	record, err := s.config.State.Load(ctx, w.Key)
	if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		return nil, err
	}
	if w.Consent && record.ESI.IsZero() && w.ESI.IsZero() {
		return nil, noESI
	}
	if !record.Replacing.IsZero() {
		return append(removal(record), s.steps(w, Record{ESI: record.Replacing})...), nil
	}
	if record.ESI.IsZero() {
		record.ESI = w.ESI
	}
	return s.steps(w, record), nil
}

var noESI = passerelle.FieldErrors{{Field: "ESI", Rule: "required", Want: "the identifier of a student who consents"}}

// steps compares what is wanted with what is known. Persons come before their cards,
// deletions of cards before that of the person.
func (s *Sync) steps(w Wanted, known Record) []Step {
	today := passerelle.DateOf(s.config.Now())
	live := func(c WantedCard) bool { return !c.ExpiresAt.Before(today) }
	if !w.Consent || !s.config.WithoutCards && !slices.ContainsFunc(w.Cards, live) {
		return removal(known)
	}
	var cards []CardUpdate
	for _, c := range w.Cards {
		before, sent := known.Cards[c.Number.String()]
		// A card that is over is not news: it is neither registered nor touched again.
		if !live(c) && (!sent || before.Digest != "" && before.Expires.Before(today)) {
			continue
		}
		cards = append(cards, c.update(w.PIC, known.ESI))
	}
	var steps []Step
	person := w.person(known.ESI)
	if s.config.Recheck || !known.Present || known.Person != digest(person) {
		steps = append(steps, Step{Kind: PutPerson, Person: &person})
	}
	for _, card := range cards {
		if before := known.Cards[card.Number]; s.config.Recheck || before.Digest != digest(card) {
			steps = append(steps, Step{Kind: PutCard, Card: &card})
		}
	}
	kept := make(map[string]bool, len(w.Cards))
	for _, c := range w.Cards {
		kept[c.Number.String()] = true
	}
	for _, number := range slices.Sorted(maps.Keys(known.Cards)) {
		if !kept[number] {
			steps = append(steps, Step{Kind: DeleteCard, Number: number})
		}
	}
	return steps
}

// removal deletes all that the router may hold.
func removal(known Record) []Step {
	var steps []Step
	for _, number := range slices.Sorted(maps.Keys(known.Cards)) {
		steps = append(steps, Step{Kind: DeleteCard, Number: number})
	}
	if known.Present {
		steps = append(steps, Step{Kind: DeletePerson, ESI: known.ESI})
	}
	return steps
}

func (w Wanted) person(id esi.ID) PersonUpdate {
	return PersonUpdate{Identifier: id, IdentifierCode: codeESI, Enrolments: []Enrolment{
		{Organisation: w.PIC, Level: w.Level, Email: w.Email, FullName: w.FullName},
	}}
}

func (c WantedCard) update(pic string, id esi.ID) CardUpdate {
	return CardUpdate{
		Number: c.Number.String(), State: c.State, Type: c.Type, DisplayName: c.DisplayName, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
		Issuer: pic, Person: id, Processor: c.Processor,
	}.trimmed()
}

// digest tells whether what would be sent is what was sent. It hides nothing from
// somebody who can guess the data.
func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and dates always marshal
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// same reports whether the router holds what would be sent of a person.
func (p *Person) same(u PersonUpdate) bool {
	want := u.Enrolments[0]
	m, ok := p.Membership(want.Organisation)
	if !ok || m.FullName != want.FullName {
		return false
	}
	var level AcademicLevel
	if m.Level != nil {
		level = AcademicLevel(m.Level.Key)
	}
	var email string
	if m.Contact != nil {
		email = m.Contact.Email
	}
	return level == want.Level && email == want.Email
}

func lower(s string) string { return strings.ToLower(s) }
