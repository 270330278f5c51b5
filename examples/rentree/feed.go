package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

// The steps of an enrolment at SUPDATA.
const (
	stepFeed   = "supdata" // the enrolment was fed, or why not
	stepStatus = "status"  // what a transport company reads
)

// renewed is the base as the student system has it once it has taken over the
// numbers that the campaign brought.
type renewed struct {
	sis.Source
	ledger campaign.Ledger
}

// Students implements sis.Source.
func (c renewed) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for s, err := range c.Source.Students(ctx, q) {
			if err == nil {
				rec, lerr := c.ledger.Get(ctx, s.ID.String())
				switch {
				case lerr == nil && rec.State == campaign.StateConfirmed:
					s.INE, s.INEState = rec.INE.String(), sis.INEVerified
				case lerr != nil && !errors.Is(lerr, passerelle.ErrNotFound):
					yield(sis.Student{}, lerr)
					return
				}
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// feed sends the enrolments of the students whose INE is confirmed to the fake
// SUPDATA, and reads some of them back as a transport company would. The fake
// forgets when the program ends, and so does the feeder's memory.
func (s *season) feed(ctx context.Context, res *results) error {
	base := renewed{s.source, s.ledger}
	store := supdatatest.NewStore()
	store.AddEstablishment(s.uai.String(), "Université d'Exemple")
	for student, err := range base.Students(ctx, sis.Query{}) {
		if err != nil {
			return err
		}
		if supdata.ConfirmedINE(student) {
			store.AddStudent(supdatatest.Student{INE: ine.Judge(student.INE).Number.String(), Person: student.Person})
		}
	}
	server := supdatatest.Listen(supdatatest.Config{Store: store, Now: s.now, Seed: s.opts.seed, Faults: feedFaults[s.opts.faults]})
	defer server.Close()
	client, err := supdata.New(server.ClientConfig())
	if err != nil {
		return err
	}
	bar := newProgress(s.stderr, "feeding SUPDATA")
	defer bar.end()
	done := 0
	var fed []string
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{
		Client: client, Source: base, Ledger: supdata.NewMemory(), Year: s.year, Now: s.now,
		Mapping: supdata.Mapping{Communes: map[uai.Code]string{s.uai: "51454"}},
		OnItem: func(i supdata.Item) {
			done++
			bar.set(done)
			if i.Outcome == supdata.Fed && len(fed) < 5 {
				fed = append(fed, i.Student)
			}
			res.put(res.outcomes, line{i.Student, stepFeed, string(i.Outcome), i.Detail})
		},
	})
	if err != nil {
		return err
	}
	report, err := feeder.Run(ctx)
	if err != nil {
		return err
	}
	res.fed = report.Counts
	return s.readBack(ctx, res, base, store, fed)
}

// feedFaults is the trouble that the fake SUPDATA makes.
var feedFaults = map[string]map[supdatatest.Fault]float64{
	"none": nil, "mild": {supdatatest.Unavailable: 0.01, supdatatest.AnswerLost: 0.005},
	"harsh": {supdatatest.Unavailable: 0.05, supdatatest.AnswerLost: 0.03, supdatatest.InternalAfter: 0.02, supdatatest.Truncated: 0.02},
}

// readBack asks API Particulier how some students stand, by their INE.
func (s *season) readBack(ctx context.Context, res *results, base sis.Source, store *supdatatest.Store, refs []string) error {
	api, err := particulier.New(particulier.Config{
		BaseURL: particulier.Staging, Token: particuliertest.TestToken, Recipient: particulier.MustParseRecipient(particuliertest.TestRecipient),
		Transport: transport.Config{Base: particuliertest.New(particuliertest.Config{Students: store})},
	})
	if err != nil {
		return err
	}
	reader, err := supdata.NewReader(api)
	if err != nil {
		return err
	}
	var ids []sis.StudentID
	for _, ref := range refs {
		ids = append(ids, s.idOf(ref))
	}
	for student, err := range base.Students(ctx, sis.Query{IDs: ids}) {
		if err != nil {
			return err
		}
		status, err := reader.ByINE(ctx, particulier.INERequest{INE: student.INE})
		if err != nil {
			return fmt.Errorf("reading the status of %s: %w", student.ID, err)
		}
		standing := supdata.StandingOn(status, passerelle.NewDate(s.year, 10, 1))
		res.put(res.outcomes, line{student.ID.String(), stepStatus, standing.String(), "read through API Particulier, on 1 October"})
	}
	return nil
}
