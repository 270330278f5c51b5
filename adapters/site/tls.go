package site

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"time"

	"github.com/passerelle-sup/passerelle"
)

func (t TLS) faults(faults *passerelle.FieldErrors, field string) {
	if (t.ClientCert == "") != (t.ClientKey == "") {
		faults.Add(field+".client_cert", "pair", "client_cert and client_key, or neither")
	}
}

// Config returns the settings for crypto/tls, nil when t says nothing.
func (t TLS) config(dir, field string) (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(beside(dir, t.CA))
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, passerelle.FieldErrors{{Field: field + ".ca", Rule: "form", Want: "a file with a certificate in PEM form"}}
		}
	}
	if t.ClientCert != "" {
		pair, err := tls.LoadX509KeyPair(beside(dir, t.ClientCert), beside(dir, t.ClientKey))
		if err != nil {
			return nil, passerelle.FieldErrors{{Field: field + ".client_cert", Rule: "form", Want: "a certificate and its key in PEM form: " + err.Error()}}
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// TLSConfig returns what a section's TLS settings are for crypto/tls: nil when
// they say nothing. Its error is that of a file, or a [passerelle.FieldErrors].
func (c *Config) TLSConfig(t TLS, section string) (*tls.Config, error) {
	return t.config(c.dir, section+".tls")
}

// base returns a transport by these settings, or nil for the default one.
func (t TLS) base(dir, field string) (http.RoundTripper, error) {
	cfg, err := t.config(dir, field)
	if cfg == nil || err != nil {
		return nil, err
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second}, nil
}
