package iias

import (
	"context"
	"encoding/xml"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider knows the agreements of an institution. It is safe for concurrent use. In
// each method p.HEI is the institution that was called, and p.Caller the partner that
// calls; what is not between the two must not be given. [FromStore] makes one.
type Provider interface {
	// Agreements yields the own copies with these identifiers, those that exist and are
	// of the caller; the others are left out. Each is served byte for byte.
	Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Revision, error]
	// IDs yields the identifiers of the own copies that Agreements would give the
	// caller, as far as the filter lets them through. Its first error ends the request.
	IDs(ctx context.Context, p ewpserver.Parties, f Filter) iter.Seq2[string, error]
	// Approvals yields what is approved here of the caller's copies with these
	// identifiers, as it was stored when it was approved; nothing is computed anew.
	Approvals(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Approval, error]
	// Stats returns the counts. The network's portal reads them once a month, and must
	// be let in.
	Stats(ctx context.Context, p ewpserver.Parties) (Stats, error)
}

// Filter is what a caller of index asks for. The zero value lets everything through.
type Filter struct {
	// Years are those that a condition must cover, any of them: see [Condition.Covers].
	Years []string
	// ModifiedSince leaves out what did not change since. More may be listed, never less.
	ModifiedSince time.Time
}

// Limits are how many identifiers one request may have, as the manifest entries of both
// APIs say (max-iia-ids). 0 is 1.
type Limits struct{ Agreements, Approvals int }

// Register serves iias (get, index, stats) and iias-approval on s. The notifications are
// served by the Inbox of package cnr, or by [RegisterNotifications]. Its error is that of
// ewpserver.Server.Handle, or passerelle.FieldErrors for a nil provider.
//
// A copy whose partners are not the two sides of the call is never served, whatever the
// provider gives.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what knows agreements"}}
	}
	get := ewpserver.Get[ewpserver.Raw]{
		ID: ParamID, Max: max.Agreements, Item: "iia",
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[ewpserver.Raw, error] {
			return between(q.Parties, p.Agreements(ctx, q.Parties, q.IDs))
		},
	}
	index := ewpserver.Index{
		Years: ParamYear, Since: true, Item: itemID,
		List: func(ctx context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
			return p.IDs(ctx, f.Parties, Filter{f.Years, f.ModifiedSince})
		},
	}
	stats := ewpserver.Stats[Stats]{Count: func(ctx context.Context, parties ewpserver.Parties) iter.Seq2[Stats, error] {
		return func(yield func(Stats, error) bool) { yield(p.Stats(ctx, parties)) }
	}}
	approvals := ewpserver.Get[Approval]{
		ID: ParamID, Max: max.Approvals, Item: "approval",
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Approval, error] {
			return p.Approvals(ctx, q.Parties, q.IDs)
		},
	}
	for _, e := range []struct {
		api      ewp.API
		endpoint string
		handler  ewpserver.Handler
	}{{ewp.IIAs, "get", get}, {ewp.IIAs, "index", index}, {ewp.IIAs, "stats", stats}, {ewp.IIAsApproval, "", approvals}} {
		if err := s.Handle(e.api, e.endpoint, e.handler, opts...); err != nil {
			return err
		}
	}
	return nil
}

// between lets the copies through whose partners are the two sides of a call.
func between(p ewpserver.Parties, copies iter.Seq2[Revision, error]) iter.Seq2[ewpserver.Raw, error] {
	return func(yield func(ewpserver.Raw, error) bool) {
		for r, err := range copies {
			document := []byte(r.XML)
			if err == nil {
				owner, other, failed := partnersOf(document)
				if failed != nil {
					err = failed
				} else if owner != p.HEI || other != p.Caller {
					err = passerelle.ErrForbidden
				}
			}
			if !yield(document, err) {
				return
			}
		}
	}
}

// partnersOf reads the beginning of a copy, up to its second partner.
func partnersOf(document []byte) (owner, other ewp.HEIID, err error) {
	s, err := newScanner(document)
	if err != nil {
		return owner, other, err
	}
	var heis []ewp.HEIID
	var text []byte
	for len(heis) < 2 {
		token, err := s.next()
		if err != nil {
			return owner, other, broken("two partners")
		}
		switch t := token.(type) {
		case xml.StartElement:
			text = text[:0]
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if t.Name.Local == "hei-id" && len(s.open) > 0 && s.open[len(s.open)-1].Local == "partner" {
				hei, err := ewp.ParseHEIID(string(text))
				if err != nil {
					return owner, other, err
				}
				heis = append(heis, hei)
			}
		}
	}
	return heis[0], heis[1], nil
}

// Notice is a change notification of a partner.
type Notice struct {
	ewpserver.Parties
	// ID is that of the partner's copy, or for an approval of ours.
	ID string
}

// Notifications takes notifications. It keeps them and returns at once, without asking
// the partner for anything; an error makes the partner send them again. Identifiers can
// be unknown.
type Notifications interface {
	// AgreementChanged is told that a copy of the partner's was made, changed or deleted.
	AgreementChanged(ctx context.Context, n Notice) error
	// ApprovalChanged is told that the partner's approval of our copy changed.
	ApprovalChanged(ctx context.Context, n Notice) error
}

// RegisterNotifications serves iia-cnr and iia-approval-cnr on s, for systems with a
// queue of their own. Its error is that of [Register].
func RegisterNotifications(s *ewpserver.Server, n Notifications, opts ...ewpserver.Option) error {
	if n == nil {
		return passerelle.FieldErrors{{Field: "Notifications", Rule: "required", Want: "what takes notifications"}}
	}
	for _, e := range []struct {
		api  ewp.API
		take func(context.Context, Notice) error
	}{{ewp.IIACNR, n.AgreementChanged}, {ewp.IIAApprovalCNR, n.ApprovalChanged}} {
		handler := ewpserver.Notification{ID: ParamID, Take: func(ctx context.Context, notice ewpserver.Notice) error {
			for _, id := range notice.IDs {
				if err := e.take(ctx, Notice{notice.Parties, id}); err != nil {
					return err
				}
			}
			return nil
		}}
		if err := s.Handle(e.api, "", handler, opts...); err != nil {
			return err
		}
	}
	return nil
}
