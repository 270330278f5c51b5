package tors

import (
	"context"
	"encoding/xml"
	"iter"
	"net/url"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Client calls the API of partners, in whichever version they have. It is safe for
// concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// GetRequest is what is asked of a receiving institution. HEI is required.
type GetRequest struct {
	HEI ewp.HEIID
	IDs []string // of mobilities; none makes no call
	// Expected says that the partner must have the API, since it told of a change.
	Expected bool
}

// Get yields the transcripts of mobilities, one by one, in the order of the answers.
// Those that the partner has none of, or does not show, are left out; what was not
// asked for is passed over. The list is spread over as many calls as the partner
// wants. Errors are those of [ewpclient.Each].
//
// The bytes of an answer are kept as ewpclient.Config says; of what is yielded, one
// transcript at a time is in memory.
func (c *Client) Get(ctx context.Context, r GetRequest) iter.Seq2[ToR, error] {
	return func(yield func(ToR, error) bool) {
		list := ewpclient.List{Param: paramID, Limit: maxIDsElement}
		asked := make(map[string]bool, len(r.IDs))
		for _, id := range r.IDs {
			if !asked[id] {
				asked[id] = true
				list.Values = append(list.Values, id)
			}
		}
		call := c.call(r.HEI, "get", r.Expected)
		for t, err := range ewpclient.Each[ToR](ctx, c.c, call, list, xml.Name{Local: item}) {
			if err == nil && !asked[t.OMobilityID] {
				continue
			}
			delete(asked, t.OMobilityID)
			if !yield(t, err) {
				return
			}
		}
	}
}

// IndexRequest is what is asked of a receiving institution. HEI is required.
type IndexRequest struct {
	HEI ewp.HEIID
	// ModifiedSince leaves out what did not change since; zero leaves out nothing. The
	// partner may list more.
	ModifiedSince time.Time
}

// Index yields the mobilities whose transcripts the partner has for us. Errors are
// those of [ewpclient.Each].
func (c *Client) Index(ctx context.Context, r IndexRequest) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		call := c.call(r.HEI, "index", false)
		if !r.ModifiedSince.IsZero() {
			call.Params.Set("modified_since", r.ModifiedSince.Format(time.RFC3339))
		}
		ewpclient.Each[string](ctx, c.c, call, ewpclient.List{}, xml.Name{Local: indexItem})(yield)
	}
}

// call returns a call of the newest version that the partner has and we know. Where it
// has none, the call itself says so.
func (c *Client) call(hei ewp.HEIID, endpoint string, expected bool) ewpclient.Call {
	call := ewpclient.Call{HEI: hei, API: ewp.IMobilityToRs, Endpoint: endpoint, Majors: []int{int(V3), int(V2)}, Params: url.Values{}, Expected: expected}
	target, err := c.c.Resolve(hei, call.API, endpoint, call.Majors...)
	if err != nil {
		return call
	}
	major, _ := ewp.NamespaceMajor(target.Endpoint.Namespace)
	call.Majors = []int{major}
	if major == int(V2) {
		call.Params.Set(paramReceiving, hei.String())
	}
	return call
}

// NotifyRequest tells a sending institution that transcripts changed. HEI is required.
type NotifyRequest struct {
	HEI ewp.HEIID
	IDs []string // of mobilities; none makes no call
}

// Notify tells a sending institution that the transcripts of its students are there,
// or changed, or are gone. It is sent once: package ewp/cnr keeps and repeats. Errors
// are those of ewpclient.Client.Call; after one, the partner may have been told of
// some.
func (c *Client) Notify(ctx context.Context, r NotifyRequest) error {
	call := ewpclient.Call{HEI: r.HEI, API: ewp.IMobilityToRCNR, Majors: notificationMajors, Params: url.Values{}}
	most := 1
	if target, err := c.c.Resolve(r.HEI, call.API, "", call.Majors...); err == nil {
		most = target.Limit(maxIDsElement)
		if major, _ := ewp.NamespaceMajor(target.Endpoint.Namespace); major == olderNotification {
			call.Params.Set(paramReceiving, c.c.HEI().String())
		}
	}
	for ids := range slices.Chunk(r.IDs, most) {
		call.Params[paramID] = ids
		answer, err := c.c.Call(ctx, call)
		if err != nil {
			return err
		}
		answer.Close() // 200 is the whole answer
	}
	return nil
}

// olderNotification is the version of the notifications in which the sender names itself.
const olderNotification = 1

// notificationMajors are the versions of the notifications.
var notificationMajors = []int{2, olderNotification}

// Stats yields how many transcripts a receiving institution issued, year by year.
// Errors are those of [ewpclient.Each].
func (c *Client) Stats(ctx context.Context, hei ewp.HEIID) iter.Seq2[YearStats, error] {
	return ewpclient.Each[YearStats](ctx, c.c, ewpclient.Call{HEI: hei, API: ewp.IMobilityToRStats}, ewpclient.List{}, xml.Name{Local: statsItem})
}
