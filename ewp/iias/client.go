package iias

import (
	"context"
	"encoding/xml"
	"io"
	"iter"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// The parameters of the APIs.
const (
	ParamID    = "iia_id"
	ParamYear  = "receiving_academic_year_id"
	ParamSince = "modified_since"

	limitIDs = "max-iia-ids"
	itemID   = "iia-id"
)

// Client calls the APIs of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// HEI returns the own institution.
func (c *Client) HEI() ewp.HEIID { return c.c.HEI() }

// Request names agreements that a partner is asked about: by the identifiers of the
// partner's copies for get, and by those of our copies for approvals.
type Request struct {
	HEI ewp.HEIID
	IDs []string
}

// set returns what is in a list.
func set(ids []string) map[string]bool {
	in := make(map[string]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	return in
}

// Get yields the partner's copies, to be looked at: what is approved comes from
// [Client.Fetch]. The list is spread over as many calls as the partner wants. Copies
// that do not exist, or are not for us, are left out; those that were not asked for are
// passed over. Errors are those of [ewpclient.Each].
func (c *Client) Get(ctx context.Context, r Request) iter.Seq2[Agreement, error] {
	return func(yield func(Agreement, error) bool) {
		asked := set(r.IDs)
		call := ewpclient.Call{HEI: r.HEI, API: ewp.IIAs, Endpoint: "get", Expected: true}
		list := ewpclient.List{Param: ParamID, Values: r.IDs, Limit: limitIDs}
		for a, err := range ewpclient.Each[Agreement](ctx, c.c, call, list, xml.Name{Local: "iia"}) {
			if (err != nil || asked[a.Owner().IIAID]) && !yield(a, err) {
				return
			}
		}
	}
}

// FetchRequest names one copy of a partner.
type FetchRequest struct {
	HEI ewp.HEIID
	ID  string // iia-id of the partner's copy
}

// Fetch gets one copy of a partner's alone, and computes its hash from the bytes that
// came. The error is an [*AbsentError] for a copy that the partner does not have, or
// does not show us, and else an *ewp.Error: its cause is a [*HashError] for a copy that
// declares another hash than it has, a [*VersionError] for one of another version, and
// passerelle.ErrProtocol for one whose partners are others, or stand in the wrong order.
func (c *Client) Fetch(ctx context.Context, r FetchRequest) (*Verified, error) {
	if r.ID == "" {
		return nil, passerelle.FieldErrors{{Field: "ID", Rule: "required", Want: "the identifier of the partner's copy"}}
	}
	at := time.Now() // before it is asked: it is that old at least
	a, err := c.c.Call(ctx, ewpclient.Call{HEI: r.HEI, API: ewp.IIAs, Endpoint: "get", Params: url.Values{ParamID: {r.ID}}, Expected: true})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	body, err := a.Open()
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	v, err := verify(answer, r.HEI, c.c.HEI(), r.ID, at)
	if absent, ok := err.(*AbsentError); ok {
		return nil, absent
	}
	if err != nil {
		return nil, a.Invalid(err)
	}
	return v, nil
}

// IndexRequest is what a partner is asked to list.
type IndexRequest struct {
	HEI ewp.HEIID
	// Years are those that an agreement must concern, any of them: "2025/2026"; none is
	// all.
	Years []string
	// ModifiedSince leaves out what did not change since, as far as the partner knows;
	// zero leaves out nothing.
	ModifiedSince time.Time
}

// Index yields the identifiers of the partner's copies that are for us. Its first error
// is the last element, and that of [ewpclient.Each].
func (c *Client) Index(ctx context.Context, r IndexRequest) iter.Seq2[string, error] {
	params := url.Values{}
	if len(r.Years) > 0 {
		params[ParamYear] = r.Years
	}
	if !r.ModifiedSince.IsZero() {
		params.Set(ParamSince, r.ModifiedSince.Format(time.RFC3339))
	}
	call := ewpclient.Call{HEI: r.HEI, API: ewp.IIAs, Endpoint: "index", Params: params, Expected: true}
	return ewpclient.Each[string](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: itemID})
}

// Stats returns the counts of a partner, for those whom it lets read them.
func (c *Client) Stats(ctx context.Context, hei ewp.HEIID) (Stats, error) {
	response, err := ewpclient.Fetch[StatsResponse](ctx, c.c, ewpclient.Call{HEI: hei, API: ewp.IIAs, Endpoint: "stats"})
	return response.Stats, err
}

// Approvals yields what a partner approves of our copies. Copies that it does not
// approve are left out. Errors are those of [ewpclient.Each].
func (c *Client) Approvals(ctx context.Context, r Request) iter.Seq2[Approval, error] {
	return func(yield func(Approval, error) bool) {
		asked := set(r.IDs)
		call := ewpclient.Call{HEI: r.HEI, API: ewp.IIAsApproval, Expected: true}
		list := ewpclient.List{Param: ParamID, Values: r.IDs, Limit: limitIDs}
		for a, err := range ewpclient.Each[Approval](ctx, c.c, call, list, xml.Name{Local: "approval"}) {
			if (err != nil || asked[a.ID]) && !yield(a, err) {
				return
			}
		}
	}
}

// Approval returns what a partner approves of one copy of ours, for [Record.Heard]; the
// zero Approval where it is silent. An error says nothing about that.
func (c *Client) Approval(ctx context.Context, hei ewp.HEIID, ownID string) (Approval, error) {
	var found Approval
	for a, err := range c.Approvals(ctx, Request{HEI: hei, IDs: []string{ownID}}) {
		if err != nil {
			return Approval{}, err
		}
		found = a
	}
	return found, nil
}

// Notify tells a partner at once, and once, that an agreement or an approval changed:
// for systems with a queue of their own. The Outbox of package cnr keeps trying.
func (c *Client) Notify(ctx context.Context, change cnr.Change) error {
	if err := change.Check(); err != nil {
		return err
	}
	if change.From != c.c.HEI() || cnr.About(change.API) != ewp.IIAs && cnr.About(change.API) != ewp.IIAsApproval {
		return passerelle.FieldErrors{{Field: "Change", Rule: "route", Want: "a notification of ours about an agreement or an approval"}}
	}
	send, _ := cnr.Sender(func(ewp.HEIID) *ewpclient.Client { return c.c })
	return send(ctx, cnr.Notification{Route: change.Route, IDs: []string{change.ID}})
}
