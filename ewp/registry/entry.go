package registry

import (
	"cmp"
	"encoding/xml"
	"iter"
	"slices"
	"strconv"

	"github.com/passerelle-sup/passerelle/ewp"
)

type name struct{ space, local ref }

type api struct{ space, local string }

// entry is one declaration of an API.
type entry struct {
	api     uint32
	host    uint32
	nodes   span
	version ref
	rank    uint64 // see rankOf; 0 when the version is none
	methods ewp.Methods
}

// node is an element inside an entry, http-security left out.
type node struct {
	name  uint32
	depth uint32 // 1 for children of the entry
	text  ref
}

// rankOf orders versions; it is never 0.
func rankOf(v ewp.Version) uint64 {
	return 1<<63 | uint64(v.Major)<<40 | uint64(v.Minor)<<20 | uint64(v.Patch)
}

// Query says which API entries are meant. Zero fields ask for nothing.
type Query struct {
	// HEI is covered by the host that declares the entry. Without it the whole
	// catalogue is searched.
	HEI ewp.HEIID
	// Namespace and Name are those of the entry's element: ewp.API.Namespace and
	// ewp.API.String. The major version is in the namespace.
	Namespace, Name string
	// MinVersion is the least version.
	MinVersion ewp.Version
	// Versioned leaves out entries whose version is missing, or not three numbers,
	// as a MinVersion does too.
	Versioned bool
}

// Entry is one declaration of an API by a host. The zero value is none: its methods
// must not be called.
type Entry struct {
	x *Index
	i uint32
}

// Find returns the entry with the highest version among those that q means, and
// false when there is none. An entry whose version is missing or not three numbers
// comes after all others. Among equals the one of the last host in the catalogue
// is returned, as the official client does: the order has no meaning, but the
// answer does not waver. Find does not allocate.
func (x *Index) Find(q Query) (Entry, bool) {
	least, apis, ok := x.bounds(q)
	if !ok {
		return Entry{}, false
	}
	best, bestRank, found := uint32(0), uint64(0), false
	for h := range x.candidates(q.HEI) {
		in := x.matching(h, apis)
		for i := in.from; i < in.to; i++ {
			e := &x.entries[i]
			if e.rank >= least && e.rank >= bestRank && (!found || e.rank > bestRank || e.host != x.entries[best].host) && x.named(e, q.Name) {
				best, bestRank, found = i, e.rank, true
			}
		}
	}
	if !found {
		return Entry{}, false
	}
	return Entry{x, best}, true
}

// Entries yields every entry that q means, host by host.
func (x *Index) Entries(q Query) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		least, apis, ok := x.bounds(q)
		if !ok {
			return
		}
		for h := range x.candidates(q.HEI) {
			in := x.matching(h, apis)
			for i := in.from; i < in.to; i++ {
				if e := &x.entries[i]; e.rank >= least && x.named(e, q.Name) && !yield(Entry{x, i}) {
					return
				}
			}
		}
	}
}

// candidates yields the hosts that cover an institution, or all of them.
func (x *Index) candidates(hei ewp.HEIID) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if hei.IsZero() {
			for h := range x.hosts {
				if !yield(uint32(h)) {
					return
				}
			}
			return
		}
		for _, h := range x.hostsCovering(hei) {
			if !yield(h) {
				return
			}
		}
	}
}

// bounds returns the least rank and the range of APIs that q allows.
func (x *Index) bounds(q Query) (least uint64, apis span, ok bool) {
	if q.Versioned || !q.MinVersion.IsZero() {
		least = rankOf(q.MinVersion)
	}
	apis = span{0, uint32(len(x.apis))}
	if q.Namespace != "" {
		if apis, ok = x.spaces[q.Namespace]; !ok {
			return 0, span{}, false
		}
		if q.Name != "" {
			for i := apis.from; i < apis.to; i++ {
				if x.apis[i].local == q.Name {
					return least, span{i, i + 1}, true
				}
			}
			return 0, span{}, false
		}
	}
	return least, apis, true
}

func (x *Index) named(e *entry, name string) bool {
	return name == "" || x.apis[e.api].local == name
}

// matching returns the entries of a host that are of some APIs.
func (x *Index) matching(h uint32, apis span) span {
	in := x.hosts[h].entries
	first := func(api uint32) uint32 { // in x.entries, which are sorted by API within a host
		n, _ := slices.BinarySearchFunc(x.entries[in.from:in.to], api, func(e entry, api uint32) int {
			return cmp.Compare(e.api, api)
		})
		return in.from + uint32(n)
	}
	return span{first(apis.from), first(apis.to)}
}

func (e Entry) entry() *entry { return &e.x.entries[e.i] }

// IsZero reports whether e is no entry.
func (e Entry) IsZero() bool { return e.x == nil }

// Name returns the namespace and the name of the entry's element.
func (e Entry) Name() xml.Name {
	a := e.x.apis[e.entry().api]
	return xml.Name{Space: a.space, Local: a.local}
}

// Version returns the declared version, and false when there is none or it is not
// three numbers.
func (e Entry) Version() (ewp.Version, bool) {
	const mask = 1<<20 - 1
	r := e.entry().rank
	return ewp.Version{Major: int(r >> 40 & mask), Minor: int(r >> 20 & mask), Patch: int(r & mask)}, r != 0
}

// VersionText returns the version as it is written, "" when there is none.
func (e Entry) VersionText() string { return e.x.string(e.entry().version) }

// Security returns what is declared in http-security; see
// [ewp.Methods.WithDefaults].
func (e Entry) Security() ewp.Methods { return e.entry().methods }

// Value returns the text of the first child with a local name, in the namespace of
// the entry, and whether there is such a child: "get-url", "send-notifications".
func (e Entry) Value(element string) (string, bool) {
	for _, n := range e.x.nodes[e.entry().nodes.from:e.entry().nodes.to] {
		if n.depth != 1 {
			continue
		}
		name := e.x.names[n.name]
		if e.x.string(name.local) == element && e.x.string(name.space) == e.x.apis[e.entry().api].space {
			return e.x.string(n.text), true
		}
	}
	return "", false
}

// URL returns the address in an element such as "url" or "get-url", see
// [ewp.Endpoint]; "" when it is not declared. It is what the catalogue says:
// [Problem] URL reports those that cannot be called.
func (e Entry) URL(element string) string {
	url, _ := e.Value(element)
	return url
}

// Limit returns how many identifiers one call may carry, from an element such as
// "max-iia-ids". One that is absent, or no positive number, is 1.
func (e Entry) Limit(element string) int {
	text, _ := e.Value(element)
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// Node is an element inside an entry.
type Node struct {
	Name  xml.Name
	Depth int    // 1 for children of the entry, 2 for theirs
	Text  string // of an element without children, blanks around it trimmed
}

// Nodes yields the elements of the entry in order, whatever API it is: admin-email
// and admin-notes too, http-security not. Attributes are not kept.
func (e Entry) Nodes() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for _, n := range e.x.nodes[e.entry().nodes.from:e.entry().nodes.to] {
			name := e.x.names[n.name]
			if !yield(Node{
				Name:  xml.Name{Space: e.x.string(name.space), Local: e.x.string(name.local)},
				Depth: int(n.depth), Text: e.x.string(n.text),
			}) {
				return
			}
		}
	}
}

// Host returns the host that declares the entry: the only one whose server keys are
// valid for its addresses.
func (e Entry) Host() Host { return Host{e.x, e.entry().host} }
