package cnr

import (
	"context"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Handler returns the handler by which a server takes the notifications of an API
// into the inbox. max is how many identifiers one may have, as the manifest says; 0
// is 1. The notifications of agreements have one by their specification. It answers
// when the queue has kept the message; a queue that fails makes the partner send it
// again.
func (b *Inbox) Handler(api ewp.API, max int) ewpserver.Notification {
	f := forms[api]
	return ewpserver.Notification{
		ID:     f.id,
		Max:    max,
		Sender: f.heis[api.Version().Major],
		Take: func(ctx context.Context, n ewpserver.Notice) error {
			return b.Take(ctx, Notification{Route: Route{From: n.Caller, To: n.HEI, API: api}, IDs: n.IDs})
		},
	}
}

// Register serves the notifications of several APIs, each with at most max
// identifiers where its specification allows more than one.
func (b *Inbox) Register(s *ewpserver.Server, max int, apis ...ewp.API) error {
	for _, api := range apis {
		n := max
		if len(api.Limits()) == 0 {
			n = 1
		}
		if err := s.Handle(api, "", b.Handler(api, n)); err != nil {
			return err
		}
	}
	return nil
}
