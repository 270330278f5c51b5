package pegase_test

import (
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/adapters/sistest"
)

// The client keeps the promises of package sis, with a service that behaves and one that does not.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]pegasetest.Config{
		"plain":  {Seed: 1, Population: 60},
		"quirks": {Seed: 2, Population: 60, Quirks: pegasetest.AllQuirks},
		"faults": {Seed: 3, Population: 60, Faults: pegasetest.Faults{Unavailable: 0.03, RateLimited: 0.03, Truncated: 0.02}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A student is the same whatever the query when everybody's identity is read. The time
			// of change is not compared: a search does not tell it.
			_, c := tenant(t, cfg, func(c *pegase.Config) { c.Details = pegase.DetailsAlways })
			sistest.Source(t, c, sistest.Base{Students: 60, Year: 2026})
			sistest.Deltas(t, c, 60)
		})
	}
}

// So does the nightly copy.
func TestReplicaConformance(t *testing.T) {
	t.Parallel()
	server, _ := tenant(t, pegasetest.Config{Seed: 1, Population: 60})
	_, r := nightly(t, server, pegase.ReplicaQueries{Enrolments: `SELECT a.code_apprenant AS student, n.id AS enrolment, 2026 AS year,
		n.statut_inscription AS status, n.date_modification AS modified_at
		FROM schema_ins.inscription n JOIN schema_idt.apprenant a ON a.id = n.id_apprenant ORDER BY a.code_apprenant, n.id`})
	sistest.Source(t, r, sistest.Base{Students: 60, Year: 2026, Since: day.Add(-65 * 24 * time.Hour)})
}
