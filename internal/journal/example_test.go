package journal_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/passerelle-sup/passerelle/internal/journal"
)

type claim struct {
	Student string `json:"student"`
	State   string `json:"state"`
}

// The state of a program is a map in memory, rebuilt from the journal at start and
// changed before each append.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ledger")

	run := func(next claim) {
		state := map[string]string{}
		j, err := journal.Open(path, journal.Options{
			Kind: "example-ledger/1",
			Replay: func(r journal.Record) error {
				var c claim
				if err := json.Unmarshal(r.Data, &c); err != nil {
					return err
				}
				state[c.Student] = c.State
				return nil
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer j.Close()
		fmt.Println("found", state)
		if err := j.Append(next); err != nil {
			fmt.Println(err)
		}
	}
	run(claim{"S-1", "claimed"})
	run(claim{"S-1", "registered"})
	run(claim{"S-2", "claimed"})
	// Output:
	// found map[]
	// found map[S-1:claimed]
	// found map[S-1:registered]
}
