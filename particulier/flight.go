package particulier

import (
	"context"
	"sync"
)

// flights joins identical calls that are made at the same time: the server refuses
// the second with 409, code 00015.
type flights struct {
	mu    sync.Mutex
	calls map[string]*flight
}

// flight is one call under way. It ends when it is answered, or when nobody waits
// for it any more.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	answer  Answer
	err     error
}

// do makes the call, or joins the one with the same key that is under way.
func (f *flights) do(ctx context.Context, key string, call func(context.Context) (Answer, error)) (Answer, error) {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = make(map[string]*flight)
	}
	c := f.calls[key]
	if c == nil {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		c = &flight{done: make(chan struct{}), cancel: cancel}
		f.calls[key] = c
		go func() {
			c.answer, c.err = call(own)
			f.forget(key, c)
			cancel()
			close(c.done)
		}()
	}
	c.waiting++
	f.mu.Unlock()

	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	c.waiting--
	if c.waiting == 0 {
		c.cancel()
		if f.calls[key] == c { // nobody joins a call that is being given up
			delete(f.calls, key)
		}
	}
	f.mu.Unlock()
	return Answer{}, ctx.Err()
}

func (f *flights) forget(key string, c *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}
