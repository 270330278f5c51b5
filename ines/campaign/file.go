package campaign

import (
	"context"
	"iter"

	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// File is a [Ledger] in one append-only file, for one process at a time: what it
// acknowledges is on the disk, and survives a kill at any instant. Open it with
// [OpenFile]. The records are in memory too, a few hundred bytes each.
type File struct{ records *ledger.File[Record] }

// OpenFile opens the ledger at path, or creates it, readable by its owner alone.
// A file that another process has open is refused with passerelle.ErrConflict, a
// damaged one with passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenFile(path string) (*File, error) {
	f, err := ledger.Open(path, records)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Get implements [Ledger].
func (f *File) Get(_ context.Context, student string) (Record, error) { return f.records.Get(student) }

// Put implements [Ledger].
func (f *File) Put(ctx context.Context, r Record) (Record, error) { return f.records.Put(ctx, r) }

// Claim implements [Ledger].
func (f *File) Claim(ctx context.Context, c Claim) (Record, error) {
	return f.records.Claim(ctx, c.Student, c.Identity, c.grant)
}

// Records implements [Ledger].
func (f *File) Records(ctx context.Context) iter.Seq2[Record, error] { return f.records.Records(ctx) }

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.records.Close() }
