package ine_test

import (
	"errors"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

func TestSplitAndJoin(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		number    string
		layout    ine.Layout
		body, key string
	}{
		0: {"223456789HE", ine.ByFamily, "223456789", "HE"},
		1: {"223456789HE", ine.TenOne, "223456789H", "E"},
		2: {"1234567890V", ine.ByFamily, "1234567890", "V"},
		3: {"1234567890V", ine.TenOne, "1234567890", "V"},
		4: {"0AYIOP071Y8", ine.ByFamily, "0AYIOP071Y", "8"},
		5: {"1234A56789B", ine.ByFamily, "1234A56789", "B"},
		6: {"1234D56789B", ine.TenOne, "1234D56789", "B"},
	} {
		n := ine.MustParse(tc.number)
		if body, key := n.Split(tc.layout); body != tc.body || key != tc.key {
			t.Errorf("%d: %s splits into %q and %q; want %q and %q", i, n, body, key, tc.body, tc.key)
		}
		if joined, err := ine.Join(" "+tc.body+" ", tc.key+" "); err != nil || joined != n {
			t.Errorf("%d: %q and %q join into %v, %v; want %s", i, tc.body, tc.key, joined, err, n)
		}
	}
	if body, key := (ine.Number{}).Split(ine.ByFamily); body != "" || key != "" {
		t.Errorf("the zero Number splits into %q and %q", body, key)
	}
	if n, err := ine.Join("223456789he", ""); err != nil || n.String() != "223456789HE" {
		t.Errorf("a number stored whole: %v, %v", n, err)
	}
	for i, tc := range [...]struct{ body, key, rule string }{
		0: {"", "", "length"},
		1: {"1234567890", "", "length"},
		2: {"1234567890V", "V", "length"},
		3: {"12345678", "90V", "length"},
		4: {"", "1234567890V", "length"},
		5: {"123456789", "V", "length"},
		6: {"1234567890", "I", "character"},
		7: {"1234B67890", "V", "family"},
	} {
		n, err := ine.Join(tc.body, tc.key)
		if got, ok := errors.AsType[*passerelle.ParseError](err); !ok || got.Rule != tc.rule || !n.IsZero() {
			t.Errorf("%d: Join(%q, %q) = %v, %v; want rule %s", i, tc.body, tc.key, n, err, tc.rule)
		}
	}
}
