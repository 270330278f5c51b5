package aglaetest

import (
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/uai"
)

// Pilot is a synthetic university with the shape of that of the pilot of 2014-15:
// 19 000 enrolments, 2 850 holders, of whom 1 871 are definitive, 709 conditional, and
// 28 conditional with a grant number that is not the INE; among the others, newcomers
// from abroad whom the Crous know under another number than the university's
// provisional one. How many those were is not published: their number is the fake's. The
// base is made of its index alone, so that any size takes no memory.
type Pilot struct {
	Size int // enrolments; 0 is 19 000. Other sizes keep the shares
	Year int // academic year by its first civil year; 0 is 2026
}

// PilotUAI is the establishment of the pilot: a code that no establishment has.
var PilotUAI = uai.MustParse("0000001B")

// Group is what a student of the pilot is.
type Group uint8

// The groups.
const (
	NoHolder        Group = iota // no grant, whatever anybody says
	IsDefinitive                 // definitive, INE and grant number equal
	IsConditional                // conditional, equal
	IsDifferent                  // conditional, INE and grant number differ
	IsNewcomer                   // holder from abroad: provisional INE, another number at the Crous
	IsWaiting                    // will hold a grant, and the file is not processed yet
	IsForeign                    // from abroad, no grant: provisional INE
	WithoutINE                   // no grant, enrolled over the web without INE
	FalselyDeclared              // no grant, and declared a holder
	Undeclared                   // definitive, and not declared
)

// shape is the number of each group in 19 000.
var shape = [...]struct {
	group Group
	count int
}{
	{IsDefinitive, 1871 - 25}, {Undeclared, 25}, {IsConditional, 709}, {IsDifferent, 28}, {IsNewcomer, 130}, {IsWaiting, 112},
	{IsForeign, 420}, {WithoutINE, 310}, {FalselyDeclared, 45},
}

func (p Pilot) withDefaults() Pilot {
	if p.Size == 0 {
		p.Size = 19_000
	}
	if p.Year == 0 {
		p.Year = 2026
	}
	return p
}

// Counts returns how many students each group has.
func (p Pilot) Counts() map[Group]int {
	p = p.withDefaults()
	counts := make(map[Group]int)
	left := p.Size
	for _, s := range shape {
		n := p.share(s.count)
		counts[s.group] += n
		left -= n
	}
	counts[NoHolder] = left
	return counts
}

func (p Pilot) share(of19000 int) int { return (of19000*p.Size + 9500) / 19_000 }

// group says what student i is. The groups are scattered over the base.
func (p Pilot) group(i int) (Group, int) {
	rank := i * stride(p.Size) % p.Size
	for _, s := range shape {
		n := p.share(s.count)
		if rank < n {
			return s.group, rank
		}
		rank -= n
	}
	return NoHolder, rank
}

// stride returns a number without common divisor with n: its multiples modulo n are a
// permutation.
func stride(n int) int {
	for s := 7919; ; s++ {
		a, b := s, n
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return s
		}
	}
}

// Student is one student of the pilot, as both sides know him or her.
type Student struct {
	Group        Group
	Registration aglae.Registration
	Number       aglae.GrantNumber // at the Crous; zero for whom they have no file
	File         File
}

// Students gives the students in the order of the base.
func (p Pilot) Students() iter.Seq[Student] {
	p = p.withDefaults()
	return func(yield func(Student) bool) {
		for i := range p.Size {
			if !yield(p.student(i)) {
				return
			}
		}
	}
}

// Registrations gives the base of the university.
func (p Pilot) Registrations() iter.Seq2[aglae.Registration, error] {
	return func(yield func(aglae.Registration, error) bool) {
		for s := range p.Students() {
			if !yield(s.Registration, nil) {
				return
			}
		}
	}
}

// Files lists the files of the Crous, for [Config].
func (p Pilot) Files() []File {
	var files []File
	for s := range p.Students() {
		if !s.Number.IsZero() {
			files = append(files, s.File)
		}
	}
	return files
}

// CrousRows gives a file of the Crous as it is read later in the year: the definitive
// ones, half of the conditional ones become definitive, all of the others conditional,
// and one in a hundred struck off.
func (p Pilot) CrousRows() iter.Seq2[aglae.CrousRow, error] {
	return func(yield func(aglae.CrousRow, error) bool) {
		line := 0
		for s := range p.Students() {
			if s.Number.IsZero() || s.File.State < Conditional {
				continue
			}
			line++
			row := aglae.CrousRow{Line: line, INE: s.Number.String(), Person: s.Registration.Person, Decision: aglae.Conditional, StruckOff: particulier.Some(line%100 == 0)}
			if s.File.State == Definitive || line%2 == 0 {
				row.Decision = aglae.Definitive
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// student makes student i.
func (p Pilot) student(i int) Student {
	group, rank := p.group(i)
	number := rnie(i)
	s := Student{Group: group, Registration: aglae.Registration{
		Student: fmt.Sprintf("%d%07d", p.Year, i+1), Key: fmt.Sprintf("chaine-%d", i%7+1), Line: i + 2, Year: p.Year,
		INE: number, Person: pilotPerson(i), Flag: aglae.FlagUndeclared,
	}}
	r := &s.Registration
	holder := func(state FileState, decision aglae.Decision) {
		r.GrantNumber, r.Flag, r.Decision = number, aglae.FlagHolder, decision
		s.Number, s.File.State = aglae.MustParseGrantNumber(number), state
		if decision == aglae.Conditional {
			r.NotifiedOn = passerelle.NewDate(p.Year, time.May, 1).AddDays(rank % 120)
		}
	}
	switch group {
	case IsDefinitive:
		holder(Definitive, aglae.Definitive)
		if rank%3 == 0 { // another way of writing the same number is no difference
			r.GrantNumber = " " + number[:4] + " " + number[4:9] + "\u00a0" + number[9:] + " "
		}
	case Undeclared:
		holder(Definitive, aglae.DecisionUnknown)
		r.GrantNumber, r.Flag = "", aglae.FlagUndeclared
	case IsConditional:
		holder(Conditional, aglae.Conditional)
	case IsDifferent:
		holder(Conditional, aglae.Conditional)
		r.INE, r.GrantNumber = differ(rank, number, rnie(i+400_000_000))
		s.Number = aglae.MustParseGrantNumber(r.GrantNumber)
	case IsNewcomer:
		holder(Conditional, aglae.Conditional)
		r.INE, r.GrantNumber = provisional(i), ""
	case IsWaiting:
		holder(NotProcessed, aglae.DecisionUnknown)
		s.File.State = FileState(rank % 3) // not processed, papers missing, progress to check
	case IsForeign:
		r.INE = provisional(i)
	case WithoutINE:
		r.INE = ""
	case FalselyDeclared:
		r.GrantNumber, r.Flag = number, aglae.FlagHolder
	case NoHolder:
		if rank%50 == 0 { // the Crous rejected a file: the connector waits all the same
			s.Number, s.File.State = aglae.MustParseGrantNumber(number), Rejected
		}
	}
	s.File.Number = s.Number
	s.File.Wishes = []aglae.Wish{{UAI: PilotUAI}}
	return s
}

// differ returns an INE and a grant number that are not equal: a slip in one of them,
// two neighbours swapped, a character lost, or two numbers of one person.
func differ(rank int, number, other string) (inE, grant string) {
	b := []byte(number)
	switch rank % 4 {
	case 0: // a slip in the university's base
		b[3] = '0' + (b[3]-'0'+1)%10
		return string(b), number
	case 1: // two neighbours swapped in the grant number, which has none equal there
		at := 0
		for b[at] == b[at+1] {
			at++
		}
		b[at], b[at+1] = b[at+1], b[at]
		return number, string(b)
	case 2: // a character lost in the grant number
		return number, number[:5] + number[6:]
	}
	return number, other
}

// rnie returns a number of the current family, with its key.
func rnie(i int) string {
	n, err := ine.Complete(ine.RNIE, fmt.Sprintf("%09d", 100_000_000+i))
	if err != nil {
		panic(err) // nine digits have a key
	}
	return n.String()
}

// provisional returns a number of the provisional shape.
func provisional(i int) string {
	return fmt.Sprintf("%04dD%05d%c", i/100_000%10_000, i%100_000, "ABCDEFGHJK"[i%10])
}

// pilotPerson makes a person whose name nobody else has.
func pilotPerson(i int) passerelle.Person {
	consonants, vowels := "BCDFGLMNPRSTV", "AEIOU"
	var name []byte
	for n := i + 1; n > 0; n /= len(consonants) * len(vowels) {
		at := n % (len(consonants) * len(vowels))
		name = append(name, consonants[at/len(vowels)], vowels[at%len(vowels)])
	}
	given := [...]string{"Ada", "Noé", "Zoé", "Éloi", "Maël", "Inès", "Léa"}
	sex := passerelle.Sex(i%2 + 1)
	return passerelle.Person{
		BirthName: "Essai-" + string(name), GivenNames: [3]string{given[i%len(given)]}, Sex: sex,
		BirthDate: passerelle.NewDate(2000+i%8, time.Month(i%12+1), i%28+1),
	}
}
