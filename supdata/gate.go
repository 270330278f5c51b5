package supdata

import (
	"errors"
	"fmt"
	"sync"

	"github.com/passerelle-sup/passerelle"
)

// gate stops a run that meets closed doors.
type gate struct {
	max int

	mu     sync.Mutex
	inRow  int
	reason string
}

// saw takes the end of a call.
func (g *gate) saw(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil, passerelle.OutcomeOf(err) == passerelle.Answered && (errors.Is(err, passerelle.ErrInvalid) || errors.Is(err, passerelle.ErrNotFound)):
		g.inRow = 0
		return
	case errors.Is(err, passerelle.ErrUnauthorized), errors.Is(err, passerelle.ErrForbidden):
		g.reason = "SUPDATA refuses the key"
	case errors.Is(err, passerelle.ErrRateLimited):
		g.reason = "SUPDATA asks to slow down"
	}
	if g.inRow++; g.inRow >= g.max && g.reason == "" {
		g.reason = fmt.Sprintf("%d calls in a row without a usable answer", g.inRow)
	}
}

func (g *gate) stopped() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason
}
