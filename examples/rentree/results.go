package main

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
)

// line is one line of outcomes.jsonl.
type line struct {
	Student string `json:"student"`
	Step    string `json:"step"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

// The steps of a student.
const (
	stepINE  = "ine"  // the number as it was recorded
	stepINES = "ines" // what INES made of it
)

// results gathers what a season says, in constant memory but for the students
// someone must act on.
type results struct {
	*season
	outcomes *partFile // outcomes.jsonl
	requests *partFile // requests.jsonl of a dry run
	failed   error     // the first failure to write

	holders   []sis.Student // those who get a card on the first day
	newcomers []sis.Student // likewise, their definitive INE being still to come
	fed       map[supdata.Outcome]int
	desk      deskTotals
	stay      *incoming // the incoming student of the sample
	printed   []printed // the cards, and where each stands
	converted bool      // a transcript was converted
	traveller string    // the first student with a definitive number: the one who was abroad

	seed       maphash.Seed
	judgedRefs map[uint64]bool // references met, hashed

	students int // records read, unreadable ones included
	ine      map[ine.Status]int
	calls    map[ines.Operation]int
	days     int
	report   *campaign.Report // of the last day
}

func newResults(s *season) (*results, error) {
	r := &results{season: s, desk: newDeskTotals(), seed: maphash.MakeSeed(), judgedRefs: map[uint64]bool{}, ine: map[ine.Status]int{}, calls: map[ines.Operation]int{}}
	var err error
	if r.outcomes, err = newPartFile(s.path("outcomes.jsonl")); err != nil {
		return nil, err
	}
	if s.opts.dryRun {
		r.requests, err = newPartFile(s.path("requests.jsonl"))
	}
	return r, err
}

// abandon removes what was not finished.
func (r *results) abandon() {
	r.outcomes.abandon()
	r.requests.abandon()
}

// judged notes the verdict on a number.
func (r *results) judged(s sis.Student, v ine.Verdict) {
	r.students++
	r.ine[v.Status]++
	r.wantsCard(s, v)
	if r.traveller == "" && v.Status == ine.StatusDefinitive {
		r.traveller = s.ID.String()
	}
	h := maphash.String(r.seed, s.ID.String())
	r.put(r.outcomes, line{nameOf(s.ID.String(), s.Provenance.Line, r.judgedRefs[h]), stepINE, v.Status.String(), v.Reason()})
	r.judgedRefs[h] = true
}

// unreadable notes a record that could not be read.
func (r *results) unreadable(row *sis.RowError) {
	r.students++
	r.put(r.outcomes, line{nameOf(row.ID.String(), row.Line, true), stepINE, string(campaign.Unreadable), row.Error()})
}

// item notes what INES made of a student.
func (r *results) item(i campaign.Item) {
	detail := i.Detail
	if detail == "" {
		detail = i.Outcome.Title(campaign.English)
	}
	r.put(r.outcomes, line{nameOf(i.Student, i.Line, otherRecord(i)), stepINES, string(i.Outcome), detail})
}

// nameOf names a record: by its reference, and by its line when the reference is
// missing, or when another record of the base counts for it.
func nameOf(student string, line int, other bool) string {
	switch {
	case student == "":
		return fmt.Sprintf("line %d", line)
	case other:
		return fmt.Sprintf("%s line %d", student, line)
	}
	return student
}

// otherRecord reports whether an item is about a record that does not count for its reference.
func otherRecord(i campaign.Item) bool {
	return i.Outcome == campaign.Unreadable || strings.HasPrefix(i.Reason.Key, "same-reference")
}

// request notes what a dry run would send.
func (r *results) request(q ines.RegisterRequest) { r.put(r.requests, q) }

func (r *results) put(f *partFile, v any) {
	if err := f.put(v); err != nil && r.failed == nil {
		r.failed = err
	}
}

// day takes the report of a day.
func (r *results) day(report *campaign.Report) {
	r.report = report
	r.days++
	for op, n := range report.Calls {
		r.calls[op] += n
	}
}

// complete reports whether everyone was read, INES answered for everyone, and no
// limit kept anybody back.
func (r *results) complete() bool {
	n := r.report.Counts
	return r.report.Stopped == "" && n[campaign.Unanswered]+n[campaign.Unreadable]+n[campaign.Held] == 0
}

// totals is report.json.
type totals struct {
	Students int                      `json:"students"`
	Days     int                      `json:"days"` // of this run; a run that resumes counts its own
	DryRun   bool                     `json:"dry_run"`
	INE      map[string]int           `json:"ine"`  // verdicts on the numbers as recorded
	INES     map[campaign.Outcome]int `json:"ines"` // outcomes, one per student
	ToDo     int                      `json:"to_do"`
	Calls    map[ines.Operation]int   `json:"calls"`
	Written  int                      `json:"written_back"`
	Fed      map[supdata.Outcome]int  `json:"supdata,omitempty"` // enrolments
	Desk     *deskTotals              `json:"desk,omitempty"`    // the sample's enrolment desk
	Stopped  string                   `json:"stopped,omitempty"`
	Fake     *fakeTotals              `json:"fake,omitempty"`
}

// fakeTotals is what the fake INES says of itself.
type fakeTotals struct {
	Registrations int `json:"registrations_processed"`
	Created       int `json:"numbers_created"`
	Twice         int `json:"persons_created_twice"`
}

func (r *results) totals() totals {
	t := totals{
		Students: r.students, Days: r.days, DryRun: r.opts.dryRun, INE: map[string]int{}, INES: r.report.Counts, ToDo: len(r.report.ToDo()),
		Calls: r.calls, Fed: r.fed, Written: r.report.Written, Stopped: r.report.Stopped,
	}
	for status, n := range r.ine {
		t.INE[status.String()] = n
	}
	if len(r.desk.CVEC) > 0 {
		t.Desk = &r.desk
	}
	if r.fake != nil {
		t.Fake = &fakeTotals{Registrations: r.fake.Processed(ines.OpRegister), Created: len(r.fake.Created()), Twice: len(r.fake.Twice())}
	}
	return t
}

// write finishes the files.
func (r *results) write() error {
	if r.failed != nil {
		return r.failed
	}
	mail, err := r.report.Mail(r.lang)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"report.json", func(w io.Writer) error { return writeJSON(w, r.totals()) }},
		{"actions.json", func(w io.Writer) error { return writeJSON(w, r.report.ToDo()) }},
		{"actions.csv", func(w io.Writer) error { return campaign.WriteCSV(w, r.lang, r.report.ToDo()) }},
		{"indicators.csv", r.indicators},
		{"report.html", r.page},
		{"mail.eml", func(w io.Writer) error {
			raw, err := mail.MIME("passerelle@univ.example", []string{"scolarite@univ.example"}, r.now())
			if err == nil {
				_, err = w.Write(raw)
			}
			return err
		}},
	} {
		if err := writeFile(r.path(f.name), f.write); err != nil {
			return err
		}
	}
	return errors.Join(r.requests.finish(), r.outcomes.finish())
}

// indicators writes the figures, one a line.
func (r *results) indicators(w io.Writer) error {
	t := r.totals()
	fmt.Fprintf(w, "indicator;value\nstudents;%d\nto_do;%d\nwritten_back;%d\n", t.Students, t.ToDo, t.Written)
	for _, status := range []ine.Status{
		ine.StatusDefinitive, ine.StatusProvisional, ine.StatusAbsent, ine.StatusSuspect, ine.StatusUnknown, ine.StatusMalformed,
	} {
		fmt.Fprintf(w, "ine_%s;%d\n", status, r.ine[status])
	}
	for _, o := range campaign.Outcomes() {
		fmt.Fprintf(w, "ines_%s;%d\n", o, r.report.Counts[o])
	}
	for _, op := range []ines.Operation{ines.OpVerify, ines.OpSearch, ines.OpRegister, ines.OpFollowUp} {
		fmt.Fprintf(w, "calls_%s;%d\n", op, r.calls[op])
	}
	return nil
}

// summary prints the table for the person at the terminal.
func (r *results) summary(w io.Writer) {
	t := r.totals()
	fmt.Fprintf(w, "%8d  students in the base\n\n", t.Students)
	for _, o := range campaign.Outcomes() {
		if n := r.report.Counts[o]; n > 0 {
			fmt.Fprintf(w, "%8d  %s\n", n, o.Title(campaign.English))
		}
	}
	fmt.Fprintf(w, "%8d  in all\n", r.report.Total)
	if t.Stopped != "" {
		fmt.Fprintf(w, "\nNot everything was done: %s.\n", t.Stopped)
	}
	if r.opts.dryRun {
		fmt.Fprintf(w, "\nDry run: nothing was sent. What would be sent is in %s.\n", r.path("requests.jsonl"))
		return
	}
	fmt.Fprintf(w, "\n%d students wait for someone in the school: %s\n", t.ToDo, r.path("actions.csv"))
	if t.Fake != nil {
		fmt.Fprintf(w, "The fake INES registered %d students and created %d numbers; %d persons got two.\n", t.Fake.Registrations, t.Fake.Created, t.Fake.Twice)
	}
	if r.fed != nil {
		fmt.Fprintf(w, "SUPDATA took %d enrolments; %d are held until the INE is confirmed.\n", r.fed[supdata.Fed], r.fed[supdata.Held])
	}
	fmt.Fprintf(w, "The page to read: %s\n", r.path("report.html"))
}
