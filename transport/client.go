package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/passerelle-sup/passerelle"
)

// Client sends requests by the policy of its Config. It is safe for concurrent use.
type Client struct {
	cfg Config
}

// New returns a client. Its error is passerelle.FieldErrors with every fault of cfg.
func New(cfg Config) (*Client, error) {
	if err := cfg.Faults("").Err(); err != nil {
		return nil, err
	}
	return &Client{cfg: cfg.withDefaults()}, nil
}

// Do sends r, again where its class allows, and returns the answer with its body
// read. Every complete answer that does not mean "not now" is returned, whatever
// its status: see [Response.Err]. Its error is passerelle.FieldErrors for a
// request that is wrong in itself, and else an *Error.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	u, err := r.check()
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(c.cfg.TotalTimeout)
	total, cancel := context.WithDeadlineCause(ctx, deadline, errTotalTimeout)
	defer cancel()
	k := newCall(c, r, u, deadline)
	k.run(total)
	if resp := k.response(); resp != nil {
		return resp, nil
	}
	return nil, k.failure(total)
}

// origin is what errors and logs say of a request.
type origin struct {
	operation, method, host string
}

// call is one Do or Stream: the state of its attempts, and the hooks through
// which go-retryablehttp and net/http drive it. Attempts follow each other.
type call struct {
	*Client
	req      *Request
	url      *url.URL
	from     origin
	deadline time.Time // no wait may end after it
	stream   bool      // leave the body of a success unread

	attempts int
	hops     int           // redirects followed in this attempt
	last     result        // of the last attempt
	waiting  bool          // between two attempts
	wait     time.Duration // for how long
	fate     fate
}

func newCall(c *Client, r *Request, u *url.URL, deadline time.Time) *call {
	return &call{
		Client:   c,
		req:      r,
		url:      u,
		from:     origin{operation: r.Operation, method: r.method(), host: u.Scheme + "://" + u.Host},
		deadline: deadline,
	}
}

// run makes the attempts. What came of them is in k; ctx bounds them all.
func (k *call) run(ctx context.Context) {
	if d, ok := ctx.Deadline(); ok && d.Before(k.deadline) {
		k.deadline = d
	}
	hr := (&http.Request{
		Method:     k.from.method,
		URL:        k.url,
		Host:       k.req.Host,
		Header:     make(http.Header),
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
	}).WithContext(ctx)
	rc := retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: k, CheckRedirect: k.checkRedirect},
		RetryMax:     k.cfg.Retry.MaxAttempts - 1,
		CheckRetry:   k.checkRetry,
		Backoff:      k.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	// What it returns is thrown away: k.last has the answer or the failure itself,
	// which no layer has wrapped, and there is no body left to close.
	_, _ = rc.Do(&retryablehttp.Request{Request: hr})
}

// response returns the answer to hand on, or nil when the call failed.
func (k *call) response() *Response {
	r := k.last.answer
	if r == nil || r.verdict == Transient || r.verdict == Unprocessed || k.last.redirect != nil {
		return nil
	}
	return r
}

// failure describes a call that has no answer to hand on.
func (k *call) failure(ctx context.Context) *Error {
	e := k.last.failure
	switch {
	case k.last.answer != nil:
		e = k.last.answer.failure()
		if k.last.redirect != nil {
			e.Err = k.last.redirect
		}
	case e == nil:
		e = k.newError(errNotTried, passerelle.ErrUnavailable, passerelle.NotSent)
	}
	e.Attempts = k.attempts
	e.outcome = k.fate.outcome()
	if k.waiting { // ctx ended before the next attempt
		e.Err = ended(ctx)
	}
	return e
}

// ended returns why ctx ended: the error of the caller's context, or errTotalTimeout.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause == errTotalTimeout {
		return cause
	}
	return ctx.Err()
}
