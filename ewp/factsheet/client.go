package factsheet

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
	// About are the institutions whose factsheets are wanted. None stands for HEI itself.
	About []ewp.HEIID
}

// Get yields the factsheets of institutions, in the order of the answers; those that
// the host does not have are left out. The list is spread over as many calls as the host
// wants. Errors are those of [ewpclient.Each]; objects that were not asked for are
// passed over.
func (c *Client) Get(ctx context.Context, r Request) iter.Seq2[Factsheet, error] {
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
	return func(yield func(Factsheet, error) bool) {
		for s, err := range ewpclient.Each[Factsheet](ctx, c.c, ewpclient.Call{HEI: r.HEI, API: ewp.Factsheet}, list, xml.Name{Local: item}) {
			if (err != nil || asked[s.HEI]) && !yield(s, err) {
				return
			}
		}
	}
}

// Own returns the factsheet of an institution, from its own host. Its error is
// passerelle.ErrNotFound for a host that has none, and else that of Get.
func (c *Client) Own(ctx context.Context, hei ewp.HEIID) (Factsheet, error) {
	for s, err := range c.Get(ctx, Request{HEI: hei}) {
		return s, err
	}
	return Factsheet{}, passerelle.ErrNotFound
}
