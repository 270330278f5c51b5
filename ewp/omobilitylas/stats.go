package omobilitylas

import (
	"cmp"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// statsItem is the element of a year in both statistics.
const statsItem = "academic-year-la-stats"

// Outgoing counts the agreements of one academic year at the sending institution.
type Outgoing struct {
	YearID         string `xml:"receiving-academic-year-id"`
	Total          int    `xml:"la-outgoing-total"`
	NotModified    int    `xml:"la-outgoing-not-modified-after-approval"` // one approved version, and nothing after it
	Modified       int    `xml:"la-outgoing-modified-after-approval"`     // an approved version, and others after it
	LatestApproved int    `xml:"la-outgoing-latest-version-approved"`
	LatestRejected int    `xml:"la-outgoing-latest-version-rejected"` // commented, and not replaced
	LatestAwaiting int    `xml:"la-outgoing-latest-version-awaiting"`
}

// Incoming counts those at the receiving institution.
type Incoming struct {
	YearID         string `xml:"receiving-academic-year-id"`
	Total          int    `xml:"la-incoming-total"`
	SomeApproved   int    `xml:"la-incoming-some-version-approved"`
	LatestApproved int    `xml:"la-incoming-latest-version-approved"`
	LatestRejected int    `xml:"la-incoming-latest-version-rejected"`
	LatestAwaiting int    `xml:"la-incoming-latest-version-awaiting"`
}

// firstStats is the first academic year of which statistics are made.
var firstStats = term.MustParseYear("2021/2022")

// CountOutgoing counts the agreements of a sending institution, by academic year from
// 2021/2022 on, in order; what is not to be seen by anybody is left out. Its error is
// that of the states.
func CountOutgoing(states iter.Seq2[State, error], hei ewp.HEIID) ([]Outgoing, error) {
	return count(states, func(s State) bool { return s.Agreement.Sending.HEI == hei }, func(row *Outgoing, year string, s State) {
		a := s.Agreement
		row.YearID = year
		row.Total++
		if a.First != nil {
			if a.Changes == nil && a.Proposal == nil {
				row.NotModified++
			} else {
				row.Modified++
			}
		}
		tally(s, &row.LatestApproved, &row.LatestRejected, &row.LatestAwaiting)
	})
}

// CountIncoming is CountOutgoing for a receiving institution.
func CountIncoming(states iter.Seq2[State, error], hei ewp.HEIID) ([]Incoming, error) {
	return count(states, func(s State) bool { return s.Agreement.Receiving.HEI == hei }, func(row *Incoming, year string, s State) {
		row.YearID = year
		row.Total++
		if s.Agreement.First != nil {
			row.SomeApproved++
		}
		tally(s, &row.LatestApproved, &row.LatestRejected, &row.LatestAwaiting)
	})
}

// tally counts the latest version of an agreement.
func tally(s State, approved, rejected, awaiting *int) {
	switch s.Stage() {
	case Agreed:
		*approved++
	case FirstCommented, ChangesCommented:
		*rejected++
	default:
		*awaiting++
	}
}

func count[T any](states iter.Seq2[State, error], ours func(State) bool, add func(row *T, year string, s State)) ([]T, error) {
	rows := map[term.Year]*T{}
	for s, err := range states {
		if err != nil {
			return nil, err
		}
		year, err := term.ParseYear(lexical.Token(s.Agreement.YearID))
		if err != nil || year.Compare(firstStats) < 0 || !ours(s) || s.Stage() == "" {
			continue
		}
		if rows[year] == nil {
			rows[year] = new(T)
		}
		add(rows[year], year.String(), s)
	}
	var list []T
	for _, year := range slices.SortedFunc(maps.Keys(rows), func(a, b term.Year) int { return cmp.Or(a.Compare(b), cmp.Compare(a.String(), b.String())) }) {
		list = append(list, *rows[year])
	}
	return list, nil
}

// DecodeOutgoing reads the document of the statistics of omobility-las. Its error is
// like that of [Decode].
func DecodeOutgoing(r io.Reader) ([]Outgoing, error) {
	return document.Decode[Outgoing](r, document.Root(ewp.OMobilityLAs, "stats"), statsItem)
}

// EncodeOutgoing writes it. Its error is that of w.
func EncodeOutgoing(w io.Writer, rows []Outgoing) error {
	return document.Encode(w, document.Root(ewp.OMobilityLAs, "stats"), statsItem, rows)
}

// DecodeIncoming reads the document of the statistics of omobility-la-cnr.
func DecodeIncoming(r io.Reader) ([]Incoming, error) {
	return document.Decode[Incoming](r, document.Root(ewp.OMobilityLACNR, "stats"), statsItem)
}

// EncodeIncoming writes it. Its error is that of w.
func EncodeIncoming(w io.Writer, rows []Incoming) error {
	return document.Encode(w, document.Root(ewp.OMobilityLACNR, "stats"), statsItem, rows)
}
