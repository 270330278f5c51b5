package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/tors"
)

// stepEWP is what two universities exchange by Erasmus Without Paper.
const stepEWP = "ewp"

// The two universities: we receive, the partner sends. Both are invented.
var (
	ourHEI     = ewp.MustParseHEIID("univ.example")
	partnerHEI = ewp.MustParseHEIID("uni-voorbeeld.example")
)

// campus is what one university has of the other, and its post.
type campus struct {
	hei    ewp.HEIID
	outbox *cnr.Outbox
	inbox  *cnr.Inbox
	iias   iias.Sync

	mu       sync.Mutex
	proposed *iias.Verified
	arrived  []string          // stays that the sending institution was told of
	tors     map[string]string // transcripts that came back, by mobility: the result of a first course

	sender     *omobilities.Sender
	receiver   *omobilities.Receiver
	lasSender  *omobilitylas.Sender
	lasDesk    *omobilitylas.Receiver
	lasRead    omobilitylas.Store // of our guests
	stays      *imobilities.Stays
	transcript *tors.Record
}

// partners are both of them, on a network of their own over loopback TLS.
type partners struct {
	network      *ewptest.Network
	ours, theirs *campus
	said         []string // what was done, for people
}

func (p *partners) say(format string, args ...any) {
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

// quickly is how post is delivered where nobody needs to be spared.
var quickly = cnr.Work{Poll: 10 * time.Millisecond, Backoff: func(int) time.Duration { return 10 * time.Millisecond }}

// openPartners starts the registry and both universities. Every notification goes
// through the outbox of one and the inbox of the other.
func openPartners() (*partners, error) {
	p := &partners{}
	clients := func(hei ewp.HEIID) *ewpclient.Client { return p.network.University(hei.String()).Client }
	for _, hei := range []ewp.HEIID{ourHEI, partnerHEI} {
		c, err := newCampus(hei, clients)
		if err != nil {
			return nil, err
		}
		if hei == ourHEI {
			p.ours = c
		} else {
			p.theirs = c
		}
	}
	var err error
	p.network, err = ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ourHEI, Register: p.ours.register}, {HEI: partnerHEI, Register: p.theirs.register},
	}})
	return p, err
}

func newCampus(hei ewp.HEIID, clients func(ewp.HEIID) *ewpclient.Client) (*campus, error) {
	c := &campus{hei: hei, tors: map[string]string{}}
	send, limit := cnr.Sender(clients)
	var err error
	if c.outbox, err = cnr.NewOutbox(cnr.OutboxConfig{Queue: cnr.NewMemory(), Send: send, Limit: limit, Work: quickly}); err != nil {
		return nil, err
	}
	c.iias = iias.Sync{Store: iias.NewMemory(), Notify: c.outbox.Notify, Proposed: func(_ context.Context, v *iias.Verified) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.proposed = v
		return nil
	}}
	if c.sender, err = omobilities.NewSender(omobilities.SenderConfig{Store: omobilities.NewMemory(), Notify: c.outbox.Notify}); err != nil {
		return nil, err
	}
	if c.receiver, err = omobilities.NewReceiver(omobilities.ReceiverConfig{
		Store: omobilities.NewMemory(), Client: func(hei ewp.HEIID) *omobilities.Client { return omobilities.NewClient(clients(hei)) },
	}); err != nil {
		return nil, err
	}
	if c.lasSender, err = omobilitylas.NewSender(omobilitylas.SenderConfig{Store: omobilitylas.NewMemory(), Notify: c.outbox.Notify}); err != nil {
		return nil, err
	}
	c.lasRead = omobilitylas.NewMemory()
	if c.lasDesk, err = omobilitylas.NewReceiver(omobilitylas.ReceiverConfig{
		Store: c.lasRead, Client: func(hei ewp.HEIID) *omobilitylas.Client { return omobilitylas.NewClient(clients(hei)) },
	}); err != nil {
		return nil, err
	}
	c.stays = imobilities.NewStays(c.outbox.Notify)
	arrivals := imobilities.Fetcher(func(hei ewp.HEIID) *imobilities.Client { return imobilities.NewClient(clients(hei)) },
		func(_ context.Context, _ ewp.HEIID, m imobilities.Mobility) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.arrived = append(c.arrived, m.ID)
			return nil
		})
	c.inbox, err = cnr.NewInbox(cnr.InboxConfig{Queue: cnr.NewMemory(), Work: quickly, Fetch: func(ctx context.Context, n cnr.Notification) error {
		switch n.API {
		case ewp.IIACNR, ewp.IIAApprovalCNR:
			return c.iias.Fetch(ctx, n)
		case ewp.OMobilityCNR:
			return c.receiver.Fetch(ctx, n)
		case ewp.OMobilityLACNR:
			return c.lasDesk.Fetch(ctx, n)
		case ewp.IMobilityCNR:
			return arrivals(ctx, n)
		case ewp.IMobilityToRCNR:
			return c.fetchToRs(ctx, tors.NewClient(clients(c.hei)), n)
		}
		return fmt.Errorf("nobody reads notifications of %s", n.API)
	}})
	return c, err
}

// register serves everything that a partner of this exchange needs.
func (c *campus) register(u *ewptest.University) error {
	c.iias.Client = iias.NewClient(u.Client)
	return errors.Join(
		iias.Register(u.Server, iias.FromStore(c.iias.Store), 3),
		iias.RegisterApproval(u.Server, iias.FromStore(c.iias.Store), 3),
		omobilities.Register(u.Server, c.sender, omobilities.Limits{IDs: 3}),
		omobilitylas.Register(u.Server, c.lasSender, omobilitylas.Limits{OMobilityIDs: 3}),
		imobilities.Register(u.Server, c.stays, imobilities.Limits{IDs: 3}),
		tors.Register(u.Server, c, tors.Config{}),
		c.inbox.Register(u.Server, 3, ewp.IIACNR, ewp.IIAApprovalCNR, ewp.OMobilityCNR, ewp.OMobilityLACNR, ewp.IMobilityCNR, ewp.IMobilityToRCNR),
	)
}

// ToRs implements tors.Provider.
func (c *campus) ToRs(_ context.Context, _ ewpserver.Parties, ids []string) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.transcript != nil && slices.Contains(ids, c.transcript.OMobilityID) {
			yield(*c.transcript, nil)
		}
	}
}

// Index implements tors.Provider.
func (c *campus) Index(context.Context, tors.Filter) iter.Seq2[tors.Entry, error] {
	return func(yield func(tors.Entry, error) bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.transcript != nil {
			yield(c.transcript.Entry, nil)
		}
	}
}

// fetchToRs gets the transcripts of a notification.
func (c *campus) fetchToRs(ctx context.Context, client *tors.Client, n cnr.Notification) error {
	for t, err := range client.Get(ctx, tors.GetRequest{HEI: n.From, IDs: n.IDs}) {
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.tors[t.OMobilityID] = t.ELMO.Reports[0].CreditsPassed("ects").FloatString(1)
		c.mu.Unlock()
	}
	return nil
}

// settled waits until no notification waits any more, on either side.
func (p *partners) settled(ctx context.Context) error {
	for range 2000 {
		waiting := 0
		for _, c := range []*campus{p.ours, p.theirs} {
			out, err := c.outbox.Counts(ctx, cnr.Filter{})
			if err != nil {
				return err
			}
			in, err := c.inbox.Counts(ctx, cnr.Filter{})
			if err != nil {
				return err
			}
			waiting += out.Waiting + in.Waiting
		}
		if waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("notifications are still under way after twenty seconds")
}

// exchange plays the partners of the incoming student: an agreement and its change,
// a nomination, a learning agreement and its change, the arrival, the transcript.
func (s *season) exchange(ctx context.Context, res *results) error {
	p, err := openPartners()
	if err != nil {
		return err
	}
	defer p.network.Close()
	work, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, c := range []*campus{p.ours, p.theirs} {
		running.Go(func() { c.outbox.Run(work) })
		running.Go(func() { c.inbox.Run(work) })
	}
	defer running.Wait()
	defer stop()
	for _, step := range []func(context.Context, *incoming) error{p.agree, p.nominate, p.learn, p.stay} {
		if err := step(ctx, res.stay); err != nil {
			return err
		}
	}
	res.put(res.outcomes, line{"mobility:" + incomerID, stepEWP, "exchanged", strings.Join(p.said, "; ")})
	return writeFile(filepath.Join(s.path("mobility"), "ewp.txt"), func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(p.said, "\n")+"\n")
		return err
	})
}

// agree makes an interinstitutional agreement: we propose, the partner answers,
// both approve; then we change it, and both approve again.
func (p *partners) agree(ctx context.Context, _ *incoming) error {
	sheet := ewptest.IIASheet(ourHEI, partnerHEI)
	sheet.Partner.ID, sheet.Partner.Code, sheet.InEffect = "", "", false
	record, due, err := iias.Create(sheet.Agreement(), nil, time.Now())
	if err != nil {
		return err
	}
	if _, err := iias.Keep(ctx, p.ours.iias.Store, record, due, p.ours.outbox.Notify); err != nil {
		return err
	}
	if err := p.settled(ctx); err != nil {
		return err
	}
	proposal := p.theirs.proposed
	if proposal == nil {
		return errors.New("the partner was not told of the agreement")
	}
	const theirID = "iia-antwoord-1"
	answer, due, err := iias.Create(iias.Mirror(proposal.Agreement(), theirID, "2026/1"), proposal, time.Now())
	if err != nil {
		return err
	}
	if _, err := iias.Keep(ctx, p.theirs.iias.Store, answer, due, p.theirs.outbox.Notify); err != nil {
		return err
	}
	if err := p.approveBoth(ctx, record.ID, theirID); err != nil {
		return err
	}
	p.say("the agreement %s is concluded", record.ID)
	// One more place for students, on both copies.
	if err := p.modify(ctx, p.ours, record.ID); err != nil {
		return err
	}
	if err := p.modify(ctx, p.theirs, theirID); err != nil {
		return err
	}
	if err := p.approveBoth(ctx, record.ID, theirID); err != nil {
		return err
	}
	p.say("its change is approved by both")
	return nil
}

// modify gives students one more place on a copy.
func (p *partners) modify(ctx context.Context, c *campus, id string) error {
	_, err := iias.Do(ctx, c.iias.Store, id, c.outbox.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		agreement, err := r.Own.Agreement()
		if err != nil {
			return r, nil, err
		}
		sheet, err := iias.SheetOf(agreement, c.hei)
		if err != nil {
			return r, nil, err
		}
		for i := range sheet.Rows {
			if sheet.Rows[i].Kind == iias.StudentStudies {
				sheet.Rows[i].Persons++
			}
		}
		return r.Modify(sheet.Agreement(), time.Now())
	})
	if err != nil {
		return err
	}
	return p.settled(ctx)
}

// approveBoth has both sides approve what they see of the other, and checks that
// the agreement is concluded on both.
func (p *partners) approveBoth(ctx context.Context, ours, theirs string) error {
	if err := p.settled(ctx); err != nil {
		return err
	}
	for _, side := range []struct {
		c  *campus
		id string
	}{{p.theirs, theirs}, {p.ours, ours}} {
		r, err := side.c.iias.Store.Get(ctx, side.id)
		if err != nil {
			return err
		}
		if _, err := side.c.iias.Approve(ctx, side.id, r.Seen.Hash); err != nil {
			return err
		}
		if err := p.settled(ctx); err != nil {
			return err
		}
	}
	for _, side := range []struct {
		c  *campus
		id string
	}{{p.theirs, theirs}, {p.ours, ours}} {
		r, err := side.c.iias.Store.Get(ctx, side.id)
		if err != nil {
			return err
		}
		if !r.IsMutual() {
			return fmt.Errorf("the agreement is not concluded at %s", side.c.hei)
		}
	}
	return nil
}

const omobilityID = "om-2026-0042"

// nominate has the partner nominate the student, and us accept.
func (p *partners) nominate(ctx context.Context, _ *incoming) error {
	_, err := p.theirs.sender.Nominate(ctx, omobilities.Mobility{
		ID: omobilityID, Status: omobilities.Pending,
		Student: omobilities.Student{
			GivenNames: ewp.Texts{{Value: incomer.Given()}}, FamilyName: ewp.Texts{{Value: incomer.BirthName}}, GlobalID: incomerESI, BirthDate: incomer.BirthDate.String(),
			Nationality: "NL", Gender: "2", Email: "s1234567@uni-voorbeeld.example",
		},
		Nomination: omobilities.Nomination{
			Sending: omobilities.HEI{HEI: partnerHEI}, Receiving: omobilities.HEI{HEI: ourHEI}, Year: "2026/2027", Term: "2026/2027-1/2",
			ActivityType: omobilities.StudentStudies, ActivityAttributes: omobilities.LongTerm, AgreementISCED: "0541", EQF: "6", NomineeISCED: "0613",
		},
	})
	if err != nil {
		return err
	}
	if err := p.settled(ctx); err != nil {
		return err
	}
	key := omobilities.Key{Sending: partnerHEI, ID: omobilityID}
	record, _, err := p.ours.receiver.Decide(ctx, omobilities.DecideRequest{Key: key, Verdict: omobilities.Approve})
	if err != nil {
		return err
	}
	if record.Mobility.Status != omobilities.Approved {
		return fmt.Errorf("the nomination is %s after it was accepted", record.Mobility.Status)
	}
	p.say("the nomination is accepted")
	return p.settled(ctx)
}

// learn signs the learning agreement, and changes it once.
func (p *partners) learn(ctx context.Context, in *incoming) error {
	at := time.Now().UTC().Format(time.RFC3339)
	contact := func(hei ewp.HEIID) omobilitylas.Person {
		return omobilitylas.Person{GivenNames: "Camille", FamilyName: "Exemple", Email: "mobility@" + hei.String()}
	}
	choice := in.record.Choice
	rows := func(n int) []omobilitylas.Row {
		var out []omobilitylas.Row
		for _, c := range choice[:n] {
			credits := omobilitylas.Hundredths(c.Credits)
			out = append(out, omobilitylas.Row{Table: omobilitylas.A, Code: c.Code, Title: c.Title, Credits: credits, Term: 1, Terms: 2},
				omobilitylas.Row{Table: omobilitylas.B, Code: c.Code, Title: c.Title, Credits: credits, Term: 1, Terms: 2})
		}
		return out
	}
	signed := func(tables omobilitylas.Tables) omobilitylas.Version {
		return omobilitylas.Version{Tables: tables, StudentSignature: omobilitylas.Signature{Time: at}, SendingSignature: signatureOf(partnerHEI, at)}
	}
	first := rows(len(choice) - 1)
	_, err := p.theirs.lasSender.Open(ctx, omobilitylas.Agreement{
		OMobilityID: omobilityID, Sending: omobilitylas.Institution{HEI: partnerHEI, UnitName: "Informatica", Contact: contact(partnerHEI)},
		Receiving: omobilitylas.Institution{HEI: ourHEI, Contact: contact(ourHEI)}, YearID: "2026/2027",
		Student:   omobilitylas.StudentOf(incomer, incomerESI, "NL", "s1234567@uni-voorbeeld.example"),
		StartDate: "2026-09-01", EndDate: "2027-06-30", EQF: "6", ISCED: "0613", Language: omobilitylas.LanguageSkill{Language: "fr", Level: "B2"},
		Proposal: &omobilitylas.Proposal{Version: signed(omobilitylas.TablesOf(first))},
	})
	if err != nil {
		return err
	}
	if err := p.sign(ctx); err != nil {
		return err
	}
	p.say("the learning agreement is signed by three")
	changes := omobilitylas.ChangeRows(first, rows(len(choice)), func(omobilitylas.Row) (omobilitylas.Reason, string) {
		return omobilitylas.ReasonSubstitutingDeleted, ""
	})
	key := omobilitylas.Key{Sending: partnerHEI, ID: omobilityID}
	if _, err := p.theirs.lasSender.Do(ctx, key, func(st omobilitylas.State, now time.Time) (omobilitylas.State, error) {
		return st.Propose(omobilitylas.Proposal{Version: signed(omobilitylas.TablesOf(changes))}, now)
	}); err != nil {
		return err
	}
	if err := p.sign(ctx); err != nil {
		return err
	}
	p.say("its change is signed")
	return nil
}

func signatureOf(hei ewp.HEIID, at string) omobilitylas.Signature {
	return omobilitylas.Signature{Name: "Camille Exemple", Position: "Mobility coordinator", Email: "mobility@" + hei.String(), Time: at}
}

// sign has us approve the proposal that waits.
func (p *partners) sign(ctx context.Context) error {
	if err := p.settled(ctx); err != nil {
		return err
	}
	state, err := p.ours.lasRead.Get(ctx, omobilitylas.Key{Sending: partnerHEI, ID: omobilityID})
	if err != nil {
		return err
	}
	if _, _, err := p.ours.lasDesk.Decide(ctx, omobilitylas.NewApproval(state.Agreement, signatureOf(ourHEI, time.Now().UTC().Format(time.RFC3339)))); err != nil {
		return err
	}
	return p.settled(ctx)
}

// stay confirms the arrival, and sends the transcript home.
func (p *partners) stay(ctx context.Context, in *incoming) error {
	key := imobilities.Key{Receiving: ourHEI, Sending: partnerHEI, ID: omobilityID}
	if _, err := p.ours.stays.Set(ctx, key, passerelle.NewDate(2026, 9, 1), passerelle.Date{}, time.Now()); err != nil {
		return err
	}
	if err := p.settled(ctx); err != nil {
		return err
	}
	if !slices.Contains(p.theirs.arrived, omobilityID) {
		return errors.New("the partner was not told of the arrival")
	}
	p.say("the arrival is confirmed")
	p.ours.mu.Lock()
	p.ours.transcript = &tors.Record{
		Entry: tors.Entry{OMobilityID: omobilityID, Sending: partnerHEI, Ready: true, Modified: time.Now()},
		ToR:   tors.ToR{OMobilityID: omobilityID, Year: "2026/2027", ELMO: *in.transcript()},
	}
	p.ours.mu.Unlock()
	if err := p.ours.outbox.Notify(ctx, cnr.Change{Route: cnr.Route{From: ourHEI, To: partnerHEI, API: ewp.IMobilityToRCNR}, ID: omobilityID}); err != nil {
		return err
	}
	if err := p.settled(ctx); err != nil {
		return err
	}
	credits, came := p.theirs.tors[omobilityID]
	if !came {
		return errors.New("the transcript did not come back")
	}
	p.say("the transcript came back with %s credits", credits)
	return nil
}
