package cvec

import (
	"context"
	"sync"
)

// flights joins identical questions that are asked at the same time.
type flights struct {
	mu    sync.Mutex
	calls map[string]*flight
}

// flight is one question under way. It ends when it is answered, or when nobody waits
// for it any more.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	record  Record
	err     error
}

// do asks, or joins the question with the same key that is under way.
func (f *flights) do(ctx context.Context, key string, ask func(context.Context) (Record, error)) (Record, error) {
	f.mu.Lock()
	c := f.calls[key]
	if c == nil {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		c = &flight{done: make(chan struct{}), cancel: cancel}
		if f.calls == nil {
			f.calls = make(map[string]*flight)
		}
		f.calls[key] = c
		go func() {
			c.record, c.err = ask(own)
			f.forget(key, c)
			cancel()
			close(c.done)
		}()
	}
	c.waiting++
	f.mu.Unlock()
	select {
	case <-c.done:
		return c.record, c.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.cancel()
		if f.calls[key] == c { // nobody joins a question that is being given up
			delete(f.calls, key)
		}
	}
	return Record{}, ctx.Err()
}

func (f *flights) forget(key string, c *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}
