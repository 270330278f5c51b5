package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// issuer is a token endpoint that numbers its tokens.
type issuer struct {
	asked atomic.Int32
	delay time.Duration
	life  string // JSON value of expires_in; empty: left out
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	n := i.asked.Add(1)
	select {
	case <-time.After(i.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	body := fmt.Sprintf(`{"access_token":"token-%d","token_type":"Bearer"`, n)
	if i.life != "" {
		body += `,"expires_in":` + i.life
	}
	return reply(200, body+"}"), nil
}

func (i *issuer) source(tb testing.TB) TokenSource {
	tb.Helper()
	s, err := NewTokenSource(ClientCredentials{TokenURL: "https://sso.invalid/token", ClientID: "sis", ClientSecret: "hidden secret", Transport: Config{Base: i, Retry: fast}})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestTokenIsCachedUntilItsEnd(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		life  string
		after []time.Duration // of the uses
		want  []string
	}{
		0: {"300", []time.Duration{0, 269 * time.Second, 270 * time.Second, 539 * time.Second}, []string{"token-1", "token-1", "token-2", "token-2"}},
		1: {`"300"`, []time.Duration{0, 269 * time.Second, 270 * time.Second}, []string{"token-1", "token-1", "token-2"}},
		2: {"20", []time.Duration{0, 9 * time.Second, 10 * time.Second}, []string{"token-1", "token-1", "token-2"}}, // half of a short life
		3: {"0", []time.Duration{0, 0}, []string{"token-1", "token-2"}},
		4: {"", []time.Duration{0, 1000 * time.Hour}, []string{"token-1", "token-1"}},
		5: {"null", []time.Duration{0, 1000 * time.Hour}, []string{"token-1", "token-1"}},
		6: {"1e300", []time.Duration{0, 1000 * time.Hour}, []string{"token-1", "token-1"}},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := (&issuer{life: tt.life}).source(t)
				start := time.Now()
				for j, after := range tt.after {
					time.Sleep(after - time.Since(start))
					got, err := s.Token(t.Context())
					if err != nil || got != tt.want[j] {
						t.Errorf("after %v: %q, %v; want %q", after, got, err, tt.want[j])
					}
				}
			})
		})
	}
}

func TestOneTokenForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{delay: time.Second}
		s := i.source(t)
		// The first caller gives up; the others still get what it asked for.
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Token(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want canceled", err)
			}
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() {
				if got, err := s.Token(t.Context()); got != "token-1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		if n := i.asked.Load(); n != 1 {
			t.Errorf("%d tokens were asked for, want 1", n)
		}
		// All of them see it refused: one new token.
		for range 50 {
			wg.Go(func() {
				s.Drop("token-1")
				if got, err := s.Token(t.Context()); got != "token-2" || err != nil {
					t.Errorf("after the refusal: %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		s.Drop("token-1") // by one who was slow to see it refused
		if got, _ := s.Token(t.Context()); got != "token-2" {
			t.Errorf("got %q, want the token that nobody refused", got)
		}
		if n := i.asked.Load(); n != 2 {
			t.Errorf("%d tokens were asked for, want 2", n)
		}
	})
}

// TestRefusedTokenIsRenewed is the one case where a creating call that was
// answered is sent again by this package alone.
func TestRefusedTokenIsRenewed(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		name     string
		accepted string // the service answers 401 to any other token
		static   bool
		tokens   []string // that the service saw
		status   int
		issued   int32
	}{
		0: {"first token good", "token-1", false, []string{"token-1"}, 201, 1},
		1: {"first token refused", "token-2", false, []string{"token-1", "token-2"}, 201, 2},
		2: {"every token refused", "none", false, []string{"token-1", "token-2"}, 401, 2},
		3: {"a token that never changes", "none", true, []string{"fixed"}, 401, 0},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			var seen []string
			c := newClient(t, Config{Retry: RetryPolicy{MaxAttempts: 1}, Base: memory(func(r *http.Request) (*http.Response, error) {
				token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				seen = append(seen, token)
				if token != tt.accepted {
					return reply(401, "token?"), nil
				}
				return reply(201, "created"), nil
			})})
			issuer := &issuer{}
			source := issuer.source(t)
			if tt.static {
				source = StaticToken("fixed")
			}
			resp, err := c.Do(t.Context(), &Request{Method: "POST", URL: "https://service.invalid/", Body: []byte("x"), Class: Create, Token: source})
			if err != nil || resp.Status != tt.status || resp.Attempts != 1 {
				t.Fatalf("got %+v, %v; want status %d in one attempt", resp, err, tt.status)
			}
			testutil.Equal(t, "tokens seen", seen, tt.tokens)
			if n := issuer.asked.Load(); n != tt.issued {
				t.Errorf("%d tokens issued, want %d", n, tt.issued)
			}
			if tt.status == 401 && !errors.Is(resp.Err(), passerelle.ErrUnauthorized) {
				t.Errorf("got %v, want unauthorized", resp.Err())
			}
		})
	}
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		name   string
		cfg    ClientCredentials
		form   url.Values
		id     string // of HTTP Basic, still form-encoded
		secret string
	}{
		0: {"basic", ClientCredentials{ClientID: "a b", ClientSecret: "s:é/+"}, url.Values{"grant_type": {"client_credentials"}}, "a+b", "s%3A%C3%A9%2F%2B"},
		1: {"form", ClientCredentials{ClientID: "a b", ClientSecret: "s:é/+", InForm: true, Scope: "ines read", Params: url.Values{"audience": {"rnie"}}},
			url.Values{"grant_type": {"client_credentials"}, "client_id": {"a b"}, "client_secret": {"s:é/+"}, "scope": {"ines read"}, "audience": {"rnie"}}, "", ""},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				id, secret, _ := r.BasicAuth()
				if r.Method != "POST" || id != tt.id || secret != tt.secret {
					t.Errorf("%s with %q and %q, want POST with %q and %q", r.Method, id, secret, tt.id, tt.secret)
				}
				testutil.Equal(t, "form", r.PostForm, tt.form)
				json.NewEncoder(w).Encode(map[string]any{"access_token": "abc", "token_type": "bearer", "expires_in": 60})
			}))
			defer srv.Close()
			cfg := tt.cfg
			cfg.TokenURL = srv.URL
			s, err := NewTokenSource(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.Token(t.Context()); got != "abc" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		status int
		body   string
		kind   error
		text   string
	}{
		0:  {401, `{"error":"invalid_client","error_description":"hidden secret"}`, passerelle.ErrUnauthorized, "401 Unauthorized: invalid_client"},
		1:  {400, `{"error":"invalid_client"}`, passerelle.ErrUnauthorized, "400 Bad Request: invalid_client"},
		2:  {400, `{"error":"invalid_scope"}`, passerelle.ErrForbidden, "invalid_scope"},
		3:  {400, `{"error":"hidden secret"}`, passerelle.ErrInvalid, "400 Bad Request"},
		4:  {403, `<html>`, passerelle.ErrForbidden, "403 Forbidden"},
		5:  {503, `{"error":"temporarily_unavailable"}`, passerelle.ErrUnavailable, "503 Service Unavailable (attempt 3)"},
		6:  {200, `<html>hidden secret`, passerelle.ErrProtocol, "not the JSON"},
		7:  {200, `{"access_token":"","token_type":"bearer"}`, passerelle.ErrProtocol, "no access_token"},
		8:  {200, `{"access_token":"hidden secret","token_type":"bearer"}`, passerelle.ErrProtocol, "access_token has characters"},
		9:  {200, `{"access_token":"abc","token_type":"mac"}`, passerelle.ErrProtocol, "token_type is not bearer"},
		10: {200, `{"access_token":"abc","token_type":"bearer","expires_in":"soon"}`, passerelle.ErrProtocol, "not the JSON"},
		11: {204, ``, passerelle.ErrProtocol, "204 No Content"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			base := memory(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host != "sso.invalid" {
					t.Error("the request was sent without a token")
				}
				return reply(tt.status, tt.body), nil
			})
			s, err := NewTokenSource(ClientCredentials{TokenURL: "https://sso.invalid/token", ClientID: "sis", ClientSecret: "hidden secret", Transport: Config{Base: base, Retry: fast}})
			if err != nil {
				t.Fatal(err)
			}
			c := newClient(t, Config{Base: base})
			_, err = c.Do(t.Context(), &Request{Operation: "ines.register", Method: "POST", URL: "https://service.invalid/", Token: s})
			if !errors.Is(err, tt.kind) || passerelle.OutcomeOf(err) != notSent || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, outcome %v; want %v, not sent, saying %q", err, passerelle.OutcomeOf(err), tt.kind, tt.text)
			}
			if !strings.HasPrefix(err.Error(), "ines.register: POST https://service.invalid: token: oauth.token: POST https://sso.invalid: ") || strings.Contains(err.Error(), "hidden") {
				t.Errorf("text: %v", err)
			}
		})
	}
}

func TestClientCredentialsFaults(t *testing.T) {
	t.Parallel()
	_, err := NewTokenSource(ClientCredentials{TokenURL: "token", Early: -1, Transport: Config{MaxBody: -1}})
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, "faults", fields, []string{"TokenURL", "ClientID", "ClientSecret", "Early", "Transport.MaxBody"})

	var leaks testutil.Leaks
	leaks.Secret(t, "hidden secret", "hidden token")
	leaks.Logger().Info("config", "cc", ClientCredentials{ClientID: "sis", ClientSecret: "hidden secret"}, slog.Any("token", StaticToken("hidden token")))
	leaks.Check(t)
}

func FuzzToken(f *testing.F) {
	f.Add([]byte(`{"access_token":"abc","token_type":"Bearer","expires_in":"3600"}`))
	f.Add([]byte(`{"access_token":"abc","token_type":"bearer","expires_in":-1e400}`))
	f.Add([]byte(`{"error":"invalid_client"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := parseToken(body)
		if err == nil {
			if badHeaderByte(answer.AccessToken) >= 0 || answer.AccessToken == "" {
				t.Errorf("accepted the token %q", answer.AccessToken)
			}
			if e := answer.ExpiresIn; e != nil && (*e < 0 || time.Duration(*e)*time.Second > longest) {
				t.Errorf("a life of %d s", *e)
			}
		}
		if code, kind := tokenRefusal(body); (kind == nil) != (code == "") {
			t.Errorf("code %q with kind %v", code, kind)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "-1", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "Friday, 31-Dec-99 23:59:59 GMT", "", "1.5"} {
		f.Add(seed, "Fri, 31 Dec 1999 23:59:00 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		d := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Unix(946684800, 0))
		if d < 0 || d > longest {
			t.Errorf("%q gives %v", value, d)
		}
	})
}

// TestPlainBasic sends the credentials as they are where that is asked for, and
// takes a token whose type is left out.
func TestPlainBasic(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		plain bool
		want  string
	}{
		0: {false, "Basic " + base64.StdEncoding.EncodeToString([]byte("univ+1:p%C3%A9%2Fss"))},
		1: {true, "Basic " + base64.StdEncoding.EncodeToString([]byte("univ 1:pé/ss"))},
	} {
		var got string
		base := memory(func(r *http.Request) (*http.Response, error) {
			got = r.Header.Get("Authorization")
			return reply(200, `{"access_token":"abc"}`), nil
		})
		s, err := NewTokenSource(ClientCredentials{
			TokenURL: "https://sso.invalid/token", ClientID: "univ 1", ClientSecret: "pé/ss", PlainBasic: c.plain, Transport: Config{Base: base},
		})
		if err != nil {
			t.Fatal(err)
		}
		if token, err := s.Token(t.Context()); err != nil || token != "abc" || got != c.want {
			t.Errorf("%d: token %q, %v, sent with %q; want %q", i, token, err, got, c.want)
		}
	}
}
