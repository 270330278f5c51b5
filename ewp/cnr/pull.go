package cnr

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// PullerConfig is what a [Puller] is made from. Inbox, Marks, Routes and Index are
// required.
type PullerConfig struct {
	Inbox *Inbox // has fetched what the index lists
	Marks Marks  // how far each route has come
	// Routes yields whom to ask for what: From is the partner, To the own institution,
	// API that of the notifications that may have been lost.
	Routes func(ctx context.Context) iter.Seq2[Route, error]
	// Index asks the partner for the identifiers of its objects, by the index of the
	// API that [About] names. since is its modified_since, the zero time for none.
	Index func(ctx context.Context, r Route, since time.Time) iter.Seq2[string, error]
	// Known yields the identifiers of the copies held here. They are fetched too when
	// a full index does not list them, since what is gone is in no index. Nil is none.
	Known func(ctx context.Context, r Route) iter.Seq2[string, error]

	// Overlap is how much further back than the last index each one asks, for clocks
	// that differ and indexes made from older data. 0 is 24 hours [deduced].
	Overlap time.Duration
	// Full is how often an index without modified_since is asked for. 0 is 7 days.
	Full time.Duration
	// Night is when Run pulls.
	Night  Night
	Logger *slog.Logger // nil logs nothing
}

// Puller finds at night what a lost message should have told. It is safe for
// concurrent use.
type Puller struct{ cfg PullerConfig }

// NewPuller returns a puller. Its error is passerelle.FieldErrors with every fault of
// cfg.
func NewPuller(cfg PullerConfig) (*Puller, error) {
	var faults passerelle.FieldErrors
	if cfg.Inbox == nil {
		faults.Add("Inbox", "required", "where what was found is fetched")
	}
	if cfg.Marks == nil {
		faults.Add("Marks", "required", "where it is kept how far a route has come")
	}
	if cfg.Routes == nil {
		faults.Add("Routes", "required", "whom to ask for what")
	}
	if cfg.Index == nil {
		faults.Add("Index", "required", "a function that asks for the index")
	}
	if cfg.Overlap < 0 {
		faults.Add("Overlap", "range", "0 for the default, or more")
	}
	if cfg.Full < 0 {
		faults.Add("Full", "range", "0 for the default, or more")
	}
	cfg.Night.check(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	cfg.Overlap = orElse(cfg.Overlap, 24*time.Hour)
	cfg.Full = orElse(cfg.Full, 7*24*time.Hour)
	cfg.Logger = orElse(cfg.Logger, slog.New(slog.DiscardHandler))
	return &Puller{cfg}, nil
}

// Plan says what to ask for at a moment, given the mark of a route: modified_since,
// or the zero time for everything.
func (p *Puller) Plan(m Mark, now time.Time) (since time.Time) {
	if m.Seen.IsZero() || m.Full.IsZero() || now.Sub(m.Full) >= p.cfg.Full {
		return time.Time{}
	}
	return m.Seen.Add(-p.cfg.Overlap)
}

// pullBatch is how many identifiers are kept at once.
const pullBatch = 500

// Pull reads the index of one route and has fetched what it lists, and after a full
// one the copies that it does not list. It returns how many objects that are. The
// mark moves on only when everything is in the queue: an index that broke off is
// asked for again, from where the last whole one began.
func (p *Puller) Pull(ctx context.Context, r Route) (int, error) {
	mark, err := p.cfg.Marks.Mark(ctx, r)
	if err != nil {
		return 0, err
	}
	begun := time.Now().UTC()
	since := p.Plan(mark, begun)
	full := since.IsZero()
	listed := map[string]bool{} // needed of a full index only
	total := 0
	keep := func(ids iter.Seq2[string, error], index bool) error {
		n := Notification{Route: r}
		for id, err := range ids {
			if err != nil {
				return err
			}
			if full && index {
				listed[id] = true
			} else if full && listed[id] {
				continue
			}
			total++
			if n.IDs = append(n.IDs, id); len(n.IDs) == pullBatch {
				if err := p.cfg.Inbox.Take(ctx, n); err != nil {
					return err
				}
				n.IDs = n.IDs[:0]
			}
		}
		return p.cfg.Inbox.Take(ctx, n)
	}
	if err := keep(p.cfg.Index(ctx, r, since), true); err != nil {
		return total, fmt.Errorf("cnr: index: %w", err)
	}
	if full && p.cfg.Known != nil {
		if err := keep(p.cfg.Known(ctx, r), false); err != nil {
			return total, fmt.Errorf("cnr: copies: %w", err)
		}
	}
	mark.Seen = begun
	if full {
		mark.Full = begun
	}
	return total, p.cfg.Marks.SetMark(ctx, r, mark)
}

// PullAll pulls every route, one after the other. A route that fails does not keep
// the others from it; the errors are joined.
func (p *Puller) PullAll(ctx context.Context) error {
	var failed error
	for r, err := range p.cfg.Routes(ctx) {
		if err != nil {
			return errors.Join(failed, err)
		}
		n, err := p.Pull(ctx, r)
		if ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s of %s: %w", About(r.API), r.From, err))
			p.cfg.Logger.ErrorContext(ctx, "cnr: pull failed", "route", r, "status", status(err), "reason", reason(err))
			continue
		}
		p.cfg.Logger.InfoContext(ctx, "cnr: pulled", "route", r, "objects", n)
	}
	return failed
}

// Run pulls every night until ctx ends. name, such as that of the own institution,
// spreads installations over the night. Failures are logged; the next night asks
// from where the last whole index began.
func (p *Puller) Run(ctx context.Context, name string) {
	for {
		timer := time.NewTimer(time.Until(p.cfg.Night.Next(time.Now(), name)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			_ = p.PullAll(ctx) // logged route by route
		}
	}
}

// Night is a span of every night, by the clock of a place. The zero value is from
// one to four o'clock UTC.
type Night struct {
	From, To time.Duration  // since midnight, From before To, both at most 24 hours; both 0 are 1 and 4 hours
	Zone     *time.Location // nil is UTC
}

func (n Night) span() (from, to time.Duration) {
	if n.From == 0 && n.To == 0 {
		return time.Hour, 4 * time.Hour
	}
	return n.From, n.To
}

func (n Night) check(faults *passerelle.FieldErrors) {
	if from, to := n.span(); from < 0 || to > 24*time.Hour || from >= to {
		faults.Add("Night", "range", "From before To, within 24 hours")
	}
}

// Next returns the first moment after now at which the one called name begins: every
// day the same time within the span, another for other names.
func (n Night) Next(now time.Time, name string) time.Time {
	from, to := n.span()
	h := fnv.New64a()
	h.Write([]byte(name))
	at := from + time.Duration(h.Sum64()%uint64(max(to-from, 1)))
	zone := n.Zone
	if zone == nil {
		zone = time.UTC
	}
	day := now.In(zone)
	for i := 0; ; i++ {
		// By the clock on the wall: nights in which it changes are an hour longer or shorter.
		next := time.Date(day.Year(), day.Month(), day.Day()+i, int(at/time.Hour), int(at/time.Minute%60), int(at/time.Second%60), int(at%time.Second), zone)
		if next.After(now) {
			return next
		}
	}
}
