package aesgcm

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// DefaultMaxSize stands for a DecrypterConfig.MaxSize of 0.
const DefaultMaxSize = 8 << 20

// DecrypterConfig is what a [Decrypter] is made from. Keys is required.
type DecrypterConfig struct {
	// Keys are the RSA keys that partners may encrypt for, 2048 to 8192 bits, in
	// memory (*rsa.PrivateKey) or elsewhere: the server keys of the manifest for
	// requests, the client keys for responses. Their Decrypt is called with
	// *rsa.PKCS1v15DecryptOptions and a SessionKeyLen, and must be in constant
	// time; they must be safe for concurrent use.
	Keys []crypto.Decrypter
	// MaxSize bounds the encrypted body in bytes. 0 is DefaultMaxSize.
	MaxSize int
}

// Decrypter decrypts bodies. It is safe for concurrent use.
type Decrypter struct {
	keys    map[ewp.Fingerprint]recipient
	maxSize int
}

type recipient struct {
	key  crypto.Decrypter
	size int // of what it decrypts, in bytes
}

// NewDecrypter checks the configuration. Its error is a passerelle.FieldErrors.
func NewDecrypter(cfg DecrypterConfig) (*Decrypter, error) {
	var faults passerelle.FieldErrors
	d := &Decrypter{keys: map[ewp.Fingerprint]recipient{}, maxSize: cfg.MaxSize}
	if len(cfg.Keys) == 0 {
		faults.Add("Keys", "required", "an RSA key at least")
	}
	for _, key := range cfg.Keys {
		var pub *rsa.PublicKey
		if key != nil {
			pub, _ = key.Public().(*rsa.PublicKey)
		}
		named, err := ewp.NewPublicKey(pub)
		if err == nil {
			err = named.Usable()
		}
		if err != nil {
			faults.Add("Keys", "key", "RSA keys of 2048 to 8192 bits")
			continue
		}
		d.keys[named.Fingerprint()] = recipient{key, pub.Size()}
	}
	if cfg.MaxSize < 0 {
		faults.Add("MaxSize", "range", "no negative value; 0 is the default")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if d.maxSize == 0 {
		d.maxSize = DefaultMaxSize
	}
	return d, nil
}

// Decrypt returns the plain text of a body. Its error is ErrTooLarge for a body
// above MaxSize, and for whatever else is wrong ErrDecrypt.
func (d *Decrypter) Decrypt(body []byte) ([]byte, error) {
	if len(body) > d.maxSize {
		return nil, ErrTooLarge
	}
	if len(body) < fingerprintSize+lengthSize {
		return nil, ErrDecrypt
	}
	to, ok := d.keys[ewp.Fingerprint(body[:fingerprintSize])]
	if !ok {
		return nil, ErrDecrypt
	}
	length := int(binary.BigEndian.Uint16(body[fingerprintSize:]))
	rest := body[fingerprintSize+lengthSize:]
	if length != to.size || len(rest) < length+nonceSize+tagSize {
		return nil, ErrDecrypt
	}
	// With a SessionKeyLen a bad padding gives a random key of that length, in
	// constant time.
	//lint:ignore SA1019 the format prescribes this padding
	key, err := to.key.Decrypt(rand.Reader, rest[:length], &rsa.PKCS1v15DecryptOptions{SessionKeyLen: keySize})
	if err != nil || len(key) != keySize {
		return nil, ErrDecrypt
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, ErrDecrypt
	}
	plain, err := gcm.Open(nil, nil, rest[length:], nil)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plain, nil
}
