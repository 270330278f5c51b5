package registry

import (
	"context"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// What the specification of the registry says of refreshing: not more often than
// every minute, not less often than every three hours, every 15 minutes best. The
// other values are those of the official client.
const (
	minInterval       = time.Minute
	maxInterval       = 3 * time.Hour
	DefaultInterval   = 15 * time.Minute
	DefaultRetryAfter = 3 * time.Minute
	DefaultMinGap     = time.Minute
	DefaultMaxAge     = 5 * 24 * time.Hour
)

// Config is how a [Client] keeps its copy of the catalogue. The zero value follows
// the production registry.
type Config struct {
	// Source is where the catalogue comes from. Nil is URL(Production).
	Source Source

	// Interval is the time from one successful query to the next, 1 minute to 3
	// hours. It is stretched where the registry promises more. 0 is DefaultInterval.
	Interval time.Duration

	// RetryAfter is the time from a query that failed to the next, 1 minute to 3
	// hours. It is stretched where the registry asks for more. 0 is
	// DefaultRetryAfter.
	RetryAfter time.Duration

	// MinGap is the least time between two queries of a remote source, whoever asks.
	// 0 is DefaultMinGap, the least that the specification allows; a negative value
	// is none, for a registry of one's own in tests.
	MinGap time.Duration

	// MaxAge is how long after its last confirmation a copy is trusted, while the
	// source does not answer. 0 is DefaultMaxAge; a negative value is for ever. From
	// a quarter of it on, a day at most, failures are logged as errors.
	MaxAge time.Duration

	// CopyDir is a folder in which the catalogue of a remote source is kept, so that
	// the next start need not wait for the network, nor depend on it. It belongs to
	// one client. Empty keeps no copy.
	CopyDir string

	// Limits bounds the catalogue.
	Limits Limits

	// Transport is how a remote source is spoken to. Its zero Retry.MaxAttempts is 1
	// here: what failed is tried again after RetryAfter.
	Transport transport.Config

	// Logger gets a line for each change and each failure. Nil discards.
	Logger *slog.Logger

	// OnChange is called with each new index, after it is in place and before
	// Refresh returns. It must not call Refresh. Nil does nothing.
	OnChange func(*Index)
}

// Client keeps an index of the newest catalogue. It is safe for concurrent use:
// readers never wait, an index is replaced in one step and the old one stays good
// for whoever holds it.
type Client struct {
	cfg  Config
	http *transport.Client
	log  *slog.Logger

	current atomic.Pointer[state]
	turn    chan struct{} // held while the source is asked

	mu        sync.Mutex
	attempted time.Time // of the last query
	retry     time.Duration
	err       error // of the last query
}

// state is a copy of the catalogue and what is known of it. It does not change.
type state struct {
	index     *Index
	edition   edition
	confirmed time.Time // the source last said that this is the newest
	fresh     time.Time // until when the source promised it
	restored  bool      // from the copy on disk, not confirmed since
}

// New returns a client. It reads the copy on disk, if there is one, and asks the
// source for nothing: see [Client.Refresh] and [Client.Run]. A copy that is damaged
// or of another source is ignored, and said so in the log. Its error is
// passerelle.FieldErrors with every fault of cfg.
func New(cfg Config) (*Client, error) {
	if cfg.Source == nil {
		cfg.Source = URL(Production)
	}
	if cfg.Transport.Retry.MaxAttempts == 0 {
		cfg.Transport.Retry.MaxAttempts = 1
	}
	if err := cfg.faults().Err(); err != nil {
		return nil, err
	}
	orDefault(&cfg.Interval, DefaultInterval)
	orDefault(&cfg.RetryAfter, DefaultRetryAfter)
	orDefault(&cfg.MinGap, DefaultMinGap)
	orDefault(&cfg.MaxAge, DefaultMaxAge)
	c := &Client{cfg: cfg, log: cfg.Logger, turn: make(chan struct{}, 1)}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.http, err = transport.New(cfg.Transport); err != nil {
		return nil, err
	}
	if cfg.CopyDir != "" {
		c.restore()
	}
	return c, nil
}

func orDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

func (cfg Config) faults() passerelle.FieldErrors {
	faults := cfg.Source.faults()
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"Interval", cfg.Interval}, {"RetryAfter", cfg.RetryAfter}} {
		if f.value != 0 && (f.value < minInterval || f.value > maxInterval) {
			faults.Add(f.name, "range", "0 for the default, or 1 minute to 3 hours")
		}
	}
	if cfg.CopyDir != "" && !cfg.Source.remote() {
		faults.Add("CopyDir", "source", "no copy of what is a file already")
	}
	faults = append(faults, cfg.Limits.faults("Limits.")...)
	return append(faults, cfg.Transport.Faults("Transport.")...)
}

var (
	errNone  = &kindError{passerelle.ErrUnavailable, "no catalogue was fetched so far"}
	errStale = &kindError{passerelle.ErrUnavailable, "the copy of the catalogue is too old, and the registry does not answer"}
)

// Index returns the newest index that there is. Its error is an [*Error] that is
// passerelle.ErrUnavailable while there is none, and when the last confirmation of
// it is older than MaxAge: keys may have been withdrawn since. It does not allocate
// and never waits.
func (c *Client) Index() (*Index, error) {
	s := c.current.Load()
	switch {
	case s == nil:
		return nil, &Error{Op: "ask", Err: errNone}
	case c.cfg.MaxAge > 0 && time.Since(s.confirmed) > c.cfg.MaxAge:
		return nil, &Error{Op: "ask", Err: errStale}
	}
	return s.index, nil
}

// State is what a client knows of its copy, for a page about the health of a host.
type State struct {
	Confirmed time.Time // when the source last said that the copy is the newest; zero without copy
	Restored  bool      // the copy comes from the disk and was not confirmed since the start
	Stale     bool      // Index returns an error
	Aging     bool      // confirmed too long ago for comfort
	SHA256    string    // of the catalogue, in hexadecimal; "" without copy
	Next      time.Time // when Run will ask again
	Err       error     // of the last query, nil when it succeeded or none was made
}

// State returns what c knows of its copy.
func (c *Client) State() State {
	st := State{Stale: true, Next: time.Now().Add(c.untilNext())}
	c.mu.Lock()
	st.Err = c.err
	c.mu.Unlock()
	if s := c.current.Load(); s != nil {
		age := time.Since(s.confirmed)
		st.Confirmed, st.Restored = s.confirmed, s.restored
		st.Stale = c.cfg.MaxAge > 0 && age > c.cfg.MaxAge
		st.Aging = c.aging(age)
		st.SHA256 = hex.EncodeToString(s.edition.Sum[:])
	}
	return st
}

func (c *Client) aging(age time.Duration) bool {
	return c.cfg.MaxAge > 0 && age > min(c.cfg.MaxAge/4, 24*time.Hour)
}

// Run keeps the copy up to date until ctx ends, and returns the error of ctx. It
// asks at once when there is no copy or the copy is due; failures are logged and
// tried again.
func (c *Client) Run(ctx context.Context) error {
	timer := time.NewTimer(c.untilNext())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			c.Refresh(ctx)
			timer.Reset(c.untilNext())
		}
	}
}
