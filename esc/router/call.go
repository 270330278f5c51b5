package router

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// call is one operation of the API.
type call struct {
	operation string // "router.create-card"
	method    string
	url       string
	class     transport.Class
	as        string // institution whose token is used
	public    bool   // no token
	accept    string // media type wanted; "" is JSON
	body      any    // sent as JSON, or *form
}

// form is a body that is not JSON.
type form struct {
	media string
	data  []byte
}

// token returns the token of an institution, of the only one when none is named.
func (c *Client) token(as string) (string, error) {
	if as == "" && len(c.config.Organisations) == 1 {
		return c.config.Organisations[0].Token, nil
	}
	if token, ok := c.tokens[as]; ok {
		return token, nil
	}
	want := "the PIC of an institution of the configuration"
	if len(c.tokens) == 0 {
		want = "institutions in the configuration: this call needs a token"
	}
	return "", passerelle.FieldErrors{{Field: "As", Rule: "required", Want: want}}
}

// do sends a call and returns its successful answer.
func (c *Client) do(ctx context.Context, k call) (*transport.Response, error) {
	req := &transport.Request{
		Operation: k.operation, Method: k.method, URL: k.url, Class: k.class,
		Header: http.Header{"Accept": {"application/json"}},
	}
	if k.accept != "" {
		req.Header.Set("Accept", k.accept)
	}
	if !k.public {
		token, err := c.token(k.as)
		if err != nil {
			return nil, err
		}
		req.Credentials = true
		if c.config.AuthHeader != "" {
			req.Header.Set(c.config.AuthHeader, token)
		} else {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
	switch body := k.body.(type) {
	case nil:
	case *form:
		req.Body = body.data
		req.Header.Set("Content-Type", body.media)
	default:
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		req.Body = data
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	if resp.Err() != nil {
		return nil, c.refusal(k.operation, resp)
	}
	return resp, nil
}

// decode sends a call and reads its answer into out.
func (c *Client) decode(ctx context.Context, k call, out any) error {
	resp, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(resp.Body, out); err != nil {
		return misunderstood(k.operation, resp)
	}
	return nil
}

// path joins segments behind the base of the API, each escaped as one: an
// identifier may hold what separates addresses.
func (c *Client) path(segments ...string) string {
	return join(c.rest, segments)
}

func join(base string, segments []string) string {
	var b strings.Builder
	b.WriteString(base)
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// required returns the fault of a text that is missing from a request. A number of
// dots alone would be resolved away in an address.
func required(field, s, want string) error {
	if strings.Trim(s, " .") == "" {
		return passerelle.FieldErrors{{Field: field, Rule: "required", Want: want}}
	}
	return nil
}
