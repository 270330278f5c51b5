package site

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/transport"
)

// SOAP is a SOAP service whose contract is not public: INES, the connector of AGLAE.
// Who runs it gives the WSDL to each establishment, and a mapping says which element
// is which.
type SOAP struct {
	Endpoint  string `json:"endpoint,omitempty"`  // empty: that of the WSDL or the mapping
	WSDL      string `json:"wsdl,omitempty"`      // file that the establishment was given
	Mapping   string `json:"mapping,omitempty"`   // file of ines.Mapping, aglae.Mapping
	Reference bool   `json:"reference,omitempty"` // the invented contract, to try a fake elsewhere
	Username  string `json:"username,omitempty"`  // account; empty sends none
	Password  Secret `json:"password,omitzero"`
	Security  string `json:"security,omitempty"` // basic, token, digest; empty: basic
	TLS       TLS    `json:"tls,omitzero"`
}

func (s *SOAP) faults(faults *passerelle.FieldErrors, section string) {
	switch {
	case s.Reference && s.WSDL != "":
		faults.Add(section, "exclusive", "reference or wsdl, not both")
	case !s.Reference && (s.WSDL == "" || s.Mapping == ""):
		faults.Add(section, "required", "wsdl and mapping: the contract is not public, each establishment is given it")
	case s.Reference && s.Endpoint == "":
		faults.Add(section+".endpoint", "required", "the address of the fake that speaks the reference contract")
	}
	switch s.Security {
	case "", "basic", "token", "digest":
	default:
		faults.Add(section+".security", "name", "basic, token or digest")
	}
	s.Password.faults(faults, section+".password", s.Username != "")
	s.TLS.faults(faults, section+".tls")
}

// files returns the WSDL and reads the mapping into m.
func (s *SOAP) files(c *Config, m any) (wsdl []byte, err error) {
	if wsdl, err = os.ReadFile(c.Path(s.WSDL)); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(c.Path(s.Mapping))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Mapping, jsonFault(err, 0))
	}
	return wsdl, nil
}

// policy completes a policy with the section's certificates.
func (s *SOAP) policy(c *Config, policy transport.Config, section string) (transport.Config, error) {
	if policy.Base != nil {
		return policy, nil
	}
	base, err := s.TLS.base(c.dir, section+".tls")
	policy.Base = base
	return policy, err
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
	var mapping ines.Mapping
	wsdl, err := c.INES.files(c, &mapping)
	if err != nil {
		return ines.Contract{}, err
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
	if policy, err = c.INES.policy(c, policy, "ines"); err != nil {
		return nil, err
	}
	return ines.NewSOAP(ines.SOAPConfig{Contract: contract, Endpoint: c.INES.Endpoint, Transport: policy})
}

// AGLAEContract reads the contract of the section aglae, without its account. Its
// error is that of [Config.INESContract].
func (c *Config) AGLAEContract() (aglae.Contract, error) {
	switch {
	case c.AGLAE == nil:
		return aglae.Contract{}, missing("aglae")
	case c.AGLAE.Reference:
		return aglae.ReferenceContract(), nil
	}
	var mapping aglae.Mapping
	wsdl, err := c.AGLAE.files(c, &mapping)
	if err != nil {
		return aglae.Contract{}, err
	}
	contract, err := aglae.ContractFromWSDL(wsdl, mapping)
	if err != nil {
		return aglae.Contract{}, fmt.Errorf("%s: %w", c.AGLAE.WSDL, err)
	}
	return contract, nil
}

// OpenAGLAE returns the binding of the section aglae, for an aglae.Connector.
func (c *Config) OpenAGLAE(policy transport.Config) (*aglae.SOAP, error) {
	contract, err := c.AGLAEContract()
	if err != nil {
		return nil, err
	}
	if c.AGLAE.Username != "" {
		password, err := c.AGLAE.Password.read(c.dir, "aglae.password")
		if err != nil {
			return nil, err
		}
		account := aglae.Credentials{Username: c.AGLAE.Username, Password: password}
		if c.AGLAE.Security == "token" || c.AGLAE.Security == "digest" {
			contract.Header = aglae.UsernameToken(account, c.AGLAE.Security == "digest")
		} else {
			contract.Basic = &account
		}
	}
	if policy, err = c.AGLAE.policy(c, policy, "aglae"); err != nil {
		return nil, err
	}
	return aglae.NewSOAP(aglae.SOAPConfig{Contract: contract, Endpoint: c.AGLAE.Endpoint, Transport: policy})
}
