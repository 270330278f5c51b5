package aglae

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// ConnectorConfig is what [NewConnector] needs.
type ConnectorConfig struct {
	// Binding asks. Required. [SOAP] is one.
	Binding Asker
	// Log keeps each answer. Required: the universities of the pilot asked for it, and
	// [Connector.Replay] reads it.
	Log DetectionLog
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Connector asks whether a student will hold a grant while the student enrols, and
// keeps each answer. It changes nothing at the Crous. It is safe for concurrent use
// when its binding and its log are.
type Connector struct {
	binding Asker
	log     DetectionLog
	now     func() time.Time
}

var _ Asker = (*Connector)(nil)

// NewConnector checks the configuration and returns a connector. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func NewConnector(cfg ConnectorConfig) (*Connector, error) {
	var faults passerelle.FieldErrors
	if cfg.Binding == nil {
		faults.Add("Binding", "required", "what asks: a SOAP client, or another Asker")
	}
	if cfg.Log == nil {
		faults.Add("Log", "required", "a detection log, in memory at least: NewMemoryLog")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	c := &Connector{binding: cfg.Binding, log: cfg.Log, now: cfg.Now}
	if c.now == nil {
		c.now = time.Now
	}
	return c, nil
}

// Ask puts the question and keeps the answer, whatever it is. The answer is complete
// beside an error too:
//
//   - passerelle.FieldErrors: the question is not one. Nothing was asked or kept, and
//     the answer is Unavailable;
//   - an [*Error]: why the answer is Unavailable; errors.Is matches the root taxonomy;
//   - a [*LogError]: the answer stands, and the log did not take it.
//
// A binding that gives neither a verdict nor an error gives an Unavailable.
func (c *Connector) Ask(ctx context.Context, q Question) (Answer, error) {
	if err := q.Validate(); err != nil {
		return Answer{Question: q, Verdict: Unavailable, Causes: []Cause{CauseNotAsked}, At: c.now()}, err
	}
	a, err := c.binding.Ask(ctx, q)
	a.Question, a.At = q, cmp.Or(a.At, c.now())
	switch {
	case err != nil && a.Verdict != Unavailable:
		a.Verdict, a.Causes = Unavailable, []Cause{causeOf(err)}
	case err == nil && a.Verdict != Holder && a.Verdict != Wait && a.Verdict != Unavailable:
		err = &Error{Operation: "connector.ask", Err: &protocolError{"the binding gives no verdict"}}
		a.Verdict, a.Causes = Unavailable, []Cause{CauseUnreadable}
	}
	// The caller may have given up on the answer; the log still gets it.
	if lerr := c.log.Record(context.WithoutCancel(ctx), DetectionOf(a)); lerr != nil {
		return a, errors.Join(err, &LogError{lerr})
	}
	return a, err
}

// Replay asks again about a student, as the log last knew the question.
// passerelle.ErrNotFound means that nothing was ever asked. "Replaying" the
// registration is what refreshes the status in the pilot.
func (c *Connector) Replay(ctx context.Context, student string, year int) (Answer, error) {
	d, err := c.log.Latest(ctx, student, year)
	if err != nil {
		return Answer{Question: Question{Student: student, Year: year}, Verdict: Unavailable, Causes: []Cause{CauseNotAsked}, At: c.now()}, err
	}
	return c.Ask(ctx, d.Question())
}

// ReplayOpen asks again about each student of a year whose last answer is no Holder,
// in the order of the log, and yields each new answer beside its error, as
// [Connector.Ask] returns them. The end of ctx and a failure of the log end the
// sequence.
func (c *Connector) ReplayOpen(ctx context.Context, year int) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		for d, err := range c.log.Open(ctx, year) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Answer{Verdict: Unavailable, Causes: []Cause{causeOf(err)}, At: c.now()}, err)
				return
			}
			if !yield(c.Ask(ctx, d.Question())) {
				return
			}
		}
	}
}

// LogError says that an answer was not kept. errors.Is finds the error of the log.
type LogError struct{ Err error }

// Error tells it.
func (e *LogError) Error() string { return fmt.Sprintf("aglae: the detection log: %v", e.Err) }

// Unwrap returns the error of the log.
func (e *LogError) Unwrap() error { return e.Err }

// Outcome is Answered: the service did answer.
func (e *LogError) Outcome() passerelle.Outcome { return passerelle.Answered }

// causeOf says for a clerk why no answer came.
func causeOf(err error) Cause {
	switch {
	case errors.Is(err, context.Canceled):
		return CauseCancelled
	case errors.Is(err, context.DeadlineExceeded):
		return CauseTimeout
	case errors.Is(err, passerelle.ErrUnauthorized), errors.Is(err, passerelle.ErrForbidden), errors.Is(err, passerelle.ErrRateLimited):
		return CauseNoAccess
	case errors.Is(err, passerelle.ErrInvalid), errors.Is(err, passerelle.ErrNotFound), errors.Is(err, passerelle.ErrAmbiguous),
		errors.Is(err, passerelle.ErrConflict), errors.Is(err, passerelle.ErrGone):
		return CauseBadNumber
	case errors.Is(err, passerelle.ErrProtocol):
		return CauseUnreadable
	}
	if e, ok := errors.AsType[*Error](err); ok && e.HTTP >= 300 {
		return CauseFault
	}
	return CauseTimeout
}
