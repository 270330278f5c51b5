package registry

import (
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry/internal/xmlscan"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Catalogue gives the newest index of the catalogue. A [Client] is one, and so is
// an [Index], which gives itself: tests and offline tools need nothing else.
type Catalogue interface {
	// Index returns the index to ask, or an error when there is none that may be
	// trusted. Questions that belong together are asked of one Index.
	Index() (*Index, error)
}

var (
	_ Catalogue = (*Index)(nil)
	_ Catalogue = (*Client)(nil)
)

// Index answers what clients and servers ask of one version of the catalogue. It
// never changes, and is safe for concurrent use. What it returns shares its memory
// and must not be changed either.
type Index struct {
	text     string // all texts, each once
	names    []name // of elements of API entries
	apis     []api  // sorted by namespace and name
	spaces   map[string]span
	nodes    []node
	entries  []entry // host by host, see sortEntries
	hosts    []host
	prints   []ewp.Fingerprint // credentials of hosts
	covered  []ewp.HEIID       // institutions of hosts, host by host
	heis     []heiRecord
	heiIndex map[ewp.HEIID]uint32
	hostsOf  []uint32 // hosts of institutions
	keys     map[ewp.Fingerprint]*keyRecord
	certs    map[ewp.Fingerprint]HEIs
	otherIDs map[string]HEIs
	report   Report
}

// ref is a part of Index.text.
type ref struct{ off, n uint32 }

// span is a range of indexes.
type span struct{ from, to uint32 }

func (x *Index) string(r ref) string { return x.text[r.off : r.off+r.n] }

// Index returns x.
func (x *Index) Index() (*Index, error) { return x, nil }

// Limits bounds what a catalogue may cost. Zero fields take the default named
// beside them.
type Limits struct {
	MaxBytes    int64 // of the document; 256 MiB, at most 1 GiB
	MaxElements int   // in the document; 8 million. The real catalogue has about 1.1 million
}

// faults returns what is wrong with l, each field named after prefix.
func (l Limits) faults(prefix string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if l.MaxBytes < 0 || l.MaxBytes > 1<<30 {
		faults.Add(prefix+"MaxBytes", "range", "0 for the default, up to 1 GiB")
	}
	if l.MaxElements < 0 {
		faults.Add(prefix+"MaxElements", "range", "no negative value; 0 is the default")
	}
	return faults
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 256 << 20
	}
	if l.MaxElements == 0 {
		l.MaxElements = 8_000_000
	}
	return l
}

// Parse reads a catalogue into an index. A document that is not well-formed, too
// big, or no catalogue is an [*Error] that is passerelle.ErrProtocol; what is merely
// odd in it is left out where it has to be, and stands in [Index.Report]. An error
// of r is returned inside an [*Error].
func Parse(r io.Reader, limits Limits) (*Index, error) {
	if faults := limits.faults("Limits."); len(faults) > 0 {
		return nil, faults
	}
	limits = limits.withDefaults()
	b := newBuilder(xmlscan.New(r, xmlx.Limits{
		MaxBytes: limits.MaxBytes, MaxElements: limits.MaxElements,
		MaxToken: 1 << 20, MaxDepth: 64, MaxAttrs: 128,
	}))
	if err := b.document(); err != nil {
		return nil, &Error{Op: "parse", Err: err}
	}
	x, err := b.index()
	if err != nil {
		return nil, &Error{Op: "parse", Err: err}
	}
	return x, nil
}
