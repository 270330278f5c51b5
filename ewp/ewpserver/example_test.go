package ewpserver_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// approval is what a student system knows of an agreement that it approved.
type approval struct {
	ID      string `xml:"iia-id"` // the partner's
	partner ewp.HEIID
}

// system is the student system behind a server.
type system []approval

// find yields the approvals with the identifiers asked for, of the caller's
// agreements only.
func (s system) find(_ context.Context, q ewpserver.Query) iter.Seq2[approval, error] {
	return func(yield func(approval, error) bool) {
		for _, id := range q.IDs {
			for _, a := range s {
				if a.ID == id && a.partner == q.Caller && !yield(a, nil) {
					return
				}
			}
		}
	}
}

// Approvals by identifier: each partner gets its own, and nothing tells what else
// there is.
func ExampleGet() {
	a, b, c := ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example"), ewp.MustParseHEIID("uni-c.example")
	approvals := system{{"iia-1", a}, {"iia-2", c}}
	n, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: a}, {HEI: c},
		{HEI: b, Register: func(u *ewptest.University) error {
			return u.Server.Handle(ewp.IIAsApproval, "", ewpserver.Get[approval]{ID: "iia_id", Max: 10, Item: "approval", Find: approvals.find})
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()

	for _, caller := range []string{"uni-a.example", "uni-c.example"} {
		answer, err := ewpclient.Fetch[struct {
			Approvals []approval `xml:"approval"`
		}](context.Background(), n.University(caller).Client, ewpclient.Call{
			HEI: b, API: ewp.IIAsApproval, Params: url.Values{"iia_id": {"iia-1", "iia-2", "iia-3"}},
		})
		if err != nil {
			log.Fatal(err)
		}
		for _, approved := range answer.Approvals {
			fmt.Println(caller, "sees", approved.ID)
		}
	}
	// Output:
	// uni-a.example sees iia-1
	// uni-c.example sees iia-2
}

// A partner approves a proposal that is no longer the current one: it gets 409, with
// words for the person behind it.
func ExampleUpdate() {
	const ns = "https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-request.xsd"
	type request struct {
		Mobility string `xml:"approve-proposal-v1>omobility-id"`
		Proposal string `xml:"approve-proposal-v1>proposal-id"`
	}
	apply := func(_ context.Context, p ewpserver.Parties, r *request) (ewp.Texts, error) {
		if r.Proposal != "p-2" {
			return nil, &ewpserver.Error{
				Err:          passerelle.ErrConflict,
				UserMessages: ewp.Texts{{Lang: "en", Value: "The nomination was changed in the meantime."}},
			}
		}
		return nil, nil
	}
	b := ewp.MustParseHEIID("uni-b.example")
	n, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: b, Register: func(u *ewptest.University) error {
			// An API is in the manifest with all its addresses.
			nothing := func(context.Context, ewpserver.Query) iter.Seq2[string, error] {
				return func(func(string, error) bool) {}
			}
			none := func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
				return func(func(string, error) bool) {}
			}
			return errors.Join(
				u.Server.Handle(ewp.OMobilities, "get", ewpserver.Get[string]{ID: "omobility_id", Item: "student-mobility", Find: nothing}),
				u.Server.Handle(ewp.OMobilities, "index", ewpserver.Index{Item: "omobility-id", List: none}),
				u.Server.Handle(ewp.OMobilities, "update", ewpserver.Update[request]{
					Root: xml.Name{Space: ns, Local: "omobilities-update-request"}, Apply: apply,
				}))
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()

	_, err = n.University("uni-a.example").Client.Call(context.Background(), ewpclient.Call{
		HEI: b, API: ewp.OMobilities, Endpoint: "update",
		XML: []byte(`<omobilities-update-request xmlns="` + ns + `"><approve-proposal-v1><omobility-id>m-1</omobility-id><proposal-id>p-1</proposal-id></approve-proposal-v1></omobilities-update-request>`),
	})
	if e, ok := errors.AsType[*ewp.Error](err); ok {
		fmt.Println(e.Status, errors.Is(err, passerelle.ErrConflict))
		fmt.Println(e.Response.UserMessages.In("en").Value)
	}
	// Output:
	// 409 true
	// The nomination was changed in the meantime.
}
