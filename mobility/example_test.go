package mobility_test

import (
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle/mobility"
)

// An incoming student is admitted; what the host does next is told.
func ExampleFlow_Apply() {
	flow, err := mobility.NewFlow(mobility.DefaultPlan(mobility.Incoming), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)
	m, err := flow.Start(mobility.Record{
		ID: "2026-0042", Student: "smile:42", Partner: "uni-beispiel.de", Type: mobility.FullYear, Programme: mobility.ExchangeProgramme, Year: 2026,
	}, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range []mobility.Event{
		{Action: mobility.Complete, Step: mobility.PreRegistration, By: mobility.Student, At: at},
		{Action: mobility.Complete, Step: mobility.Nomination, By: mobility.Home, At: at, Cause: &mobility.Message{API: "omobilities", Endpoint: "get", Way: mobility.In}},
		{Action: mobility.Complete, Step: mobility.Admission, By: mobility.Student, At: at},
		{Action: mobility.Complete, Step: mobility.Admission, By: mobility.Host, At: at},
	} {
		var effects []mobility.Effect
		if m, effects, err = flow.Apply(m, e); err != nil {
			fmt.Println(err)
		}
		for _, effect := range effects {
			fmt.Println("to send:", effect.Message.API, effect.Message.Endpoint, effect.Message.About)
		}
	}
	fmt.Println("next:", m.Step)
	// Output:
	// mobility: complete at step "admission": actor: want "host" does this step
	// to send: omobilities update approve-proposal-v1
	// next: course-choice
}
