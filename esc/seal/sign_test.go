package seal_test

import (
	"crypto"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// module is a key that never leaves a hardware module.
type module struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (m module) Public() crypto.PublicKey { return m.public }

func (m module) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return m.sign(digest, opts)
}

func TestAnySigner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	v := must(seal.NewVerifier(f.policy()))(t)
	key := f.credential.Key
	good := func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		if opts.HashFunc() != crypto.SHA256 || len(digest) != 32 {
			t.Errorf("asked to sign %d bytes of %s", len(digest), opts.HashFunc())
		}
		return key.Sign(nil, digest, opts)
	}
	down := errors.New("module locked")
	for name, c := range map[string]struct {
		sign func([]byte, crypto.SignerOpts) ([]byte, error)
		is   error
	}{
		"in a module": {good, nil},
		"locked":      {func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, down }, down},
		"raw r and s": {func([]byte, crypto.SignerOpts) ([]byte, error) { return make([]byte, 64), nil }, passerelle.ErrUnavailable},
		"more behind": {func(d []byte, o crypto.SignerOpts) ([]byte, error) {
			der, err := key.Sign(nil, d, o)
			return append(der, 0), err
		}, passerelle.ErrUnavailable},
	} {
		signer := must(seal.NewSigner(seal.SignerConfig{Key: module{key.Public(), c.sign}, Certificate: f.credential.Certificate}))(t)
		token, err := signer.Sign(f.claims)
		if c.is != nil {
			if !errors.Is(err, c.is) || token != "" {
				t.Errorf("%s: %q, %v, want %v", name, token, err, c.is)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(v.Verify(t.Context(), token))(t)
	}
}

func TestClaimsFilledIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		authority := must(esctest.NewAuthority(time.Now()))(t)
		credential := must(authority.Issue("Univ-Ville.example"))(t) // certificates may be written in any case
		signer := must(seal.NewSigner(seal.SignerConfig{Key: credential.Key, Certificate: credential.Certificate}))(t)
		lastDay := passerelle.DateOf(time.Now().AddDate(1, 0, 0))
		token := must(signer.Sign(seal.Claims{ESCN: number, Expires: seal.EndOf(lastDay, time.UTC)}))(t)
		f := &fixture{authority: authority, credential: credential}
		policy := f.policy()
		policy.Time = trust.Now()
		v := must(seal.NewVerifier(policy))(t)
		got := must(v.Verify(t.Context(), token))(t)
		if got.Issuer != issuer || !got.IssuedAt.Equal(time.Now().Truncate(time.Second)) || !got.ESI.IsZero() || !got.NotBefore.IsZero() {
			t.Errorf("claims %+v", got.Claims)
		}
		// Valid to the last second of the last day.
		time.Sleep(time.Until(lastDay.AddDays(1).Time(time.UTC).Add(-time.Second)))
		must(v.Verify(t.Context(), token))(t)
		time.Sleep(time.Second)
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, seal.Expired) {
			t.Errorf("the day after: %v, want expired", err)
		}
	})
}

func TestNothingPersonalSaid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var leaks testutil.Leaks
	leaks.Secret(t, "123456789AB", number.String(), number.String()[:23])
	log := leaks.Logger()
	log.Info("x", "claims", f.claims)
	v := must(seal.NewVerifier(f.policy()))(t)
	for _, change := range []map[string]any{
		{"exp": 1}, {"esi": "123456789AB"}, {"escn": strings.ToUpper(number.String())}, {"iss": "123456789AB"}, {"123456789AB": 1, "iat": nil},
	} {
		_, err := v.Verify(t.Context(), signed(t, f.credential.Key, f.headerJSON(t, nil), f.claimsJSON(t, change)))
		leaks.Error(err)
		log.Info("x", "error", err)
	}
	got := must(v.Verify(t.Context(), must(f.signer.Sign(f.claims))(t)))(t)
	log.Info("x", "verified", got.Claims)
	if !strings.Contains(leaks.Log(), issuer) {
		t.Error("the issuer is not in the log")
	}
	leaks.Check(t)
}
