package ewpclient

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// Answer is an answer of status 2xx that may be believed. It must be closed. It is
// not safe for concurrent use.
type Answer struct {
	// Host is the host element whose keys it was verified with.
	Host registry.Host
	// Version is that of the manifest entry called, and Major that of its namespace:
	// they should agree.
	Version ewp.Version
	Major   int
	// Status is 200, or another 2xx that the API knows nothing of.
	Status int
	// Header is that of the answer; of a signed one, what its signature covers.
	Header http.Header
	// Signed reports whether the answer bears a signature of the host. Where it does
	// not, TLS alone says who answered.
	Signed bool
	// RequestID is what the host's log has the request under; "" when not signed.
	RequestID string
	// Size is the length of the body as received.
	Size int64

	x *exchange
}

// answer is the answer of an exchange that went well.
func (x *exchange) answer() *Answer {
	a := &Answer{
		Host:    x.target.Entry.Host(),
		Version: x.target.Version,
		Status:  x.status,
		Header:  x.header,
		Signed:  x.verified != nil,
		Size:    x.spool.Size(),
		x:       x,
	}
	a.Major, _ = ewp.NamespaceMajor(x.target.Entry.Name().Space)
	if a.Signed {
		a.RequestID = x.verified.RequestID
	}
	return a
}

// Target returns where the call went.
func (a *Answer) Target() Target { return a.x.target }

// Close frees the body. It can be called again.
func (a *Answer) Close() error {
	a.x.closed = true
	return a.x.spool.Close()
}

// Open returns a new reader of the body from its start, its codings undone. It is
// good until Close. Its error, and that of reading, is an *ewp.Error for a coding
// that cannot be undone or a body that is too long without it.
func (a *Answer) Open() (io.Reader, error) {
	r, err := a.x.open()
	if err != nil {
		return nil, a.Invalid(err)
	}
	return &plain{a, r}, nil
}

// Invalid says that the answer is not what it must be, for callers that see more in
// it than this package does: it returns the *ewp.Error that says so, with err as
// its cause, and reports the failure. The text of err becomes public: it must be
// free of personal data.
func (a *Answer) Invalid(err error) error {
	return a.x.failed(a.Status, err, passerelle.Unknown)
}

// plain turns the errors of undoing a coding into those of the call.
type plain struct {
	a *Answer
	r io.Reader
}

func (p *plain) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF {
		err = p.a.Invalid(err)
	}
	return n, err
}

// fault is an error of this package in fixed words, about an answer.
type fault string

func (f fault) Error() string { return string(f) }

// Is reports whether target is passerelle.ErrProtocol.
func (f fault) Is(target error) bool { return target == passerelle.ErrProtocol }

const (
	errTooLarge fault = "answer longer than accepted"
	errCoding   fault = "answer in a content coding that was not asked for"
	errDamaged  fault = "answer whose content coding cannot be undone"
)

// maxCodings bounds the codings on top of each other.
const maxCodings = 3

// open returns a reader of the body with its codings undone, bounded.
func (x *exchange) open() (io.Reader, error) {
	var codings []string
	for _, value := range x.header.Values("Content-Encoding") {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				codings = append(codings, name)
			}
		}
	}
	switch {
	case x.closed:
		return nil, fs.ErrClosed
	case len(codings) > maxCodings:
		return nil, errCoding
	}
	var r io.Reader = x.spool.Reader()
	for i := len(codings) - 1; i >= 0; i-- {
		var err error
		if r, err = x.undo(codings[i], r); err != nil {
			return nil, codingError(err)
		}
	}
	if len(codings) == 0 {
		return r, nil
	}
	return &bounded{r, x.cfg.Transport.MaxBody}, nil
}

func (x *exchange) undo(coding string, r io.Reader) (io.Reader, error) {
	switch {
	case coding == "gzip", coding == "x-gzip":
		return newGunzip(r)
	case coding == aesgcm.Coding && x.cfg.Encryption != nil:
		body, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		body, err = x.cfg.Encryption.Decrypt(body)
		return bytes.NewReader(body), err
	}
	return nil, errCoding
}

// gunzip is a gzip reader whose tables serve again: they cost more than reading a
// short answer does.
type gunzip struct{ r *gzip.Reader } // nil at the end

var gunzips sync.Pool

func newGunzip(r io.Reader) (io.Reader, error) {
	z, _ := gunzips.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	if err := z.Reset(r); err != nil {
		return nil, err
	}
	return &gunzip{z}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.r == nil {
		return 0, io.EOF
	}
	n, err := g.r.Read(p)
	if err == io.EOF {
		gunzips.Put(g.r)
		g.r = nil
	}
	return n, err
}

// codingError puts an error of undoing a coding in fixed words.
func codingError(err error) error {
	if _, ok := errors.AsType[fault](err); ok {
		return err
	}
	return errDamaged
}

// bounded is a reader of at most left bytes, in which more is an error, as is a
// coding that cannot be undone.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	if err != nil && err != io.EOF {
		err = codingError(err)
	}
	return n, err
}

// charsetOf returns the charset that a Content-Type names, "" where it names none.
func charsetOf(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return params["charset"]
}
