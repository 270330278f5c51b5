package campaign_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// A campaign on a base of two students, one of whom has no INE yet.
func Example() {
	today := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	now := func() time.Time { return today }
	c, err := campaign.New(campaign.Config{
		Source:  &base{students: []sis.Student{student(0, "223456789HE"), student(1, "")}}, // your student system
		Service: newRegister(now),                                                          // your binding: ines.NewSOAP
		Ledger:  campaign.NewMemory(),                                                      // in production: campaign.OpenFile
		UAI:     uai.MustParse("0511296G"),
		Year:    2026,
		Now:     now,
	})
	if err != nil {
		log.Fatal(err)
	}
	report, err := c.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range campaign.Outcomes() {
		if n := report.Counts[o]; n > 0 {
			fmt.Printf("%d %s\n", n, o.Title(campaign.English))
		}
	}
	// Output:
	// 1 definitive INE, nothing to ask
	// 1 INE created by INES
}

// A student whose registration was sent and never answered stays doubtful until
// a person decides.
func ExampleSettle() {
	ctx := context.Background()
	ledger := campaign.NewMemory()
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	if _, err := ledger.Claim(ctx, campaign.Claim{ID: "1", Student: "csv:4812", Identity: "fingerprint", At: at}); err != nil {
		log.Fatal(err)
	}
	_, err := ledger.Claim(ctx, campaign.Claim{ID: "2", Student: "csv:4812", Identity: "fingerprint", At: at.AddDate(0, 1, 0)})
	fmt.Println(err)
	if err := campaign.Settle(ctx, ledger, "csv:4812", campaign.NeverArrived, "registrar", at.AddDate(0, 1, 0)); err != nil {
		log.Fatal(err)
	}
	_, err = ledger.Claim(ctx, campaign.Claim{ID: "3", Student: "csv:4812", Identity: "fingerprint", At: at.AddDate(0, 1, 0)})
	fmt.Println(err)
	// Output:
	// campaign: claim refused: a registration was claimed already (held by csv:4812, claimed)
	// <nil>
}
