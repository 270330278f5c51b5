package emrex

// Outcome is what a contact point answered.
type Outcome string

// The outcomes. The zero value is none.
const (
	Results   Outcome = "results"    // a document follows
	NoResults Outcome = "no-results" // there is nothing to send
	Cancelled Outcome = "cancelled"  // the student gave up
	Failed    Outcome = "failed"     // the contact point failed, or said a word that is not known
)

// Family is the spelling of return codes: contact points answer both.
type Family string

// The families. The older one is what most answer.
const (
	NCP Family = "NCP_"
	EMP Family = "EMP_"
)

var codeOf = map[Outcome]string{Results: "OK", NoResults: "NO_RESULTS", Cancelled: "CANCEL", Failed: "ERROR"}

// Code returns the return code of an outcome: "NCP_OK".
func (f Family) Code(o Outcome) string { return string(f) + codeOf[o] }

// OutcomeOf returns what a return code means. A code that is not known is Failed.
// One that is missing is Results where a document is there: an old mock leaves it out.
func OutcomeOf(code string, document bool) Outcome {
	if code == "" && document {
		return Results
	}
	for _, f := range []Family{NCP, EMP} {
		for o := range codeOf {
			if f.Code(o) == code {
				return o
			}
		}
	}
	return Failed
}
