package ewptest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// LALimit is how many learning agreements a university of [ServeLAs] gives at once.
const LALimit = 3

// LAs are the learning agreements of a university: those of its own students, those of
// its guests, and the notifications that wait on both sides of it. Nothing happens by
// itself: [SettleLAs] sends and handles what waits. It is safe for concurrent use.
type LAs struct {
	Sent     omobilitylas.Store // of its own students
	Received omobilitylas.Store // of its guests, as it has read them
	Sender   *omobilitylas.Sender
	Receiver *omobilitylas.Receiver
	Client   *omobilitylas.Client

	mu       sync.Mutex
	outgoing []cnr.Change
	incoming []cnr.Notification
	findings passerelle.FieldErrors
}

// ServeLAs serves both APIs of learning agreements at a university, with their
// statistics. From the start it sends three students to each partner, one of each type of
// mobility, whose first versions wait to be approved: see [LASheet].
func ServeLAs(u *University, partners ...ewp.HEIID) (*LAs, error) {
	l := &LAs{Sent: omobilitylas.NewMemory(), Received: omobilitylas.NewMemory(), Client: omobilitylas.NewClient(u.Client)}
	var err error
	if l.Sender, err = omobilitylas.NewSender(omobilitylas.SenderConfig{Store: l.Sent, Notify: l.notify, Clock: u.network.Clock.Now}); err != nil {
		return nil, err
	}
	if l.Receiver, err = omobilitylas.NewReceiver(omobilitylas.ReceiverConfig{
		Store: l.Received, Client: func(ewp.HEIID) *omobilitylas.Client { return l.Client }, Seen: l.seen, Clock: u.network.Clock.Now,
	}); err != nil {
		return nil, err
	}
	for _, partner := range partners {
		for _, kind := range omobilitylas.Types() {
			if _, err := l.Sender.Open(context.Background(), LASheet(u.HEI, partner, kind)); err != nil {
				return nil, err
			}
		}
	}
	return l, errors.Join(
		omobilitylas.Register(u.Server, l.Sender, omobilitylas.Limits{OMobilityIDs: LALimit}),
		omobilitylas.RegisterNotifications(u.Server, l.take, omobilitylas.Limits{OMobilityIDs: LALimit}),
		omobilitylas.RegisterIncoming(u.Server, l.Receiver.Incoming))
}

// laSigned is when students and sending institutions of LASheet signed.
const laSigned = "2026-05-04T10:00:00+02:00"

// LASheet is the agreement of a student that one university sends to another, with the
// proposal of the first version. Its identifier is made of the two and of the type.
func LASheet(sending, receiving ewp.HEIID, kind omobilitylas.Type) omobilitylas.Agreement {
	id := LAID(sending, receiving, kind)
	contact := func(hei ewp.HEIID) omobilitylas.Person {
		return omobilitylas.Person{GivenNames: "Camille", FamilyName: "Exemple", Email: "mobility@" + hei.String()}
	}
	a := omobilitylas.Agreement{
		OMobilityID: id,
		Sending:     omobilitylas.Institution{HEI: sending, UnitName: "Faculty of Examples", Contact: contact(sending)},
		Receiving:   omobilitylas.Institution{HEI: receiving, Contact: contact(receiving)},
		YearID:      "2026/2027",
		Student: omobilitylas.Student{
			GivenNames: "Dominique", FamilyName: "Modèle", GlobalID: "urn:schac:personalUniqueCode:int:esi:" + sending.String() + ":" + id,
			BirthDate: "2005-01-31", Citizenship: "FR", Gender: "0", Email: "student@" + sending.String(),
		},
		StartDate: "2026-09-01", EndMonth: "2027-01", EQF: "6", ISCED: "0541", Language: omobilitylas.LanguageSkill{Language: "en", Level: "B2"},
		Proposal: &omobilitylas.Proposal{Version: omobilitylas.Version{
			StudentSignature: omobilitylas.Signature{Time: laSigned, App: "ewptest"},
			SendingSignature: LASignature(sending, laSigned),
		}},
	}
	a.Proposal.Tables = omobilitylas.TablesOf(laRows(kind))
	return a
}

// LAID is the identifier of the mobility of LASheet.
func LAID(sending, receiving ewp.HEIID, kind omobilitylas.Type) string {
	return string(kind) + "-" + sending.String() + "-" + receiving.String()
}

// LASignature is the signature of an institution, at a moment such as
// "2026-05-04T10:00:00+02:00".
func LASignature(hei ewp.HEIID, at string) omobilitylas.Signature {
	return omobilitylas.Signature{Name: "Camille Exemple", Position: "Mobility coordinator", Email: "mobility@" + hei.String(), Time: at, App: "ewptest"}
}

func laRows(kind omobilitylas.Type) []omobilitylas.Row {
	switch kind {
	case omobilitylas.Blended:
		return []omobilitylas.Row{
			{Table: omobilitylas.BlendedTable, Title: "Summer school", Credits: 300},
			{Table: omobilitylas.BlendedTable, Title: "Project online", Credits: 200, Description: "Work in groups of four, by video"},
		}
	case omobilitylas.Doctoral:
		return []omobilitylas.Row{{Table: omobilitylas.DoctoralTable, Title: "Stay in a laboratory"}}
	}
	return omobilitylas.RowsOf([]omobilitylas.Choice{
		{Code: "MAT-301", Title: "Algebra", Credits: 600, Term: 1, Terms: 2, Replaces: "Algèbre"},
		{Code: "MAT-302", Title: "Logic", Credits: 450, Term: 1, Terms: 2, Replaces: "Logique"},
		{Code: "INF-210", Title: "Proof assistants", Credits: 300, Term: 1, Terms: 2, Description: "Lectures and exercises online"},
	})
}

// notify keeps what is due.
func (l *LAs) notify(_ context.Context, changes ...cnr.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outgoing = append(l.outgoing, changes...)
	return nil
}

// take keeps what came.
func (l *LAs) take(_ context.Context, n ewpserver.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.incoming = append(l.incoming, cnr.Notification{Route: cnr.Route{From: n.Caller, To: n.HEI, API: ewp.OMobilityLACNR}, IDs: n.IDs})
	return nil
}

func (l *LAs) seen(_ context.Context, _ omobilitylas.State, findings passerelle.FieldErrors) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.findings = append(l.findings, findings...)
}

// Findings returns what should not have been in the agreements that were read.
func (l *LAs) Findings() passerelle.FieldErrors {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.findings)
}

// Waiting returns how many notifications wait to be sent, and to be handled.
func (l *LAs) Waiting() (outgoing, incoming int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.outgoing), len(l.incoming)
}

// work sends one notification and handles one; what fails goes back to the end of its
// queue. It reports whether something waited.
func (l *LAs) work(ctx context.Context) (waited bool, failure error) {
	l.mu.Lock()
	var change *cnr.Change
	var notice *cnr.Notification
	if len(l.outgoing) > 0 {
		change, l.outgoing = &l.outgoing[0], l.outgoing[1:]
	}
	if len(l.incoming) > 0 {
		notice, l.incoming = &l.incoming[0], l.incoming[1:]
	}
	l.mu.Unlock()
	if change != nil {
		if err := l.Client.Changed(ctx, change.To, change.ID); err != nil {
			failure = errors.Join(failure, err, l.notify(ctx, *change))
		}
	}
	if notice != nil {
		if err := l.Receiver.Fetch(ctx, *notice); err != nil {
			l.mu.Lock()
			l.incoming = append(l.incoming, *notice)
			l.mu.Unlock()
			failure = errors.Join(failure, err)
		}
	}
	return change != nil || notice != nil, failure
}

// SettleLAs sends and handles all notifications that wait, and those that follow, and
// tries again what fails until ctx ends, whose error it returns then with the last
// failure.
func SettleLAs(ctx context.Context, all ...*LAs) error {
	var last error
	for {
		waited, failed := false, false
		for _, l := range all {
			w, err := l.work(ctx)
			waited = waited || w
			if err != nil {
				failed, last = true, err
			}
		}
		if !waited {
			return nil
		}
		if !failed {
			continue
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
