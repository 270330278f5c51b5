package aglae

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// FileLog is a DetectionLog in one append-only file, for one process at a time: what
// it acknowledges is on the disk. The last answer of each student is in memory, some
// 400 bytes each; the history is read from the file. The file is text, one JSON record
// a line, and holds INEs: it belongs in a folder that only the service reads.
type FileLog struct {
	journal *journal.Journal
	mu      sync.RWMutex
	latest  latest
}

var _ DetectionLog = (*FileLog)(nil)

// detectionFile is the kind of the journal, with the version of its records.
const detectionFile = "aglae-detections/1"

// OpenLog opens the log at path, or creates it. Its error is passerelle.ErrConflict
// when another process has it, and passerelle.ErrInvalid for a file that is no such log
// or is damaged.
func OpenLog(path string) (*FileLog, error) {
	l := &FileLog{latest: make(latest)}
	j, err := journal.Open(path, journal.Options{Kind: detectionFile, Replay: func(line journal.Record) error {
		d, err := readDetection(line)
		if err == nil {
			l.latest.put(d)
		}
		return err
	}})
	if err != nil {
		return nil, fmt.Errorf("aglae: opening the detection log: %w", err)
	}
	l.journal = j
	return l, nil
}

func readDetection(line journal.Record) (Detection, error) {
	var d Detection
	if err := json.Unmarshal(line.Data, &d); err != nil {
		return d, fmt.Errorf("aglae: record %d of the detection log: not a record of this version: %w", line.Seq, passerelle.ErrInvalid)
	}
	return d, nil
}

// Record implements [DetectionLog].
func (l *FileLog) Record(ctx context.Context, d Detection) error {
	if err := cmp.Or(ctx.Err(), d.Check()); err != nil {
		return err
	}
	if err := l.journal.Append(d); err != nil {
		return fmt.Errorf("aglae: writing the detection log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest.put(d)
	return nil
}

// Latest implements [DetectionLog].
func (l *FileLog) Latest(ctx context.Context, student string, year int) (Detection, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.latest.get(ctx, student, year)
}

// Open implements [DetectionLog].
func (l *FileLog) Open(ctx context.Context, year int) iter.Seq2[Detection, error] {
	return func(yield func(Detection, error) bool) {
		l.mu.RLock()
		open := l.latest.open(year)
		l.mu.RUnlock()
		each(ctx, open, yield)
	}
}

// Detections implements [DetectionLog]. A damaged record is an error in its place.
func (l *FileLog) Detections(ctx context.Context, since time.Time) iter.Seq2[Detection, error] {
	return func(yield func(Detection, error) bool) {
		for line, err := range l.journal.Records() {
			err = cmp.Or(ctx.Err(), err)
			var d Detection
			if err == nil {
				d, err = readDetection(line)
			}
			if err == nil && d.At.Before(since) {
				continue
			}
			if !yield(d, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

// Close closes the file. Records after it fail.
func (l *FileLog) Close() error { return l.journal.Close() }
