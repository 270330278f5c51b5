package campaigntest

import (
	"encoding/json"

	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// canonical writes a record so that equal ones are equal texts, whatever zone
// an implementation gives its times in.
func canonical(r campaign.Record) string {
	r.Since, r.AskedAt, r.ClaimedAt, r.WrittenAt = r.Since.UTC(), r.AskedAt.UTC(), r.ClaimedAt.UTC(), r.WrittenAt.UTC()
	events := make([]campaign.Event, len(r.History))
	for i, e := range r.History {
		e.At = e.At.UTC()
		events[i] = e
	}
	r.History = events
	out, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
