package aglae_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// moduleFS is the folder of the package.
func moduleFS(tb testing.TB) fs.FS {
	tb.Helper()
	return os.DirFS(filepath.Join(testutil.ModuleRoot(tb), "aglae"))
}

var (
	askedINE   = ine.MustParse("223456789HE")
	otherINE   = ine.MustParse("100000007AK")
	askedQuery = aglae.Question{Student: "20260001", Year: 2026, INE: askedINE}
)

// quick is a policy of two attempts that wait hardly at all.
func quick(base http.RoundTripper) transport.Config {
	return transport.Config{Base: base, Retry: transport.RetryPolicy{MaxAttempts: 2, MinWait: time.Microsecond, MaxWait: time.Millisecond}}
}

func soapClient(tb testing.TB, s *aglaetest.Server, change ...func(*aglae.SOAPConfig)) *aglae.SOAP {
	tb.Helper()
	cfg := s.SOAPConfig()
	cfg.Transport = quick(cfg.Transport.Base)
	for _, c := range change {
		c(&cfg)
	}
	client, err := aglae.NewSOAP(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func connector(tb testing.TB, binding aglae.Asker, log aglae.DetectionLog) *aglae.Connector {
	tb.Helper()
	c, err := aglae.NewConnector(aglae.ConnectorConfig{Binding: binding, Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func fileOf(n ine.Number, state aglaetest.FileState) aglaetest.File {
	return aglaetest.File{Number: aglae.GrantNumberOf(n), State: state, Wishes: []aglae.Wish{{UAI: aglaetest.PilotUAI}}}
}

// states are what the Crous may hold of a student; nil is no file at all.
func states() map[string]*aglaetest.File {
	all := map[string]*aglaetest.File{"no file": nil, "another number": {Number: aglae.GrantNumberOf(otherINE), State: aglaetest.Definitive}}
	for s := aglaetest.NotProcessed; s <= aglaetest.Definitive; s++ {
		f := fileOf(askedINE, s)
		all[s.String()] = &f
	}
	return all
}

// TestNothingSaysNo is the matrix of everything that the Crous may hold and everything
// that may go wrong, through the SOAP client, the connector, both logs, the controls and
// their writers: a yes comes only from a file that is one, and nothing else is ever read
// as "not a holder".
func TestNothingSaysNo(t *testing.T) {
	t.Parallel()
	faults := append(aglaetest.AllFaults(), aglaetest.NoFault)
	for name, file := range states() {
		for _, fault := range faults {
			t.Run(name+"/"+string(fault), func(t *testing.T) {
				t.Parallel()
				cfg := aglaetest.Config{Delay: 10 * time.Second}
				if file != nil {
					cfg.Files = []aglaetest.File{*file}
				}
				s := aglaetest.NewServer(t, cfg)
				s.Script(aglaetest.OpAsk, fault, fault)
				binding := soapClient(t, s, func(c *aglae.SOAPConfig) {
					if fault == aglaetest.Slow {
						c.Transport.AttemptTimeout = 50 * time.Millisecond
					}
				})
				memory := aglae.NewMemoryLog()
				disk, err := aglae.OpenLog(filepath.Join(t.TempDir(), "log"))
				if err != nil {
					t.Fatal(err)
				}
				defer disk.Close()
				want := aglae.Unavailable
				if fault == aglaetest.NoFault {
					want = aglae.Wait
					if file != nil && file.Number == aglae.GrantNumberOf(askedINE) && (file.State == aglaetest.Conditional || file.State == aglaetest.Definitive) {
						want = aglae.Holder
					}
				}
				for _, log := range []aglae.DetectionLog{memory, disk} {
					s.Script(aglaetest.OpAsk, fault, fault)
					checkAsked(t, connector(t, binding, log), log, want)
				}
			})
		}
	}
}

// checkAsked asks and follows the answer to the end.
func checkAsked(t *testing.T, c *aglae.Connector, log aglae.DetectionLog, want aglae.Verdict) {
	t.Helper()
	a, err := c.Ask(t.Context(), askedQuery)
	if a.Verdict != want || a.AskPaper() != (want != aglae.Holder) {
		t.Errorf("the answer is %v, AskPaper %v (%v), want %v", a.Verdict, a.AskPaper(), err, want)
	}
	if (err != nil) != (want == aglae.Unavailable) {
		t.Errorf("%v with error %v", a.Verdict, err)
	}
	causes := map[aglae.Verdict]int{aglae.Holder: 0, aglae.Wait: 4, aglae.Unavailable: 1}[want]
	if len(a.Causes) != causes {
		t.Errorf("%v has the causes %v, want %d", a.Verdict, a.Causes, causes)
	}
	d, lerr := log.Latest(t.Context(), askedQuery.Student, askedQuery.Year)
	if lerr != nil || d.Verdict != want {
		t.Errorf("the log has %v (%v), want %v", d.Verdict, lerr, want)
	}
	reg := aglae.Registration{Student: askedQuery.Student, Year: 2026, INE: askedINE.String(), Flag: aglae.FlagHolder}
	regs := func(f aglae.Flag) []aglae.Registration { reg.Flag = f; return []aglae.Registration{reg} }
	detections := log.Detections(t.Context(), time.Time{})
	var texts strings.Builder
	for _, report := range []*aglae.Report{
		aglae.Gather(aglae.ControlUnconfirmed, a.At, aglae.DeclaredUnconfirmed(seq(regs(aglae.FlagHolder)...), detections, aglae.Join{})),
		aglae.Gather(aglae.ControlUndeclared, a.At, aglae.ConfirmedUndeclared(seq(regs(aglae.FlagUndeclared)...), detections, aglae.Join{})),
		aglae.Gather(aglae.ControlDetections, a.At, aglae.ListDetections(detections, true)),
	} {
		rows := map[aglae.Control]int{aglae.ControlUnconfirmed: 1, aglae.ControlUndeclared: 0, aglae.ControlDetections: 1}[report.Control]
		if want == aglae.Holder && report.Control != aglae.ControlDetections {
			rows = 1 - rows
		}
		if len(report.Rows) != rows {
			t.Errorf("%s has %d rows after a %v, want %d", report.Control, len(report.Rows), want, rows)
		}
		for _, row := range report.Rows {
			if row.Verdict != want {
				t.Errorf("%s: a row has the verdict %v, want %v", report.Control, row.Verdict, want)
			}
		}
		for _, lang := range []aglae.Lang{aglae.French, aglae.English} {
			mail, err := report.Mail(lang)
			if err != nil {
				t.Fatal(err)
			}
			texts.WriteString(mail.Subject + mail.Text + string(mail.Attachment))
			if _, err := aglae.WriteJSON(&texts, lang, report.All()); err != nil {
				t.Fatal(err)
			}
		}
	}
	low := strings.ToLower(texts.String())
	for _, no := range []string{"non boursier", "non-boursier", "n'est pas boursier", "not a holder", "no grant", "refusé", "refused", "bourse refus", "\"holder\":false", "ineligible"} {
		if strings.Contains(low, no) {
			t.Errorf("after a %v somebody reads %q", want, no)
		}
	}
	for v := range replayed(t, c) {
		if v.Verdict == aglae.Undetermined {
			t.Error("a replay knows nothing")
		}
	}
}

// replayed reads the answers of a replay; the next question is answered well.
func replayed(t *testing.T, c *aglae.Connector) func(func(aglae.Answer) bool) {
	return func(yield func(aglae.Answer) bool) {
		for a := range c.ReplayOpen(t.Context(), 2026) {
			if !yield(a) {
				return
			}
		}
	}
}

// TestCauses checks which cause each kind of trouble has, the taxonomy of its error,
// and that a read is tried again where that can help.
func TestCauses(t *testing.T) {
	t.Parallel()
	tests := map[aglaetest.Fault]struct {
		cause   aglae.Cause
		err     error
		arrived int // of two attempts allowed
	}{
		aglaetest.Unavailable:  {aglae.CauseFault, passerelle.ErrUnavailable, 2},
		aglaetest.Maintenance:  {aglae.CauseFault, passerelle.ErrUnavailable, 2},
		aglaetest.RateLimited:  {aglae.CauseNoAccess, passerelle.ErrRateLimited, 2},
		aglaetest.Unauthorized: {aglae.CauseNoAccess, passerelle.ErrUnauthorized, 1},
		aglaetest.Forbidden:    {aglae.CauseNoAccess, passerelle.ErrForbidden, 1},
		aglaetest.NotFound:     {aglae.CauseFault, passerelle.ErrUnavailable, 1},
		aglaetest.CutBefore:    {aglae.CauseTimeout, passerelle.ErrUnavailable, 2},
		aglaetest.PageOK:       {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.Slow:         {aglae.CauseTimeout, passerelle.ErrUnavailable, 2},
		aglaetest.AnswerLost:   {aglae.CauseTimeout, passerelle.ErrUnavailable, 2},
		aglaetest.Truncated:    {aglae.CauseTimeout, passerelle.ErrUnavailable, 2},
		aglaetest.WrongCharset: {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.EmptyBody:    {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.ServerFault:  {aglae.CauseFault, passerelle.ErrUnavailable, 2},
		aglaetest.ClientFault:  {aglae.CauseBadNumber, passerelle.ErrInvalid, 1},
		aglaetest.UnknownWord:  {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.PersonalWord: {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.NoWord:       {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.NoVerdict:    {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.TwoVerdicts:  {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
		aglaetest.OtherElement: {aglae.CauseUnreadable, passerelle.ErrProtocol, 1},
	}
	for _, fault := range aglaetest.AllFaults() {
		tc, ok := tests[fault]
		if !ok {
			t.Errorf("%s: no expectation", fault)
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := aglaetest.NewServer(t, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Definitive)}, Delay: 10 * time.Second})
			s.Script(aglaetest.OpAsk, fault, fault, fault)
			client := soapClient(t, s, func(c *aglae.SOAPConfig) {
				if fault == aglaetest.Slow {
					c.Transport.AttemptTimeout = 100 * time.Millisecond
				}
			})
			a, err := client.Ask(t.Context(), askedQuery)
			if !errors.Is(err, tc.err) {
				t.Errorf("error: got %v, want %v", err, tc.err)
			}
			e, ok := errors.AsType[*aglae.Error](err)
			if !ok || e.Operation != "connector.ask" {
				t.Fatalf("got %T, want an *aglae.Error of the operation", err)
			}
			testutil.Equal(t, "causes", a.Causes, []aglae.Cause{tc.cause})
			testutil.Equal(t, "requests", s.Received(aglaetest.OpAsk), tc.arrived)
		})
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Definitive)}})
	log := aglae.NewMemoryLog()
	at := time.Date(2026, 9, 7, 10, 0, 0, 0, time.UTC)
	binding := soapClient(t, s, func(c *aglae.SOAPConfig) { c.Now = func() time.Time { return at } })
	c := connector(t, binding, log)
	a, err := c.Ask(t.Context(), askedQuery)
	if err != nil {
		t.Fatal(err)
	}
	want := aglae.Answer{Question: askedQuery, Verdict: aglae.Holder, Key: aglae.KeyINE, Source: aglae.SourceConnector, At: at}
	if !strings.Contains(string(a.Raw), "BOURSIER") {
		t.Errorf("the payload is %q", a.Raw)
	}
	a.Raw = nil
	testutil.Equal(t, "answer", a, want, cmp.AllowUnexported(ine.Number{}, aglae.GrantNumber{}))
	d, err := log.Latest(t.Context(), "20260001", 2026)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "question that was kept", d.Question(), askedQuery, cmp.AllowUnexported(ine.Number{}, aglae.GrantNumber{}))
}

// TestNoNumber checks that a student without INE is asked about nowhere, and logged.
func TestNoNumber(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{})
	log := aglae.NewMemoryLog()
	a, err := connector(t, soapClient(t, s), log).Ask(t.Context(), aglae.Question{Student: "20260002", Year: 2026})
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("got %v (%v), want invalid, not sent", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "verdict", a.Verdict, aglae.Unavailable)
	testutil.Equal(t, "causes", a.Causes, []aglae.Cause{aglae.CauseNoNumber})
	testutil.Equal(t, "requests", s.Received(aglaetest.OpAsk), 0)
	d, err := log.Latest(t.Context(), "20260002", 2026)
	if err != nil || d.Verdict != aglae.Unavailable || d.Key != aglae.KeyNone || d.Causes[0] != aglae.CauseNoNumber {
		t.Errorf("the log has %+v, %v", d, err)
	}
}

func TestQuestionFaults(t *testing.T) {
	t.Parallel()
	for i, tc := range []struct {
		q    aglae.Question
		want []string
	}{
		0: {aglae.Question{}, []string{"Student", "Year"}},
		1: {aglae.Question{Student: strings.Repeat("x", 65), Year: 2026}, []string{"Student"}},
		2: {aglae.Question{Student: "S", Year: 26}, []string{"Year"}},
	} {
		log := aglae.NewMemoryLog()
		c := connector(t, asker(func(context.Context, aglae.Question) (aglae.Answer, error) {
			t.Errorf("%d: it was asked", i)
			return aglae.Answer{Verdict: aglae.Holder}, nil
		}), log)
		a, err := c.Ask(t.Context(), tc.q)
		var faults passerelle.FieldErrors
		if !errors.As(err, &faults) || a.Verdict != aglae.Unavailable {
			t.Fatalf("%d: got %v, %v", i, a.Verdict, err)
		}
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		testutil.Equal(t, fmt.Sprint(i), fields, tc.want)
	}
}

// asker is a binding made of a function.
type asker func(context.Context, aglae.Question) (aglae.Answer, error)

func (f asker) Ask(ctx context.Context, q aglae.Question) (aglae.Answer, error) { return f(ctx, q) }

// TestBindings checks what the connector makes of bindings that answer badly.
func TestBindings(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for i, tc := range []struct {
		answer aglae.Answer
		err    error
		want   aglae.Verdict
		cause  aglae.Cause
	}{
		0: {aglae.Answer{}, nil, aglae.Unavailable, aglae.CauseUnreadable},
		1: {aglae.Answer{Verdict: 77}, nil, aglae.Unavailable, aglae.CauseUnreadable},
		2: {aglae.Answer{Verdict: aglae.Holder}, boom, aglae.Unavailable, aglae.CauseTimeout},
		3: {aglae.Answer{Verdict: aglae.Wait}, passerelle.ErrNotFound, aglae.Unavailable, aglae.CauseBadNumber},
		4: {aglae.Answer{}, context.DeadlineExceeded, aglae.Unavailable, aglae.CauseTimeout},
		5: {aglae.Answer{}, context.Canceled, aglae.Unavailable, aglae.CauseCancelled},
		6: {aglae.Answer{Verdict: aglae.Unavailable, Causes: []aglae.Cause{"mine"}}, boom, aglae.Unavailable, "mine"},
	} {
		log := aglae.NewMemoryLog()
		c := connector(t, asker(func(context.Context, aglae.Question) (aglae.Answer, error) { return tc.answer, tc.err }), log)
		a, err := c.Ask(t.Context(), askedQuery)
		if a.Verdict != tc.want || err == nil || len(a.Causes) != 1 || a.Causes[0] != tc.cause {
			t.Errorf("%d: got %v %v (%v), want %v %v", i, a.Verdict, a.Causes, err, tc.want, tc.cause)
		}
		if d, err := log.Latest(t.Context(), "20260001", 2026); err != nil || d.Verdict != tc.want {
			t.Errorf("%d: the log has %v, %v", i, d.Verdict, err)
		}
	}
}

// brokenLog takes nothing.
type brokenLog struct{ aglae.MemoryLog }

func (*brokenLog) Record(context.Context, aglae.Detection) error { return passerelle.ErrUnavailable }

func TestLogError(t *testing.T) {
	t.Parallel()
	c := connector(t, asker(func(context.Context, aglae.Question) (aglae.Answer, error) {
		return aglae.Answer{Verdict: aglae.Holder}, nil
	}), new(brokenLog))
	a, err := c.Ask(t.Context(), askedQuery)
	var lerr *aglae.LogError
	if !errors.As(err, &lerr) || !errors.Is(err, passerelle.ErrUnavailable) || a.Verdict != aglae.Holder {
		t.Errorf("got %v, %v: the answer stands beside the error of the log", a.Verdict, err)
	}
}

// TestCancelledIsLogged gives up while the service is slow: the log has it all the same.
func TestCancelledIsLogged(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{Delay: 30 * time.Second})
	s.Script(aglaetest.OpAsk, aglaetest.Slow)
	log := aglae.NewMemoryLog()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	a, err := connector(t, soapClient(t, s), log).Ask(ctx, askedQuery)
	if !errors.Is(err, context.Canceled) || a.Verdict != aglae.Unavailable {
		t.Errorf("got %v, %v", a.Verdict, err)
	}
	d, err := log.Latest(t.Context(), "20260001", 2026)
	if err != nil || len(d.Causes) != 1 || d.Causes[0] != aglae.CauseCancelled {
		t.Errorf("the log has %+v, %v", d, err)
	}
}

// TestReplay asks, lets the Crous process the file, and replays.
func TestReplay(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.PapersMissing)}})
	log := aglae.NewMemoryLog()
	c := connector(t, soapClient(t, s), log)
	if a, err := c.Replay(t.Context(), "20260001", 2026); !errors.Is(err, passerelle.ErrNotFound) || !a.AskPaper() {
		t.Errorf("replay of nothing: %v, %v", a.Verdict, err)
	}
	ask := func(q aglae.Question, want aglae.Verdict) {
		t.Helper()
		if a, err := c.Ask(t.Context(), q); err != nil || a.Verdict != want {
			t.Fatalf("got %v, %v, want %v", a.Verdict, err, want)
		}
	}
	ask(askedQuery, aglae.Wait)
	ask(aglae.Question{Student: "20260009", Year: 2026, INE: otherINE}, aglae.Wait)
	s.Put(fileOf(askedINE, aglaetest.Conditional))
	a, err := c.Replay(t.Context(), "20260001", 2026)
	if err != nil || a.Verdict != aglae.Holder || a.Question != askedQuery {
		t.Errorf("replay: got %v of %v, %v", a.Verdict, a.Question.Student, err)
	}
	var again []string
	for a, err := range c.ReplayOpen(t.Context(), 2026) {
		if err != nil {
			t.Error(err)
		}
		again = append(again, a.Question.Student+" "+a.Verdict.String())
	}
	testutil.Equal(t, "asked again", again, []string{"20260009 wait"})
	n := 0
	for range log.Detections(t.Context(), time.Time{}) {
		n++
	}
	testutil.Equal(t, "answers kept", n, 4)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for a, err := range c.ReplayOpen(ctx, 2026) {
		if !errors.Is(err, context.Canceled) || a.Verdict != aglae.Unavailable {
			t.Errorf("ended: %v, %v", a.Verdict, err)
		}
	}
}
