package checkine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ine/checkine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func client(t *testing.T, handler http.Handler, legacy bool) (*checkine.Client, *testutil.Leaks) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	leaks := &testutil.Leaks{}
	c, err := checkine.New(checkine.Config{
		BaseURL: server.URL + "/services/checkine/", Header: http.Header{"X-Univ": {"secret-header"}}, Legacy: legacy,
		Transport: transport.Config{Logger: leaks.Logger(), Retry: transport.RetryPolicy{MaxAttempts: 2, MinWait: time.Millisecond, MaxWait: time.Millisecond}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, leaks
}

// below serves a handler under the path of the sample address.
func below(h http.Handler) http.Handler { return http.StripPrefix("/services/checkine", h) }

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, legacy := range []bool{false, true} {
		c, leaks := client(t, below(checkine.Handler(nil)), legacy)
		for i, q := range []struct {
			body, key string
			want      bool
		}{
			0: {"223456789", "HE", true}, // the default of the form that tests the service
			1: {"223456789", "HF", false},
			2: {"070578267", "KH", true},
			3: {"123456789", "II", false}, // letters that no key has
			4: {"12345", "AA", false},
			5: {"2234567890", "H", false}, // ten digits and one letter are no RNIE number
			6: {"22345/789", "HE", false},
			7: {"", "", false},
		} {
			if legacy && q.body == "" {
				continue // there is no such path
			}
			got, err := c.CheckINE(t.Context(), q.body, q.key)
			if err != nil || got != q.want {
				t.Errorf("%d, legacy %v: %v, %v; want %v", i, legacy, got, err, q.want)
			}
		}
		if v, err := c.Version(t.Context()); err != nil || v != "passerelle checkine 1" {
			t.Errorf("version %q, %v", v, err)
		}
		leaks.Secret(t, "223456789", "070578267", "secret-header")
		leaks.Check(t)
	}
}

// TestWire looks at what is sent, as the public client sends it.
func TestWire(t *testing.T) {
	t.Parallel()
	var got string
	record := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Univ"), body)
		io.WriteString(w, " true\n")
	})
	for _, c := range []struct {
		legacy bool
		want   string
	}{
		{false, `POST /services/checkine/v1/check-ine secret-header {"type":"INES","ine":"223456789","cle":"HE"}`},
		{true, "GET /services/checkine/checkINE/type/INES/ine/223456789/cle/HE secret-header "},
	} {
		key, _ := client(t, record, c.legacy)
		if ok, err := key.CheckINE(t.Context(), "223456789", "HE"); err != nil || !ok || got != c.want {
			t.Errorf("legacy %v: %v, %v, sent %q; want %q", c.legacy, ok, err, got, c.want)
		}
	}
}

// TestFailures are never an opinion on the key.
func TestFailures(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		status int
		body   string
		want   error
	}{
		0: {200, `"true"`, passerelle.ErrProtocol},
		1: {200, `<html>true</html>`, passerelle.ErrProtocol},
		2: {200, ``, passerelle.ErrProtocol},
		3: {500, `false`, passerelle.ErrUnavailable},
		4: {503, `false`, passerelle.ErrUnavailable},
		5: {404, `false`, passerelle.ErrNotFound},
		6: {401, `false`, passerelle.ErrUnauthorized},
		7: {302, ``, nil}, // a redirect is not followed: the number would travel
	} {
		k, leaks := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.status == 302 {
				http.Redirect(w, r, "/elsewhere", c.status)
				return
			}
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}), false)
		_, err := k.CheckINE(t.Context(), "223456789", "HE")
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%d: %v; want %v", i, err, c.want)
		}
		leaks.Error(err)
		leaks.Secret(t, "223456789", "secret-header")
		leaks.Check(t)
	}
}

func TestUnknownType(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(checkine.Handler(nil))
	defer server.Close()
	resp, err := http.Get(server.URL + "/checkINE/type/BEA/ine/223456789/cle/HE")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("another type is answered by %s; want 400", resp.Status)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "wsines.univ.fr/services", "ftp://wsines.univ.fr"} {
		if _, err := checkine.New(checkine.Config{BaseURL: address}); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("address %q: %v; want ErrInvalid", address, err)
		}
	}
}

// The decision of eCandidat, with a key service.
func Example() {
	server := httptest.NewServer(checkine.Handler(nil)) // in production: the address of your establishment's
	defer server.Close()
	keys, err := checkine.New(checkine.Config{BaseURL: server.URL})
	if err != nil {
		panic(err)
	}
	for _, number := range []string{"223456789HE", "223456789HF", "1234567890V", "1234D56789A"} {
		ok, err := ine.AcceptedByECandidat(context.Background(), number, keys)
		fmt.Println(ok, err)
	}
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
	// false <nil>
}
