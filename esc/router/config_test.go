package router_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	fields := func(err error) []string {
		list, _ := errors.AsType[passerelle.FieldErrors](err)
		var out []string
		for _, e := range list {
			out = append(out, e.Field+" "+e.Rule)
		}
		return out
	}
	_, err := router.New(router.Config{})
	testutil.Equal(t, "zero", fields(err), []string{"Environment required"})
	_, err = router.New(router.Config{
		Environment: router.Production, BaseURL: "https://x.example", VerifierURL: "/api", PageSize: -1,
		Organisations: []router.Organisation{{PIC: "12", Token: "a\n"}, {PIC: "12"}}, Transport: transport.Config{MaxBody: -1},
	})
	testutil.Equal(t, "all at once", fields(err), []string{
		"BaseURL contradiction", "VerifierURL url", "Organisations[0].PIC form", "Organisations[0].Token character",
		"Organisations[1].PIC form", "Organisations[1].Token required", "Organisations[1].PIC duplicate", "PageSize range", "Transport.MaxBody range",
	})
	for _, e := range []router.Environment{router.Sandbox, router.Production} {
		if _, err := router.New(router.Config{Environment: e}); err != nil {
			t.Errorf("%s: %v", e, err)
		}
	}
}

// The token goes to the router alone, and its name is chosen by the configuration.
func TestToken(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed with %v", r.Header)
	}))
	t.Cleanup(stranger.Close)
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		http.Redirect(w, r, stranger.URL, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	config := router.Config{Environment: router.Custom, BaseURL: server.URL, Organisations: tokens}
	client := must(router.New(config))(t)
	if _, err := client.Card(t.Context(), router.CardRequest{As: picB, Number: number}); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("redirect: %v", err)
	}
	if got := header.Get("Authorization"); got != "Bearer token-of-b" {
		t.Errorf("authorization %q", got)
	}
	config.AuthHeader = "Key"
	client = must(router.New(config))(t)
	_, _ = client.Card(t.Context(), router.CardRequest{As: picA, Number: number})
	if header.Get("Key") != "token-of-a" || header.Get("Authorization") != "" {
		t.Errorf("headers %v", header)
	}
	if _, err := client.Card(t.Context(), router.CardRequest{Number: number}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no institution named among two: %v", err)
	}
	var leaks testutil.Leaks
	leaks.Secret(t, "token-of-a", "token-of-b")
	leaks.Logger().Info("x", "organisation", tokens[0])
	leaks.Error(errors.New(tokens[0].String()))
	leaks.Check(t)
}

// What separates addresses stays inside a segment, escapes are escaped again.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.EscapedPath())
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	client := must(router.New(router.Config{Environment: router.Custom, BaseURL: server.URL + "/under/", Organisations: tokens[:1]}))(t)
	_, _ = client.Person(t.Context(), router.PersonRequest{ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:uma.es:a%2Fb")})
	_, _ = client.Card(t.Context(), router.CardRequest{Number: "../persons?x#y"})
	testutil.Equal(t, "paths", paths, []string{
		"/under/esc-rest/api/v2/persons/urn:schac:personalUniqueCode:int:esi:uma.es:a%252Fb", "/under/esc-rest/api/v2/cards/..%2Fpersons%3Fx%23y",
	})
	if _, err := client.Card(t.Context(), router.CardRequest{Number: ".."}); !errors.Is(err, passerelle.ErrInvalid) || len(paths) != 2 {
		t.Errorf("a number of dots: %v", err)
	}
}
