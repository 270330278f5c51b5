package file

import (
	"context"
	"io"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Client calls the API of partners. It is safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Request says which file is meant. Both fields are required.
type Request struct {
	HEI ewp.HEIID // the institution that has the file
	ID  string    // as another of its APIs gave it
}

// Get fetches a file. It is whole and verified when Get returns; Content must be
// closed. ContentType is what the host signed, empty where it did not: a type that
// came unsigned is not believed.
//
// Its error is that of [ewpclient.Client.Call]. A host that has no such file for us
// says 404, which is passerelle.ErrNotFound with an ewp.Error.Status; a partner that
// does not serve the API is one too, with an *ewpclient.ResolveError.
func (c *Client) Get(ctx context.Context, r Request) (*File, error) {
	if r.ID == "" {
		return nil, passerelle.FieldErrors{{Field: "ID", Rule: "required", Want: "the identifier of the file"}}
	}
	a, err := c.c.Call(ctx, ewpclient.Call{HEI: r.HEI, API: ewp.File, Params: url.Values{Param: {r.ID}}})
	if err != nil {
		return nil, err
	}
	body, err := a.Open()
	if err != nil {
		a.Close()
		return nil, err
	}
	return &File{
		ContentType: a.Header.Get("Content-Type"),
		Content: struct {
			io.Reader
			io.Closer
		}{body, a},
	}, nil
}
