package iias

import (
	"context"
	"errors"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// Sync brings the records of a [Store] up to date with what partners have. Its fields
// are required, but for Proposed and Now.
type Sync struct {
	Store  Store
	Client *Client
	Notify Notify
	// Proposed is told of a partner's copy that no record concerns: a proposal, to be
	// answered by [Create] or bound to a record by [Record.Map] when a person decided.
	// It can be told of one several times. Nil drops it.
	Proposed func(ctx context.Context, v *Verified) error
	// Now is the time of the steps. Nil is time.Now.
	Now func() time.Time
}

func (y Sync) now() time.Time {
	if y.Now == nil {
		return time.Now()
	}
	return y.Now()
}

// Fetch does what a notification asks for, and is the Fetch of a cnr.InboxConfig: it
// fetches the partner's copies, or what the partner approves of ours, and takes the step
// that follows. What neither side knows of, and what concerns another partner, is no
// error. Its error is a *cnr.PartError.
func (y Sync) Fetch(ctx context.Context, n cnr.Notification) error {
	failed := map[string]error{}
	for _, id := range n.IDs {
		if err := y.fetch(ctx, n.Route, id); err != nil {
			failed[id] = err
		}
	}
	if len(failed) > 0 {
		return &cnr.PartError{Failed: failed}
	}
	return nil
}

func (y Sync) fetch(ctx context.Context, route cnr.Route, id string) error {
	switch route.API {
	case ewp.IIACNR:
		return y.See(ctx, route.From, id)
	case ewp.IIAApprovalCNR:
		r, err := y.Store.Get(ctx, id)
		if errors.Is(err, passerelle.ErrNotFound) || err == nil && r.Partner != route.From {
			return nil
		}
		if err == nil {
			_, err = y.Hear(ctx, id)
		}
		return err
	}
	return passerelle.FieldErrors{{Field: "API", Rule: "unknown", Want: "iia-cnr or iia-approval-cnr"}}
}

// See fetches one copy of a partner's and takes note of it: [Record.Saw], [Record.Gone]
// where the partner has none, or Proposed. Its error is that of [Client.Fetch], of a
// step or of the store.
func (y Sync) See(ctx context.Context, partner ewp.HEIID, partnerID string) error {
	r, err := y.Store.Find(ctx, partner, partnerID)
	known := err == nil
	if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		return err
	}
	v, err := y.Client.Fetch(ctx, FetchRequest{HEI: partner, ID: partnerID})
	absent, gone := errors.AsType[*AbsentError](err)
	if err != nil && !gone {
		return err
	}
	if !known && !gone && v.PartnerID() != "" {
		// A copy that names ours, which does not name it yet.
		if r, err = y.Store.Get(ctx, v.PartnerID()); err == nil {
			known = r.Partner == partner && r.HEI == v.other && r.PartnerID == ""
		} else if !errors.Is(err, passerelle.ErrNotFound) {
			return err
		}
	}
	switch {
	case known && r.Deleted, known && gone && r.PartnerID != partnerID:
		return nil
	case known:
		_, err = Do(ctx, y.Store, r.ID, y.Notify, func(r Record) (Record, []cnr.Change, error) {
			if gone {
				return r.Gone(absent, y.now())
			}
			return r.Saw(v, y.now())
		})
		return err
	case gone || y.Proposed == nil:
		return nil
	}
	return y.Proposed(ctx, v)
}

// Hear asks the partner whether it approves our copy and takes note: [Record.Heard].
func (y Sync) Hear(ctx context.Context, id string) (Record, error) {
	r, err := y.Store.Get(ctx, id)
	if err != nil || r.Deleted {
		return r, err
	}
	approval, err := y.Client.Approval(ctx, r.Partner, id)
	if err != nil {
		return r, err
	}
	return Do(ctx, y.Store, id, y.Notify, func(r Record) (Record, []cnr.Change, error) {
		return r.Heard(approval.Hash, y.now())
	})
}

// Approve approves the partner's copy as it was shown to a person: it is fetched anew,
// and must be the same. See [Record.Approve].
func (y Sync) Approve(ctx context.Context, id string, shown Hash) (Record, error) {
	r, err := y.Store.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if r.PartnerID == "" {
		return r, Approving.refuse("mapped", "a copy that is mapped to the partner's")
	}
	v, err := y.Client.Fetch(ctx, FetchRequest{HEI: r.Partner, ID: r.PartnerID})
	if err != nil {
		return r, err
	}
	return Do(ctx, y.Store, id, y.Notify, func(r Record) (Record, []cnr.Change, error) {
		return r.Approve(shown, v, y.now())
	})
}
