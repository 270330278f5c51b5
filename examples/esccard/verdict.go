package main

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// verdict is what the verify commands print. What a card says is shown when it is
// believed only.
type verdict struct {
	Valid   bool           `json:"valid"`
	ESCN    esc.Number     `json:"escn"`
	Expires string         `json:"expires"`
	Issuer  string         `json:"issuer"`
	Reasons []trust.Reason `json:"reasons"`
	Details []string       `json:"details,omitempty"`
}

// refuseCard prints why a card is not believed. An error that says nothing about
// the card is returned.
func (c *console) refuseCard(err error) error {
	refused, ok := errors.AsType[*trust.RefusedError](err)
	if !ok {
		return err
	}
	v := verdict{Reasons: refused.Reasons()}
	for _, f := range refused.Faults {
		v.Details = append(v.Details, f.Error())
	}
	if err := c.print(v); err != nil {
		return err
	}
	return errRefused
}

// policy is what the flags of a verify command say.
type policy struct {
	trust.Policy
	chains  trust.Bundle
	issuers map[string][]string // PICs by issuer; nil: anyone
}

// policyFlags are the flags that the verify commands share.
type policyFlags struct {
	roots, chain, at string
	lists            []string
	issuers          map[string][]string
}

func (p *policyFlags) register(flags *flag.FlagSet) {
	flags.StringVar(&p.roots, "roots", "", "trusted roots, PEM")
	flags.StringVar(&p.chain, "chain", "", "certificates, PEM, root first")
	flags.StringVar(&p.at, "at", "", "moment of the judgement")
	flags.Func("crl", "revocation list", func(s string) error {
		p.lists = append(p.lists, s)
		return nil
	})
	flags.Func("issuer", "NAME=PIC,…", func(s string) error {
		name, pics, ok := strings.Cut(s, "=")
		if !ok || name == "" || pics == "" {
			return errors.New("want NAME=PIC,PIC")
		}
		if p.issuers == nil {
			p.issuers = make(map[string][]string)
		}
		p.issuers[name] = append(p.issuers[name], strings.Split(pics, ",")...)
		return nil
	})
}

// read makes the policy, and tells what will not be checked.
func (p *policyFlags) read(c *console) (policy, error) {
	var out policy
	var err error
	out.issuers = p.issuers
	if out.Time, err = parseTime(p.at); err != nil {
		return policy{}, err
	}
	roots, err := trust.File(p.roots)
	if err != nil {
		return policy{}, fmt.Errorf("-roots: %w", err)
	}
	out.Roots = roots
	if out.chains, err = trust.File(p.chain); err != nil {
		return policy{}, fmt.Errorf("-chain: %w", err)
	}
	if len(p.lists) == 0 {
		out.Revocation = trust.NoRevocationCheck()
		fmt.Fprintln(c.err, "esccard: revocation is not checked: see -crl")
	} else {
		lists, err := readLists(p.lists)
		if err != nil {
			return policy{}, err
		}
		out.Revocation = trust.RevocationLists(lists...)
	}
	if p.issuers == nil {
		fmt.Fprintln(c.err, "esccard: any issuer may sign the numbers of any PIC: see -issuer")
	}
	return out, nil
}

func readLists(names []string) ([]*x509.RevocationList, error) {
	var lists []*x509.RevocationList
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list, err := trust.ParseRevocationList(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// parseTime reads the moment of a judgement.
func parseTime(s string) (trust.Time, error) {
	if s == "" {
		return trust.Now(), nil
	}
	if d, err := passerelle.ParseDate(s); err == nil && !d.Partial() {
		return trust.At(d.Time(time.UTC)), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return trust.Time{}, usagef("-at %s: want a date or a time such as 2026-09-01T08:00:00Z", s)
	}
	return trust.At(t), nil
}
