package xmlx

import "io"

// Limits bounds what a document may cost. Zero fields take the default named
// beside them.
type Limits struct {
	MaxBytes    int64 // bytes of the document, after conversion to UTF-8; 16 MiB
	MaxToken    int64 // bytes of one tag or run of text; MaxBytes, at most 16 MiB
	MaxDepth    int   // elements inside one another; 100
	MaxElements int   // elements in all; 500 000
	MaxAttrs    int   // attributes of one element, namespace declarations included; 256
}

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 16 << 20
	}
	if l.MaxToken <= 0 {
		l.MaxToken = min(l.MaxBytes, 16<<20)
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = 100
	}
	if l.MaxElements <= 0 {
		l.MaxElements = 500_000
	}
	if l.MaxAttrs <= 0 {
		l.MaxAttrs = 256
	}
	return l
}

// source hands a document to encoding/xml byte by byte and counts: encoding/xml
// buffers a whole token, so its size has to be bounded while it is read.
type source struct {
	r        io.Reader // nil once everything is in buf
	buf      []byte
	pos      int
	read     int64 // bytes handed over
	token    int64 // value of read at the start of the current token
	max      int64
	maxToken int64
	err      error // what the reader below said at its end
}

// ReadByte returns the next byte. encoding/xml uses nothing else.
func (s *source) ReadByte() (byte, error) {
	if s.pos == len(s.buf) {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	if s.read >= s.max {
		return 0, &Error{Rule: "size", Want: "a smaller document"}
	}
	if s.read-s.token >= s.maxToken {
		return 0, &Error{Rule: "token", Want: "shorter tags and texts"}
	}
	c := s.buf[s.pos]
	s.pos++
	s.read++
	return c, nil
}

// Read completes io.Reader, which encoding/xml asks for.
func (s *source) Read(p []byte) (int, error) {
	for i := range p {
		c, err := s.ReadByte()
		if err != nil {
			return i, err
		}
		p[i] = c
	}
	return len(p), nil
}

func (s *source) fill() error {
	for range 100 {
		if s.err != nil {
			return s.err
		}
		if s.r == nil {
			return io.EOF
		}
		var n int
		n, s.err = s.r.Read(s.buf[:cap(s.buf)])
		s.buf, s.pos = s.buf[:n], 0
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}
