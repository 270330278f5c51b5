package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// hashed is a line of the results.
type hashed struct {
	ID           string `json:"iia_id"`
	Hash         string `json:"hash"`
	DeclaredHash string `json:"declared_hash"`
	Approvable   bool   `json:"valid_for_approval"`
	Text         string `json:"text"`
}

// iiaHash computes the hashes of the agreements in a get response.
func iiaHash(_ context.Context, c *console, args []string) error {
	flags := newFlags("iia-hash")
	version := flags.Int("version", 7, "")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	compute := iias.Compute
	switch {
	case flags.NArg() != 1:
		return usagef("iia-hash: want one file")
	case *version == 6:
		compute = iias.ConditionsHash
	case *version != 7:
		return usagef("iia-hash: -version is 7 or 6")
	}
	document, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	parts, err := iias.Split(document)
	if err != nil {
		return fmt.Errorf("%s: %w", flags.Arg(0), err)
	}
	wrong := 0
	for i, part := range parts {
		computed, err := compute(part)
		if other, ok := errors.AsType[*iias.VersionError](err); ok && (other.Major == 6 || other.Major == 7) {
			return fmt.Errorf("%s: the document is of version %d: say -version %d", flags.Arg(0), other.Major, other.Major)
		}
		if err != nil {
			return fmt.Errorf("%s, agreement %d: %w", flags.Arg(0), i+1, err)
		}
		if err := c.print(hashed{computed.ID, computed.Hash.String(), computed.Declared, computed.Approvable, computed.Text}); err != nil {
			return err
		}
		if computed.Declared != "" && !computed.Right() {
			wrong++
		}
	}
	c.note("%d agreements, %d with another hash than they declare", len(parts), wrong)
	if wrong > 0 {
		return refusal{fmt.Errorf("%s: a declared hash is wrong: %w", flags.Arg(0), passerelle.ErrProtocol)}
	}
	return nil
}
