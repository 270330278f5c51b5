package echo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	a, b := n.University("uni-a.example"), n.University("uni-b.example")
	c := echo.NewClient(a.Client)
	for i, values := range map[int][]string{
		0: nil,
		1: {"a"},
		2: {"a", "b", "a", ""},
		3: {"Łódź & <Zoé>", "a b+c=d;e", "\t", "%2B"},
	} {
		got, err := c.Echo(t.Context(), echo.Request{HEI: b.HEI, Values: values})
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, "values", got.Echo, values)
		if len(got.HEIs) != 1 || got.HEIs[0] != a.HEI {
			t.Errorf("%d: taken for %v", i, got.HEIs)
		}
	}
	if _, err := c.Echo(t.Context(), echo.Request{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nobody asked: %v", err)
	}
}

// liar is a host without signatures that mixes up what it repeats.
type liar struct{ http.RoundTripper }

func (l liar) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	body = bytes.ReplaceAll(body, []byte("<echo>a</echo>"), []byte("<echo>c</echo>"))
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.Header.Del("Signature")
	return response, err
}

// TestEchoOfSomethingElse: a host that repeats something else is told from a good one.
func TestEchoOfSomethingElse(t *testing.T) {
	t.Parallel()
	uniA, uniB := ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{{HEI: uniB}, {HEI: uniA, Client: func(cfg *ewpclient.Config) {
		cfg.Signatures, cfg.Quirks = ewpclient.SignedIfAny, ewpclient.NoGzip
		cfg.Transport.Base = liar{cfg.Transport.Base}
	}}}})
	got, err := echo.NewClient(n.University("uni-a.example").Client).Echo(t.Context(), echo.Request{HEI: uniB, Values: []string{"a", "b"}})
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 200 || !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("%v, want ErrProtocol", err)
	}
	testutil.Equal(t, "values", got.Echo, []string{"c", "b"})
}

// A new host asks a partner who it is taken for.
func ExampleClient_Echo() {
	network, err := ewptest.Listen(ewptest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	own := network.University("uni-a.example")

	client := echo.NewClient(own.Client)
	answer, err := client.Echo(context.Background(), echo.Request{
		HEI: ewp.MustParseHEIID("uni-b.example"), Values: []string{"bonjour", "cześć"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.HEIs[0], answer.Echo)
	// Output:
	// uni-a.example [bonjour cześć]
}
