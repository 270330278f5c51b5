package ewpserver

import (
	"context"

	"github.com/passerelle-sup/passerelle"
)

// Notice is a change notification (CNR): the caller says that objects changed,
// which can mean created and deleted too.
type Notice struct {
	Parties
	IDs []string // what changed, each once
}

// Notification is the handler of the APIs by which partners say that something
// changed. It answers 200 for identifiers that nobody knows too; 4xx is for a
// message that is malformed (ewp-specs-architecture, change notification).
type Notification struct {
	// ID is the parameter with identifiers: "iia_id", "omobility_id". Required.
	ID string
	// Max is how many of them one notification may have, as the manifest says. 0 is
	// 1, and then twice is malformed.
	Max int
	// Sender is the parameter in which the sender repeats its own institution
	// ("sending_hei_id" of the learning agreements), for the APIs that have one. A
	// notification in the name of another institution is answered with 200 and goes
	// no further: only the owner of a thing can say that it changed.
	Sender string
	// Take keeps the notice for later and returns at once: the sender waits. It must
	// not ask the sender for the objects. An error says that the notice is not kept,
	// and the sender will repeat it if the answer is 5xx. Required.
	Take func(context.Context, Notice) error
}

// Serve answers a notification.
func (n Notification) Serve(ctx context.Context, r *Request, a *Answer) error {
	c := r.Check()
	own := true
	if n.Sender != "" {
		own = c.Required(n.Sender) == r.Caller.String()
	}
	notice := Notice{Parties: r.Parties, IDs: c.IDs(n.ID, max(n.Max, 1))}
	if !c.Has(n.ID) {
		c.Fault(n.ID, "required", "a value at least")
	}
	if err := c.Err(); err != nil {
		return err
	}
	if own && len(notice.IDs) > 0 {
		if err := n.Take(ctx, notice); err != nil {
			return &Error{Status: notKept(err), Err: err}
		}
	}
	return r.document(a).Close()
}

// notKept returns the status for a notice that was not kept. Whatever the kind of
// the error, it is ours: a 4xx would make the sender give up.
func notKept(err error) int {
	if status := statusOf(err); status > 500 {
		return status
	}
	return 500
}

func (n Notification) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if n.ID == "" {
		faults.Add("Notification.ID", "required", "the parameter with identifiers")
	}
	if n.Take == nil {
		faults.Add("Notification.Take", "required", "a function that keeps notices")
	}
	if n.Max < 0 {
		faults.Add("Notification.Max", "range", "no negative limit")
	}
	return faults
}

func (n Notification) limits() []int { return []int{max(n.Max, 1)} }
