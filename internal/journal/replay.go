package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	passerelle "github.com/passerelle-sup/passerelle"
)

// Record is one record read back.
type Record struct {
	Seq    int64  // number of the record in the file, from 1; compaction numbers anew
	Offset int64  // of its line in the file
	Data   []byte // the JSON value; valid until the next record is read
}

// Scan reads the journal at path without locking or changing it. It yields every
// good record, and a [*DamageError] for each damaged part, after which it goes on: a
// journal whose damage keeps [Open] from it can be read this way. A cut end, which
// is also what a reader may see of a journal that is being written, comes last
// and has Torn set. Any other error is fatal and the last element. Kind and
// MaxRecord are the options that count.
func Scan(path string, opts Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := opts.check("read", path); err != nil {
			yield(Record{}, err)
			return
		}
		scanFile(path, -1, opts, yield)
	}
}

// scanFile yields what Scan promises from the first limit bytes of a file, all of them when limit is negative.
func scanFile(path string, limit int64, opts Options, yield func(Record, error) bool) {
	f, err := os.Open(path)
	if err != nil {
		class := passerelle.ErrUnavailable
		if errors.Is(err, fs.ErrNotExist) {
			class = passerelle.ErrNotFound
		}
		yield(Record{}, &Error{Op: "read", Path: path, Class: class, Err: err})
		return
	}
	defer f.Close()
	var r io.Reader = f
	if limit >= 0 {
		r = io.LimitReader(f, limit)
	}
	scan(r, path, opts, yield)
}

// scan yields what Scan promises from the bytes of r.
func scan(r io.Reader, path string, opts Options, yield func(Record, error) bool) {
	s := newScanner(r, path, opts)
	if err := s.header(); err != nil {
		yield(Record{}, err)
		return
	}
	for {
		rec, damage, err := s.next()
		switch {
		case err == io.EOF:
			return
		case err != nil:
			yield(Record{}, err)
			return
		case damage != nil:
			if !yield(Record{}, damage) {
				return
			}
		default:
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// scanner reads the lines of a journal in constant memory.
type scanner struct {
	r    *bufio.Reader
	path string
	kind string
	max  int // longest line, newline included

	off    int64 // of the next byte to read
	last   int64 // number of the last good record
	joined []byte

	// What was found behind a damage that is delivered first: a good record or a cut end.
	record *Record
	torn   *DamageError
	ended  bool
}

func newScanner(r io.Reader, path string, opts Options) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), path: path, kind: opts.Kind, max: opts.maxRecord() + maxOverhead}
}

// line is one line of the file as it was found.
type line struct {
	off   int64
	size  int64  // newline included
	text  []byte // without newline; nil when the line is too long
	whole bool   // ended by a newline
	zeros bool   // holds a zero byte, which no record does: a block that was never written
}

// read returns the next line, io.EOF after the last one.
func (s *scanner) read() (line, error) {
	l := line{off: s.off}
	s.joined = s.joined[:0]
	for {
		chunk, err := s.r.ReadSlice('\n')
		l.size += int64(len(chunk))
		s.off += int64(len(chunk))
		if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
			return l, &Error{Op: "read", Path: s.path, Class: passerelle.ErrUnavailable, Err: err}
		}
		l.whole = err == nil
		if l.size > int64(s.max) {
			l.zeros = l.zeros || bytes.IndexByte(chunk, 0) >= 0 || bytes.IndexByte(s.joined, 0) >= 0
			s.joined = s.joined[:0]
		} else if err == bufio.ErrBufferFull || len(s.joined) > 0 {
			s.joined = append(s.joined, chunk...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case l.size == 0:
			return l, io.EOF
		case l.size > int64(s.max):
			return l, nil
		case len(s.joined) > 0:
			chunk = s.joined
		}
		if l.whole {
			chunk = chunk[:len(chunk)-1]
		}
		l.text = chunk
		return l, nil
	}
}

// header reads the first line and checks that this is such a journal.
func (s *scanner) header() error {
	want := header(s.kind)
	l, err := s.read()
	if err != nil && err != io.EOF {
		return err
	}
	got := l.text
	if l.whole && bytes.Equal(got, want[:len(want)-1]) {
		return nil
	}
	text := "not a journal: the first line does not start with " + magicName
	switch kind, ours := bytes.CutPrefix(got, []byte(magic)); {
	case !l.whole && l.size < int64(len(want)) && bytes.HasPrefix(want, got):
		text = "no journal yet: the first line was never finished"
	case ours && l.whole && validKind(string(kind)):
		text = fmt.Sprintf("a journal of another kind: %s, want %s", kind, s.kind)
	case bytes.HasPrefix(got, []byte(magicName)):
		text = "a journal of another format version, or its first line is damaged: want " + string(want[:len(want)-1])
	}
	return &Error{Op: "read", Path: s.path, Class: passerelle.ErrInvalid, Text: text}
}

// next returns the next good record, or the damage met before it, or io.EOF. A
// record is valid until the following call.
func (s *scanner) next() (Record, *DamageError, error) {
	if rec := s.record; rec != nil {
		s.record = nil
		return *rec, nil, nil
	}
	if torn := s.torn; torn != nil {
		s.torn = nil
		return Record{}, torn, nil
	}
	if s.ended {
		return Record{}, nil, io.EOF
	}
	var damage *DamageError
	unwritten := false // the damage starts with a block that was never written
	for {
		l, err := s.read()
		if err == io.EOF {
			s.ended = true
			if damage == nil {
				return Record{}, nil, io.EOF
			}
			if unwritten {
				damage.Torn, damage.Rule = true, RuleTorn
			}
			return Record{}, damage, nil
		}
		if err != nil {
			return Record{}, nil, err
		}
		seq, body, ok := int64(0), []byte(nil), false
		rule := RuleChecksum
		switch {
		case l.text == nil && l.size > int64(s.max):
			rule = RuleLength
		case l.whole:
			if seq, body, ok = parseLine(l.text); ok && seq <= s.last {
				ok, rule = false, RuleSequence
			}
		}
		if ok {
			rec := Record{Seq: seq, Offset: l.off, Data: body}
			if damage == nil && seq != s.last+1 {
				damage = &DamageError{Path: s.path, Offset: l.off, After: s.last, Rule: RuleSequence}
			}
			if damage == nil {
				s.last = seq
				return rec, nil, nil
			}
			damage.Lost = seq - s.last - 1
			s.last = seq
			s.record = &rec
			return Record{}, damage, nil
		}
		switch {
		case damage == nil:
			unwritten = !l.whole || l.zeros || bytes.IndexByte(l.text, 0) >= 0
			damage = &DamageError{Path: s.path, Offset: l.off, Length: l.size, After: s.last, Rule: rule}
		case !l.whole && !unwritten:
			// Whole bad lines, then a cut one: two findings, since only the second is a crash's.
			s.torn = &DamageError{Path: s.path, Offset: l.off, Length: l.size, After: s.last, Torn: true, Rule: RuleTorn}
			s.ended = true
			return Record{}, damage, nil
		default:
			damage.Length += l.size
		}
	}
}
