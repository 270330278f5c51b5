package pegase_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/sis"
)

// The exp of the token decides when another one is asked for: at four fifths of its life.
func TestTokenRenewal(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{TokenLife: 100 * time.Minute})
	for i, step := range []struct {
		after time.Duration
		want  int
	}{
		0: {0, 1}, 1: {79 * time.Minute, 1}, 2: {time.Minute, 2}, 3: {79 * time.Minute, 2}, 4: {500 * time.Minute, 3},
	} {
		server.Advance(step.after)
		if _, err := c.Courses(t.Context(), "000000001"); err != nil {
			t.Fatal(err)
		}
		if got := server.Tokens(); got != step.want {
			t.Errorf("%d: after %s %d tokens were asked for; want %d", i, step.after, got, step.want)
		}
	}
}

// Whoever waits, one token is asked for.
func TestTokenSingleFlight(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Faults: pegasetest.Faults{Delay: 50 * time.Millisecond}})
	server.Script(pegasetest.Token, pegasetest.Slow)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := c.Courses(t.Context(), "000000001"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := server.Tokens(); got != 1 {
		t.Errorf("20 calls at once asked for %d tokens; want 1", got)
	}
}

// An expired token is answered with 403, and another one is tried once.
func TestTokenExpired(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	server.Add(lucie)
	for range 3 {
		if _, err := c.File(t.Context(), lucie.Code); err != nil {
			t.Fatal(err)
		}
		server.ExpireTokens()
	}
	if got := server.Tokens(); got != 3 {
		t.Errorf("%d tokens; want one for each that expired", got)
	}
}

// A right that is missing is 403 too: it is believed from a fresh token, and does not ask for
// another token at each call.
func TestTokenForbidden(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{ReadOnly: true})
	server.Add(estelle)
	w, err := c.INEWriter()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		err := w.WriteINE(t.Context(), sis.INEUpdate{Student: id(estelle.Code), Definitive: "223456789HE"})
		if !errors.Is(err, passerelle.ErrForbidden) || passerelle.OutcomeOf(err) != passerelle.Answered {
			t.Fatalf("error %v (%v); want ErrForbidden, answered", err, passerelle.OutcomeOf(err))
		}
	}
	if got := server.Tokens(); got != 2 {
		t.Errorf("five refusals asked for %d tokens; want 2: the first, and one to make sure", got)
	}
	server.Advance(2 * time.Minute)
	_ = w.WriteINE(t.Context(), sis.INEUpdate{Student: id(estelle.Code), Definitive: "223456789HE"})
	if got := server.Tokens(); got != 3 {
		t.Errorf("%d tokens after a while; want 3: a token that expired must not look like a missing right for ever", got)
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	_, c := tenant(t, pegasetest.Config{}, func(c *pegase.Config) { c.Password = "wrong" })
	_, err := c.Courses(t.Context(), "1")
	if !errors.Is(err, passerelle.ErrUnauthorized) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("error %v (%v); want ErrUnauthorized, not sent", err, passerelle.OutcomeOf(err))
	}
}

// stub is a token service that answers as told, and an API that wants the token "good" first.
func stub(t *testing.T, issue http.HandlerFunc) *pegase.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /t", issue)
	mux.HandleFunc("GET /cursus", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "[]") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c, err := pegase.New(pegase.Config{
		Endpoints: pegase.Endpoints{Token: server.URL + "/t/", IDT: server.URL, INS: server.URL, CHC: server.URL}, Username: "svc&api", Password: "p=w d",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The form is what the service wants, in its order, with credentials escaped and not in the URL.
func TestTokenForm(t *testing.T) {
	t.Parallel()
	var got atomic.Value
	c := stub(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Store(r.URL.String() + " " + r.Header.Get("Content-Type") + " " + string(body))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintln(w, "opaque-token")
	})
	if _, err := c.Courses(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if want := "/t application/x-www-form-urlencoded username=svc%26api&password=p%3Dw+d&token=true"; got.Load() != want {
		t.Errorf("the request is\n%s\nwant\n%s", got.Load(), want)
	}
}

// What can be a token is taken, what cannot is a fault of the protocol: no life, whatever exp
// says, is believed beyond a day or below nothing.
func TestTokenShapes(t *testing.T) {
	t.Parallel()
	sign := func(claims jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("k"))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for i, c := range []struct {
		status int
		body   string
		kind   error
	}{
		0: {201, sign(jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}), nil},
		1: {200, "opaque", nil},
		2: {201, "", passerelle.ErrProtocol},
		3: {201, "<html>maintenance page</html>", passerelle.ErrProtocol},
		4: {201, sign(jwt.MapClaims{"exp": 1}), nil},           // an end long past: kept until it is refused
		5: {201, sign(jwt.MapClaims{"exp": 1e18}), nil},        // an absurd end
		6: {201, sign(jwt.MapClaims{"exp": "tomorrow"}), nil},  // no number
		7: {201, "a.b.c", nil},                                 // three parts that are no JWT
		8: {400, "bad", passerelle.ErrUnauthorized},            // older CAS
		9: {423, "locked account", passerelle.ErrUnauthorized}, // throttled
	} {
		var asked atomic.Int32
		client := stub(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		for range 3 {
			_, err := client.Courses(t.Context(), "1")
			if c.kind == nil && err != nil || c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%d: error %v; want %v", i, err, c.kind)
			}
		}
		if c.kind == nil && asked.Load() != 1 {
			t.Errorf("%d: three calls asked for %d tokens; want 1", i, asked.Load())
		}
	}
}

// While the token in use still lives, a token service that is down does no harm.
func TestTokenServiceDown(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{TokenLife: 100 * time.Minute}, func(c *pegase.Config) { c.Transport.Retry.MaxAttempts = 1 })
	call := func() error { _, err := c.Courses(t.Context(), "1"); return err }
	if err := call(); err != nil {
		t.Fatal(err)
	}
	server.Script(pegasetest.Token, pegasetest.Unavailable, pegasetest.Unavailable)
	server.Advance(90 * time.Minute)
	if err := call(); err != nil {
		t.Errorf("at 90 %% of the token's life: %v", err)
	}
	server.Advance(10 * time.Minute)
	if err := call(); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("after its end: %v; want ErrUnavailable", err)
	}
	if err := call(); err != nil {
		t.Errorf("once the service is back: %v", err)
	}
}

// Without a Limiter of the caller's, five requests go out a second, four at once.
func TestDefaultLimit(t *testing.T) {
	t.Parallel()
	c := stub(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "token") })
	start := time.Now()
	for range 5 { // and one for the token
		if _, err := c.Courses(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < 350*time.Millisecond {
		t.Errorf("six requests took %s; want two of them to wait for 200 ms each", took)
	}
}
