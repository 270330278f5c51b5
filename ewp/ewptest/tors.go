package ewptest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/tors"
)

// Transcripts is the desk of a university for transcripts of records: those that it
// issues for its guests, and what partners told it of those of its own students. It is
// a tors.Provider and a tors.StatsProvider, in memory, and is safe for concurrent use.
// The zero value is empty and ready to use.
type Transcripts struct {
	mu      sync.Mutex
	records map[string]tors.Record
	notices []ewpserver.Notice
}

// Serve registers all of it at a university: transcripts in both versions, statistics,
// and notifications in both versions. It is good as, or in, UniversityConfig.Register.
func (d *Transcripts) Serve(u *University) error {
	if err := tors.Register(u.Server, d, tors.Config{}); err != nil {
		return err
	}
	if err := tors.RegisterOlder(u.Server, d, tors.Config{}); err != nil {
		return err
	}
	return tors.RegisterNotifications(u.Server, d.take, tors.Config{})
}

// Put adds a transcript, or puts it in the place of the one of the same mobility.
func (d *Transcripts) Put(r tors.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.records == nil {
		d.records = map[string]tors.Record{}
	}
	d.records[r.OMobilityID] = r
}

// Issue makes up n transcripts by NewTranscript, of the seeds from 1, for students of a
// sending university, puts them, and returns their mobilities.
func (d *Transcripts) Issue(issuer, sending ewp.HEIID, n int) []string {
	var ids []string
	for seed := range uint64(n) {
		t := NewTranscript(TranscriptConfig{Seed: seed + 1, Issuer: issuer, Failed: int(seed) % 2})
		ids = append(ids, t.OMobilityID)
		d.Put(tors.Record{Entry: tors.Entry{OMobilityID: t.OMobilityID, Sending: sending, Ready: true, Modified: transcriptTime}, ToR: t})
	}
	return ids
}

// Withdraw removes a transcript.
func (d *Transcripts) Withdraw(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.records, id)
}

// Notices returns what partners told, in order.
func (d *Transcripts) Notices() []ewpserver.Notice {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.notices)
}

func (d *Transcripts) take(_ context.Context, n ewpserver.Notice) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notices = append(d.notices, n)
	return nil
}

// all returns the records, ordered by mobility.
func (d *Transcripts) all() []tors.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []tors.Record
	for _, id := range slices.Sorted(maps.Keys(d.records)) {
		list = append(list, d.records[id])
	}
	return list
}

// ToRs implements tors.Provider.
func (d *Transcripts) ToRs(_ context.Context, _ ewpserver.Parties, ids []string) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		for _, r := range d.all() {
			if slices.Contains(ids, r.OMobilityID) && !yield(r, nil) {
				return
			}
		}
	}
}

// Index implements tors.Provider.
func (d *Transcripts) Index(context.Context, tors.Filter) iter.Seq2[tors.Entry, error] {
	return func(yield func(tors.Entry, error) bool) {
		for _, r := range d.all() {
			if !yield(r.Entry, nil) {
				return
			}
		}
	}
}

// Stats implements tors.StatsProvider: the transcripts that are ready.
func (d *Transcripts) Stats(context.Context, ewpserver.Parties) iter.Seq2[tors.YearStats, error] {
	return func(yield func(tors.YearStats, error) bool) {
		totals := map[string]int{}
		for _, r := range d.all() {
			if r.Ready {
				totals[r.ToR.Year]++
			}
		}
		for _, year := range slices.Sorted(maps.Keys(totals)) {
			if !yield(tors.YearStats{Year: year, Total: totals[year]}, nil) {
				return
			}
		}
	}
}
