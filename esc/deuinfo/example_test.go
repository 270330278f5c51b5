package deuinfo_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/deuinfo"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

func Example() {
	// A test authority stands for that of the Cnous, deuinfo.CNOUSRoot.
	authority, err := esctest.NewAuthority(time.Now())
	if err != nil {
		panic(err)
	}
	credential, err := authority.IssueCard("univ-ville.example")
	if err != nil {
		panic(err)
	}
	written, err := esctest.NewCard(credential, esc.MustParse("d88b02c1-894e-1038-a711-001999465982"), deuinfo.MustParseUID("042e5a7a6e4d80"))
	if err != nil {
		panic(err)
	}

	verifier, err := deuinfo.NewVerifier(deuinfo.Policy{
		Policy: trust.Policy{
			Roots:      []*x509.Certificate{authority.Root},
			Time:       trust.Now(),
			Revocation: trust.NoRevocationCheck(),
		},
		Chains:  credential.Bundle(), // trust.File("ca-chain.cert.pem")
		Issuers: deuinfo.IssuerNames(map[string][]string{"999465982": {"univ-ville.example"}}),
	})
	if err != nil {
		panic(err)
	}

	card, err := deuinfo.ReadCard(context.Background(), esctest.NewChip(written))
	if err != nil {
		panic(err)
	}
	verified, err := verifier.Verify(context.Background(), card)
	if err != nil {
		panic(err)
	}
	fmt.Println(verified.Number, "of", verified.PIC)

	card.UID = deuinfo.MustParseUID("04000000000001") // the same files on another chip
	_, err = verifier.Verify(context.Background(), card)
	fmt.Println(errors.Is(err, deuinfo.Signature))
	// Output:
	// d88b02c1-894e-1038-a711-001999465982 of 999465982
	// true
}

func ExampleDiversify() {
	// The vector of NXP AN10922.
	base := deuinfo.Key{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}
	key, err := deuinfo.Diversify(base, []byte{0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80, 0x30, 0x42, 0xF5, 0x4E, 0x58, 0x50, 0x20, 0x41, 0x62, 0x75})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%X\n", key[:])
	// Output: A8DD63A3B89D54B37CA802473FDA9175
}
