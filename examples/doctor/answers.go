package main

import (
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/site"
)

// opened reports whether a client could be made, and tells why not.
func (d *doctor) opened(err error) bool {
	switch secret, isSecret := errors.AsType[*site.SecretError](err); {
	case err == nil:
		return true
	case isSecret:
		d.fault("secret", secret.Error(), "set it where the configuration says, or correct the place")
	default:
		d.fault("configuration", cut(err.Error()), "correct the section in the configuration")
	}
	return false
}

// answered turns the error of a harmless call into a finding. It is true when the
// call brought an answer that shows the account to be good.
func (d *doctor) answered(check string, err error, good string) bool {
	switch {
	case err == nil:
		d.ok(check, "%s", good)
		return true
	case errors.Is(err, passerelle.ErrUnauthorized):
		d.fault(check, cut(err.Error()), "the account or its secret is refused: compare them with what the service gave; tokens end")
	case errors.Is(err, passerelle.ErrForbidden):
		d.fault(check, cut(err.Error()), "the account is known but may not do this, or this machine's address is not on the service's list: ask for the right, and send the address")
	case errors.Is(err, passerelle.ErrNotFound):
		d.fault(check, cut(err.Error()), "there is a server, but not this service at this path: compare the address")
	case errors.Is(err, passerelle.ErrRateLimited):
		d.fault(check, cut(err.Error()), "another program uses the same account: share one limiter, or wait")
	case errors.Is(err, passerelle.ErrUnavailable):
		d.fault(check, cut(err.Error()), "the service is down or in maintenance: try again later")
	case errors.Is(err, passerelle.ErrProtocol):
		d.fault(check, cut(err.Error()), "what answers is not this service, or another version: compare the address and the contract")
	default:
		d.fault(check, cut(err.Error()), fmt.Sprintf("see the documentation of package %s", d.service))
	}
	return false
}
