package seal_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

func FuzzVerify(f *testing.F) {
	fix := newFixture(f)
	good := must(fix.signer.Sign(fix.claims))(f)
	withChain := must(fix.signer.SignWithChain(fix.claims))(f)
	f.Add(good)
	f.Add(withChain)
	f.Add(good[:len(good)-2])
	f.Add("e30.e30.AAAA")
	f.Add("..")
	f.Add(signed(f, nil, `{"alg":"ES256","alg":"none"}`, `{"escn":1,"exp":1e400}`) + "AAAA")
	v := must(seal.NewVerifier(fix.policy()))(f)
	f.Fuzz(func(t *testing.T, token string) {
		got, err := v.Verify(t.Context(), token)
		if err == nil {
			// Only what was signed is believed: the two seals above. The chain in a
			// header is signed with it.
			if token != good && token != withChain {
				t.Errorf("believed: %q gives %+v", token, got.Claims)
			}
			return
		}
		refused, ok := errors.AsType[*trust.RefusedError](err)
		if !ok || len(refused.Faults) == 0 || got != nil {
			t.Errorf("%q: %v, %v: want a refusal with reasons and nothing else", token, got, err)
		}
		if strings.Contains(err.Error(), "123456789AB") {
			t.Errorf("the refusal repeats the identifier of the holder: %v", err)
		}
	})
}

func FuzzCertificates(f *testing.F) {
	fix := newFixture(f)
	f.Add(trust.EncodePEM(fix.credential.Bundle()...))
	f.Add(fix.credential.Certificate.Raw)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	v := must(trust.NewVerifier(trust.Policy{
		Roots: []*x509.Certificate{fix.authority.Root}, Time: trust.At(moment), Revocation: trust.NoRevocationCheck(),
	}, trust.Profile{Curve: elliptic.P256(), Usage: seal.UsageCardSeal}))(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		bundle, err := trust.ParseCertificates(data)
		if err != nil {
			return
		}
		again, err := trust.ParseCertificates(trust.EncodePEM(bundle...))
		if err != nil || len(again) != len(bundle) {
			t.Fatalf("%d certificates become %d: %v", len(bundle), len(again), err)
		}
		for _, leaf := range bundle {
			chain, faults, err := v.Verify(t.Context(), leaf, bundle, moment)
			if err != nil || (chain == nil) == (len(faults) == 0) {
				t.Errorf("chain %v, faults %v, %v: want one of the first two", chain, faults, err)
			}
		}
	})
}
