package omobilities

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// SenderConfig is what a [Sender] is made from. Store and Notify are required.
type SenderConfig struct {
	Store Store
	// Notify keeps the notifications that are due: the Notify of a cnr.Outbox. It is
	// called after the record is written. When it fails the error is returned, and the
	// record stays written and Untold: see [Sender.Resume].
	Notify func(ctx context.Context, changes ...cnr.Change) error
	Rules  Rules
	// Fetched is told which mobilities an institution was given: together with the
	// answer 200 to the notification, that is "delivered". It must not block. Nil is
	// not told.
	Fetched func(p ewpserver.Parties, ids []string)
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

// Sender is the desk of a sending institution, or of several: what its offices do, and
// the [Provider] of what its partners ask. It is safe for concurrent use.
type Sender struct{ cfg SenderConfig }

// NewSender returns a desk. Its error is passerelle.FieldErrors with every fault of
// cfg.
func NewSender(cfg SenderConfig) (*Sender, error) {
	var faults passerelle.FieldErrors
	if cfg.Store == nil {
		faults.Add("Store", "required", "where records are")
	}
	if cfg.Notify == nil {
		faults.Add("Notify", "required", "the Notify of a cnr.Outbox")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Sender{cfg}, faults.Err()
}

// Nominate begins a mobility: see [Rules.Nominate]. The same nomination again, after a
// lost acknowledgement, is no error and changes nothing; another one under the same
// identifier is a *[RefusedError] with [Exists].
func (s *Sender) Nominate(ctx context.Context, m Mobility) (Record, error) {
	r, due, err := s.cfg.Rules.Nominate(m, s.now())
	if err != nil {
		return Record{}, err
	}
	written, err := s.cfg.Store.Put(ctx, r)
	if errors.Is(err, passerelle.ErrConflict) {
		stored, getErr := s.cfg.Store.Get(ctx, r.Key())
		switch {
		case getErr != nil:
			return Record{}, getErr
		case stored.Mobility.Nomination.Same(r.Mobility.Nomination) && stored.Mobility.Student.same(r.Mobility.Student):
			return stored, nil
		}
		return stored, refused(Exists)
	}
	if err != nil {
		return Record{}, err
	}
	return s.tell(ctx, written, due)
}

// ChangeNomination makes another proposal: see [Rules.ChangeNomination].
func (s *Sender) ChangeNomination(ctx context.Context, k Key, n Nomination) (Record, error) {
	return s.do(ctx, k, func(r Record) (Record, []cnr.Change, error) { return s.cfg.Rules.ChangeNomination(r, n, s.now()) })
}

// ChangeStudent changes the student's data: see [Rules.ChangeStudent].
func (s *Sender) ChangeStudent(ctx context.Context, k Key, st Student) (Record, error) {
	return s.do(ctx, k, func(r Record) (Record, []cnr.Change, error) { return s.cfg.Rules.ChangeStudent(r, st, s.now()) })
}

// Cancel ends a mobility: see [Rules.Cancel].
func (s *Sender) Cancel(ctx context.Context, k Key) (Record, error) {
	return s.do(ctx, k, func(r Record) (Record, []cnr.Change, error) { return s.cfg.Rules.Cancel(r, s.now()) })
}

// Update implements [Provider]: see [Rules.Apply].
func (s *Sender) Update(ctx context.Context, p ewpserver.Parties, u Update) (ewp.Texts, error) {
	_, err := s.do(ctx, Key{p.HEI, u.ID}, func(r Record) (Record, []cnr.Change, error) {
		next, err := s.cfg.Rules.Apply(r, p.Caller, u, s.now())
		return next, nil, err
	})
	if errors.Is(err, passerelle.ErrNotFound) {
		err = refused(UnknownMobility)
	}
	return nil, err
}

// do changes a stored record, again when somebody else wrote it meanwhile.
func (s *Sender) do(ctx context.Context, k Key, change func(Record) (Record, []cnr.Change, error)) (Record, error) {
	var due []cnr.Change
	next, err := update(ctx, s.cfg.Store, k, func(r Record) (_ Record, err error) {
		r, due, err = change(r)
		return r, err
	})
	if err != nil || len(due) == 0 {
		return next, err
	}
	return s.tell(ctx, next, due)
}

// tell hands on the notifications of a record that was written, and notes it.
func (s *Sender) tell(ctx context.Context, r Record, due []cnr.Change) (Record, error) {
	if err := s.cfg.Notify(ctx, due...); err != nil {
		return r, err
	}
	told := r
	told.Untold = false
	told, err := s.cfg.Store.Put(ctx, told)
	if errors.Is(err, passerelle.ErrConflict) {
		return r, nil // changed meanwhile: that change is told by who made it
	}
	return told, err
}

// Resume hands on the notifications that were not when the process died, or Notify
// failed. Call it when the process starts. Its error is the first.
func (s *Sender) Resume(ctx context.Context) error {
	for r, err := range s.cfg.Store.Records(ctx) {
		if err == nil && r.Untold {
			_, err = s.tell(ctx, r, r.change())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// update changes a stored record, again when somebody else wrote it meanwhile.
func update(ctx context.Context, s Store, k Key, change func(Record) (Record, error)) (Record, error) {
	const most = 10
	for attempt := 1; ; attempt++ {
		r, err := s.Get(ctx, k)
		if err != nil {
			return Record{}, err
		}
		next, err := change(r)
		if err != nil {
			return r, err
		}
		if next.same(r) {
			return r, nil // nothing to write
		}
		next, err = s.Put(ctx, next)
		switch {
		case err == nil:
			return next, nil
		case !errors.Is(err, passerelle.ErrConflict):
			return r, err
		case attempt == most: // a conflict of writers is no conflict of states, and no 409
			return r, fmt.Errorf("omobilities: the record is written by others all the time: %w", passerelle.ErrUnavailable)
		}
	}
}

// Mobilities implements [Provider].
func (s *Sender) Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Mobility, error] {
	return func(yield func(Mobility, error) bool) {
		var given []string
		for _, id := range ids {
			r, err := s.cfg.Store.Get(ctx, Key{p.HEI, id})
			if errors.Is(err, passerelle.ErrNotFound) || err == nil && r.Mobility.Nomination.Receiving.HEI != p.Caller {
				continue
			}
			if !yield(r.Mobility, err) || err != nil {
				return
			}
			given = append(given, id)
		}
		if s.cfg.Fetched != nil && len(given) > 0 {
			s.cfg.Fetched(p, given)
		}
	}
}

// Index implements [Provider]. It reads the whole store.
func (s *Sender) Index(ctx context.Context, f Filter) iter.Seq2[string, error] {
	student := Student{GlobalID: f.GlobalID}
	return func(yield func(string, error) bool) {
		for r, err := range s.cfg.Store.Records(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			n := r.Mobility.Nomination
			switch {
			case n.Sending.HEI != f.HEI || n.Receiving.HEI != f.Caller:
			case len(f.Years) > 0 && !slices.Contains(f.Years, n.Year):
			case f.GlobalID != "" && !r.Mobility.Student.sameID(student):
			case f.Attributes != "" && f.Attributes != n.ActivityAttributes:
			case r.Modified.Before(f.ModifiedSince):
			default:
				if !yield(r.Mobility.ID, nil) {
					return
				}
			}
		}
	}
}

// Stats implements [StatsProvider]. It reads the whole store.
func (s *Sender) Stats(ctx context.Context, p ewpserver.Parties) iter.Seq2[YearStats, error] {
	return Count(func(yield func(Record, error) bool) {
		for r, err := range s.cfg.Store.Records(ctx) {
			if err == nil && r.Mobility.Nomination.Sending.HEI != p.HEI {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	})
}

// Records gives the records of the desk.
func (s *Sender) Records(ctx context.Context) iter.Seq2[Record, error] {
	return s.cfg.Store.Records(ctx)
}

func (s *Sender) now() time.Time { return s.cfg.Clock().UTC() }

// Count yields the statistics of records, a row for each academic year in their order.
// Years with neither a pending nor an approved mobility are left out. An error of the
// sequence is the only element.
func Count(all iter.Seq2[Record, error]) iter.Seq2[YearStats, error] {
	return func(yield func(YearStats, error) bool) {
		rows := map[string]YearStats{}
		for r, err := range all {
			if err != nil {
				yield(YearStats{}, err)
				return
			}
			year := r.Mobility.Nomination.Year
			row := rows[year]
			switch row.Year = year; r.Mobility.Status {
			case Pending:
				row.Pending++
			case Approved:
				row.Approved++
			default:
				continue
			}
			rows[year] = row
		}
		for _, year := range slices.Sorted(maps.Keys(rows)) {
			if !yield(rows[year], nil) {
				return
			}
		}
	}
}
