package aglae

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// The findings of [CrossCrous], beside FoundUndeclared and FoundUnenrolled.
const (
	FoundDefinitive  Finding = "definitive"   // definitive at the Crous, conditional here
	FoundStruckOff   Finding = "struck_off"   // struck off at the Crous, a holder here
	FoundOtherNumber Finding = "other_number" // the same civil identity under another number
	FoundHomonyms    Finding = "homonyms"     // several people of this civil identity
	FoundAbsent      Finding = "absent"       // said to be a holder here, not in the file
)

// CrossOptions says how [CrossCrous] reads the file.
type CrossOptions struct {
	// AllDefinitive says that the file lists definitive grants only, for layouts that do
	// not tell.
	AllDefinitive bool
	// Unenrolled reports the lines of the file that no enrolment matches. It makes sense
	// for a file of this establishment.
	Unenrolled bool
	Join       Join
}

// CrossCrous crosses the enrolments with a file of the Crous: report 6, the connector
// turned around, which moves conditional grants to definitive. A line belongs to an
// enrolment that has its number, as INE or as grant number; failing that, to the only
// one of the same civil identity (birth name and first given name folded, birth date),
// which finds the foreigners whom AGLAE knows under another number, as a hint to check.
// That a student is not in the file proves nothing.
//
// An enrolment can have two rows. Those about enrolments come first, in the order of
// regs; then those about lines of the file, in the order of the file. Both lists are
// read once, in any order, and crossed in bounded memory; their errors are passed on
// first.
func CrossCrous(regs iter.Seq2[Registration, error], file iter.Seq2[CrousRow, error], o CrossOptions) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		byKey := newSorter(o.Join, func(a, b *claim) int { return cmp.Compare(a.Key, b.Key) })
		defer byKey.close()
		n := 0
		addAll := func(c claim, numbers []string, p passerelle.Person) error {
			n++
			c.Order = n
			keys := claimKeys(numbers, p)
			for _, key := range keys {
				c.Key = key
				if err := byKey.add(c); err != nil {
					return err
				}
			}
			return nil
		}
		if !feed(regs, yield, func(r Registration) error {
			numbers, p := append([]string{r.INE, r.GrantNumber}, r.OtherINEs...), r.Person
			r.Person, r.OtherINEs = passerelle.Person{}, nil
			return addAll(claim{Reg: &r}, numbers, p)
		}) {
			return
		}
		n = 0
		if !feed(file, yield, func(c CrousRow) error {
			line := &crousLine{Line: c.Line, Number: cmp.Or(normalNumber(c.INE), normalNumber(c.FileNumber)), Definitive: o.AllDefinitive || c.Decision == Definitive, StruckOn: c.StruckOn}
			line.StruckOff, _ = c.StruckOff.Get()
			return addAll(claim{Crous: line}, []string{c.INE, c.FileNumber}, c.Person)
		}) {
			return
		}
		matches := newSorter(o.Join, func(a, b *match) int {
			return cmp.Or(cmp.Compare(b2i(a.Reg == nil), b2i(b.Reg == nil)), cmp.Compare(a.Order, b.Order), cmp.Compare(a.How, b.How))
		})
		defer matches.close()
		if err := matchClaims(byKey.sorted(), matches.add); err != nil {
			yield(Row{}, err)
			return
		}
		byKey.close()
		o.judge(matches.sorted(), yield)
	}
}

// crousLine is what the control needs of a line of the file.
type crousLine struct {
	Line       int
	Number     string
	Definitive bool
	StruckOff  bool
	StruckOn   passerelle.Date
}

// claim is an enrolment or a line under one of the keys by which they can be found.
type claim struct {
	Key   string
	Order int // rank in its list, from 1
	Reg   *Registration
	Crous *crousLine
}

// identityKey begins the keys that are civil identities.
const identityKey = "i"

// claimKeys returns the keys of an enrolment or a line. One without any has a key of
// its own, so that it is not lost.
func claimKeys(numbers []string, p passerelle.Person) []string {
	var keys []string
	for _, n := range numbers {
		if n = normalNumber(n); n != "" && !slices.Contains(keys, "n"+n) {
			keys = append(keys, "n"+n)
		}
	}
	name, given := passerelle.FoldName(p.BirthName), passerelle.FoldName(p.GivenNames[0])
	if name != "" && given != "" && p.BirthDate.Valid() {
		keys = append(keys, strings.Join([]string{identityKey + p.BirthDate.String(), name, given}, "|"))
	}
	if keys == nil {
		keys = append(keys, "")
	}
	return keys
}

// how says by what an enrolment and a line were matched; less is better.
type how uint8

const (
	byNumber how = iota
	byIdentity
	byHomonym
	notMatched
)

// match is an enrolment or a line, and what was found for it under one of its keys.
type match struct {
	Order int
	How   how
	Reg   *Registration // nil in a match of a line
	Crous *crousLine
}

// maxUnderKey bounds the enrolments and the lines that one key holds: more of them are
// homonyms, or a number that means nothing, such as zeros.
const maxUnderKey = 64

// matchClaims goes through the claims by key and adds what they match.
func matchClaims(claims iter.Seq2[claim, error], add func(match) error) error {
	var key string
	var regs, lines []claim
	flush := func() error {
		h := byNumber
		switch {
		case len(regs) == 0 || len(lines) == 0 || key == "":
			h = notMatched
		case len(regs) > maxUnderKey || len(lines) > maxUnderKey:
			h = byHomonym
		case strings.HasPrefix(key, identityKey):
			if h = byIdentity; people(regs) > 1 || people(lines) > 1 {
				h = byHomonym
			}
		}
		for _, r := range regs {
			m := match{Order: r.Order, How: h, Reg: r.Reg}
			if h != notMatched {
				m.Crous = lines[len(lines)-1].Crous // the last line of several says the state of things
			}
			if err := add(m); err != nil {
				return err
			}
		}
		for _, c := range lines {
			if err := add(match{Order: c.Order, How: h, Crous: c.Crous}); err != nil {
				return err
			}
		}
		regs, lines = regs[:0], lines[:0]
		return nil
	}
	for c, err := range claims {
		if err != nil {
			return err
		}
		if c.Key != key {
			if err := flush(); err != nil {
				return err
			}
			key = c.Key
		}
		side := &lines
		if c.Reg != nil {
			side = &regs
		}
		if len(*side) > maxUnderKey { // keep the count above the bound, and lose nobody
			m := match{Order: c.Order, How: notMatched, Reg: c.Reg, Crous: c.Crous}
			if key != "" {
				m.How = byHomonym
			}
			if err := add(m); err != nil {
				return err
			}
			continue
		}
		*side = append(*side, c)
	}
	return flush()
}

// people counts those behind the claims of one identity: enrolments of one student are
// one, and so are lines of one number.
func people(claims []claim) int {
	seen := make(map[string]bool, 2)
	for _, c := range claims {
		switch {
		case c.Reg != nil:
			seen[c.Reg.Student] = true
		case c.Crous != nil:
			seen[c.Crous.Number] = true
		}
	}
	return len(seen)
}

// judge makes rows of the best match of each enrolment and each line.
func (o CrossOptions) judge(matches iter.Seq2[match, error], yield func(Row, error) bool) {
	var best *match
	flush := func() bool {
		switch {
		case best == nil:
			return true
		case best.Reg != nil:
			return o.judgeEnrolment(best, yield)
		case best.How == notMatched && o.Unenrolled:
			return yield(Row{Control: ControlCrous, Finding: FoundUnenrolled, GrantNumber: best.Crous.Number, CrousLine: best.Crous.Line, Reason: because("crous-unenrolled")}, nil)
		}
		return true
	}
	for m, err := range matches {
		if err != nil {
			yield(Row{}, err)
			return
		}
		if best != nil && best.Order == m.Order && (best.Reg == nil) == (m.Reg == nil) {
			if m.How == byNumber && best.How == byNumber && m.Crous != nil && m.Crous.Line > best.Crous.Line {
				*best = m
			}
			continue
		}
		if !flush() {
			return
		}
		best = &m
	}
	flush()
}

func (o CrossOptions) judgeEnrolment(m *match, yield func(Row, error) bool) bool {
	r, line := m.Reg, m.Crous
	give := func(f Finding, why Reason) bool {
		row := r.row(ControlCrous, f, why)
		if line != nil {
			row.CrousLine, row.Source = line.Line, SourceCrousFile
			if f == FoundOtherNumber {
				row.Suggestion = line.Number
			}
		}
		return yield(row, nil)
	}
	switch m.How {
	case notMatched:
		return !r.held() || give(FoundAbsent, because("crous-absent"))
	case byHomonym:
		return give(FoundHomonyms, because("crous-homonyms"))
	case byIdentity:
		return give(FoundOtherNumber, because("crous-other-number"))
	case byNumber:
	}
	if line.StruckOff {
		why := because("crous-struck")
		if line.StruckOn.Valid() {
			why = because("crous-struck-on", line.StruckOn.French())
		}
		return !r.held() || give(FoundStruckOff, why)
	}
	if r.Flag != FlagHolder && !give(FoundUndeclared, because("crous-undeclared")) {
		return false
	}
	return r.Decision != Conditional || !line.Definitive || give(FoundDefinitive, because("crous-definitive"))
}
