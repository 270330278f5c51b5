package ewptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// The paths of a Registry, as those of the real one.
const (
	PathCatalogue = "/catalogue-v1.xml"
	PathManifest  = "/manifest.xml"
)

// What a manifest may cost: bytes, and time.
const (
	maxManifest  = 4 << 20
	fetchTimeout = 30 * time.Second
)

// RegistryConfig is what a Registry is made from.
type RegistryConfig struct {
	// BaseURL is where the registry is reached, without a path: it stands in its own
	// entries of the catalogue. Required.
	BaseURL string
	// HTTP fetches the manifests. Nil is http.DefaultTransport.
	HTTP http.RoundTripper
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

// Registry is the central registry: it fetches the manifests of its sources, keeps of
// each what the real one would keep, and serves the catalogue. It is an http.Handler,
// and a registry.Catalogue for whoever wants the newest index without asking by HTTP.
// It fetches when told to, by Refresh, or on its own in Run. It is safe for concurrent use.
type Registry struct {
	cfg RegistryConfig

	refreshing sync.Mutex // held during a Refresh, while mu is not

	mu      sync.Mutex
	sources []*source
	doc     []byte // of the newest catalogue; nil before the first
	index   *registry.Index
	served  published // what is handed out: older than doc while frozen
	frozen  bool
}

// published is a catalogue with its validators.
type published struct {
	doc      []byte
	etag     string
	modified time.Time
}

// source is the manifest of one host.
type source struct {
	url      string
	pattern  *regexp.Regexp
	imported *discovery.Manifest
	status   Import
}

// Import is what became of the manifest of a source, the last time it was fetched.
type Import struct {
	// URL is where it was fetched.
	URL string
	// Err says why nothing of it was imported, so that what was imported before stays;
	// nil otherwise.
	Err error
	// Dropped are the entries, keys and institutions that were left out.
	Dropped passerelle.FieldErrors
	// Warnings is what the registry complains of beside that.
	Warnings passerelle.FieldErrors
	// Imported is when a manifest of the source was last imported; zero when none was.
	Imported time.Time
}

// NewRegistry returns a registry without sources. Its error is a
// passerelle.FieldErrors.
func NewRegistry(cfg RegistryConfig) (*Registry, error) {
	if !strings.HasPrefix(cfg.BaseURL, "https://") {
		return nil, passerelle.FieldErrors{{Field: "BaseURL", Rule: "url", Want: "an https address"}}
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	if cfg.HTTP == nil {
		cfg.HTTP = http.DefaultTransport
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Registry{cfg: cfg}, nil
}

// URL returns the address of the catalogue.
func (r *Registry) URL() string { return r.cfg.BaseURL + PathCatalogue }

// Add makes a manifest a source. heis is what the registry accepts as identifier of
// its institution, whole; nil accepts any. Nothing is fetched before the next Refresh.
func (r *Registry) Add(url string, heis *regexp.Regexp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, &source{url: url, pattern: heis, status: Import{URL: url}})
}

// Remove takes a source away, and with the next Refresh its host.
func (r *Registry) Remove(url string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = slices.DeleteFunc(r.sources, func(s *source) bool { return s.url == url })
}

// Refresh fetches the manifests of all sources, one after the other, and publishes the
// catalogue that follows. It returns what became of each, in the order in which they
// were added. The error is that of writing the catalogue, or of ctx.
func (r *Registry) Refresh(ctx context.Context) ([]Import, error) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	r.mu.Lock()
	sources := slices.Clone(r.sources)
	r.mu.Unlock()
	report := make([]Import, 0, len(sources))
	for _, s := range sources {
		m, dropped, err := r.fetch(ctx, s.url)
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		status, err := r.take(s, m, dropped, err)
		if err != nil {
			return report, err
		}
		report = append(report, status)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.write(); err != nil {
		return report, err
	}
	r.publish()
	return report, nil
}

// reloadEvery is how often the real registry fetches the manifests.
const reloadEvery = 5 * time.Minute

// Run refreshes at once, and then as often as the real registry, every five minutes,
// until ctx ends. It returns the error of ctx, or of a catalogue that cannot be written.
func (r *Registry) Run(ctx context.Context) error {
	ticker := time.NewTicker(reloadEvery)
	defer ticker.Stop()
	for {
		if _, err := r.Refresh(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// take keeps what can be kept of what came from a source. The catalogue is written anew
// after each, because what one host holds is refused to the next.
func (r *Registry) take(s *source, m *discovery.Manifest, dropped passerelle.FieldErrors, err error) (Import, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.status = Import{URL: s.url, Err: err, Imported: s.status.Imported}
	if err != nil {
		return s.status, nil
	}
	verdict := m.Check(discovery.Against{Catalogue: r.index, HEIPattern: s.pattern})
	kept, refused := apply(m, verdict.Refused)
	if refused != nil {
		s.status.Err = refused
		return s.status, nil
	}
	s.status.Dropped = append(dropped, verdict.Refused...)
	s.status.Warnings = verdict.Warnings
	if !m.Withdrawn && m.URL != s.url {
		s.status.Warnings.Add("URL", "source", "the address at which the registry fetches the manifest")
	}
	s.status.Imported = r.cfg.Clock()
	s.imported = kept
	return s.status, r.write()
}

func (r *Registry) fetch(ctx context.Context, url string) (*discovery.Manifest, passerelle.FieldErrors, error) {
	if !strings.HasPrefix(url, "https://") {
		return nil, nil, errors.New("ewptest: manifest: the address is not https")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := r.cfg.HTTP.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("ewptest: manifest: status %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxManifest {
		return nil, nil, fmt.Errorf("ewptest: manifest: longer than %d bytes", maxManifest)
	}
	return discovery.Read(bytes.NewReader(data))
}

// write makes the catalogue of what was imported.
func (r *Registry) write() error {
	c := newCatalogue()
	writeRegistry(c.root.CreateElement("host"), "apis-implemented", r.URL(), r.cfg.BaseURL+PathManifest)
	for _, s := range r.sources {
		if s.imported == nil {
			continue
		}
		if err := c.add(s.imported); err != nil {
			return err
		}
	}
	doc, err := c.marshal()
	if err != nil {
		return err
	}
	index, err := registry.Parse(bytes.NewReader(doc), registry.Limits{})
	if err != nil {
		return err
	}
	r.doc, r.index = doc, index
	return nil
}

// publish hands out the newest catalogue from here on, unless it is frozen.
func (r *Registry) publish() {
	if r.frozen || bytes.Equal(r.served.doc, r.doc) {
		return
	}
	sum := sha256.Sum256(r.doc)
	r.served = published{doc: r.doc, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, modified: r.cfg.Clock()}
}

// Freeze keeps the catalogue that is handed out as it is, whatever manifests say, and
// so makes it stale; false lets it follow them again at once.
func (r *Registry) Freeze(frozen bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = frozen
	if !frozen && r.doc != nil {
		r.publish()
	}
}

// Catalogue returns the document that is handed out, nil before the first Refresh.
func (r *Registry) Catalogue() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.served.doc)
}

// Index returns the newest index, also while the catalogue is frozen. Its error is
// passerelle.ErrUnavailable before the first Refresh.
func (r *Registry) Index() (*registry.Index, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index == nil {
		return nil, fmt.Errorf("ewptest: the registry has no catalogue: %w", passerelle.ErrUnavailable)
	}
	return r.index, nil
}

// ServeHTTP serves the catalogue, with the headers of the real registry, and a
// manifest of the registry's own.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeError(w, http.StatusMethodNotAllowed, "GET or HEAD is expected")
		return
	}
	switch req.URL.Path {
	case PathCatalogue:
		r.serveCatalogue(w, req)
	case PathManifest:
		r.serveManifest(w)
	default:
		writeError(w, http.StatusNotFound, "the catalogue is at "+PathCatalogue)
	}
}

func (r *Registry) serveCatalogue(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	served := r.served
	r.mu.Unlock()
	if served.doc == nil {
		writeError(w, http.StatusServiceUnavailable, "the catalogue is not ready yet")
		return
	}
	const age = 5 * time.Minute
	now := r.cfg.Clock()
	h := w.Header()
	h.Set("Content-Type", mimeXML)
	h.Set("Cache-Control", fmt.Sprintf("max-age=%d, must-revalidate", int(age.Seconds())))
	h.Set("Expires", now.Add(age).UTC().Format(http.TimeFormat))
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	h.Set("ETag", served.etag)
	http.ServeContent(w, req, "", served.modified, bytes.NewReader(served.doc))
}

// serveManifest serves the manifest of the registry, which no partner reads.
func (r *Registry) serveManifest(w http.ResponseWriter) {
	doc, err := registryManifest(r.URL(), r.cfg.BaseURL+PathManifest)
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", mimeXML)
	_, _ = w.Write(doc)
}

// mimeXML is the media type of the documents of the network.
const mimeXML = "application/xml; charset=utf-8"

// writeError answers with an error-response.
func writeError(w http.ResponseWriter, status int, message string) {
	doc, err := ewp.ErrorResponse{DeveloperMessage: message}.Encode()
	if err != nil {
		doc = nil
	}
	w.Header().Set("Content-Type", mimeXML)
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}
