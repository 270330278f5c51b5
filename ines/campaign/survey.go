package campaign

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/passerelle-sup/passerelle/sis"
)

// survey is what a first reading of the base tells: which references stand in it
// twice. Eight bytes a student; nothing is registered for a reference before it is
// known that no other record holds a number for it.
type survey struct {
	seed maphash.Seed
	refs []uint64           // sorted; the lowest bit says that the record holds a definitive number
	dups map[uint64]*double // by reference without that bit
}

// double is a reference that stands twice.
type double struct {
	definitive bool // one of its records holds a definitive number
	met        bool // the record that counts was met in the second reading
	line       int  // where
}

func (s *survey) hash(ref string) uint64 { return maphash.String(s.seed, ref) &^ 1 }

// survey reads the base for the first time.
func (r *run) survey(ctx context.Context) error {
	s := &r.base
	s.seed = maphash.MakeSeed()
	s.dups = make(map[uint64]*double)
	if r.cfg.UniqueReferences {
		return nil
	}
	for student, err := range r.cfg.Source.Students(ctx, r.cfg.Query) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if _, ok := errors.AsType[*sis.RowError](err); ok {
				continue // told in the second reading
			}
			return fmt.Errorf("campaign: reading the student base: %w", err)
		}
		h := s.hash(student.ID.String())
		if r.definitive(student) {
			h |= 1
		}
		s.refs = append(s.refs, h)
	}
	slices.Sort(s.refs)
	for i := 1; i < len(s.refs); i++ {
		if s.refs[i]&^1 == s.refs[i-1]&^1 {
			d := s.dups[s.refs[i]&^1]
			if d == nil {
				d = &double{}
				s.dups[s.refs[i]&^1] = d
			}
			d.definitive = d.definitive || s.refs[i]&1 == 1 || s.refs[i-1]&1 == 1
		}
	}
	return ctx.Err()
}

// holds reports whether the base has a reference. A base that promised unique
// references was not surveyed and is not known.
func (s *survey) holds(ref string) bool {
	h := s.hash(ref)
	i, _ := slices.BinarySearch(s.refs, h)
	return i < len(s.refs) && s.refs[i]&^1 == h
}

// counts reports whether a record is the one that counts for its reference: the
// only one, the first with a definitive number, or else the first. Where it does
// not, why says so.
func (s *survey) counts(student sis.Student, definitive bool) (why Reason, ok bool) {
	ref := student.ID.String()
	d := s.dups[s.hash(ref)]
	if d == nil {
		return Reason{}, true
	}
	if !d.met && d.definitive == definitive {
		d.met, d.line = true, student.Provenance.Line
		return Reason{}, true
	}
	if d.line == 0 {
		return because("same-reference", ref), false
	}
	return because("same-reference-line", ref, d.line), false
}
