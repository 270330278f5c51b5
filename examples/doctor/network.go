package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/site"
)

const (
	certificateWarning = 21 * 24 * time.Hour // before its end
	maxSkew            = 2 * time.Minute
)

// reach checks an address: its form, its name, its certificate, its clock. It is
// false when nothing more can be asked there. The GET that it makes bears no credentials.
func (d *doctor) reach(ctx context.Context, what, address string, settings site.TLS) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		d.fault(what, "the address is no http(s) URL", "correct it in the configuration; accounts have fields of their own")
		return false
	}
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme == "http" && !loopback {
		d.fault(what, "the address is not https: credentials and personal data would travel in the open", "ask the service for its https address")
		return false
	}
	cfg, err := d.cfg.TLSConfig(settings, d.service)
	if err != nil {
		d.fault(what, err.Error(), "correct the files of the section's tls")
		return false
	}
	if d.opts.offline {
		d.unchecked(what, u.Scheme+"://"+u.Host+": not called", "")
		return true
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: cfg, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Scheme+"://"+u.Host+"/", nil)
	if err != nil {
		d.fault(what, "the address is no http(s) URL", "correct it in the configuration")
		return false
	}
	began := d.now()
	response, err := client.Do(request)
	if err != nil {
		detail, fix := networkFault(err)
		d.fault(what, u.Host+": "+detail, fix)
		return false
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // the answer itself says nothing
	d.ok(what, "%s://%s answers (status %d in %s)", u.Scheme, u.Host, response.StatusCode, d.now().Sub(began).Round(time.Millisecond))
	d.certificate(what, response.TLS)
	d.clock(what, response.Header.Get("Date"), began)
	return true
}

// certificate looks at the end of what the service showed.
func (d *doctor) certificate(what string, state *tls.ConnectionState) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return
	}
	end := state.PeerCertificates[0].NotAfter
	detail := fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), end.Format(time.DateOnly))
	if left := end.Sub(d.now()); left < certificateWarning {
		d.fault(what+" certificate", detail, "the service renews it; tell its support when it does not")
		return
	}
	d.ok(what+" certificate", "%s", detail)
}

// clock compares the service's clock with this machine's: signatures and tokens depend on it.
func (d *doctor) clock(what, date string, began time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	skew := at.Sub(began).Round(time.Second)
	if skew.Abs() > maxSkew {
		d.fault(what+" clock", fmt.Sprintf("the service's clock is %s from this machine's", skew), "synchronise this machine (chrony, ntpd): tokens and signatures are refused else")
		return
	}
	d.ok(what+" clock", "within %s of the service's", maxSkew)
}

// networkFault says what an error of the network means, without addresses that may hold secrets.
func networkFault(err error) (detail, fix string) {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name is not known", "is the address right? Some services have names that only their own network knows"
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := "an authority"
		if e.Cert != nil {
			issuer = e.Cert.Issuer.String()
		}
		return "its certificate comes from " + issuer + ", which this machine does not trust",
			"put the authority's certificate into the section's tls.ca; when it is a public one, the service does not send its intermediate certificate"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for another name", "use the name that is in the certificate"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return "its certificate is not valid: " + e.Error(), "the service renews it; is this machine's clock right?"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time", "a filter often drops calls from unknown addresses: ask for this machine's address to be let through"
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "no connection: " + rootCause(op), "is the port right, and is this machine's address let through?"
	}
	if strings.Contains(err.Error(), "tls: ") {
		return "the TLS handshake fails: " + rootCause(err), "does the service ask for a client certificate (tls.client_cert)?"
	}
	return rootCause(err), "try again; then ask the service's support"
}

// rootCause is the innermost error's text.
func rootCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return cut(err.Error())
		}
		err = inner
	}
}
