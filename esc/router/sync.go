package router

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esi"
)

// Wanted is what the student system wants the router to hold about one student at
// one institution. It is personal data.
type Wanted struct {
	Key
	// Consent is the student's agreement to the European card. Without it nothing is
	// sent, and what was sent is deleted.
	Consent bool
	ESI     esi.ID // used the first time only: the router never lets an identifier change
	// FullName, Email and Level are sent; Level may be empty.
	FullName string
	Email    string
	Level    AcademicLevel
	// Cards are all the student's cards of the institution. One that is left out is
	// deleted at the router.
	Cards []WantedCard
}

// WantedCard is a card that the router shall hold.
type WantedCard struct {
	Number      esc.Number
	State       CardState // Active or Inactive
	Type        CardType
	DisplayName string
	IssuedAt    passerelle.Date
	ExpiresAt   passerelle.Date
	Processor   string // VAT number of a third party, usually empty
}

// LogValue masks everything but the institution.
func (w Wanted) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("key", w.Key), slog.Bool("consent", w.Consent), slog.Int("cards", len(w.Cards)))
}

// Effect is what came of bringing the router to what is wanted.
type Effect string

// The effects. Every student has exactly one.
const (
	Nothing   Effect = "nothing"   // no consent, nothing was ever sent, nothing is sent
	Unchanged Effect = "unchanged" // the router holds what is wanted as far as is known; nothing was sent
	Sent      Effect = "sent"      // the router now holds what is wanted
	Removed   Effect = "removed"   // consent is gone or no card is left: the router holds nothing any more
	Deferred  Effect = "deferred"  // the router could not be reached, did not say, or was not asked: Apply again later
	Refused   Effect = "refused"   // the router, or a rule here, refuses: a person has to look
)

// Result is what came of one student.
type Result struct {
	Key
	Effect Effect
	Steps  []Step // what was sent and accepted, in order
	// ESI is the identifier under which the router knows the student. When
	// KeptESI is set it is not the wanted one but the first that was sent.
	ESI     esi.ID
	KeptESI bool
	Err     error // of Deferred and Refused
}

// LogValue masks the student.
func (r Result) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("key", r.Key), slog.String("effect", string(r.Effect)), slog.Int("steps", len(r.Steps)), slog.Bool("kept_esi", r.KeptESI))
}

// SyncConfig is how a Sync works.
type SyncConfig struct {
	Client *Client // required
	State  State   // required
	// WithoutCards registers, and keeps registered, students who have no card or none
	// that is not over. By default they are not at the router, as in the practice of
	// French card systems: the last card that lapses takes the person along.
	WithoutCards bool
	// Recheck does not trust what the state says that the router holds: everything is
	// compared or sent again. For a run from time to time.
	Recheck bool
	// Workers is how many students [Sync.Run] works on at a time; 0 is 4.
	Workers int
	// BreakAfter is after how many students in a row for whom the router could not be
	// reached, or did not take the token, Run stops asking it and defers the rest; 0 is 5.
	BreakAfter int
	// Now is the clock, by which cards are expired; nil is time.Now.
	Now func() time.Time
}

// Sync brings the router to what a student system wants, from what it is known to
// hold. It is meant for a run over all students, every night, and for one student at
// the moment a card is made:
//
//   - no consent, nothing sent: not even a question about the student;
//   - consent withdrawn: cards are deleted, then the person; 403, 404 and 410 to a
//     deletion are done, so that withdrawal always comes to an end;
//   - the router never stops the card desk: a router that is away gives the effect
//     Deferred, not an error, and the work is done by the next run;
//   - the first identifier sent is kept for ever, whatever comes after, because the
//     router lets none change: an ESI made of a provisional INE stays. [Sync.Replace] is
//     the only way to another;
//   - a card number belongs to one student: two cards printed with one number are
//     refused before anything is sent, as are two students with one ESI;
//   - what exists already is updated, what is deleted already is done: running twice
//     is running once.
//
// Its methods are safe for concurrent use; work on one student is done in turn, within
// one Sync.
type Sync struct {
	config SyncConfig
	turns  turns
}

// NewSync makes a Sync. The error lists every fault as passerelle.FieldErrors.
func NewSync(config SyncConfig) (*Sync, error) {
	var faults passerelle.FieldErrors
	if config.Client == nil {
		faults.Add("Client", "required", "a client of the router")
	}
	if config.State == nil {
		faults.Add("State", "required", "a state")
	}
	if config.Workers < 0 || config.BreakAfter < 0 {
		faults.Add("Workers", "range", "no negative value; 0 is the default")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if config.Workers == 0 {
		config.Workers = 4
	}
	if config.BreakAfter == 0 {
		config.BreakAfter = 5
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Sync{config: config}, nil
}

// Apply brings the router to what is wanted for one student. The error is local: the
// state or the context. What the router made of it is in the result.
func (s *Sync) Apply(ctx context.Context, w Wanted) (Result, error) {
	defer s.turns.take(w.Key)()
	return s.apply(ctx, w, nil)
}

// Replace gives a student another identifier: cards and person are deleted at the
// router and made again under w.ESI. An interrupted Replace is finished by the next
// Apply or Replace. The former identifier is then free for another student: replacing
// is how two students who were mixed up are put right.
func (s *Sync) Replace(ctx context.Context, w Wanted) (Result, error) {
	defer s.turns.take(w.Key)()
	if w.ESI.IsZero() || !w.Consent {
		return s.refused(w.Key, passerelle.FieldErrors{{Field: "ESI", Rule: "required", Want: "the new identifier of a student who consents"}}), nil
	}
	return s.apply(ctx, w, &w.ESI)
}

// apply works on one student whose turn it is.
func (s *Sync) apply(ctx context.Context, w Wanted, replacement *esi.ID) (Result, error) {
	if err := s.check(w); err != nil {
		return s.refused(w.Key, err), nil
	}
	record, err := s.config.State.Load(ctx, w.Key)
	if errors.Is(err, passerelle.ErrNotFound) {
		record, err = Record{Key: w.Key}, nil
	}
	if err != nil {
		return Result{}, err
	}
	if record.Cards == nil {
		record.Cards = make(map[string]CardRecord)
	}
	j := &job{Sync: s, ctx: ctx, wanted: w, record: record, result: Result{Key: w.Key}}
	return j.run(replacement)
}

func (s *Sync) refused(k Key, err error) Result { return Result{Key: k, Effect: Refused, Err: err} }

// check looks at what is wanted before anything is read or sent.
func (s *Sync) check(w Wanted) error {
	var faults passerelle.FieldErrors
	if _, known := s.config.Client.tokens[w.PIC]; !known {
		faults.Add("PIC", "value", "an institution of the client's configuration")
	}
	if w.Student == "" {
		faults.Add("Student", "required", "the reference of the student")
	}
	seen := make(map[esc.Number]bool)
	for i, c := range w.Cards {
		field := "Cards[" + strconv.Itoa(i) + "].Number"
		switch {
		case c.Number.IsZero():
			faults.Add(field, "required", "the number of the card")
		case seen[c.Number]:
			faults.Add(field, "duplicate", "each card once")
		}
		seen[c.Number] = true
	}
	return faults.Err()
}

// Run brings the router to what is wanted for all students of a sequence, several at
// a time: results come in no particular order. An error of the sequence is
// passed on and does not end the run; an error of the state or of the context is the
// last element. When the router is away the run goes on without it: see BreakAfter.
func (s *Sync) Run(ctx context.Context, wanted iter.Seq2[Wanted, error]) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		type item struct {
			wanted Wanted
			err    error
		}
		type outcome struct {
			result Result
			err    error
			fatal  bool
		}
		in, out := make(chan item), make(chan outcome)
		var workers sync.WaitGroup
		var away atomic.Int64 // students in a row for whom the router was away
		for range s.config.Workers {
			workers.Go(func() {
				for it := range in {
					var o outcome
					switch {
					case it.err != nil:
						o.err = it.err
					case away.Load() >= int64(s.config.BreakAfter):
						o.result = Result{Key: it.wanted.Key, Effect: Deferred, Err: errAway}
					default:
						o.result, o.err = s.Apply(ctx, it.wanted)
						o.fatal = o.err != nil
						if o.result.Effect == Deferred || errors.Is(o.result.Err, passerelle.ErrUnauthorized) {
							away.Add(1)
						} else if len(o.result.Steps) > 0 {
							away.Store(0)
						}
					}
					select {
					case out <- o:
					case <-ctx.Done():
						return
					}
				}
			})
		}
		go func() {
			defer close(out)
			defer workers.Wait()
			defer close(in)
			for w, err := range wanted {
				select {
				case in <- item{w, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		defer func() { // nothing works on when Run is left
			cancel()
			for range out {
			}
		}()
		for o := range out {
			if !yield(o.result, o.err) || o.fatal {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Result{}, err)
		}
	}
}

// errAway defers the students behind a run of failures.
var errAway = &awayError{}

type awayError struct{}

// Error says that the router was given up for this run.
func (*awayError) Error() string { return "router: away for several students in a row: not asked" }

// Is reports whether target is passerelle.ErrUnavailable.
func (*awayError) Is(target error) bool { return target == passerelle.ErrUnavailable }

// Outcome returns NotSent.
func (*awayError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Pendings yields the students for whom something could not be done. An error is the
// last element.
func (s *Sync) Pendings(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range s.config.State.Records(ctx) {
			if err == nil && r.Pending == nil {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Strays yields the students that the router holds for an institution and of whom the
// state knows nothing: registered by another system, or left behind. What is
// done about them is the caller's: [Client.DeletePerson]. An error is the last element.
func (s *Sync) Strays(ctx context.Context, pic string) iter.Seq2[Person, error] {
	return func(yield func(Person, error) bool) {
		known := make(map[string]bool)
		for r, err := range s.config.State.Records(ctx) {
			if err != nil {
				yield(Person{}, err)
				return
			}
			if r.PIC == pic && r.Present {
				known[r.ESI.Key()] = true
			}
		}
		for p, err := range s.config.Client.Persons(ctx, ListRequest{As: pic}) {
			if err == nil && known[lower(p.Identifier)] {
				continue
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// turns lets one goroutine at a time work on a key.
type turns struct {
	mu    sync.Mutex
	waits map[Key]*turn
}

type turn struct {
	mu    sync.Mutex
	users int
}

// take waits for the turn of a key and returns the function that ends it.
func (t *turns) take(k Key) (done func()) {
	t.mu.Lock()
	if t.waits == nil {
		t.waits = make(map[Key]*turn)
	}
	w := t.waits[k]
	if w == nil {
		w = &turn{}
		t.waits[k] = w
	}
	w.users++
	t.mu.Unlock()
	w.mu.Lock()
	return func() {
		w.mu.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if w.users--; w.users == 0 {
			delete(t.waits, k)
		}
	}
}
