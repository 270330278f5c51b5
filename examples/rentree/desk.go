package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// The steps at the enrolment desk.
const (
	stepCVEC  = "cvec"  // the certificate of the contribution, and whose it is
	stepGrant = "grant" // what AGLAE says while the student enrols
)

// deskLimit is how many students of a sample come to the desk: a call each.
const deskLimit = 50_000

// grantGroup is what is peculiar about the grant of a student of the sample.
type grantGroup int

const (
	noGrant grantGroup = iota
	definitiveGrant
	conditionalGrant
	slippedGrant  // conditional, and the grant number is the INE with a slip
	undecided     // declared, and the Crous have not decided
	undeclared    // a holder who said nothing
	awaitedGrants // how many groups there are
)

// grantShares are those of the pilot university of 2014-15, of 19 000 enrolments:
// 1 871 definitive and 709 conditional holders, 28 of the latter under another
// number. The two last groups are invented.
var grantShares = [awaitedGrants]int{definitiveGrant: 1871, conditionalGrant: 681, slippedGrant: 28, undecided: 120, undeclared: 60}

// grantOf deals the groups over the base.
func grantOf(i, size int) grantGroup {
	place := i * 7919 % size
	for g := definitiveGrant; g < awaitedGrants; g++ {
		n := max(1, grantShares[g]*size/19_000)
		if place < n {
			return g
		}
		place -= n
	}
	return noGrant
}

// desk is the enrolment desk of the sample: the base with its grants, and the
// answers of the Crous.
type desk struct {
	s         *season
	base      renewed
	log       *aglae.MemoryLog
	connector *aglae.Connector
	cvec      *cvec.Client
	fakes     []func()
}

// registrations gives the base as the controls read it. What the student system
// says of the grant is the sample's.
func (d *desk) registrations(ctx context.Context) iter.Seq2[aglae.Registration, error] {
	return func(yield func(aglae.Registration, error) bool) {
		i := 0
		for student, err := range d.base.Students(ctx, sis.Query{}) {
			if err != nil {
				if !yield(aglae.Registration{}, err) {
					return
				}
				continue
			}
			r := aglae.RegistrationOf(student, sis.Enrolment{Student: student.ID, Year: d.s.year, Component: components[i%len(components)]})
			d.dress(&r, grantOf(i, d.s.opts.size))
			i++
			if !yield(r, nil) {
				return
			}
		}
	}
}

// dress gives a registration its grant.
func (d *desk) dress(r *aglae.Registration, g grantGroup) {
	r.Flag = aglae.FlagUndeclared
	number := ine.Judge(r.INE).Number
	switch g {
	case noGrant:
		return
	case undeclared:
	default:
		r.Flag = aglae.FlagHolder
	}
	if g == conditionalGrant || g == slippedGrant {
		r.Decision = aglae.Conditional
		r.NotifiedOn = passerelle.NewDate(d.s.year, 7, 10)
	}
	if g == definitiveGrant {
		r.Decision = aglae.Definitive
	}
	if !number.IsZero() {
		r.GrantNumber = number.String()
		if g == slippedGrant {
			r.GrantNumber = swapped(r.GrantNumber)
		}
	}
}

// swapped is a number in which two neighbours that differ have changed places.
func swapped(number string) string {
	b := []byte(number)
	for i := 2; i+1 < len(b)-2; i++ {
		if b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			break
		}
	}
	return string(b)
}

// openDesk starts the fakes of AGLAE and of the CVEC, with what they know of the sample.
func (s *season) openDesk(ctx context.Context) (_ *desk, err error) {
	d := &desk{s: s, base: renewed{s.source, s.ledger}, log: aglae.NewMemoryLog()}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	crous, err := aglaetest.Listen(aglaetest.Config{Now: s.now, Seed: s.opts.seed, Faults: crousFaults[s.opts.faults]})
	if err != nil {
		return nil, err
	}
	d.fakes = append(d.fakes, crous.Close)
	contribution := cvectest.Listen(cvectest.Config{Now: s.now, Seed: s.opts.seed})
	d.fakes = append(d.fakes, contribution.Close)
	i := 0
	for student, err := range d.base.Students(ctx, sis.Query{}) {
		if err != nil {
			return nil, err
		}
		g := grantOf(i, s.opts.size)
		number := ine.Judge(student.INE).Number
		if state, has := crousState[g]; has && !number.IsZero() {
			crous.Put(aglaetest.File{Number: aglae.GrantNumberOf(number), State: state})
		}
		if i%97 != 96 { // some have no certificate that anybody knows
			c := cvectest.Certificate{Number: certificateOf(i), Person: student.Person, INE: number.String(), Crous: "Versailles", State: cvec.StateValid}
			if i%89 == 88 { // and some have brought a brother's
				c.Person.GivenNames[0], c.Person.BirthDate, c.INE = "Frère", passerelle.NewDate(2001, 1, 1), ""
			}
			contribution.Put(c)
		}
		if i++; i == deskLimit {
			break
		}
	}
	soap := crous.SOAPConfig()
	soap.Transport.Retry = transport.RetryPolicy{MinWait: time.Millisecond, MaxWait: 20 * time.Millisecond}
	binding, err := aglae.NewSOAP(soap)
	if err != nil {
		return nil, err
	}
	if d.connector, err = aglae.NewConnector(aglae.ConnectorConfig{Binding: binding, Log: d.log, Now: s.now}); err != nil {
		return nil, err
	}
	d.cvec, err = cvec.New(cvec.Config{BaseURL: contribution.URL, Campaign: s.year, Transport: transport.Config{Limiter: rate.NewLimiter(rate.Inf, 1)}})
	return d, err
}

// crousState is how the file of each group stands at the Crous.
var crousState = map[grantGroup]aglaetest.FileState{
	definitiveGrant: aglaetest.Definitive, conditionalGrant: aglaetest.Conditional, slippedGrant: aglaetest.Conditional, undecided: aglaetest.NotProcessed,
	undeclared: aglaetest.Definitive,
}

// crousFaults is the trouble that the fake AGLAE makes.
var crousFaults = map[string]map[aglaetest.Fault]float64{
	"none": nil, "mild": {aglaetest.Unavailable: 0.01}, "harsh": {aglaetest.Unavailable: 0.05},
}

// certificateOf is the number on the certificate of a student of the sample.
func certificateOf(i int) cvec.Number {
	letters := []byte("VER5AAAAAA1")
	for at := 9; at > 3 && i > 0; at-- {
		letters[at] = 'A' + byte(i%26)
		i /= 26
	}
	return cvec.MustParse(string(letters))
}

func (d *desk) close() {
	for _, end := range slices.Backward(d.fakes) {
		end()
	}
}

// enrol plays the desk: each student shows a certificate, and whoever has declared
// a grant is asked about at AGLAE. Nobody is turned away by either.
func (s *season) enrol(ctx context.Context, res *results) error {
	d, err := s.openDesk(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	bar := newProgress(s.stderr, "at the enrolment desk")
	defer bar.end()
	i := 0
	for student, err := range d.base.Students(ctx, sis.Query{}) {
		if err != nil {
			return err
		}
		if err := d.student(ctx, res, student, i); err != nil {
			return err
		}
		if i++; i == deskLimit {
			break
		}
		bar.set(i)
	}
	return d.reports(ctx, res)
}

// student is one student at the desk.
func (d *desk) student(ctx context.Context, res *results, student sis.Student, i int) error {
	ref := student.ID.String()
	question := cvec.Question{Certificate: cvec.Certificate{Number: certificateOf(i)}, Person: student.Person}
	if n := ine.Judge(student.INE).Number; !n.IsZero() {
		question.INEs = []string{n.String()}
	}
	verdict, err := d.cvec.Check(ctx, question)
	if err != nil && verdict.Outcome == cvec.Unchecked {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		res.desk.CVEC["not asked"]++ // no name, no certificate: the question cannot be put
		res.put(res.outcomes, line{ref, stepCVEC, "not asked", "the name that is needed beside the number is missing"})
	} else {
		res.desk.CVEC[verdict.Outcome.String()]++
		res.put(res.outcomes, line{ref, stepCVEC, verdict.Outcome.String(), fmt.Sprint("differs in: ", verdict.Differences)})
	}
	g := grantOf(i, d.s.opts.size)
	if g == noGrant {
		return nil
	}
	answer, err := d.connector.Ask(ctx, aglae.Question{Student: ref, Year: d.s.year, INE: ine.Judge(student.INE).Number, BirthDate: student.Person.BirthDate})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if _, kept := errors.AsType[*aglae.LogError](err); kept {
		return err
	}
	res.desk.Grants[answer.Verdict.String()]++
	detail := "no paper is asked for"
	if answer.AskPaper() {
		detail = fmt.Sprintf("paper is asked for; possible: %v", answer.Causes)
	}
	res.put(res.outcomes, line{ref, stepGrant, answer.Verdict.String(), detail})
	return nil
}

// reports writes the six controls into the folder grants, and the first of them
// once more for each component.
func (d *desk) reports(ctx context.Context, res *results) error {
	folder := d.s.path("grants")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	lang := aglae.French
	if d.s.lang == campaign.English {
		lang = aglae.English
	}
	on := passerelle.NewDate(d.s.year, 10, 1)
	detections := func() iter.Seq2[aglae.Detection, error] { return d.log.Detections(ctx, time.Time{}) }
	join := aglae.Join{Dir: folder}
	rows := map[aglae.Control]iter.Seq2[aglae.Row, error]{
		aglae.ControlNumbers:     aglae.CheckNumbers(d.registrations(ctx), aglae.NumberOptions{}),
		aglae.ControlConditional: aglae.OpenConditional(d.registrations(ctx), on, 0),
		aglae.ControlUnconfirmed: aglae.DeclaredUnconfirmed(d.registrations(ctx), detections(), join),
		aglae.ControlUndeclared:  aglae.ConfirmedUndeclared(d.registrations(ctx), detections(), join),
		aglae.ControlDetections:  aglae.ListDetections(detections(), false),
		aglae.ControlCrous:       aglae.CrossCrous(d.registrations(ctx), d.crousFile(ctx), aglae.CrossOptions{Join: join}),
	}
	for _, control := range slices.Sorted(maps.Keys(rows)) {
		counted := func(yield func(aglae.Row, error) bool) {
			for row, err := range rows[control] {
				if err == nil {
					if res.desk.Reports[string(control)] == nil {
						res.desk.Reports[string(control)] = map[string]int{}
					}
					res.desk.Reports[string(control)][string(row.Finding)]++
				}
				if !yield(row, err) {
					return
				}
			}
		}
		err := writeFile(filepath.Join(folder, string(control)+".csv"), func(w io.Writer) error {
			skipped, err := aglae.WriteCSV(w, lang, counted)
			if err == nil && skipped.Lost > 0 {
				err = fmt.Errorf("%s: %d rows could not be read", control, skipped.Lost)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// crousFile is the file that the Crous send in autumn: whoever is decided by then.
func (d *desk) crousFile(ctx context.Context) iter.Seq2[aglae.CrousRow, error] {
	return func(yield func(aglae.CrousRow, error) bool) {
		n := 0
		for r, err := range d.registrations(ctx) {
			if err != nil {
				yield(aglae.CrousRow{}, err)
				return
			}
			if r.GrantNumber == "" || r.Decision == aglae.DecisionUnknown {
				continue
			}
			n++
			row := aglae.CrousRow{Line: n + 1, INE: r.GrantNumber, Person: r.Person, Decision: aglae.Definitive, Level: aglae.ParseLevel("0BIS")}
			if n%2 == 0 && r.Decision == aglae.Conditional {
				row.Decision = aglae.Conditional
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// deskTotals are the figures of the desk.
type deskTotals struct {
	CVEC    map[string]int            `json:"cvec"`
	Grants  map[string]int            `json:"grants"`  // verdicts of AGLAE, of those who were asked about
	Reports map[string]map[string]int `json:"reports"` // rows of each control, by finding
}

func newDeskTotals() deskTotals {
	return deskTotals{map[string]int{}, map[string]int{}, map[string]map[string]int{}}
}
