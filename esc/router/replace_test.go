package router_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

func TestFirstESIKept(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{LowerCase: true})
	provisional := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:1234567PROV")
	definitive := ada
	w := wanted()
	w.ESI = provisional
	if r := b.apply(t, "provisional", w, router.Sent, "person", "create-person", "create-card"); r.KeptESI || r.ESI != provisional {
		t.Errorf("result %s, kept %t", r.ESI, r.KeptESI)
	}
	w.ESI = definitive
	if r := b.apply(t, "the definitive comes", w, router.Unchanged); !r.KeptESI || !r.ESI.Equal(provisional) {
		t.Errorf("result %s, kept %t, want the first one", r.ESI, r.KeptESI)
	}
	w.ESI = esi.MustParse(strings.ToLower(provisional.String()))
	if r := b.apply(t, "the first in another case", w, router.Unchanged); r.KeptESI {
		t.Error("another case is taken for another identifier")
	}
	w.ESI = esi.ID{}
	b.apply(t, "none given any more", w, router.Unchanged)

	// Kept through withdrawal and return.
	w.ESI, w.Consent = definitive, false
	b.apply(t, "withdrawn", w, router.Removed, "delete-card", "cards", "delete-person")
	w.Consent = true
	b.apply(t, "back", w, router.Sent, "person", "create-person", "create-card")
	if b.fake.Person(definitive.String()) != nil || b.fake.Person(provisional.String()) == nil {
		t.Error("the student came back under another identifier")
	}

	// On purpose, and through an interruption between the deletions and the creation.
	b.fake.Script("create-person", esctest.Unavailable)
	b.fake.Script("update-person", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	r := must(b.sync.Replace(t.Context(), w))(t)
	if r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	w.ESI = provisional // the caller's own data may lag: the replacement is on record
	b.operations()
	if r := b.apply(t, "finished by the next run", w, router.Sent, "person", "create-person", "create-card"); !r.ESI.Equal(definitive) || !r.KeptESI {
		t.Errorf("result %s", r.ESI)
	}
	if b.fake.Person(provisional.String()) != nil || b.fake.Person(definitive.String()) == nil {
		t.Error("the identifier was not replaced")
	}
	record := must(b.state.Load(t.Context(), w.Key))(t)
	if len(record.Former) != 1 || record.Former[0] != provisional {
		t.Errorf("former identifiers %v", record.Former)
	}
	if _, held := b.fake.Card(number); !held {
		t.Error("the card is not under the new identifier")
	}
}

// Interrupted in the deletions, a Replace is finished by Apply too.
func TestReplaceInterrupted(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	w := wanted()
	b.apply(t, "registered", w, router.Sent, "person", "create-person", "create-card")
	next := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	w.ESI = next
	b.fake.Script("delete-person", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	if r := must(b.sync.Replace(t.Context(), w))(t); r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	plan := must(b.sync.Plan(t.Context(), w))(t)
	if len(plan) != 3 || plan[0].Kind != router.DeletePerson || !plan[1].Person.Identifier.Equal(next) {
		t.Errorf("plan %v", plan)
	}
	b.apply(t, "finished", w, router.Sent, "cards", "delete-person", "person", "create-person", "create-card")
	if b.fake.Person(ada.String()) != nil || b.fake.Person(next.String()) == nil {
		t.Error("the identifier was not replaced")
	}
}

// An identifier that was never sent binds nobody: the definitive one may still come.
func TestUnsentESINotKept(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	provisional := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:1234567PROV")
	w := wanted()
	w.ESI, w.Cards = provisional, nil
	b.apply(t, "no card yet", w, router.Unchanged)
	w.Cards = []router.WantedCard{wantedCard(number)}
	w.Cards[0].Type = ""
	b.apply(t, "a card that is refused here", w, router.Refused)
	w.Cards[0].Type = router.CardPassive
	w.ESI = ada
	if r := b.apply(t, "the definitive comes before anything was sent", w, router.Sent, "person", "create-person", "create-card"); r.KeptESI || r.ESI != ada {
		t.Errorf("identifier %s, kept %t", r.ESI, r.KeptESI)
	}
	// Nor is it taken away from the student whose it is.
	other := wanted()
	other.Student, other.ESI = "20260002", provisional
	other.Cards = []router.WantedCard{wantedCard(number2)}
	b.apply(t, "another student", other, router.Sent, "person", "create-person", "create-card")
}

// Two students were mixed up: one got the other's identifier.
func TestMixUpPutRight(t *testing.T) {
	t.Parallel()
	b := newSync(t, esctest.RouterConfig{})
	wrong := wanted() // has the ESI of the next student
	b.apply(t, "wrong", wrong, router.Sent, "person", "create-person", "create-card")
	right := wanted()
	right.Student, right.Cards = "20260002", []router.WantedCard{wantedCard(number2)}
	b.apply(t, "right", right, router.Refused)
	wrong.ESI = esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:987654321CD")
	if r := must(b.sync.Replace(t.Context(), wrong))(t); r.Effect != router.Sent {
		t.Errorf("replace: %s, %v", r.Effect, r.Err)
	}
	b.apply(t, "right again", right, router.Sent, "person", "create-person", "create-card")
	// And a replacement by an identifier that is taken touches nothing.
	wrong.ESI = ada
	b.operations()
	if r := must(b.sync.Replace(t.Context(), wrong))(t); r.Effect != router.Refused || !errors.Is(r.Err, passerelle.ErrConflict) {
		t.Errorf("replace by a taken one: %s, %v", r.Effect, r.Err)
	}
	if requests := b.operations(); len(requests) != 0 {
		t.Errorf("requests %v", requests)
	}
	if _, held := b.fake.Card(number); !held {
		t.Error("the card was deleted")
	}
}
