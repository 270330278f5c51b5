package ewptest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// A network in one call, and a call between two of its universities. In a test,
// NewNetwork stops it by itself.
func ExampleListen() {
	n, err := ewptest.Listen(ewptest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()

	a, b := n.University("uni-a.example"), n.University("uni-b.example")
	answer, err := echo.NewClient(a.Client).Echo(context.Background(), echo.Request{HEI: b.HEI, Values: []string{"bonjour"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.HEIs, answer.Echo)
	// Output: [uni-a.example] [bonjour]
}

// A host that does not check digests is found by the steps.
func ExampleCheck() {
	n, err := ewptest.Listen(ewptest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()
	n.University("uni-a.example").Inject(ewptest.Injection{Fault: ewptest.NoDigestCheck})

	report, err := ewptest.Check(context.Background(), n.Host("uni-a.example", "uni-b.example"))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range report {
		if r.Combination.String() == "PHTTT" && r.Status > ewptest.Notice {
			fmt.Println(r)
		}
	}
	// Output:
	// WARNING: echo PHTTT: digest SHA; expected: 400
	// FAILURE: echo PHTTT: body changed, length kept; expected: 400
}

// The APIs that have steps begin with those of the network itself; those of the
// business follow.
func ExampleChecked() {
	for api := range ewptest.Checked() {
		fmt.Println(api)
		if api == ewp.Monitoring {
			break // and so on
		}
	}
	// Output:
	// echo
	// file
	// monitoring
}

// A fault for the next call only: the client repeats what may be repeated.
func ExampleUniversity_Inject() {
	n, err := ewptest.Listen(ewptest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()
	a, b := n.University("uni-a.example"), n.University("uni-b.example")
	b.Inject(ewptest.Injection{Fault: ewptest.LostAnswer, API: ewp.Echo, Times: 1})

	_, err = echo.NewClient(a.Client).Echo(context.Background(), echo.Request{HEI: b.HEI})
	fmt.Println(err, b.Hits(ewptest.LostAnswer))
	// Output: <nil> 1
}
