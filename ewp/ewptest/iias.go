package ewptest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// IIALimit is how many agreements, and approvals, a university of [ServeIIAs] gives at
// once.
const IIALimit = 3

// IIAs are the agreements of a university: its records, its client, and the
// notifications that wait on both sides of it. Nothing happens by itself: Work, or
// [SettleIIAs], sends and handles what waits. It is safe for concurrent use.
type IIAs struct {
	Store iias.Store
	Sync  iias.Sync

	mu        sync.Mutex
	outgoing  []cnr.Change
	incoming  []cnr.Notification
	proposals map[string]*iias.Verified
}

// ServeIIAs serves all APIs of agreements at a university: agreements, approvals,
// statistics, and both notifications. With each partner it has a concluded agreement
// from the start, whose other copy a partner has that is served so too.
func ServeIIAs(u *University, partners ...ewp.HEIID) (*IIAs, error) {
	a := &IIAs{Store: iias.NewMemory(), proposals: map[string]*iias.Verified{}}
	a.Sync = iias.Sync{Store: a.Store, Client: iias.NewClient(u.Client), Notify: a.notify, Proposed: a.proposed}
	for _, partner := range partners {
		r, err := ConcludedIIA(u.HEI, partner)
		if err == nil {
			_, err = a.Store.Put(context.Background(), r)
		}
		if err != nil {
			return nil, err
		}
	}
	return a, errors.Join(
		iias.Register(u.Server, iias.FromStore(a.Store), IIALimit),
		iias.RegisterApproval(u.Server, iias.FromStore(a.Store), IIALimit),
		iias.RegisterNotification(u.Server, ewp.IIACNR, a.taking(ewp.IIACNR)),
		iias.RegisterNotification(u.Server, ewp.IIAApprovalCNR, a.taking(ewp.IIAApprovalCNR)))
}

// IIASheet is an agreement between two universities as the first one keeps it: students
// and teachers, both ways. Mirror images of each other say the same.
func IIASheet(own, partner ewp.HEIID) iias.Sheet {
	party := func(hei, other ewp.HEIID) iias.Party {
		return iias.Party{HEI: hei, ID: "iia-" + hei.String() + "-" + other.String(), Code: "2026/" + other.String()}
	}
	s := iias.Sheet{Own: party(own, partner), Partner: party(partner, own), InEffect: true}
	first := own.String() < partner.String() // whose direction stands first in both copies
	for _, incoming := range []bool{!first, first} {
		s.Rows = append(s.Rows, iias.Row{
			Kind: iias.StudentStudies, Incoming: incoming, FirstYear: 2026, LastYear: 2028, Persons: 2, Languages: []iias.Skill{{Language: "en", Level: "B2"}},
			Subjects: []string{"0541"}, Months: 1000, EQF: []int{6, 7},
		}, iias.Row{
			Kind: iias.StaffTeaching, Incoming: incoming, FirstYear: 2026, LastYear: 2028, Persons: 1, Languages: []iias.Skill{{Language: "en", Level: "C1"}},
			Subjects: []string{"0541"}, Days: 800,
		})
	}
	return s
}

// iiasAgreed is when the agreements of ConcludedIIA were concluded.
var iiasAgreed = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// ConcludedIIA is the record of an agreement that two universities concluded, as the
// first one has it.
func ConcludedIIA(own, partner ewp.HEIID) (iias.Record, error) {
	ours, err := iias.Seal(IIASheet(own, partner).Agreement())
	if err != nil {
		return iias.Record{}, err
	}
	theirs, err := iias.Seal(IIASheet(partner, own).Agreement())
	if err != nil {
		return iias.Record{}, err
	}
	s := IIASheet(own, partner)
	seen := iias.Seen{ID: s.Partner.ID, Hash: theirs.Hash, XML: theirs.XML, At: iiasAgreed}
	return iias.Record{
		ID: s.Own.ID, HEI: own, Partner: partner, PartnerID: s.Partner.ID, Own: ours, Seen: seen, ApprovedByPartner: ours.Hash, Approved: seen,
		Agreed: iias.Agreed{Own: ours, Partner: seen, At: iiasAgreed}, Changed: iiasAgreed,
	}, nil
}

// notify keeps what is due.
func (a *IIAs) notify(_ context.Context, changes ...cnr.Change) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outgoing = append(a.outgoing, changes...)
	return nil
}

// proposed keeps a proposal.
func (a *IIAs) proposed(_ context.Context, v *iias.Verified) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proposals[v.Owner().String()+" "+v.ID()] = v
	return nil
}

// Proposals returns the copies of partners that no record concerned when they were
// fetched, ordered by partner and identifier.
func (a *IIAs) Proposals() []*iias.Verified {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []*iias.Verified
	for _, key := range slices.Sorted(maps.Keys(a.proposals)) {
		all = append(all, a.proposals[key])
	}
	return all
}

// taking returns what keeps the notifications of an API.
func (a *IIAs) taking(api ewp.API) func(context.Context, iias.Notice) error {
	return func(_ context.Context, n iias.Notice) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.incoming = append(a.incoming, cnr.Notification{Route: cnr.Route{From: n.Caller, To: n.HEI, API: api}, IDs: []string{n.ID}})
		return nil
	}
}

// Received returns the notifications that wait to be handled.
func (a *IIAs) Received() []cnr.Notification {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.incoming)
}

// Work sends the notifications that are due and handles those that came, and returns how
// many these were. What fails waits for the next time.
func (a *IIAs) Work(ctx context.Context) (int, error) {
	a.mu.Lock()
	outgoing, incoming := a.outgoing, a.incoming
	a.outgoing, a.incoming = nil, nil
	a.mu.Unlock()
	var errs []error
	for _, change := range outgoing {
		if err := a.Sync.Client.Notify(ctx, change); err != nil {
			errs = append(errs, err, a.notify(ctx, change))
		}
	}
	for _, n := range incoming {
		if err := a.Sync.Fetch(ctx, n); err != nil {
			errs = append(errs, err)
			a.mu.Lock()
			a.incoming = append(a.incoming, n)
			a.mu.Unlock()
		}
	}
	return len(outgoing) + len(incoming), errors.Join(errs...)
}

// SettleIIAs lets universities work until no notification waits any more, or one fails.
func SettleIIAs(ctx context.Context, all ...*IIAs) error {
	for {
		done := 0
		for _, a := range all {
			n, err := a.Work(ctx)
			if err != nil {
				return err
			}
			done += n
		}
		if done == 0 {
			return nil
		}
	}
}
