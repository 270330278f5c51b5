package main

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
)

// kind is what is peculiar about a student of the sample cohort.
type kind int

const (
	current     kind = iota // a number in its current form
	older                   // an older number that INES confirms
	replaced                // an older number whose person has another INE maître
	forgotten               // an older number that INES does not know
	newcomer                // from abroad, with a provisional number
	knownProv               // with a provisional number, and known to INES
	absent                  // no number, not known
	knownAbsent             // no number, known to INES
	incomplete              // no number, and a required field is missing
	impossible              // no number, and a birth date to come
	lookalike               // no number, and somebody alike in the register
	mistyped                // a wrong key, known to INES by name
	lost                    // a wrong key, not known
	strange                 // the shape of no known family
	malformed               // no number at all
	twin                    // the same person as the one before, under another reference
	published               // a published test number with a right key
	wrongKey                // a published test number with a wrong one
)

// shares is how many students of each kind stand in a cohort of 600; what is
// left over has its number in the current form.
var shares = []struct {
	kind kind
	n    int
}{
	{older, 70}, {replaced, 20}, {forgotten, 4}, {newcomer, 60}, {knownProv, 10}, {absent, 30}, {knownAbsent, 12}, {incomplete, 18},
	{impossible, 2}, {lookalike, 8}, {mistyped, 10}, {lost, 3}, {strange, 3}, {malformed, 10}, {twin, 2},
}

// publishedNumbers stand in public documentation and test data, with a right key.
var publishedNumbers = []string{
	"223456789HE", "120156231KE", "130187884JE", "070578267KH", "080890290EH", "090567778FF", "081768862AE", "0AYIOP071Y8",
	"0494004062M", "0100007108D", "0100008010J",
}

// wrongNumbers stand there too, with a wrong key: real bases hold them.
var wrongNumbers = []string{
	"1234567890G", "1234567890Y", "1234567890T", "1234567404G", "1234567500G", "123456789AA", "123456789AB", "012345678GD", "675773666AD",
}

// noNumbers are what people type where a number is expected.
var noNumbers = []string{
	"EN COURS", "123456789@#", "402957826QH", "697720085AO", "1234567890", "123456789012", "0", "N/A", "1111111111Q", "123A456789B",
	"durand@univ.example", "INE NON COMMUNIQUE",
}

// newcomers bring the letters of the neighbours.
var (
	foreignNames  = []string{"Nguyễn", "Müller-Lüdenscheidt", "Ağaoğlu", "Szczęsny", "Señorán", "Ó Súilleabháin", "Østergård", "van der Meer", "Ștefănescu", "Żółć", "Þórsdóttir", "Čapek"}
	foreignGivens = []string{"Thảo", "Jürgen", "İpek", "Łukasz", "Íñigo", "Siobhán", "Søren", "Joëlle", "Ștefan", "Żaneta", "Guðrún", "Jiří"}
	foreignCodes  = []string{"99243", "99109", "99208", "99122", "99134", "99136", "99101", "99135", "99114", "99122", "99102", "99116"}
)

// cohort is the sample student base, and what the fake register knows of it. It
// is made as it is read, the same for the same size and seed.
type cohort struct {
	size int
	seed uint64
	add  func(p passerelle.Person, numbers ...ine.Number) error // puts a person into the register; nil: only the base is wanted
}

// students gives the base.
func (c cohort) students() iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		kinds := c.kinds()
		next, stop := iter.Pull(inestest.Generate(c.seed, c.size))
		defer stop()
		var before sis.Student
		for i := range c.size {
			p, _ := next()
			s := sis.Student{ID: sis.StudentID{System: "csv", Local: fmt.Sprintf("2026%06d", i+1)}, Person: p}
			s.Email = fmt.Sprintf("etu%06d@univ.example", i+1)
			if err := c.shape(&s, kinds[i], i, before); err != nil {
				yield(s, err)
				return
			}
			if !yield(s, nil) {
				return
			}
			before = s
		}
	}
}

// kinds deals the kinds over the places of the cohort.
func (c cohort) kinds() []kind {
	out := make([]kind, 0, c.size)
	for range publishedNumbers {
		out = append(out, published)
	}
	for range wrongNumbers {
		out = append(out, wrongKey)
	}
	for _, s := range shares {
		for range max(1, s.n*c.size/600) {
			if len(out) < c.size {
				out = append(out, s.kind)
			}
		}
	}
	for len(out) < c.size {
		out = append(out, current)
	}
	r := rand.New(rand.NewPCG(c.seed, 0xc0))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if out[0] == twin { // there is nobody before the first one
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// shape makes student i of kind k, and tells the register what it knows.
func (c cohort) shape(s *sis.Student, k kind, i int, before sis.Student) error {
	r := rand.New(rand.NewPCG(c.seed, uint64(i)+0x1000))
	master, err := ine.Complete(ine.RNIE, fmt.Sprintf("17%07d", i))
	if err != nil {
		return err
	}
	old, err := c.older(r, i)
	if err != nil {
		return err
	}
	known := func(numbers ...ine.Number) error {
		if c.add == nil {
			return nil
		}
		return c.add(s.Person, numbers...)
	}
	switch k {
	case current:
		s.INE = master.String()
		if i%9 == 0 { // as some people type it
			s.INE = s.INE[:9] + " " + s.INE[9:]
		}
		return known(master)
	case older:
		s.INE = old.String()
		return known(old)
	case replaced:
		s.INE = old.String()
		return known(master, old)
	case forgotten:
		s.INE = old.String()
	case newcomer:
		n := i % len(foreignNames)
		s.Person.BirthName, s.Person.GivenNames = foreignNames[n], [3]string{foreignGivens[i/2%len(foreignGivens)]}
		s.Person.Birthplace = passerelle.Birthplace{Country: foreignCodes[n]}
		s.INE, err = provisional(r)
	case knownProv:
		if s.INE, err = provisional(r); err != nil {
			return err
		}
		return known(master)
	case knownAbsent:
		return known(master)
	case incomplete:
		switch i % 4 {
		case 0:
			s.Person.Birthplace = passerelle.Birthplace{}
		case 1:
			s.Person.Sex = passerelle.SexUnknown
		case 2:
			s.Person.BirthDate = passerelle.Date{}
		default:
			s.Person.GivenNames, s.Person.Birthplace = [3]string{}, passerelle.Birthplace{Country: passerelle.FranceCOG}
		}
	case impossible:
		s.Person.BirthDate = passerelle.NewDate(2090, s.Person.BirthDate.Month, 1)
	case lookalike:
		double := *s
		double.Person.GivenNames[0] = slip(s.Person.GivenNames[0])
		if c.add != nil {
			return c.add(double.Person, master)
		}
	case mistyped:
		s.INE = master.String()[:8] + string('0'+(master.String()[8]-'0'+1)%10) + master.String()[9:]
		return known(master)
	case lost:
		s.INE = master.String()[:9] + "AA" // never a key
	case strange:
		s.INE = fmt.Sprintf("%04dE%05dA", r.IntN(10000), r.IntN(100000))
	case malformed:
		s.INE = noNumbers[i%len(noNumbers)]
	case twin:
		s.Person, s.INE = before.Person, ""
	case published:
		s.INE = publishedNumbers[c.rank(published, i)]
		n, err := ine.Parse(s.INE)
		if err != nil {
			return err
		}
		return known(n)
	case wrongKey:
		s.INE = wrongNumbers[c.rank(wrongKey, i)]
	}
	return err
}

// rank tells how many students of kind k stand before place i.
func (c cohort) rank(k kind, i int) int {
	n := 0
	for _, other := range c.kinds()[:i] {
		if other == k {
			n++
		}
	}
	return n
}

// older makes a number of one of the three older families.
func (c cohort) older(r *rand.Rand, i int) (ine.Number, error) {
	switch i % 8 {
	case 0, 1, 2:
		rank := strings.ToUpper(strconv.FormatInt(int64(i), 36))
		return ine.Complete(ine.NNE, "0AYIOP"+strings.Repeat("0", 4-len(rank))+rank)
	case 3:
		return ine.Parse(fmt.Sprintf("%04dA%05dB", 1100+i/100000, i%100000)) // its key follows no known rule
	default:
		return ine.Complete(ine.BEA, fmt.Sprintf("%02d%02d%06d", 1+r.IntN(28), 95+r.IntN(5), i%1000000))
	}
}

// provisional makes a provisional number; its key follows no known rule.
func provisional(r *rand.Rand) (string, error) {
	n, err := ine.Parse(fmt.Sprintf("%04dD%05d%c", 1100+r.IntN(2000), r.IntN(100000), "ABCDEFGHJK"[r.IntN(10)]))
	return n.String(), err
}

// slip changes one letter of a name, as a clerk does.
func slip(name string) string {
	letters := []rune(name)
	last := len(letters) - 1
	if letters[last] == 'e' {
		letters[last] = 'a'
	} else {
		letters[last] = 'e'
	}
	return string(letters)
}

// writeStudents writes a base in the columns of package sis, one enrolment each.
func writeStudents(w io.Writer, students iter.Seq2[sis.Student, error]) error {
	out := sis.NewCSVWriter(w)
	n := 0
	for s, err := range students {
		if err != nil {
			return err
		}
		e := sis.Enrolment{
			Student: s.ID, Year: seasonStart.Year(), UAI: "0511296G", Component: components[n%len(components)], Main: true, Status: sis.EnrolmentValid, INE: s.INE,
			Payment: "paye", Regime: "10",
			Programme: sis.Programme{SISE: "2500123", Code: fmt.Sprintf("L%dINFO", 1+n%3), Label: fmt.Sprintf("Licence %d Informatique", 1+n%3)},
		}
		n++
		if err := out.Write(s, e); err != nil {
			return err
		}
	}
	return out.Flush()
}

var components = []string{"UFR Droit", "UFR Lettres", "UFR Sciences", "IUT"}
