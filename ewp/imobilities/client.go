package imobilities

import (
	"context"
	"encoding/xml"
	"iter"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

const (
	paramID  = "omobility_id"
	limitIDs = "max-omobility-ids"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// GetRequest asks a receiving institution about students that we sent.
type GetRequest struct {
	HEI ewp.HEIID // that receives the students
	IDs []string  // of our mobilities; none makes no call
}

// Get yields what R knows of mobilities, in any order, in as many calls as R wants. One
// that R does not know, or does not show, is missing and no error; one that was not
// asked for is passed over. Errors are those of [ewpclient.Each].
func (c *Client) Get(ctx context.Context, r GetRequest) iter.Seq2[Mobility, error] {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.IMobilities, Endpoint: "get"}
	list := ewpclient.List{Param: paramID, Values: r.IDs, Limit: limitIDs}
	asked := make(map[string]bool, len(r.IDs))
	for _, id := range r.IDs {
		asked[id] = true
	}
	return func(yield func(Mobility, error) bool) {
		for m, err := range ewpclient.Each[Mobility](ctx, c.c, call, list, xml.Name{Local: item}) {
			if err == nil && !asked[m.ID] {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// NotifyRequest tells a sending institution that arrivals or departures changed.
type NotifyRequest struct {
	HEI ewp.HEIID // that sent the students
	IDs []string  // of mobilities, as it gave them
}

// Notify tells S at once, in as many calls as S wants, and returns the first error.
// Package cnr keeps notifications and repeats them: use it, but for a test.
func (c *Client) Notify(ctx context.Context, r NotifyRequest) error {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.IMobilityCNR}
	list := ewpclient.List{Param: paramID, Values: r.IDs, Limit: limitIDs}
	for _, err := range ewpclient.Each[struct{}](ctx, c.c, call, list, xml.Name{Local: "none"}) {
		if err != nil {
			return err
		}
	}
	return nil
}
