package echo

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Request is what a host is asked to repeat.
type Request struct {
	HEI    ewp.HEIID // the institution to call
	Values []string  // repeated ones too, in order; none is allowed
}

// Echo asks a host to repeat values, and so whether the two sides understand each
// other: Response.HEIs should be the own institution, see [ewpclient.Client.HEI].
// Its error is that of ewpclient.Fetch, which is passerelle.ErrProtocol too for a
// host that repeats something else. Nothing of Echo is reported to the Monitoring
// API.
func (c *Client) Echo(ctx context.Context, r Request) (Response, error) {
	a, err := c.c.Call(ctx, ewpclient.Call{HEI: r.HEI, API: ewp.Echo, Params: url.Values{Param: r.Values}})
	if err != nil {
		return Response{}, err
	}
	defer a.Close()
	var response Response
	if err := a.Decode(&response); err != nil {
		return Response{}, err
	}
	if !slices.Equal(response.Echo, r.Values) {
		return response, a.Invalid(errOther)
	}
	return response, nil
}

// errOther is an answer that repeats something else.
var errOther = fmt.Errorf("the values repeated are not those sent: %w", passerelle.ErrProtocol)
