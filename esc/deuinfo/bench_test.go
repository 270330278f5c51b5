package deuinfo_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/passerelle-sup/passerelle/esc/deuinfo"
	"github.com/passerelle-sup/passerelle/esc/esctest"
)

// BenchmarkVerify verifies a card under a chain of four certificates: four ECDSA
// signatures.
func BenchmarkVerify(b *testing.B) {
	authority := must(esctest.NewAuthority(moment))(b)
	credential := must(authority.IssueCard(domain))(b)
	card := must(esctest.NewCard(credential, number, uid))(b)
	v := must(deuinfo.NewVerifier(policy(authority, credential)))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), card); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyFloor is the four raw ECDSA verifications of BenchmarkVerify.
func BenchmarkVerifyFloor(b *testing.B) {
	authority := must(esctest.NewAuthority(moment))(b)
	credential := must(authority.IssueCard(domain))(b)
	card := must(esctest.NewCard(credential, number, uid))(b)
	n := card.Number.Bytes()
	digest := sha256.Sum256(append(n[:], uid[:]...))
	chain := append([]*x509.Certificate{credential.Certificate}, credential.Chain...)
	var digests [][32]byte
	for _, cert := range chain {
		digests = append(digests, sha256.Sum256(cert.RawTBSCertificate))
	}
	b.ReportAllocs()
	for b.Loop() {
		ok := ecdsa.VerifyASN1(chain[0].PublicKey.(*ecdsa.PublicKey), digest[:], card.Signature)
		for i, cert := range chain[:3] {
			ok = ok && ecdsa.VerifyASN1(chain[i+1].PublicKey.(*ecdsa.PublicKey), digests[i][:], cert.Signature)
		}
		if !ok {
			b.Fatal("a signature does not verify")
		}
	}
}

func BenchmarkDiversify(b *testing.B) {
	base := deuinfo.Key{1, 2, 3}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deuinfo.Diversify(base, uid[:]); err != nil {
			b.Fatal(err)
		}
	}
}
