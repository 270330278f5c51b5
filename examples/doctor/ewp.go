package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// checkEWP looks for the own institution in the catalogue, for its keys there, and
// at what the registry would say of the manifest.
func checkEWP(ctx context.Context, d *doctor) {
	s := d.cfg.EWP
	client, clientsOK := d.keys(s.ClientKeys, "client keys")
	server, serversOK := d.keys(s.ServerKeys, "server keys")
	hei, err := d.cfg.HEIID()
	if err != nil || hei.IsZero() {
		d.fault("hei", "hei names no institution", `the SCHAC domain of the establishment, such as "univ-exemple.fr"`)
		return
	}
	if d.opts.offline && strings.HasPrefix(s.Catalogue, "https://") {
		d.unchecked("catalogue", "not fetched", "")
		return
	}
	catalogue, err := d.cfg.OpenCatalogue(d.once())
	if !d.opened(err) {
		return
	}
	reading, cancel := d.bounded(ctx)
	defer cancel()
	if _, err = catalogue.Refresh(reading); err != nil {
		d.fault("catalogue", cut(err.Error()), "is the address right, and can this machine reach it?")
		return
	}
	index, err := catalogue.Index()
	if err != nil {
		d.fault("catalogue", cut(err.Error()), "")
		return
	}
	report := index.Report()
	d.ok("catalogue", "%d hosts, %d institutions", report.Hosts, report.HEIs)
	d.ownHost(index, hei, client, clientsOK, server, serversOK)
	switch {
	case s.ManifestURL == "":
		d.unchecked("manifest", "the configuration does not say where it is served", "ewp.manifest_url")
	case d.opts.offline:
		d.unchecked("manifest", "not fetched", "")
	default:
		d.manifest(ctx, index, s.ManifestURL)
	}
}

// ownHost looks at what the catalogue says of the institution.
func (d *doctor) ownHost(index *registry.Index, hei ewp.HEIID, client []ewp.PublicKey, clientsOK bool, server []ewp.PublicKey, serversOK bool) {
	entry, known := index.HEI(hei)
	if !known {
		d.fault("institution", hei.String()+" is not in the catalogue", "register the manifest's address in the EWP Registration Portal; the registry reads it every five minutes")
		return
	}
	d.ok("institution", "%s: %s", hei, entry.Name())
	var hosts []registry.Host
	declared := map[string]int{}
	for h := range index.HostsOf(hei) {
		hosts = append(hosts, h)
		seen := map[string]bool{}
		for e := range h.Entries() {
			seen[e.Name().Local] = true
		}
		for name := range seen {
			declared[name]++
		}
	}
	for _, api := range []ewp.API{ewp.IIAs, ewp.IIAsApproval, ewp.OMobilities, ewp.OMobilityLAs, ewp.IMobilities, ewp.IMobilityToRs, ewp.Institutions, ewp.OrganizationalUnits, ewp.Factsheet} {
		if n := declared[api.String()]; n > 1 {
			d.fault("api "+api.String(), fmt.Sprintf("%d hosts declare it for %s: partners will not know which to ask", n, hei), "agree with the other provider which host declares it, and take it out of the other manifest")
		}
	}
	switch {
	case len(declared) == 0:
		d.fault("apis", fmt.Sprintf("no host declares an API for %s", hei), "the manifest names the institution in institutions-covered, and its APIs in apis-implemented")
	case len(hosts) == 1:
		d.ok("apis", "%d APIs are declared, by one host", len(declared))
	default:
		d.ok("apis", "%d APIs are declared, by %d hosts", len(declared), len(hosts))
	}
	if clientsOK && len(client) > 0 {
		d.published("client keys in the catalogue", client, hosts, registry.Host.HasClientKey)
	}
	if serversOK && len(server) > 0 {
		d.published("server keys in the catalogue", server, hosts, registry.Host.HasServerKey)
	}
}

// published reports whether each key is in the catalogue, at one of the institution's hosts.
func (d *doctor) published(check string, keys []ewp.PublicKey, hosts []registry.Host, has func(registry.Host, ewp.Fingerprint) bool) {
	for _, key := range keys {
		found := false
		for _, h := range hosts {
			found = found || has(h, key.Fingerprint())
		}
		if !found {
			d.fault(check, "the key "+key.Fingerprint().String()[:16]+"… is not there", "put it into the manifest, and use it when the catalogue shows it; see discovery.Keyring")
			return
		}
	}
	d.ok(check, "all %d", len(keys))
}

// keys reads the private keys and returns their public halves.
func (d *doctor) keys(paths []string, check string) (keys []ewp.PublicKey, ok bool) {
	for _, path := range paths {
		key, err := readKey(d.cfg.Path(path))
		if err != nil {
			d.fault(check, path+": "+cut(err.Error()), "an RSA key of at least 2048 bits in PEM form, readable by its owner alone")
			return nil, false
		}
		keys = append(keys, key)
	}
	if len(paths) == 0 {
		d.unchecked(check, "the configuration names none", "ewp.client_keys and ewp.server_keys are the files of the keys")
		return nil, true
	}
	d.ok(check, "%d RSA keys of at least %d bits", len(keys), ewp.MinKeyBits)
	return keys, true
}

func readKey(path string) (ewp.PublicKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return ewp.PublicKey{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return ewp.PublicKey{}, errors.New("others than its owner can read it")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ewp.PublicKey{}, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return ewp.PublicKey{}, errors.New("no PEM block")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return ewp.PublicKey{}, errors.New("no private key")
		}
		var isRSA bool
		if private, isRSA = parsed.(*rsa.PrivateKey); !isRSA {
			return ewp.PublicKey{}, errors.New("no RSA key")
		}
	}
	key, err := ewp.NewPublicKey(&private.PublicKey)
	if err != nil {
		return ewp.PublicKey{}, err
	}
	return key, key.Usable()
}

// manifest fetches the own manifest as the registry does, and judges it as it would.
func (d *doctor) manifest(ctx context.Context, index *registry.Index, address string) {
	if !d.reach(ctx, "manifest address", address, d.cfg.EWP.TLS) {
		return
	}
	cfg, err := d.cfg.TLSConfig(d.cfg.EWP.TLS, d.service)
	if !d.opened(err) {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if !d.opened(err) {
		return
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		detail, fix := networkFault(err)
		d.fault("manifest", detail, fix)
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		d.fault("manifest", fmt.Sprintf("status %d", response.StatusCode), "the manifest is served by an anonymous GET")
		return
	}
	m, dropped, err := discovery.Read(response.Body)
	if err != nil {
		d.fault("manifest", cut(err.Error()), "see ewp/discovery: Marshal writes one that the registry takes")
		return
	}
	m.URL = address
	verdict := m.Check(discovery.Against{Catalogue: index})
	refused := append(dropped, verdict.Refused...)
	if len(refused) > 0 {
		d.fault("manifest", cut(refused.Error()), "the registry would drop this; correct the manifest")
		return
	}
	if len(verdict.Warnings) > 0 {
		d.ok("manifest", "taken, with warnings: %s", cut(verdict.Warnings.Error()))
		return
	}
	d.ok("manifest", "the registry would take it whole")
}
