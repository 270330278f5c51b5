package site

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/transport"
)

// INES is the SOAP service of INES. Its contract is not public: the ministry
// gives the WSDL to each establishment, and a mapping says which element is which.
type INES struct {
	Endpoint  string `json:"endpoint,omitempty"`  // empty: that of the WSDL or the mapping
	WSDL      string `json:"wsdl,omitempty"`      // file that the ministry gave
	Mapping   string `json:"mapping,omitempty"`   // file of ines.Mapping
	Reference bool   `json:"reference,omitempty"` // the invented contract, to try a fake elsewhere
	Username  string `json:"username,omitempty"`  // account; empty sends none
	Password  Secret `json:"password,omitzero"`
	Security  string `json:"security,omitempty"` // basic, token, digest; empty: basic
	TLS       TLS    `json:"tls,omitzero"`
}

func (s *INES) faults(faults *passerelle.FieldErrors) {
	switch {
	case s.Reference && s.WSDL != "":
		faults.Add("ines", "exclusive", "reference or wsdl, not both")
	case !s.Reference && (s.WSDL == "" || s.Mapping == ""):
		faults.Add("ines", "required", "wsdl and mapping: the contract of INES is not public, the ministry gives it to each establishment")
	case s.Reference && s.Endpoint == "":
		faults.Add("ines.endpoint", "required", "the address of the fake that speaks the reference contract")
	}
	switch s.Security {
	case "", "basic", "token", "digest":
	default:
		faults.Add("ines.security", "name", "basic, token or digest")
	}
	s.Password.faults(faults, "ines.password", s.Username != "")
	s.TLS.faults(faults, "ines.tls")
}

// INESContract reads the contract of the section ines, without its account. Its
// error is that of a file, or names what the WSDL or the mapping lacks.
func (c *Config) INESContract() (ines.Contract, error) {
	switch {
	case c.INES == nil:
		return ines.Contract{}, missing("ines")
	case c.INES.Reference:
		return ines.ReferenceContract(), nil
	}
	wsdl, err := os.ReadFile(c.Path(c.INES.WSDL))
	if err != nil {
		return ines.Contract{}, err
	}
	data, err := os.ReadFile(c.Path(c.INES.Mapping))
	if err != nil {
		return ines.Contract{}, err
	}
	var mapping ines.Mapping
	if err := json.Unmarshal(data, &mapping); err != nil {
		return ines.Contract{}, fmt.Errorf("%s: %w", c.INES.Mapping, jsonFault(err, 0))
	}
	contract, err := ines.ContractFromWSDL(wsdl, mapping)
	if err != nil {
		return ines.Contract{}, fmt.Errorf("%s: %w", c.INES.WSDL, err)
	}
	return contract, nil
}

// OpenINES returns the client of the section ines. A dry run calls nothing: it
// needs no password.
func (c *Config) OpenINES(policy transport.Config, dryRun bool) (*ines.SOAP, error) {
	contract, err := c.INESContract()
	if err != nil {
		return nil, err
	}
	if c.INES.Username != "" && !dryRun {
		password, err := c.INES.Password.read(c.dir, "ines.password")
		if err != nil {
			return nil, err
		}
		account := ines.Credentials{Username: c.INES.Username, Password: password}
		if c.INES.Security == "token" || c.INES.Security == "digest" {
			contract.Header = ines.UsernameToken(account, c.INES.Security == "digest")
		} else {
			contract.Basic = &account
		}
	}
	if policy.Base == nil {
		if policy.Base, err = c.INES.TLS.base(c.dir, "ines.tls"); err != nil {
			return nil, err
		}
	}
	return ines.NewSOAP(ines.SOAPConfig{Contract: contract, Endpoint: c.INES.Endpoint, Transport: policy})
}
