package omobilities_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

// A student is nominated, the partner looks and approves. The notification that a
// cnr.Outbox would keep and deliver is only printed here.
func Example() {
	ctx := context.Background()
	sender, err := omobilities.NewSender(omobilities.SenderConfig{
		Store: omobilities.NewMemory(),
		Notify: func(_ context.Context, changes ...cnr.Change) error {
			fmt.Println("tell", changes[0].To, "by", changes[0].API)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return omobilities.Register(u.Server, sender, omobilities.Limits{IDs: 50})
		}},
		{HEI: uniB},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	if _, err := sender.Nominate(ctx, nomination("5c4d7f0a")); err != nil {
		log.Fatal(err)
	}

	// At the receiving university, which got the identifier by the notification.
	client := omobilities.NewClient(network.University("uni-b.example").Client)
	for m, err := range client.Get(ctx, omobilities.GetRequest{HEI: uniA, IDs: []string{"5c4d7f0a"}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Nomination.Year, m.Status)
		_, err = client.Update(ctx, omobilities.UpdateRequest{HEI: uniA, Update: omobilities.Update{
			Verdict: omobilities.Approve, ID: m.ID, ProposalID: m.Nomination.ProposalID,
		}})
		if err != nil {
			log.Fatal(err)
		}
	}
	for row, err := range client.Stats(ctx, uniA) {
		fmt.Printf("%+v %v\n", row, err)
	}
	// Output:
	// tell uni-b.example by omobility-cnr
	// 2026/2027 pending
	// {Year:2026/2027 Pending:0 Approved:1} <nil>
}

// Rules say what may be done to a nomination, and why not, without any network.
func ExampleRules() {
	var rules omobilities.Rules
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	record, _, err := rules.Nominate(nomination("5c4d7f0a"), at)
	if err != nil {
		log.Fatal(err)
	}
	approval := omobilities.Update{Verdict: omobilities.Approve, ID: record.Mobility.ID, ProposalID: record.Mobility.Nomination.ProposalID}
	record, err = rules.Apply(record, uniB, approval, at)
	fmt.Println(record.Mobility.Status, err)

	n := record.Mobility.Nomination
	n.Term = "2026/2027-2/2"
	_, _, err = rules.ChangeNomination(record, n, at)
	fmt.Println(err)

	student := record.Mobility.Student
	student.FamilyName = ewp.Texts{{Value: "Modèle"}}
	record, due, err := rules.ChangeStudent(record, student, at)
	fmt.Println(record.Mobility.Status, len(due), err)
	// Output:
	// approved <nil>
	// omobilities: the nomination is approved, and can only be cancelled
	// approved 1 <nil>
}
