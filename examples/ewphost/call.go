package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// params are the -param flags, in the order given.
type params struct{ values url.Values }

// String returns nothing: parameters can be personal, and none is a default.
func (p *params) String() string { return "" }

// Set adds one.
func (p *params) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("want NAME=VALUE")
	}
	p.values.Add(name, value)
	return nil
}

// call makes one call to a partner and prints its answer.
func call(ctx context.Context, c *console, args []string) error {
	flags := newFlags("call")
	name := flags.String("config", "", "")
	partner := flags.String("hei", "", "")
	apiName := flags.String("api", "", "")
	endpoint := flags.String("endpoint", "", "")
	body := flags.String("body", "", "")
	encrypt := flags.Bool("gcm", false, "")
	report := flags.Bool("report", false, "")
	verbose := flags.Bool("v", false, "")
	given := params{url.Values{}}
	flags.Var(&given, "param", "")
	if err := parse(flags, args, "config", "hei", "api"); err != nil {
		return err
	}
	request := ewpclient.Call{Endpoint: *endpoint, Params: given.values}
	var err error
	if request.HEI, err = ewp.ParseHEIID(*partner); err != nil {
		return usagef("call: -hei: %w", err)
	}
	var ok bool
	if request.API, ok = ewp.ParseAPI(*apiName); !ok {
		return usagef("call: no such API: %q", *apiName)
	}
	if _, ok = request.API.Endpoint(*endpoint); !ok {
		return usagef("call: -endpoint: want %s", endpointNames(request.API))
	}
	if *body != "" {
		if request.XML, err = os.ReadFile(*body); err != nil {
			return err
		}
	}
	cfg, err := readConfig(*name)
	if err != nil {
		return err
	}
	var failures []ewpclient.Failure
	own := ewpclient.Config{HEI: cfg.HEI}
	if *report {
		request.Expected = true
		own.Report = func(f ewpclient.Failure) { failures = append(failures, f) }
	}
	client, err := newClient(ctx, c, cfg, own, *encrypt, *verbose)
	if err != nil {
		return err
	}
	err = exchange(ctx, c, client, request)
	tell(ctx, c, client, failures)
	return err
}

// newClient completes own and returns a client with a catalogue that is there.
func newClient(ctx context.Context, c *console, cfg *config, own ewpclient.Config, encrypt, verbose bool) (*ewpclient.Client, error) {
	logger := newLogger(c, slog.LevelWarn, verbose)
	catalogue, err := openCatalogue(cfg, "call", logger)
	if err != nil {
		return nil, err
	}
	if _, err := catalogue.Refresh(ctx); err != nil {
		if _, old := catalogue.Index(); old != nil {
			return nil, err
		}
		c.note("ewphost: warning: the copy of the catalogue is used: %v", err)
	}
	keys, err := readKeys(cfg.ClientKeys)
	if err != nil {
		return nil, err
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: keys[0]})
	if err != nil {
		return nil, err
	}
	own.Catalogue, own.Signer = catalogue, signer
	if own.Transport, err = outward(cfg, logger); err != nil {
		return nil, err
	}
	if encrypt {
		if own.Encryption, err = newDecrypter(keys); err != nil {
			return nil, err
		}
	}
	client, err := ewpclient.New(own)
	if err != nil {
		return nil, err
	}
	if err := client.Ready(); err != nil {
		c.note("ewphost: warning: partners may refuse this call: %v", err)
	}
	return client, nil
}

// exchange prints the answer on standard output, and what is known of it on standard
// error.
func exchange(ctx context.Context, c *console, client *ewpclient.Client, request ewpclient.Call) error {
	answer, err := client.Call(ctx, request)
	if errors.Is(err, passerelle.ErrInvalid) && passerelle.OutcomeOf(err) == passerelle.NotSent {
		return usageError{err}
	}
	if err != nil {
		return refused(c, err)
	}
	defer answer.Close()
	c.note("host:    %s", answer.Host.Provider())
	c.note("version: %s", answer.Version)
	c.note("status:  %d", answer.Status)
	if answer.Signed {
		c.note("signed:  yes, by a server key of that host, in answer to request %s", answer.RequestID)
	} else {
		c.note("signed:  no, TLS alone says who answered")
	}
	content, err := answer.Open()
	if err != nil {
		return refused(c, err)
	}
	if _, err = io.Copy(c.out, content); err != nil {
		return refused(c, err)
	}
	return nil
}

// refused shows what a partner said, and tells a refusal and an answer that cannot be
// believed from a partner that was not reached.
func refused(c *console, err error) error {
	e, ok := errors.AsType[*ewp.Error](err)
	if !ok {
		return err
	}
	if e.Response != nil {
		c.note("status:  %d", e.Status)
		c.note("partner: %s", e.Response.DeveloperMessage)
		for _, m := range e.Response.UserMessages {
			c.note("partner: %s", m.Value)
		}
	}
	if e.Status != 0 || errors.Is(err, passerelle.ErrProtocol) && passerelle.OutcomeOf(err) != passerelle.NotSent {
		return refusal{err}
	}
	return err
}

func endpointNames(api ewp.API) string {
	var names []string
	for _, e := range api.Endpoints() {
		if e.Name == "" {
			return "none, the API has one address"
		}
		names = append(names, e.Name)
	}
	return strings.Join(names, ", ")
}
