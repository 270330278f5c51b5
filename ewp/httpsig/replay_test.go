package httpsig_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

func nonce(key byte, id string, now, until time.Time) httpsig.Nonce {
	return httpsig.Nonce{Key: ewp.Fingerprint{key}, ID: id, Now: now, Until: until}
}

func TestReplayWindowBounds(t *testing.T) {
	t.Parallel()
	w := httpsig.NewReplayWindow(httpsig.ReplayConfig{Max: 3, MaxPerKey: 2})
	minute := func(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }
	for i, test := range []struct {
		key   byte
		id    string
		now   int
		until int
		first bool
		err   error
		size  int
	}{
		0:  {1, "a", 0, 9, true, nil, 1},
		1:  {1, "a", 1, 9, false, nil, 1},
		2:  {2, "a", 1, 5, true, nil, 2},
		3:  {1, "b", 1, 2, true, nil, 3},
		4:  {1, "c", 1, 2, false, passerelle.ErrRateLimited, 3},
		5:  {3, "a", 2, 5, false, passerelle.ErrUnavailable, 3}, // until 2 is not past at 2
		6:  {1, "a", 2, 9, false, nil, 3},
		7:  {3, "a", 3, 5, true, nil, 3}, // "b" is forgotten
		8:  {1, "b", 6, 7, true, nil, 2}, // the two of minute 5 as well
		9:  {1, "a", 6, 9, false, nil, 2},
		10: {1, "d", 10, 20, true, nil, 1},
	} {
		first, err := w.First(t.Context(), nonce(test.key, test.id, minute(test.now), minute(test.until)))
		if first != test.first || !errors.Is(err, test.err) || w.Len() != test.size {
			t.Errorf("%d: first %v, %v, %d remembered; want %v, %v, %d", i, first, err, w.Len(), test.first, test.err, test.size)
		}
	}
}

// TestReplayWindowAtOnce presents one request from many sides at the same time.
func TestReplayWindowAtOnce(t *testing.T) {
	t.Parallel()
	w := httpsig.NewReplayWindow(httpsig.ReplayConfig{})
	var accepted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				first, err := w.First(t.Context(), nonce(1, fmt.Sprint(i), now, now.Add(time.Minute)))
				if err != nil {
					t.Error(err)
				}
				if first {
					accepted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := accepted.Load(); got != 100 {
		t.Errorf("accepted %d of 100 requests presented 8 times each", got)
	}
}
