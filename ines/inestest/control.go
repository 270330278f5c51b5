package inestest

import (
	"fmt"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
)

// Add puts a person into the register: the first number is the INE maître, the
// others are older numbers of the same person. Without numbers one is created. A
// person who is there already stays as is, so that a programme started again may
// add its people again; passerelle.ErrConflict when a number is somebody else's.
func (s *Service) Add(p passerelle.Person, of ...ine.Number) (Record, error) {
	r, err := numbers(of)
	if err != nil {
		return Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fold(p)
	same, _ := s.reg.matches(id)
	for _, e := range same {
		if len(of) == 0 || e.Master == r.Master {
			return e.Record, nil
		}
	}
	for i, n := range of {
		if s.reg.byNumber[n] != nil {
			return Record{}, fmt.Errorf("inestest: number %d: %w: it belongs to another person", i+1, passerelle.ErrConflict)
		}
	}
	r.Person = p
	if r.Master.IsZero() {
		r.Master = s.reg.number(s.cfg.Seed, id, s.now().Year())
	}
	return r, s.keep(event{Record: &r})
}

// Advance moves the clock of the service on by d, and ends what is due by then.
func (s *Service) Advance(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	offset := s.offset + d
	if err := s.keep(event{Offset: &offset}); err != nil {
		return err
	}
	return s.keep(s.settle()...)
}

// SetFaults replaces the shares of trouble.
func (s *Service) SetFaults(f Faults) error {
	var faults passerelle.FieldErrors
	if f.check(&faults); len(faults) > 0 {
		return faults
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	return nil
}

// Script sets the faults of the next requests of an operation, one by one, before
// any draw; [NoFault] lets one through.
func (s *Service) Script(op ines.Operation, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[op] = append(s.script[op], faults...)
}

// Maintain closes the service for d of its own time, from now on.
func (s *Service) Maintain(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = s.now().Add(d)
}

// ExpireTokens makes every token of the REST side dead.
func (s *Service) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Litiges returns the dossiers that wait for a decision, in the order of their making.
func (s *Service) Litiges() []Dossier {
	return s.dossiers(func(d *Dossier) bool { return d.Status == ines.StatusLitige })
}

// ResolveLitige decides a litige as a person would: the student is the one who has
// the number as, or, with a zero number, somebody new, for whom a number is created.
func (s *Service) ResolveLitige(id string, as ine.Number) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.reg.byID[id]
	if d == nil || d.Status != ines.StatusLitige {
		return fmt.Errorf("inestest: litige %s: %w", id, passerelle.ErrNotFound)
	}
	done := *d
	done.Status, done.Code, done.Message, done.Changed = ines.StatusConfirmed, "", "", s.now()
	if as.IsZero() {
		done.Number, done.Created = s.reg.number(s.cfg.Seed, fold(d.Person), s.now().Year()), true
	} else {
		e := s.reg.byNumber[as]
		if e == nil {
			return fmt.Errorf("inestest: litige %s: the number: %w", id, passerelle.ErrNotFound)
		}
		done.Number = e.Master
	}
	return s.keep(event{Dossier: &done})
}

// People returns the people of the register, in the order in which they came.
func (s *Service) People() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	people := make([]Record, len(s.reg.people))
	for i, e := range s.reg.people {
		people[i] = e.Record
		people[i].Alternates = slices.Clone(e.Alternates)
	}
	return people
}

// Dossiers returns the registrations that were processed, late creations that
// nobody sees yet included.
func (s *Service) Dossiers() []Dossier {
	return s.dossiers(func(*Dossier) bool { return true })
}

func (s *Service) dossiers(keep func(*Dossier) bool) []Dossier {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Dossier
	for _, d := range s.reg.dossiers {
		if keep(d) {
			found = append(found, *d)
		}
	}
	return found
}
