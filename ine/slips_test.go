package ine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestSlipsFindTheNumber(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		typed, meant string
		rank         int // among the proposals
	}{
		0: {"22345G789HE", "223456789HE", 0}, // G for 6 breaks the shape
		1: {"I234567890V", "1234567890V", 0},
		2: {"1234567B90V", "1234567890V", 0},
		3: {"O494004062M", "0494004062M", 0},
		4: {"0494OO4062M", "0494004062M", -1}, // two slips
		5: {"0494040062M", "0494004062M", 0},  // a swap
		6: {"223456798HE", "223456789HE", 0},
		7: {"22345678H9E", "223456789HE", 0},
	} {
		got := ine.Slips(tc.typed)
		if rank := slices.Index(got, ine.MustParse(tc.meant)); rank != tc.rank {
			t.Errorf("%d: %s is proposed at rank %d for %s; want %d in %v", i, tc.meant, rank, tc.typed, tc.rank, got)
		}
	}
}

// Every replaced character and every swap leads back to the number.
func TestSlipsAreComplete(t *testing.T) {
	t.Parallel()
	for _, tc := range rightKeys {
		meant := ine.MustParse(tc.number)
		var typed []string
		for i := range tc.number {
			for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-") {
				b := []byte(tc.number)
				b[i] = c
				typed = append(typed, string(b))
			}
			if i > 0 {
				b := []byte(tc.number)
				b[i-1], b[i] = b[i], b[i-1]
				typed = append(typed, string(b))
			}
		}
		for _, s := range typed {
			got := ine.Slips(s)
			n, err := ine.Parse(s)
			if settled := err == nil && n.Key() != ine.KeyWrong; settled {
				if got != nil {
					t.Errorf("%s needs no correction, %v proposed", s, got)
				}
				continue
			}
			if !slices.Contains(got, meant) {
				t.Errorf("%s is not proposed for %s: %v", meant, s, got)
			}
			seen := map[ine.Number]bool{}
			for _, p := range got {
				if p.Key() != ine.KeyOK || seen[p] {
					t.Errorf("%s proposed for %s: key %v, twice %v", p, s, p.Key(), seen[p])
				}
				seen[p] = true
			}
		}
	}
}

func TestSlipsOrder(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct{ typed, want string }{
		0: {"2950910705J", "2950910105J " + // 7 and 1 look alike
			"2959010705J 2950917005J " + // swaps
			"2850910705J 2950960705J 2950914705J 2950910795J 2950910703J 2950910705L " + // replacements, that of the key last
			"29509107053"}, // another family
		1: {"1234567890G", "1324567890G 1234567809G 5234567890G 1232567890G 1234867890G 1234568890G 1234567890V 12345678900"},
		2: {"2234567B9HE", "223456789HE 2234567B9H1"},
	} {
		var got []string
		for _, n := range ine.Slips(tc.typed) {
			got = append(got, n.String())
		}
		testutil.Equal(t, fmt.Sprint(i), got, strings.Fields(tc.want))
	}
	for _, s := range []string{"", "12345", "1234567890V", "1234A56789B", "1234D56789B"} {
		if got := ine.Slips(s); got != nil {
			t.Errorf("Slips(%q) = %v; want none", s, got)
		}
	}
}
