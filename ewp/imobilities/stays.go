package imobilities

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// Key names a mobility at R. It is comparable.
type Key struct {
	Receiving ewp.HEIID `json:"receiving"` // the own institution
	Sending   ewp.HEIID `json:"sending"`   // whose identifier it is
	ID        string    `json:"id"`
}

// LogValue gives the institutions: the identifier is that of a person's stay.
func (k Key) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sending", k.Sending.String()), slog.String("receiving", k.Receiving.String()))
}

// Stay is what R keeps of a mobility. It is personal.
type Stay struct {
	Key       Key             `json:"key"`
	Arrival   passerelle.Date `json:"arrival,omitzero"`   // zero when the student has not arrived
	Departure passerelle.Date `json:"departure,omitzero"` // zero when the student has not left
	Modified  time.Time       `json:"modified,omitzero"`
	Version   int64           `json:"version"` // number of the last write, from 1; 0 for one never written
}

// Mobility returns the stay as it is served.
func (s Stay) Mobility() Mobility { return New(s.Key.ID, s.Arrival, s.Departure) }

// LogValue gives the institutions.
func (s Stay) LogValue() slog.Value { return s.Key.LogValue() }

// Set returns the stay with other dates, and the notification that is due to S, to be
// kept in a cnr.Outbox together with it. The same dates change nothing, and nothing is
// due. A date may be taken back by a zero one. Its error is passerelle.FieldErrors for
// what Mobility.Validate refuses, and for a stay without institutions.
func (s Stay) Set(arrival, departure passerelle.Date, at time.Time) (Stay, []cnr.Change, error) {
	next := s
	next.Arrival, next.Departure, next.Modified = arrival, departure, at
	if err := next.validate(); err != nil {
		return s, nil, err
	}
	if s.Arrival == arrival && s.Departure == departure {
		return s, nil, nil
	}
	return next, []cnr.Change{{Route: cnr.Route{From: s.Key.Receiving, To: s.Key.Sending, API: ewp.IMobilityCNR}, ID: s.Key.ID}}, nil
}

func (s Stay) validate() error {
	var faults passerelle.FieldErrors
	if s.Key.Receiving.IsZero() {
		faults.Add("Key.Receiving", "required", "the own institution")
	}
	if s.Key.Sending.IsZero() {
		faults.Add("Key.Sending", "required", "the institution whose identifier it is")
	}
	if wrong, ok := errors.AsType[passerelle.FieldErrors](s.Mobility().Validate()); ok {
		faults = append(faults, wrong...)
	}
	return faults.Err()
}

// stays says what the records are.
var stays = ledger.Kind[Stay]{
	Name: "imobilities", File: "ewp-imobilities/1",
	Key:     func(s *Stay) string { return ledgerKey(s.Key) },
	Version: func(s *Stay) *int64 { return &s.Version },
	Holds:   func(*Stay) string { return "" },
	Clone:   func(s Stay) Stay { return s },
	Missing: func(string) error { return fmt.Errorf("imobilities: no such stay: %w", passerelle.ErrNotFound) },
	Check:   func(_, s *Stay) error { return s.validate() },
}

// ledgerKey joins the parts of a key, of which none can hold a blank.
func ledgerKey(k Key) string {
	return k.Receiving.String() + " " + k.Sending.String() + " " + k.ID
}

// Stays keeps stays, and is the [Provider] of them. It is safe for concurrent use.
type Stays struct {
	records interface {
		Get(key string) (Stay, error)
		Claim(ctx context.Context, key, name string, grant func(stay, _ Stay) (Stay, error)) (Stay, error)
		Records(ctx context.Context) iter.Seq2[Stay, error]
	}
	close  func() error
	notify func(ctx context.Context, changes ...cnr.Change) error
}

// NewStays returns stays that live as long as the process. notify is the Notify of a
// cnr.Outbox.
func NewStays(notify func(ctx context.Context, changes ...cnr.Change) error) *Stays {
	return &Stays{ledger.NewMemory(stays), func() error { return nil }, notify}
}

// OpenStays opens stays in one append-only file, or creates it, readable by its owner
// alone, for one process at a time. What Set acknowledges is on the disk. A file that
// another process has open is refused with passerelle.ErrConflict, a damaged one with
// passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenStays(path string, notify func(ctx context.Context, changes ...cnr.Change) error) (*Stays, error) {
	f, err := ledger.Open(path, stays)
	if err != nil {
		return nil, err
	}
	return &Stays{f, f.Close, notify}, nil
}

// Close closes the file. Set fails after it.
func (s *Stays) Close() error { return s.close() }

// Set records when a student arrived and left, zero dates for what has not come: see
// [Stay.Set]. A notification that cannot be kept is an error, and the stay is written.
func (s *Stays) Set(ctx context.Context, k Key, arrival, departure passerelle.Date, at time.Time) (Stay, error) {
	var due []cnr.Change
	stay, err := s.records.Claim(ctx, ledgerKey(k), "", func(stay, _ Stay) (_ Stay, err error) {
		stay.Key = k
		stay, due, err = stay.Set(arrival, departure, at.UTC())
		if err == nil && due == nil && stay.Version > 0 {
			err = errSame
		}
		return stay, err
	})
	if errors.Is(err, errSame) {
		return s.records.Get(ledgerKey(k))
	}
	if err != nil || len(due) == 0 {
		return stay, err
	}
	return stay, s.notify(ctx, due...)
}

// errSame keeps a stay from being written that is there already.
var errSame = errors.New("imobilities: the same dates")

// Get returns a stay. passerelle.ErrNotFound says that there is none.
func (s *Stays) Get(_ context.Context, k Key) (Stay, error) { return s.records.Get(ledgerKey(k)) }

// All gives the stays that were there when the range began, in any order. An error is
// the last element.
func (s *Stays) All(ctx context.Context) iter.Seq2[Stay, error] { return s.records.Records(ctx) }

// Mobilities implements [Provider].
func (s *Stays) Mobilities(_ context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Mobility, error] {
	return func(yield func(Mobility, error) bool) {
		for _, id := range ids {
			stay, err := s.records.Get(ledgerKey(Key{Receiving: p.HEI, Sending: p.Caller, ID: id}))
			if errors.Is(err, passerelle.ErrNotFound) {
				continue
			}
			if !yield(stay.Mobility(), err) {
				return
			}
		}
	}
}

// Fetcher returns the Fetch of a cnr.Inbox at S: it gets the mobilities of a notification
// and hands each to keep, with the institution that serves it. client returns the one
// that calls in the name of an own institution, or nil. Its error is a *cnr.PartError
// where keep failed.
func Fetcher(client func(own ewp.HEIID) *Client, keep func(ctx context.Context, receiving ewp.HEIID, m Mobility) error) cnr.Handler {
	return func(ctx context.Context, n cnr.Notification) error {
		c := client(n.To)
		if c == nil {
			return fmt.Errorf("imobilities: no client calls in the name of the sending institution: %w", passerelle.ErrUnavailable)
		}
		failed := map[string]error{}
		for m, err := range c.Get(ctx, GetRequest{HEI: n.From, IDs: n.IDs}) {
			if err != nil {
				return err
			}
			if err := keep(ctx, n.From, m); err != nil {
				failed[m.ID] = err
			}
		}
		if len(failed) > 0 {
			return &cnr.PartError{Failed: failed}
		}
		return nil
	}
}
