package main

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// The universities of the fake network. The student system that uses it signs with the
// keys of the last.
var universities = []struct{ hei, name string }{
	{"uni-a.example", "University A"}, {"uni-b.example", "University B"}, {"sis.example", "Université du SIS"},
}

func (h *house) startEWP() error {
	cfg, desks := ewptest.Config{}, make(map[ewp.HEIID]*desk)
	for _, u := range universities {
		cfg.Universities = append(cfg.Universities, ewptest.UniversityConfig{
			HEI: ewp.MustParseHEIID(u.hei), Names: ewp.Texts{{Lang: "en", Value: u.name}},
			Register: func(u *ewptest.University) (err error) {
				desks[u.HEI], err = newDesk(u)
				return err
			},
		})
	}
	n, err := ewptest.Listen(cfg)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, func() { _ = n.Close() })
	h.clock.moved = append(h.clock.moved, func(d time.Duration) error {
		n.Clock.Advance(d)
		return nil
	})
	authority, err := authorityOf(n)
	if err != nil {
		return err
	}
	ca, err := h.write("ewp-ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}))
	if err != nil {
		return err
	}
	address, err := h.serve(n.Registry)
	if err != nil {
		return err
	}
	h.open(&fake{
		name: "ewp", url: address + ewptest.PathCatalogue,
		notes: "the registry of Erasmus Without Paper; https_url is its own address, with certificates of ca, url the same without TLS",
		more:  map[string]any{"https_url": n.Registry.URL(), "ca": ca},
		state: func(url.Values) (any, error) {
			index, err := n.Registry.Index()
			if err != nil {
				return nil, err
			}
			return map[string]any{"hosts": index.Report().Hosts}, nil
		},
		actions: map[string]action{
			"refresh": do("let the registry fetch all manifests, and the universities the catalogue", func(struct{}) (any, error) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				return nil, n.Refresh(ctx)
			}),
			"settle": do("let the universities send and handle all notifications that wait, and those that follow", func(struct{}) (any, error) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				return nil, settle(ctx, desks)
			}),
			"freeze": do(`keep the catalogue as it is, whatever manifests say: {"frozen":true}`, func(in struct {
				Frozen bool `json:"frozen"`
			}) (any, error) {
				n.Registry.Freeze(in.Frozen)
				return nil, nil
			}),
		},
	})
	for _, u := range n.Universities() {
		if err := h.openUniversity(u, desks[u.HEI]); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) openUniversity(u *ewptest.University, d *desk) error {
	more := map[string]any{"hei": u.HEI, "manifest": u.ManifestURL()}
	notes := "a university of the network, which has something in every API; calls are signed"
	if u.HEI.String() == universities[len(universities)-1].hei {
		notes = "the university of your student system: sign with its keys, partners know them"
		for name, key := range map[string]*rsa.PrivateKey{"client": u.ClientKey, "server": u.ServerKey} {
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				return err
			}
			path, err := h.write("ewp-"+name+"-key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			if err != nil {
				return err
			}
			more[name+"_key"] = path
		}
	}
	kinds := append(texts(ewptest.WireFaults()), texts(ewptest.ServerFaults())...)
	h.open(&fake{
		name: u.HEI.String(), url: u.URL, notes: notes, more: more,
		state: func(url.Values) (any, error) {
			hits := make(map[string]int)
			for _, k := range kinds {
				if n := u.Hits(ewptest.Fault(k)); n > 0 {
					hits[k] = n
				}
			}
			got := d.received()
			got["faults_met"] = hits
			return got, nil
		},
		actions: map[string]action{
			"issue": do(`make up transcripts for students of a partner: {"to":"sis.example","number":2}`, func(in struct {
				To     ewp.HEIID `json:"to"`
				Number int       `json:"number"`
			}) (any, error) {
				if in.To.IsZero() || in.Number < 1 || in.Number > maxIssued {
					return nil, badRequest("want a partner, and a number from 1 to 100")
				}
				return map[string]any{"omobility_ids": d.transcripts.Issue(u.HEI, in.To, in.Number)}, nil
			}),
		},
		faults: &faults{
			kinds: kinds, single: true,
			setNext: func(_ string, k []string) {
				for _, kind := range k {
					if kind != "" {
						u.Inject(ewptest.Injection{Fault: ewptest.Fault(kind), Times: 1})
					}
				}
			},
			setAlways: func(k []string) {
				u.Repair()
				for _, kind := range k {
					u.Inject(ewptest.Injection{Fault: ewptest.Fault(kind)})
				}
			},
		},
	})
	return nil
}

// authorityOf returns the certificate authority of a network, from the chain that its
// registry shows.
func authorityOf(n *ewptest.Network) (*x509.Certificate, error) {
	u, err := url.Parse(n.Registry.URL())
	if err != nil {
		return nil, err
	}
	conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: n.HTTP().TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, chain := range conn.ConnectionState().VerifiedChains {
		return chain[len(chain)-1], nil
	}
	return nil, errors.New("the network shows no chain of certificates")
}
