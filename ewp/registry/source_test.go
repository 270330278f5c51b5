package registry

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalogue.xml")
	write := func(content string, at int) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Date(2030, 1, 1, 0, 0, at, 0, time.UTC)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	c, err := New(Config{Source: File(path)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	steps := []struct {
		content string
		at      int
		changed bool
		holds   string
	}{
		{one("a.example"), 1, true, "a.example"},
		{one("b.example"), 1, false, "a.example"}, // same time and size: taken for the same
		{one("b.example"), 2, true, "b.example"},
		{one("b.example"), 3, false, "b.example"}, // same bytes
		{"<", 4, false, "b.example"},
		{one("c.example"), 5, true, "c.example"},
	}
	for i, s := range steps {
		write(s.content, s.at)
		changed, err := c.Refresh(t.Context())
		if changed != s.changed || (err != nil) != (s.content == "<") {
			t.Errorf("%d: changed %v, error %v", i, changed, err)
		}
		holds(t, c, s.holds)
	}
}

// plain hides that a file can be read twice.
type plain struct{ fs.FS }

func (p plain) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return struct{ fs.File }{f}, err
}

// changing is a file that somebody writes to between its two readings.
type changing struct {
	fs.File
	*bytes.Reader
	second string
}

func (c *changing) Read(p []byte) (int, error) { return c.Reader.Read(p) }

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	c.Reader = bytes.NewReader([]byte(c.second))
	return c.Reader.Seek(offset, whence)
}

type changingFS struct {
	fstest.MapFS
	second *string
}

func (c changingFS) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	return &changing{f, bytes.NewReader(c.MapFS[name].Data), *c.second}, nil
}

// TestFileChangesWhileRead checks that such a file is not taken for the one that was
// seen first: it is read again next time, and known for what it is.
func TestFileChangesWhileRead(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte(one("a.example")), ModTime: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	second := one("b.example")
	c, err := New(Config{Source: FS(changingFS{fstest.MapFS{"x": file}, &second}, "x")})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Fatal(changed, err)
	}
	holds(t, c, "b.example")
	if got, want := c.State().SHA256, sha256Of([]byte(second)).String(); got != want {
		t.Errorf("digest %s, want that of what was read, %s", got, want)
	}
	second = one("a.example") // the writer is done: same time, same size
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Error(changed, err)
	}
	holds(t, c, "a.example")
}

func TestFS(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]fs.FS{
		"seekable": fstest.MapFS{"x/catalogue.xml": {Data: []byte(one("a.example"))}},
		"plain":    plain{fstest.MapFS{"x/catalogue.xml": {Data: []byte(one("a.example"))}}},
	} {
		c, err := New(Config{Source: FS(fsys, "x/catalogue.xml")})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if changed, err := c.Refresh(t.Context()); changed != (i == 0) || err != nil {
				t.Errorf("%s: %d: %v %v", name, i, changed, err)
			}
		}
		holds(t, c, "a.example")
		small, err := New(Config{Source: FS(fsys, "x/catalogue.xml"), Limits: Limits{MaxBytes: 100}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := small.Refresh(t.Context()); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: beyond the limit: %v", name, err)
		}
	}
}

// TestTLS downloads a catalogue over a real connection, compressed.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := &server{body: one("a.example")}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, _ := s.RoundTrip(r)
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	defer srv.Close()
	c, err := New(Config{Source: URL(srv.URL + "/catalogue-v1.xml"), MinGap: -1, Transport: transport.Config{Base: srv.Client().Transport}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if changed, err := c.Refresh(t.Context()); changed != (i == 0) || err != nil {
			t.Errorf("%d: %v %v", i, changed, err)
		}
	}
	holds(t, c, "a.example")
	small, err := New(Config{Source: URL(srv.URL), Limits: Limits{MaxBytes: 100}, Transport: transport.Config{Base: srv.Client().Transport}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Refresh(t.Context()); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("beyond the limit: %v", err)
	}
}
