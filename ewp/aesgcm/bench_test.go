package aesgcm_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
)

var benchPlain = bytes.Repeat([]byte("<omobility-id>5e0a5bd5</omobility-id>"), 28<<10)

func BenchmarkEncrypt(b *testing.B) {
	to := public(b, ownKey())
	b.SetBytes(int64(len(benchPlain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := aesgcm.Encrypt(to, benchPlain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	body, err := aesgcm.Encrypt(public(b, ownKey()), benchPlain)
	if err != nil {
		b.Fatal(err)
	}
	d := newDecrypter(b, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{ownKey()}})
	b.SetBytes(int64(len(benchPlain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decrypt(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRawAES and BenchmarkRawRSA are the floor: Encrypt does the first,
// Decrypt the first and the second.
func BenchmarkRawAES(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(benchPlain)))
	b.ReportAllocs()
	for b.Loop() {
		gcm.Seal(nil, nil, benchPlain, nil)
	}
}

func BenchmarkRawRSA(b *testing.B) {
	body, err := aesgcm.Encrypt(public(b, ownKey()), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		//lint:ignore SA1019 the format prescribes this padding
		if err := rsa.DecryptPKCS1v15SessionKey(nil, ownKey(), body[34:34+256], make([]byte, 16)); err != nil {
			b.Fatal(err)
		}
	}
}
