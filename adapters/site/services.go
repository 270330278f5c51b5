package site

import (
	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/transport"
)

// Particulier is API Particulier: student status and scholarships, read.
type Particulier struct {
	BaseURL   string                `json:"base_url"`  // particulier.Production or Staging
	Token     Secret                `json:"token"`     // of the habilitation
	Recipient particulier.Recipient `json:"recipient"` // SIRET of the establishment
	TLS       TLS                   `json:"tls,omitzero"`
}

func (s *Particulier) faults(faults *passerelle.FieldErrors) {
	if s.BaseURL == "" {
		faults.Add("particulier.base_url", "required", particulier.Production+" or "+particulier.Staging)
	}
	if s.Recipient.IsZero() {
		faults.Add("particulier.recipient", "required", "the SIRET of the establishment, 14 digits")
	}
	s.Token.faults(faults, "particulier.token", true)
	s.TLS.faults(faults, "particulier.tls")
}

// OpenParticulier returns the client of the section particulier.
func (c *Config) OpenParticulier(policy transport.Config) (*particulier.Client, error) {
	if c.Particulier == nil {
		return nil, missing("particulier")
	}
	s := c.Particulier
	token, err := s.Token.read(c.dir, "particulier.token")
	if err != nil {
		return nil, err
	}
	if policy.Base == nil {
		if policy.Base, err = s.TLS.base(c.dir, "particulier.tls"); err != nil {
			return nil, err
		}
	}
	return particulier.New(particulier.Config{BaseURL: s.BaseURL, Token: token, Recipient: s.Recipient, Transport: policy})
}

// SUPDATA is the service that takes enrolments.
type SUPDATA struct {
	BaseURL string `json:"base_url"` // comes with the key
	Key     Secret `json:"key"`
	// Codes are the texts of status and régime, which are not public. Without them
	// the inferred ones are sent.
	Codes     *supdata.Codes `json:"codes,omitempty"`
	PerSecond float64        `json:"per_second,omitempty"` // 0: supdata.DefaultPerSecond
	TLS       TLS            `json:"tls,omitzero"`
}

func (s *SUPDATA) faults(faults *passerelle.FieldErrors) {
	if s.BaseURL == "" {
		faults.Add("supdata.base_url", "required", "the address that came with the key, up to /api")
	}
	if s.PerSecond < 0 {
		faults.Add("supdata.per_second", "range", "a pace that the service allows")
	}
	s.Key.faults(faults, "supdata.key", true)
	s.TLS.faults(faults, "supdata.tls")
}

// OpenSUPDATA returns the client of the section supdata.
func (c *Config) OpenSUPDATA(policy transport.Config) (*supdata.Client, error) {
	if c.SUPDATA == nil {
		return nil, missing("supdata")
	}
	s := c.SUPDATA
	key, err := s.Key.read(c.dir, "supdata.key")
	if err != nil {
		return nil, err
	}
	if policy.Base == nil {
		if policy.Base, err = s.TLS.base(c.dir, "supdata.tls"); err != nil {
			return nil, err
		}
	}
	codes := supdata.InferredCodes()
	if s.Codes != nil {
		codes = *s.Codes
	}
	return supdata.New(supdata.Config{BaseURL: s.BaseURL, Key: key, Codes: codes, PerSecond: s.PerSecond, Transport: policy})
}

// Router is the router of the European Student Card.
type Router struct {
	Environment string `json:"environment"`        // sandbox or production
	BaseURL     string `json:"base_url,omitempty"` // in place of the environment's
	PIC         string `json:"pic"`                // participant identification code of the establishment
	Token       Secret `json:"token"`              // made in the web pages of the router
	TLS         TLS    `json:"tls,omitzero"`
}

// environment returns the named environment, zero for another word.
func (s *Router) environment() router.Environment {
	switch {
	case s.BaseURL != "":
		return router.Custom
	case s.Environment == "sandbox":
		return router.Sandbox
	case s.Environment == "production":
		return router.Production
	}
	return 0
}

func (s *Router) faults(faults *passerelle.FieldErrors) {
	if s.environment() == 0 {
		faults.Add("router.environment", "name", "sandbox or production")
	}
	if s.PIC == "" {
		faults.Add("router.pic", "required", "the nine digits of the establishment's PIC")
	}
	s.Token.faults(faults, "router.token", true)
	s.TLS.faults(faults, "router.tls")
}

// OpenRouter returns the client of the section router.
func (c *Config) OpenRouter(policy transport.Config) (*router.Client, error) {
	if c.Router == nil {
		return nil, missing("router")
	}
	s := c.Router
	token, err := s.Token.read(c.dir, "router.token")
	if err != nil {
		return nil, err
	}
	if policy.Base == nil {
		if policy.Base, err = s.TLS.base(c.dir, "router.tls"); err != nil {
			return nil, err
		}
	}
	return router.New(router.Config{
		Environment: s.environment(), BaseURL: s.BaseURL, Organisations: []router.Organisation{{PIC: s.PIC, Token: token}}, Transport: policy,
	})
}

// CVEC is the verification of certificates of the contribution.
type CVEC struct {
	BaseURL   string  `json:"base_url"`             // cvec.Production
	Legacy    bool    `json:"legacy,omitempty"`     // the address of earlier campaigns, see cvec.Config
	PerSecond float64 `json:"per_second,omitempty"` // 0: cvec.DefaultPerSecond
	TLS       TLS     `json:"tls,omitzero"`
}

func (s *CVEC) faults(faults *passerelle.FieldErrors) {
	if s.BaseURL == "" {
		faults.Add("cvec.base_url", "required", "what stands before /api: "+cvec.Production)
	}
	if s.PerSecond < 0 {
		faults.Add("cvec.per_second", "range", "a pace that the service bears")
	}
	s.TLS.faults(faults, "cvec.tls")
}

// OpenCVEC returns the client of the section cvec, which keeps valid answers of the
// year in memory.
func (c *Config) OpenCVEC(policy transport.Config) (*cvec.Client, error) {
	if c.CVEC == nil {
		return nil, missing("cvec")
	}
	if policy.Base == nil {
		base, err := c.CVEC.TLS.base(c.dir, "cvec.tls")
		if err != nil {
			return nil, err
		}
		policy.Base = base
	}
	return cvec.New(cvec.Config{BaseURL: c.CVEC.BaseURL, Legacy: c.CVEC.Legacy, PerSecond: c.CVEC.PerSecond, Cache: &cvec.Memory{}, Campaign: c.Year, Transport: policy})
}
