package router

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
)

// Key is a student at an institution. It is comparable. One student of two
// institutions is two keys, even under one identifier.
type Key struct {
	PIC     string `json:"pic"`     // nine digits
	Student string `json:"student"` // reference of the student in the caller's system
}

// LogValue hides the student.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.PIC + "/***") }

// Record is what is known of the dealings with the router about one student. It
// holds no name and no address: what was sent is kept as a digest.
type Record struct {
	Key
	ESI       esi.ID                `json:"esi,omitzero"`       // the first identifier that was sent: it is kept for ever, but for Replace
	Former    []esi.ID              `json:"former,omitempty"`   // identifiers given up by Replace
	Replacing esi.ID                `json:"replacing,omitzero"` // identifier of a Replace under way
	Person    string                `json:"person,omitempty"`   // digest of what the router holds of the person; "" when it is not known
	Cards     map[string]CardRecord `json:"cards,omitempty"`    // by number: the cards that the router holds, or may hold
	Present   bool                  `json:"present,omitempty"`  // the router holds the person, or may
	Gone      bool                  `json:"gone,omitempty"`     // the router said that the person was anonymised and does not come back
	Pending   *Pending              `json:"pending,omitempty"`  // what could not be done; nil when all is done
}

// CardRecord is what is known of a card.
type CardRecord struct {
	Digest  string          `json:"digest,omitempty"` // of what the router holds; "" when it is not known
	Expires passerelle.Date `json:"expires"`          // as it was sent
}

// Pending is work that could not be done.
type Pending struct {
	Since    time.Time `json:"since"`
	Last     time.Time `json:"last"`
	Attempts int       `json:"attempts"`
	Deferred bool      `json:"deferred"` // trying again may help; else a person has to look
	Reason   string    `json:"reason"`   // text of the error, without personal data
}

// LogValue masks the record.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("key", r.Key), slog.Bool("present", r.Present), slog.Int("cards", len(r.Cards)), slog.Bool("pending", r.Pending != nil))
}

// clone returns a copy that shares nothing.
func (r Record) clone() Record {
	cards := make(map[string]CardRecord, len(r.Cards))
	for number, c := range r.Cards {
		cards[number] = c
	}
	r.Cards = cards
	r.Former = append([]esi.ID(nil), r.Former...)
	if r.Pending != nil {
		p := *r.Pending
		r.Pending = &p
	}
	return r
}

// State keeps the records between runs and processes. Implementations are safe for
// concurrent use; what Save and Reserve acknowledge is durable as far as the
// implementation promises. esctest.TestState is their conformance suite.
type State interface {
	// Load returns a record that the caller may change, or an error for which
	// errors.Is(err, passerelle.ErrNotFound) is true when there is none.
	Load(ctx context.Context, k Key) (Record, error)
	// Save puts a record in the place of the one with its key.
	Save(ctx context.Context, r Record) error
	// Reserve gives a name to a key, atomically, and returns the key that holds it:
	// the given one, or whichever came first.
	Reserve(ctx context.Context, name string, k Key) (holder Key, err error)
	// Release frees a name that the key holds, and does nothing when it does not.
	Release(ctx context.Context, name string, k Key) error
	// Records yields all records in no particular order. An error is the last
	// element. Records saved meanwhile may or may not be seen.
	Records(ctx context.Context) iter.Seq2[Record, error]
}
