package aglae_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

var lorrain = uai.MustParse("0542493S")

func enrolled() aglae.Event {
	return aglae.Event{
		ID: "E-1", Kind: aglae.Enrolled, Student: "20260001", Year: 2026, INE: askedINE, UAI: aglaetest.PilotUAI,
		Programme: "L1-DROIT", Level: "01", On: passerelle.NewDate(2026, 9, 7),
	}
}

func TestEventFaults(t *testing.T) {
	t.Parallel()
	if err := enrolled().Validate(); err != nil {
		t.Error(err)
	}
	wantFields(t, "zero", aglae.Event{}.Validate(), "ID", "Kind", "Student", "Year", "INE", "UAI", "On")
	e := enrolled()
	e.ID, e.Kind, e.On = strings.Repeat("x", 65), "left", passerelle.Date{Year: 2026}
	wantFields(t, "wrong", e.Validate(), "ID", "Kind", "On")
}

func TestCaseOf(t *testing.T) {
	t.Parallel()
	e := enrolled()
	cancelled := e
	cancelled.Kind = aglae.Cancelled
	here := aglaetest.PilotUAI
	for i, tc := range []struct {
		e      aglae.Event
		wishes []aglae.Wish
		want   aglae.EventCase
	}{
		0: {e, nil, aglae.CaseUnknown},
		1: {e, []aglae.Wish{{UAI: here}}, aglae.CaseA},
		2: {e, []aglae.Wish{{UAI: lorrain}}, aglae.CaseB},
		3: {e, []aglae.Wish{{UAI: lorrain}, {UAI: here, Programme: "L1-DROIT", Level: "01"}}, aglae.CaseA},
		4: {e, []aglae.Wish{{UAI: here, Programme: "L1-LETTRES"}}, aglae.CaseB},
		5: {e, []aglae.Wish{{UAI: here, Level: "02"}}, aglae.CaseB},
		6: {cancelled, []aglae.Wish{{UAI: here}}, aglae.CaseUnknown},
	} {
		if got := tc.e.CaseOf(tc.wishes); got != tc.want {
			t.Errorf("%d: got %v, want %v", i, got, tc.want)
		}
	}
}

// notifiers are both bindings, on one fake.
func notifiers(tb testing.TB, s *aglaetest.Server, change ...func(*aglae.EventsConfig)) map[aglaetest.Operation]aglae.Notifier {
	tb.Helper()
	made := map[aglaetest.Operation]aglae.Notifier{}
	for op, cfg := range map[aglaetest.Operation]aglae.EventsConfig{aglaetest.OpEvent: s.EventsConfig(), aglaetest.OpOLAFE: s.OLAFEConfig()} {
		cfg.Transport = quick(cfg.Transport.Base)
		for _, c := range change {
			c(&cfg)
		}
		open := aglae.NewEvents
		if op == aglaetest.OpOLAFE {
			open = aglae.NewOLAFE
		}
		n, err := open(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		made[op] = n
	}
	return made
}

// TestCasesAandB enrols two students: the wish of one matches.
func TestCasesAandB(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)
	for _, op := range []aglaetest.Operation{aglaetest.OpEvent, aglaetest.OpOLAFE} {
		other := fileOf(otherINE, aglaetest.Conditional)
		other.Wishes[0].UAI = lorrain
		s := aglaetest.NewServer(t, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Conditional), other}, Now: func() time.Time { return at }})
		n := notifiers(t, s)[op]
		b := enrolled()
		b.ID, b.INE, b.GrantNumber = "E-2", ine.Number{}, other.Number
		for _, e := range []aglae.Event{enrolled(), b, enrolled()} { // the last one again
			r, err := n.Notify(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			want := aglae.CaseUnknown // OLAFE does not tell
			if op == aglaetest.OpEvent {
				want = map[string]aglae.EventCase{"E-1": aglae.CaseA, "E-2": aglae.CaseB}[e.ID]
			}
			if r.Case != want || r.Event != e.ID || !r.At.Equal(at) {
				t.Errorf("%s, %s: got %+v, want case %v", op, e.ID, r, want)
			}
		}
		if f, _ := s.File(aglae.GrantNumberOf(askedINE)); f.State != aglaetest.Definitive || f.Flagged {
			t.Errorf("case A: the file is %v, flagged %v", f.State, f.Flagged)
		}
		if f, _ := s.File(other.Number); f.State != aglaetest.Conditional || !f.Flagged {
			t.Errorf("case B: the file is %v, flagged %v", f.State, f.Flagged)
		}
		testutil.Equal(t, "events taken", s.Events(), []aglae.Event{enrolled(), b}, cmp.AllowUnexported(ine.Number{}, aglae.GrantNumber{}, uai.Code{}))
		cancelled := enrolled()
		cancelled.ID, cancelled.Kind = "E-3", aglae.Cancelled
		if _, err := n.Notify(t.Context(), cancelled); err != nil {
			t.Fatal(err)
		}
		if f, _ := s.File(aglae.GrantNumberOf(askedINE)); f.State != aglaetest.Conditional {
			t.Errorf("cancelled: the file is %v", f.State)
		}
	}
}

// TestUnknownStudent asks both about a student without file.
func TestUnknownStudent(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewServer(t, aglaetest.Config{})
	n := notifiers(t, s)
	r, err := n[aglaetest.OpEvent].Notify(t.Context(), enrolled())
	if err != nil || r.Case != aglae.CaseUnknown || r.Message == "" {
		t.Errorf("AGLAE: %+v, %v", r, err)
	}
	_, err = n[aglaetest.OpOLAFE].Notify(t.Context(), enrolled())
	e, ok := errors.AsType[*aglae.Error](err)
	if !ok || !errors.Is(err, passerelle.ErrNotFound) || e.Code != "ETUDIANT_INCONNU" || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("OLAFE: %v (%v)", err, passerelle.OutcomeOf(err))
	}
	if ok && (strings.Contains(err.Error(), askedINE.String()) || !strings.Contains(e.Message, askedINE.String())) {
		t.Errorf("the words of the service: in the field %q, in the text %q", e.Message, err)
	}
}

// TestEventTrouble sets each kind of trouble and looks at what is known afterwards: an
// event whose answer is lost is sent again only where that was said to be harmless.
func TestEventTrouble(t *testing.T) {
	t.Parallel()
	const answered, unknown = passerelle.Answered, passerelle.Unknown
	for fault, tc := range map[aglaetest.Fault]struct {
		err     error
		outcome passerelle.Outcome
		arrived int // once
		again   int // where it is repeatable
	}{
		aglaetest.Unavailable:  {passerelle.ErrUnavailable, unknown, 1, 2},
		aglaetest.RateLimited:  {passerelle.ErrRateLimited, answered, 1, 2},
		aglaetest.Unauthorized: {passerelle.ErrUnauthorized, answered, 1, 1},
		aglaetest.NotFound:     {passerelle.ErrUnavailable, answered, 1, 1},
		aglaetest.CutBefore:    {passerelle.ErrUnavailable, unknown, 1, 2},
		aglaetest.AnswerLost:   {passerelle.ErrUnavailable, unknown, 1, 2},
		aglaetest.Truncated:    {passerelle.ErrUnavailable, unknown, 1, 2},
		aglaetest.ServerFault:  {passerelle.ErrUnavailable, unknown, 1, 1},
		aglaetest.PageOK:       {passerelle.ErrProtocol, unknown, 1, 1},
	} {
		for _, repeatable := range []bool{false, true} {
			s := aglaetest.NewServer(t, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Conditional)}})
			for op, n := range notifiers(t, s, func(c *aglae.EventsConfig) { c.Repeatable = repeatable }) {
				if op == aglaetest.OpOLAFE && fault == aglaetest.Truncated {
					continue // an empty body has no half
				}
				s.Script(op, fault, fault)
				_, err := n.Notify(t.Context(), enrolled())
				if !errors.Is(err, tc.err) || passerelle.OutcomeOf(err) != tc.outcome {
					t.Errorf("%s %s: got %v (%v), want %v (%v)", fault, op, err, passerelle.OutcomeOf(err), tc.err, tc.outcome)
				}
				want := tc.arrived
				if repeatable {
					want = tc.again
				}
				testutil.Equal(t, fmt.Sprint(fault, op, repeatable, " requests"), s.Received(op), want)
			}
		}
	}
	s := aglaetest.NewServer(t, aglaetest.Config{})
	for op, n := range notifiers(t, s, func(c *aglae.EventsConfig) {
		c.Encoding.Encode = func(aglae.Event) ([]byte, error) { return nil, errors.New(askedINE.String()) }
	}) {
		_, err := n.Notify(t.Context(), enrolled())
		if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent || strings.Contains(err.Error(), askedINE.String()) {
			t.Errorf("%s: an encoder that fails: %v", op, err)
		}
		if _, err := n.Notify(t.Context(), aglae.Event{}); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: an event that is none: %v", op, err)
		}
		testutil.Equal(t, "requests", s.Received(op), 0)
	}
}

// TestOLAFEStatuses answers with each status that the interface has, and one that it has not.
func TestOLAFEStatuses(t *testing.T) {
	t.Parallel()
	for i, tc := range []struct {
		status     int
		kind, body string
		want       error
		code       string
	}{
		0: {201, "", "", nil, ""},
		1: {200, "", "", passerelle.ErrProtocol, ""},
		2: {400, "application/json", `{"codeErreur":4,"libelle":"x"}`, passerelle.ErrInvalid, "4"},
		3: {401, "application/json", `{}`, passerelle.ErrUnauthorized, ""},
		4: {403, "application/problem+json", `{"type":"droit","title":"x"}`, passerelle.ErrForbidden, "droit"},
		5: {404, "application/problem+json", `{"code":"E"}`, passerelle.ErrNotFound, "E"},
		6: {404, "text/html", `<html>`, passerelle.ErrUnavailable, ""},
		7: {404, "application/json", `<html>`, passerelle.ErrUnavailable, ""},
		8: {500, "application/json", `[1]`, passerelle.ErrUnavailable, ""},
		9: {400, "application/json", "{\"code\":\"\xff\"}", passerelle.ErrInvalid, ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/base"+aglae.OLAFEPath || r.Method != http.MethodPost {
				t.Errorf("%d: %s %s", i, r.Method, r.URL.Path)
			}
			w.Header().Set("Content-Type", tc.kind)
			w.WriteHeader(tc.status)
			_, _ = w.Write([]byte(tc.body))
		}))
		n, err := aglae.NewOLAFE(aglae.EventsConfig{URL: server.URL + "/base/", Encoding: aglae.ReferenceEncoding(), Transport: quick(nil)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.Notify(t.Context(), enrolled())
		if !errors.Is(err, tc.want) {
			t.Errorf("%d: got %v, want %v", i, err, tc.want)
		}
		if e, ok := errors.AsType[*aglae.Error](err); ok && e.Code != tc.code {
			t.Errorf("%d: the code is %q, want %q", i, e.Code, tc.code)
		}
		server.Close()
	}
}

func TestEligibility(t *testing.T) {
	t.Parallel()
	read := func(s string, v any) {
		t.Helper()
		if err := json.Unmarshal([]byte(s), v); err != nil {
			t.Fatal(err)
		}
	}
	for i, tc := range []struct {
		regime, course string
		want           aglae.Eligibility
	}{
		0: {`{}`, `{}`, aglae.EligibilityUnknown},
		1: {`{"code":"REG001","droitABourse":true}`, `{"descripteursAglae":{"habilitePourBoursesAglae":true,"niveauAglae":"03"}}`, aglae.Eligible},
		2: {`{"droitABourse":true}`, `{"descripteursAglae":{"habilitePourBoursesAglae":false}}`, aglae.Ineligible},
		3: {`{"droitABourse":false}`, `{"descripteursAglae":{"habilitePourBoursesAglae":true}}`, aglae.Ineligible},
		4: {`{"droitABourse":true}`, `{"descripteursAglae":null}`, aglae.EligibilityUnknown},
		5: {`{"droitABourse":null}`, `{"descripteursAglae":{"habilitePourBoursesAglae":true}}`, aglae.EligibilityUnknown},
		6: {`{"droitABourse":false}`, `{}`, aglae.Ineligible},
	} {
		var r aglae.PegaseRegime
		var c aglae.PegaseCourse
		read(tc.regime, &r)
		read(tc.course, &c)
		if got := aglae.EligibilityOf(r, c); got != tc.want {
			t.Errorf("%d: got %v, want %v", i, got, tc.want)
		}
	}
	table, err := aglae.ReadEligibility(strings.NewReader("\ufeffRegime;Programme;Version;Eligible;Level\r\n1;L1DROI;121;oui;01\n1;DU*;*;non;\n2;*;*;NON;\n*; L2DROI ;*;yes;02\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, tc := range []struct {
		regime, programme, version string
		want                       aglae.Eligibility
		level                      string
	}{
		0: {"1", "L1DROI", "121", aglae.Eligible, "01"},
		1: {"1", "L1DROI", "120", aglae.EligibilityUnknown, ""},
		2: {"2", "L1DROI", "121", aglae.Ineligible, ""},
		3: {"2", "L2DROI", "1", aglae.Ineligible, ""}, // the first row that fits
		4: {"1", "L2DROI", "1", aglae.Eligible, "02"},
		5: {"", "", "", aglae.EligibilityUnknown, ""},
	} {
		got, level := table.Lookup(sis.Enrolment{Regime: tc.regime, Programme: sis.Programme{Code: tc.programme, Version: tc.version}})
		if got != tc.want || level != tc.level {
			t.Errorf("%d: got %v %q, want %v %q", i, got, level, tc.want, tc.level)
		}
	}
	for name, tc := range map[string]struct {
		file string
		want []string
	}{
		"empty":   {"", []string{"line 1"}},
		"header":  {"regime;programme\n", []string{"line 1"}},
		"columns": {"regime;programme;version;eligible;level\n1;2\n*;*;*;peut-être;\n;*;*;oui;\n", []string{"line 2", "line 3, eligible", "line 4, regime"}},
		"syntax":  {"regime;programme;version;eligible;level\n\"x;*;*;oui;\n", []string{"line 2"}},
	} {
		_, err := aglae.ReadEligibility(strings.NewReader(tc.file))
		wantFields(t, name, err, tc.want...)
	}
	for _, e := range []aglae.Eligibility{aglae.EligibilityUnknown, aglae.Eligible, aglae.Ineligible} {
		text, _ := e.MarshalText()
		back := aglae.Eligibility(9)
		if err := back.UnmarshalText(text); err != nil || back != e {
			t.Errorf("%v came back as %v, %v", e, back, err)
		}
	}
}
