package supdata

import (
	"context"
	"iter"

	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// records says what the records of a ledger are.
var records = ledger.Kind[Record]{
	Name: "supdata", File: "supdata-ledger/1",
	Key:     func(r *Record) string { return r.Key },
	Version: func(r *Record) *int64 { return &r.Version },
	Holds: func(r *Record) string {
		if r.Holds() {
			return r.Fingerprint
		}
		return ""
	},
	Clone:   Record.clone,
	Missing: func(string) error { return errNoRecord() },
	Check:   checkPut,
}

// grant is how a ledger decides about c.
func (c Claim) grant(rec, holder Record) (Record, error) {
	if err := CheckClaim(rec, holder, c); err != nil {
		return rec, err
	}
	return c.Apply(rec), nil
}

// Memory is a [Ledger] that lives as long as the process: for tests and dry runs.
// Create it with [NewMemory].
type Memory struct{ records *ledger.Memory[Record] }

// NewMemory returns an empty ledger.
func NewMemory() *Memory { return &Memory{ledger.NewMemory(records)} }

// Get implements [Ledger].
func (m *Memory) Get(_ context.Context, key string) (Record, error) { return m.records.Get(key) }

// Put implements [Ledger].
func (m *Memory) Put(ctx context.Context, r Record) (Record, error) { return m.records.Put(ctx, r) }

// Claim implements [Ledger].
func (m *Memory) Claim(ctx context.Context, c Claim) (Record, error) {
	return m.records.Claim(ctx, c.Key, c.Sending.Fingerprint(), c.grant)
}

// Records implements [Ledger]. It gives the records of the keys that were there when
// the range began.
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] { return m.records.Records(ctx) }
