package institutions

import (
	"context"
	"encoding/xml"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Request says what is asked of whom. HEI is required.
type Request struct {
	HEI ewp.HEIID // the institution to call
	// About are the institutions to describe, which the host may know beside its own.
	// None stands for HEI itself.
	About []ewp.HEIID
}

// Get yields what a host knows of institutions, in the order of its answers; those
// that it does not know are left out. The list is spread over as many calls as the host
// wants. Errors are those of [ewpclient.Each]; objects that were not asked for are
// passed over.
func (c *Client) Get(ctx context.Context, r Request) iter.Seq2[HEI, error] {
	if len(r.About) == 0 {
		r.About = []ewp.HEIID{r.HEI}
	}
	list := ewpclient.List{Param: Param, Limit: "max-hei-ids"}
	asked := make(map[ewp.HEIID]bool, len(r.About))
	for _, hei := range r.About {
		if !asked[hei] {
			asked[hei] = true
			list.Values = append(list.Values, hei.String())
		}
	}
	return func(yield func(HEI, error) bool) {
		for h, err := range ewpclient.Each[HEI](ctx, c.c, ewpclient.Call{HEI: r.HEI, API: ewp.Institutions}, list, xml.Name{Local: item}) {
			if (err != nil || asked[h.ID]) && !yield(h, err) {
				return
			}
		}
	}
}

// Own returns what a host says of the institution that it is for. Its error is
// passerelle.ErrNotFound for a host that does not know it, and else that of Get.
func (c *Client) Own(ctx context.Context, hei ewp.HEIID) (HEI, error) {
	for h, err := range c.Get(ctx, Request{HEI: hei}) {
		return h, err
	}
	return HEI{}, passerelle.ErrNotFound
}
