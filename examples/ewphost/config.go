package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// config is the file of -config. Names of files in it are relative to its folder.
type config struct {
	HEI      ewp.HEIID         `json:"hei_id"`
	Names    map[string]string `json:"names"`     // by language, "" for none
	OtherIDs map[string]string `json:"other_ids"` // by type: "erasmus", "pic"

	BaseURL string `json:"base_url"` // how partners reach the host; the path before its endpoints is its path
	Listen  string `json:"listen"`   // address and port to listen on
	TLSCert string `json:"tls_cert"`
	TLSKey  string `json:"tls_key"`
	// TLSRoots are certificates to trust beside those of the system, when partners and
	// the registry are called.
	TLSRoots []string `json:"tls_roots"`
	// ClientKeys sign requests and ServerKeys answers: the first of each list does, all
	// are in the manifest.
	ClientKeys []string `json:"client_keys"`
	ServerKeys []string `json:"server_keys"`

	Catalogue string `json:"catalogue"` // file or https address
	Copies    string `json:"copies"`    // folder for a copy of the catalogue; empty keeps none
	Data      string `json:"data"`

	AdminEmail    string `json:"admin_email"`
	AdminProvider string `json:"admin_provider"`

	APIs map[string]apiConfig `json:"apis"`
}

// apiConfig is how one API is served.
type apiConfig struct {
	// GCM takes encrypted requests and encrypts answers on demand, beside TLS. The
	// official validator recommends it for echo at most.
	GCM bool
	// Anonymous lets clients in that say no name, for what is public.
	Anonymous bool
	// Limits are the elements of the manifest entry that bound how many identifiers one
	// call may carry.
	Limits map[string]int
}

// The members of an API's settings that are no limit.
const (
	gcmSetting       = "gcm"
	anonymousSetting = "anonymous"
)

// UnmarshalJSON reads {"gcm": true, "max-iia-ids": 20}.
func (a *apiConfig) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	*a = apiConfig{Limits: map[string]int{}}
	switches := map[string]*bool{gcmSetting: &a.GCM, anonymousSetting: &a.Anonymous}
	for name, value := range members {
		if on, ok := switches[name]; ok {
			if err := json.Unmarshal(value, on); err != nil {
				return fmt.Errorf("%s: want true or false", name)
			}
			continue
		}
		var n int
		if err := json.Unmarshal(value, &n); err != nil {
			return fmt.Errorf("%s: want a whole number", name)
		}
		a.Limits[name] = n
	}
	return nil
}

// readConfig reads the file and says all that is wrong with it.
func readConfig(name string) (*config, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var c config
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if dec.More() {
		return nil, fmt.Errorf("%s: want one JSON object", name)
	}
	if faults := c.faults(); len(faults) > 0 {
		return nil, fmt.Errorf("%s: %w", name, faults)
	}
	c.locate(filepath.Dir(name))
	return &c, nil
}

func (c *config) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	for _, f := range []struct {
		field string
		empty bool
		want  string
	}{
		{"hei_id", c.HEI.IsZero(), "the identifier of the institution"},
		{"names", len(c.Names) == 0, `its name, by language: {"fr": "…", "en": "…"}`},
		{"listen", c.Listen == "", `address and port: "127.0.0.1:8443"`},
		{"tls_cert", c.TLSCert == "", "a file in PEM"},
		{"tls_key", c.TLSKey == "", "a file in PEM"},
		{"client_keys", len(c.ClientKeys) == 0, "files in PEM, of which the first signs requests"},
		{"server_keys", len(c.ServerKeys) == 0, "files in PEM, of which the first signs answers"},
		{"catalogue", c.Catalogue == "", "a file or an https address"},
		{"data", c.Data == "", "the folder of what is served"},
		{"admin_email", c.AdminEmail == "", "the address of a service, never of a person"},
		{"admin_provider", c.AdminProvider == "", "the name of the provider, in English"},
		{"apis", len(c.APIs) == 0, `what is served: {"echo": {}}`},
	} {
		if f.empty {
			faults.Add(f.field, "required", f.want)
		}
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Path, "/") {
		faults.Add("base_url", "url", "an https address without a slash at its end, under which partners reach the host")
	}
	if strings.Contains(c.Catalogue, "://") && !isURL(c.Catalogue) {
		faults.Add("catalogue", "url", "a file or an https address")
	}
	if _, _, err := net.SplitHostPort(c.Listen); c.Listen != "" && err != nil {
		faults.Add("listen", "address", `address and port: "127.0.0.1:8443"`)
	}
	for _, name := range slices.Sorted(maps.Keys(c.APIs)) {
		api, ok := ewp.ParseAPI(name)
		if _, served := services[api]; !ok || !served {
			faults.Add("apis."+name, "unknown", "one of "+strings.Join(serviceNames(), ", "))
			continue
		}
		for _, limit := range slices.Sorted(maps.Keys(c.APIs[name].Limits)) {
			switch {
			case !slices.Contains(api.Limits(), limit):
				faults.Add("apis."+name+"."+limit, "unknown", "one of "+strings.Join(append([]string{gcmSetting, anonymousSetting}, api.Limits()...), ", "))
			case c.APIs[name].Limits[limit] < 1:
				faults.Add("apis."+name+"."+limit, "range", "1 or more")
			}
		}
	}
	return faults
}

// locate makes the names of files good from any folder.
func (c *config) locate(dir string) {
	names := []*string{&c.TLSCert, &c.TLSKey, &c.Copies, &c.Data}
	for _, list := range [][]string{c.TLSRoots, c.ClientKeys, c.ServerKeys} {
		for i := range list {
			names = append(names, &list[i])
		}
	}
	if !isURL(c.Catalogue) {
		names = append(names, &c.Catalogue)
	}
	for _, name := range names {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	}
}

func isURL(s string) bool { return strings.HasPrefix(s, "https://") }

// institution is what the manifest says of the institution.
func (c *config) institution() ewp.Institution {
	hei := ewp.Institution{ID: c.HEI}
	for _, typ := range slices.Sorted(maps.Keys(c.OtherIDs)) {
		hei.OtherIDs = append(hei.OtherIDs, ewp.OtherID{Type: typ, Value: c.OtherIDs[typ]})
	}
	for _, lang := range slices.Sorted(maps.Keys(c.Names)) {
		hei.Names = append(hei.Names, ewp.Text{Lang: lang, Value: c.Names[lang]})
	}
	return hei
}

// origin is the base address without its path.
func (c *config) origin() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return c.BaseURL // cannot be: it was checked
	}
	return u.Scheme + "://" + u.Host
}
