package aglae

import (
	"cmp"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// The findings of the controls over the detection log.
const (
	FoundNotAsked   Finding = "not_asked"  // declared a holder, nothing was asked
	FoundWaiting    Finding = "waiting"    // declared a holder, the answers are to wait
	FoundNoAnswer   Finding = "no_answer"  // declared a holder, no answer ever came
	FoundUndeclared Finding = "undeclared" // a positive answer, not declared
	FoundUnenrolled Finding = "unenrolled" // a positive answer or a line of the Crous, no enrolment
	FoundDetection  Finding = "detection"  // an answer
)

// DeclaredUnconfirmed lists the enrolments declared as those of a holder without any
// positive answer for their year: report 3. It says that a proof is missing, never that
// there is no grant. Rows come by year and reference. Enrolments and detections are
// read once each, in any order, and crossed as j says; errors of either are passed on
// first.
func DeclaredUnconfirmed(regs iter.Seq2[Registration, error], detections iter.Seq2[Detection, error], j Join) iter.Seq2[Row, error] {
	return crossAnswers(regs, detections, j, func(regs []Registration, known answers, yield func(Row, error) bool) bool {
		if known.positive != nil {
			return true
		}
		for i := range regs {
			if regs[i].Flag != FlagHolder {
				continue
			}
			row := regs[i].row(ControlUnconfirmed, FoundNotAsked, because("declared-not-asked"))
			switch last := cmp.Or(known.waiting, known.last); {
			case last == nil:
			case known.waiting != nil:
				row.Finding, row.Reason = FoundWaiting, because("declared-waiting")
				row.answered(last)
			default:
				row.Finding, row.Reason = FoundNoAnswer, because("declared-no-answer")
				row.answered(last)
			}
			if !yield(row, nil) {
				return false
			}
		}
		return true
	})
}

// ConfirmedUndeclared lists the students with a positive answer whom no enrolment of
// the year has as a holder: report 4. A student has one row, made of the first
// enrolment; a positive answer about nobody in the list is a row too. Order, reading
// and errors are those of [DeclaredUnconfirmed].
func ConfirmedUndeclared(regs iter.Seq2[Registration, error], detections iter.Seq2[Detection, error], j Join) iter.Seq2[Row, error] {
	return crossAnswers(regs, detections, j, func(regs []Registration, known answers, yield func(Row, error) bool) bool {
		if known.positive == nil {
			return true
		}
		var row Row
		if len(regs) == 0 {
			d := known.positive
			row = Row{Control: ControlUndeclared, Finding: FoundUnenrolled, Student: d.Student, Year: d.Year, INE: d.INE, GrantNumber: d.GrantNumber,
				Reason: because("confirmed-unenrolled")}
		} else {
			row = regs[0].row(ControlUndeclared, FoundUndeclared, because("confirmed-unknown"))
		}
		for i := range regs {
			switch regs[i].Flag {
			case FlagHolder:
				return true
			case FlagUndeclared:
				row.Reason = because("confirmed-undeclared")
			case FlagUnknown:
			}
		}
		row.answered(known.positive)
		return yield(row, nil)
	})
}

// ListDetections turns each answer into a row: report 5, the log of detections that
// the universities asked for. all adds the positive ones, which the log of "grants not
// confirmed yet" leaves out. Nothing is kept: memory is constant.
func ListDetections(detections iter.Seq2[Detection, error], all bool) iter.Seq2[Row, error] {
	return each2(detections, func(d Detection, yield func(Row, error) bool) bool {
		if d.Verdict == Holder && !all {
			return true
		}
		reason := because("detection-no-answer")
		switch d.Verdict {
		case Holder:
			reason = because("detection-holder")
		case Wait:
			reason = because("detection-wait")
		case Unavailable, Undetermined:
		}
		slim := slimDetection(d)
		row := Row{
			Control: ControlDetections, Finding: FoundDetection, Student: d.Student, Year: d.Year, INE: slim.INE, GrantNumber: slim.GrantNumber, Reason: reason,
		}
		row.answered(&slim)
		return yield(row, nil)
	})
}

// answered notes an answer on a row.
func (r *Row) answered(d *answered) {
	r.Verdict, r.Causes, r.Source = d.Verdict, d.Causes, d.Source
	r.Since = passerelle.DateOf(d.At)
}

// answered is what the controls need of a detection, in a form that gob writes.
type answered struct {
	Student          string
	Year             int
	At               time.Time
	Verdict          Verdict
	Causes           []Cause
	Source           Source
	INE, GrantNumber string
}

func slimDetection(d Detection) answered {
	return answered{d.Student, d.Year, d.At, d.Verdict, d.Causes, d.Source, d.INE.String(), d.GrantNumber.String()}
}

// answers is what is known of one student in one year.
type answers struct {
	positive *answered // the last positive answer
	waiting  *answered // the last wait
	last     *answered // the last answer of any kind
}

func (a *answers) add(d *answered) {
	keep := func(p **answered) {
		if *p == nil || !d.At.Before((*p).At) {
			*p = d
		}
	}
	keep(&a.last)
	switch d.Verdict {
	case Holder:
		keep(&a.positive)
	case Wait:
		keep(&a.waiting)
	case Unavailable, Undetermined:
	}
}

// crossed is an enrolment or an answer on its way through the sorter.
type crossed struct {
	Reg *Registration
	Det *answered
}

func (c *crossed) key() detectionKey {
	if c.Reg != nil {
		return detectionKey{c.Reg.Year, c.Reg.Student}
	}
	return detectionKey{c.Det.Year, c.Det.Student}
}

// maxEnrolments bounds the enrolments of one student in one year that are crossed; the
// following ones are judged apart from the first.
const maxEnrolments = 1000

// crossAnswers brings together the enrolments and the answers of each student and
// year, and lets judge make rows of them.
func crossAnswers(regs iter.Seq2[Registration, error], detections iter.Seq2[Detection, error], j Join,
	judge func([]Registration, answers, func(Row, error) bool) bool,
) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		s := newSorter(j, func(a, b *crossed) int {
			if c := a.key().compare(b.key()); c != 0 {
				return c
			}
			return cmp.Compare(b2i(a.Reg != nil), b2i(b.Reg != nil)) // answers first
		})
		defer s.close()
		if !feed(detections, yield, func(d Detection) error {
			slim := slimDetection(d)
			return s.add(crossed{Det: &slim})
		}) {
			return
		}
		if !feed(regs, yield, func(r Registration) error {
			r.Person, r.OtherINEs = passerelle.Person{}, nil
			return s.add(crossed{Reg: &r})
		}) {
			return
		}
		var key detectionKey
		var known answers
		var group []Registration
		flush := func() bool {
			return group == nil && known.last == nil || judge(group, known, yield)
		}
		for row, err := range s.sorted() {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if row.key() != key {
				if !flush() {
					return
				}
				key, known, group = row.key(), answers{}, nil
			}
			if row.Det != nil {
				known.add(row.Det)
				continue
			}
			if len(group) == maxEnrolments {
				if !flush() {
					return
				}
				group = nil
			}
			group = append(group, *row.Reg)
		}
		flush()
	}
}

// feed gives the items of seq to add and the errors to yield. It reports whether to go
// on.
func feed[T any](seq iter.Seq2[T, error], yield func(Row, error) bool, add func(T) error) bool {
	for item, err := range seq {
		if err == nil {
			if err = add(item); err != nil {
				yield(Row{}, err)
				return false
			}
			continue
		}
		if !yield(Row{}, err) {
			return false
		}
	}
	return true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
