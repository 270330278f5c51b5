package seal_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esc/seal"
)

// BenchmarkVerify verifies a seal whose chain comes from memory: three ECDSA
// signatures, of the seal, of the signing certificate, of the issuing authority.
func BenchmarkVerify(b *testing.B) {
	f := newFixture(b)
	token := must(f.signer.Sign(f.claims))(b)
	v := must(seal.NewVerifier(f.policy()))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyFloor is the three raw ECDSA verifications of BenchmarkVerify.
func BenchmarkVerifyFloor(b *testing.B) {
	f := newFixture(b)
	token := must(f.signer.Sign(f.claims))(b)
	cut := strings.LastIndexByte(token, '.')
	signature := must(base64.RawURLEncoding.DecodeString(token[cut+1:]))(b)
	key := f.credential.Certificate.PublicKey.(*ecdsa.PublicKey)
	digest := sha256.Sum256([]byte(token[:cut]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	leaf, issuing, root := f.credential.Certificate, f.authority.Issuing, f.authority.Root
	leafDigest, issuingDigest := sha256.Sum256(leaf.RawTBSCertificate), sha256.Sum256(issuing.RawTBSCertificate)
	b.ReportAllocs()
	for b.Loop() {
		if !ecdsa.Verify(key, digest[:], r, s) ||
			!ecdsa.VerifyASN1(issuing.PublicKey.(*ecdsa.PublicKey), leafDigest[:], leaf.Signature) ||
			!ecdsa.VerifyASN1(root.PublicKey.(*ecdsa.PublicKey), issuingDigest[:], issuing.Signature) {
			b.Fatal("a signature does not verify")
		}
	}
}

func BenchmarkSign(b *testing.B) {
	f := newFixture(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.signer.Sign(f.claims); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignFloor is the raw ECDSA signature of BenchmarkSign.
func BenchmarkSignFloor(b *testing.B) {
	f := newFixture(b)
	digest := sha256.Sum256([]byte("seal"))
	key := f.credential.Key.(*ecdsa.PrivateKey)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}
