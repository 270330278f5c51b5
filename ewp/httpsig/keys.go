package httpsig

import (
	"context"
	"crypto/rsa"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// KeyFinder knows the keys that may have signed what is being verified: the client
// keys of the whole catalogue for requests, the server keys of one host element
// for a response. Its method is safe for concurrent use.
type KeyFinder interface {
	// FindKey returns the key with a fingerprint. An error that errors.Is knows as
	// passerelle.ErrNotFound says that there is none, which refuses the message;
	// any other that nothing is known, as before the first catalogue.
	FindKey(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error)
}

// KeyFunc is a function as a [KeyFinder].
type KeyFunc func(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error)

// FindKey calls f.
func (f KeyFunc) FindKey(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
	return f(ctx, id)
}

// Keys is a fixed set of keys as a [KeyFinder].
type Keys map[ewp.Fingerprint]*rsa.PublicKey

// KeysOf returns the set of some keys.
func KeysOf(keys ...ewp.PublicKey) Keys {
	set := make(Keys, len(keys))
	for _, k := range keys {
		set[k.Fingerprint()] = k.RSA()
	}
	return set
}

// FindKey returns a key of the set, or passerelle.ErrNotFound.
func (k Keys) FindKey(_ context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
	if key := k[id]; key != nil {
		return key, nil
	}
	return nil, passerelle.ErrNotFound
}
