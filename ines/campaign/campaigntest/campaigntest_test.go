package campaigntest_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/campaign/campaigntest"
)

func TestMemoryLedger(t *testing.T) {
	t.Parallel()
	campaigntest.Ledger(t, func(*testing.T) campaign.Ledger { return campaign.NewMemory() })
}
