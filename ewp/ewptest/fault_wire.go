package ewptest

// Faults that a client meets on a bad day. Mind that net/http's own transport repeats a
// GET whose answer is lost on a connection that was used before.
const (
	Unavailable Fault = "unavailable" // 503, before any work is done
	LostAnswer  Fault = "lost-answer" // the connection breaks after the work was done
	Slow        Fault = "slow"        // the answer takes Injection.Delay longer
	Truncated   Fault = "truncated"   // the connection breaks in the middle of the body
)

// WireFaults returns the faults that a client meets.
func WireFaults() []Fault { return []Fault{Unavailable, LostAnswer, Slow, Truncated} }
