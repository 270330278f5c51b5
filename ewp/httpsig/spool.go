package httpsig

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
)

// Values that stand for the zero fields of SpoolConfig.
const (
	DefaultSpoolMemory = 8 << 20
	DefaultSpoolMax    = 64 << 20
)

// ErrTooLarge says that a body is longer than its Spool takes.
var ErrTooLarge = errors.New("httpsig: body longer than accepted")

// SpoolConfig says how a [Spool] keeps a body. The zero value is ready to use.
type SpoolConfig struct {
	// Memory is how many bytes are kept in memory; a longer body goes to a file.
	// 0 is DefaultSpoolMemory, a negative number keeps nothing in memory.
	Memory int64
	// Max is the length above which a body is refused. 0 is DefaultSpoolMax.
	Max int64
	// Dir is where files are made, for their owner alone to read, and without a name
	// where the system allows it. Empty is the temporary folder of the system.
	Dir string
}

// Spool keeps one body, in memory and then on disk, and computes its digest on the
// way. It is a [Body]. Write it to the end first; then read it as often as needed.
// Close frees it. Only its readers are safe for concurrent use.
type Spool struct {
	memory, max int64
	dir         string

	buf    bytes.Buffer
	file   *os.File
	name   string // of the file, where it could not be removed at once
	size   int64
	hash   hash.Hash
	err    error
	closed bool
}

// NewSpool returns an empty spool.
func NewSpool(cfg SpoolConfig) *Spool {
	s := &Spool{memory: cfg.Memory, max: cfg.Max, dir: cfg.Dir, hash: sha256.New()}
	if s.memory == 0 {
		s.memory = DefaultSpoolMemory
	}
	if s.max <= 0 {
		s.max = DefaultSpoolMax
	}
	return s
}

// Write appends to the body. After an error, which is [ErrTooLarge] or that of the
// file system, the spool is useless and every method returns the same.
func (s *Spool) Write(p []byte) (int, error) {
	if s.closed {
		return 0, fs.ErrClosed
	}
	if s.err == nil && int64(len(p)) > s.max-s.size {
		s.err = ErrTooLarge
	}
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil && s.size+int64(len(p)) > s.memory {
		s.err = s.toDisk()
	}
	if s.err == nil {
		if s.file == nil {
			s.buf.Write(p)
		} else {
			_, s.err = s.file.Write(p)
		}
	}
	if s.err != nil {
		return 0, s.err
	}
	s.hash.Write(p)
	s.size += int64(len(p))
	return len(p), nil
}

// toDisk moves what is in memory to a new file.
func (s *Spool) toDisk() error {
	f, err := os.CreateTemp(s.dir, "ewp-*")
	if err != nil {
		return err
	}
	s.file = f
	if os.Remove(f.Name()) != nil {
		s.name = f.Name()
	}
	_, err = s.buf.WriteTo(f)
	s.buf = bytes.Buffer{}
	return err
}

// Receive returns the body that is still to come from r: its digest is asked for,
// by a verifier, when all else is good, and r is read into the spool then.
func (s *Spool) Receive(r io.Reader) Body { return &incoming{s, r} }

type incoming struct {
	s *Spool
	r io.Reader // nil once it was read
}

// SHA256 reads the body.
func (i *incoming) SHA256() ([sha256.Size]byte, error) {
	if i.r != nil {
		r := i.r
		i.r = nil
		buf := buffers.Get().(*[32 << 10]byte)
		_, err := io.CopyBuffer(i.s, r, buf[:])
		buffers.Put(buf)
		if err != nil && i.s.err == nil {
			i.s.err = err
		}
	}
	return i.s.SHA256()
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// Size returns the length of what was written.
func (s *Spool) Size() int64 { return s.size }

// SHA256 returns the digest of what was written.
func (s *Spool) SHA256() (sum [sha256.Size]byte, err error) {
	switch {
	case s.closed:
		return sum, fs.ErrClosed
	case s.err != nil:
		return sum, s.err
	}
	s.hash.Sum(sum[:0])
	return sum, nil
}

// Reader returns a new reader of what was written, from its start. It is good
// until Close.
func (s *Spool) Reader() *io.SectionReader {
	var r io.ReaderAt = s.file
	if s.file == nil {
		r = bytes.NewReader(s.buf.Bytes())
	}
	return io.NewSectionReader(r, 0, s.size)
}

// Close frees memory and file. It can be called again.
func (s *Spool) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.buf = bytes.Buffer{}
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
	}
	return err
}
