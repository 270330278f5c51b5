package main

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

// maxIssued bounds the transcripts that one call makes up.
const maxIssued = 100

// desk is what a university of the fake network has: its campus, and with each of the
// others agreements, students who go and come, and their transcripts.
type desk struct {
	agreements  *ewptest.IIAs
	nominations *ewptest.Mobilities
	learning    *ewptest.LAs
	transcripts *ewptest.Transcripts
}

// newDesk serves all of it.
func newDesk(u *ewptest.University) (*desk, error) {
	var partners []ewp.HEIID
	for _, other := range universities {
		if other.hei != u.HEI.String() {
			partners = append(partners, ewp.MustParseHEIID(other.hei))
		}
	}
	d := &desk{transcripts: &ewptest.Transcripts{}}
	_, campus := ewptest.ServeCampus(u)
	var agreements, nominations, learning error
	d.agreements, agreements = ewptest.ServeIIAs(u, partners...)
	d.nominations, nominations = ewptest.ServeMobilities(u, omobilities.Rules{}, partners...)
	d.learning, learning = ewptest.ServeLAs(u, partners...)
	for _, partner := range partners {
		d.transcripts.Issue(u.HEI, partner, 1)
	}
	return d, errors.Join(campus, agreements, nominations, learning, d.transcripts.Serve(u))
}

// received tells what partners sent: changes by their API, and what waits to be handled.
func (d *desk) received() map[string]any {
	agreements, transcripts := [][]string{}, [][]string{}
	for _, n := range d.agreements.Received() {
		agreements = append(agreements, append([]string{n.From.String(), n.API.String()}, n.IDs...))
	}
	for _, n := range d.transcripts.Notices() {
		transcripts = append(transcripts, append([]string{n.Caller.String(), ewp.IMobilityToRCNR.String()}, n.IDs...))
	}
	_, nominations := d.nominations.Waiting()
	_, learning := d.learning.Waiting()
	return map[string]any{
		"agreements": agreements, "transcripts": transcripts, "nominations_waiting": nominations, "learning_agreements_waiting": learning,
		"proposals": len(d.agreements.Proposals()),
	}
}

// settle lets all universities work until nothing waits.
func settle(ctx context.Context, desks map[ewp.HEIID]*desk) error {
	var agreements []*ewptest.IIAs
	var nominations []*ewptest.Mobilities
	var learning []*ewptest.LAs
	for _, d := range desks {
		agreements, nominations, learning = append(agreements, d.agreements), append(nominations, d.nominations), append(learning, d.learning)
	}
	return errors.Join(ewptest.SettleIIAs(ctx, agreements...), ewptest.SettleMobilities(ctx, nominations...), ewptest.SettleLAs(ctx, learning...))
}
