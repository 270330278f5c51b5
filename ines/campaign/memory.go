package campaign

import (
	"context"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// records says what the records of a ledger are.
var records = ledger.Kind[Record]{
	Name: "campaign", File: "ines-ledger/1",
	Key:     func(r *Record) string { return r.Student },
	Version: func(r *Record) *int64 { return &r.Version },
	Holds: func(r *Record) string {
		if r.HoldsIdentity() {
			return r.Identity
		}
		return ""
	},
	Clone:   Record.clone,
	Missing: errNoRecord,
	Check:   checkPut,
}

// clone returns r with slices of its own.
func (r Record) clone() Record {
	r.Alternates = slices.Clone(r.Alternates)
	r.History = slices.Clone(r.History)
	r.Closed = slices.Clone(r.Closed)
	return r
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
func (m *Memory) Get(_ context.Context, student string) (Record, error) {
	return m.records.Get(student)
}

// Put implements [Ledger].
func (m *Memory) Put(ctx context.Context, r Record) (Record, error) { return m.records.Put(ctx, r) }

// Claim implements [Ledger].
func (m *Memory) Claim(ctx context.Context, c Claim) (Record, error) {
	return m.records.Claim(ctx, c.Student, c.Identity, c.grant)
}

// Records implements [Ledger].
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] { return m.records.Records(ctx) }
