package main

import (
	"context"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// printCatalogue prints the catalogue of some manifests: a registry for one machine.
func printCatalogue(_ context.Context, c *console, args []string) error {
	flags := newFlags("catalogue")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usagef("catalogue: want the files of manifests")
	}
	var manifests []*discovery.Manifest
	for _, name := range flags.Args() {
		m, err := readManifest(c, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		manifests = append(manifests, m)
	}
	data, err := ewptest.WriteCatalogue(manifests...)
	if err != nil {
		return err
	}
	_, err = c.out.Write(data)
	return err
}

func readManifest(c *console, name string) (*discovery.Manifest, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, dropped, err := discovery.Read(f)
	if err != nil {
		return nil, err
	}
	for _, d := range dropped {
		c.note("ewphost: %s: left out: %v", name, d)
	}
	return m, nil
}
