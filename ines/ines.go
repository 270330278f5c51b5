package ines

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/uai"
)

// Verifier asks whether an INE and a birth date belong together.
type Verifier interface {
	Verify(ctx context.Context, r VerifyRequest) (Answer, error)
}

// Searcher asks for a person by civil identity.
type Searcher interface {
	Search(ctx context.Context, r SearchRequest) (Answer, error)
}

// Registrar immatriculates. A call is sent once: see [passerelle.OutcomeOf].
type Registrar interface {
	Register(ctx context.Context, r RegisterRequest) (Answer, error)
}

// Follower reads what became of earlier registrations. An error that concerns
// one answer does not end the sequence; a fatal one is its last element.
type Follower interface {
	FollowUp(ctx context.Context, r FollowUpRequest) iter.Seq2[Answer, error]
}

// Can reports whether a binding has the ability of an operation: it implements the
// interface, and its method Can, if it has one, agrees. A [SOAP] client has the
// methods of all four, and the abilities that its contract gives it.
func Can(binding any, op Operation) bool {
	var ok bool
	switch op {
	case OpVerify:
		_, ok = binding.(Verifier)
	case OpSearch:
		_, ok = binding.(Searcher)
	case OpRegister:
		_, ok = binding.(Registrar)
	case OpFollowUp:
		_, ok = binding.(Follower)
	}
	if able, says := binding.(interface{ Can(Operation) bool }); says {
		ok = ok && able.Can(op)
	}
	return ok
}

// VerifyRequest is the question of [Verifier]. The key of the number is not
// checked on behalf of INES: its own test data has wrong ones.
type VerifyRequest struct {
	INE       ine.Number
	BirthDate passerelle.Date
}

// SearchRequest is the question of [Searcher].
type SearchRequest struct {
	Person passerelle.Person
}

// RegisterRequest is an immatriculation. All fields are required; the person's
// usage name and second and third given names are optional (field list of 2021).
type RegisterRequest struct {
	Student string // the caller's reference, handed back by FollowUp; at most 64 characters, no personal data
	Person  passerelle.Person
	UAI     uai.Code // establishment that asks
}

// FollowUpRequest selects earlier registrations of an establishment. With
// RequestIDs it asks for those, else for all that changed since Since.
type FollowUpRequest struct {
	UAI        uai.Code
	RequestIDs []string
	Since      time.Time
}

// Answer is what INES said.
type Answer struct {
	Operation Operation
	Status    Status

	Master     ine.Number   // INE maître; zero unless Status is StatusConfirmed
	Alternates []ine.Number // further numbers of the same person, five at most in Pégase
	Person     passerelle.Person

	RequestID string // INES's own reference of a registration; may be empty
	Student   string // the caller's reference, in answers to a follow-up

	Code    string // INES's code, untouched
	Message string // INES's own words, untouched: personal, they may repeat an INE or a name

	// Unread names the parts of the answer that could not be read, such as an
	// alternate of no known shape: they are left out above and stand in Raw.
	Unread passerelle.FieldErrors

	At  time.Time // when the answer was received; in a follow-up, when INES says that it changed, if it does
	Raw []byte    // the payload as received: personal
}

// LogValue gives operation, status and code: nothing personal.
func (a Answer) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("operation", string(a.Operation)), slog.String("status", string(a.Status)), slog.String("code", plainCode(a.Code)))
}

// Replacement is an older number answered by another INE maître. Both stay
// numbers of one person; the new one is used from At on.
type Replacement struct {
	Old, New ine.Number
	At       time.Time
}

// Replaces reports whether a confirms the person of held under another INE
// maître. A zero held, or one equal to the maître, is no replacement.
func (a Answer) Replaces(held ine.Number) (Replacement, bool) {
	if a.Status != StatusConfirmed || held.IsZero() || a.Master.IsZero() || held == a.Master {
		return Replacement{}, false
	}
	return Replacement{Old: held, New: a.Master, At: a.At}, true
}
