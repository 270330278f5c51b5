package cvec

import "fmt"

// State is the code of the state of a certificate. Codes that are not listed here are
// kept as read, and are not valid: so the documentation says. The zero value is "not told",
// which is neither.
type State string

// The valid states.
const (
	StateValid      State = "70"
	StateHolder     State = "71" // valid, grant holder
	StateExempt     State = "73" // valid, after exemption
	StatePaid       State = "75" // valid, paid
	StateThirdParty State = "76" // valid, paid by a third party
	StateRefunded   State = "98" // valid, refunded
)

var stateTexts = map[State]string{
	StateValid: "valid", StateHolder: "valid, grant holder", StateExempt: "valid, after exemption", StatePaid: "valid, paid",
	StateThirdParty: "valid, paid by a third party", StateRefunded: "valid, refunded",
}

// Valid reports whether the state is one of the six valid ones.
func (s State) Valid() bool { return stateTexts[s] != "" }

// Holder reports whether the certificate is marked as that of a grant holder: a sign that
// the Cnous knows one, and no proof of a grant for the year.
func (s State) Holder() bool { return s == StateHolder }

// Text says what the state is, to a person.
func (s State) Text() string {
	switch text := stateTexts[s]; {
	case text != "":
		return text
	case s == "":
		return "not told"
	default:
		return fmt.Sprintf("not valid (%q)", string(s))
	}
}
