package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// makeAuthority writes a test chain.
func makeAuthority(c *console, args []string) error {
	flags := newFlags("authority")
	dir := flags.String("out", "", "folder to write into")
	domain := flags.String("domain", "univ-exemple.example", "schacHomeOrganization of the issuer")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "out", "domain"); err != nil {
		return err
	}
	authority, err := esctest.NewAuthority(time.Now())
	if err != nil {
		return err
	}
	card, err := authority.Issue(*domain)
	if err != nil {
		return err
	}
	chip, err := authority.IssueCard(*domain)
	if err != nil {
		return err
	}
	cardKey, err := encodeKey(card.Key)
	if err != nil {
		return err
	}
	chipKey, err := encodeKey(chip.Key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
		mode    os.FileMode
	}{
		{"root.pem", trust.EncodePEM(authority.Root), 0o644},
		{"issuing.pem", trust.EncodePEM(authority.Issuing), 0o644},
		{"card.key", cardKey, 0o600},
		{"chain.pem", trust.EncodePEM(card.Bundle()...), 0o644},
		{"chip.key", chipKey, 0o600},
		{"chip-chain.pem", trust.EncodePEM(chip.Bundle()...), 0o644},
	} {
		path := filepath.Join(*dir, file.name)
		if err := os.WriteFile(path, file.content, file.mode); err != nil {
			return err
		}
		if err := c.print(map[string]string{"file": path}); err != nil {
			return err
		}
	}
	return nil
}

func encodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// readKey reads a private key in PEM: PKCS #8, or SEC 1 as OpenSSL writes it.
func readKey(name string) (crypto.Signer, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default: // parameters of a curve, a certificate
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
	}
	return nil, fmt.Errorf("%s: want a private key in PEM", name)
}
