package ine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// keyService answers by the deduced rule and records what it was asked.
type keyService struct {
	asked [][2]string
	err   error
}

func (s *keyService) CheckINE(_ context.Context, number, cle string) (bool, error) {
	s.asked = append(s.asked, [2]string{number, cle})
	want, err := ine.ComputeKey(ine.RNIE, number)
	return err == nil && want == cle, s.err
}

func TestAcceptedByECandidat(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		text  string
		want  bool
		asked string
	}{
		0:  {"", true, ""},
		1:  {"   ", false, ""},
		2:  {"223456789HE", true, "223456789 HE"},
		3:  {"2234 5678 9HE", true, "223456789 HE"},
		4:  {"223456789HF", false, "223456789 HF"},
		5:  {"223456789he", false, "223456789 he"}, // as typed
		6:  {"223456789ZZ", false, "223456789 ZZ"}, // any two letters are asked about
		7:  {"1234567890V", true, ""},
		8:  {"1234567890v", true, ""},
		9:  {"1234567890G", false, ""},
		10: {"0000000000A", false, ""}, // a right key on ten times the same digit
		11: {"0AYIOP071Y8", true, ""},
		12: {"0ayiop071y8", true, ""},
		13: {"0AYIOP071Y9", false, ""},
		14: {"11111111115", false, ""},
		15: {"ZZZZZZZZZZ5", false, ""}, // ten letters
		16: {"1234A56789B", false, ""},
		17: {"1234D56789B", false, ""},
		18: {"1234567890", false, ""},
		19: {"0AYIOP071Y8\t", false, ""}, // spaces alone are removed
		20: {"0AYI-P071Y8", false, ""},
	} {
		service := &keyService{}
		got, err := ine.AcceptedByECandidat(t.Context(), tc.text, service)
		asked := ""
		for _, a := range service.asked {
			asked += a[0] + " " + a[1]
		}
		if got != tc.want || err != nil || asked != tc.asked {
			t.Errorf("%d: %q accepted %v, %v, service asked %q; want %v, %q", i, tc.text, got, err, asked, tc.want, tc.asked)
		}
	}
	if n, err := ine.ComputeKey(ine.NNE, "1111111111"); n != "5" || err != nil {
		t.Fatalf("case 14 refuses a wrong key, not the ten same digits: the right one is %q, %v", n, err)
	}
	if ok, err := ine.AcceptedByECandidat(t.Context(), "223456789ZZ", nil); !ok || err != nil {
		t.Errorf("with no service: %v, %v; want accepted", ok, err)
	}
	down := &keyService{err: passerelle.ErrUnavailable}
	if _, err := ine.AcceptedByECandidat(t.Context(), "223456789HE", down); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("a service that is down: %v", err)
	}
}
