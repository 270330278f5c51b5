package supdatatest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/uai"
)

// An answer is lost after the work was done: the client cannot know, and the store does.
func Example() {
	s := supdatatest.Listen(supdatatest.Config{})
	defer s.Close()
	client, err := supdata.New(s.ClientConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	e := supdata.Enrolment{
		INE: ine.MustParse("0AYIOP071Y8"), BirthDate: passerelle.NewDate(1996, 12, 26),
		Begin: passerelle.NewDate(2026, 9, 1), End: passerelle.NewDate(2027, 8, 31), Status: supdata.Enrolled, UAI: uai.MustParse("0011402U"),
	}
	s.Script(supdatatest.AnswerLost)
	_, err = client.Post(context.Background(), e)
	fmt.Println(passerelle.OutcomeOf(err), errors.Is(err, passerelle.ErrUnavailable), s.Store().Count())

	receipt, err := client.Post(context.Background(), e) // the mistake that a ledger prevents
	fmt.Println(receipt.ID, err, s.Store().Twice())

	e.BirthDate = passerelle.NewDate(1997, 1, 1)
	_, err = client.Post(context.Background(), e)
	fmt.Println(errors.Is(err, passerelle.ErrNotFound))
	// Output:
	// unknown true 1
	// 100002 <nil> [0AYIOP071Y8]
	// true
}
