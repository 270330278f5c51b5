package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider has the files of an institution. It is safe for concurrent use.
type Provider interface {
	// File opens a file for the institution that calls (parties.Caller). Its error is
	// passerelle.ErrNotFound for a file that does not exist, and for one that the
	// caller was not given by another API; ErrForbidden is answered like it.
	File(ctx context.Context, parties ewpserver.Parties, id string) (*File, error)
}

// Register serves the API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "where files are"}}
	}
	return s.Handle(ewp.File, "", handler{p}, opts...)
}

type handler struct{ Provider }

// Serve answers a request.
func (h handler) Serve(ctx context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
	c := r.Check()
	id := c.Required(Param)
	if err := c.Err(); err != nil {
		return err
	}
	f, err := h.File(ctx, r.Parties, id)
	switch {
	case err != nil && notThere(err):
		return &ewpserver.Error{Status: http.StatusNotFound, Err: err}
	case err != nil:
		return err
	}
	defer f.Content.Close()
	header := a.Header()
	// The identifier stands for the content; its hash keeps quotes and the like out of the tag.
	sum := sha256.Sum256([]byte(id))
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	if has(r.Header, tag) {
		a.Status = http.StatusNotModified
		return nil
	}
	header.Set("Content-Type", "application/octet-stream")
	if f.ContentType != "" {
		header.Set("Content-Type", f.ContentType)
	}
	_, err = io.Copy(a, f.Content)
	return err
}

// notThere reports whether the caller is to be told that there is no such file.
func notThere(err error) bool {
	return errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrForbidden)
}

// has reports whether the client has the file already.
func has(h http.Header, tag string) bool {
	for _, value := range h.Values("If-None-Match") {
		for item := range strings.SplitSeq(value, ",") {
			item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
			if item == tag || item == "*" {
				return true
			}
		}
	}
	return false
}
