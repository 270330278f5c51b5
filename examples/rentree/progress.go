package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is a line on a terminal that says how far a phase is. Elsewhere it
// says nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: not a terminal
	title string
	shown time.Time
	width int
	n     int
}

// newProgress starts a line about title.
func newProgress(w io.Writer, title string) *progress {
	p := &progress{title: title}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	return p
}

// set says that n students are done.
func (p *progress) set(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n = n
	if p.w == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	p.show("")
}

// end writes the last state and leaves the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil {
		p.show("\n")
	}
}

func (p *progress) show(end string) {
	line := fmt.Sprintf("%s: %d students", p.title, p.n)
	fmt.Fprintf(p.w, "\r%s%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))), end)
	p.width = len(line)
}
