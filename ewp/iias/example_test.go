package iias_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// A row of a student system becomes the copy that is served.
func ExampleSheet() {
	sheet := iias.Sheet{
		Own:     iias.Party{HEI: ewp.MustParseHEIID("univ-exemple.example"), ID: "7d1c9a40", Code: "2026-DE-001"},
		Partner: iias.Party{HEI: ewp.MustParseHEIID("uni-beispiel.example")},
		Rows: []iias.Row{{
			Kind: iias.StudentStudies, FirstYear: 2026, LastYear: 2028, Persons: 2, Months: 1000,
			Languages: []iias.Skill{{Language: "de", Level: "B1"}}, Subjects: []string{"0541"}, EQF: []int{6, 7},
		}},
	}
	revision, err := iias.Seal(sheet.Agreement())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(revision.Hash)

	// And back, from the bytes that are served.
	agreement, err := revision.Agreement()
	if err != nil {
		log.Fatal(err)
	}
	again, err := iias.SheetOf(agreement, sheet.Own.HEI)
	if err != nil {
		log.Fatal(err)
	}
	row := again.Rows[0]
	fmt.Println(row.Persons, row.Languages[0].Language, row.Months, row.FirstYear)
	// Output:
	// 6c07ca76b54a7727ed27f0ffee45d4a9d159dc52ab1fa914e4671cd8be5b4a65
	// 2 de 10 2026
}

// What keeps a copy from being served is told with its path.
func ExampleAgreement_Validate() {
	sheet := ewptest.IIASheet(ewp.MustParseHEIID("univ-exemple.example"), ewp.MustParseHEIID("uni-beispiel.example"))
	sheet.Own.Code = ""
	sheet.Rows[0].Subjects[0] = "54"
	sheet.Rows[1].LastYear = 2020
	fmt.Println(sheet.Agreement().Validate())
	// Output:
	// partner[0].iia-code: required: want the number of the agreement, for people; cooperation-conditions.student-studies-mobility-spec[0].subject-area[0].isced-f-code: pattern: want four digits of ISCED-F 2013; cooperation-conditions.staff-teacher-mobility-spec[0].receiving-last-academic-year-id: range: want not before the first year
}

// Two universities agree: one proposes, the other answers, both approve.
func Example() {
	ctx := context.Background()
	uniA, uniB := ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")
	var a, b *ewptest.IIAs
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{serving(&a, uniA), serving(&b, uniB)}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()

	// A proposes what its system has.
	proposal := ewptest.IIASheet(uniA, uniB)
	proposal.Own.ID, proposal.Partner.ID = "a-1", ""
	r, due, err := iias.Create(proposal.Agreement(), nil, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := iias.Keep(ctx, a.Store, r, due, a.Sync.Notify); err != nil {
		log.Fatal(err)
	}
	settle(ctx, a, b)

	// B sees the proposal and answers with a copy of its own.
	theirs := b.Proposals()[0]
	r, due, err = iias.Create(iias.Mirror(theirs.Agreement(), "b-1", "B/2026/1"), theirs, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := iias.Keep(ctx, b.Store, r, due, b.Sync.Notify); err != nil {
		log.Fatal(err)
	}
	settle(ctx, a, b) // A learns the identifier of B's copy, which changes the hash of its own

	// People on both sides look at the copy of the other and approve what they saw.
	for _, side := range []struct {
		*ewptest.IIAs
		id string
	}{{a, "a-1"}, {b, "b-1"}} {
		r, err := side.Store.Get(ctx, side.id)
		if err != nil {
			log.Fatal(err)
		}
		if r, err = side.Sync.Approve(ctx, side.id, r.Seen.Hash); err != nil {
			log.Fatal(err)
		}
		fmt.Println(side.id, "concluded:", r.IsMutual())
		settle(ctx, a, b)
	}
	r, err = a.Store.Get(ctx, "a-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.ID, "and", r.PartnerID, "concluded:", r.IsMutual())
	// Output:
	// a-1 concluded: false
	// b-1 concluded: true
	// a-1 and b-1 concluded: true
}

// settle lets notifications arrive and be handled.
func settle(ctx context.Context, all ...*ewptest.IIAs) {
	if err := ewptest.SettleIIAs(ctx, all...); err != nil {
		log.Fatal(err)
	}
}

// A modification is a step on the stored record; what the partner approved stands until
// it approves anew.
func ExampleDo() {
	ctx := context.Background()
	uniA, uniB := ewp.MustParseHEIID("uni-a.example"), ewp.MustParseHEIID("uni-b.example")
	concluded, err := ewptest.ConcludedIIA(uniA, uniB)
	if err != nil {
		log.Fatal(err)
	}
	store := iias.NewMemory()
	if _, err := store.Put(ctx, concluded); err != nil {
		log.Fatal(err)
	}
	outbox := func(_ context.Context, changes ...cnr.Change) error { // that of package cnr
		for _, c := range changes {
			fmt.Println("tell", c.To, "by", c.API, "about", c.ID)
		}
		return nil
	}
	sheet := ewptest.IIASheet(uniA, uniB)
	sheet.Rows[0].Persons = 5
	r, err := iias.Do(ctx, store, concluded.ID, outbox, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		return r.Modify(sheet.Agreement(), time.Now())
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("concluded:", r.IsMutual(), "can be reverted:", r.CanRevert())
	// Output:
	// tell uni-b.example by iia-cnr about iia-uni-a.example-uni-b.example
	// concluded: false can be reverted: true
}

// The hash of a copy, from the bytes that a partner served.
func ExampleCompute() {
	document := []byte(`<iias-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd">
<iia><partner><hei-id>a.example</hei-id><iia-id>A-1</iia-id></partner><partner><hei-id>b.example</hei-id></partner>
<in-effect>false</in-effect><cooperation-conditions/><iia-hash>0000</iia-hash></iia></iias-get-response>`)
	parts, err := iias.Split(document)
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts {
		c, err := iias.Compute(part)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Text, c.Right())
	}
	// Output:
	// _iia-id_1=A-1__iia-id_2=_ false
}
