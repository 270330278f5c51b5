package ines_test

import (
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var statuses = []ines.Status{
	ines.StatusToVerify, ines.StatusConfirmed, ines.StatusIncomplete, ines.StatusInvalid, ines.StatusUnknown, ines.StatusLitige,
	ines.StatusInProgress, ines.StatusVerifyError, ines.StatusRegisterError,
}

// TestStatusMachine has the whole table: which question may be asked in which
// state, and which answers it can have.
func TestStatusMachine(t *testing.T) {
	t.Parallel()
	const (
		v, s, r, f = ines.OpVerify, ines.OpSearch, ines.OpRegister, ines.OpFollowUp
	)
	may := map[ines.Status][]ines.Operation{
		"":                       {v, s},
		ines.StatusToVerify:      {v, s},
		ines.StatusConfirmed:     {v, s},
		ines.StatusIncomplete:    {v, s},
		ines.StatusInvalid:       {v, s},
		ines.StatusVerifyError:   {v, s},
		ines.StatusRegisterError: {v, s},
		ines.StatusUnknown:       {v, s, r},
		ines.StatusInProgress:    {f},
		ines.StatusLitige:        {f},
		"MOT_NOUVEAU":            nil,
	}
	for status, allowed := range may {
		for _, op := range []ines.Operation{v, s, r, f, "effacement"} {
			if got, want := status.Allows(op), slices.Contains(allowed, op); got != want {
				t.Errorf("%q allows %s: got %v, want %v", status, op, got, want)
			}
		}
	}
	testutil.Equal(t, "verification", ines.StatusToVerify.Next(v),
		[]ines.Status{"CONFIRME", "DONNEES_INCOMPLETES", "DONNEES_INVALIDES", "INCONNU", "ERR_VERIF"})
	testutil.Equal(t, "verification anew", ines.StatusUnknown.Next(v), ines.StatusToVerify.Next(v))
	testutil.Equal(t, "registration", ines.StatusUnknown.Next(r),
		[]ines.Status{"CONFIRME", "IMAT_EN_COURS", "LITIGE", "ERR_IMAT", "DONNEES_INCOMPLETES", "DONNEES_INVALIDES"})
	testutil.Equal(t, "follow-up", ines.StatusLitige.Next(f), []ines.Status{"CONFIRME", "IMAT_EN_COURS", "LITIGE", "ERR_IMAT"})

	next := ines.StatusToVerify.Next(v)
	next[0] = "CHANGED"
	testutil.Equal(t, "the table after a caller wrote into its copy", ines.StatusToVerify.Next(v)[0], ines.StatusConfirmed)

	for _, status := range statuses {
		if !status.Known() {
			t.Errorf("%s is not known", status)
		}
		open := status == ines.StatusInProgress || status == ines.StatusLitige
		testutil.Equal(t, string(status)+" open", status.Open(), open)
	}
	for _, status := range []ines.Status{"", "MOT_NOUVEAU", "confirme"} {
		if status.Known() {
			t.Errorf("%q is known", status)
		}
	}
}

// TestEveryStatus hands each word over, the unknown one included.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, ines.ReferenceContract())
	for _, status := range append(slices.Clone(statuses), "MOT_NOUVEAU") {
		for _, op := range soapOperations {
			a := ines.Answer{Operation: op, Status: status, Code: "C", Message: "m"}
			if status == ines.StatusConfirmed {
				a.Master = rnie
			}
			el, err := codec.EncodeAnswer(op, a)
			if err != nil {
				t.Fatal(err)
			}
			got, err := codec.DecodeAnswer(op, parse(t, text(t, el)))
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, string(op), got, []ines.Answer{a}, wireOptions...)
			if err := got[0].Check(); err != nil {
				t.Errorf("%s, %s: %v", op, status, err)
			}
		}
	}
}

func TestReplaces(t *testing.T) {
	t.Parallel()
	confirmed := ines.Answer{Status: ines.StatusConfirmed, Master: rnie, At: instant}
	if r, ok := confirmed.Replaces(bea); !ok || r != (ines.Replacement{Old: bea, New: rnie, At: instant}) {
		t.Errorf("another number: got %v, %v", r, ok)
	}
	for name, got := range map[string]bool{
		"the same number": second(confirmed.Replaces(rnie)),
		"none held":       second(confirmed.Replaces(ines.VerifyRequest{}.INE)),
		"no maître":       second(ines.Answer{Status: ines.StatusConfirmed}.Replaces(bea)),
		"not confirmed":   second(ines.Answer{Status: ines.StatusLitige, Master: rnie}.Replaces(bea)),
	} {
		if got {
			t.Errorf("%s: a replacement", name)
		}
	}
}

func second(_ ines.Replacement, ok bool) bool { return ok }
