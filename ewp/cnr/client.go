package cnr

import (
	"context"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
)

// Sender delivers by clients, one for each own institution: c returns the one that
// calls in the name of an institution, or nil. It returns Send and Limit of an
// [OutboxConfig]. A partner whose catalogue entry takes no notifications is a failure
// that is tried again until the expiry, because entries come and go.
func Sender(c func(own ewp.HEIID) *ewpclient.Client) (Handler, func(Route) int) {
	send := func(ctx context.Context, n Notification) error {
		client := c(n.From)
		if client == nil {
			return fmt.Errorf("cnr: no client calls in the name of the sender: %w", passerelle.ErrUnavailable)
		}
		target, err := client.Resolve(n.To, n.API, "", majors(n.API)...)
		if err != nil {
			return err
		}
		major, ok := ewp.NamespaceMajor(target.Endpoint.Namespace)
		if !ok {
			return fmt.Errorf("cnr: the namespace of the partner's API has no version: %w", passerelle.ErrProtocol)
		}
		a, err := client.Call(ctx, ewpclient.Call{HEI: n.To, API: n.API, Majors: []int{major}, Params: n.Params(major)})
		if err != nil {
			return err
		}
		// 200 is the whole answer: whatever the body is, the message was understood.
		return a.Close()
	}
	limit := func(r Route) int {
		client := c(r.From)
		if client == nil {
			return 1
		}
		target, err := client.Resolve(r.To, r.API, "", majors(r.API)...)
		if err != nil {
			return 1
		}
		for _, element := range r.API.Limits() {
			return target.Limit(element) // notification APIs have one at most
		}
		return 1
	}
	return send, limit
}
