package jobs

import (
	"context"
	"expvar"
	"maps"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/store"
)

// Figures are for monitoring.
type Figures struct {
	// Queues is how the parts of each job stand on all machines: depth, age of the oldest, outcomes.
	Queues map[string]store.Queue
	Error  string // why Queues is missing

	Working int              // parts that this process works on
	Parts   map[string]Count // by job and outcome, "ines-campaign done", since this process began
}

// Count is how often something happened, and how long it took together.
type Count struct {
	N    int
	Took time.Duration
}

// figures count what this process does.
type figures struct {
	mu      sync.Mutex
	working int
	parts   map[string]Count
}

func (f *figures) began() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.working++
}

func (f *figures) ended(job, outcome string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.working--
	if f.parts == nil {
		f.parts = make(map[string]Count)
	}
	c := f.parts[job+" "+outcome]
	f.parts[job+" "+outcome] = Count{c.N + 1, c.Took + took}
}

// figuresWait bounds how long monitoring waits for the store.
const figuresWait = 5 * time.Second

// Figures returns the figures of now. It asks the store.
func (e *engine) Figures(ctx context.Context) Figures {
	ctx, cancel := context.WithTimeout(ctx, figuresWait)
	defer cancel()
	queues, err := e.Work.Queues(ctx)
	e.figures.mu.Lock()
	defer e.figures.mu.Unlock()
	f := Figures{Queues: queues, Working: e.figures.working, Parts: maps.Clone(e.figures.parts)}
	if err != nil {
		f.Queues, f.Error = nil, err.Error()
	}
	return f
}

// Var returns the figures as a variable for expvar.Publish. Each reading asks the store.
func (e *engine) Var() expvar.Var {
	return expvar.Func(func() any { return e.Figures(context.Background()) })
}
