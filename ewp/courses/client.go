package courses

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Client calls both APIs of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Request says which specifications of an institution are asked for: HEI, and IDs or
// Codes.
type Request struct {
	HEI   ewp.HEIID
	IDs   []string
	Codes []string
	Filter
}

// Get yields specifications, in the order of the answers; those that do not exist are
// left out. The list is spread over as many calls as the host wants; an empty one makes
// none. Errors are those of [ewpclient.Each], or passerelle.FieldErrors for identifiers
// and codes together; what was not asked for is passed over.
func (c *Client) Get(ctx context.Context, r Request) iter.Seq2[Specification, error] {
	return func(yield func(Specification, error) bool) {
		if len(r.IDs) > 0 && len(r.Codes) > 0 {
			yield(Specification{}, passerelle.FieldErrors{{Field: "Codes", Rule: "exclusive", Want: "either identifiers or codes"}})
			return
		}
		list := ewpclient.List{Param: ParamID, Values: r.IDs, Limit: "max-los-ids"}
		key := func(s Specification) string { return s.ID }
		if len(r.Codes) > 0 {
			list = ewpclient.List{Param: ParamCode, Values: r.Codes, Limit: "max-los-codes"}
			key = func(s Specification) string { return s.Code }
		}
		asked := make(map[string]bool, len(list.Values))
		for _, v := range list.Values {
			asked[v] = true
		}
		call := ewpclient.Call{HEI: r.HEI, API: ewp.Courses, Params: url.Values{ParamHEI: {r.HEI.String()}}}
		r.Filter.set(call.Params)
		for s, err := range ewpclient.Each[Specification](ctx, c.c, call, list, xml.Name{Local: item}) {
			if (err != nil || asked[key(s)]) && !yield(s, err) {
				return
			}
		}
	}
}

// ReplicationRequest says which list is asked for. HEI is required.
type ReplicationRequest struct {
	HEI ewp.HEIID
	// Since leaves out what did not change since, for hosts that support it; others list
	// everything. The zero time leaves out nothing.
	Since time.Time
}

// Replicate yields the identifiers of all specifications of an institution, those that
// are no longer given included. The answer is read as it is yielded: a list of any length
// that the transport allows takes no memory here. Errors are those of [ewpclient.Each].
func (c *Client) Replicate(ctx context.Context, r ReplicationRequest) iter.Seq2[string, error] {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.SimpleCourseReplication, Params: url.Values{ParamHEI: {r.HEI.String()}}}
	if !r.Since.IsZero() {
		call.Params.Set("modified_since", r.Since.Format(time.RFC3339))
	}
	return func(yield func(string, error) bool) {
		for id, err := range ewpclient.Each[string](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: itemReplicated}) {
			if !yield(lexical.Token(id), err) {
				return
			}
		}
	}
}

// batch is how many identifiers All keeps before it asks for them.
const batch = 500

// All yields every specification of an institution that Replicate lists: a whole
// catalogue, or what changed in it. An identifier of a kind that is not known is passed
// over, as the specification demands. Errors are those of Replicate and of Get; the
// sequence ends with a list that breaks off, after what came of it.
func (c *Client) All(ctx context.Context, r ReplicationRequest) iter.Seq2[Specification, error] {
	return func(yield func(Specification, error) bool) {
		var ids []string
		var failure error // ended Get for good: what else there is would fail alike
		flush := func() bool {
			for s, err := range c.Get(ctx, Request{HEI: r.HEI, IDs: ids}) {
				if e, ok := errors.AsType[*ewpclient.ListError](err); ok && len(e.Left) > 0 {
					failure = err
				}
				if !yield(s, err) {
					return false
				}
			}
			ids = nil // an error may have kept them
			return failure == nil
		}
		for id, err := range c.Replicate(ctx, r) {
			if err != nil {
				if len(ids) > 0 && !flush() || !yield(Specification{}, err) {
					return
				}
				continue
			}
			if _, known := KindOf(id); !known {
				continue
			}
			if ids = append(ids, id); len(ids) == batch && !flush() {
				return
			}
		}
		if len(ids) > 0 {
			flush()
		}
	}
}
