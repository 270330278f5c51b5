package pegase

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

const (
	maxToken     = 64 << 10
	longestToken = 24 * time.Hour // no announced life beyond it is believed
)

// tokens gets bearer tokens from the token service (CAS): a form in, a bare JWT out. It
// is a transport.TokenSource: one request at a time, whoever waits.
type tokens struct {
	client  *transport.Client
	request *transport.Request
	now     func() time.Time

	mu     sync.Mutex
	token  string
	renew  time.Time // when another one is asked for; zero: when this one is refused
	end    time.Time // until when it can be used if renewing fails; zero: not known
	flight *flight   // the request under way, nil when there is none
}

// flight is one request for a token. Its fields are set before done is closed.
type flight struct {
	done  chan struct{}
	token string
	err   error
}

func newTokens(client *transport.Client, cfg Config) *tokens {
	form := "username=" + url.QueryEscape(cfg.Username) + "&password=" + url.QueryEscape(cfg.Password)
	if !cfg.OmitTokenParam {
		form += "&token=true"
	}
	return &tokens{client: client, now: cfg.Now, request: &transport.Request{
		Operation:   opToken,
		Method:      http.MethodPost,
		URL:         cfg.Endpoints.Token,
		Header:      http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"*/*"}},
		Body:        []byte(form),
		Class:       transport.Idempotent,
		Credentials: true,
		MaxBody:     maxToken,
	}}
}

// Token returns the token in use, or a new one.
func (t *tokens) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	if t.token != "" && (t.renew.IsZero() || t.now().Before(t.renew)) {
		defer t.mu.Unlock()
		return t.token, nil
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		// Not ended with the caller that began it: others wait for it. The total
		// time-out of the client bounds it.
		go t.fetch(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Drop forgets a token that a service refused.
func (t *tokens) Drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}

func (t *tokens) fetch(ctx context.Context, f *flight) {
	token, err := t.ask(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	switch {
	case err == nil:
		t.token, t.renew, t.end = token, time.Time{}, time.Time{}
		if life := lifeOf(token, now); life > 0 {
			t.renew, t.end = now.Add(life*4/5), now.Add(life)
		}
	case t.token != "" && now.Before(t.end): // the one in use still serves
		token, err = t.token, nil
	}
	f.token, f.err = token, err
	t.flight = nil
	close(f.done)
}

// ask sends the request. Any 2xx with a text that can be a token is a success.
func (t *tokens) ask(ctx context.Context) (string, error) {
	resp, err := t.client.Do(ctx, t.request)
	if err != nil {
		return "", err
	}
	if err := resp.Err(); err != nil {
		return "", tokenRefused(resp.Status, err)
	}
	token := strings.TrimSpace(string(resp.Body))
	if !bearer(token) {
		return "", &Error{Operation: opToken, HTTP: resp.Status, Result: passerelle.Answered, Err: protocolFault("the answer is not the bare text of a token")}
	}
	return token, nil
}

// tokenRefused classifies a refusal: a CAS answers bad credentials with 401, older ones
// with 400 or 423.
func tokenRefused(status int, err error) error {
	switch status {
	case http.StatusBadRequest, http.StatusLocked:
		return &Error{Operation: opToken, HTTP: status, Result: passerelle.Answered, Err: passerelle.ErrUnauthorized}
	}
	return err
}

// bearer reports whether s can stand in an Authorization header.
func bearer(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// lifeOf reads how long a JWT lives from its exp claim, which is not trusted beyond
// that: the token is the service's business, its signature is not ours to check. 0 means not
// told. Between iat and exp the clock of this machine does not matter.
func lifeOf(token string, now time.Time) time.Duration {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return 0
	}
	end, err := claims.GetExpirationTime()
	if err != nil || end == nil {
		return 0
	}
	if iat, err := claims.GetIssuedAt(); err == nil && iat != nil {
		now = iat.Time
	}
	return min(max(end.Sub(now), 0), longestToken)
}
