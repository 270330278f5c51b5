package pegase_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestSearchPages(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 1203})
	found := all(t, c.Search(t.Context(), pegase.SearchQuery{}))
	if len(found) != 1203 || !slices.IsSortedFunc(found, func(a, b pegase.Summary) int { return compare(a.Code, b.Code) }) {
		t.Errorf("%d identities; want 1203 in the order of their numbers", len(found))
	}
	if n := server.Requests(pegasetest.Search); n != 3 {
		t.Errorf("%d requests; want 3 pages of 500", n)
	}
	confirmed := all(t, c.Search(t.Context(), pegase.SearchQuery{Status: ines.StatusConfirmed}))
	for _, s := range confirmed {
		if st, _ := server.Student(s.Code); st.Status != ines.StatusConfirmed || s.INE != st.INE {
			t.Fatalf("student %s is in a search for confirmed ones: %+v", s.Code, st)
		}
	}
	if len(confirmed) < 800 {
		t.Errorf("%d confirmed; want four fifths", len(confirmed))
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A service with a lower limit of pages than the contract's loses nobody.
func TestSearchSmallPages(t *testing.T) {
	t.Parallel()
	_, c := tenant(t, pegasetest.Config{Population: 100, Quirks: pegasetest.Quirks{SmallPages: 7}})
	if n := len(all(t, c.Search(t.Context(), pegase.SearchQuery{}))); n != 100 {
		t.Errorf("%d identities; want 100", n)
	}
}

// Students leave a search by state while it is read: those behind them move up over the border
// of the page, and are found all the same, each once.
func TestSearchMoves(t *testing.T) {
	t.Parallel()
	var server *pegasetest.Server
	server, c := tenant(t, pegasetest.Config{Before: func(op pegasetest.Operation, n int, _ url.Values) {
		if op == pegasetest.Search && n <= 3 {
			for i := range 40 {
				server.Change(fmt.Sprintf("%05d", n*100+i), func(s *pegasetest.Student) { s.Status = ines.StatusConfirmed })
			}
		}
	}})
	for i := range 2000 {
		server.Add(pegasetest.Student{Code: fmt.Sprintf("%05d", i), Person: lucie.Person, Status: ines.StatusUnknown})
	}
	met := map[string]int{}
	for _, s := range all(t, c.Search(t.Context(), pegase.SearchQuery{Status: ines.StatusUnknown})) {
		met[s.Code]++
	}
	for i := range 2000 {
		code := fmt.Sprintf("%05d", i)
		st, _ := server.Student(code)
		if n := met[code]; n > 1 || n == 0 && st.Status == ines.StatusUnknown {
			t.Fatalf("student %s, %s at the end, was given %d times", code, st.Status, n)
		}
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	server.Add(lucie)
	found := all(t, c.Search(t.Context(), pegase.SearchQuery{Code: lucie.Code}))
	if len(found) != 1 {
		t.Fatalf("%d identities with the number; want 1", len(found))
	}
	byID, err := c.Identity(t.Context(), found[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	byLogin, err := c.IdentityByPegaseID(t.Context(), found[0].PegaseID)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "identity by login", byLogin, byID)
	if byID.Status != ines.StatusConfirmed || byID.Profile.CivilStatus.BirthCommune.Code != "67482" || len(byID.Raw) == 0 {
		t.Errorf("the identity is %+v", byID)
	}
	if _, err := c.Identity(t.Context(), "nobody"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("an unknown identity: %v; want ErrNotFound", err)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		word  ines.Status
		state sis.INEState
	}{
		0: {ines.StatusToVerify, sis.INEUnverified}, 1: {ines.StatusConfirmed, sis.INEVerified}, 2: {ines.StatusIncomplete, sis.INEIncomplete},
		3: {ines.StatusInvalid, sis.INEInvalid}, 4: {ines.StatusUnknown, sis.INEUnknown}, 5: {ines.StatusLitige, sis.INELitige},
		6: {ines.StatusInProgress, sis.INEPending}, 7: {ines.StatusVerifyError, sis.INEError}, 8: {ines.StatusRegisterError, sis.INEError},
		9: {"LITIGE_EN_ETUDE", "LITIGE_EN_ETUDE"}, // a word of tomorrow
	} {
		if got := pegase.StateOf(c.word); got != c.state {
			t.Errorf("%d: the state of %s is %q; want %q", i, c.word, got, c.state)
		}
		if back := pegase.StatusesOf(c.state); !slices.Contains(back, c.word) {
			t.Errorf("%d: the words for %q are %v; want %s among them", i, c.state, back, c.word)
		}
	}
	if pegase.StateOf("") != sis.INENone || pegase.StatusesOf(sis.INENone) != nil {
		t.Error("no state has a word")
	}
}
