package inestest

import (
	"maps"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// Count is what became of the registrations of one person, or of one reference.
type Count struct {
	Received  int // requests that arrived, those answered by a fault before any work included
	Processed int // requests that the register acted on, or will
	Created   int // numbers created for them so far
}

// counts is the memory of what arrived. Service.mu guards it.
type counts struct {
	asked     map[asked]int
	received  map[ines.Operation]int
	processed map[ines.Operation]int
	persons   map[string]Count // without Created, which the dossiers tell
	students  map[string]Count
}

// asked is a request as the draw of faults sees it.
type asked struct {
	op  ines.Operation
	key uint64
}

// arrival is a request that came.
type arrival struct {
	Op        ines.Operation `json:"op"`
	Key       uint64         `json:"key,string"`
	Person    string         `json:"person,omitempty"`
	Student   string         `json:"student,omitempty"`
	Processed bool           `json:"processed"`
}

func newCounts() counts {
	return counts{
		asked: make(map[asked]int), received: make(map[ines.Operation]int), processed: make(map[ines.Operation]int),
		persons: make(map[string]Count), students: make(map[string]Count),
	}
}

func (c *counts) add(a arrival) {
	c.asked[asked{a.Op, a.Key}]++
	c.received[a.Op]++
	n := 0
	if a.Processed {
		n = 1
	}
	c.processed[a.Op] += n
	if a.Op != ines.OpRegister {
		return
	}
	for _, at := range []struct {
		in  map[string]Count
		key string
	}{{c.persons, a.Person}, {c.students, a.Student}} {
		count := at.in[at.key]
		count.Received++
		count.Processed += n
		at.in[at.key] = count
	}
}

// Received returns how many requests of an operation arrived and could be read.
func (s *Service) Received(op ines.Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts.received[op]
}

// Processed returns how many of them were acted on.
func (s *Service) Processed(op ines.Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts.processed[op]
}

// Registrations tells how often the register was asked to immatriculate a person,
// found by identity whatever the reference.
func (s *Service) Registrations(p passerelle.Person) Count {
	key := fold(p).key()
	return s.count(func(c *counts) Count { return c.persons[key] }, func(d *Dossier) bool { return fold(d.Person).key() == key })
}

// RegistrationsOf tells how often the register was asked to immatriculate under a
// caller's reference.
func (s *Service) RegistrationsOf(student string) Count {
	return s.count(func(c *counts) Count { return c.students[student] }, func(d *Dossier) bool { return d.Student == student })
}

func (s *Service) count(of func(*counts) Count, mine func(*Dossier) bool) Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := of(&s.counts)
	for _, d := range s.reg.dossiers {
		if d.Created && mine(d) {
			n.Created++
		}
	}
	return n
}

// Created returns the dossiers for which a number was created.
func (s *Service) Created() []Dossier {
	return s.dossiers(func(d *Dossier) bool { return d.Created })
}

// Twice returns the people for whom more than one number was created: there must
// never be one.
func (s *Service) Twice() []passerelle.Person {
	created := make(map[string][]passerelle.Person)
	for _, d := range s.Created() {
		key := fold(d.Person).key()
		created[key] = append(created[key], d.Person)
	}
	var twice []passerelle.Person
	for _, key := range slices.Sorted(maps.Keys(created)) {
		if len(created[key]) > 1 {
			twice = append(twice, created[key][0])
		}
	}
	return twice
}
