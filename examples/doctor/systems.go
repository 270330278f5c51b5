package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/site"
)

// checkPegase asks the token service for a token, and the identities for one row.
func checkPegase(ctx context.Context, d *doctor) {
	endpoints, err := d.cfg.PegaseEndpoints()
	if !d.opened(err) {
		return
	}
	settings := d.cfg.Pegase.TLS
	seen := map[string]bool{}
	reached := true
	for _, e := range []struct{ name, address string }{
		{"token", endpoints.Token}, {"idt", endpoints.IDT}, {"ins", endpoints.INS}, {"gestion", endpoints.Gestion},
		{"odf", endpoints.ODF}, {"chc", endpoints.CHC}, {"coc", endpoints.COC},
	} {
		u, err := url.Parse(e.address)
		if e.address == "" || err == nil && seen[u.Host] {
			continue
		}
		if err == nil {
			seen[u.Host] = true
		}
		required := e.name == "token" || e.name == "idt" || e.name == "ins"
		if !d.reach(ctx, "address "+e.name, e.address, settings) && required {
			reached = false
		}
	}
	base, err := d.cfg.TLSConfig(settings, d.service)
	if !d.opened(err) {
		return
	}
	spy := &tokenSpy{base: &http.Transport{TLSClientConfig: base, Proxy: http.ProxyFromEnvironment}, address: endpoints.Token}
	policy := d.once()
	policy.Base = spy
	client, err := d.cfg.OpenPegase(policy)
	if !d.opened(err) || !reached || d.opts.offline {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	for _, e := range client.Search(ctx, pegase.SearchQuery{}) {
		err = e
		break
	}
	if d.answered("credentials", err, "a token is given, and the identities answer") && !spy.expires.IsZero() {
		if left := spy.expires.Sub(d.now()).Round(time.Minute); left > 0 {
			d.ok("token", "tokens end after %s: they are renewed in time", left)
		} else {
			d.fault("token", fmt.Sprintf("a new token has ended %s ago", -left), "the clocks differ: synchronise this machine, or tell the tenant's support")
		}
	}
	if d.cfg.Pegase.WriteINE {
		d.unchecked("write_ine", "the right to correct an INE shows only when one is corrected", "is Pégase's own question to INES switched off in the tenant?")
	}
}

// tokenSpy looks at the answer of the token service for the end of the token.
type tokenSpy struct {
	base    http.RoundTripper
	address string
	expires time.Time
}

func (s *tokenSpy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.base.RoundTrip(r)
	if err != nil || r.URL.String() != s.address || resp.StatusCode/100 != 2 {
		return resp, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	s.expires = expiry(string(data))
	resp.Body = io.NopCloser(strings.NewReader(string(data)))
	return resp, nil
}

// expiry is the end that a JWT names, without a look at its signature; zero when
// it is none.
func expiry(token string) time.Time {
	_, rest, _ := strings.Cut(strings.TrimSpace(token), ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(data, &claims) != nil || claims.Exp <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Exp), 0)
}

// checkApogee opens the base and looks at its queries, or asks the services for a
// student who does not exist.
func checkApogee(ctx context.Context, d *doctor) {
	s := d.cfg.Apogee
	policy := d.once()
	if s.Communes == "" {
		d.fault("birthplaces", "no file of communes: Apogée holds birthplaces as text, and INES wants their codes",
			"download INSEE's list of communes and name it in apogee.communes")
	}
	if s.URL != "" {
		reached := d.reach(ctx, "address", s.URL, s.TLS)
		client, err := d.cfg.OpenApogeeServices(policy)
		if !d.opened(err) || !reached || d.opts.offline {
			return
		}
		ctx, cancel := d.bounded(ctx)
		defer cancel()
		_, err = client.Identity(ctx, "1")
		fault, isFault := errors.AsType[*apogee.Error](err)
		if isFault && fault.Code != "" && (errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrInvalid)) {
			err = nil // the service itself says that it knows no such student; a mere 404 is a wrong address
		}
		d.answered("services", err, "EtudiantMetier answers")
		return
	}
	if d.offlineBase(s.DSN, "apogee.dsn") {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	_, closer, err := d.cfg.OpenApogee(ctx, policy)
	if closer != nil {
		defer closer.Close()
	}
	d.base(err)
}

// checkSQL opens the base and looks at its queries.
func checkSQL(ctx context.Context, d *doctor) {
	if d.offlineBase(d.cfg.SQL.DSN, "sql.dsn") {
		return
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	base, err := d.cfg.OpenSQL(ctx)
	if err == nil {
		defer base.Close()
	}
	d.base(err)
}

// offlineBase reports whether no base may be opened, and looks at the secret alone then.
func (d *doctor) offlineBase(dsn site.Secret, field string) bool {
	if d.opts.offline && d.opened(d.cfg.CheckSecret(dsn, field)) {
		d.unchecked("base", "not opened", "")
	}
	return d.opts.offline
}

// base tells how the opening of a base went.
func (d *doctor) base(err error) {
	if err == nil {
		d.ok("base", "the base opens, and every query has its columns")
		return
	}
	d.fault("base", cut(fmt.Sprint(err)), "the account needs to read the tables of the queries; queries and columns are those of the mapping")
}
