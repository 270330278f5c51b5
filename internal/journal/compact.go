package journal

import (
	"bufio"
	"errors"
	"io/fs"
	"iter"
	"os"
)

// tempSuffix names the file that a compaction writes before it takes the journal's place.
const tempSuffix = ".new"

// Compact replaces all records by those of snapshot, numbered from 1, in one
// atomic step: after a crash the journal is the old one or the new one.
//
// Appends wait until it is done, so snapshot must not append. It must hold what
// every Append begun so far meant to record: a caller that changes its state in
// memory before it appends, and reads that state in snapshot, has that for free.
//
// A refused value, a full disk, or any other failure before the replacement leaves
// the journal as it was and usable. A failure after it breaks the journal.
func (j *Journal) Compact(snapshot iter.Seq[any]) error {
	j.committing.Lock()
	defer j.committing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		return j.fault
	}
	// Those who wait for their batch get their answer from the old file.
	if b := j.take(); len(b.lines) > 0 {
		j.settle(b, j.write(b.lines))
		if b.err != nil {
			return b.err
		}
	}
	count, size, err := j.writeSnapshot(snapshot)
	if err == nil {
		err = j.replace()
	}
	if err != nil {
		if rerr := os.Remove(j.path + tempSuffix); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		return err
	}
	j.seq, j.count, j.size = count, count, size
	return nil
}

// writeSnapshot writes the new journal beside the old one and syncs it.
func (j *Journal) writeSnapshot(snapshot iter.Seq[any]) (count, size int64, err error) {
	f, err := os.OpenFile(j.path+tempSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, 0, j.failed("compact", err)
	}
	var out sink = f
	if j.opts.wrap != nil {
		out = j.opts.wrap(f)
	}
	defer func() {
		if cerr := out.Close(); err == nil && cerr != nil {
			err = j.failed("compact", cerr)
		}
	}()
	w := bufio.NewWriterSize(out, 64<<10)
	first := header(j.opts.Kind)
	size = int64(len(first))
	if _, err := w.Write(first); err != nil {
		return 0, 0, j.failed("compact", err)
	}
	var line []byte
	for v := range snapshot {
		body, err := j.encode("compact", v)
		if err != nil {
			return 0, 0, err
		}
		count++
		line = appendLine(line[:0], count, body)
		size += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return 0, 0, j.failed("compact", err)
		}
	}
	// Synced under NoSync too: else a power failure could take the old records with the new.
	if err := errors.Join(w.Flush(), out.Sync()); err != nil {
		return 0, 0, j.failed("compact", err)
	}
	return count, size, nil
}

// replace puts the new file in the place of the old one. The old one is closed
// first, because Windows renames nothing over an open file; the lock stays held.
func (j *Journal) replace() error {
	j.file.Close() // synced already: nothing depends on it
	rerr := os.Rename(j.path+tempSuffix, j.path)
	f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		j.file = f
		if j.opts.wrap != nil {
			j.file = j.opts.wrap(f)
		}
		if rerr != nil {
			return j.failed("compact", rerr) // the old journal is in its place and goes on
		}
		err = syncDir(j.path)
	}
	if err = errors.Join(rerr, err); err != nil {
		j.fault = j.failed("compact", err)
		return j.fault
	}
	return nil
}
