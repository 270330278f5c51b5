package egracons

import "slices"

// bins finds the grade whose band holds a mark.
type bins struct {
	list  []bin
	fixed bool // every bound is a multiple of one millionth that fits
}

type bin struct {
	from, to           Number
	fixedFrom, fixedTo int64
	closed             bool // to is included
	rank               int
}

func newBins(grades []Grade) bins {
	var b bins
	for rank, g := range grades {
		if g.From.IsSet() {
			b.list = append(b.list, bin{from: g.From, to: g.To, closed: g.From.Cmp(g.To) == 0, rank: rank})
		}
	}
	slices.SortFunc(b.list, func(x, y bin) int { return x.from.Cmp(y.from) })
	b.fixed = len(b.list) > 0
	for i := range b.list {
		x := &b.list[i]
		if i == len(b.list)-1 {
			x.closed = true
		}
		var okFrom, okTo bool
		x.fixedFrom, okFrom = fixed(x.from.String())
		x.fixedTo, okTo = fixed(x.to.String())
		b.fixed = b.fixed && okFrom && okTo
	}
	return b
}

// find returns the rank of the band that holds the mark.
func (b *bins) find(mark string) (int, bool) {
	if len(b.list) == 0 {
		return 0, false
	}
	if v, ok := fixed(mark); ok && b.fixed {
		for i := range b.list {
			if x := &b.list[i]; v >= x.fixedFrom && (v < x.fixedTo || x.closed && v == x.fixedTo) {
				return x.rank, true
			}
		}
		return 0, false
	}
	v, err := ParseNumber(mark)
	if err != nil {
		return 0, false
	}
	for i := range b.list {
		x := &b.list[i]
		if c := v.Cmp(x.to); v.Cmp(x.from) >= 0 && (c < 0 || x.closed && c == 0) {
			return x.rank, true
		}
	}
	return 0, false
}

// fixed reads a decimal of at most nine digits and six decimals as millionths,
// without allocating.
func fixed(s string) (int64, bool) {
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	var units int64
	whole, places, digits := 0, -1, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			units = units*10 + int64(c-'0')
			digits++
			if places >= 0 {
				places++
			} else {
				whole++
			}
		case c == '.' && places < 0:
			places = 0
		default:
			return 0, false
		}
		if whole > 9 || places > 6 {
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	for range 6 - max(places, 0) {
		units *= 10
	}
	if negative {
		units = -units
	}
	return units, true
}
