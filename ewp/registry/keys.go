package registry

import "github.com/passerelle-sup/passerelle/ewp"

type keyRecord struct {
	key    ewp.PublicKey // zero when the catalogue does not hold it
	client bool          // some host signs requests with it
	heis   HEIs          // those of these hosts
}

// Key returns the public key with a fingerprint, the keyId of a signature. It is
// false when the catalogue does not hold it, or holds something that is no RSA key,
// or another key than the fingerprint says. That a key is there gives it no right:
// see [Index.HEIsOfClientKey] and [Host.HasServerKey]. Short keys are returned, see
// [ewp.PublicKey.Usable]. Key does not allocate.
func (x *Index) Key(fingerprint ewp.Fingerprint) (ewp.PublicKey, bool) {
	r := x.keys[fingerprint]
	if r == nil || r.key.IsZero() {
		return ewp.PublicKey{}, false
	}
	return r.key, true
}

// HEIsOfClientKey returns the institutions in whose name a client with this key
// speaks, in practice one. known is false for a key by which no host signs
// requests, and true for one of a host without institutions. It does not allocate.
func (x *Index) HEIsOfClientKey(fingerprint ewp.Fingerprint) (heis HEIs, known bool) {
	r := x.keys[fingerprint]
	if r == nil || !r.client {
		return HEIs{}, false
	}
	return r.heis, true
}

// HEIsOfCertificate is [Index.HEIsOfClientKey] for the TLS client certificates of
// old manifests, by the SHA-256 of the DER certificate. It does not allocate.
func (x *Index) HEIsOfCertificate(fingerprint ewp.Fingerprint) (heis HEIs, known bool) {
	heis, known = x.certs[fingerprint]
	return heis, known
}
