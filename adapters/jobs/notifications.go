package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// PullConfig is the nightly index of change notifications as a job. Puller and Routes are
// required.
type PullConfig struct {
	Puller *cnr.Puller
	// Routes lists whom to ask for what, as in cnr.PullerConfig.
	Routes func(ctx context.Context) ([]cnr.Route, error)
	Name   string        // "": "ewp-pull"
	Every  time.Duration // 0: only when it is asked for
}

// Pull returns the job that finds what a lost notification should have told: each route is a
// part, and what it finds is put into the inbox. Use it in place of cnr.Puller.Run. The outbox and
// the inbox work by themselves, on as many machines as there are: give their Run to
// Config.Services.
func Pull(cfg PullConfig) (Job, error) {
	if cfg.Name == "" {
		cfg.Name = "ewp-pull"
	}
	var faults passerelle.FieldErrors
	if cfg.Puller == nil {
		faults.Add("Puller", "required", "cnr.NewPuller")
	}
	if cfg.Routes == nil {
		faults.Add("Routes", "required", "whom to ask for what")
	}
	if err := faults.Err(); err != nil {
		return Job{}, err
	}
	return Job{Name: cfg.Name, Every: cfg.Every, Plan: cfg.plan, Work: cfg.work}, nil
}

// route is a cnr.Route as a part.
type route struct {
	From ewp.HEIID `json:"from"`
	To   ewp.HEIID `json:"to"`
	API  string    `json:"api"`
}

func (c PullConfig) plan(ctx context.Context) ([]json.RawMessage, error) {
	routes, err := c.Routes(ctx)
	if err != nil {
		return nil, err
	}
	parts := make([]json.RawMessage, len(routes))
	for i, r := range routes {
		if parts[i], err = json.Marshal(route{r.From, r.To, r.API.String()}); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (c PullConfig) work(ctx context.Context, _ *Round, part json.RawMessage) error {
	var r route
	if err := json.Unmarshal(part, &r); err != nil {
		return err
	}
	api, ok := ewp.ParseAPI(r.API)
	if !ok {
		return fmt.Errorf("jobs: the API of a route: %w", passerelle.ErrInvalid)
	}
	_, err := c.Puller.Pull(ctx, cnr.Route{From: r.From, To: r.To, API: api})
	return err
}
