package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
)

// CampaignConfig is an INES campaign as a job.
type CampaignConfig struct {
	campaign.Config               // as for campaign.New
	Name            string        // "": "ines-campaign"
	Every           time.Duration // 0: only when it is asked for
	PartSize        int           // 0: DefaultPartSize
	// OnReport is given the report over the whole base when a round has ended. When it fails, the
	// end of the round is done again.
	OnReport func(ctx context.Context, r *campaign.Report) error
}

// firstDay is how long after the first claim of a ledger the default limit on
// registrations holds, see campaign.Config.
const firstDay = 12 * time.Hour

// Campaign returns the daily job of INES: follow-up, questions, registrations, write-back,
// report. Parts ask and register without writing back; the end of the round is a whole run, which
// finds settled what the parts did, follows up what earlier rounds left open, writes the numbers
// back and reports. A limit on registrations, that of a first day included, cannot be shared out:
// such a round has no parts. Refused credentials, or too many refusals and litiges in one
// part, halt the round on all machines; its end is a dry run then.
func Campaign(cfg CampaignConfig) (Job, error) {
	if cfg.Name == "" {
		cfg.Name = "ines-campaign"
	}
	if _, err := campaign.New(cfg.Config); err != nil {
		return Job{}, err
	}
	return Job{Name: cfg.Name, Every: cfg.Every, Plan: cfg.plan, Work: cfg.work, Finish: cfg.finish}, nil
}

// plan lists the students whose number is not settled.
func (c CampaignConfig) plan(ctx context.Context) ([]json.RawMessage, error) {
	if limited, err := c.limited(ctx); err != nil || limited || c.DryRun {
		return nil, err
	}
	var ids []sis.StudentID
	for s, err := range c.Source.Students(ctx, c.Query) {
		if err != nil {
			if _, ok := errors.AsType[*sis.RowError](err); ok {
				continue // told by the end of the round
			}
			return nil, fmt.Errorf("jobs: reading the student base: %w", err)
		}
		v := c.Rules.Judge(s.INE)
		if v.Status == ine.StatusDefinitive && (v.Family == ine.RNIE || s.INEState == sis.INEVerified) {
			continue // nothing to ask; what is pending all the same is looked at by the end
		}
		ids = append(ids, s.ID)
	}
	return cut(ids, c.PartSize)
}

// limited reports whether the number of registrations is limited.
func (c CampaignConfig) limited(ctx context.Context) (bool, error) {
	if c.MaxRegister != 0 {
		return c.MaxRegister > 0, nil
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	for r, err := range c.Ledger.Records(ctx) {
		if err != nil {
			return false, err
		}
		if !r.ClaimedAt.IsZero() && now().Sub(r.ClaimedAt) >= firstDay {
			return false, nil
		}
	}
	return true, nil
}

// work asks about the students of a part.
func (c CampaignConfig) work(ctx context.Context, round *Round, part json.RawMessage) error {
	ids, err := students(part)
	if err != nil {
		return err
	}
	cfg := c.Config
	cfg.Source, cfg.Ledger, cfg.Query.IDs = subset{c.Source, ids}, campaignPart{c.Ledger, ids}, ids
	cfg.Writer, cfg.SplitKey, cfg.OnItem, cfg.OnProgress = nil, nil, nil, nil
	cfg.MaxRegister = -1
	run, err := campaign.New(cfg)
	if err != nil {
		return err
	}
	report, err := run.Run(ctx)
	if err != nil {
		return err
	}
	switch why := report.StoppedWhy; why.Key {
	case "":
		return nil
	case "silence":
		return fmt.Errorf("jobs: %s: %w", why, passerelle.ErrUnavailable) // the part is tried again
	default:
		return round.Halt(ctx, why.String())
	}
}

// finish goes over the whole base.
func (c CampaignConfig) finish(ctx context.Context, round *Round) error {
	cfg := c.Config
	cfg.DryRun = cfg.DryRun || round.Halted != ""
	run, err := campaign.New(cfg)
	if err != nil {
		return err
	}
	report, err := run.Run(ctx)
	if err != nil {
		return err
	}
	if round.Halted != "" {
		report.Stopped = round.Halted
	}
	if c.OnReport == nil {
		return nil
	}
	return c.OnReport(ctx, report)
}

// campaignPart is a ledger whose records are those of some students: what a part reads when it
// begins.
type campaignPart struct {
	campaign.Ledger
	ids []sis.StudentID
}

// Records implements campaign.Ledger.
func (l campaignPart) Records(ctx context.Context) iter.Seq2[campaign.Record, error] {
	return func(yield func(campaign.Record, error) bool) {
		for _, id := range l.ids {
			r, err := l.Get(ctx, id.String())
			if errors.Is(err, passerelle.ErrNotFound) {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
