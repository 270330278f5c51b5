package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
)

// The files of keygen.
const (
	clientKeyFile   = "client.key"
	serverKeyFile   = "server.key"
	certificateFile = "tls.pem"
	tlsKeyFile      = "tls.key"
)

// certificateLife is how long the certificate for localhost is good.
const certificateLife = 365 * 24 * time.Hour

// keygen makes the keys of a new host. It replaces no file.
func keygen(_ context.Context, c *console, args []string) error {
	flags := newFlags("keygen")
	dir := flags.String("out", "", "")
	bits := flags.Int("bits", ewp.MinKeyBits, "")
	if err := parse(flags, args, "out"); err != nil {
		return err
	}
	if *bits < ewp.MinKeyBits || *bits > ewp.MaxKeyBits {
		return usagef("keygen: -bits: want %d to %d, the registry drops shorter keys", ewp.MinKeyBits, ewp.MaxKeyBits)
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{clientKeyFile, serverKeyFile, certificateFile, tlsKeyFile} {
		if _, err := os.Lstat(filepath.Join(*dir, name)); err == nil {
			return fmt.Errorf("%s is there already, and no key is replaced", filepath.Join(*dir, name))
		}
	}
	for _, name := range []string{clientKeyFile, serverKeyFile} {
		key, err := rsa.GenerateKey(rand.Reader, *bits)
		if err != nil {
			return err
		}
		public, err := ewp.NewPublicKey(&key.PublicKey)
		if err != nil {
			return err
		}
		if err := writeKey(c, filepath.Join(*dir, name), key, public.Fingerprint().String()); err != nil {
			return err
		}
	}
	return writeCertificate(c, *dir)
}

// written is what keygen prints of a file.
type written struct {
	File        string `json:"file"`
	Fingerprint string `json:"fingerprint,omitempty"` // of a key, in the catalogue and in signatures
}

func writeKey(c *console, path string, key crypto.Signer, fingerprint string) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	return c.print(written{path, fingerprint})
}

// writeCertificate makes a self-signed certificate for localhost and its key.
func writeCertificate(c *console, dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, certificateFile)
	if err := writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	if err := c.print(written{File: path}); err != nil {
		return err
	}
	return writeKey(c, filepath.Join(dir, tlsKeyFile), key, "")
}

// writeNew writes a file that is not there.
func writeNew(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
