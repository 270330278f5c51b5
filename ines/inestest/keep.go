package inestest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// journalKind names the content of the journal and its version.
const journalKind = "inestest/1"

// event is one record of the journal: exactly one field is set.
type event struct {
	Origin  *origin        `json:"origin,omitempty"`  // how the register began
	Record  *Record        `json:"record,omitempty"`  // a person added
	Dossier *Dossier       `json:"dossier,omitempty"` // a registration, or what became of it
	Arrival *arrival       `json:"arrival,omitempty"` // a request
	Offset  *time.Duration `json:"offset,omitempty"`  // the clock, moved
}

// origin is what a journal cannot be read without.
type origin struct {
	Seed       uint64 `json:"seed,string"`
	Population int    `json:"population"`
}

// open reads the journal, and begins it when it is new.
func (s *Service) open() error {
	begun := false
	j, err := journal.Open(s.cfg.Journal, journal.Options{
		Kind: journalKind,
		// The promise is to survive the end of the process, not of the machine.
		NoSync: true,
		Replay: func(r journal.Record) error {
			var e event
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return err
			}
			if e.Origin != nil {
				begun = true
				if *e.Origin != s.origin() {
					return fmt.Errorf("inestest: %w: want the seed and the population that the journal began with", passerelle.ErrConflict)
				}
			}
			s.apply(e)
			return nil
		},
	})
	if err != nil {
		return err
	}
	s.journal = j
	if begun {
		return nil
	}
	o := s.origin()
	return s.keep(event{Origin: &o})
}

func (s *Service) origin() origin { return origin{s.cfg.Seed, s.cfg.Population} }

// keep writes events down and applies them. Nothing is answered before.
func (s *Service) keep(events ...event) error {
	if s.journal != nil && len(events) > 0 {
		records := make([]any, len(events))
		for i := range events {
			records[i] = &events[i]
		}
		if err := s.journal.Append(records...); err != nil {
			return err
		}
	}
	for _, e := range events {
		s.apply(e)
	}
	return nil
}

func (s *Service) apply(e event) {
	switch {
	case e.Record != nil:
		s.reg.add(*e.Record)
	case e.Dossier != nil:
		s.reg.put(*e.Dossier)
	case e.Arrival != nil:
		s.counts.add(*e.Arrival)
	case e.Offset != nil:
		s.offset = *e.Offset
	}
}
