package ewptest

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Fault is one way in which a university misbehaves.
type Fault string

// Injection is a fault that is in force, for every request unless it says otherwise.
type Injection struct {
	Fault Fault
	// Times is how many requests it concerns; 0 is all, until Repair.
	Times int
	// API and Endpoint are those that it concerns. The zero API is all of them.
	API      ewp.API
	Endpoint string
	// Delay is how slow Slow is. 0 is a second.
	Delay time.Duration
}

// Inject makes the university misbehave. Several faults add up, in the order in which
// they were injected. A fault that this package does not know does nothing.
func (u *University) Inject(i Injection) {
	u.faults.mu.Lock()
	defer u.faults.mu.Unlock()
	u.faults.active = append(u.faults.active, &i)
}

// Repair ends all faults.
func (u *University) Repair() {
	u.faults.mu.Lock()
	defer u.faults.mu.Unlock()
	u.faults.active = nil
}

// Hits returns how many requests a fault has concerned since the start.
func (u *University) Hits(f Fault) int {
	u.faults.mu.Lock()
	defer u.faults.mu.Unlock()
	return u.faults.hits[f]
}

// faults are those of one university.
type faults struct {
	mu     sync.Mutex
	active []*Injection
	hits   map[Fault]int
}

// take returns the faults that concern a request at a path, and counts them.
func (f *faults) take(at func(*Injection) bool) []Injection {
	f.mu.Lock()
	defer f.mu.Unlock()
	var taken []Injection
	for _, i := range f.active {
		if !at(i) {
			continue
		}
		if f.hits == nil {
			f.hits = map[Fault]int{}
		}
		f.hits[i.Fault]++
		taken = append(taken, *i)
		if i.Times > 0 {
			if i.Times--; i.Times == 0 {
				i.Times = -1
			}
		}
	}
	f.active = slices.DeleteFunc(f.active, func(i *Injection) bool { return i.Times < 0 })
	return taken
}

// concerns reports whether a fault concerns the endpoint at a path.
func (u *University) concerns(i *Injection, path string) bool {
	if i.API.IsZero() {
		return true
	}
	for r := range u.Server.Routes() {
		if r.Path == path {
			return r.API == i.API && r.Endpoint.Name == i.Endpoint
		}
	}
	return false
}

// serve answers a request by Server, with whatever faults concern it.
func (u *University) serve(w http.ResponseWriter, r *http.Request) {
	taken := u.faults.take(func(i *Injection) bool { return u.concerns(i, r.URL.Path) })
	if len(taken) == 0 {
		u.Server.ServeHTTP(w, r)
		return
	}
	x, err := u.newExchange(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the request broke
	}
	for _, i := range taken {
		if i.Fault == Slow {
			pause(r, i.Delay)
		}
		if change := requestFaults[i.Fault]; change != nil && !x.refused {
			change(x)
		}
	}
	if !x.refused {
		u.Server.ServeHTTP(x.recorder, x.req)
	}
	x.finish()
	for _, i := range taken {
		if change := answerFaults[i.Fault]; change != nil {
			change(x)
		}
	}
	x.send(w, taken)
}

// pause waits, but not longer than the client.
func pause(r *http.Request, d time.Duration) {
	if d == 0 {
		d = time.Second
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
