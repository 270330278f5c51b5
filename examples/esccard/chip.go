package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/deuinfo"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// chipSign prints the signature that a chip carries.
func chipSign(c *console, args []string) error {
	flags := newFlags("deuinfo sign")
	keyFile := flags.String("key", "", "private key, PEM")
	number := flags.String("escn", "", "number of the card")
	uid := flags.String("uid", "", "identifier of the chip, 14 hexadecimal digits")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "key", "escn", "uid"); err != nil {
		return err
	}
	n, u, err := readChip(*number, *uid)
	if err != nil {
		return usageError{err}
	}
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	signature, err := deuinfo.Sign(key, n, u)
	if err != nil {
		return err
	}
	return c.print(map[string]string{"signature": hex.EncodeToString(signature)})
}

// chipVerify judges what a chip says.
func chipVerify(c *console, args []string) error {
	flags := newFlags("deuinfo verify")
	var trusted policyFlags
	trusted.register(flags)
	number := flags.String("escn", "", "number of the card")
	uid := flags.String("uid", "", "identifier of the chip, 14 hexadecimal digits")
	signature := flags.String("signature", "", "signature on the chip, hexadecimal")
	certificate := flags.String("certificate", "", "certificate on the chip; else the last one of -chain")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "roots", "chain", "escn", "uid", "signature"); err != nil {
		return err
	}
	n, u, err := readChip(*number, *uid)
	if err != nil {
		return usageError{err}
	}
	der, err := hex.DecodeString(*signature)
	if err != nil {
		return usagef("-signature: want hexadecimal digits")
	}
	rules, err := trusted.read(c)
	if err != nil {
		return err
	}
	onChip := rules.chains
	if *certificate != "" {
		if onChip, err = trust.File(*certificate); err != nil {
			return fmt.Errorf("-certificate: %w", err)
		}
	}
	issuers := deuinfo.AnyIssuer()
	if rules.issuers != nil {
		issuers = deuinfo.IssuerNames(byPIC(rules.issuers))
	}
	verifier, err := deuinfo.NewVerifier(deuinfo.Policy{Policy: rules.Policy, Chains: rules.chains, Issuers: issuers})
	if err != nil {
		return usageError{err}
	}
	leaf := onChip[len(onChip)-1]
	card, err := verifier.Verify(context.Background(), deuinfo.Card{Number: n, UID: u, Signature: der, Certificate: leaf.Raw})
	if err != nil {
		return c.refuseCard(err)
	}
	// The chip says nothing about the validity of the card: the certificate's is what there is.
	return c.print(verdict{
		Valid: true, ESCN: card.Number, Expires: leaf.NotAfter.UTC().Format("2006-01-02"),
		Issuer: leaf.Subject.CommonName, Reasons: []trust.Reason{},
	})
}

func readChip(number, uid string) (esc.Number, deuinfo.UID, error) {
	n, err := esc.Parse(number)
	if err != nil {
		return esc.Number{}, deuinfo.UID{}, fmt.Errorf("-escn: %w", err)
	}
	u, err := deuinfo.ParseUID(uid)
	if err != nil {
		return esc.Number{}, deuinfo.UID{}, fmt.Errorf("-uid: %w", err)
	}
	return n, u, nil
}

// byPIC turns the PICs of each issuer into the issuers of each PIC.
func byPIC(issuers map[string][]string) map[string][]string {
	out := make(map[string][]string)
	for name, pics := range issuers {
		for _, pic := range pics {
			out[pic] = append(out[pic], name)
		}
	}
	return out
}
