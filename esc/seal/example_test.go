package seal_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

func Example() {
	// A test authority stands for that of the institution.
	authority, err := esctest.NewAuthority(time.Now())
	if err != nil {
		panic(err)
	}
	credential, err := authority.Issue("univ-ville.example")
	if err != nil {
		panic(err)
	}

	// The card desk seals the number and the end of validity of a card.
	signer, err := seal.NewSigner(seal.SignerConfig{Key: credential.Key, Certificate: credential.Certificate})
	if err != nil {
		panic(err)
	}
	lastDay := passerelle.DateOf(time.Now().AddDate(1, 0, 0))
	sealed, err := signer.Sign(seal.Claims{
		ESCN:    esc.MustParse("d88b02c1-894e-1038-a711-001999465982"),
		Expires: seal.EndOf(lastDay, time.Local),
	})
	if err != nil {
		panic(err)
	}
	code, err := seal.Code(sealed)
	if err != nil {
		panic(err)
	}
	fmt.Println("QR code of level", code.Level())

	// A gate believes it, offline: the certificates are those of a file.
	verifier, err := seal.NewVerifier(seal.Policy{
		Policy: trust.Policy{
			Roots:      []*x509.Certificate{authority.Root},
			Time:       trust.Now(),
			Revocation: trust.NoRevocationCheck(),
		},
		Chains:  credential.Bundle(),
		Issuers: seal.IssuerPICs(map[string][]string{"univ-ville.example": {"999465982"}}),
		Skew:    time.Minute,
	})
	if err != nil {
		panic(err)
	}
	card, err := verifier.Verify(context.Background(), code.Content())
	if err != nil {
		panic(err)
	}
	fmt.Println(card.ESCN, "of", card.Issuer)

	_, err = verifier.Verify(context.Background(), sealed[:len(sealed)-2])
	fmt.Println(err)
	fmt.Println(errors.Is(err, seal.Signature))
	// Output:
	// QR code of level M
	// d88b02c1-894e-1038-a711-001999465982 of univ-ville.example
	// seal refused: signature: it was not made by the key of kid over these bytes
	// true
}
