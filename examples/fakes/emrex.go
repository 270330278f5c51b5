package main

import (
	"net/http"
	"net/url"

	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/emrex/emrextest"
)

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
