package ewptest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// MobilityLimit is how many mobilities a university of [ServeMobilities] takes at once.
const MobilityLimit = 3

// Mobilities are the nominations of a university: of its own students, with what
// partners said of their arrival; of its guests, with their stays; and the notifications
// that wait on both sides of it. Nothing happens by itself: [SettleMobilities] sends and
// handles what waits. It is safe for concurrent use.
type Mobilities struct {
	Sender   *omobilities.Sender   // of its own students
	Receiver *omobilities.Receiver // of its guests
	Stays    *imobilities.Stays    // of its guests
	// Client and Arrivals ask partners.
	Client   *omobilities.Client
	Arrivals *imobilities.Client

	fetchArrivals cnr.Handler

	mu       sync.Mutex
	outgoing []cnr.Change
	incoming []cnr.Notification
	arrived  map[omobilities.Key]imobilities.Mobility
}

// ServeMobilities serves at a university omobilities, imobilities, both of their
// notifications and the statistics. From the start it nominates three students to each
// partner, and expects as many from it, of whom the one with a semester has arrived. They
// are those of [LASheet], and have its identifiers.
func ServeMobilities(u *University, rules omobilities.Rules, partners ...ewp.HEIID) (*Mobilities, error) {
	m := &Mobilities{Client: omobilities.NewClient(u.Client), Arrivals: imobilities.NewClient(u.Client), arrived: map[omobilities.Key]imobilities.Mobility{}}
	now := u.network.Clock.Now
	var err error
	if m.Sender, err = omobilities.NewSender(omobilities.SenderConfig{Store: omobilities.NewMemory(), Notify: m.notify, Rules: rules, Clock: now}); err != nil {
		return nil, err
	}
	if m.Receiver, err = omobilities.NewReceiver(omobilities.ReceiverConfig{
		Store: omobilities.NewMemory(), Client: func(ewp.HEIID) *omobilities.Client { return m.Client }, Rules: rules, Clock: now,
	}); err != nil {
		return nil, err
	}
	m.Stays = imobilities.NewStays(m.notify)
	m.fetchArrivals = imobilities.Fetcher(func(ewp.HEIID) *imobilities.Client { return m.Arrivals }, func(_ context.Context, _ ewp.HEIID, arrived imobilities.Mobility) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.arrived[omobilities.Key{Sending: u.HEI, ID: arrived.ID}] = arrived
		return nil
	})
	for _, partner := range partners {
		if err := m.invent(u.HEI, partner, now()); err != nil {
			return nil, err
		}
	}
	return m, errors.Join(
		omobilities.Register(u.Server, m.Sender, omobilities.Limits{IDs: MobilityLimit}),
		omobilities.RegisterNotifications(u.Server, m.take(ewp.OMobilityCNR), omobilities.Limits{IDs: MobilityLimit}),
		imobilities.Register(u.Server, m.Stays, imobilities.Limits{IDs: MobilityLimit}),
		imobilities.RegisterNotifications(u.Server, m.take(ewp.IMobilityCNR), imobilities.Limits{IDs: MobilityLimit}))
}

// arrivalDay is when the guests with a semester arrived.
var arrivalDay = passerelle.MustParseDate("2026-09-01")

func (m *Mobilities) invent(own, partner ewp.HEIID, now time.Time) error {
	for _, kind := range omobilitylas.Types() {
		if _, err := m.Sender.Nominate(context.Background(), NewNomination(own, partner, kind)); err != nil {
			return err
		}
		arrival := passerelle.Date{}
		if kind == omobilitylas.Semester {
			arrival = arrivalDay
		}
		guest := imobilities.Key{Receiving: own, Sending: partner, ID: LAID(partner, own, kind)}
		if _, err := m.Stays.Set(context.Background(), guest, arrival, passerelle.Date{}, now); err != nil {
			return err
		}
	}
	return nil
}

// NewNomination is the nomination of the student of [LASheet], with its identifier.
func NewNomination(sending, receiving ewp.HEIID, kind omobilitylas.Type) omobilities.Mobility {
	la := LASheet(sending, receiving, kind)
	attributes := map[omobilitylas.Type]string{
		omobilitylas.Semester: omobilities.LongTerm, omobilitylas.Blended: omobilities.ShortTermBlended, omobilitylas.Doctoral: omobilities.ShortTermDoctoral,
	}
	m := omobilities.Mobility{
		ID: la.OMobilityID, Status: omobilities.Pending,
		Student: omobilities.Student{
			GivenNames: ewp.Texts{{Value: la.Student.GivenNames}}, FamilyName: ewp.Texts{{Value: la.Student.FamilyName}}, GlobalID: la.Student.GlobalID,
			BirthDate: la.Student.BirthDate, Nationality: la.Student.Citizenship, Gender: la.Student.Gender, Email: la.Student.Email,
		},
		Nomination: omobilities.Nomination{
			Sending: omobilities.HEI{HEI: sending}, Receiving: omobilities.HEI{HEI: receiving}, Term: la.YearID + "-1/2", Year: la.YearID,
			ActivityType: omobilities.StudentStudies, ActivityAttributes: attributes[kind], AgreementISCED: la.ISCED, EQF: la.EQF, NomineeISCED: la.ISCED,
		},
	}
	m.Nomination.ProposalID = omobilities.ProposalID(m.ID, m.Nomination)
	return m
}

// Arrived returns what a partner said of the arrival and departure of a student that the
// university sent.
func (m *Mobilities) Arrived(k omobilities.Key) (imobilities.Mobility, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	arrived, ok := m.arrived[k]
	return arrived, ok
}

// Waiting returns how many notifications wait to be sent, and to be handled.
func (m *Mobilities) Waiting() (outgoing, incoming int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.outgoing), len(m.incoming)
}

// notify keeps what is due.
func (m *Mobilities) notify(_ context.Context, changes ...cnr.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outgoing = append(m.outgoing, changes...)
	return nil
}

// take keeps what came by an API.
func (m *Mobilities) take(api ewp.API) func(context.Context, ewpserver.Notice) error {
	return func(_ context.Context, n ewpserver.Notice) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.incoming = append(m.incoming, cnr.Notification{Route: cnr.Route{From: n.Caller, To: n.HEI, API: api}, IDs: n.IDs})
		return nil
	}
}

// work sends the notifications that wait, and handles those that do; what fails waits
// again. It reports whether something waited.
func (m *Mobilities) work(ctx context.Context) (waited bool, failure error) {
	m.mu.Lock()
	outgoing, incoming := m.outgoing, m.incoming
	m.outgoing, m.incoming = nil, nil
	m.mu.Unlock()
	for _, change := range outgoing {
		var err error
		if change.API == ewp.OMobilityCNR {
			err = m.Client.Notify(ctx, omobilities.NotifyRequest{HEI: change.To, IDs: []string{change.ID}})
		} else {
			err = m.Arrivals.Notify(ctx, imobilities.NotifyRequest{HEI: change.To, IDs: []string{change.ID}})
		}
		if err != nil {
			failure = errors.Join(failure, err, m.notify(ctx, change))
		}
	}
	for _, notice := range incoming {
		fetch := m.Receiver.Fetch
		if notice.API == ewp.IMobilityCNR {
			fetch = m.fetchArrivals
		}
		if err := fetch(ctx, notice); err != nil {
			failure = errors.Join(failure, err)
			m.mu.Lock()
			m.incoming = append(m.incoming, notice)
			m.mu.Unlock()
		}
	}
	return len(outgoing)+len(incoming) > 0, failure
}

// SettleMobilities sends and handles all notifications that wait, and those that follow,
// and tries again what fails until ctx ends, whose error it returns then with the last
// failure.
func SettleMobilities(ctx context.Context, all ...*Mobilities) error {
	for {
		waited := false
		var failure error
		for _, m := range all {
			w, err := m.work(ctx)
			waited, failure = waited || w, errors.Join(failure, err)
		}
		switch {
		case !waited:
			return nil
		case failure == nil:
			continue
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), failure)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
