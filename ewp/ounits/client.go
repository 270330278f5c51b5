package ounits

import (
	"context"
	"encoding/xml"
	"iter"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Request says which units of an institution are asked for: HEI, and IDs or Codes.
type Request struct {
	HEI   ewp.HEIID
	IDs   []string // as the Institutions API and others give them
	Codes []string
}

// Get yields units, in the order of the answers; those that do not exist are left out.
// The list is spread over as many calls as the host wants; an empty one makes none.
// Errors are those of [ewpclient.Each], or passerelle.FieldErrors for identifiers and
// codes together; units that were not asked for are passed over.
func (c *Client) Get(ctx context.Context, r Request) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		if len(r.IDs) > 0 && len(r.Codes) > 0 {
			yield(Unit{}, passerelle.FieldErrors{{Field: "Codes", Rule: "exclusive", Want: "either identifiers or codes"}})
			return
		}
		list := ewpclient.List{Param: ParamID, Values: r.IDs, Limit: "max-ounit-ids"}
		key := func(u Unit) string { return u.ID }
		if len(r.Codes) > 0 {
			list = ewpclient.List{Param: ParamCode, Values: r.Codes, Limit: "max-ounit-codes"}
			key = func(u Unit) string { return u.Code }
		}
		asked := make(map[string]bool, len(list.Values))
		for _, v := range list.Values {
			asked[v] = true
		}
		call := ewpclient.Call{HEI: r.HEI, API: ewp.OrganizationalUnits, Params: url.Values{ParamHEI: {r.HEI.String()}}}
		for u, err := range ewpclient.Each[Unit](ctx, c.c, call, list, xml.Name{Local: item}) {
			if (err != nil || asked[key(u)]) && !yield(u, err) {
				return
			}
		}
	}
}
