package file_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// shelf has files for everybody, and counts those that are open.
type shelf struct{ open int }

func (s *shelf) File(_ context.Context, _ ewpserver.Parties, id string) (*file.File, error) {
	f := &file.File{Content: &counted{strings.NewReader("content"), s}}
	switch id {
	case "pdf":
		f.ContentType = "application/pdf"
	case "text":
		f.ContentType = "text/plain; charset=utf-8"
	case "bytes":
	case "hidden":
		return nil, passerelle.ErrForbidden
	case "late":
		return nil, passerelle.ErrUnavailable
	case "torn":
		f.Content = io.NopCloser(io.MultiReader(strings.NewReader("con"), failing{}))
		return f, nil
	default:
		return nil, passerelle.ErrNotFound
	}
	s.open++
	return f, nil
}

type counted struct {
	io.Reader
	s *shelf
}

func (c *counted) Close() error { c.s.open--; return nil }

// failing is a disk that fails.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk") }

// open takes requests without signature, so that a test can write them down. The
// callers are tested with the client.
var open = ewpserver.Security(ewp.ClientAnonymous | ewp.RequestTLS | ewp.ResponseTLS)

func TestServe(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	s := n.University("uni-b.example").Server
	var files shelf
	if err := file.Register(s, &files, open); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		method, query, accept string
		status                int
		contentType           string
		body                  string
	}{
		"PDF":             {"GET", "file_id=pdf", "gzip", 200, "application/pdf", "content"}, // compressed already
		"text":            {"GET", "file_id=text", "", 200, "text/plain; charset=utf-8", "content"},
		"of unknown type": {"GET", "file_id=bytes", "gzip", 200, "application/octet-stream", "content"},
		"unknown":         {"GET", "file_id=x", "", 404, "application/xml", "error-response"},
		"hidden":          {"GET", "file_id=hidden", "", 404, "application/xml", "error-response"},
		"not now":         {"GET", "file_id=late", "", 503, "application/xml", "error-response"},
		"torn":            {"GET", "file_id=torn", "", 500, "application/xml", "error-response"},
		"no identifier":   {"GET", "", "", 400, "application/xml", "file_id"},
		"two identifiers": {"GET", "file_id=pdf&file_id=pdf", "", 400, "application/xml", "file_id"},
		"POST":            {"POST", "file_id=pdf", "", 405, "application/xml", "GET"},
	} {
		r := httptest.NewRequest(test.method, "/file?"+test.query, nil)
		r.Header.Set("Accept-Encoding", test.accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		h := w.Result().Header
		if w.Code != test.status || h.Get("Content-Type") != test.contentType || h.Get("Content-Encoding") == "gzip" && test.accept == "" {
			t.Errorf("%s: %d %v", name, w.Code, h)
		}
		if h.Get("Content-Encoding") == "" && !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s: body %q", name, w.Body)
		}
		if cached := strings.Contains(h.Get("Cache-Control"), "immutable"); cached != (w.Code == 200) {
			t.Errorf("%s: status %d with Cache-Control %q", name, w.Code, h.Get("Cache-Control"))
		}
	}
	testutil.Equal(t, "files left open", files.open, 0)

	// What a client has it need not fetch again.
	get := func(match string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/file?file_id=pdf", nil)
		if match != "" {
			r.Header.Set("If-None-Match", match)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	tag := get("").Header().Get("ETag")
	for i, test := range []struct {
		match  string
		status int
	}{
		0: {tag, 304},
		1: {`"x", W/` + tag, 304},
		2: {"*", 304},
		3: {`"x"`, 200},
	} {
		w := get(test.match)
		if w.Code != test.status || w.Code == 304 && w.Body.Len() > 0 || w.Header().Get("ETag") != tag {
			t.Errorf("%d: If-None-Match %s: %d %q %v", i, test.match, w.Code, w.Body, w.Header())
		}
	}
	testutil.Equal(t, "files left open", files.open, 0)
}

func TestRegisterFaults(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	if err := file.Register(n.University("uni-b.example").Server, nil); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no provider: %v", err)
	}
}
