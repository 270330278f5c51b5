package particulier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// fixed is a source of one token.
type fixed string

func (f fixed) Token(context.Context) (string, error) { return string(f), nil }
func (fixed) Drop(string)                             {}

// virtual is a client of a service without a network, for virtual time.
func virtual(t *testing.T, s *particuliertest.Service, change func(*particulier.Config)) *particulier.Client {
	t.Helper()
	cfg := particulier.Config{
		BaseURL: particulier.Staging, Token: particuliertest.TestToken, Recipient: particulier.MustParseRecipient(particuliertest.TestRecipient),
	}
	cfg.Transport.Base = s
	if change != nil {
		change(&cfg)
	}
	return newClient(t, cfg)
}

// ine is the nth INE of a test.
func ine(n int) string { return fmt.Sprintf("%09dAA", n) }

// crowd makes n calls of several operations at once and counts the errors.
func crowd(t *testing.T, clients []*particulier.Client, n int) map[string]int {
	var mu sync.Mutex
	counts := map[string]int{}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			client := clients[i%len(clients)]
			var err error
			if i%2 == 0 {
				_, err = client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: ine(i)})
			} else {
				_, err = client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: ine(i)})
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, passerelle.ErrNotFound):
				counts["answered"]++
			case errors.Is(err, passerelle.ErrRateLimited):
				counts["limited"]++
			default:
				counts[fmt.Sprint(err)]++
			}
		})
	}
	all.Wait()
	return counts
}

// TestPace: sixteen a second for all operations together, under both limits of the service.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := particuliertest.New(particuliertest.Config{})
		client := virtual(t, s, func(c *particulier.Config) { c.Transport.TotalTimeout = time.Hour })
		begun := time.Now()
		counts := crowd(t, []*particulier.Client{client}, 3201)
		if counts["answered"] != 3201 || s.Banned() {
			t.Errorf("%v, banned %v; want 3201 answers", counts, s.Banned())
		}
		if took := time.Since(begun); took < 200*time.Second || took > 201*time.Second {
			t.Errorf("3201 calls took %v; want 200 s", took)
		}
	})
}

// TestSharedLimiter: two clients of one token keep to the limits together, and alone they
// do not.
func TestSharedLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, shared := range []bool{true, false} {
			s := particuliertest.New(particuliertest.Config{})
			var limiter particulier.Limiter
			if shared {
				limiter = particulier.NewLimiter(0)
			}
			var clients []*particulier.Client
			for range 2 {
				clients = append(clients, virtual(t, s, func(c *particulier.Config) {
					c.Limiter, c.Transport.TotalTimeout, c.Transport.Retry.MaxAttempts = limiter, time.Hour, 1
				}))
			}
			counts := crowd(t, clients, 320)
			if (counts["limited"] == 0) != shared {
				t.Errorf("shared %v: %v", shared, counts)
			}
			if s.Banned() && shared {
				t.Error("two clients with one limiter were banned")
			}
		}
	})
}

// TestNoBan: a client without pace runs into 429s, and never goes on after one before
// the service allows it: the condition for a ban is never reached.
func TestNoBan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, bare := range []bool{false, true} {
			s := particuliertest.New(particuliertest.Config{PerSecond: -1, PerMinute: -1, Grace: time.Millisecond})
			fault := particuliertest.TooMany
			if bare {
				fault = particuliertest.TooManyBare
			}
			s.SetFaults(map[particuliertest.Fault]float64{fault: 0.05})
			client := virtual(t, s, func(c *particulier.Config) {
				c.Limiter, c.Transport.TotalTimeout, c.Transport.Retry.MaxAttempts = particulier.NewLimiter(16), 100*time.Hour, 50
			})
			counts := crowd(t, []*particulier.Client{client}, 500)
			if counts["answered"] != 500 || s.Banned() {
				t.Errorf("bare %v: %v, banned %v", bare, counts, s.Banned())
			}
			if s.Requests("") < 510 {
				t.Errorf("%d requests: no 429 was met, the test proves nothing", s.Requests(""))
			}
		}
	})
}

// TestBanOfTheImpatient shows that the fake bans who goes on: the test above could fail.
func TestBanOfTheImpatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := particuliertest.New(particuliertest.Config{Grace: time.Millisecond})
		client := virtual(t, s, func(c *particulier.Config) { c.Limiter, c.Transport.Retry.MaxAttempts = impatient{}, 1 })
		for i := range 60 {
			_, _ = client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: ine(i)})
			if i > 20 {
				time.Sleep(100 * time.Millisecond)
			}
		}
		if !s.Banned() {
			t.Error("a client that goes on after a 429 was not banned")
		}
	})
}

// impatient is a limiter that lets everything through.
type impatient struct{}

func (impatient) Wait(context.Context) error { return nil }
func (impatient) Refused(time.Time)          {}

// TestPauseIsShared: after a 429 to one call, every other waits, or fails at once when it
// cannot wait so long, and nothing is sent.
func TestPauseIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := particuliertest.New(particuliertest.Config{})
		client := virtual(t, s, func(c *particulier.Config) {
			c.Transport.Retry.MaxAttempts, c.Transport.AttemptTimeout, c.Transport.TotalTimeout = 1, 5*time.Second, 5*time.Second
		})
		s.Script(particuliertest.TooMany) // for ten seconds
		_, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: ine(1)})
		checkKind(t, "429", err, passerelle.ErrRateLimited)
		begun := time.Now()
		_, err = client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: ine(2)})
		paused, ok := errors.AsType[*particulier.PausedError](err)
		if !ok || paused.Left != 10*time.Second || passerelle.OutcomeOf(err) != passerelle.NotSent || time.Since(begun) != 0 {
			t.Errorf("the next call = %v after %v; want a *PausedError of 10 s at once", err, time.Since(begun))
		}
		checkKind(t, "paused", err, passerelle.ErrRateLimited)
		time.Sleep(7 * time.Second)
		if _, err = client.ScholarshipByINE(t.Context(), particulier.INERequest{INE: ine(2)}); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("3 s before the end of the pause, with 5 s to spend: %v; want an answer", err)
		}
		if waited := time.Since(begun); waited < 10*time.Second {
			t.Errorf("sent %v after the 429; want 10 s", waited)
		}
		if s.Requests("") != 2 || s.Banned() {
			t.Errorf("%d requests, banned %v; want 2", s.Requests(""), s.Banned())
		}
	})
}

// TestRetryIn waits as long as the body asks.
func TestRetryIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := particuliertest.New(particuliertest.Config{Students: known{}})
		client := virtual(t, s, nil)
		s.Script(particuliertest.Network) // retry_in 10
		begun := time.Now()
		if _, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("asked again after %v; want 10 s", took)
		}
	})
}

// TestSingleFlight: identical calls at the same time are sent once; one that gives up does not
// take the others with it.
func TestSingleFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := particuliertest.New(particuliertest.Config{Students: known{}, Latency: time.Second})
		client := virtual(t, s, func(c *particulier.Config) { c.Limiter = particulier.NewLimiter(-1) })
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var answered, gaveUp atomic.Int64
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				ctx := t.Context()
				if i == 0 {
					ctx = impatient
				}
				_, err := client.StudentStatusByINE(ctx, particulier.INERequest{INE: knownINE})
				switch {
				case err == nil:
					answered.Add(1)
				case errors.Is(err, context.DeadlineExceeded):
					gaveUp.Add(1)
				default:
					t.Error(err)
				}
			})
			synctest.Wait() // number 0 leads
		}
		all.Wait()
		if answered.Load() != 19 || gaveUp.Load() != 1 || s.Requests("") != 1 {
			t.Errorf("%d answers, %d given up, %d requests; want 19, 1, 1", answered.Load(), gaveUp.Load(), s.Requests(""))
		}
		// Another question, or the same one later, is a call of its own.
		for range 2 {
			if _, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE}); err != nil {
				t.Error(err)
			}
		}
		if s.Requests("") != 3 {
			t.Errorf("%d requests; want 3", s.Requests(""))
		}
		// Nobody waits any more: the call is given up.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.StudentStatusByINE(gone, particulier.INERequest{INE: knownINE}); !errors.Is(err, context.Canceled) {
			t.Errorf("with a dead context: %v", err)
		}
	})
}

// TestTokenSource renews a token that is refused, once.
func TestTokenSource(t *testing.T) {
	t.Parallel()
	s := particuliertest.New(particuliertest.Config{Students: known{}})
	source := &renewed{tokens: []string{"old", particuliertest.TestToken}}
	client := virtual(t, s, func(c *particulier.Config) {
		c.Token, c.Tokens, c.Limiter = "", source, particulier.NewLimiter(-1)
	})
	if _, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE}); err != nil || s.Requests("") != 2 {
		t.Errorf("%v after %d requests; want an answer to the second token", err, s.Requests(""))
	}
	if _, err := client.StudentStatusByINE(t.Context(), particulier.INERequest{INE: knownINE, Version: particulier.V2}); err != nil {
		t.Errorf("v2, with the token as a key: %v", err)
	}
}

type renewed struct {
	mu     sync.Mutex
	tokens []string
}

func (r *renewed) Token(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tokens[0], nil
}

func (r *renewed) Drop(string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tokens) > 1 {
		r.tokens = r.tokens[1:]
	}
}

// TestPingAndIntrospect asks for health, well or not, and for scopes.
func TestPingAndIntrospect(t *testing.T) {
	t.Parallel()
	s := particuliertest.New(particuliertest.Config{
		Tokens: map[string]particuliertest.Token{particuliertest.TestToken: {ID: "id-1", Name: "essai", Scopes: []string{"mesri_identite"}}},
	})
	client := virtual(t, s, func(c *particulier.Config) { c.Limiter = particulier.NewLimiter(-1) })
	for i, c := range []struct {
		health string
		probe  particulier.Probe
		http   int
	}{
		0: {"ok", particulier.ProbeService, http.StatusOK},
		1: {"ok", particulier.ProbeStudentStatusINE, http.StatusOK},
		2: {"bad_gateway", particulier.ProbeScholarshipFranceConnect, http.StatusBadGateway},
		3: {"maintenance", particulier.ProbeScholarshipIdentity, http.StatusBadGateway},
		4: {"nouveau", particulier.ProbeStudentStatusIdentity, http.StatusBadGateway},
	} {
		s.SetHealth(c.health)
		h, err := client.Ping(t.Context(), c.probe)
		if err != nil || string(h.Status) != c.health || h.HTTP != c.http || h.Updated == "" || (h.Until != "") != (c.health == "maintenance") {
			t.Errorf("%d: %+v, %v", i, h, err)
		}
	}
	if s.Requests("") != 5 {
		t.Errorf("%d requests for 5 pings: a 502 is the answer, not a reason to ask again", s.Requests(""))
	}
	if _, err := client.Ping(t.Context(), "autre"); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("an unknown probe = %v", err)
	}
	info, err := client.Introspect(t.Context())
	if err != nil || info.ID != "id-1" || info.Name != "essai" || len(info.Scopes) != 1 {
		t.Errorf("introspection: %+v, %v", info, err)
	}
	wrong := virtual(t, s, func(c *particulier.Config) { c.Token = "autre" })
	if _, err := wrong.Introspect(t.Context()); !errors.Is(err, passerelle.ErrUnauthorized) {
		t.Errorf("introspection of an unknown token = %v", err)
	}
}
