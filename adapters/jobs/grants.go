package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// GrantsConfig is the replay of open questions about grants as a job. Connector and Year are
// required.
type GrantsConfig struct {
	Connector *aglae.Connector
	Year      int           // academic year, by its first civil year
	Name      string        // "": "aglae-replay"
	Every     time.Duration // 0: only when it is asked for
	// OnAnswer is given each new answer, beside why there is none.
	OnAnswer func(a aglae.Answer, err error)
}

// grantsAway is after how many questions in a row without an answer a replay gives up.
const grantsAway = 10

// Grants returns the job that asks again about every student whose last answer is no firm
// yes. Asking changes nothing at the service; the log keeps every answer. A service that is away
// ends the attempt, which is made again later.
func Grants(cfg GrantsConfig) (Job, error) {
	if cfg.Name == "" {
		cfg.Name = "aglae-replay"
	}
	var faults passerelle.FieldErrors
	if cfg.Connector == nil {
		faults.Add("Connector", "required", "a connector: aglae.NewConnector")
	}
	if cfg.Year == 0 {
		faults.Add("Year", "required", "the first civil year of the academic year, such as 2026")
	}
	if err := faults.Err(); err != nil {
		return Job{}, err
	}
	return Job{Name: cfg.Name, Every: cfg.Every, Finish: cfg.finish}, nil
}

func (c GrantsConfig) finish(ctx context.Context, _ *Round) error {
	away := 0
	for a, err := range c.Connector.ReplayOpen(ctx, c.Year) {
		if lost, ok := errors.AsType[*aglae.LogError](err); ok {
			return lost
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.OnAnswer != nil {
			c.OnAnswer(a, err)
		}
		if away++; err == nil {
			away = 0
		}
		if away == grantsAway {
			return fmt.Errorf("jobs: %d questions in a row without an answer: %w", away, passerelle.ErrUnavailable)
		}
	}
	return nil
}
