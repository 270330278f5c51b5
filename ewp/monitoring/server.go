package monitoring

import (
	"context"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider keeps reports. It is safe for concurrent use.
type Provider interface {
	// Report keeps a report of parties.Caller, whose words are not to be trusted. The
	// client waits for the answer and does not repeat a report.
	Report(ctx context.Context, parties ewpserver.Parties, r Report) error
}

// Register serves the API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "who keeps reports"}}
	}
	return s.Handle(ewp.Monitoring, "", handler{p}, opts...)
}

type handler struct{ Provider }

// Serve answers a request.
func (h handler) Serve(ctx context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
	report, err := read(r.Check())
	if err != nil {
		return err
	}
	if err := h.Report(ctx, r.Parties, report); err != nil {
		return err
	}
	return a.Document(r.Root()).Close()
}

// read reads a report out of the parameters of a request.
func read(c *ewpserver.Check) (Report, error) {
	r := Report{API: c.Required(paramAPI)}
	server := c.Required(paramServer)
	r.Endpoint, _ = c.Optional(paramEndpoint)
	status, _ := c.Optional(paramStatus)
	r.ServerMessage, _ = c.Optional(paramServerMessage)
	r.ClientMessage, _ = c.Optional(paramClientMessage)
	if err := c.Err(); err != nil {
		return Report{}, err
	}
	var err error
	if r.ServerHEI, err = ewp.ParseHEIID(server); err != nil {
		c.Fault(paramServer, "identifier", "the identifier of an institution")
	}
	if status != "" {
		if r.Status, err = strconv.Atoi(status); err != nil || len(status) != 3 {
			c.Fault(paramStatus, "range", "a status of HTTP, or nothing")
			r.Status = 0
		}
	}
	if err := c.Err(); err != nil {
		return Report{}, err
	}
	return r, r.Faults().Err()
}
