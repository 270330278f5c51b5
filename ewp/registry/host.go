package registry

import (
	"bytes"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
)

type host struct {
	provider ref
	notes    ref
	emails   []ref
	entries  span // of Index.entries
	heis     span // of Index.covered
	clients  span // of Index.prints, sorted
	servers  span // of Index.prints, sorted
	certs    span // of Index.prints, sorted
}

// Host is one host of the network: a set of addresses, keys and institutions that
// belong together. The zero value is none: its methods must not be called.
type Host struct {
	x *Index
	i uint32
}

// Hosts yields all hosts.
func (x *Index) Hosts() iter.Seq[Host] {
	return func(yield func(Host) bool) {
		for i := range x.hosts {
			if !yield(Host{x, uint32(i)}) {
				return
			}
		}
	}
}

// HostsOf yields the hosts that cover an institution, one for each provider that
// serves it.
func (x *Index) HostsOf(hei ewp.HEIID) iter.Seq[Host] {
	return func(yield func(Host) bool) {
		for _, h := range x.hostsCovering(hei) {
			if !yield(Host{x, h}) {
				return
			}
		}
	}
}

func (x *Index) hostsCovering(hei ewp.HEIID) []uint32 {
	i, ok := x.heiIndex[hei]
	if !ok {
		return nil
	}
	at := x.heis[i].hosts
	return x.hostsOf[at.from:at.to]
}

func (h Host) host() *host { return &h.x.hosts[h.i] }

// Provider returns the name of the provider or software, "" when none is given.
func (h Host) Provider() string { return h.x.string(h.host().provider) }

// Notes returns the notes of the administrators.
func (h Host) Notes() string { return h.x.string(h.host().notes) }

// Emails returns the addresses of the administrators. They should be those of
// services, and may be those of persons.
func (h Host) Emails() []string {
	emails := make([]string, len(h.host().emails))
	for i, r := range h.host().emails {
		emails[i] = h.x.string(r)
	}
	return emails
}

// HEIs returns the institutions that the host covers.
func (h Host) HEIs() HEIs {
	s := h.host().heis
	return HEIs{h.x.covered[s.from:s.to]}
}

// Entries yields the APIs that the host declares.
func (h Host) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := h.host().entries.from; i < h.host().entries.to; i++ {
			if !yield(Entry{h.x, i}) {
				return
			}
		}
	}
}

// HasServerKey reports whether the host may sign its answers with a key: the
// question that a client asks of the host that it took the address from, and of no
// other. It does not allocate.
func (h Host) HasServerKey(key ewp.Fingerprint) bool { return h.holds(h.host().servers, key) }

// HasClientKey reports whether the host signs its requests with a key.
func (h Host) HasClientKey(key ewp.Fingerprint) bool { return h.holds(h.host().clients, key) }

// ServerKeys returns the fingerprints of the keys that sign answers.
func (h Host) ServerKeys() []ewp.Fingerprint { return h.list(h.host().servers) }

// ClientKeys returns the fingerprints of the keys that sign requests.
func (h Host) ClientKeys() []ewp.Fingerprint { return h.list(h.host().clients) }

func (h Host) list(s span) []ewp.Fingerprint { return slices.Clone(h.x.prints[s.from:s.to]) }

func (h Host) holds(s span, key ewp.Fingerprint) bool {
	_, ok := slices.BinarySearchFunc(h.x.prints[s.from:s.to], key, comparePrints)
	return ok
}

func comparePrints(a, b ewp.Fingerprint) int { return bytes.Compare(a[:], b[:]) }
