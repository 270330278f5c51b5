package omobilitylas_test

import (
	"path/filepath"
	"testing"

	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas/omobilitylastest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	omobilitylastest.Store(t, func(*testing.T) la.Store { return la.NewMemory() })
}

func TestFile(t *testing.T) {
	t.Parallel()
	omobilitylastest.Store(t, func(t *testing.T) la.Store {
		f, err := la.OpenFile(filepath.Join(t.TempDir(), "las"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	})
}

// TestFileKeeps: what was acknowledged is there after the file was closed, an empty table
// and an absent one apart.
func TestFileKeeps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "las")
	f := must(la.OpenFile(path))
	s := must(f.Put(t.Context(), must(agreed("m1").Propose(changesOf(), day(2)))))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = must(la.OpenFile(path))
	defer f.Close()
	got := must(f.Get(t.Context(), s.Key()))
	if id := la.ProposalID(*got.Agreement.Proposal); id != s.Agreement.Proposal.ID || got.Agreement.Proposal.Recognized == nil || got.Agreement.Changes != nil {
		t.Errorf("what is read is another proposal: %+v", got.Agreement.Proposal)
	}
}
