package omobilitylas_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// A course choice becomes the tables of a first version, and another choice the changes
// to it.
func ExampleChangeRows() {
	first := la.RowsOf([]la.Choice{
		{Code: "MAT-301", Title: "Algebra", Credits: 750, Term: 1, Terms: 2, Replaces: "Algèbre"},
		{Code: "INF-210", Title: "Proof assistants", Credits: 300, Term: 1, Terms: 2, Replaces: "Projet", Description: "online"},
	})
	wanted := la.RowsOf([]la.Choice{
		{Code: "MAT-302", Title: "Logic", Credits: 750, Term: 1, Terms: 2, Replaces: "Algèbre"},
		{Code: "INF-210", Title: "Proof assistants", Credits: 300, Term: 1, Terms: 2, Replaces: "Projet", Description: "online"},
	})
	for _, r := range first {
		fmt.Println(r.Table, r.Title, r.Credits)
	}
	reason := func(r la.Row) (la.Reason, string) {
		if r.Status == la.Deleted {
			return la.ReasonTimetableConflict, ""
		}
		return la.ReasonSubstitutingDeleted, ""
	}
	for _, r := range la.ChangeRows(first, wanted, reason) {
		fmt.Println(r.Table+"2", r.Status, r.Title, r.Reason)
	}
	// Output:
	// A Algebra 7.5
	// C Proof assistants 3
	// B Algèbre 7.5
	// B Projet 3
	// A2 deleted Algebra timetable-conflict
	// A2 inserted Logic substituting-deleted
}

// What stands in a document is only half of what must be right.
func ExampleAgreement_Validate() {
	f, err := os.Open("testdata/agreement.xml")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	agreements, err := la.Decode(f)
	if err != nil {
		log.Fatal(err)
	}
	a := agreements[0]
	fmt.Println(a.Type(), a.Validate())
	a.Proposal.Studied.Components[0].Term = nil
	a.Proposal.StudentSignature.Name = "Dominique Modèle"
	fmt.Println(a.Validate())
	// Output:
	// semester <nil>
	// changes-proposal.components-studied.component[0].term-id: required: want the term at the institution that gives the component; changes-proposal.student-signature.signer-name: forbidden: want no signer-name in the signature of the student
}

// The receiving institution reads what it was notified of, comments, and approves what
// comes then; each side sees the other's step.
func Example() {
	ctx := context.Background()
	a, b := ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")
	var sending, receiving *ewptest.LAs
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: a, Register: func(u *ewptest.University) (err error) { sending, err = ewptest.ServeLAs(u); return err }},
		{HEI: b, Register: func(u *ewptest.University) (err error) { receiving, err = ewptest.ServeLAs(u); return err }},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	settle := func() {
		if err := ewptest.SettleLAs(ctx, sending, receiving); err != nil {
			log.Fatal(err)
		}
	}

	// The student and the sending institution have signed.
	s, err := sending.Sender.Open(ctx, ewptest.LASheet(a, b, la.Semester))
	if err != nil {
		log.Fatal(err)
	}
	key := s.Key()
	settle() // the notification, and the reading that it causes
	read := func() la.State {
		s, err := receiving.Received.Get(ctx, key)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("receiving:", s.Stage(), s.May(la.Receiving))
		return s
	}
	signature := ewptest.LASignature(b, "2026-05-06T09:00:00+02:00")
	if _, _, err := receiving.Receiver.Decide(ctx, la.NewComment(read().Agreement, "Logic is full.", signature)); err != nil {
		log.Fatal(err)
	}
	s, err = sending.Sender.Do(ctx, key, func(s la.State, at time.Time) (la.State, error) {
		fmt.Println("sending:", s.Stage(), s.Last().Comment)
		p := *s.Agreement.Proposal
		p.Tables = la.TablesOf(la.RowsOf([]la.Choice{{Title: "Algebra", Credits: 3000, Term: 1, Terms: 2, Replaces: "Semestre 5"}}))
		return s.Propose(p, at)
	})
	if err != nil {
		log.Fatal(err)
	}
	settle()
	_, words, err := receiving.Receiver.Decide(ctx, la.NewApproval(read().Agreement, signature))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(words.In("en").Value)
	read()
	// Output:
	// receiving: first-proposed [approve comment]
	// sending: first-commented Logic is full.
	// receiving: first-proposed [approve comment]
	// The sending institution has received your signature of the learning agreement.
	// receiving: agreed []
}
