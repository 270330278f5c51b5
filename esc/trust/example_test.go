package trust_test

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

func ExampleNewVerifier() {
	// A policy that says nothing is no policy.
	_, err := trust.NewVerifier(trust.Policy{}, trust.Profile{Curve: elliptic.P256()})
	fmt.Println(err)
	// Output:
	// Roots: required: want at least one trusted certificate; Time: required: want trust.Now() or trust.At(t); Revocation: required: want trust.RevocationLists, trust.RevocationFunc or trust.NoRevocationCheck
}

func ExampleVerifier_Verify() {
	at := time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)
	authority, err := esctest.NewAuthority(at)
	if err != nil {
		panic(err)
	}
	credential, err := authority.Issue("univ-ville.example", esctest.Expired, esctest.ServerUsage)
	if err != nil {
		panic(err)
	}
	lists, err := authority.RevocationLists()
	if err != nil {
		panic(err)
	}
	verifier, err := trust.NewVerifier(trust.Policy{
		Roots: []*x509.Certificate{authority.Root}, Time: trust.At(at), Revocation: trust.RevocationLists(lists...),
	}, trust.Profile{Curve: elliptic.P256(), Usage: seal.UsageCardSeal})
	if err != nil {
		panic(err)
	}
	_, faults, err := verifier.Verify(context.Background(), credential.Certificate, credential.Chain, verifier.Moment())
	if err != nil {
		panic(err)
	}
	for _, f := range faults {
		fmt.Println(f.Reason)
	}
	// Output:
	// certificate-expired
	// certificate-usage
}
