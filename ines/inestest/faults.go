package inestest

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// Fault is a kind of trouble. Before work, nothing was done; after work, the
// register did what it was asked and the client may never know.
type Fault string

// The faults.
const (
	NoFault Fault = ""

	Unavailable  Fault = "503"          // before work: HTTP 503
	Maintenance  Fault = "maintenance"  // before work: HTTP 503 with the page of a closed service
	RateLimited  Fault = "429"          // before work: HTTP 429 with Retry-After
	Unauthorized Fault = "401"          // before work: HTTP 401; on the REST side the tokens given so far are dead
	CutBefore    Fault = "cut-before"   // before work: the connection is cut
	ServerFault  Fault = "server-fault" // before work: SOAP fault of the server, HTTP 500; REST: HTTP 500
	ClientFault  Fault = "client-fault" // before work: SOAP fault of the client; SOAP only

	Slow             Fault = "slow"               // after work: the answer comes after Faults.Delay
	AnswerLost       Fault = "answer-lost"        // after work: the connection is cut
	Truncated        Fault = "truncated"          // after work: half of the body, then the connection is cut
	WrongCharset     Fault = "wrong-charset"      // after work: bytes that are not of the declared character set
	ServerFaultAfter Fault = "server-fault-after" // after work: SOAP fault of the server, HTTP 500; REST: HTTP 500
	Duplicated       Fault = "duplicated"         // follow-up: each answer twice
	LitigeStorm      Fault = "litige-storm"       // registration: LITIGE whoever it is
	// LateCreation loses the answer to a registration, and the number is created
	// only after Config.Delay: until then the register knows nothing of it.
	LateCreation Fault = "late-creation"
)

// AllFaults lists the kinds of trouble.
func AllFaults() []Fault {
	all := make([]Fault, 0, 16)
	for f := range (Faults{}).rates() {
		all = append(all, f)
	}
	return all
}

// OpToken is the operation of the token endpoint, for Script and the counts.
const OpToken ines.Operation = "token"

// Faults is how often each kind of trouble happens: shares of the requests that
// it applies to, from 0 to 1, together 1 at most. The zero value is [None].
type Faults struct {
	Unavailable, Maintenance, RateLimited, Unauthorized, CutBefore, ServerFault, ClientFault float64
	Slow, AnswerLost, Truncated, WrongCharset, ServerFaultAfter                              float64
	Duplicated, LitigeStorm, LateCreation                                                    float64

	Delay      time.Duration // of Slow; 0 is one second
	RetryAfter time.Duration // asked by RateLimited and Unavailable, in whole seconds; 0 asks for none
}

// Presets.
var (
	// None makes no trouble.
	None = Faults{}
	// Mild is a service on an ordinary day.
	Mild = Faults{Unavailable: 0.02, RateLimited: 0.01, Slow: 0.02, ServerFault: 0.005, CutBefore: 0.005, AnswerLost: 0.005, Duplicated: 0.05, Delay: 20 * time.Millisecond}
	// Harsh is the first day of the season, all at once: a third of the
	// registrations meet some trouble.
	Harsh = Faults{
		Unavailable: 0.04, Maintenance: 0.02, RateLimited: 0.03, Unauthorized: 0.02, CutBefore: 0.03, ServerFault: 0.03,
		Slow: 0.02, AnswerLost: 0.05, Truncated: 0.03, WrongCharset: 0.02, ServerFaultAfter: 0.02,
		Duplicated: 0.2, LitigeStorm: 0.02, LateCreation: 0.03, Delay: 20 * time.Millisecond,
	}
)

// rates pairs the kinds with their shares, in the order of the declaration.
func (f Faults) rates() func(yield func(Fault, float64) bool) {
	return func(yield func(Fault, float64) bool) {
		for _, r := range []struct {
			fault Fault
			share float64
		}{
			{Unavailable, f.Unavailable}, {Maintenance, f.Maintenance}, {RateLimited, f.RateLimited}, {Unauthorized, f.Unauthorized},
			{CutBefore, f.CutBefore}, {ServerFault, f.ServerFault}, {ClientFault, f.ClientFault},
			{Slow, f.Slow}, {AnswerLost, f.AnswerLost}, {Truncated, f.Truncated}, {WrongCharset, f.WrongCharset},
			{ServerFaultAfter, f.ServerFaultAfter}, {Duplicated, f.Duplicated}, {LitigeStorm, f.LitigeStorm}, {LateCreation, f.LateCreation},
		} {
			if !yield(r.fault, r.share) {
				return
			}
		}
	}
}

func (f Faults) check(faults *passerelle.FieldErrors) {
	sum := 0.0
	for fault, share := range f.rates() {
		if !(share >= 0 && share <= 1) {
			faults.Add("Faults["+string(fault)+"]", "range", "a share from 0 to 1")
		}
		sum += share
	}
	if sum > 1+1e-9 {
		faults.Add("Faults", "range", "shares that are 1 at most together")
	}
	if f.Delay < 0 || f.RetryAfter < 0 {
		faults.Add("Faults", "range", "no negative duration")
	}
}

// applies reports whether a fault makes sense for an operation.
func (f Fault) applies(op ines.Operation, rest bool) bool {
	switch f {
	case Duplicated:
		return op == ines.OpFollowUp
	case LitigeStorm, LateCreation:
		return op == ines.OpRegister
	case ClientFault:
		return !rest
	}
	return true
}

// draw picks the fault of the nth request with this key.
func (f Faults) draw(seed uint64, op ines.Operation, rest bool, key uint64, n int) Fault {
	at := float64(hash(seed, string(op), key, uint64(n))>>11) / (1 << 53)
	for fault, share := range f.rates() {
		if !fault.applies(op, rest) {
			continue
		}
		if at < share {
			return fault
		}
		at -= share
	}
	return NoFault
}

// hash mixes a seed, a text and numbers.
func hash(seed uint64, text string, more ...uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	h.Write([]byte(text))
	for _, n := range more {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	x := h.Sum64() // FNV alone mixes its last bytes badly
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// before reports whether the fault comes before any work.
func (f Fault) before() bool {
	switch f {
	case Unavailable, Maintenance, RateLimited, Unauthorized, CutBefore, ServerFault, ClientFault:
		return true
	}
	return false
}
