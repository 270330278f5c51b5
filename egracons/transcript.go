package egracons

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/big"

	"github.com/passerelle-sup/passerelle"
)

// Course is one line of a transcript: the smallest unit that has ECTS credits. A
// cluster of units with one common grade is one line.
type Course struct {
	Code    string
	Title   string
	Credits Number // ECTS credits
	Grade   string // as the host printed it
	Cycle   Cycle
	ISCED   string // ISCED-F code as the transcript carries it
	Degree  string
}

// Party is one of the two institutions of a transcript.
type Party struct {
	Name    string // for people
	HEI     string // SCHAC code
	Erasmus string // Erasmus code
}

// Transcript is what the host institution sent back. It is personal data.
type Transcript struct {
	ID         string          // reference of the report
	Date       passerelle.Date // of the report
	Student    string          // European Student Identifier, or the school's own key
	Host, Home Party
	Courses    []Course
	// OwnAverage is the student's own average at home, for a bare pass under
	// PassFail: OwnAverage. It stands before Rules.OwnAverage.
	OwnAverage Number
}

// LogValue masks the student.
func (t Transcript) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", t.ID), slog.String("host", t.Host.HEI), slog.String("home", t.Home.HEI), slog.Int("courses", len(t.Courses)))
}

// MeanRule says whether a transcript gets a converted mean. A mean of converted
// grades is the home school's own practice: no guide asks for it.
type MeanRule uint8

// Mean rules.
const (
	NoMean        MeanRule = iota
	MeanByCredits          // weighted by ECTS credits; a course without credits counts for nothing
	PlainMean              // every course alike
)

// TranscriptRules are the rules of a whole transcript.
type TranscriptRules struct {
	Rules
	// Host and Home find the table of each course: a [Groups], or a single [Table].
	Host, Home Source
	// HomeQuery names the home group to compare a course with, where it is not that
	// of the same cycle and ISCED-F code; nil keeps these. MinSize and Levels are
	// filled in where it leaves them out.
	HomeQuery func(Course) Query
	MinSize   int64   // of either group; see [Query]
	Levels    []Level // of either fallback chain; nil means DefaultLevels
	Mean      MeanRule
}

// Line is a course with its conversion. Approved stays apart from the suggestion,
// which is never overwritten.
type Line struct {
	Course   Course
	Result   Result // zero when Err is set
	Err      error  // why there is no conversion: no table, unknown grade, …
	Approved Approval

	converter *Converter // draws the chart
}

// Approval is what the board decided. The zero value means that it has not.
type Approval struct {
	Grade  string
	By     string
	Date   passerelle.Date
	Remark string
}

// Mean is the converted mean of a transcript.
type Mean struct {
	Value   Number // exact
	Credits Number // counted in it
	Courses int    // counted in it
	Left    []int  // lines that are not: failures, bare passes without mark, lines in error
}

// Report is a converted transcript. It is personal data.
type Report struct {
	Transcript Transcript
	Rules      Rules
	Lines      []Line // one for each course, in order
	Mean       *Mean  // nil when none was asked for, or no line counts
}

// LogValue masks the student.
func (r *Report) LogValue() slog.Value { return r.Transcript.LogValue() }

// ConvertTranscript converts every course of a transcript. A course that cannot
// be converted keeps its error on its line and does not stop the others. The
// error is an *Error of kind ErrBadRules, when the rules themselves are wrong.
func ConvertTranscript(t Transcript, rules TranscriptRules) (*Report, error) {
	if err := rules.check(); err != nil {
		return nil, err
	}
	if rules.Host == nil || rules.Home == nil {
		return nil, &Error{Kind: ErrBadRules, Field: "Host, Home", Want: "where to find the tables of both institutions"}
	}
	if t.OwnAverage.IsSet() {
		rules.OwnAverage = t.OwnAverage
	}
	r := &Report{Transcript: t, Rules: rules.Rules, Lines: make([]Line, len(t.Courses))}
	converters := map[string]*Converter{}
	for i, course := range t.Courses {
		line := &r.Lines[i]
		line.Course = course
		if line.converter, line.Err = rules.converter(course, converters); line.Err == nil {
			line.Result, line.Err = line.converter.Convert(course.Grade)
		}
	}
	r.Mean = rules.Mean.of(r.Lines)
	return r, nil
}

// converter finds the tables of a course. Converters are kept, because most
// courses of a transcript share one or two groups.
func (rules TranscriptRules) converter(course Course, converters map[string]*Converter) (*Converter, error) {
	hostQuery := Query{Cycle: course.Cycle, ISCED: course.ISCED, Degree: course.Degree, MinSize: rules.MinSize, Levels: rules.Levels}
	homeQuery := hostQuery
	homeQuery.Degree = "" // a degree of the host's
	if rules.HomeQuery != nil {
		homeQuery = rules.HomeQuery(course)
		homeQuery.MinSize = cmp.Or(homeQuery.MinSize, rules.MinSize)
		if homeQuery.Levels == nil {
			homeQuery.Levels = rules.Levels
		}
	}
	key := fmt.Sprintf("%#v %#v", hostQuery, homeQuery)
	if c := converters[key]; c != nil {
		return c, nil
	}
	host, err := rules.Host.Find(hostQuery)
	if err != nil {
		return nil, fmt.Errorf("host table: %w", err)
	}
	home, err := rules.Home.Find(homeQuery)
	if err != nil {
		return nil, fmt.Errorf("home table: %w", err)
	}
	c, err := NewConverter(host, home, rules.Rules)
	if err != nil {
		return nil, err
	}
	converters[key] = c
	return c, nil
}

// of computes the mean of the marks, or of the values of the suggested grades.
func (m MeanRule) of(lines []Line) *Mean {
	if m == NoMean {
		return nil
	}
	mean := &Mean{}
	sum, weights, credits := new(big.Rat), new(big.Rat), new(big.Rat)
	for i, line := range lines {
		mark := line.Mark()
		weight := big.NewRat(1, 1)
		if m == MeanByCredits {
			weight = line.Course.Credits.value()
		}
		if !mark.IsSet() || weight.Sign() <= 0 {
			mean.Left = append(mean.Left, i)
			continue
		}
		mean.Courses++
		weights.Add(weights, weight)
		credits.Add(credits, line.Course.Credits.value())
		sum.Add(sum, new(big.Rat).Mul(mark.rat, weight))
	}
	if mean.Courses == 0 {
		return nil
	}
	mean.Value, mean.Credits = Number{rat: sum.Quo(sum, weights)}, Number{rat: credits}
	return mean
}

// Mark is the number that a mean counts: the mark inside the band or the
// student's own average where there is one, else the value of the suggestion;
// unset when the line has none.
func (l Line) Mark() Number {
	if l.Result.Mark.IsSet() {
		return l.Result.Mark
	}
	return l.Result.Value
}
