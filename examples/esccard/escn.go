package main

import (
	"bufio"
	"context"
	"errors"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// escnNew prints new numbers.
func escnNew(c *console, args []string) error {
	flags := newFlags("escn new")
	pic := flags.String("pic", "", "nine digits of the institution")
	prefix := flags.Int("prefix", 0, "server that makes the numbers, 0 to 999")
	count := flags.Int("n", 1, "how many numbers")
	state := flags.String("state", "", "file that remembers the ticks taken")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	if err := required(flags, "pic"); err != nil {
		return err
	}
	if *count < 1 {
		return usagef("escn new: -n %d: want at least 1", *count)
	}
	config := esc.Config{Prefix: *prefix}
	if *state != "" {
		reservations, err := esc.OpenReservations(*state)
		if err != nil {
			return err
		}
		defer reservations.Close()
		config.Reservations = reservations
	}
	generator, err := esc.NewGenerator(config)
	if err != nil {
		return usageError{err}
	}
	out := bufio.NewWriter(c.out)
	for range *count {
		n, err := generator.Next(context.Background(), *pic)
		if errors.Is(err, passerelle.ErrInvalid) {
			return usageError{err}
		} else if err != nil {
			return errors.Join(err, out.Flush())
		}
		line := append(out.AvailableBuffer(), `{"escn":"`...)
		line, _ = n.AppendText(line)
		if _, err := out.Write(append(line, "\"}\n"...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// shown is what escn show prints.
type shown struct {
	ESCN          esc.Number `json:"escn"`
	Variant       string     `json:"variant"`
	Prefix        string     `json:"prefix"`
	PIC           string     `json:"pic"`
	IssuedAt      string     `json:"issued_at"`
	Kind          string     `json:"kind"` // variant, with the ones that variant calls other
	Plausible     bool       `json:"plausible"`
	Tick          int        `json:"tick"`
	ClockSequence int        `json:"clock_sequence"`
	UUIDVersion   int        `json:"uuid_version"`
}

// escnShow prints what a number says.
func escnShow(c *console, args []string) error {
	arguments, err := parse(newFlags("escn show"), args, "ESCN")
	if err != nil {
		return err
	}
	n, err := esc.Parse(arguments[0])
	if err != nil {
		return c.refuse(err)
	}
	d := n.Decode()
	s := shown{
		ESCN: n, Variant: d.Variant.String(), Prefix: d.Prefix, PIC: d.PIC, Kind: d.Variant.String(), Plausible: d.Plausible,
		Tick: d.Tick, ClockSequence: int(n.ClockSequence()), UUIDVersion: n.Version(),
	}
	switch d.Variant {
	case esc.Official, esc.RFC4122Digits, esc.RFC4122Binary:
	default:
		s.Variant = esc.Other.String()
	}
	if !d.IssuedAt.IsZero() {
		s.IssuedAt = d.IssuedAt.Format(time.RFC3339Nano)
	}
	return c.print(s)
}
