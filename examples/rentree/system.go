package main

import (
	"context"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/sis"
)

// openBase opens the student system that -source names: a real one by -config, else a file,
// or a fake of Apogée or Pégase. Their people are known in part to the fake INES.
func (s *season) openBase(ctx context.Context) error {
	if s.cfg != nil {
		return s.openReal(ctx)
	}
	switch s.opts.source {
	case "apogee":
		return s.openApogee()
	case "pegase":
		return s.openPegase()
	}
	return s.openCSV()
}

// openCSV finds the students in a file, making the sample ones where none is given.
func (s *season) openCSV() error {
	path := s.opts.students
	if path == "" {
		path = s.path("students.csv")
		base := cohort{size: s.opts.size, seed: s.opts.seed}
		if err := writeFile(path, func(w io.Writer) error { return writeStudents(w, base.students()) }); err != nil {
			return err
		}
	}
	source, err := sis.OpenCSV(path, sis.CSVOptions{})
	s.source = source
	return err
}

// openApogee reads the documented tables of a fake Apogée by SQL. No door of
// Apogée takes an INE from outside: the numbers go to a file.
func (s *season) openApogee() error {
	fake, err := apogeetest.New(apogeetest.Config{Seed: s.opts.seed, Students: s.opts.size})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, fake.Close)
	cfg := fake.SQLConfig()
	// Apogée has no commune code of birth: the list of INSEE gives it by name.
	if cfg.Communes, err = apogee.ReadCommunes(strings.NewReader(apogeetest.CommunesCSV())); err != nil {
		return err
	}
	s.source, err = apogee.NewSQL(cfg)
	return err
}

// openPegase speaks to the external APIs of a fake Pégase, which takes the
// numbers back itself.
func (s *season) openPegase() error {
	fake, err := pegasetest.Listen(pegasetest.Config{Seed: s.opts.seed, Population: s.opts.size})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { fake.Close(); return nil })
	cfg := fake.ClientConfig()
	cfg.Details = pegase.DetailsAlways // birthplaces too
	client, err := pegase.New(cfg)
	if err != nil {
		return err
	}
	s.source = client
	if !s.opts.dryRun {
		s.writer, err = client.INEWriter()
	}
	return err
}
