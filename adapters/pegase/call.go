package pegase

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/transport"
)

// forbiddenMemory is how long an operation that a fresh token was refused for is not
// tried with another one.
const forbiddenMemory = time.Minute

// used is the TokenSource of one call, whose attempts follow each other. It remembers which
// token it gave last.
type used struct {
	*tokens
	last string
}

func (u *used) Token(ctx context.Context) (string, error) {
	token, err := u.tokens.Token(ctx)
	u.last = token
	return token, err
}

// get sends a read and returns the body of a success.
func (c *Client) get(ctx context.Context, operation, address string, query url.Values) (*transport.Response, error) {
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return c.send(ctx, &transport.Request{
		Operation: operation,
		URL:       address,
		Header:    http.Header{"Accept": {"application/json"}},
		Class:     transport.Read,
		Judge:     judge,
	})
}

// send sends a request with a token. Pégase answers 403, not 401, to a token that has
// expired: such an answer is believed only from a fresh one.
func (c *Client) send(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	source := &used{tokens: c.tokens}
	r.Token = source
	resp, err := c.http.Do(ctx, r)
	if err == nil && resp.Status == http.StatusForbidden && c.mayRenew(r.Operation) {
		c.tokens.Drop(source.last)
		resp, err = c.http.Do(ctx, r)
		if err == nil && resp.Status == http.StatusForbidden {
			c.mu.Lock()
			c.refused[r.Operation] = c.cfg.Now()
			c.mu.Unlock()
		}
	}
	if err != nil {
		return nil, err
	}
	if resp.Err() != nil {
		return nil, refusal(r.Operation, resp)
	}
	return resp, nil
}

// mayRenew reports whether a 403 is worth another token: not when a fresh one was
// refused for the same operation a moment ago, which means that a right is missing.
func (c *Client) mayRenew(operation string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, met := c.refused[operation]
	return !met || c.cfg.Now().Sub(at) >= forbiddenMemory
}

// path joins a base URL and segments, each of them escaped: a path of courses holds >.
func path(base string, segments ...string) string {
	var b strings.Builder
	b.WriteString(base)
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}
