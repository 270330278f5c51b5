package journal

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	passerelle "github.com/passerelle-sup/passerelle"
)

// batch is the lines that one write and one sync make durable. Whoever puts the
// first line in writes it, as soon as the batch before is on the disk; the others wait.
type batch struct {
	lines   []byte
	records int64
	settled bool           // guarded by committing
	answer  sync.WaitGroup // err is set once it is done
	err     error
}

func newBatch(buf []byte) *batch {
	b := &batch{lines: buf[:0]}
	b.answer.Add(1)
	return b
}

// Append writes each value as one JSON record and returns when they are on the
// disk. Callers that append at the same time share one write and one sync; the
// records of one call stay together. A json.RawMessage is written compacted.
//
// A value that is no JSON or too large is refused with an [*Error] of class
// ErrInvalid, nothing of the call is written and the journal goes on. Any other
// error breaks the journal: it is returned by every later call too, and whether the
// records are on file is known when it is opened again.
func (j *Journal) Append(records ...any) error {
	if len(records) == 0 {
		return nil
	}
	bodies := make([][]byte, len(records))
	for i, v := range records {
		body, err := j.encode("append", v)
		if err != nil {
			return err
		}
		bodies[i] = body
	}

	j.mu.Lock()
	if j.fault != nil {
		defer j.mu.Unlock()
		return j.fault
	}
	b := j.next
	first := b.records == 0
	for _, body := range bodies {
		j.seq++
		b.lines = appendLine(b.lines, j.seq, body)
	}
	b.records += int64(len(bodies))
	j.mu.Unlock()

	if first {
		j.commit(b)
	}
	b.answer.Wait()
	return b.err
}

// commit writes b, unless Compact has done so meanwhile.
func (j *Journal) commit(b *batch) {
	j.committing.Lock()
	defer j.committing.Unlock()
	if b.settled {
		return
	}
	j.mu.Lock()
	j.take()
	err := j.fault
	j.mu.Unlock()
	if err == nil {
		err = j.write(b.lines)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settle(b, err)
}

// encode returns v as JSON on one line.
func (j *Journal) encode(op string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		// The cause may repeat the value: it is unwrapped, never printed.
		return nil, &Error{Op: op, Path: j.path, Class: passerelle.ErrInvalid, Text: fmt.Sprintf("a %T does not give JSON", v), Err: err}
	}
	if limit := j.opts.maxRecord(); len(body) > limit {
		return nil, &Error{Op: op, Path: j.path, Class: passerelle.ErrInvalid, Text: fmt.Sprintf("a record of %d bytes, want at most %d", len(body), limit)}
	}
	return body, nil
}

// take removes the batch that is being collected and begins the next one.
// committing and mu are held.
func (j *Journal) take() *batch {
	b := j.next
	j.next = newBatch(j.spare)
	j.spare = nil
	return b
}

// settle records what became of b and wakes those who wait for it. committing and mu are held.
func (j *Journal) settle(b *batch, err error) {
	b.settled, b.err = true, err
	defer b.answer.Done()
	if err == nil {
		j.count += b.records
		j.size += int64(len(b.lines))
	} else if j.fault == nil {
		j.fault = err
	}
	const keep = 1 << 20 // a buffer grown by a rare large batch is let go
	if cap(b.lines) <= keep {
		j.spare = b.lines
	}
	b.lines = nil
}

// write writes lines once and syncs once: neither is tried again.
func (j *Journal) write(lines []byte) error {
	n, err := j.file.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	if err == nil && !j.opts.NoSync {
		err = j.file.Sync()
	}
	if err != nil {
		return j.failed("append", err)
	}
	return nil
}

// Sync makes durable what a journal with NoSync has acknowledged. On any other
// journal there is nothing left to do.
func (j *Journal) Sync() error {
	j.committing.Lock()
	defer j.committing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		return j.fault
	}
	if err := j.file.Sync(); err != nil {
		j.fault = j.failed("sync", err)
	}
	return j.fault
}
