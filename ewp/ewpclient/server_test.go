package ewpclient_test

import (
	"context"
	"crypto"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var uniA, uniB = ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")

// sheet is a fact sheet as far as these tests read one.
type sheet struct {
	XMLName xml.Name `xml:"factsheet"`
	HEI     string   `xml:"hei-id"`
	Text    string   `xml:"text"`
}

// factsheets serves any institution but those named unknown, twenty a request.
func factsheets(text string) func(*ewptest.University) error {
	return func(u *ewptest.University) error {
		return u.Server.Handle(ewp.Factsheet, "", ewpserver.Get[sheet]{
			ID: "hei_id", Max: 20,
			Find: func(_ context.Context, q ewpserver.Query) iter.Seq2[sheet, error] {
				return func(yield func(sheet, error) bool) {
					for _, id := range q.IDs {
						if !strings.HasPrefix(id, "unknown") && !yield(sheet{HEI: id, Text: text}, nil) {
							return
						}
					}
				}
			},
		})
	}
}

// TestServer runs the client against the server of this module: lists of identifiers,
// long answers.
func TestServer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<&>", 8<<10)
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Client: func(cfg *ewpclient.Config) { cfg.Memory = 1 << 10 }}, {HEI: uniB, Register: factsheets(long)},
	}})
	var ids, want []string
	for i := range 45 {
		id := fmt.Sprintf("hei-%d.example", i)
		if i%10 == 7 {
			id = "unknown-" + id
		} else {
			want = append(want, id)
		}
		ids = append(ids, id)
	}
	var got []string
	list := ewpclient.List{Param: "hei_id", Values: ids, Limit: "max-hei-ids"}
	for v, err := range ewpclient.Each[sheet](t.Context(), n.University("uni-a.example").Client, ewpclient.Call{HEI: uniB, API: ewp.Factsheet}, list, xml.Name{Local: "factsheet"}) {
		if err != nil {
			t.Fatal(err)
		}
		if v.Text != long {
			t.Errorf("%s: %d bytes of text, want %d", v.HEI, len(v.Text), len(long))
		}
		got = append(got, v.HEI)
	}
	testutil.Equal(t, "objects", got, want)
	// The server's own limit is the one that the manifest says.
	_, err := n.University("uni-a.example").Client.Call(t.Context(), ewpclient.Call{HEI: uniB, API: ewp.Factsheet, Params: url.Values{"hei_id": ids[:21]}})
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 400 || !e.Signed || e.Response == nil {
		t.Errorf("one too many: %v", err)
	}
}

// TestServerSecurity runs each way to secure a call.
func TestServerSecurity(t *testing.T) {
	t.Parallel()
	const least = ewp.ClientHTTPSig | ewp.ServerTLSCert
	for i, security := range map[int]ewp.Methods{
		0: ewpserver.DefaultSecurity,
		1: least | ewp.RequestTLS | ewp.ResponseTLS,
		2: least | ewp.ServerHTTPSig | ewp.RequestGCM | ewp.ResponseGCM,
		3: least | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.RequestGCM | ewp.ResponseTLS | ewp.ResponseGCM,
		4: least | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.ResponseTLS | ewp.ResponseGCM,
	} {
		n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
			{HEI: uniA, Client: func(cfg *ewpclient.Config) {
				d, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{ewptest.Key(0)}})
				if err != nil {
					t.Fatal(err)
				}
				cfg.Encryption = d
			}},
			{HEI: uniB, Security: security},
		}})
		if n.University("uni-a.example").ClientKey != ewptest.Key(0) {
			t.Fatal("the client of the network has another key than this test expects")
		}
		call := ewpclient.Call{HEI: uniB, API: ewp.Echo, Params: url.Values{"echo": {strings.Repeat("é", 5000), "b"}}}
		a, err := n.University("uni-a.example").Client.Call(t.Context(), call)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		var got echoAnswer
		if err := a.Decode(&got); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		a.Close()
		testutil.Equal(t, "values", got.Echo, call.Params["echo"])
		encrypted := strings.Contains(a.Header.Get("Content-Encoding"), aesgcm.Coding)
		if encrypted != security.Has(ewp.ResponseGCM) || a.Signed != security.Has(ewp.ServerHTTPSig) {
			t.Errorf("%d: encrypted %v, signed %v", i, encrypted, a.Signed)
		}
	}
}

// TestServerFaults: hosts that break a rule of answers are refused, each for that
// reason, and accepted again when they are repaired.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{{HEI: uniA}, {HEI: uniB}}})
	c, b := n.University("uni-a.example").Client, n.University("uni-b.example")
	call := ewpclient.Call{HEI: uniB, API: ewp.Echo}
	for fault, want := range map[ewptest.Fault]httpsig.Reason{
		ewptest.SignsWithoutDate:      httpsig.Unsigned,
		ewptest.SignsStaleDate:        httpsig.Skew,
		ewptest.SignsUnknownDigest:    httpsig.Digest,
		ewptest.AppendsAfterSigning:   httpsig.Digest,
		ewptest.NoRequestID:           httpsig.RequestID,
		ewptest.WrongRequestID:        httpsig.RequestID,
		ewptest.NoRequestSignature:    httpsig.RequestSignature,
		ewptest.WrongRequestSignature: httpsig.RequestSignature,
		ewptest.UnsignedDigest:        httpsig.Unsigned,
		ewptest.SignsWithClientKey:    httpsig.UnknownKey,
	} {
		b.Inject(ewptest.Injection{Fault: fault, Times: 1})
		if a, err := c.Call(t.Context(), call); err == nil {
			a.Close()
			t.Errorf("%s: accepted", fault)
		} else if !errors.Is(err, want) || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: %v, want %v", fault, err, want)
		}
		a, err := c.Call(t.Context(), call)
		if err != nil {
			t.Fatalf("after %s: %v", fault, err)
		}
		a.Close()
	}
}

// TestSkewedClock: clocks of both sides are at most five minutes apart.
func TestSkewedClock(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Client: func(cfg *ewpclient.Config) {
			cfg.Policy.Clock = func() time.Time { return time.Now().Add(-10 * time.Minute) }
		}}, {HEI: uniB},
	}})
	_, err := n.University("uni-a.example").Client.Call(t.Context(), ewpclient.Call{HEI: uniB, API: ewp.Echo})
	if !errors.Is(err, httpsig.Skew) {
		t.Errorf("an answer from ten minutes ahead: %v", err)
	}
}

// TestAccess: the caller is who the catalogue says, whatever it asks for.
func TestAccess(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Client: func(cfg *ewpclient.Config) {
			s, err := httpsig.NewSigner(httpsig.SignerConfig{Key: ewptest.Key(-1)}) // in no catalogue
			if err != nil {
				t.Fatal(err)
			}
			cfg.Signer = s
		}}, {HEI: uniB},
	}})
	c := n.University("uni-a.example").Client
	_, err := c.Call(t.Context(), ewpclient.Call{HEI: uniB, API: ewp.Echo})
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 403 || !e.Signed || !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("a key that nobody knows: %v", err)
	}
	if err := c.Ready(); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Ready: %v, want the reason for that", err)
	}
	if err := n.University("uni-b.example").Client.Ready(); err != nil {
		t.Errorf("Ready of a good one: %v", err)
	}
	testutil.Equal(t, "own institution", c.HEI().String(), "uni-a.example")
}
