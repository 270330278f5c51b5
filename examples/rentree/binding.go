package main

import (
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/transport"
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
