package echo

import (
	"context"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Register serves the API on s. Its error is that of ewpserver.Server.Handle.
func Register(s *ewpserver.Server, opts ...ewpserver.Option) error {
	return s.Handle(ewp.Echo, "", ewpserver.HandlerFunc(serve), opts...)
}

func serve(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
	if r.Caller.IsZero() { // an option let anonymous clients in; the specification does not
		return passerelle.ErrForbidden
	}
	response := Response{HEIs: []ewp.HEIID{r.Caller}, Echo: r.Params[Param]}
	return a.Encode(r.Root(), response)
}
