package hei

import (
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/passerelle-sup/passerelle"
)

// Institution is what one source knows of one institution.
type Institution struct {
	Source  string // whose knowledge it is: "ECHE", "EWP", …
	Name    string
	Country string // as the source writes it
	Domain  Domain
	PICs    []PIC
	Codes   []ErasmusCode
	OIDs    []OID
}

// Institution returns a row of the list as a source's knowledge.
func (c Charter) Institution() Institution {
	return Institution{
		Source: "ECHE", Name: c.Name, Country: c.Country,
		PICs: nonZero(c.PIC), Codes: nonZero(c.Code), OIDs: nonZero(c.OID),
	}
}

func nonZero[T comparable](v T) []T {
	var zero T
	if v == zero {
		return nil
	}
	return []T{v}
}

// FromOtherIDs makes an institution of what a catalogue of the Erasmus Without Paper
// network, or another list by types and values, says of it: the identifier, and pairs
// of a type ("pic", "erasmus", "oid") and a value. Other types are passed over. What
// cannot be read is left out and named in the error, a passerelle.FieldErrors; the
// institution has the rest: catalogues hold OIDs under "pic".
func FromOtherIDs(source, domain string, ids iter.Seq2[string, string]) (Institution, error) {
	in := Institution{Source: source}
	var faults passerelle.FieldErrors
	in.Domain = field(&faults, "domain", domain, ParseDomain)
	for typ, value := range ids {
		switch typ {
		case "pic":
			in.PICs = appendNew(in.PICs, field(&faults, typ, value, ParsePIC))
		case "erasmus":
			in.Codes = appendNew(in.Codes, field(&faults, typ, value, ParseErasmusCode))
		case "oid", "OID":
			in.OIDs = appendNew(in.OIDs, field(&faults, typ, value, ParseOID))
		}
	}
	return in, faults.Err()
}

func appendNew[T comparable](list []T, v T) []T {
	var zero T
	if v == zero || slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// By says what two records have in common.
type By string

// The values of [Match.By].
const (
	ByDomain      By = "domain"
	ByPIC         By = "pic"
	ByErasmusCode By = "erasmus"
	ByOID         By = "oid"
)

// Match is an institution that fits what was asked.
type Match struct {
	Institution
	// By is what fits: of a direct match what was asked, else what it shares with a
	// direct match.
	By By
	// Direct is false for a record of another source that a direct match led to.
	Direct bool
}

// Query asks for institutions. Those that have any of the names that are not zero fit.
type Query struct {
	Domain Domain
	PIC    PIC
	Code   ErasmusCode
	OID    OID
}

// Directory finds institutions by their names, over several sources. The zero value
// is empty. It is safe for concurrent use.
type Directory struct {
	mu      sync.RWMutex
	all     []Institution
	domains map[Domain][]int
	pics    map[PIC][]int
	codes   map[ErasmusCode][]int
	oids    map[OID][]int
}

// Add adds what sources know. Nothing is merged: two records of one institution stay
// two.
func (d *Directory) Add(institutions ...Institution) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.domains == nil {
		d.domains, d.pics = map[Domain][]int{}, map[PIC][]int{}
		d.codes, d.oids = map[ErasmusCode][]int{}, map[OID][]int{}
	}
	for _, in := range institutions {
		in.PICs, in.Codes, in.OIDs = slices.Clone(in.PICs), slices.Clone(in.Codes), slices.Clone(in.OIDs)
		at := len(d.all)
		d.all = append(d.all, in)
		if !in.Domain.IsZero() {
			d.domains[in.Domain] = append(d.domains[in.Domain], at)
		}
		for _, p := range in.PICs {
			d.pics[p] = append(d.pics[p], at)
		}
		for _, c := range in.Codes {
			d.codes[c] = append(d.codes[c], at)
		}
		for _, o := range in.OIDs {
			d.oids[o] = append(d.oids[o], at)
		}
	}
}

// Len returns the number of records.
func (d *Directory) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.all)
}

// Find returns every record that fits, direct ones first, each in the order in which
// they were added. A direct match leads to records of other sources: by its PICs, or
// where no other source has those, by its Erasmus codes. Several results can mean
// several institutions, since sources contradict each other and themselves: who needs
// one must look at them.
func (d *Directory) Find(q Query) []Match {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found := map[int]Match{}
	note := func(list []int, by By, direct bool, unless string) {
		for _, i := range list {
			in := d.all[i]
			if _, ok := found[i]; ok || unless != "" && in.Source == unless {
				continue
			}
			in.PICs, in.Codes, in.OIDs = slices.Clone(in.PICs), slices.Clone(in.Codes), slices.Clone(in.OIDs)
			found[i] = Match{Institution: in, By: by, Direct: direct}
		}
	}
	note(d.domains[q.Domain], ByDomain, true, "")
	note(d.pics[q.PIC], ByPIC, true, "")
	note(d.codes[q.Code], ByErasmusCode, true, "")
	note(d.oids[q.OID], ByOID, true, "")
	direct := slices.Sorted(maps.Keys(found))
	for _, i := range direct {
		in := d.all[i]
		met := false
		for _, p := range in.PICs {
			note(d.pics[p], ByPIC, false, in.Source)
			met = met || d.elsewhere(d.pics[p], in.Source)
		}
		for _, c := range in.Codes {
			if !met {
				note(d.codes[c], ByErasmusCode, false, in.Source)
			}
		}
	}
	matches := make([]Match, 0, len(found))
	for _, i := range direct {
		matches = append(matches, found[i])
	}
	for _, i := range slices.Sorted(maps.Keys(found)) {
		if !found[i].Direct {
			matches = append(matches, found[i])
		}
	}
	return matches
}

// elsewhere reports whether a source other than one has some of the records.
func (d *Directory) elsewhere(list []int, source string) bool {
	return slices.ContainsFunc(list, func(i int) bool { return d.all[i].Source != source })
}
