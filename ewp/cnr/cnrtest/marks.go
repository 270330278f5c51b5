package cnrtest

import (
	"errors"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// Marks runs the tests of a store of marks. open opens the same store, again after it
// was closed by close; a store that does not last returns itself.
func Marks(t *testing.T, open func(t *testing.T) (m cnr.Marks, close func())) {
	m, done := open(t)
	a := cnr.Route{From: peer, To: own, API: ewp.IIACNR}
	b := cnr.Route{From: peer, To: own, API: ewp.OMobilityCNR}
	if got, err := m.Mark(t.Context(), a); err != nil || got != (cnr.Mark{}) {
		t.Errorf("the mark of a new route: %+v, %v, want none", got, err)
	}
	last := cnr.Mark{Seen: at(2), Full: at(1)}
	for _, s := range []struct {
		r cnr.Route
		m cnr.Mark
	}{{a, cnr.Mark{Seen: at(1), Full: at(1)}}, {b, cnr.Mark{Seen: at(5)}}, {a, last}} {
		if err := m.SetMark(t.Context(), s.r, s.m); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.SetMark(t.Context(), cnr.Route{From: peer}, last); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("the mark of no route: %v, want ErrInvalid", err)
	}
	done()
	m, done = open(t)
	defer done()
	for r, want := range map[cnr.Route]cnr.Mark{a: last, b: {Seen: at(5)}} {
		if got, err := m.Mark(t.Context(), r); err != nil || !got.Seen.Equal(want.Seen) || !got.Full.Equal(want.Full) {
			t.Errorf("%v: %+v, %v, want %+v", r, got, err, want)
		}
	}
}
