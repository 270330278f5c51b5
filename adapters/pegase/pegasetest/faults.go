package pegasetest

import (
	"math/rand/v2"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Fault is a kind of trouble.
type Fault string

// The faults. Before work nothing was done; after work the tenant did what it was asked.
const (
	NoFault      Fault = ""
	Unavailable  Fault = "503"           // before work: HTTP 503
	RateLimited  Fault = "429"           // before work: HTTP 429, Retry-After when Faults asks for it
	ServerError  Fault = "500"           // before work: HTTP 500
	ExpiredToken Fault = "expired-token" // before work: HTTP 403, and every token given so far is dead
	Slow         Fault = "slow"          // after work: the answer comes after Faults.Delay
	Truncated    Fault = "truncated"     // after work: half of the body, then the connection is cut
	AnswerLost   Fault = "answer-lost"   // after work: the connection is cut
)

// Faults is how often each kind of trouble happens: shares of the requests, from 0 to 1,
// together 1 at most. The zero value makes none.
type Faults struct {
	Unavailable, RateLimited, ServerError, ExpiredToken, Slow, Truncated, AnswerLost float64

	Delay      time.Duration // of Slow; 0 is one second
	RetryAfter time.Duration // asked by RateLimited and Unavailable, in whole seconds; 0 asks for none
}

// Mild is a tenant on an ordinary day.
var Mild = Faults{Unavailable: 0.02, RateLimited: 0.02, ExpiredToken: 0.01, Slow: 0.02, Truncated: 0.01, AnswerLost: 0.01, Delay: 20 * time.Millisecond}

func (f Faults) rates() []struct {
	fault Fault
	share float64
} {
	return []struct {
		fault Fault
		share float64
	}{
		{Unavailable, f.Unavailable}, {RateLimited, f.RateLimited}, {ServerError, f.ServerError}, {ExpiredToken, f.ExpiredToken},
		{Slow, f.Slow}, {Truncated, f.Truncated}, {AnswerLost, f.AnswerLost},
	}
}

func (f Faults) check(faults *passerelle.FieldErrors) {
	sum := 0.0
	for _, r := range f.rates() {
		if !(r.share >= 0 && r.share <= 1) {
			faults.Add("Faults["+string(r.fault)+"]", "range", "a share from 0 to 1")
		}
		sum += r.share
	}
	if sum > 1+1e-9 {
		faults.Add("Faults", "range", "shares that are 1 at most together")
	}
	if f.Delay < 0 || f.RetryAfter < 0 {
		faults.Add("Faults", "range", "no negative duration")
	}
}

// draw picks a fault.
func (f Faults) draw(r *rand.Rand) Fault {
	at := r.Float64()
	for _, rate := range f.rates() {
		if at < rate.share {
			return rate.fault
		}
		at -= rate.share
	}
	return NoFault
}
