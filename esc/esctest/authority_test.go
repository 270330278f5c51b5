package esctest_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// OpenSSL agrees about which chains are good.
func TestOpenSSLAgrees(t *testing.T) {
	t.Parallel()
	openssl := testutil.Program(t, "openssl")
	now := time.Now()
	for name, c := range map[string]struct {
		authority, leaf []esctest.Defect
		good            bool
	}{
		"good":               {nil, nil, true},
		"expired":            {nil, []esctest.Defect{esctest.Expired}, false},
		"not yet valid":      {nil, []esctest.Defect{esctest.NotYetValid}, false},
		"unknown root":       {nil, []esctest.Defect{esctest.UnknownRoot}, false},
		"broken signature":   {nil, []esctest.Defect{esctest.BrokenSignature}, false},
		"critical extension": {nil, []esctest.Defect{esctest.CriticalExtension}, false},
		"expired root":       {[]esctest.Defect{esctest.ExpiredRoot}, nil, false},
		"expired issuing":    {[]esctest.Defect{esctest.ExpiredIssuing}, nil, false},
		"issuing is no CA":   {[]esctest.Defect{esctest.IssuingNotCA}, nil, false},
		"path too long":      {[]esctest.Defect{esctest.PathTooLong}, nil, false},
		"no certSign":        {[]esctest.Defect{esctest.IssuingWithoutCertSign}, nil, false},
		"other name":         {[]esctest.Defect{esctest.IssuingForOtherNames}, nil, false},
	} {
		authority := must(esctest.NewAuthority(now, c.authority...))(t)
		credential := must(authority.Issue("univ-ville.example", c.leaf...))(t)
		dir := t.TempDir()
		write := func(file string, certs ...*x509.Certificate) string {
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, trust.EncodePEM(certs...), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		out, err := exec.CommandContext(t.Context(), openssl, "verify", "-x509_strict", "-CAfile", write("root.pem", authority.Root),
			"-untrusted", write("issuing.pem", credential.Chain...), write("leaf.pem", credential.Certificate)).CombinedOutput()
		if (err == nil) != c.good {
			t.Errorf("%s: openssl says %s", name, strings.TrimSpace(string(out)))
		}
	}
}

func TestDefectsOfTheWrongPlace(t *testing.T) {
	t.Parallel()
	authority := must(esctest.NewAuthority(time.Now()))(t)
	if _, err := authority.Issue("univ-ville.example", esctest.ExpiredRoot); err == nil {
		t.Error("a defect of roots is taken for one of signing certificates")
	}
	if _, err := esctest.NewAuthority(time.Now(), esctest.WrongCurve); err == nil {
		t.Error("a defect of signing certificates is taken for one of authorities")
	}
}

// A seal verified with the chain of the service, then without the service.
func TestChainService(t *testing.T) {
	t.Parallel()
	authority := must(esctest.NewAuthority(time.Now()))(t)
	credential := must(authority.Issue("univ-ville.example"))(t)
	fake := must(esctest.NewRouter(esctest.RouterConfig{
		Organisations: []router.Organisation{{PIC: "999465982", Token: "key"}},
		Chains:        map[string][]byte{"999465982": trust.EncodePEM(credential.Bundle()...)},
	}))(t)
	server := esctest.NewServer(fake)
	defer server.Close()
	source := must(trust.HTTP(trust.HTTPConfig{
		URL: server.URL + "/v1" + trust.LegacyPath, Header: http.Header{"Key": {"key"}},
		Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}},
	}))(t)
	cache := must(trust.NewCache(source, time.Nanosecond))(t)
	verifier := must(seal.NewVerifier(seal.Policy{
		Policy: trust.Policy{Roots: []*x509.Certificate{authority.Root}, Time: trust.Now(), Revocation: trust.NoRevocationCheck()},
		Chains: cache, Issuers: seal.IssuerPICs(map[string][]string{"univ-ville.example": {"999465982"}}), Skew: time.Minute,
	}))(t)
	signer := must(seal.NewSigner(seal.SignerConfig{Key: credential.Key, Certificate: credential.Certificate}))(t)
	token := must(signer.Sign(seal.Claims{ESCN: esc.MustParse("d88b02c1-894e-1038-a711-001999465982"), Expires: time.Now().Add(time.Hour)}))(t)
	unknown := must(signer.Sign(seal.Claims{ESCN: esc.MustParse("aec54890-72b1-1039-8e5f-001999893752"), Expires: time.Now().Add(time.Hour)}))(t)

	must(verifier.Verify(t.Context(), token))(t)
	if _, err := verifier.Verify(t.Context(), unknown); !errors.Is(err, trust.ChainMissing) {
		t.Errorf("an institution that the service does not know: %v", err)
	}
	fake.Script("", esctest.Unavailable, esctest.Unavailable)
	must(verifier.Verify(t.Context(), token))(t)
	if _, err := verifier.Verify(t.Context(), unknown); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("the service away and nothing kept: %v", err)
	}
	calls := 0
	for _, r := range fake.Requests() {
		if r.Operation == "certificates" {
			calls++
		}
	}
	if calls != 4 {
		t.Errorf("%d calls, want 4", calls)
	}
}

func TestRouterConfigFaults(t *testing.T) {
	t.Parallel()
	for i, c := range []esctest.RouterConfig{
		0: {Organisations: []router.Organisation{{PIC: "999465982"}}},
		1: {Organisations: []router.Organisation{{PIC: "1", Token: "x"}, {PIC: "2", Token: "x"}}},
		2: {Faults: esctest.Faults{Slow: 0.6, AnswerLost: 0.6}},
		3: {Faults: esctest.Faults{Slow: -1}},
	} {
		if _, err := esctest.NewRouter(c); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want ErrInvalid", i, err)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	fake := must(esctest.NewRouter(esctest.RouterConfig{Faults: esctest.Faults{Delay: 40 * time.Millisecond}}))(t)
	server := esctest.NewServer(fake)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // a reused connection would hide a cut
	address := server.URL + "/esc-rest/api/v2/cards/generate-escn?prefix=1&pic=999465982"
	for fault, want := range map[esctest.Fault]int{
		esctest.NoFault: 200, esctest.Unavailable: 503, esctest.Maintenance: 503, esctest.RateLimited: 429, esctest.InternalError: 500,
		esctest.BadGateway: 502, esctest.NotJSON: 200, esctest.Slow: 200, esctest.CutBefore: 0, esctest.AnswerLost: 0,
	} {
		fake.Script("generate-escn", fault)
		start := time.Now()
		status := 0
		if resp, err := client.Get(address); err == nil {
			status = resp.StatusCode
			resp.Body.Close()
		}
		if status != want {
			t.Errorf("%q: status %d, want %d", fault, status, want)
		}
		if took := time.Since(start); fault == esctest.Slow && took < 40*time.Millisecond {
			t.Errorf("slow took %s", took)
		}
	}
}
