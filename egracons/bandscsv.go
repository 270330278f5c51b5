package egracons

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// ReadBands reads fixed tables from CSV, one row for each band, in the order of
// the file. Rows of one ID, country and name make one table. The error is an
// *Error of kind ErrBadTable with the line of each fault, several joined, or that
// of the reader.
func ReadBands(r io.Reader, layout BandLayout) ([]*BandTable, error) {
	limited := &io.LimitedReader{R: r, N: maxFile + 1}
	in := csv.NewReader(limited)
	in.Comma = cmp.Or(layout.Comma, ',')
	header, err := in.Read()
	if err != nil {
		return nil, csvError(err, "a header line")
	}
	column, err := layout.find(header)
	if err != nil {
		return nil, err
	}
	var tables []*BandTable
	index := map[[3]string]*BandTable{}
	var bad faults
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) && limited.N > 0 {
			break
		}
		if limited.N <= 0 {
			return nil, &Error{Kind: ErrBadTable, Want: "a file of at most 64 MiB"}
		}
		if err != nil {
			return nil, csvError(err, "rows of the same length as the header")
		}
		cell := func(name string) string {
			if at, ok := column[name]; ok && name != "" {
				return strings.TrimSpace(record[at])
			}
			return ""
		}
		key := [3]string{cell(layout.ID), cell(layout.Country), cell(layout.Name)}
		t := index[key]
		if t == nil {
			t = &BandTable{ID: key[0], Country: key[1], Name: key[2]}
			index[key] = t
			tables = append(tables, t)
		}
		line, _ := in.FieldPos(0)
		t.Bands = append(t.Bands, layout.band(cell, line, &bad))
	}
	for _, t := range tables {
		if layout.Upper == InclusiveUpper {
			t.closeGaps(layout.SharedToLower)
		}
		if want := t.overlap(); want != "" {
			bad.add(&Error{Kind: ErrBadTable, Table: t.name(), Want: want})
		}
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	return tables, nil
}

// find returns the place of each column of the layout.
func (l BandLayout) find(header []string) (map[string]int, error) {
	column := map[string]int{}
	for i, head := range header {
		column[strings.TrimSpace(strings.TrimPrefix(head, "\ufeff"))] = i
	}
	for _, name := range []string{l.From, l.To, l.Foreign} {
		if _, ok := column[name]; !ok || name == "" {
			return nil, &Error{Kind: ErrBadTable, Row: 1, Field: name, Want: fmt.Sprintf("a column %q", name)}
		}
	}
	return column, nil
}

// band reads one row.
func (l BandLayout) band(cell func(string) string, line int, bad *faults) Band {
	b := Band{Local: cell(l.Local), Raw: cell(l.Raw), Doubt: cell(l.Doubt)}
	low, high := cell(l.From), cell(l.To)
	from, errFrom := parseMark(low)
	to, errTo := parseMark(high)
	switch {
	case low == "" && high == "":
		bad.add(&Error{Kind: ErrBadTable, Row: line, Field: l.From, Want: "a bound"})
	case errFrom == nil && errTo == nil:
		b.From, b.To = from, to
	case errFrom == nil: // one mark alone, and perhaps a word beside it: "30" to "30L"
		b.From, b.To, b.Closed = from, from, true
	case errTo == nil && low == "":
		b.To = to
	case errTo == nil:
		b.From, b.To, b.Closed = to, to, true
	}
	if errFrom != nil {
		b.words[0] = normalLabel(low)
	}
	if errTo != nil {
		b.words[1] = normalLabel(high)
	}
	if b.From.IsSet() && b.From.Cmp(b.To) > 0 {
		bad.add(&Error{Kind: ErrBadTable, Row: line, Field: l.To, Want: "an upper bound above the lower one"})
	}
	b.Local = cmp.Or(b.Local, rangeLabel(low, high))
	b.Foreign = strings.TrimSpace(rangeLabel(cell(l.Foreign), cell(l.ForeignTo)) + " " + cell(l.ForeignWord))
	b.Raw = cmp.Or(b.Raw, b.Foreign)
	return b
}

// rangeLabel prints two ends as SMILE does: "14 - 14.99", or one when the other
// is empty or the same.
func rangeLabel(low, high string) string {
	switch {
	case high == "" || high == low:
		return low
	case low == "":
		return high
	}
	return low + " - " + high
}

// ascending returns the bands that have bounds, lowest first.
func (t *BandTable) ascending() []*Band {
	var bands []*Band
	for i := range t.Bands {
		if t.Bands[i].To.IsSet() {
			bands = append(bands, &t.Bands[i])
		}
	}
	slices.SortStableFunc(bands, func(a, b *Band) int {
		switch {
		case !a.From.IsSet() && !b.From.IsSet():
			return a.To.Cmp(b.To)
		case !a.From.IsSet():
			return -1
		case !b.From.IsSet():
			return 1
		}
		return cmp.Or(a.From.Cmp(b.From), a.To.Cmp(b.To))
	})
	return bands
}

// closeGaps turns upper ends as they are printed into exact bounds.
func (t *BandTable) closeGaps(sharedToLower bool) {
	bands := t.ascending()
	for i, b := range bands {
		b.Closed = true
		if i == len(bands)-1 || !bands[i+1].From.IsSet() {
			continue
		}
		next := bands[i+1]
		unit := new(big.Rat).SetFrac(big.NewInt(1), pow10(max(b.To.places, next.From.places)))
		gap := new(big.Rat).Sub(next.From.rat, b.To.rat)
		switch {
		case gap.Sign() == 0 && next.From.Cmp(next.To) == 0: // a mark that has a band of its own
			b.Closed = false
		case gap.Sign() == 0:
			b.Closed, next.Open = sharedToLower, sharedToLower
		case gap.Sign() > 0 && gap.Cmp(unit) <= 0:
			b.To, b.Closed = next.From, false
		}
	}
}

// overlap tells which two bands hold the same marks, or "".
func (t *BandTable) overlap() string {
	bands := t.ascending()
	for i := 1; i < len(bands); i++ {
		a, b := bands[i-1], bands[i]
		order := -1 // no lower end: it goes below everything
		if b.From.IsSet() {
			order = b.From.Cmp(a.To)
		}
		if order < 0 || order == 0 && a.Closed && !b.Open {
			return fmt.Sprintf("bands %q and %q overlap", shown(a.Local), shown(b.Local))
		}
	}
	return ""
}
