package transport

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Values that stand for the zero fields of Config.
const (
	DefaultAttemptTimeout = 30 * time.Second
	DefaultTotalTimeout   = 2 * time.Minute
	DefaultMaxBody        = 8 << 20
	DefaultMaxAttempts    = 4
	DefaultMinWait        = 500 * time.Millisecond
	DefaultMaxWait        = 20 * time.Second
	DefaultMaxRetryAfter  = time.Minute
	DefaultUserAgent      = "passerelle"
)

// Config is how a client of this module speaks HTTP. The zero value is ready to
// use. It can be shared by any number of clients.
type Config struct {
	// Base sends the requests. Nil is a transport shared by all clients of the
	// process: the proxy of the environment, TLS verified against the roots of the
	// system, TLS 1.2 at least. Client certificates, other roots, proxies and
	// tracing are set by giving a Base. A Base that sends requests again by itself
	// defeats the promises of class Create.
	Base http.RoundTripper

	// AttemptTimeout bounds one attempt, from the connection to the last byte of
	// the answer; in a stream, to its headers, and then each wait for more bytes.
	// 0 is DefaultAttemptTimeout, or TotalTimeout when that is shorter.
	AttemptTimeout time.Duration

	// TotalTimeout bounds a call with all its attempts and waits; in a stream, up
	// to the headers. 0 is DefaultTotalTimeout. A sooner deadline of the context wins.
	TotalTimeout time.Duration

	// Retry says how often and how soon requests are sent again.
	Retry RetryPolicy

	// Limiter is waited on before each attempt; the time spent there does not
	// count as part of the attempt. Share one between all clients that a service
	// counts together. Nil does not limit.
	Limiter Limiter

	// MaxBody bounds the body of an answer in bytes, decompressed. A longer one is
	// an error, never cut short in silence. 0 is DefaultMaxBody.
	MaxBody int64

	// Logger gets a debug line for each attempt and a warning for each retry, none
	// of them with personal data. Nil discards.
	Logger *slog.Logger

	// UserAgent is sent in each request. Empty is DefaultUserAgent.
	UserAgent string
}

// RetryPolicy says how often and how soon requests are sent again. The zero value
// of each field stands for the default named beside it.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too; 1 never sends again. 0 is
	// DefaultMaxAttempts.
	MaxAttempts int

	// MinWait is the shortest wait between two attempts, and MaxWait the longest:
	// wait n is drawn evenly between MinWait and MinWait·2ⁿ, at most MaxWait. 0 are
	// DefaultMinWait and DefaultMaxWait.
	MinWait, MaxWait time.Duration

	// MaxRetryAfter is the longest wait asked by a service that is obeyed. When it
	// asks for more, the call ends with the asked delay in the error. 0 is
	// DefaultMaxRetryAfter.
	MaxRetryAfter time.Duration
}

// Limiter lets requests through at its own pace. *rate.Limiter of
// golang.org/x/time is one. Wait returns an error when ctx ends first.
type Limiter interface {
	Wait(ctx context.Context) error
}

// Faults returns everything that is wrong with c, each field named after prefix:
// a client whose Config has c in its field Transport gives "Transport.".
func (c Config) Faults(prefix string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	negative := func(field string, wrong bool) {
		if wrong {
			faults.Add(prefix+field, "range", "no negative value; 0 is the default")
		}
	}
	negative("AttemptTimeout", c.AttemptTimeout < 0)
	negative("TotalTimeout", c.TotalTimeout < 0)
	negative("Retry.MaxAttempts", c.Retry.MaxAttempts < 0)
	negative("Retry.MinWait", c.Retry.MinWait < 0)
	negative("Retry.MaxWait", c.Retry.MaxWait < 0)
	negative("Retry.MaxRetryAfter", c.Retry.MaxRetryAfter < 0)
	negative("MaxBody", c.MaxBody < 0)
	d := c.withDefaults()
	if c.AttemptTimeout > 0 && c.TotalTimeout >= 0 && c.AttemptTimeout > d.TotalTimeout {
		faults.Add(prefix+"AttemptTimeout", "range", "at most TotalTimeout, which is "+d.TotalTimeout.String())
	}
	if c.Retry.MinWait > 0 && c.Retry.MaxWait >= 0 && c.Retry.MinWait > d.Retry.MaxWait {
		faults.Add(prefix+"Retry.MinWait", "range", "at most Retry.MaxWait, which is "+d.Retry.MaxWait.String())
	}
	if i := badHeaderByte(c.UserAgent); i >= 0 {
		faults.Add(prefix+"UserAgent", "character", "no control character, as at byte "+strconv.Itoa(i+1))
	}
	return faults
}

// withDefaults returns c with its zero fields filled.
func (c Config) withDefaults() Config {
	if c.Base == nil {
		c.Base = sharedBase()
	}
	orDefault(&c.TotalTimeout, DefaultTotalTimeout)
	orDefault(&c.AttemptTimeout, min(DefaultAttemptTimeout, c.TotalTimeout))
	orDefault(&c.Retry.MaxAttempts, DefaultMaxAttempts)
	orDefault(&c.Retry.MaxWait, DefaultMaxWait)
	orDefault(&c.Retry.MinWait, min(DefaultMinWait, c.Retry.MaxWait))
	orDefault(&c.Retry.MaxRetryAfter, DefaultMaxRetryAfter)
	orDefault(&c.MaxBody, DefaultMaxBody)
	orDefault(&c.UserAgent, DefaultUserAgent)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// sharedBase is the Base of a Config that has none.
var sharedBase = sync.OnceValue(func() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else { // the program has put its own in place of Go's
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	t.MaxIdleConns = 128
	t.MaxIdleConnsPerHost = 16
	t.IdleConnTimeout = 30 * time.Second // an idle connection about to be closed by the server loses a Create
	t.MaxResponseHeaderBytes = 1 << 20
	return t
})
