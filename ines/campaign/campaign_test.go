package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// world is a base, a register, a ledger and a clock.
type world struct {
	base     *base
	register *register
	ledger   campaign.Ledger
	time     time.Time
	cfg      campaign.Config
	outcomes map[string]campaign.Outcome
	items    map[string]campaign.Item
}

func newWorld(students ...sis.Student) *world {
	w := &world{base: &base{students: students}, ledger: campaign.NewMemory(), time: campaignDay}
	w.register = newRegister(func() time.Time { return w.time })
	w.cfg = campaign.Config{
		UAI: uai.MustParse("0511296G"), Year: 2026, MaxRegister: -1, StopPercent: -1,
		Now: func() time.Time { return w.time },
	}
	return w
}

// run does one campaign and notes every student's outcome, failing the test when
// a student has none or two.
func (w *world) run(t *testing.T) *campaign.Report {
	t.Helper()
	report, err := w.try(t, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (w *world) try(t *testing.T, ctx context.Context) (*campaign.Report, error) {
	t.Helper()
	cfg := w.cfg
	cfg.Source, cfg.Ledger, cfg.Writer = w.base, w.ledger, w.base
	if cfg.Service == nil {
		cfg.Service = w.register
	}
	w.outcomes, w.items = map[string]campaign.Outcome{}, map[string]campaign.Item{}
	cfg.OnItem = func(i campaign.Item) {
		key := i.Student
		if strings.HasPrefix(i.Reason.Key, "same-reference") || i.Outcome == campaign.Unreadable {
			key = fmt.Sprintf("%s line %d", i.Student, i.Line)
		}
		if before, again := w.outcomes[key]; again {
			t.Errorf("%s has two outcomes, %s and %s", key, before, i.Outcome)
		}
		w.outcomes[key], w.items[key] = i.Outcome, i
	}
	c, err := campaign.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	report, err := c.Run(ctx)
	total := 0
	for _, n := range report.Counts {
		total += n
	}
	if total != report.Total || total != len(w.outcomes) {
		t.Errorf("counts add up to %d, Total is %d, %d items were given", total, report.Total, len(w.outcomes))
	}
	for id, n := range w.register.created {
		if n > 1 {
			t.Errorf("the register created %d numbers for %s", n, id)
		}
	}
	return report, err
}

func (w *world) want(t *testing.T, want map[string]campaign.Outcome) {
	t.Helper()
	testutil.Equal(t, "outcomes", w.outcomes, want)
}

var (
	rnie     = ine.MustParse("223456789HE")
	otherRN  = ine.MustParse("120156231KE")
	oldBEA   = ine.MustParse("1234567890V")
	oldNNE   = ine.MustParse("0AYIOP071Y8")
	suspect  = "1234567890G"
	suspect2 = "1234567503G"
	provisio = "1118D00001R"
)

// TestOutcomes has one student for each way through the decisions.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	incomplete := student(10, "")
	incomplete.Person.Birthplace = passerelle.Birthplace{}
	future := student(11, "")
	future.Person.BirthDate = passerelle.NewDate(2030, 1, 1)
	trusted := student(12, oldBEA.String())
	trusted.INEState = sis.INEVerified
	twin := student(13, "")
	twin.ID.Local, twin.Provenance.Line = "14", 15
	w := newWorld(
		student(0, rnie.String()),   // definitive in its current form
		student(1, oldBEA.String()), // older, confirmed as it is
		student(2, oldNNE.String()), // older, replaced
		student(3, ""),              // known to INES
		student(4, provisio),        // provisional, to be created
		student(5, suspect2),        // wrong key, known by name
		student(6, "123456789@#"),   // malformed, unknown by name
		student(7, suspect),         // wrong key, and INES knows the number all the same
		student(8, "1234E56789B"),   // no known family, unknown by name
		student(9, "0494004062M"),   // older, unknown to INES
		incomplete, future, trusted,
		student(13, ""), twin, // one person in two records
		student(15, ""), student(15, ""), // one reference twice
		student(16, ""), student(17, ""), student(18, ""), student(19, ""), student(20, ""), student(21, ""), student(22, ""), student(23, ""), student(24, ""),
	)
	w.base.errs = map[int]error{4: &sis.RowError{Provenance: sis.Provenance{Source: "base", Line: 99}, Column: 7, Field: "birth_date", Err: passerelle.ErrInvalid}}
	w.register.know(student(1, "").Person, oldBEA)
	w.register.know(student(2, "").Person, rnie, oldNNE)
	w.register.know(student(3, "").Person, otherRN)
	w.register.know(student(5, "").Person, ine.MustParse("130187884JE"))
	w.register.know(student(7, "").Person, ine.MustParse("1234567890G"))
	for n, behaviour := range map[int]string{16: "lost", 17: "lost late", 18: "not sent", 19: "refused", 20: "litige", 21: "tomorrow", 22: "error", 23: "strange", 24: "too fast"} {
		w.register.script[fmt.Sprintf("csv:%d", n)] = behaviour
	}
	w.cfg.Parallel = 1 // so that it is the second record of one person that is the duplicate
	report := w.run(t)
	w.want(t, map[string]campaign.Outcome{
		"csv:0": campaign.Definitive, "csv:1": campaign.Confirmed, "csv:2": campaign.Replaced, "csv:3": campaign.Found, "csv:4": campaign.Created,
		"csv:5": campaign.Corrected, "csv:6": campaign.ToCheck, "csv:7": campaign.Confirmed, "csv:8": campaign.ToCheck, "csv:9": campaign.ToCheck,
		"csv:10": campaign.Incomplete, "csv:11": campaign.Invalid, "csv:12": campaign.Definitive, "csv:13": campaign.Created,
		"csv:14": campaign.Duplicate, // the search finds the number that was just created for the other record
		"csv:15": campaign.Created, "csv:15 line 16": campaign.Duplicate,
		"csv:16": campaign.Doubtful, "csv:17": campaign.Doubtful, "csv:18": campaign.Unanswered, "csv:19": campaign.Refused, "csv:20": campaign.Litige,
		"csv:21": campaign.InProgress, "csv:22": campaign.Refused, "csv:23": campaign.Doubtful, "csv:24": campaign.Unanswered,
		" line 99": campaign.Unreadable,
	})
	if report.Total != 27 {
		t.Errorf("Total = %d; want 27", report.Total)
	}
	for student, want := range map[string][2]string{
		"csv:2": {rnie.String(), oldNNE.String()}, "csv:3": {otherRN.String(), ""}, "csv:5": {"130187884JE", suspect2},
	} {
		if got := w.items[student]; got.INE != want[0] || got.Previous != want[1] || !got.Written || got.Since != campaignDay {
			t.Errorf("%s: INE %s after %q, written %v, since %v; want %v", student, got.INE, got.Previous, got.Written, got.Since, want)
		}
	}
	if i := w.items["csv:10"]; len(i.Faults) != 1 || i.Faults[0].Field != "Person.Birthplace" || i.Faults[0].Rule != "required" {
		t.Errorf("csv:10: faults %v; want Person.Birthplace required", i.Faults)
	}
	if i := w.items["csv:19"]; i.Code != "E42" || i.Message != "words of INES" {
		t.Errorf("csv:19: code %q, message %q; want INES's own, untouched", i.Code, i.Message)
	}
	if i := w.items["csv:6"]; i.Detail == "" || strings.Contains(i.Detail, "123456789") {
		t.Errorf("csv:6: detail %q; want the reason, without the number", i.Detail)
	}
	if n := w.register.calls[ines.OpRegister]; n != 12 {
		t.Errorf("%d registrations were received; want 12", n)
	}
}

// TestLaterDays follows the students of a first day over the next ones.
func TestLaterDays(t *testing.T) {
	t.Parallel()
	var students []sis.Student
	for n := range 8 {
		students = append(students, student(n, ""))
	}
	w := newWorld(students...)
	w.base.keep = true
	for n, behaviour := range []string{"lost", "lost late", "lost before", "not sent", "tomorrow", "litige", "refused", ""} {
		w.register.script[fmt.Sprintf("csv:%d", n)] = behaviour
	}
	w.run(t)
	w.want(t, map[string]campaign.Outcome{
		"csv:0": campaign.Doubtful, "csv:1": campaign.Doubtful, "csv:2": campaign.Doubtful, "csv:3": campaign.Unanswered, "csv:4": campaign.InProgress,
		"csv:5": campaign.Litige, "csv:6": campaign.Refused, "csv:7": campaign.Created,
	})

	w.time = w.time.Add(time.Hour) // the same day, the program again
	w.register.script["csv:3"] = ""
	w.run(t)
	w.want(t, map[string]campaign.Outcome{
		"csv:0": campaign.Created, // found by a search: the doubt is over
		"csv:1": campaign.Doubtful, "csv:2": campaign.Doubtful, "csv:3": campaign.Created, "csv:4": campaign.InProgress, "csv:5": campaign.Litige,
		"csv:6": campaign.Refused, "csv:7": campaign.Definitive,
	})

	w.time = w.time.Add(24 * time.Hour)
	decided := w.register.answer(ines.OpFollowUp, ines.StatusConfirmed, rnie)
	decided.RequestID = "R-csv:5"
	w.register.answers["csv:5"] = &decided
	w.base.students[6].Person.BirthName = "NOM CORRIGÉ"
	w.register.script["csv:6"] = ""
	w.run(t)
	w.want(t, map[string]campaign.Outcome{
		"csv:0": campaign.Definitive, "csv:1": campaign.Created, "csv:2": campaign.Doubtful, "csv:3": campaign.Definitive, "csv:4": campaign.Created,
		"csv:5": campaign.Created, "csv:6": campaign.Created, "csv:7": campaign.Definitive,
	})

	w.time = w.time.Add(30 * 24 * time.Hour) // never sent again by itself
	w.run(t)
	if got := w.outcomes["csv:2"]; got != campaign.Doubtful {
		t.Errorf("a month later: %s; want %s", got, campaign.Doubtful)
	}
	w.register.script["csv:2"] = ""
	if err := campaign.Settle(t.Context(), w.ledger, "csv:2", campaign.NeverArrived, "the registrar", w.time); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	if got := w.outcomes["csv:2"]; got != campaign.Created {
		t.Errorf("after a person's decision: %s; want %s", got, campaign.Created)
	}
	if got := len(w.base.updates); got != 8 {
		t.Errorf("%d numbers were written back; want 8, each once", got)
	}
	for _, u := range w.base.updates {
		if u.Year != 2026 || u.Definitive == "" || u.DecidedAt.IsZero() || u.Origin == "" {
			t.Errorf("update %+v is not traceable", u)
		}
	}
}

// TestSettleAfter sends again only when the caller allows it, and INES still
// knows nobody.
func TestSettleAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.cfg.SettleAfter = 72 * time.Hour
	w.register.script["csv:0"], w.register.script["csv:1"] = "lost before", "lost late"
	w.run(t)
	w.register.script["csv:0"], w.register.script["csv:1"] = "", ""
	for day, want := range []campaign.Outcome{campaign.Doubtful, campaign.Doubtful, campaign.Created} {
		w.time = w.time.Add(24 * time.Hour)
		w.run(t)
		if got := w.outcomes["csv:0"]; got != want {
			t.Errorf("day %d: %s; want %s", day+2, got, want)
		}
		if day == 0 && w.outcomes["csv:1"] != campaign.Created {
			t.Errorf("the late creation is %s on the second day; want %s", w.outcomes["csv:1"], campaign.Created)
		}
	}
	if n := w.register.calls[ines.OpRegister]; n != 3 {
		t.Errorf("%d registrations; want 3: two first ones, one sent again", n)
	}
}

// TestResendNotSent loses the answer to a first registration and fails to send
// the second: the first one's doubt remains.
func TestResendNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.cfg.SettleAfter = time.Hour
	w.register.script["csv:0"] = "lost late"
	w.run(t)
	w.register.script["csv:0"] = "not sent"
	w.time = w.time.Add(2 * time.Hour)
	w.run(t)
	rec, err := w.ledger.Get(t.Context(), "csv:0")
	if err != nil || rec.State != campaign.StateDoubtful || !rec.HoldsIdentity() {
		t.Errorf("after a second registration that was not sent: %s, %v; want %s", rec.State, err, campaign.StateDoubtful)
	}
}

func TestMaxRegister(t *testing.T) {
	t.Parallel()
	var students []sis.Student
	for n := range 30 {
		students = append(students, student(n, ""))
	}
	for i, c := range []struct {
		max           int
		first, second int // registrations of a first day's two runs
		third         int // and of the next day's
	}{
		0: {0, 10, 0, 20},
		1: {7, 7, 7, 7},
		2: {-1, 30, 0, 0},
	} {
		w := newWorld(students...)
		w.cfg.MaxRegister = c.max
		for run, want := range []int{c.first, c.second, c.third} {
			before := w.register.calls[ines.OpRegister]
			if run == 2 {
				w.time = w.time.Add(24 * time.Hour)
			}
			report := w.run(t)
			if got := w.register.calls[ines.OpRegister] - before; got != want {
				t.Errorf("%d: run %d registered %d; want %d", i, run, got, want)
			}
			if got, left := report.Counts[campaign.Held], 30-w.register.calls[ines.OpRegister]; got != left {
				t.Errorf("%d: run %d held %d; want %d", i, run, got, left)
			}
		}
	}
}

func TestStopPercent(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 100 {
		w.base.students = append(w.base.students, student(n, ""))
		if n%5 == 0 {
			w.register.script[fmt.Sprintf("csv:%d", n)] = []string{"litige", "refused"}[n/5%2]
		}
	}
	w.cfg.StopPercent, w.cfg.Parallel = 0, 1 // the default, 5
	report := w.run(t)
	if got := w.register.calls[ines.OpRegister]; got != 20 {
		t.Errorf("%d registrations before the stop; want 20, the smallest sample", got)
	}
	if report.Counts[campaign.Held] != 80 || !strings.Contains(report.Stopped, "4 of 20") {
		t.Errorf("held %d, stopped %q; want 80, and the share", report.Counts[campaign.Held], report.Stopped)
	}
}

// TestServiceDown stops calling after some silence, and at once when the
// credentials are refused; every student still has an outcome.
func TestServiceDown(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		err   error
		calls int
		why   string
	}{
		0: {&ines.Error{Operation: ines.OpSearch, Err: passerelle.ErrUnavailable}, 10, "10 times in a row"},
		1: {&ines.Error{Operation: ines.OpSearch, Result: passerelle.Answered, Err: passerelle.ErrUnauthorized}, 1, "refuses the credentials"},
		2: {&ines.Error{Operation: ines.OpSearch, Result: passerelle.Answered, Err: passerelle.ErrForbidden}, 1, "refuses this right"},
	} {
		w := newWorld()
		for n := range 50 {
			w.base.students = append(w.base.students, student(n, ""))
		}
		w.base.students = append(w.base.students, student(50, rnie.String()))
		w.cfg.Parallel = 1
		w.register.search = func(string) (ines.Answer, error) { return ines.Answer{}, c.err }
		report := w.run(t)
		if got := w.register.calls[ines.OpSearch]; got != c.calls {
			t.Errorf("%d: %d calls; want %d", i, got, c.calls)
		}
		if report.Counts[campaign.Unanswered] != 50 || report.Counts[campaign.Definitive] != 1 || !strings.Contains(report.Stopped, c.why) {
			t.Errorf("%d: %v, stopped %q; want 50 unanswered, 1 definitive, %q", i, report.Counts, report.Stopped, c.why)
		}
		w.register.search = nil
		if report = w.run(t); report.Counts[campaign.Created] != 50 {
			t.Errorf("%d: once the service is back: %v; want 50 created", i, report.Counts)
		}
	}
}

// TestRefusedOnce takes one refusal among good answers for an accident.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		inARow int
		calls  int
	}{0: {2, 20}, 1: {3, 8}} {
		w := newWorld()
		for n := range 20 {
			w.base.students = append(w.base.students, student(n, "rubbish"))
		}
		calls := 0
		w.register.search = func(string) (ines.Answer, error) {
			if calls++; calls > 5 && calls <= 5+c.inARow {
				return ines.Answer{}, errNoRight
			}
			return w.register.answer(ines.OpSearch, ines.StatusUnknown, ine.Number{}), nil
		}
		w.cfg.Parallel = 1
		w.run(t)
		if calls != c.calls {
			t.Errorf("%d: %d calls after %d refusals in a row; want %d", i, calls, c.inARow, c.calls)
		}
	}
}

// TestDryRun makes no call, writes nothing, and shows what would be sent.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, oldBEA.String()), student(2, rnie.String()), student(3, "rubbish"))
	w.cfg.DryRun = true
	w.cfg.Service = struct{}{} // a dry run needs no service
	var sent []ines.RegisterRequest
	w.cfg.OnRequest = func(r ines.RegisterRequest) { sent = append(sent, r) }
	report := w.run(t)
	if report.Counts[campaign.Planned] != 2 || report.Counts[campaign.Definitive] != 2 {
		t.Errorf("dry run: %v; want 2 planned, 2 definitive (without a verifier an older number is taken as it is)", report.Counts)
	}
	if len(sent) != 1 || sent[0].Student != "csv:0" || sent[0].UAI != w.cfg.UAI {
		t.Errorf("would be sent: %d requests; want the one of csv:0", len(sent))
	}
	for range w.ledger.Records(t.Context()) {
		t.Error("a dry run wrote in the ledger")
	}
	if len(w.base.updates) != 0 || len(w.register.calls) != 0 {
		t.Errorf("a dry run wrote %d numbers and made calls %v", len(w.base.updates), w.register.calls)
	}
}

// TestInterrupted stops a run in the middle of a registration; the next run
// goes on, and nobody is created twice.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""), student(2, ""))
	w.register.script["csv:1"] = "interrupt"
	w.cfg.Parallel = 1
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	report, err := w.try(t, ctx)
	if !errors.Is(err, context.DeadlineExceeded) || report.Stopped != "interrupted" {
		t.Errorf("interrupted run = %v, stopped %q", err, report.Stopped)
	}
	rec, err := w.ledger.Get(t.Context(), "csv:1")
	if err != nil || rec.State != campaign.StateDoubtful {
		t.Errorf("the student whose registration was interrupted is %s, %v; want %s", rec.State, err, campaign.StateDoubtful)
	}
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Created, "csv:1": campaign.Created, "csv:2": campaign.Created})
}

// TestTwoRunsAtOnce runs two campaigns beside each other on one ledger.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 200 {
		w.base.students = append(w.base.students, student(n, ""))
		w.register.script[fmt.Sprintf("csv:%d", n)] = []string{"", "lost", "tomorrow", "not sent", "litige"}[n%5]
	}
	cfg := w.cfg
	cfg.Source, cfg.Ledger, cfg.Service, cfg.Parallel = w.base, w.ledger, w.register, 8
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			c, err := campaign.New(cfg)
			if err != nil {
				t.Error(err)
				return
			}
			if report, err := c.Run(t.Context()); err != nil || report.Total != 200 {
				t.Errorf("run = %d students, %v", report.Total, err)
			}
		})
	}
	both.Wait()
	for id, n := range w.register.created {
		if n != 1 {
			t.Errorf("%d numbers were created for %s", n, id)
		}
	}
	w.time = w.time.Add(48 * time.Hour)
	report := w.run(t)
	if report.Counts[campaign.Created] != 120 || report.Counts[campaign.Litige] != 40 || report.Counts[campaign.Unanswered] != 40 {
		t.Errorf("two days later: %v; want 120 created, 40 litiges, 40 unanswered", report.Counts)
	}
}

// TestWriteBackFails keeps the number and hands it over at the next run.
func TestWriteBackFails(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, provisio))
	w.base.refuse = fmt.Errorf("the base is read-only today: %w", passerelle.ErrUnavailable)
	report := w.run(t)
	if i := w.items["csv:0"]; i.Outcome != campaign.Created || i.Written || i.WriteBack.IsZero() || i.WriteBackError == "" || report.WriteFailures != 1 || len(report.ToDo()) != 1 {
		t.Errorf("after a refused write-back: %+v, %d failures", i, report.WriteFailures)
	}
	w.base.refuse = nil
	report = w.run(t)
	if i := w.items["csv:0"]; i.Outcome != campaign.Created || !i.Written || report.Written != 1 {
		t.Errorf("after the second run: %+v", i)
	}
	if u := w.base.updates[0]; u.Moment != provisio || u.Origin != string(ines.OpRegister) || !u.DecidedAt.Equal(campaignDay) {
		t.Errorf("update %+v; want the number of the moment, the origin and the day", u)
	}
}

// TestOrphans lists a pending registration whose student left the base.
func TestOrphans(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.register.script["csv:1"] = "litige"
	w.run(t)
	w.base.students = w.base.students[:1]
	report := w.run(t)
	if len(report.Orphans) != 1 || report.Orphans[0].Student != "csv:1" || report.Orphans[0].Outcome != campaign.Litige || report.Total != 1 {
		t.Errorf("orphans %+v of %d; want the litige of csv:1", report.Orphans, report.Total)
	}
}

func TestFatalSource(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	broken := errors.New("connection lost")
	w.base.errs = map[int]error{1: broken}
	report, err := w.try(t, t.Context())
	if !errors.Is(err, broken) || report.Total != 0 || report.Stopped == "" || len(w.register.calls) != 0 {
		t.Errorf("fatal source = %v, %d students, stopped %q, calls %v; want the error, and nothing done", err, report.Total, report.Stopped, w.register.calls)
	}
	w.cfg.UniqueReferences = true // then the base is read once, and what comes before the error is done
	report, err = w.try(t, t.Context())
	if !errors.Is(err, broken) || report.Total != 1 {
		t.Errorf("fatal source = %v, %d students; want the error, and the report until then", err, report.Total)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := campaign.New(campaign.Config{Parallel: -1, StopPercent: 101, SettleAfter: -1, RecheckAfter: -1, UAI: uai.MustParse("0123456A"), Service: struct{}{}})
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	if !ok {
		t.Fatalf("New = %v; want passerelle.FieldErrors", err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field+" "+f.Rule)
	}
	testutil.Equal(t, "faults", fields, []string{
		"Source required", "Ledger required", "UAI key", "Year range", "Parallel range", "StopPercent range", "SettleAfter range", "RecheckAfter range",
		"Service ability", "Service ability", "Service ability",
	})
}

// partial is a binding whose contract leaves operations out.
type partial struct {
	*register
	lacks ines.Operation
}

func (p partial) Can(op ines.Operation) bool { return op != p.lacks }

func TestAbilities(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		lacks ines.Operation
		want  string
	}{
		0: {ines.OpSearch, "ines.Searcher"},
		1: {ines.OpRegister, "ines.Registrar"},
		2: {ines.OpFollowUp, "ines.Follower"},
	} {
		w := newWorld()
		w.cfg.Source, w.cfg.Ledger, w.cfg.Service = w.base, w.ledger, partial{w.register, c.lacks}
		if _, err := campaign.New(w.cfg); !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d: New without %s = %v; want a fault that names %s", i, c.lacks, err, c.want)
		}
	}
	w := newWorld(student(0, oldBEA.String()))
	w.cfg.Service = partial{w.register, ines.OpVerify} // not needed: an older number is taken as it is
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Definitive})
}
