package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	passerelle "github.com/passerelle-sup/passerelle"
)

// DefaultMaxRecord is the size in bytes of the largest record when Options does not say.
const DefaultMaxRecord = 1 << 20

// Options says what a journal holds and how it is kept.
type Options struct {
	// Kind names the content and the version of its records, "ines-ledger/1":
	// 1 to 100 printable ASCII characters without blanks. A file of another kind is
	// refused. Required.
	Kind string
	// MaxRecord bounds the JSON of one record, in bytes. 0 means DefaultMaxRecord.
	MaxRecord int
	// Replay takes the records on file, in order, while Open reads them. An error
	// ends Open and is returned. nil reads them only to check them.
	Replay func(Record) error
	// OnDamage is asked about each damaged part that no crash explains, in the order
	// of the file. If it returns nil, Open goes on behind the damage, which stays in
	// the file until it is compacted; an error ends Open and is returned. nil refuses
	// every damage with its DamageError.
	OnDamage func(*DamageError) error
	// NoSync leaves it to the system when to write to the disk: what was acknowledged
	// survives the death of the process and not that of the machine. For
	// tests and bulk loads, see Journal.Sync.
	NoSync bool

	wrap func(sink) sink // lets tests stand between the journal and its file
}

// sink is what appending needs of a file.
type sink interface {
	io.WriteCloser
	Sync() error
}

func (o Options) maxRecord() int {
	if o.MaxRecord > 0 {
		return o.MaxRecord
	}
	return DefaultMaxRecord
}

func (o Options) check(op, path string) error {
	if !validKind(o.Kind) {
		return &Error{Op: op, Path: path, Class: passerelle.ErrInvalid, Text: "Options.Kind: want 1 to 100 printable ASCII characters without blanks"}
	}
	return nil
}

// Journal is an open journal. Its methods are safe for concurrent use.
type Journal struct {
	path string
	opts Options
	lock *os.File

	// committing is held by whoever writes to file. It is taken before mu.
	committing sync.Mutex
	file       sink

	mu     sync.Mutex
	next   *batch // collects records until somebody writes it
	spare  []byte // buffer of an earlier batch
	seq    int64  // number of the last record taken, written or not
	count  int64  // records on file
	size   int64  // bytes on file
	fault  error  // set for good by a failed write, or by Close
	closed bool
	repair Repair
}

// Repair is what Open cut off the end of a journal.
type Repair struct {
	Offset  int64  // where the file was cut
	Length  int64  // bytes cut off
	SavedTo string // file that the bytes were appended to
}

// Open opens the journal at path, creating it with permission 0600 when there is
// none, locks it, replays its records and repairs an end cut by a crash. Its errors
// are an [*Error] or a [*DamageError], or what Replay or OnDamage returned.
func Open(path string, opts Options) (_ *Journal, err error) {
	if err := opts.check("open", path); err != nil {
		return nil, err
	}
	if path, err = resolve(path); err != nil {
		return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrUnavailable, Err: err}
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, opts: opts, lock: lock, next: newBatch(nil)}
	defer func() {
		if err != nil {
			if j.file != nil {
				j.file.Close()
			}
			release(lock)
		}
	}()
	// What a compaction that died left behind is of no use, and may hold personal data.
	if err := os.Remove(path + tempSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrUnavailable, Err: err}
	}
	if err := j.openFile(); err != nil {
		return nil, err
	}
	return j, nil
}

// resolve follows symbolic links, so that two names of one journal share one lock.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(real, abs), err
	}
	if _, lerr := os.Lstat(abs); lerr == nil {
		return abs, err // a link to nowhere
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return abs, err
	}
	return filepath.Join(dir, filepath.Base(abs)), nil
}

// openFile opens, creates, replays and repairs the file, and makes it j.file.
func (j *Journal) openFile() error {
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return j.failed("open", err)
	}
	j.file = f
	info, err := f.Stat()
	if err != nil {
		return j.failed("open", err)
	}
	if !info.Mode().IsRegular() {
		return &Error{Op: "open", Path: j.path, Class: passerelle.ErrInvalid, Text: "not a regular file"}
	}
	j.size = info.Size()
	if unborn, err := j.unborn(f); err != nil {
		return j.failed("open", err)
	} else if unborn {
		if err := j.create(f); err != nil {
			return j.failed("open", err)
		}
	} else if err := j.replay(f); err != nil {
		return err
	}
	if !j.opts.NoSync {
		// The caller builds on what was replayed: have it on the disk, even if the process that wrote it died before its sync.
		if err := f.Sync(); err != nil {
			return j.failed("open", err)
		}
	}
	if j.opts.wrap != nil {
		j.file = j.opts.wrap(f)
	}
	return nil
}

// unborn reports whether f is empty, or holds no more than the beginning of its
// first line or blocks never written: its creator died at work.
func (j *Journal) unborn(f *os.File) (bool, error) {
	want := header(j.opts.Kind)
	if j.size > int64(len(want)) {
		return false, nil
	}
	got := make([]byte, j.size)
	if _, err := f.ReadAt(got, 0); err != nil && err != io.EOF {
		return false, err
	}
	return !bytes.Equal(got, want) && bytes.HasPrefix(want, bytes.TrimRight(got, "\x00")), nil
}

// create writes the first line.
func (j *Journal) create(f *os.File) error {
	first := header(j.opts.Kind)
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.Write(first); err != nil {
		return err
	}
	j.size = int64(len(first))
	if j.opts.NoSync {
		return nil
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(j.path)
}

// replay reads the records and cuts a torn end off.
func (j *Journal) replay(f *os.File) error {
	s := newScanner(io.NewSectionReader(f, 0, j.size), j.path, j.opts)
	if err := s.header(); err != nil {
		return err
	}
	for {
		rec, damage, err := s.next()
		switch {
		case err == io.EOF:
			j.seq = s.last
			return nil
		case err != nil:
			return err
		case damage != nil && damage.Torn:
			if err := j.cut(f, damage.Offset); err != nil {
				return j.failed("open", fmt.Errorf("repair: %w", err))
			}
		case damage != nil:
			if j.opts.OnDamage == nil {
				return damage
			}
			if err := j.opts.OnDamage(damage); err != nil {
				return err
			}
		default:
			j.count++
			if j.opts.Replay != nil {
				if err := j.opts.Replay(rec); err != nil {
					return fmt.Errorf("journal: open %s: record %d: %w", j.path, rec.Seq, err)
				}
			}
		}
	}
}

// cut moves the end of f from offset on into the file of torn ends.
func (j *Journal) cut(f *os.File, offset int64) error {
	j.repair = Repair{Offset: offset, Length: j.size - offset, SavedTo: j.path + ".torn"}
	save, err := os.OpenFile(j.repair.SavedTo, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(save, io.NewSectionReader(f, offset, j.repair.Length))
	if err == nil {
		_, err = save.WriteString("\n")
	}
	if err == nil && !j.opts.NoSync {
		err = errors.Join(save.Sync(), syncDir(j.path))
	}
	if err := errors.Join(err, save.Close()); err != nil {
		return err
	}
	j.size = offset
	return f.Truncate(offset) // openFile syncs it
}

// syncDir makes the name of a file durable.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (j *Journal) failed(op string, err error) error {
	return &Error{Op: op, Path: j.path, Class: passerelle.ErrUnavailable, Err: err}
}

// Records reads the acknowledged records again, from the first, as they are on
// file when the loop begins. It yields what [Scan] yields.
func (j *Journal) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		j.mu.Lock()
		size, fault := j.size, j.fault
		j.mu.Unlock()
		if fault != nil {
			yield(Record{}, fault)
			return
		}
		scanFile(j.path, size, j.opts, yield)
	}
}

// Repaired tells what Open cut off, and whether it did.
func (j *Journal) Repaired() (Repair, bool) { return j.repair, j.repair.Length > 0 }

// Path returns the absolute path of the file, symbolic links followed.
func (j *Journal) Path() string { return j.path }

// Len returns the number of records on file.
func (j *Journal) Len() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.count
}

// Size returns the bytes on file. With Len it helps to decide when to compact.
func (j *Journal) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// Close waits for the writing under way, closes the file and releases the lock.
// It returns the error that broke the journal, if one did. A second Close does nothing.
func (j *Journal) Close() error {
	j.committing.Lock()
	defer j.committing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	broken := j.fault
	if broken == nil {
		j.fault = &Error{Op: "use", Path: j.path, Class: passerelle.ErrGone, Text: "the journal is closed", Err: fs.ErrClosed}
	}
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	// The lock goes last: nobody else may open before our file is closed.
	err = errors.Join(err, release(j.lock))
	if broken != nil {
		return broken
	}
	if err != nil {
		return j.failed("close", err)
	}
	return nil
}
