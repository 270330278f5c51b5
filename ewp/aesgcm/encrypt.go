package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Sizes of the parts of an encrypted body.
const (
	fingerprintSize = 32
	lengthSize      = 2
	keySize         = 16
	nonceSize       = 12
	tagSize         = 16
)

// Overhead returns by how many bytes an encrypted body is longer than its plain
// text, for a recipient's key of some bits.
func Overhead(keyBits int) int {
	return fingerprintSize + lengthSize + (keyBits+7)/8 + nonceSize + tagSize
}

// Encrypt returns plain encrypted for the holder of to, each time under a new AES
// key and IV. Its error is a *passerelle.ParseError for a key that is not accepted
// (2048 to 8192 bits); anything else is a failure of the system.
func Encrypt(to ewp.PublicKey, plain []byte) ([]byte, error) {
	if err := to.Usable(); err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	rand.Read(key) // never fails
	//lint:ignore SA1019 the format prescribes this padding
	wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, to.RSA(), key)
	if err != nil {
		return nil, err
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	fingerprint := to.Fingerprint()
	body := make([]byte, 0, Overhead(to.RSA().N.BitLen())+len(plain))
	body = append(body, fingerprint[:]...)
	body = binary.BigEndian.AppendUint16(body, uint16(len(wrapped)))
	body = append(body, wrapped...)
	return gcm.Seal(body, nil, plain, nil), nil
}

// newGCM returns AES-128-GCM whose texts start with their random IV.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
