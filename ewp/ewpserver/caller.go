package ewpserver

import (
	"context"
	"crypto/rsa"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// lookup is the catalogue as one request sees it: its key and the institution of
// that are asked of the same index.
type lookup struct {
	catalogue registry.Catalogue
	index     *registry.Index // nil before the key was looked up
}

// lookupKey is where the context of a request has its lookup.
type lookupKey struct{}

// clientKey finds the key of a signed request, among the client keys only.
func clientKey(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
	l := ctx.Value(lookupKey{}).(*lookup)
	index, err := l.catalogue.Index()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", passerelle.ErrUnavailable, err)
	}
	l.index = index
	if _, client := index.HEIsOfClientKey(id); !client {
		return nil, passerelle.ErrNotFound
	}
	key, known := index.Key(id)
	if !known {
		return nil, passerelle.ErrNotFound
	}
	return key.RSA(), nil
}

// caller returns the institution in whose name the holder of a key speaks. Since
// version 1.11 of the architecture there is exactly one; where the catalogue has
// another number, nobody can tell whose data may be shown.
func (l *lookup) caller(key ewp.Fingerprint) (ewp.HEIID, error) {
	heis, _ := l.index.HEIsOfClientKey(key)
	hei, ok := heis.One()
	if !ok {
		return ewp.HEIID{}, refuse(403, fmt.Sprintf(
			"the catalogue binds this client key to %d institutions: it must be one", heis.Len()), nil)
	}
	return hei, nil
}
