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
	// Stats returns the counts. The network's portal reads them once a month, and must
	// be let in.
	Stats(ctx context.Context, p ewpserver.Parties) (Stats, error)
}

// Approver knows what an institution approves. It is safe for concurrent use.
// [FromStore] makes one.
type Approver interface {
	// Approvals yields what is approved here of the caller's copies with these
	// identifiers, as it was stored when it was approved; nothing is computed anew.
	Approvals(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Approval, error]
}

// Filter is what a caller of index asks for. The zero value lets everything through.
type Filter struct {
	// Years are those that a condition must cover, any of them: see [Condition.Covers].
	Years []string
	// ModifiedSince leaves out what did not change since. More may be listed, never less.
	ModifiedSince time.Time
}

// Register serves iias (get, index, stats) on s. max is how many agreements one request
// may ask for, as the manifest entry says (max-iia-ids); 0 is 1. Its error is that of
// ewpserver.Server.Handle, or passerelle.FieldErrors for a nil provider.
//
// A copy whose partners are not the two sides of the call is never served, whatever the
// provider gives.
func Register(s *ewpserver.Server, p Provider, max int, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what knows agreements"}}
	}
	get := ewpserver.Get[ewpserver.Raw]{
		ID: ParamID, Max: max, Item: "iia",
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
	if err := s.Handle(ewp.IIAs, "get", get, opts...); err != nil {
		return err
	}
	if err := s.Handle(ewp.IIAs, "index", index, opts...); err != nil {
		return err
	}
	return s.Handle(ewp.IIAs, "stats", stats, opts...)
}

// RegisterApproval serves iias-approval on s. max and the error are like those of
// [Register].
func RegisterApproval(s *ewpserver.Server, p Approver, max int, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Approver", Rule: "required", Want: "what knows approvals"}}
	}
	return s.Handle(ewp.IIAsApproval, "", ewpserver.Get[Approval]{
		ID: ParamID, Max: max, Item: "approval",
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Approval, error] {
			return p.Approvals(ctx, q.Parties, q.IDs)
		},
	}, opts...)
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

// RegisterNotification serves iia-cnr, by which a partner tells that a copy of its own
// was made, changed or deleted, or iia-approval-cnr, by which it tells that its approval
// of a copy of ours changed; api says which. take keeps the notice and returns at once,
// without asking the partner for anything; an error makes the partner send it again.
// Identifiers can be unknown. Its error is like that of [Register].
//
// It is for systems with a queue of their own: the Inbox of package cnr serves both.
func RegisterNotification(s *ewpserver.Server, api ewp.API, take func(context.Context, Notice) error, opts ...ewpserver.Option) error {
	var faults passerelle.FieldErrors
	if api != ewp.IIACNR && api != ewp.IIAApprovalCNR {
		faults.Add("API", "unknown", "iia-cnr or iia-approval-cnr")
	}
	if take == nil {
		faults.Add("take", "required", "what takes notifications")
	}
	if len(faults) > 0 {
		return faults
	}
	return s.Handle(api, "", ewpserver.Notification{ID: ParamID, Take: func(ctx context.Context, n ewpserver.Notice) error {
		for _, id := range n.IDs {
			if err := take(ctx, Notice{n.Parties, id}); err != nil {
				return err
			}
		}
		return nil
	}}, opts...)
}
