package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/esi"
)

// sealSign prints the seal of a card.
func sealSign(c *console, args []string) error {
	flags := newFlags("seal sign")
	keyFile := flags.String("key", "", "private key, PEM")
	chainFile := flags.String("chain", "", "its certificate and those above, PEM")
	number := flags.String("escn", "", "number of the card")
	expires := flags.String("expires", "", "last valid day")
	issuer := flags.String("issuer", "", "issuer, when the certificate names several")
	holder := flags.String("esi", "", "identifier of the holder, which the code then shows")
	file := flags.String("o", "", "picture to write, .png or .svg")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "key", "chain", "escn", "expires"); err != nil {
		return err
	}
	claims, err := readClaims(*number, *expires, *holder)
	if err != nil {
		return usageError{err}
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	chain, err := trust.File(*chainFile)
	if err != nil {
		return fmt.Errorf("-chain: %w", err)
	}
	certificate := certificateOf(key, chain)
	if certificate == nil {
		return fmt.Errorf("%s holds no certificate of the key", *chainFile)
	}
	signer, err := seal.NewSigner(seal.SignerConfig{Key: key, Certificate: certificate, Issuer: *issuer})
	if err != nil {
		return err
	}
	jws, err := signer.Sign(claims)
	if errors.Is(err, passerelle.ErrInvalid) {
		return c.refuse(err)
	} else if err != nil {
		return err
	}
	code, err := seal.Code(jws)
	if err != nil {
		return err
	}
	if err := draw(code, *file, 0); err != nil {
		return err
	}
	return c.print(struct {
		JWS       string `json:"jws"`
		QRVersion int    `json:"qr_version"`
	}{jws, code.Version()})
}

// readSeal returns the seal that an argument is or names: a picture, or standard
// input for "-".
func readSeal(stdin io.Reader, argument string) (string, error) {
	switch {
	case argument == "-":
		data, err := io.ReadAll(io.LimitReader(stdin, seal.MaxSize+2)) // its end of line included
		return strings.TrimSpace(string(data)), err
	case strings.EqualFold(filepath.Ext(argument), ".png"):
		return readPicture(argument)
	}
	return argument, nil
}

func readClaims(number, expires, holder string) (seal.Claims, error) {
	n, err := esc.Parse(number)
	if err != nil {
		return seal.Claims{}, fmt.Errorf("-escn: %w", err)
	}
	day, err := passerelle.ParseDate(expires)
	if err != nil || day.Partial() {
		return seal.Claims{}, fmt.Errorf("-expires %s: want a date, YYYY-MM-DD", expires)
	}
	claims := seal.Claims{ESCN: n, Expires: seal.EndOf(day, time.Local)}
	if holder != "" {
		if claims.ESI, err = esi.Parse(holder); err != nil {
			return seal.Claims{}, fmt.Errorf("-esi: %w", err)
		}
	}
	return claims, nil
}

// certificateOf returns the certificate of key, or nil.
func certificateOf(key crypto.Signer, chain []*x509.Certificate) *x509.Certificate {
	for _, cert := range chain {
		if public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok && public.Equal(key.Public()) {
			return cert
		}
	}
	return nil
}

// sealVerify judges a seal, given as text or in a picture.
func sealVerify(c *console, args []string) error {
	flags := newFlags("seal verify")
	var trusted policyFlags
	trusted.register(flags)
	arguments, err := parse(flags, args, "JWS or F.png")
	if err != nil {
		return err
	}
	if err := required(flags, "roots", "chain"); err != nil {
		return err
	}
	rules, err := trusted.read(c)
	if err != nil {
		return err
	}
	jws, err := readSeal(c.in, arguments[0])
	if err != nil {
		return err
	}
	issuers := seal.AnyIssuer()
	if rules.issuers != nil {
		issuers = seal.IssuerPICs(rules.issuers)
	}
	verifier, err := seal.NewVerifier(seal.Policy{Policy: rules.Policy, Chains: rules.chains, Issuers: issuers})
	if err != nil {
		return usageError{err}
	}
	card, err := verifier.Verify(context.Background(), jws)
	if err != nil {
		return c.refuseCard(err)
	}
	lastDay := passerelle.DateOf(card.Expires.Add(-time.Second).In(time.Local))
	return c.print(verdict{Valid: true, ESCN: card.ESCN, Expires: lastDay.String(), Issuer: card.Issuer, Reasons: []trust.Reason{}})
}
