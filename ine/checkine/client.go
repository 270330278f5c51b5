package checkine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/transport"
)

// typeINES is the only type of key that is seen in use.
const typeINES = "INES"

// Config is what [New] needs.
type Config struct {
	BaseURL string // address of the service, without the paths; required
	// Header is sent with each request: some establishments protect the service by
	// a header of their own.
	Header http.Header
	// Legacy speaks the form of January 2018, which puts the number in the path of
	// the URL, where proxies may log it.
	Legacy    bool
	Transport transport.Config
}

// Client asks a key service. It is safe for concurrent use.
type Client struct {
	cfg    Config
	base   string
	client *transport.Client
}

var _ ine.KeyService = (*Client)(nil)

// New checks cfg and returns a client. Its error is passerelle.FieldErrors.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	if u, err := url.Parse(cfg.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		faults.Add("BaseURL", "url", "the absolute http or https address of the service")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, base: strings.TrimRight(cfg.BaseURL, "/"), client: client}, nil
}

// question is the body of the current form.
type question struct {
	Type string `json:"type"`
	INE  string `json:"ine"` // nine digits
	Key  string `json:"cle"` // two letters
}

// CheckINE reports whether key is the key of the nine digits body, according to
// the service. Its error is that of the transport, or passerelle.ErrProtocol for an
// answer that is no boolean: it says nothing of the key.
func (c *Client) CheckINE(ctx context.Context, body, key string) (bool, error) {
	r := &transport.Request{Operation: "checkine.check", Header: c.cfg.Header.Clone(), Class: transport.Read, Credentials: true}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Accept", "application/json")
	if c.cfg.Legacy {
		r.URL = c.base + "/checkINE/type/" + typeINES + "/ine/" + url.PathEscape(body) + "/cle/" + url.PathEscape(key)
	} else {
		data, err := json.Marshal(question{typeINES, body, key})
		if err != nil {
			return false, err
		}
		r.Method, r.URL, r.Body = http.MethodPost, c.base+"/v1/check-ine", data
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.do(ctx, r)
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(string(answer)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("checkine.check: the answer is neither true nor false: %w", passerelle.ErrProtocol)
}

// Version asks the service for its version: free text, to see that it is there.
func (c *Client) Version(ctx context.Context) (string, error) {
	answer, err := c.do(ctx, &transport.Request{
		Operation: "checkine.version", URL: c.base + "/version", Header: c.cfg.Header.Clone(), Class: transport.Read, Credentials: true,
	})
	return strings.TrimSpace(string(answer)), err
}

// do sends r and returns the body of a successful answer.
func (c *Client) do(ctx context.Context, r *transport.Request) ([]byte, error) {
	r.MaxBody = 64 << 10
	resp, err := c.client.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := resp.Err(); err != nil {
		return nil, err
	}
	return resp.Body, nil
}
