package testutil_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// recorder is a test that notes its failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.failures = append(r.failures, fmt.Sprint(args...))
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		log  string
		err  error
		want int
	}{
		0: {"student csv:4812", nil, 0},
		1: {"number 223456789he was sent", nil, 1}, // whatever the case
		2: {"", errors.New("no 223456789HE here"), 1},
		3: {"Lefèvre 223456789HE", nil, 2},
	} {
		var leaks testutil.Leaks
		leaks.Secret(t, "223456789HE", "Lefèvre")
		leaks.Logger().Debug(c.log)
		leaks.Error(c.err)
		r := &recorder{TB: t}
		leaks.Check(r)
		if len(r.failures) != c.want {
			t.Errorf("%d: %d leaks were found: %q; want %d", i, len(r.failures), r.failures, c.want)
		}
	}
	r := &recorder{TB: t}
	new(testutil.Leaks).Check(r)
	if len(r.failures) != 1 {
		t.Error("a check without a secret to look for passes")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	testutil.Equal(r, "numbers", []int{1, 2}, []int{1, 2})
	if len(r.failures) != 0 {
		t.Errorf("equal values differ: %q", r.failures)
	}
	testutil.Equal(r, "numbers", []int{1, 2}, []int{1, 3})
	if len(r.failures) != 1 {
		t.Errorf("%d differences were told; want 1", len(r.failures))
	}
}
