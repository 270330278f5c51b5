package ine

import "encoding/json"

// Tally counts the rows of a scan. The zero value is ready to use. It is not
// safe for concurrent use.
type Tally struct {
	Total      int           // items, those that could not be read included
	Unreadable int           // items that could not be read
	ByStatus   [statuses]int // indexed by Status; adds up to Total - Unreadable
	ByFamily   [families]int // indexed by Family; adds up to Total - Unreadable
}

// Add counts one element of a scan. A fatal error is not an item of the scan: do
// not add it.
func (t *Tally) Add(row Row, err error) {
	t.Total++
	if err != nil {
		t.Unreadable++
		return
	}
	t.ByStatus[row.Status]++
	t.ByFamily[row.Family]++
}

// Refused counts the items which need a person: unreadable, malformed and suspect ones.
func (t *Tally) Refused() int {
	return t.Unreadable + t.ByStatus[StatusMalformed] + t.ByStatus[StatusSuspect]
}

// MarshalJSON writes {"total":…,"unreadable":…,"by_status":{…},"by_family":{…}}
// with every status and family by name, zeros included.
func (t Tally) MarshalJSON() ([]byte, error) {
	out := struct {
		Total      int            `json:"total"`
		Unreadable int            `json:"unreadable"`
		ByStatus   map[string]int `json:"by_status"`
		ByFamily   map[string]int `json:"by_family"`
	}{t.Total, t.Unreadable, map[string]int{}, map[string]int{}}
	for i, n := range t.ByStatus {
		out.ByStatus[Status(i).String()] = n
	}
	for i, n := range t.ByFamily {
		out.ByFamily[Family(i).String()] = n
	}
	return json.Marshal(out)
}
