package main

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/emrex/emrextest"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// The universities of the fake network. The student system that uses it signs with the
// keys of the last.
var universities = []struct{ hei, name string }{
	{"uni-a.example", "University A"}, {"uni-b.example", "University B"}, {"sis.example", "Université du SIS"},
}

// populate serves what a university of the fake network has: its campus, and an
// agreement with each of the others.
func populate(u *ewptest.University) error {
	if _, err := ewptest.ServeCampus(u); err != nil {
		return err
	}
	var partners []ewp.HEIID
	for _, other := range universities {
		if other.hei != u.HEI.String() {
			partners = append(partners, ewp.MustParseHEIID(other.hei))
		}
	}
	_, err := ewptest.ServeIIAs(u, partners...)
	return err
}

func (h *house) startEWP() error {
	cfg := ewptest.Config{}
	for _, u := range universities {
		cfg.Universities = append(cfg.Universities, ewptest.UniversityConfig{
			HEI: ewp.MustParseHEIID(u.hei), Names: ewp.Texts{{Lang: "en", Value: u.name}},
			Register: populate,
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
			"freeze": do(`keep the catalogue as it is, whatever manifests say: {"frozen":true}`, func(in struct {
				Frozen bool `json:"frozen"`
			}) (any, error) {
				n.Registry.Freeze(in.Frozen)
				return nil, nil
			}),
		},
	})
	for _, u := range n.Universities() {
		if err := h.openUniversity(u); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) openUniversity(u *ewptest.University) error {
	more := map[string]any{"hei": u.HEI, "manifest": u.ManifestURL()}
	notes := "a university of the network, with units, courses, fact sheet and agreements; calls are signed"
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
			return map[string]any{"faults_met": hits}, nil
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

func (h *house) startEMREX() error {
	c, err := emrextest.Listen()
	if err != nil {
		return err
	}
	h.closers = append(h.closers, c.Close)
	mux := http.NewServeMux()
	mux.Handle("/", emrex.Handler(c))
	for _, name := range []string{"ncps", "emps"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(c.ListJSON(name))
		})
	}
	address, err := h.serve(mux)
	if err != nil {
		return err
	}
	c.URL = address + "/"
	h.open(&fake{
		name: "emrex", url: c.URL, notes: "a contact point of EMREX, without log-in; its entry in the lists of contact points is at ncps and emps",
		more: map[string]any{"ncps": address + "/ncps", "emps": address + "/emps"},
		state: func(url.Values) (any, error) {
			got := make([]map[string]string, 0, limit)
			for _, r := range c.Requests() {
				got = append(got, map[string]string{"session_id": r.SessionID, "return_url": r.ReturnURL})
			}
			return map[string]any{"requests": got}, nil
		},
		faults: &faults{
			kinds: texts(emrextest.Faults()), single: true,
			setAlways: func(k []string) {
				fault := emrextest.NoFault
				for _, kind := range k {
					fault = emrextest.Fault(kind)
				}
				c.Misbehave(fault)
			},
		},
	})
	return nil
}
