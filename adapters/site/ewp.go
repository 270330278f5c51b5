package site

import (
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// EWP is the establishment's place in Erasmus Without Paper. Config.HEI says who it is.
type EWP struct {
	Catalogue   string   `json:"catalogue"`              // https address of the registry's catalogue, or a file
	ManifestURL string   `json:"manifest_url,omitempty"` // where the own manifest is served
	ClientKeys  []string `json:"client_keys,omitempty"`  // files of private keys (PEM)
	ServerKeys  []string `json:"server_keys,omitempty"`
	TLS         TLS      `json:"tls,omitzero"`
}

func (s *EWP) faults(faults *passerelle.FieldErrors) {
	if s.Catalogue == "" {
		faults.Add("ewp.catalogue", "required", "the https address of the catalogue, or a file with a copy")
	} else if u, err := url.Parse(s.Catalogue); err == nil && u.Host != "" && u.Scheme != "https" {
		faults.Add("ewp.catalogue", "url", "an https address, or a file: who is who in the network hangs on it")
	}
	s.TLS.faults(faults, "ewp.tls")
}

// OpenCatalogue reads the catalogue of the section ewp from its file, or returns a
// client of its address, which asks when its Refresh or Run is called.
func (c *Config) OpenCatalogue(policy transport.Config) (*registry.Client, error) {
	if c.EWP == nil {
		return nil, missing("ewp")
	}
	var source registry.Source
	if strings.HasPrefix(c.EWP.Catalogue, "https://") {
		source = registry.URL(c.EWP.Catalogue)
	} else {
		source = registry.File(c.Path(c.EWP.Catalogue))
	}
	if policy.Base == nil {
		base, err := c.EWP.TLS.base(c.dir, "ewp.tls")
		if err != nil {
			return nil, err
		}
		policy.Base = base
	}
	return registry.New(registry.Config{Source: source, Transport: policy})
}

// HEIID returns the identifier of Config.HEI; zero when it is not set.
func (c *Config) HEIID() (ewp.HEIID, error) {
	if c.HEI == "" {
		return ewp.HEIID{}, nil
	}
	return ewp.ParseHEIID(c.HEI)
}
