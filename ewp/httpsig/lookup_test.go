package httpsig_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

func TestLookupFailures(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		keys   httpsig.KeyFinder
		store  httpsig.ReplayStore
		status int
		kind   error
	}{
		0: {keys: failing(passerelle.ErrUnavailable), status: 503, kind: passerelle.ErrUnavailable},
		1: {keys: failing(errors.New("disk")), status: 503, kind: passerelle.ErrUnavailable},
		2: {keys: failing(context.Canceled), status: 503, kind: context.Canceled},
		3: {keys: failing(nil), status: 403, kind: passerelle.ErrForbidden},
		4: {store: storeFunc(passerelle.ErrRateLimited), status: 429, kind: passerelle.ErrRateLimited},
		5: {store: storeFunc(passerelle.ErrUnavailable), status: 503, kind: passerelle.ErrUnavailable},
		6: {keys: httpsig.Keys{public(t, clientKey()).Fingerprint(): weakKey()}, status: 403, kind: passerelle.ErrForbidden},
	} {
		v := newVerifier(t, httpsig.RequestVerifierConfig{Keys: test.keys, Replays: test.store})
		_, err := v.Verify(signed(t, "GET", echoURL, ""), nil)
		e, ok := errors.AsType[*httpsig.Error](err)
		if !ok || e.Status() != test.status || !errors.Is(err, test.kind) || test.status >= 429 && errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want status %d and %v", i, err, test.status, test.kind)
		}
	}
}

func failing(err error) httpsig.KeyFinder {
	return httpsig.KeyFunc(func(context.Context, ewp.Fingerprint) (*rsa.PublicKey, error) { return nil, err })
}

type failingStore struct{ err error }

func storeFunc(err error) httpsig.ReplayStore { return failingStore{err} }

func (s failingStore) First(context.Context, httpsig.Nonce) (bool, error) { return true, s.err }

func weakKey() *rsa.PublicKey {
	key := clientKey().PublicKey
	key.N = new(big.Int).Rsh(key.N, 8)
	return &key
}

// TestBodyIsReadLast makes sure that a stranger cannot make a server read a body.
func TestBodyIsReadLast(t *testing.T) {
	t.Parallel()
	r := signed(t, "POST", echoURL, echoBody)
	r.URL.Path = "/other"
	r.Body = io.NopCloser(untouchable{t})
	if _, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil); reasonOf(t, err) != httpsig.Signature {
		t.Errorf("%v, want the signature refused", err)
	}
}

type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}
