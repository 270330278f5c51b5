package omobilities

import (
	"context"
	"encoding/xml"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// The parameters of the API.
const (
	paramID         = "omobility_id"
	paramYear       = "receiving_academic_year_id"
	paramGlobalID   = "global_id"
	paramAttributes = "activity_attributes"
	paramSince      = "modified_since"
	limitIDs        = "max-omobility-ids"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// GetRequest asks a sending institution for mobilities.
type GetRequest struct {
	HEI ewp.HEIID // that sends the students
	IDs []string  // of mobilities; none makes no call
}

// Get yields the mobilities that S shows us, in any order, in as many calls as S
// wants. One that S does not know, or does not show, is missing and no error; one
// that was not asked for is passed over. A mobility that is not from S to us is an
// error that errors.Is knows as passerelle.ErrProtocol, and the next ones follow; the
// other errors are those of [ewpclient.Each]. What S serves is not validated: see
// [Mobility.Validate].
func (c *Client) Get(ctx context.Context, r GetRequest) iter.Seq2[Mobility, error] {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.OMobilities, Endpoint: "get"}
	list := ewpclient.List{Param: paramID, Values: r.IDs, Limit: limitIDs}
	asked := make(map[string]bool, len(r.IDs))
	for _, id := range r.IDs {
		asked[id] = true
	}
	own := c.c.HEI()
	return func(yield func(Mobility, error) bool) {
		for m, err := range ewpclient.Each[Mobility](ctx, c.c, call, list, xml.Name{Local: item}) {
			if err == nil && !asked[m.ID] {
				continue
			}
			if n := m.Nomination; err == nil && (n.Sending.HEI != r.HEI || n.Receiving.HEI != own) {
				m, err = Mobility{}, fmt.Errorf("omobilities: %s serves a mobility between two other institutions: %w", r.HEI, passerelle.ErrProtocol)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// IndexRequest asks a sending institution which mobilities to us it has. All but HEI
// may be zero, and narrow the answer.
type IndexRequest struct {
	HEI           ewp.HEIID
	Year          string    // as we count: "2025/2026"
	GlobalID      string    // of one student
	Attributes    string    // LongTerm, …
	ModifiedSince time.Time // S may list more than what changed since
}

// Index yields the identifiers of mobilities. A failure is an *ewp.Error, or
// passerelle.FieldErrors for a request that is wrong in itself, and the last element.
func (c *Client) Index(ctx context.Context, r IndexRequest) iter.Seq2[string, error] {
	params := url.Values{}
	for name, value := range map[string]string{paramYear: r.Year, paramGlobalID: r.GlobalID, paramAttributes: r.Attributes} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if !r.ModifiedSince.IsZero() {
		params.Set(paramSince, r.ModifiedSince.UTC().Format(time.RFC3339))
	}
	call := ewpclient.Call{HEI: r.HEI, API: ewp.OMobilities, Endpoint: "index", Params: params}
	return ewpclient.Each[string](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: indexItem})
}

// UpdateRequest tells a sending institution our decision.
type UpdateRequest struct {
	HEI    ewp.HEIID
	Update Update
}

// Update sends a decision, and returns what S wants the person to read. It is sent
// once: after an error whose outcome is passerelle.Unknown, get the mobility to see
// what became of it. errors.Is knows as passerelle.ErrConflict that another proposal
// is current (409), and as passerelle.ErrInvalid a mobility that S does not know as one
// to us (400). A decision that is incomplete is passerelle.FieldErrors.
func (c *Client) Update(ctx context.Context, r UpdateRequest) (ewp.Texts, error) {
	doc, err := r.Update.Encode()
	if err != nil {
		return nil, err
	}
	answer, err := ewpclient.Fetch[updateResponse](ctx, c.c, ewpclient.Call{
		HEI: r.HEI, API: ewp.OMobilities, Endpoint: "update", XML: doc,
	})
	return answer.Messages, err
}

type updateResponse struct {
	Messages ewp.Texts `xml:"success-user-message"`
}

// NotifyRequest tells a receiving institution that mobilities changed.
type NotifyRequest struct {
	HEI ewp.HEIID // that receives the students
	IDs []string  // of mobilities that were created, changed or cancelled
}

// Notify tells R at once, in as many calls as R wants, and returns the first error.
// Package cnr keeps notifications and repeats them: use it, but for a test.
func (c *Client) Notify(ctx context.Context, r NotifyRequest) error {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.OMobilityCNR}
	list := ewpclient.List{Param: paramID, Values: r.IDs, Limit: limitIDs}
	for _, err := range ewpclient.Each[struct{}](ctx, c.c, call, list, xml.Name{Local: "none"}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// Stats yields the statistics of a sending institution. A failure is an *ewp.Error,
// and the last element unless it is about one row.
func (c *Client) Stats(ctx context.Context, hei ewp.HEIID) iter.Seq2[YearStats, error] {
	call := ewpclient.Call{HEI: hei, API: ewp.OMobilityStats}
	return ewpclient.Each[YearStats](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: statsItem})
}
