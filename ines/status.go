package ines

import "slices"

// Status is what INES answers about a person. The words are those that Pégase
// publishes (IDT API 1.6.0). A word that is not listed is kept as received.
type Status string

// The published statuses.
const (
	StatusToVerify      Status = "A_VERIFIER"          // no answer from INES yet
	StatusConfirmed     Status = "CONFIRME"            // INES gave an INE maître that matches
	StatusIncomplete    Status = "DONNEES_INCOMPLETES" // a datum is missing, in practice the birth place
	StatusInvalid       Status = "DONNEES_INVALIDES"   // data sent are not valid
	StatusUnknown       Status = "INCONNU"             // INES has nobody matching
	StatusLitige        Status = "LITIGE"              // INES doubts whether the person exists already: a person decides
	StatusInProgress    Status = "IMAT_EN_COURS"       // the immatriculation is under way
	StatusVerifyError   Status = "ERR_VERIF"           // error on verification
	StatusRegisterError Status = "ERR_IMAT"            // error on immatriculation
)

// Operation is one of the four things that INES is asked.
type Operation string

// The operations.
const (
	OpVerify   Operation = "verification"
	OpSearch   Operation = "search"
	OpRegister Operation = "registration"
	OpFollowUp Operation = "follow-up"
)

// arrows is the state machine that Pégase's descriptions imply: deduced as a
// whole, each arrow agrees with the published text.
var arrows = map[Status]map[Operation][]Status{
	StatusToVerify: {
		OpVerify: {StatusConfirmed, StatusIncomplete, StatusInvalid, StatusUnknown, StatusVerifyError},
		OpSearch: {StatusConfirmed, StatusIncomplete, StatusInvalid, StatusUnknown, StatusLitige, StatusVerifyError},
	},
	StatusUnknown: {
		OpRegister: {StatusConfirmed, StatusInProgress, StatusLitige, StatusRegisterError, StatusIncomplete, StatusInvalid},
	},
	StatusInProgress: {
		OpFollowUp: {StatusConfirmed, StatusInProgress, StatusLitige, StatusRegisterError},
	},
	StatusLitige: {
		OpFollowUp: {StatusConfirmed, StatusInProgress, StatusLitige, StatusRegisterError},
	},
}

// restart are the statuses from which a corrected record is asked about anew.
var restart = []Status{StatusIncomplete, StatusInvalid, StatusVerifyError, StatusRegisterError, StatusUnknown, StatusConfirmed}

// Next lists the statuses that op can lead to from s, or nil when op is not
// to be asked in that state. The zero Status counts as StatusToVerify. From an
// answer that ended (incomplete, invalid, an error, unknown, confirmed) a
// verification or search starts anew.
func (s Status) Next(op Operation) []Status {
	if s == "" || (slices.Contains(restart, s) && (op == OpVerify || op == OpSearch)) {
		s = StatusToVerify
	}
	return slices.Clone(arrows[s][op])
}

// Allows reports whether op may be asked in state s.
func (s Status) Allows(op Operation) bool { return s.Next(op) != nil }

// Known reports whether s is one of the published statuses.
func (s Status) Known() bool {
	switch s {
	case StatusToVerify, StatusConfirmed, StatusIncomplete, StatusInvalid, StatusUnknown, StatusLitige, StatusInProgress, StatusVerifyError, StatusRegisterError:
		return true
	}
	return false
}

// Open reports whether INES still owes the end of the story: follow up.
func (s Status) Open() bool { return s == StatusInProgress || s == StatusLitige }
