package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// A campaign whose ledger is in a database: with "postgres://…" several processes share it.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(dir, "state.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	ledger := s.Campaign() // for campaign.Config.Ledger
	claim := campaign.Claim{ID: "first", Student: "apogee:4812", Identity: "digest of the identity", At: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	r, err := ledger.Claim(ctx, claim)
	fmt.Println(r.State, err)

	claim.ID, claim.Student = "second", "apogee:5001" // the same person in another record
	_, err = ledger.Claim(ctx, claim)
	fmt.Println(errors.Is(err, passerelle.ErrConflict))
	// Output:
	// claimed <nil>
	// true
}

// What the store holds about one student, for the right of access.
func ExampleStore_Export() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(dir, "state.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if _, err := s.Campaign().Put(ctx, campaign.Record{Student: "apogee:4812", State: campaign.StateUnknown}); err != nil {
		fmt.Println(err)
	}
	for e, err := range s.Export(ctx, "apogee:4812") {
		fmt.Println(e.Table, string(e.Record), err)
	}
	// Output:
	// campaign_records {"student":"apogee:4812","version":1,"state":"unknown"} <nil>
}
