package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/site"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

// fakeDays is how many days the fake season has.
const fakeDays = 3

// season is one run of the program: a base, a service, and the memory between.
type season struct {
	opts   options
	cfg    *site.Config // nil: the fakes
	stderr io.Writer
	out    string // folder of the results
	state  string // file of the campaign's memory
	lang   campaign.Lang

	uai     uai.Code
	year    int
	source  sis.Source
	service *ines.SOAP
	ledger  campaign.Ledger
	writer  sis.INEWriter
	fake    *inestest.Server // nil: the service is real
	closers []func() error
}

// open prepares everything; nothing is sent yet.
func open(ctx context.Context, o options, stderr io.Writer) (_ *season, err error) {
	s := &season{opts: o, stderr: stderr, uai: uai.MustParse("0511296G"), year: 2026}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if o.config != "" {
		if s.cfg, err = readConfig(o.config, o.source); err != nil {
			return nil, err
		}
		s.uai, s.year, s.lang = s.cfg.Establishment(), s.cfg.Year, campaign.Lang(s.cfg.Lang)
	}
	for _, step := range []func() error{s.openFolder, func() error { return s.openBase(ctx) }, s.openService, s.openMemory} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// openFolder makes the folder of the results, or finds it again.
func (s *season) openFolder() error {
	if s.out = s.opts.out; s.out == "" {
		var err error
		if s.out, err = os.MkdirTemp(".", "rentree-"+time.Now().Format(time.DateOnly)+"-"); err != nil {
			return err
		}
		s.state = s.path("state.db")
		return s.sameSeason()
	}
	if err := os.MkdirAll(s.out, 0o700); err != nil {
		return err
	}
	s.state = s.path("state.db")
	_, err := os.Stat(s.state)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.sameSeason()
	case err != nil:
		return err
	case s.opts.dryRun: // the results of the real runs stay
		if err := s.sameSeason(); err != nil {
			return err
		}
		s.out = s.path("dry-run")
		return os.MkdirAll(s.out, 0o700)
	case !s.opts.resume:
		return usageError{fmt.Sprintf("%s holds the memory of an earlier run: -resume goes on with it", s.out)}
	}
	return s.sameSeason()
}

// identity is what a memory belongs to. It is useless, and dangerous, with
// another service, establishment or base.
type identity struct {
	Service string `json:"service"` // "fake", or the address of the real one
	UAI     string `json:"uai"`
	Year    int    `json:"year"`
	Source  string `json:"source,omitempty"` // student system, of a real season
	Cohort  string `json:"cohort,omitempty"` // size and seed of the sample
}

// sameSeason notes what the memory of this folder belongs to, or compares. A dry
// run leaves no memory.
func (s *season) sameSeason() error {
	now := identity{Service: "fake", UAI: s.uai.String(), Year: s.year}
	if s.cfg != nil {
		now.Service, now.Source = s.cfg.INES.Endpoint+" "+s.cfg.INES.WSDL, s.opts.source
	} else if s.opts.students == "" {
		now.Cohort = fmt.Sprintf("%s, %d students, seed %d", s.opts.source, s.opts.size, s.opts.seed)
	}
	var before identity
	data, err := os.ReadFile(s.path("season.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.opts.dryRun:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return writeFile(s.path("season.json"), func(w io.Writer) error { return writeJSON(w, now) })
	case err != nil:
		return err
	}
	if err := json.Unmarshal(data, &before); err != nil {
		return fmt.Errorf("season.json: %w", err)
	}
	if before != now {
		return usageError{fmt.Sprintf("the memory in %s belongs to another season: it says %+v, the flags say %+v", s.out, before, now)}
	}
	return nil
}

func (s *season) path(name string) string { return filepath.Join(s.out, name) }

// openMemory opens the ledger and the file of what is written back. A dry run
// looks at the memory of earlier runs and leaves none.
func (s *season) openMemory() error {
	if _, err := os.Stat(s.state); s.opts.dryRun && errors.Is(err, fs.ErrNotExist) {
		s.ledger = campaign.NewMemory()
		return nil
	}
	ledger, err := campaign.OpenFile(s.state)
	if err != nil {
		return err
	}
	s.ledger = ledger
	s.closers = append(s.closers, ledger.Close)
	if s.opts.dryRun {
		return nil
	}
	if s.writer != nil { // the student system takes the numbers itself
		return nil
	}
	writer, err := sis.OpenINEFile(s.path("written-back.csv"))
	if err != nil {
		return err
	}
	s.writer = writer
	s.closers = append(s.closers, writer.Close)
	return nil
}

// openService connects to the real service or starts the fake one.
func (s *season) openService() (err error) {
	switch {
	case s.cfg != nil:
		s.service, err = s.cfg.OpenINES(transport.Config{}, s.opts.dryRun)
		return err
	case s.opts.dryRun: // nothing is called: what the client could do is all that counts
		s.service, err = ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: "https://ines.invalid/"})
		return err
	}
	if s.fake, err = startFake(s.opts, s.out); err != nil {
		return err
	}
	s.closers = append(s.closers, s.fake.Close)
	if s.opts.students == "" && s.opts.source == "csv" {
		if err := seedRegister(s.fake, s.opts); err != nil {
			return err
		}
	}
	s.service, err = connectFake(s.fake)
	return err
}

// close ends what open began, in reverse order.
func (s *season) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](); err != nil {
			fmt.Fprintf(s.stderr, "rentree: closing: %v\n", err)
		}
	}
	s.closers = nil
}

// now is the time of the season.
func (s *season) now() time.Time {
	if s.fake != nil {
		return s.fake.Now()
	}
	return time.Now()
}

// day is the day of the fake season, from 1. The fake remembers it over a kill.
func (s *season) day() int { return int(s.now().Sub(seasonStart)/(24*time.Hour)) + 1 }

// play runs the season from where it stands and writes the results. complete is
// false when a record was unreadable or the service did not answer for everyone.
func (s *season) play(ctx context.Context) (complete bool, err error) {
	res, err := newResults(s)
	if err != nil {
		return false, err
	}
	defer res.abandon()
	if err := s.judge(ctx, res); err != nil {
		return false, err
	}
	for {
		last := s.fake == nil || s.day() >= fakeDays
		report, err := s.campaign(ctx, res, last)
		if err != nil {
			return false, err
		}
		res.day(report)
		if last {
			break
		}
		if s.sample() {
			if _, err := s.printCards(ctx, res); err != nil {
				return false, fmt.Errorf("cards: %w", err)
			}
		}
		if err := s.night(); err != nil {
			return false, err
		}
	}
	if err := s.afterwards(ctx, res); err != nil {
		return false, err
	}
	if err := res.write(); err != nil {
		return false, err
	}
	res.summary(s.stderr)
	return res.complete(), nil
}

// sample reports whether this is the sample cohort on the fakes, for which more
// than the numbers is played.
func (s *season) sample() bool {
	return s.fake != nil && s.opts.students == "" && s.opts.source == "csv"
}

// afterwards is what follows the numbers: enrolments are fed, certificates and
// grants are checked, cards are registered, a transcript that came back from abroad is converted, and an incoming
// student is seen through.
func (s *season) afterwards(ctx context.Context, res *results) error {
	if !s.sample() {
		return nil
	}
	if err := s.feed(ctx, res); err != nil {
		return fmt.Errorf("SUPDATA: %w", err)
	}
	if err := s.enrol(ctx, res); err != nil {
		return fmt.Errorf("the enrolment desk: %w", err)
	}
	if err := s.cards(ctx, res); err != nil {
		return fmt.Errorf("cards: %w", err)
	}
	if err := s.convertGrades(res.traveller, res); err != nil {
		return err
	}
	if err := s.welcome(ctx, res); err != nil {
		return fmt.Errorf("the incoming student: %w", err)
	}
	if err := s.exchange(ctx, res); err != nil {
		return fmt.Errorf("the exchange with partners: %w", err)
	}
	return nil
}

// judge gives every INE its verdict, before anything is asked.
func (s *season) judge(ctx context.Context, res *results) error {
	bar := newProgress(s.stderr, "judging the numbers")
	defer bar.end()
	for student, err := range s.source.Students(ctx, sis.Query{}) {
		if row, ok := errors.AsType[*sis.RowError](err); ok {
			res.unreadable(row)
			continue
		}
		if err != nil {
			return err
		}
		v := ine.Judge(student.INE)
		res.judged(student, v)
		bar.set(res.students)
	}
	return ctx.Err()
}

// campaign runs one day.
func (s *season) campaign(ctx context.Context, res *results, last bool) (*campaign.Report, error) {
	title := "asking INES"
	if s.fake != nil {
		title = fmt.Sprintf("day %d, asking INES", s.day())
	}
	bar := newProgress(s.stderr, title)
	defer bar.end()
	cfg := campaign.Config{
		Source: s.source, Ledger: s.ledger, UAI: s.uai, Year: s.year, Service: s.service, Writer: s.writer, DryRun: s.opts.dryRun,
		Now:        s.now,
		OnProgress: func(p campaign.Progress) { bar.set(p.Done) },
		OnRequest:  res.request,
		Logger:     slog.New(slog.DiscardHandler),
	}
	if s.cfg != nil {
		bounds := s.cfg.Campaign
		cfg.Parallel, cfg.MaxRegister, cfg.StopPercent = bounds.Parallel, bounds.MaxRegister, bounds.StopPercent
		cfg.SettleAfter = time.Duration(bounds.SettleAfterDays) * 24 * time.Hour
	}
	if s.fake != nil { // nobody is hurt by a fake: no limit, no stop, eight at a time
		cfg.MaxRegister, cfg.StopPercent, cfg.MaxFailures, cfg.Parallel = -1, -1, 100, 8
	}
	if last {
		cfg.OnItem = res.item
	}
	c, err := campaign.New(cfg)
	if err != nil {
		return nil, err
	}
	return c.Run(ctx)
}

// night is between two days of the fake season: people decide the litiges in the
// portal of INES, all but one that nobody looks at, and a day goes by.
func (s *season) night() error {
	litiges := s.fake.Litiges()
	slices.SortFunc(litiges, func(a, b inestest.Dossier) int { return strings.Compare(a.Student, b.Student) })
	for i, dossier := range litiges {
		if i == 0 {
			continue
		}
		if err := s.fake.ResolveLitige(dossier.ID, ine.Number{}); err != nil {
			return err
		}
	}
	return s.fake.Advance(24 * time.Hour)
}
