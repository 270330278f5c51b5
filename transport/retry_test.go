package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
)

// memory is a Base that answers without a network, so that time can be virtual.
type memory func(*http.Request) (*http.Response, error)

func (f memory) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply makes a response; header is "Name: value".
func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

// stamps records when each attempt arrives.
type stamps struct {
	start time.Time
	at    []time.Duration
}

func (s *stamps) hit() { s.at = append(s.at, time.Since(s.start)) }

func TestBackoffIsJittered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stamps{start: time.Now()}
		c := newClient(t, Config{
			TotalTimeout: time.Hour,
			Retry:        RetryPolicy{MaxAttempts: 8, MinWait: time.Second, MaxWait: 20 * time.Second},
			Base:         memory(func(*http.Request) (*http.Response, error) { s.hit(); return reply(503, ""), nil }),
		})
		ceilings := []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second}
		distinct := map[time.Duration]bool{}
		var longest time.Duration
		for range 50 {
			s = stamps{start: time.Now()}
			if _, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Class: Read}); !errors.Is(err, passerelle.ErrUnavailable) {
				t.Fatalf("got %v", err)
			}
			if len(s.at) != 8 {
				t.Fatalf("%d attempts, want 8", len(s.at))
			}
			for i, ceiling := range ceilings {
				wait := s.at[i+1] - s.at[i]
				if wait < time.Second || wait > ceiling {
					t.Errorf("wait %d is %v, want 1s to %v", i+1, wait, ceiling)
				}
				distinct[wait] = true
				longest = max(longest, wait)
			}
		}
		if len(distinct) < 300 {
			t.Errorf("only %d distinct waits in 350: not jittered", len(distinct))
		}
		if longest < 15*time.Second {
			t.Errorf("the longest of 350 waits is %v: the range is not used", longest)
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	const layout = http.TimeFormat
	tests := map[int]struct {
		name    string
		headers func(now time.Time) []string
		status  int
		from    time.Duration // the second attempt comes at from to to
		to      time.Duration
		asked   time.Duration // > 0: no second attempt, and this delay in the error
	}{
		0: {name: "seconds", status: 429, headers: func(time.Time) []string { return []string{"Retry-After: 7"} }, from: 7 * time.Second, to: 8 * time.Second},
		1: {name: "date", status: 503, headers: func(now time.Time) []string {
			return []string{"Retry-After: " + now.UTC().Add(9*time.Second).Format(layout)}
		}, from: 9 * time.Second, to: 10 * time.Second},
		2: {name: "date of a service whose clock is an hour late", status: 503, headers: func(now time.Time) []string {
			late := now.UTC().Add(-time.Hour)
			return []string{"Date: " + late.Format(layout), "Retry-After: " + late.Add(9*time.Second).Format(layout)}
		}, from: 9 * time.Second, to: 10 * time.Second},
		3: {name: "past date", status: 503, headers: func(now time.Time) []string {
			return []string{"Retry-After: " + now.UTC().Add(-time.Hour).Format(layout)}
		}, from: time.Second, to: 2 * time.Second},
		4: {name: "zero", status: 503, headers: func(time.Time) []string { return []string{"Retry-After: 0"} }, from: time.Second, to: 2 * time.Second},
		5: {name: "unreadable", status: 503, headers: func(time.Time) []string { return []string{"Retry-After: soon"} }, from: time.Second, to: 2 * time.Second},
		6: {name: "at the cap", status: 429, headers: func(time.Time) []string { return []string{"Retry-After: 60"} }, from: time.Minute, to: 61 * time.Second},
		7: {name: "above the cap", status: 429, headers: func(time.Time) []string { return []string{"Retry-After: 61"} }, asked: 61 * time.Second},
		8: {name: "two hours", status: 503, headers: func(time.Time) []string { return []string{"Retry-After: 7200"} }, asked: 2 * time.Hour},
		9: {name: "too many seconds for a Duration", status: 503, headers: func(time.Time) []string { return []string{"Retry-After: 18446744073709551615"} }, asked: longest},
		10: {name: "date above the cap", status: 503, headers: func(now time.Time) []string {
			return []string{"Retry-After: " + now.UTC().Add(time.Hour).Format(layout)}
		}, asked: time.Hour},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := stamps{start: time.Now()}
				c := newClient(t, Config{
					Retry: RetryPolicy{MinWait: time.Second},
					Base: memory(func(*http.Request) (*http.Response, error) {
						if s.hit(); len(s.at) == 1 {
							return reply(tt.status, "why", tt.headers(time.Now())...), nil
						}
						return reply(200, ""), nil
					}),
				})
				_, err := c.Do(t.Context(), &Request{Operation: "test.read", URL: "http://service.invalid/", Class: Read})
				if tt.asked == 0 {
					if err != nil || len(s.at) != 2 || s.at[1] < tt.from || s.at[1] > tt.to {
						t.Errorf("attempts at %v with error %v, want the second between %v and %v", s.at, err, tt.from, tt.to)
					}
					return
				}
				e, ok := errors.AsType[*Error](err)
				if !ok || len(s.at) != 1 || time.Since(s.start) != 0 {
					t.Fatalf("got %v after %v and %d attempts, want an *Error at once after 1", err, time.Since(s.start), len(s.at))
				}
				if e.RetryAfter != tt.asked || string(e.Body) != "why" || !strings.HasSuffix(err.Error(), ", asked to wait "+tt.asked.String()) {
					t.Errorf("asked %v, body %q, text %q; want %v, %q and the delay in the text", e.RetryAfter, e.Body, err, tt.asked, "why")
				}
				if want := map[int]error{429: passerelle.ErrRateLimited, 503: passerelle.ErrUnavailable}[tt.status]; !errors.Is(err, want) {
					t.Errorf("%v is not %v", err, want)
				}
			})
		})
	}
}

// TestRetryAfterIsJittered checks that clients told the same time do not all come
// back at it.
func TestRetryAfterIsJittered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stamps{}
		c := newClient(t, Config{Retry: RetryPolicy{MaxAttempts: 2, MinWait: time.Second}, Base: memory(func(*http.Request) (*http.Response, error) {
			s.hit()
			return reply(429, "", "Retry-After: 30"), nil
		})})
		distinct := map[time.Duration]bool{}
		for range 20 {
			s = stamps{start: time.Now()}
			c.Do(t.Context(), &Request{URL: "http://service.invalid/", Class: Read})
			distinct[s.at[1]] = true
		}
		if len(distinct) < 15 {
			t.Errorf("20 clients came back at %d times", len(distinct))
		}
	})
}

// TestNoSleepPastTheDeadline checks that a call whose next attempt would come too
// late ends at once, by the clock, with its last answer.
func TestNoSleepPastTheDeadline(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		name     string
		total    time.Duration
		deadline time.Duration
	}{
		0: {"deadline of the context", 0, 20 * time.Second},
		1: {"total time-out", 20 * time.Second, 0},
		2: {"the sooner of both", time.Minute, 20 * time.Second},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, attempts := time.Now(), 0
				c := newClient(t, Config{TotalTimeout: tt.total, Base: memory(func(*http.Request) (*http.Response, error) {
					attempts++
					return reply(503, "maintenance", "Retry-After: 20"), nil
				})})
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				_, err := c.Do(ctx, &Request{URL: "http://service.invalid/", Class: Read})
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Status != 503 || string(e.Body) != "maintenance" || e.RetryAfter != 20*time.Second || attempts != 1 {
					t.Errorf("got %v after %d attempts, want the 503 after 1", err, attempts)
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("took %v, want no sleep", took)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Error("the deadline has not passed, and the error says so")
				}
			})
		})
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) {
			return reply(429, "slow down", "Retry-After: 30"), nil
		})})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		start := time.Now()
		_, err := c.Do(ctx, &Request{URL: "http://service.invalid/", Class: Read})
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, context.Canceled) || !errors.Is(err, passerelle.ErrRateLimited) {
			t.Fatalf("got %v, want a canceled *Error that is rate limited", err)
		}
		if e.Status != 429 || string(e.Body) != "slow down" || e.Outcome() != answered || time.Since(start) != 5*time.Second {
			t.Errorf("status %d, body %q, outcome %v after %v", e.Status, e.Body, e.Outcome(), time.Since(start))
		}
	})
}

// TestTimeouts has a Base that answers after a time, or sends its body after one.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	slow := func(header, body time.Duration) memory {
		return func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(header):
			case <-r.Context().Done():
				return nil, context.Cause(r.Context())
			}
			pr, pw := io.Pipe()
			go func() {
				select {
				case <-time.After(body):
					io.WriteString(pw, "late")
					pw.Close()
				case <-r.Context().Done():
					pw.CloseWithError(context.Cause(r.Context()))
				}
			}()
			return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: pr}, nil
		}
	}
	tests := map[int]struct {
		name     string
		base     memory
		class    Class
		ctx      time.Duration
		took     time.Duration // by the virtual clock, waits between attempts of 1 ms apart
		attempts int
		context  bool // the error is that of the caller's context
		text     string
	}{
		0: {"headers late, read", slow(time.Minute, 0), Read, 0, 30 * time.Second, 3, false, "no answer within the time-out of an attempt"},
		1: {"body late, read", slow(6*time.Second, 6*time.Second), Read, 0, 30 * time.Second, 3, false, "no answer within the time-out of an attempt"},
		2: {"body late, create", slow(6*time.Second, 6*time.Second), Create, 0, 10 * time.Second, 1, false, "time-out of an attempt"},
		3: {"caller's deadline in the second attempt", slow(time.Minute, 0), Read, 15 * time.Second, 15 * time.Second, 2, true, "context deadline exceeded (attempt 2)"},
		4: {"in time", slow(5*time.Second, 4*time.Second), Create, 0, 9 * time.Second, 1, false, ""},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, Config{AttemptTimeout: 10 * time.Second, TotalTimeout: 45 * time.Second, Base: tt.base,
					Retry: RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: time.Millisecond}})
				ctx := t.Context()
				if tt.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.ctx)
					defer cancel()
				}
				start := time.Now()
				resp, err := c.Do(ctx, &Request{Method: "POST", URL: "http://service.invalid/", Class: tt.class})
				if took := time.Since(start); took < tt.took || took > tt.took+5*time.Millisecond {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if tt.text == "" {
					if err != nil || string(resp.Body) != "late" {
						t.Errorf("got %v, %v", resp, err)
					}
					return
				}
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Attempts != tt.attempts || !strings.Contains(err.Error(), tt.text) || e.Outcome() != unknown {
					t.Fatalf("got %v, want %d attempts, unknown, saying %q", err, tt.attempts, tt.text)
				}
				if errors.Is(err, context.DeadlineExceeded) != tt.context || errors.Is(err, passerelle.ErrUnavailable) == tt.context {
					t.Errorf("%v: deadline exceeded %v, unavailable %v", err, !tt.context, tt.context)
				}
			})
		})
	}
}

func TestTotalTimeoutEndsAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, Config{AttemptTimeout: 10 * time.Second, TotalTimeout: 15 * time.Second, Base: memory(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		start := time.Now()
		_, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Class: Read})
		if !errors.Is(err, passerelle.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "total time-out (attempt 2)") {
			t.Errorf("got %v, want unavailable by the total time-out, in attempt 2", err)
		}
		if took := time.Since(start); took != 15*time.Second {
			t.Errorf("took %v, want 15s", took)
		}
	})
}

func TestLimiterPacesAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stamps{start: time.Now()}
		shared := rate.NewLimiter(rate.Every(10*time.Second), 1)
		cfg := Config{Limiter: shared, AttemptTimeout: time.Second, Base: memory(func(*http.Request) (*http.Response, error) {
			if s.hit(); len(s.at) < 3 {
				return reply(503, ""), nil
			}
			return reply(200, ""), nil
		})}
		one, two := newClient(t, cfg), newClient(t, cfg)
		for _, c := range []*Client{one, two} {
			if _, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Class: Read}); err != nil {
				t.Fatal(err) // waiting 10 s for the limiter must not end an attempt of 1 s
			}
		}
		for i, at := range s.at {
			if at.Round(time.Millisecond) != time.Duration(i)*10*time.Second {
				t.Errorf("attempt %d at %v, want every 10s: %v", i, at, s.at)
			}
		}
		if len(s.at) != 4 {
			t.Errorf("%d attempts, want 3 of the first client and 1 of the second", len(s.at))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := one.Do(ctx, &Request{URL: "http://service.invalid/", Method: "POST"})
		if !errors.Is(err, passerelle.ErrRateLimited) || passerelle.OutcomeOf(err) != notSent || len(s.at) != 4 {
			t.Errorf("got %v, outcome %v: want rate limited, not sent", err, passerelle.OutcomeOf(err))
		}
	})
}

func TestEndedContextSendsNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) { t.Error("sent"); return reply(200, ""), nil })})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(ctx, &Request{URL: "http://service.invalid/", Method: "POST"})
	if !errors.Is(err, context.Canceled) || passerelle.OutcomeOf(err) != notSent {
		t.Errorf("got %v, outcome %v", err, passerelle.OutcomeOf(err))
	}
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("got a %T, want an *Error", err)
	}
}

// TestForeignBase has a RoundTripper that tells nothing of its connections.
func TestForeignBase(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route")}
	tests := map[int]struct {
		err      error
		attempts int
		outcome  passerelle.Outcome
	}{
		0: {errors.New("something broke at https://service.invalid/?ine=123456789AB"), 1, unknown},
		1: {io.ErrUnexpectedEOF, 1, unknown},
		2: {&net.OpError{Op: "write", Net: "tcp", Err: errors.New("broken pipe")}, 1, unknown},
		3: {dial, 3, notSent},
		4: {fmt.Errorf("wrapped: %w", dial), 3, notSent},
		5: {nil, 1, unknown}, // neither answer nor error
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) { return nil, tt.err })})
			_, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Method: "POST"})
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Attempts != tt.attempts || e.Outcome() != tt.outcome || !errors.Is(err, passerelle.ErrUnavailable) {
				t.Errorf("got %v, want %d attempts, %v", err, tt.attempts, tt.outcome)
			}
			if tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("the cause is not reachable from %v", err)
			}
			if strings.Contains(err.Error(), "123456789AB") {
				t.Errorf("the text of the cause is shown: %v", err)
			}
		})
	}
}

// TestFate checks the outcome of calls whose attempts ended in different ways.
func TestFate(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	cut := io.ErrUnexpectedEOF
	tests := map[int]struct {
		attempts []any // an error, or a status
		outcome  passerelle.Outcome
		status   int
	}{
		0: {[]any{dial, dial, dial}, notSent, 0},
		1: {[]any{cut, dial, dial}, unknown, 0},
		2: {[]any{dial, cut, dial}, unknown, 0},
		3: {[]any{429, dial, dial}, answered, 0},
		4: {[]any{cut, 429, 429}, unknown, 429},
		5: {[]any{503, 429, 429}, unknown, 429},
		6: {[]any{cut, 404}, answered, 404},
		7: {[]any{503, 409}, answered, 409},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			n := 0
			c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) {
				n++
				switch v := tt.attempts[n-1].(type) {
				case int:
					return reply(v, ""), nil
				default:
					return nil, v.(error)
				}
			})})
			resp, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Class: Idempotent})
			if err == nil {
				err = resp.Err()
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Outcome() != tt.outcome || e.Status != tt.status || n != len(tt.attempts) {
				t.Errorf("got %v, outcome %v, after %d attempts", err, passerelle.OutcomeOf(err), n)
			}
		})
	}
}
