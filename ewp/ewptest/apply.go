package ewptest

import (
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
)

// apply returns what the registry imports of a manifest, given what its checks refuse:
// a copy without the entries, keys and institutions concerned. whole is what makes it
// refuse all of it, nil where nothing does.
func apply(m *discovery.Manifest, refused passerelle.FieldErrors) (kept *discovery.Manifest, whole error) {
	var lost passerelle.FieldErrors
	entries, clients, servers := map[int]bool{}, map[int]bool{}, map[int]bool{}
	noHEI := false
	for _, f := range refused {
		list, index := cutIndex(f.Field)
		switch {
		case list == "APIs":
			entries[index] = true
		case list == "ClientKeys":
			clients[index] = true
		case list == "ServerKeys":
			servers[index] = true
		case f.Field == "HEI.ID" && f.Rule == "pattern":
			noHEI = true
		default:
			lost = append(lost, f)
		}
	}
	if len(lost) > 0 {
		return nil, lost
	}
	copied := *m
	copied.APIs = without(m.APIs, entries)
	copied.ClientKeys = without(m.ClientKeys, clients)
	copied.ServerKeys = without(m.ServerKeys, servers)
	if noHEI {
		copied.HEI = ewp.Institution{}
	}
	return &copied, nil
}

// cutIndex splits "APIs[2].get-url" into "APIs" and 2. The index is -1 where the field
// has none.
func cutIndex(field string) (list string, index int) {
	list, rest, ok := strings.Cut(field, "[")
	number, _, closed := strings.Cut(rest, "]")
	index, err := strconv.Atoi(number)
	if !ok || !closed || err != nil {
		return field, -1
	}
	return list, index
}

// without returns the values whose index is not in the set.
func without[T any](values []T, drop map[int]bool) []T {
	var kept []T
	for i, v := range values {
		if !drop[i] {
			kept = append(kept, v)
		}
	}
	return kept
}
