package main

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/site"
	"github.com/passerelle-sup/passerelle/transport"
)

// readConfig reads the file of -config. What is wrong in it, or missing for the
// student system of -source, is a mistake of the user, and told as one.
func readConfig(path, source string) (*site.Config, error) {
	c, err := site.Read(path)
	if errors.Is(err, passerelle.ErrInvalid) {
		return nil, usageError{err.Error()}
	}
	if err == nil && (source == "apogee" && c.Apogee == nil || source == "pegase" && c.Pegase == nil || source == "sql" && c.SQL == nil) {
		return nil, usageError{path + ": " + source + ": the section of -source is missing"}
	}
	if err == nil && c.INES == nil {
		return nil, usageError{path + ": ines: the service is required: its contract is not public, the ministry gives it to each establishment"}
	}
	return c, err
}

// openReal opens the student system of -config. What only shows there of what is wrong
// in the file, as a column that is none, is a mistake of the user as well.
func (s *season) openReal(ctx context.Context) error {
	err := s.openSystem(ctx)
	if errors.Is(err, passerelle.ErrInvalid) {
		return usageError{err.Error()}
	}
	return err
}

func (s *season) openSystem(ctx context.Context) error {
	switch s.opts.source {
	case "apogee":
		src, closer, err := s.cfg.OpenApogee(ctx, transport.Config{})
		if closer != nil {
			s.closers = append(s.closers, closer.Close)
		}
		s.source = src
		return err
	case "pegase":
		client, err := s.cfg.OpenPegase(transport.Config{})
		if err != nil {
			return err
		}
		s.source = client
		if s.cfg.Pegase.WriteINE && !s.opts.dryRun {
			s.writer, err = client.INEWriter()
		}
		return err
	case "sql":
		base, err := s.cfg.OpenSQL(ctx)
		if err != nil {
			return err
		}
		s.source = base
		s.closers = append(s.closers, base.Close)
		return nil
	}
	src, err := s.cfg.OpenCSV(s.opts.students)
	s.source = src
	return err
}
