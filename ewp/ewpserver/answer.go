package ewpserver

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// Answer is what a [Handler] writes to. Nothing of it is sent before the handler
// returns; it is kept in memory, and on disk where it is long. It is not safe for
// concurrent use.
type Answer struct {
	// Status of the answer. 0 is 200.
	Status int

	x      *exchange
	header http.Header
	body   *httpsig.Spool
	zip    *gzip.Writer // nil when the body is not compressed
	w      io.Writer    // where the body goes; nil before its first byte
	open   *Document    // that was begun; nil when there is none
}

func (x *exchange) newAnswer() *Answer {
	return &Answer{x: x, header: http.Header{}, body: x.spool(x.s.cfg.Answers)}
}

// Header returns the headers of the answer, which are signed with it. Content-Type
// is application/xml and Cache-Control is no-store unless they are set before the
// first byte; length, date, digest and identifiers are set by the server.
func (a *Answer) Header() http.Header { return a.header }

// Write appends to the body.
func (a *Answer) Write(p []byte) (int, error) {
	if a.w == nil {
		a.begin()
	}
	return a.w.Write(p)
}

// zippers are writers to be used again: a new one takes 800 kB.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// begin completes the headers and chooses the coding of the body.
func (a *Answer) begin() {
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "application/xml")
	}
	a.w = a.body
	if a.x.answers.gzip && a.header.Get("Content-Encoding") == "" && compressible(a.header.Get("Content-Type")) {
		a.header.Set("Content-Encoding", "gzip")
		a.zip = zippers.Get().(*gzip.Writer)
		a.zip.Reset(a.body)
		a.w = a.zip
	}
}

// compressible reports whether a body of this type gets smaller: documents of the
// network do, a PDF does not.
func compressible(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "xml") || strings.HasSuffix(media, "json")
}

// finish writes what is left of the body and gives it its last coding.
func (a *Answer) finish() error {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	if a.open != nil && !a.open.closed {
		return &internalError{"writing the answer", errors.New("a document was not closed")}
	}
	if a.header.Get("Cache-Control") == "" {
		a.header.Set("Cache-Control", "no-store")
	}
	if a.zip != nil {
		err := a.zip.Close()
		a.release()
		if err != nil {
			return err
		}
	}
	if _, err := a.body.SHA256(); err != nil { // the handler may not have looked
		return err
	}
	if key := a.x.answers.key; !key.IsZero() && a.w != nil {
		text, err := io.ReadAll(a.body.Reader())
		if err != nil {
			return err
		}
		if text, err = aesgcm.Encrypt(key, text); err != nil {
			return err
		}
		a.body = a.x.spool(a.x.s.cfg.Answers)
		coding := strings.TrimPrefix(a.header.Get("Content-Encoding")+", "+aesgcm.Coding, ", ")
		a.header.Set("Content-Encoding", coding)
		_, err = a.body.Write(text)
		return err
	}
	return nil
}

// release gives back the writer of an answer that is finished or dropped.
func (a *Answer) release() {
	if a.zip != nil {
		zippers.Put(a.zip)
		a.zip = nil
	}
}
