package aglae

import (
	"bufio"
	"container/heap"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/passerelle-sup/passerelle"
)

// Join bounds what the controls that cross two lists hold in memory. They sort both
// lists by what they are crossed on: up to Rows records in memory, and beyond that in
// temporary files that are merged, so that memory does not grow with the lists. A
// university of 19 000 enrolments never writes a file.
//
// The files are personal data in the clear. They are created for the owner alone, have
// no name any more while they are used where the system allows it, and are gone at the
// end of the sequence.
type Join struct {
	// Rows is how many records are held in memory at a time. 0 is DefaultJoinRows.
	Rows int
	// Dir is where temporary files go. Empty is that of the system.
	Dir string
}

// DefaultJoinRows takes some 30 MB.
const DefaultJoinRows = 100_000

// maxRuns is how many sorted files of one level are kept: one more, and they are merged
// into one of the next level, so that each record is written once a level. A million
// records of 20 000 a file make two levels; what all files buffer stays below 4 MB.
const maxRuns = 16

// sorter sorts any number of records in bounded memory. T is encoded by gob.
type sorter[T any] struct {
	join    Join
	compare func(a, b *T) int
	rows    []T
	levels  [][]*run[T] // of a level those made earlier first; those of higher levels are earlier
}

func newSorter[T any](j Join, compare func(a, b *T) int) *sorter[T] {
	if j.Rows <= 0 {
		j.Rows = DefaultJoinRows
	}
	return &sorter[T]{join: j, compare: compare}
}

// add takes a record.
func (s *sorter[T]) add(row T) error {
	if len(s.rows) >= s.join.Rows {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.rows = append(s.rows, row)
	return nil
}

func (s *sorter[T]) sort() {
	slices.SortStableFunc(s.rows, func(a, b T) int { return s.compare(&a, &b) })
}

// spill writes what is in memory to a file, sorted, and merges the files when they are
// too many.
func (s *sorter[T]) spill() error {
	s.sort()
	r, err := newRun[T](s.join.Dir, func(yield func(T, error) bool) {
		for _, row := range s.rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	clear(s.rows)
	s.rows = s.rows[:0]
	return s.keep(r, 0)
}

// keep adds a file to a level, and merges the level when it is full.
func (s *sorter[T]) keep(r *run[T], level int) error {
	if level == len(s.levels) {
		s.levels = append(s.levels, nil)
	}
	s.levels[level] = append(s.levels[level], r)
	if len(s.levels[level]) < maxRuns {
		return nil
	}
	merged, err := newRun(s.join.Dir, s.merge(s.levels[level]))
	if err != nil {
		return err
	}
	for _, r := range s.levels[level] {
		r.close()
	}
	s.levels[level] = nil
	return s.keep(merged, level+1)
}

// sorted gives all records in order; equal ones in the order in which they were added.
func (s *sorter[T]) sorted() iter.Seq2[T, error] {
	if len(s.levels) > 0 && len(s.rows) > 0 {
		if err := s.spill(); err != nil {
			return func(yield func(T, error) bool) {
				var zero T
				yield(zero, err)
			}
		}
	}
	if len(s.levels) > 0 {
		s.rows = nil
		var runs []*run[T]
		for _, level := range slices.Backward(s.levels) {
			runs = append(runs, level...)
		}
		return s.merge(runs)
	}
	s.sort()
	return func(yield func(T, error) bool) {
		for _, row := range s.rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// merge gives the records of files in order. An earlier file comes first.
func (s *sorter[T]) merge(runs []*run[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		h := &runHeap[T]{compare: s.compare}
		fail := func(err error) {
			var zero T
			yield(zero, err)
		}
		for i, r := range runs {
			if err := r.rewind(); err != nil {
				fail(err)
				return
			}
			head := runHead[T]{run: r, order: i}
			switch err := r.next(&head.row); {
			case err == nil:
				h.heads = append(h.heads, head)
			case !errors.Is(err, io.EOF):
				fail(err)
				return
			}
		}
		heap.Init(h)
		for len(h.heads) > 0 {
			head := &h.heads[0]
			if !yield(head.row, nil) {
				return
			}
			var row T
			switch err := head.run.next(&row); {
			case err == nil:
				head.row = row
				heap.Fix(h, 0)
			case errors.Is(err, io.EOF):
				heap.Pop(h)
			default:
				fail(err)
				return
			}
		}
	}
}

// close removes the files.
func (s *sorter[T]) close() {
	for _, level := range s.levels {
		for _, r := range level {
			r.close()
		}
	}
	s.levels = nil
}

// run is a sorted file.
type run[T any] struct {
	file    *os.File
	decoder *gob.Decoder
}

func newRun[T any](dir string, rows iter.Seq2[T, error]) (*run[T], error) {
	file, err := os.CreateTemp(dir, "passerelle-aglae-*.sorted") // mode 0600
	if err != nil {
		return nil, spillError(err)
	}
	_ = os.Remove(file.Name()) // where the system refuses, close does it
	r := &run[T]{file: file}
	out := bufio.NewWriterSize(file, 64<<10)
	encoder := gob.NewEncoder(out)
	for row, err := range rows {
		if err == nil {
			err = encoder.Encode(&row)
		}
		if err != nil {
			r.close()
			return nil, spillError(err)
		}
	}
	if err := out.Flush(); err != nil {
		r.close()
		return nil, spillError(err)
	}
	return r, nil
}

func (r *run[T]) rewind() error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return spillError(err)
	}
	r.decoder = gob.NewDecoder(bufio.NewReaderSize(r.file, 64<<10))
	return nil
}

func (r *run[T]) next(row *T) error {
	err := r.decoder.Decode(row)
	if err != nil && !errors.Is(err, io.EOF) {
		return spillError(err)
	}
	return err
}

func (r *run[T]) close() {
	_ = r.file.Close()
	_ = os.Remove(r.file.Name())
}

// spillError says that the machine refuses: nothing of the question is answered.
func spillError(err error) error {
	return fmt.Errorf("aglae: sorting in a temporary file: %w: %w", passerelle.ErrUnavailable, err)
}

// runHeap gives the smallest head.
type runHeap[T any] struct {
	heads   []runHead[T]
	compare func(a, b *T) int
}

type runHead[T any] struct {
	row   T
	run   *run[T]
	order int
}

func (h *runHeap[T]) Len() int { return len(h.heads) }

func (h *runHeap[T]) Less(i, j int) bool {
	c := h.compare(&h.heads[i].row, &h.heads[j].row)
	return c < 0 || c == 0 && h.heads[i].order < h.heads[j].order
}

func (h *runHeap[T]) Swap(i, j int) { h.heads[i], h.heads[j] = h.heads[j], h.heads[i] }

func (h *runHeap[T]) Push(x any) { h.heads = append(h.heads, x.(runHead[T])) }

func (h *runHeap[T]) Pop() any {
	last := h.heads[len(h.heads)-1]
	h.heads = h.heads[:len(h.heads)-1]
	return last
}
