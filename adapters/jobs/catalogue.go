package jobs

import (
	"context"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// Catalogue returns the job that keeps the copy of the catalogue of Erasmus Without Paper
// fresh, on the one machine that does it in a round; the others read the copy on the disk, or run
// registry.Client.Run themselves. every is 0 for only when it is asked for.
func Catalogue(client *registry.Client, every time.Duration) (Job, error) {
	if client == nil {
		return Job{}, passerelle.FieldErrors{{Field: "client", Rule: "required", Want: "a client of the registry"}}
	}
	return Job{Name: "ewp-catalogue", Every: every, Finish: func(ctx context.Context, _ *Round) error {
		_, err := client.Refresh(ctx)
		return err
	}}, nil
}
