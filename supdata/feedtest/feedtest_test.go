package feedtest_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/feedtest"
)

func TestMemoryLedger(t *testing.T) {
	t.Parallel()
	feedtest.Ledger(t, func(*testing.T) supdata.Ledger { return supdata.NewMemory() })
}
