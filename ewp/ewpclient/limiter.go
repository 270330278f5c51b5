package ewpclient

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle/transport"
)

// PerHost returns a Config.Limiter: for each host one request every interval on
// average, and burst of them at once. The network publishes no rates; what a
// partner bears is asked of the partner.
func PerHost(interval time.Duration, burst int) func(host string) transport.Limiter {
	var mu sync.Mutex
	hosts := map[string]*rate.Limiter{}
	return func(host string) transport.Limiter {
		mu.Lock()
		defer mu.Unlock()
		l := hosts[host]
		if l == nil {
			l = rate.NewLimiter(rate.Every(interval), burst)
			hosts[host] = l
		}
		return l
	}
}

// limiter waits on the limiter of the host called, then on that of all calls.
type limiter struct{ all transport.Limiter }

// Wait returns the error of the first limiter that has one.
func (l limiter) Wait(ctx context.Context) error {
	x := exchangeOf(ctx)
	if x == nil {
		return nil
	}
	for _, one := range []transport.Limiter{x.limiter, l.all} {
		if one == nil {
			continue
		}
		if err := one.Wait(ctx); err != nil {
			x.ours = true
			return err
		}
	}
	return nil
}
