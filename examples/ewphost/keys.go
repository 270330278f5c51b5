package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
)

// readKeys reads the RSA keys in some files.
func readKeys(names []string) ([]*rsa.PrivateKey, error) {
	keys := make([]*rsa.PrivateKey, 0, len(names))
	for _, name := range names {
		key, err := readKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// readKey reads an RSA key in PEM: PKCS #8, or PKCS #1 as OpenSSL once wrote it.
func readKey(name string) (*rsa.PrivateKey, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: want a private key in PEM", name)
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("%s: want an unencrypted private key, found %q", name, block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	signer, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: the network knows RSA keys only", name)
	}
	if err := ewp.CheckKey(&signer.PublicKey); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return signer, nil
}

// publicKeys returns the public halves.
func publicKeys(keys []*rsa.PrivateKey) ([]ewp.PublicKey, error) {
	public := make([]ewp.PublicKey, 0, len(keys))
	for _, k := range keys {
		p, err := ewp.NewPublicKey(&k.PublicKey)
		if err != nil {
			return nil, err
		}
		public = append(public, p)
	}
	return public, nil
}

// newDecrypter decrypts what partners encrypted for one of the keys.
func newDecrypter(keys []*rsa.PrivateKey) (*aesgcm.Decrypter, error) {
	decrypters := make([]crypto.Decrypter, len(keys))
	for i, k := range keys {
		decrypters[i] = k
	}
	return aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: decrypters})
}
