package ewpclient_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// exampleNetwork is a network on loopback: uni-a calls, uni-b serves echo and fact
// sheets. In the real one a registry.Client reads the catalogue, and the key of
// Config.Signer is in the own manifest.
func exampleNetwork() (*ewptest.Network, *ewpclient.Client) {
	n, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: ewp.MustParseHEIID("uni-b.example"), Register: factsheets("Erasmus+")},
	}})
	if err != nil {
		log.Fatal(err)
	}
	return n, n.University("uni-a.example").Client
}

// One exchange: resolved, signed, sent, verified.
func ExampleClient_Call() {
	n, client := exampleNetwork()
	defer n.Close()

	answer, err := client.Call(context.Background(), ewpclient.Call{
		HEI: ewp.MustParseHEIID("uni-b.example"), API: ewp.Echo, Params: url.Values{"echo": {"a", "b"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Close()
	var document struct {
		HEI  string   `xml:"hei-id"`
		Echo []string `xml:"echo"`
	}
	if err := answer.Decode(&document); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Signed, answer.Version, document.HEI, document.Echo)
	// Output:
	// true 2.0.1 uni-a.example [a b]
}

// A list longer than the partner takes at once is spread over several calls; what
// the partner does not know is left out.
func ExampleEach() {
	n, client := exampleNetwork()
	defer n.Close()

	type factsheet struct {
		HEI string `xml:"hei-id"`
	}
	var ids []string
	for i := range 50 { // uni-b takes 20
		ids = append(ids, fmt.Sprintf("hei-%d.example", i))
	}
	ids[7] = "unknown.example"
	count := 0
	for _, err := range ewpclient.Each[factsheet](context.Background(), client,
		ewpclient.Call{HEI: ewp.MustParseHEIID("uni-b.example"), API: ewp.Factsheet},
		ewpclient.List{Param: "hei_id", Values: ids, Limit: "max-hei-ids"},
		xml.Name{Local: "factsheet"},
	) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count)
	// Output:
	// 49
}

// Why a partner cannot be called is known before anything is sent.
func ExampleResolveError() {
	n, client := exampleNetwork()
	defer n.Close()

	for _, call := range []ewpclient.Call{
		{HEI: ewp.MustParseHEIID("uni-z.example"), API: ewp.Echo},
		{HEI: ewp.MustParseHEIID("uni-b.example"), API: ewp.IIAs, Endpoint: "index"},
	} {
		_, err := client.Call(context.Background(), call)
		if e, ok := errors.AsType[*ewpclient.ResolveError](err); ok {
			fmt.Println(e.Problem, passerelle.OutcomeOf(err))
		}
		fmt.Println(err)
	}
	// Output:
	// hei not sent
	// ewp uni-z.example: echo: no host of the catalogue covers this institution
	// api not sent
	// ewp uni-b.example: iias index: no host of this institution declares this API
}

// A partner that does not sign what it declares to sign, and is accepted all the
// same.
func ExampleQuirks() {
	habits := map[ewp.HEIID]ewpclient.Quirks{
		ewp.MustParseHEIID("uni-b.example"): ewpclient.UnsignedAnswers | ewpclient.NoGzip,
	}
	fmt.Println(habits[ewp.MustParseHEIID("uni-b.example")])
	// Output:
	// unsigned answers, no gzip
}
