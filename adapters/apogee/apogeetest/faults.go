package apogeetest

import (
	"github.com/passerelle-sup/passerelle/adapters/apogee"
)

// Fault is trouble made on purpose.
type Fault string

// The faults.
const (
	NoFault      Fault = ""
	Unavailable  Fault = "503"           // HTTP 503
	Maintenance  Fault = "maintenance"   // HTTP 200 with a page
	Unauthorized Fault = "401"           // HTTP 401
	RemoteError  Fault = "remoteerror"   // SOAP fault: the backend does not answer
	NullRetrieve Fault = "nullretrieve"  // SOAP fault: nobody, whoever it is
	UnknownFault Fault = "unknown-fault" // SOAP fault that no rule knows, with personal data in its text
	FaultIn200   Fault = "fault-in-200"  // SOAP fault "nobody" under HTTP 200
	Slow         Fault = "slow"          // the answer comes after Config.Delay
	Truncated    Fault = "truncated"     // half of the answer, then the connection is cut
	WrongCharset Fault = "wrong-charset" // bytes that are not of the declared encoding
	OtherName    Fault = "other-name"    // the answer of another version of the operation
	Doctype      Fault = "doctype"       // a document type, with an entity
	Duplicated   Fault = "duplicated"    // each value twice
)

// Faults lists every kind of trouble.
func Faults() []Fault {
	return []Fault{Unavailable, Maintenance, Unauthorized, RemoteError, NullRetrieve, UnknownFault, FaultIn200, Slow, Truncated, WrongCharset, OtherName, Doctype, Duplicated}
}

// Script sets the faults of the next calls of an operation, one each; calls after
// them are answered well, or as Always says.
func (s *Service) Script(op apogee.Operation, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[op] = append(s.script[op], faults...)
}

// Always sets the fault of every call of an operation; NoFault ends it.
func (s *Service) Always(op apogee.Operation, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[op] = f
}

// Calls returns how many requests of an operation arrived.
func (s *Service) Calls(op apogee.Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// trouble counts a call and returns its fault.
func (s *Service) trouble(op apogee.Operation) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	if next := s.script[op]; len(next) > 0 {
		s.script[op] = next[1:]
		return next[0]
	}
	return s.always[op]
}
