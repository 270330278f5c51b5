package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

// faults are the presets of -faults.
var faults = map[string]inestest.Faults{"none": inestest.None, "mild": inestest.Mild, "harsh": inestest.Harsh}

// seasonStart is when the fake season begins.
var seasonStart = time.Date(2026, time.September, 1, 8, 0, 0, 0, time.UTC)

// startFake starts the fake INES, whose memory is in the folder of the results:
// what it registered survives a kill of this program, as the real one would.
func startFake(o options, out string) (*inestest.Server, error) {
	began := time.Now()
	population := 0
	if o.source != "csv" { // half of the people of the fake student systems
		population = o.size / 2
	}
	return inestest.ListenTLS(inestest.Config{
		Seed: o.seed, Population: population,
		Account:  ines.Credentials{Username: "univ", Password: "rentree"},
		Tomorrow: 0.15,
		Faults:   faults[o.faults],
		Now:      func() time.Time { return seasonStart.Add(time.Since(began)) },
		Journal:  filepath.Join(out, "fake-ines.journal"),
	})
}

// connectFake opens the client of the fake.
func connectFake(server *inestest.Server) (*ines.SOAP, error) {
	cfg := server.SOAPConfig()
	cfg.Transport.Retry = transport.RetryPolicy{MinWait: 2 * time.Millisecond, MaxWait: 50 * time.Millisecond}
	cfg.Transport.AttemptTimeout = 5 * time.Second
	return ines.NewSOAP(cfg)
}

// realConfig is the file of -config. Secrets are named by the environment
// variables that hold them.
type realConfig struct {
	UAI  string `json:"uai"`  // establishment that asks
	Year int    `json:"year"` // academic year, by its first civil year

	Base struct {
		Columns   map[string]string `json:"columns"`   // documented column to the header in the file
		Separator string            `json:"separator"` // empty: found
		Charset   string            `json:"charset"`   // empty: UTF-8
		System    string            `json:"system"`    // name of the student system in references
	} `json:"base"`

	INES struct {
		Endpoint    string `json:"endpoint"`     // empty: that of the WSDL or the mapping
		WSDL        string `json:"wsdl"`         // file that the ministry gave
		Mapping     string `json:"mapping"`      // file that says which element is which
		Reference   bool   `json:"reference"`    // the invented contract, to try a fake elsewhere
		Username    string `json:"username"`     // account
		PasswordEnv string `json:"password_env"` // environment variable with its password
		Security    string `json:"security"`     // basic, token, digest
		CA          string `json:"ca"`           // file of certificates to trust in place of the system's
		ClientCert  string `json:"client_cert"`  // certificate and key of this program, where the service asks for them
		ClientKey   string `json:"client_key"`
	} `json:"ines"`

	MaxRegister     int    `json:"max_register"`      // registrations in this run; 0: ten on a first day, then no limit; -1: no limit
	StopPercent     int    `json:"stop_percent"`      // 0: five
	SettleAfterDays int    `json:"settle_after_days"` // 0: never send again
	Parallel        int    `json:"parallel"`
	Lang            string `json:"lang"` // fr or en, of the mail and the lists
}

// readConfig reads the file of -config.
func readConfig(path string) (realConfig, error) {
	var c realConfig
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, usageError{fmt.Sprintf("%s: %v", path, err)}
	}
	if _, err := dec.Token(); err != io.EOF {
		return c, usageError{path + ": something follows the configuration"}
	}
	if c.Lang != "" && c.Lang != string(campaign.French) && c.Lang != string(campaign.English) {
		return c, usageError{fmt.Sprintf("%s: lang %q: fr or en", path, c.Lang)}
	}
	return c, nil
}

// beside returns a path of the configuration: those that are not absolute count
// from its folder.
func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// connect opens the client of the real service. A dry run calls nothing and needs
// no secret.
func (c realConfig) connect(dir string, dryRun bool) (*ines.SOAP, error) {
	contract := ines.ReferenceContract()
	var err error
	switch {
	case c.INES.Reference && c.INES.WSDL != "":
		return nil, usageError{"ines: reference and wsdl exclude each other"}
	case !c.INES.Reference:
		if c.INES.WSDL == "" || c.INES.Mapping == "" {
			return nil, usageError{"ines: wsdl and mapping are required: the contract of INES is not public, the ministry gives it to each establishment"}
		}
		if contract, err = readContract(beside(dir, c.INES.WSDL), beside(dir, c.INES.Mapping)); err != nil {
			return nil, err
		}
	}
	if c.INES.Username != "" && !dryRun {
		account := ines.Credentials{Username: c.INES.Username, Password: os.Getenv(c.INES.PasswordEnv)}
		if account.Password == "" {
			return nil, usageError{fmt.Sprintf("ines: the environment variable %q holds no password", c.INES.PasswordEnv)}
		}
		switch c.INES.Security {
		case "basic", "":
			contract.Basic = &account
		case "token", "digest":
			contract.Header = ines.UsernameToken(account, c.INES.Security == "digest")
		default:
			return nil, usageError{fmt.Sprintf("ines: security %q: basic, token or digest", c.INES.Security)}
		}
	}
	base, err := c.tls(dir)
	if err != nil {
		return nil, err
	}
	return ines.NewSOAP(ines.SOAPConfig{Contract: contract, Endpoint: c.INES.Endpoint, Transport: transport.Config{Base: base}})
}

// tls returns a transport with the certificates of the configuration, or nil
// when it names none.
func (c realConfig) tls(dir string) (http.RoundTripper, error) {
	if c.INES.CA == "" && c.INES.ClientCert == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.INES.CA != "" {
		pem, err := os.ReadFile(beside(dir, c.INES.CA))
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, usageError{fmt.Sprintf("ines: ca: %s holds no certificate in PEM form", c.INES.CA)}
		}
	}
	if c.INES.ClientCert != "" {
		pair, err := tls.LoadX509KeyPair(beside(dir, c.INES.ClientCert), beside(dir, c.INES.ClientKey))
		if err != nil {
			return nil, usageError{fmt.Sprintf("ines: client_cert: %v", err)}
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second}, nil
}

// readContract makes a contract of the two files.
func readContract(wsdlFile, mappingFile string) (ines.Contract, error) {
	wsdl, err := os.ReadFile(wsdlFile)
	if err != nil {
		return ines.Contract{}, err
	}
	data, err := os.ReadFile(mappingFile)
	if err != nil {
		return ines.Contract{}, err
	}
	var mapping ines.Mapping
	if err := json.Unmarshal(data, &mapping); err != nil {
		return ines.Contract{}, usageError{fmt.Sprintf("%s: %v", mappingFile, err)}
	}
	return ines.ContractFromWSDL(wsdl, mapping)
}

// establishment returns the UAI and the academic year.
func (c realConfig) establishment() (uai.Code, int, error) {
	code, err := uai.Parse(c.UAI)
	if err != nil {
		return code, 0, usageError{fmt.Sprintf("uai: %v", err)}
	}
	if c.Year == 0 {
		return code, 0, usageError{"year: the first civil year of the academic year, such as 2026"}
	}
	return code, c.Year, nil
}

// csvOptions says how the file of -students is read.
func (c realConfig) csvOptions() (sis.CSVOptions, error) {
	o := sis.CSVOptions{Columns: c.Base.Columns, System: c.Base.System}
	switch len(c.Base.Separator) {
	case 0:
	case 1:
		o.Separator = c.Base.Separator[0]
	default:
		return o, usageError{"base: separator is one character"}
	}
	switch c.Base.Charset {
	case "", "utf-8", "UTF-8":
	case "windows-1252", "Windows-1252":
		o.Charset = sis.Windows1252
	default:
		return o, usageError{fmt.Sprintf("base: charset %q: utf-8 or windows-1252", c.Base.Charset)}
	}
	return o, nil
}

// seedRegister gives the fake what it knows of the sample cohort.
func seedRegister(server *inestest.Server, o options) error {
	c := cohort{size: o.size, seed: o.seed, add: func(p passerelle.Person, numbers ...ine.Number) error {
		_, err := server.Add(p, numbers...)
		return err
	}}
	for _, err := range c.students() {
		if err != nil {
			return err
		}
	}
	return nil
}
