package registry

import (
	"cmp"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
)

// maxShared bounds the institutions of keys that several hosts use, all together.
// In the real catalogue there are a handful; unbounded, a catalogue could make them
// many times its own size.
const maxShared = 1 << 20

// index puts together what was read.
func (b *builder) index() (*Index, error) {
	x := &Index{
		text: string(b.texts.buf), nodes: slices.Clip(b.nodes), entries: slices.Clip(b.entries),
		hosts: slices.Clip(b.hosts), prints: slices.Clip(b.prints), heiIndex: b.heiIDs,
	}
	x.names = make([]name, len(b.names))
	for i, n := range b.names {
		x.names[i] = n.name
	}
	b.sortEntries(x)
	b.institutions(x)
	if err := b.credentialsOf(x); err != nil {
		return nil, err
	}
	x.report = b.report
	x.report.Hosts, x.report.Entries, x.report.Keys = len(x.hosts), len(x.entries), len(b.keys)
	return x, nil
}

// sortEntries numbers the APIs in the order of their names, and sorts the entries
// of each host by API, the highest and then the last first.
func (b *builder) sortEntries(x *Index) {
	order := make([]uint32, len(b.apis))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int {
		return cmp.Or(cmp.Compare(b.apis[i].Space, b.apis[j].Space), cmp.Compare(b.apis[i].Local, b.apis[j].Local))
	})
	number := make([]uint32, len(order))
	x.apis = make([]api, len(order))
	x.spaces = make(map[string]span)
	for n, i := range order {
		number[i] = uint32(n)
		a := b.apis[i].Name
		x.apis[n] = api{a.Space, a.Local}
		s, ok := x.spaces[a.Space]
		if !ok {
			s.from = uint32(n)
		}
		s.to = uint32(n + 1)
		x.spaces[a.Space] = s
	}
	for i := range x.entries {
		x.entries[i].api = number[x.entries[i].api]
	}
	for _, h := range x.hosts {
		part := x.entries[h.entries.from:h.entries.to]
		slices.Reverse(part)
		slices.SortStableFunc(part, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.api, b.api), cmp.Compare(b.rank, a.rank))
		})
	}
}

// institutions fills what concerns institutions.
func (b *builder) institutions(x *Index) {
	x.heis = make([]heiRecord, len(b.heis))
	for i, d := range b.heis {
		hei := HEI{ewp.Institution{ID: d.id}}
		if len(d.otherIDs) > 0 {
			hei.OtherIDs = make([]ewp.OtherID, len(d.otherIDs))
			for j, p := range d.otherIDs {
				hei.OtherIDs[j] = ewp.OtherID{Type: x.string(p.key), Value: x.string(p.value)}
			}
		}
		if len(d.names) > 0 {
			hei.Names = make(ewp.Texts, len(d.names))
			for j, p := range d.names {
				hei.Names[j] = ewp.Text{Lang: x.string(p.key), Value: x.string(p.value)}
			}
		}
		x.heis[i] = heiRecord{hei: hei, described: d.described}
		if d.described {
			b.report.HEIs++
		} else {
			b.report.add(Finding{Problem: HEIUndescribed, Line: d.line, HEI: d.id})
		}
	}
	x.covered = b.idsOf(b.covered)
	for _, i := range b.covered {
		x.heis[i].hosts.to++
	}
	from := uint32(0)
	for i := range x.heis {
		s := &x.heis[i].hosts
		n := s.to
		*s = span{from, from}
		from += n
	}
	x.hostsOf = make([]uint32, from)
	for h := range x.hosts {
		for _, i := range b.covered[x.hosts[h].heis.from:x.hosts[h].heis.to] {
			s := &x.heis[i].hosts
			x.hostsOf[s.to] = uint32(h)
			s.to++
		}
	}
	x.otherIDs = make(map[string]HEIs, len(b.otherIDs))
	for key, holders := range b.otherIDs {
		slices.Sort(holders)
		x.otherIDs[key] = HEIs{b.idsOf(slices.Compact(holders))}
	}
}

func (b *builder) idsOf(indexes []uint32) []ewp.HEIID {
	ids := make([]ewp.HEIID, len(indexes))
	for n, i := range indexes {
		ids[n] = b.heis[i].id
	}
	return ids
}

// credentialsOf fills what is asked by fingerprint.
func (b *builder) credentialsOf(x *Index) error {
	x.keys = make(map[ewp.Fingerprint]*keyRecord, len(b.keys))
	records := make([]keyRecord, len(b.keys)) // one allocation for nearly all
	for f, key := range b.keys {
		records[0].key = key
		x.keys[f] = &records[0]
		records = records[1:]
	}
	record := func(f ewp.Fingerprint) *keyRecord {
		r := x.keys[f]
		if r == nil { // in use, not among the binaries
			r = &keyRecord{}
			x.keys[f] = r
			b.report.add(Finding{Problem: KeyAbsent, Subject: f.String()})
		}
		return r
	}
	clients := make(map[ewp.Fingerprint][]uint32, len(x.hosts))
	certs := make(map[ewp.Fingerprint][]uint32)
	for i, h := range x.hosts {
		for _, f := range x.prints[h.clients.from:h.clients.to] {
			clients[f] = append(clients[f], uint32(i))
		}
		for _, f := range x.prints[h.certs.from:h.certs.to] {
			certs[f] = append(certs[f], uint32(i))
		}
		for _, f := range x.prints[h.servers.from:h.servers.to] {
			record(f)
		}
	}
	x.certs = make(map[ewp.Fingerprint]HEIs, len(certs))
	shared := 0
	for _, h := range x.hosts { // not over the maps, so that the report keeps its order
		for _, f := range x.prints[h.clients.from:h.clients.to] {
			r := record(f)
			if r.client {
				continue
			}
			r.client, r.heis = true, x.union(clients[f], &shared)
			if r.heis.Len() > 1 {
				b.report.add(Finding{Problem: KeyAmbiguous, HEI: r.heis.ids[0], Subject: f.String()})
			}
		}
		for _, f := range x.prints[h.certs.from:h.certs.to] {
			if _, ok := x.certs[f]; !ok {
				x.certs[f] = x.union(certs[f], &shared)
			}
		}
		if shared > maxShared {
			return errTooShared
		}
	}
	return nil
}

// union returns the institutions of several hosts, each once, and adds to cost what
// had to be copied. Most keys belong to one host, whose own list is shared.
func (x *Index) union(hosts []uint32, cost *int) HEIs {
	if len(hosts) == 1 {
		return Host{x, hosts[0]}.HEIs()
	}
	var all []ewp.HEIID
	for _, h := range hosts {
		ids := Host{x, h}.HEIs().ids
		if *cost += len(ids); *cost > maxShared {
			return HEIs{} // and the catalogue is refused
		}
		all = append(all, ids...)
	}
	slices.SortFunc(all, func(a, b ewp.HEIID) int { return cmp.Compare(a.String(), b.String()) })
	return HEIs{slices.Compact(all)}
}
