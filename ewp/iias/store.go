package iias

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// Store keeps records. Every implementation passes iiastest.Store. It is safe for
// concurrent use, and what it acknowledges survives as long as it does.
type Store interface {
	// Get returns the record with an identifier of the own copy, deleted ones too.
	// passerelle.ErrNotFound says that there is none.
	Get(ctx context.Context, id string) (Record, error)
	// Find returns the record that concerns a partner's copy: the one that is mapped to
	// it, or approves it. passerelle.ErrNotFound says that there is none.
	Find(ctx context.Context, partner ewp.HEIID, partnerID string) (Record, error)
	// Put writes a record over the version that it was read in, and returns it with its
	// new version. Another version in the store, and a partner's copy that another record
	// concerns, are passerelle.ErrConflict, and nothing is written.
	Put(ctx context.Context, r Record) (Record, error)
	// Records gives all records that were there when the range began, in any order. An
	// error is the last element.
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// Notify hands notifications on: the Notify method of a *cnr.Outbox.
type Notify func(ctx context.Context, changes ...cnr.Change) error

// Do takes a step on a stored record, again when somebody else wrote it meanwhile, and
// keeps what comes of it as [Keep] does. The error of the step is returned as it is.
//
//	r, err := iias.Do(ctx, store, id, outbox.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
//		return r.Approve(shown, verified, time.Now())
//	})
func Do(ctx context.Context, s Store, id string, notify Notify, step func(Record) (Record, []cnr.Change, error)) (Record, error) {
	const most = 5
	for attempt := 1; ; attempt++ {
		r, err := s.Get(ctx, id)
		if err != nil {
			return Record{}, err
		}
		next, due, err := step(r)
		if err != nil {
			return r, err
		}
		stored, err := write(ctx, s, next, due)
		if err == nil {
			return handOn(ctx, s, stored, notify)
		}
		if !errors.Is(err, passerelle.ErrConflict) || attempt == most {
			return r, err
		}
	}
}

// Keep writes a record with the notifications that are due, hands these on, and forgets
// them then. They are kept in the record until notify has them, so that a process that
// dies between the two loses none: [Flush] hands on what is left.
func Keep(ctx context.Context, s Store, r Record, due []cnr.Change, notify Notify) (Record, error) {
	stored, err := write(ctx, s, r, due)
	if err != nil {
		return r, err
	}
	return handOn(ctx, s, stored, notify)
}

func write(ctx context.Context, s Store, r Record, due []cnr.Change) (Record, error) {
	for _, change := range due {
		if !slices.Contains(r.Due, change) {
			r.Due = append(r.Due[:len(r.Due):len(r.Due)], change)
		}
	}
	stored, err := s.Put(ctx, r)
	if err != nil {
		return r, fmt.Errorf("iias: writing the record: %w", err)
	}
	return stored, nil
}

// handOn gives the notifications of a stored record to who sends them.
func handOn(ctx context.Context, s Store, r Record, notify Notify) (Record, error) {
	if len(r.Due) == 0 {
		return r, nil
	}
	if err := notify(ctx, r.Due...); err != nil {
		return r, fmt.Errorf("iias: the record is written, its notifications wait for Flush: %w", err)
	}
	told := r
	told.Due = nil
	stored, err := s.Put(ctx, told)
	if errors.Is(err, passerelle.ErrConflict) {
		return r, nil // somebody wrote the record: they are handed on once more, which is harmless
	}
	if err != nil {
		return r, fmt.Errorf("iias: writing the record: %w", err)
	}
	return stored, nil
}

// Flush hands on the notifications that a process left when it died. Run it at start.
func Flush(ctx context.Context, s Store, notify Notify) error {
	for r, err := range s.Records(ctx) {
		if err == nil {
			_, err = handOn(ctx, s, r, notify)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Count counts the records of an institution for the statistics of the network: of
// those that partners can fetch, which are approved in their current state by whom.
func Count(ctx context.Context, s Store, hei ewp.HEIID) (Stats, error) {
	var stats Stats
	for r, err := range s.Records(ctx) {
		if err != nil {
			return Stats{}, err
		}
		if r.HEI != hei || r.Own.IsZero() {
			continue
		}
		stats.Fetchable++
		switch byPartner, here := r.approvedByPartner(), r.approvedHere(); {
		case byPartner && here:
			stats.BothApproved++
		case byPartner:
			stats.PartnerApproved++
		case here:
			stats.LocalApproved++
		}
	}
	return stats, nil
}

// kind says what the records of a store are. A record holds the name of the partner's
// copy that it concerns.
var kind = ledger.Kind[Record]{
	Name: "iias", File: "iias/1",
	Key:     func(r *Record) string { return r.ID },
	Version: func(r *Record) *int64 { return &r.Version },
	Holds:   func(r *Record) string { return holds(r.Partner, r.concerns()) },
	Clone: func(r Record) Record {
		r.Due = slices.Clone(r.Due)
		return r
	},
	Missing: func(string) error { return errNoRecord },
	Check: func(stored, r *Record) error {
		if r.ID == "" {
			return passerelle.FieldErrors{{Field: "ID", Rule: "required", Want: "the identifier of the own copy"}}
		}
		if stored.Version != r.Version {
			return fmt.Errorf("iias: the record was written meanwhile: %w", passerelle.ErrConflict)
		}
		return nil
	},
}

var errNoRecord = fmt.Errorf("iias: no such record: %w", passerelle.ErrNotFound)

// concerns returns the identifier of the partner's copy that the record concerns.
func (r *Record) concerns() string {
	if r.PartnerID != "" {
		return r.PartnerID
	}
	return r.Approved.ID
}

// holds is the name of a partner's copy in a ledger, "" for none. Identifiers have no
// blanks.
func holds(partner ewp.HEIID, id string) string {
	if id == "" {
		return ""
	}
	return partner.String() + " " + id
}

// table is what both ledgers do.
type table interface {
	Get(key string) (Record, error)
	Claim(ctx context.Context, key, name string, grant func(rec, holder Record) (Record, error)) (Record, error)
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// Memory is a [Store] that lives as long as the process. Create it with [NewMemory].
type Memory struct{ t table }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{ledger.NewMemory(kind)} }

// Get implements [Store].
func (m *Memory) Get(_ context.Context, id string) (Record, error) { return m.t.Get(id) }

// Find implements [Store].
func (m *Memory) Find(ctx context.Context, partner ewp.HEIID, partnerID string) (Record, error) {
	return find(ctx, m.t, partner, partnerID)
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, r Record) (Record, error) { return put(ctx, m.t, r) }

// Records implements [Store].
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] { return m.t.Records(ctx) }

// File is a [Store] in one append-only file, for one process at a time. What it
// acknowledges is on the disk. Open it with [OpenFile]. The records are in memory too.
type File struct {
	Memory
	file *ledger.File[Record]
}

// OpenFile opens the store at path, or creates it, readable by its owner alone. A file
// that another process has open is refused with passerelle.ErrConflict, a damaged one
// with passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenFile(path string) (*File, error) {
	f, err := ledger.Open(path, kind)
	if err != nil {
		return nil, err
	}
	return &File{Memory{f}, f}, nil
}

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.file.Close() }

// put writes a record unless another one concerns the same copy of the partner's.
func put(ctx context.Context, t table, r Record) (Record, error) {
	return t.Claim(ctx, r.ID, holds(r.Partner, r.concerns()), func(stored, holder Record) (Record, error) {
		if holder.ID != "" && r.concerns() != "" {
			return Record{}, fmt.Errorf("iias: another record concerns the partner's copy: %w", passerelle.ErrConflict)
		}
		return r, kind.Check(&stored, &r)
	})
}

// find asks who holds the name of the partner's copy, and claims nothing.
func find(ctx context.Context, t table, partner ewp.HEIID, partnerID string) (Record, error) {
	if partnerID == "" {
		return Record{}, errNoRecord
	}
	var found Record
	_, err := t.Claim(ctx, "", holds(partner, partnerID), func(_, holder Record) (Record, error) {
		found = holder
		return Record{}, errNoRecord
	})
	if found.ID != "" {
		found.Due = slices.Clone(found.Due)
		return found, nil
	}
	return Record{}, err
}
