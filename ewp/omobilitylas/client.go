package omobilitylas

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/transport"
)

// Client calls the APIs of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// GetRequest says what is asked of whom. HEI is required.
type GetRequest struct {
	HEI ewp.HEIID // the sending institution, which is called
	IDs []string  // of the mobilities; none makes no call
}

// Get yields the agreements with some identifiers, in the order of the answers; those
// that the partner does not know, or does not show to us, are left out. The list is
// spread over as many calls as the partner wants. Errors are those of [ewpclient.Each];
// what was not asked for, or is another institution's, is passed over.
func (c *Client) Get(ctx context.Context, r GetRequest) iter.Seq2[Agreement, error] {
	list := ewpclient.List{Param: ParamID, Limit: "max-omobility-ids"}
	asked := make(map[string]bool, len(r.IDs))
	for _, id := range r.IDs {
		if !asked[id] {
			asked[id] = true
			list.Values = append(list.Values, id)
		}
	}
	call := ewpclient.Call{HEI: r.HEI, API: ewp.OMobilityLAs, Endpoint: "get", Params: url.Values{ParamSending: {r.HEI.String()}}}
	return func(yield func(Agreement, error) bool) {
		for a, err := range ewpclient.Each[Agreement](ctx, c.c, call, list, xml.Name{Local: item}) {
			ours := asked[a.OMobilityID] && a.Sending.HEI == r.HEI && a.Receiving.HEI == c.c.HEI()
			if (err != nil || ours) && !yield(a, err) {
				return
			}
		}
	}
}

// One returns the agreement of one mobility. Its error is passerelle.ErrNotFound for one
// that the partner does not know, or does not show to us, and else that of Get.
func (c *Client) One(ctx context.Context, k Key) (Agreement, error) {
	for a, err := range c.Get(ctx, GetRequest{HEI: k.Sending, IDs: []string{k.ID}}) {
		return a, err
	}
	return Agreement{}, fmt.Errorf("omobilitylas: no such agreement at the partner, or not for us: %w", passerelle.ErrNotFound)
}

// IndexRequest says what is listed. HEI is required; other zero fields leave out nothing.
type IndexRequest struct {
	HEI           ewp.HEIID // the sending institution, which is called
	Years         []string  // academic years of the receiving institution: "2026/2027"
	GlobalID      string    // European Student Identifier
	Type          Type
	ModifiedSince time.Time
}

// Index yields the identifiers of the agreements that the partner shows to us. A partner
// may list more than ModifiedSince asks for. Errors are those of [ewpclient.Each].
func (c *Client) Index(ctx context.Context, r IndexRequest) iter.Seq2[string, error] {
	params := url.Values{ParamSending: {r.HEI.String()}, ParamReceiving: {c.c.HEI().String()}}
	if len(r.Years) > 0 {
		params[ParamYear] = r.Years
	}
	if r.GlobalID != "" {
		params.Set(ParamGlobalID, r.GlobalID)
	}
	if r.Type != "" {
		params.Set(ParamType, string(r.Type))
	}
	if !r.ModifiedSince.IsZero() {
		params.Set(ParamSince, r.ModifiedSince.Format(time.RFC3339))
	}
	call := ewpclient.Call{HEI: r.HEI, API: ewp.OMobilityLAs, Endpoint: "index", Params: params}
	return ewpclient.Each[string](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: "omobility-id"})
}

// Update sends the receiving institution's answer to a proposal, and returns what the
// partner has to say to the person who gave it. It is never sent twice: where the outcome
// of the error is unknown, read the agreement again, see [State.Unsettled]. Its error is
// that of [UpdateRequest.Validate] or of ewpclient.Client.Call; passerelle.ErrConflict
// says that the proposal is not the present one.
func (c *Client) Update(ctx context.Context, r UpdateRequest) (ewp.Texts, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	document, err := r.Encode()
	if err != nil {
		return nil, err
	}
	var response struct {
		Messages ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-architecture/blob/stable-v1/common-types.xsd success-user-message"`
	}
	answer, err := c.c.Call(ctx, ewpclient.Call{HEI: r.Sending, API: ewp.OMobilityLAs, Endpoint: "update", XML: document, Class: transport.Create})
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	err = answer.Decode(&response)
	return response.Messages, err
}

// Changed notifies a receiving institution that agreements changed. A queue that
// repeats it where that is due is in ewp/cnr. Its error is that of [ewpclient.Each], of
// the first call that failed.
func (c *Client) Changed(ctx context.Context, receiving ewp.HEIID, ids ...string) error {
	call := ewpclient.Call{HEI: receiving, API: ewp.OMobilityLACNR, Params: url.Values{ParamSending: {c.c.HEI().String()}}}
	list := ewpclient.List{Param: ParamID, Values: ids, Limit: "max-omobility-ids"}
	var failed []error
	for _, err := range ewpclient.Each[struct{}](ctx, c.c, call, list, xml.Name{Local: "none"}) {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Outgoing yields the statistics of a sending institution, a row for each academic year.
// Errors are those of [ewpclient.Each].
func (c *Client) Outgoing(ctx context.Context, hei ewp.HEIID) iter.Seq2[Outgoing, error] {
	return ewpclient.Each[Outgoing](ctx, c.c, ewpclient.Call{HEI: hei, API: ewp.OMobilityLAs, Endpoint: "stats"}, ewpclient.List{}, xml.Name{Local: statsItem})
}

// Incoming yields those of a receiving institution.
func (c *Client) Incoming(ctx context.Context, hei ewp.HEIID) iter.Seq2[Incoming, error] {
	return ewpclient.Each[Incoming](ctx, c.c, ewpclient.Call{HEI: hei, API: ewp.OMobilityLACNR, Endpoint: "stats"}, ewpclient.List{}, xml.Name{Local: statsItem})
}
