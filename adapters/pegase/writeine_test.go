package pegase_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

const definitive = "223456789HE"

func TestWriteINE(t *testing.T) {
	t.Parallel()
	incomplete := estelle
	incomplete.Person.Birthplace = passerelle.Birthplace{}
	other := lucie
	other.INE = "123456789AB"
	confirmed := estelle
	confirmed.INE, confirmed.Status = definitive, ines.StatusConfirmed
	refuses := func(string, passerelle.Person) bool { return false }
	for i, test := range []struct {
		student pegasetest.Student
		cfg     pegasetest.Config
		faults  []pegasetest.Fault
		update  sis.INEUpdate
		kind    error
		outcome passerelle.Outcome
		calls   int
		ine     string // held afterwards
	}{
		0: {estelle, pegasetest.Config{}, nil, sis.INEUpdate{}, nil, 0, 1, definitive},
		1: {confirmed, pegasetest.Config{}, nil, sis.INEUpdate{}, nil, 0, 0, definitive}, // again: no call at all
		2: {other, pegasetest.Config{}, nil, sis.INEUpdate{Student: id(other.Code)}, passerelle.ErrConflict, passerelle.NotSent, 0, other.INE},
		3: {estelle, pegasetest.Config{Confirms: refuses}, nil, sis.INEUpdate{}, passerelle.ErrInvalid, passerelle.Answered, 1, ""},
		4: {estelle, pegasetest.Config{ReadOnly: true}, nil, sis.INEUpdate{}, passerelle.ErrForbidden, passerelle.Answered, 2, ""},
		5: {incomplete, pegasetest.Config{}, nil, sis.INEUpdate{}, passerelle.ErrInvalid, passerelle.NotSent, 0, ""},
		6: {estelle, pegasetest.Config{}, nil, sis.INEUpdate{Student: id("nobody")}, passerelle.ErrNotFound, passerelle.Answered, 0, ""},
		7: {estelle, pegasetest.Config{}, nil, sis.INEUpdate{Definitive: "12"}, passerelle.ErrInvalid, passerelle.NotSent, 0, ""},
		8: {estelle, pegasetest.Config{}, nil, sis.INEUpdate{Student: sis.StudentID{System: "apogee", Local: "1"}}, passerelle.ErrInvalid, passerelle.NotSent, 0, ""},
		// Answers that are lost after the work was done: sent again, and once more looked at.
		9:  {estelle, pegasetest.Config{}, []pegasetest.Fault{pegasetest.AnswerLost}, sis.INEUpdate{}, nil, 0, 2, definitive},
		10: {estelle, pegasetest.Config{}, []pegasetest.Fault{pegasetest.AnswerLost, pegasetest.AnswerLost, pegasetest.AnswerLost, pegasetest.AnswerLost}, sis.INEUpdate{}, nil, 0, 4, definitive},
		11: {estelle, pegasetest.Config{}, []pegasetest.Fault{pegasetest.ServerError}, sis.INEUpdate{}, passerelle.ErrUnavailable, passerelle.Unknown, 1, ""},
		12: {estelle, pegasetest.Config{}, []pegasetest.Fault{pegasetest.ExpiredToken}, sis.INEUpdate{}, nil, 0, 2, definitive},
		13: {estelle, pegasetest.Config{Quirks: pegasetest.AllQuirks}, []pegasetest.Fault{pegasetest.RateLimited, pegasetest.Unavailable}, sis.INEUpdate{}, nil, 0, 3, definitive},
	} {
		server, c := tenant(t, test.cfg)
		server.Add(test.student)
		server.Script(pegasetest.Correction, test.faults...)
		w, err := c.INEWriter()
		if err != nil {
			t.Fatal(err)
		}
		u := test.update
		if u.Student == (sis.StudentID{}) {
			u.Student = id(test.student.Code)
		}
		if u.Definitive == "" {
			u.Definitive = definitive
		}
		err = w.WriteINE(t.Context(), u)
		if !errors.Is(err, test.kind) || err != nil && passerelle.OutcomeOf(err) != test.outcome {
			t.Errorf("%d: error %v (%v); want %v (%v)", i, err, passerelle.OutcomeOf(err), test.kind, test.outcome)
		}
		if n := server.Requests(pegasetest.Correction); n != test.calls {
			t.Errorf("%d: %d calls; want %d", i, n, test.calls)
		}
		if st, _ := server.Student(test.student.Code); st.INE != test.ine {
			t.Errorf("%d: Pégase holds %q; want %q", i, st.INE, test.ine)
		}
	}
}

// Pégase confirmed another number between the look and the call.
func TestWriteINEConflict(t *testing.T) {
	t.Parallel()
	var server *pegasetest.Server
	server, c := tenant(t, pegasetest.Config{Before: func(op pegasetest.Operation, _ int, _ url.Values) {
		if op == pegasetest.Correction {
			server.Change(estelle.Code, func(s *pegasetest.Student) { s.INE, s.Status = "123456789AB", ines.StatusConfirmed })
		}
	}})
	server.Add(estelle)
	w, err := c.INEWriter()
	if err != nil {
		t.Fatal(err)
	}
	err = w.WriteINE(t.Context(), sis.INEUpdate{Student: id(estelle.Code), Definitive: definitive})
	if !errors.Is(err, passerelle.ErrConflict) || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("error %v (%v); want ErrConflict, answered", err, passerelle.OutcomeOf(err))
	}
	if st, _ := server.Student(estelle.Code); st.INE != "123456789AB" {
		t.Errorf("Pégase holds %q; want its own", st.INE)
	}
}
