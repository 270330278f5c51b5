package registry

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The fixed addresses of the registries (ewp-specs-api-registry 1.5.0).
const (
	Production  = "https://registry.erasmuswithoutpaper.eu/catalogue-v1.xml"
	Development = "https://dev-registry.erasmuswithoutpaper.eu/catalogue-v1.xml"
)

// Source is where a Client gets the catalogue from: [URL], [File] or [FS].
type Source interface {
	faults() passerelle.FieldErrors
	// remote says that asking costs somebody else something.
	remote() bool
	// fetch returns the catalogue, or nil as body when it is the one that have
	// describes. The body is read to its end at once, see answer.
	fetch(ctx context.Context, c *Client, have edition) (answer, error)
}

// edition tells one version of the catalogue from another.
type edition struct {
	Sum          [sha256.Size]byte
	ETag         string
	LastModified string    // as the registry wrote it
	ModTime      time.Time // of a file
	Size         int64
}

// answer is what a source says.
type answer struct {
	edition
	body  io.ReadSeekCloser // nil when nothing changed
	temp  string            // path of body when it is a temporary file of ours
	fresh time.Duration     // how long the source promises that nothing changes
}

// close gives back what the answer holds.
func (a *answer) close() {
	if a.body != nil {
		a.body.Close()
	}
	if a.temp != "" {
		os.Remove(a.temp)
	}
}

// URL is a registry, or a mirror of one, at an https address. It is asked with
// the validators of what is there already, and its answer goes to a temporary file
// before it is read.
func URL(address string) Source { return urlSource(address) }

// File is a catalogue in a file that something else keeps up to date.
func File(path string) Source { return fileSource{os.DirFS(filepath.Dir(path)), filepath.Base(path)} }

// FS is a catalogue in a file system: one that is compiled in, or comes from a test.
func FS(fsys fs.FS, name string) Source { return fileSource{fsys, name} }

type urlSource string

func (s urlSource) remote() bool { return true }

func (s urlSource) faults() (faults passerelle.FieldErrors) {
	u, err := url.Parse(string(s))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		faults.Add("Source", "url", "an https URL without user information or fragment: the catalogue decides whom to trust")
	}
	return faults
}

func (s urlSource) fetch(ctx context.Context, c *Client, have edition) (answer, error) {
	header := http.Header{"Accept": {"application/xml, text/xml"}}
	if have.ETag != "" {
		header.Set("If-None-Match", have.ETag)
	}
	if have.LastModified != "" {
		header.Set("If-Modified-Since", have.LastModified)
	}
	stream, err := c.http.Stream(ctx, &transport.Request{
		Operation: "registry.catalogue", URL: string(s), Header: header, Class: transport.Read,
		MaxBody: c.cfg.Limits.withDefaults().MaxBytes,
	})
	if err != nil {
		return answer{}, err
	}
	defer stream.Close()
	a := answer{edition: have, fresh: freshness(stream.Header, time.Now())}
	if stream.Status == http.StatusNotModified {
		return a, nil
	}
	a.edition = edition{ETag: stream.Header.Get("ETag"), LastModified: stream.Header.Get("Last-Modified")}
	file, err := os.CreateTemp(c.cfg.CopyDir, "catalogue-*.part")
	if err != nil {
		return answer{}, err
	}
	a.body, a.temp = file, file.Name()
	sum := sha256.New()
	if a.Size, err = io.Copy(io.MultiWriter(file, sum), stream); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		a.close()
		return answer{}, err
	}
	sum.Sum(a.Sum[:0])
	return a.unlessSame(have), nil
}

// unlessSame drops the body of an answer that has the bytes that are there already.
func (a answer) unlessSame(have edition) answer {
	if a.Sum == have.Sum {
		a.close()
		a.body, a.temp = nil, ""
	}
	return a
}

// freshness returns how long an answer is fresh: max-age, or else Expires measured
// by the registry's own clock, or else five minutes, as the official client does.
func freshness(h http.Header, now time.Time) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if strings.EqualFold(name, "max-age") {
			if n, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && n >= 0 {
				return time.Duration(min(n, int(maxInterval/time.Second))) * time.Second
			}
		}
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 5 * time.Minute
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, expires.Sub(now))
}

type fileSource struct {
	fsys fs.FS
	name string
}

func (s fileSource) remote() bool { return false }

func (s fileSource) faults() (faults passerelle.FieldErrors) {
	if s.fsys == nil || !fs.ValidPath(s.name) {
		faults.Add("Source", "path", "a file system, and the path of a file in it without leading slash")
	}
	return faults
}

func (s fileSource) fetch(_ context.Context, c *Client, have edition) (answer, error) {
	file, err := s.fsys.Open(s.name)
	if err != nil {
		return answer{}, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return answer{}, err
	}
	a := answer{edition: edition{ModTime: info.ModTime(), Size: info.Size()}}
	if !a.ModTime.IsZero() && a.ModTime.Equal(have.ModTime) && a.Size == have.Size {
		a.Sum = have.Sum
		return a, file.Close()
	}
	body, err := rereadable(file, c.cfg.Limits.withDefaults().MaxBytes)
	if err != nil {
		file.Close()
		return answer{}, err
	}
	a.body = body
	sum := sha256.New()
	if _, err = io.Copy(sum, io.LimitReader(body, c.cfg.Limits.withDefaults().MaxBytes)); err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	if err != nil {
		a.close()
		return answer{}, err
	}
	sum.Sum(a.Sum[:0])
	return a.unlessSame(have), nil
}

// rereadable returns a file that can be read twice: first to see whether it changed.
func rereadable(file fs.File, limit int64) (io.ReadSeekCloser, error) {
	if f, ok := file.(io.ReadSeekCloser); ok {
		return f, nil
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{strings.NewReader(string(data)), file}, nil
}

// hashing reads a body and computes its digest, so that the index is known to be
// that of these bytes even when a file changes while it is read.
type hashing struct {
	r io.Reader
	h hash.Hash
}

func newHashing(r io.Reader) hashing { return hashing{r, sha256.New()} }

func (h hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	return n, err
}

func (h hashing) sum() (sum [sha256.Size]byte) {
	h.h.Sum(sum[:0])
	return sum
}
