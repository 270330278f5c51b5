package omobilities

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// The elements of objects in answers.
const (
	item      = "student-mobility"
	indexItem = "omobility-id"
	statsItem = "academic-year-stats"
)

// Provider has the mobilities of a sending institution. It is safe for concurrent use.
// A [Sender] is one.
type Provider interface {
	// Mobilities yields those of the identifiers that p.Caller receives, in any order;
	// any other caller gets none. An error that is passerelle.ErrNotFound or
	// ErrForbidden leaves one out, any other ends the request.
	Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Mobility, error]
	// Index yields the identifiers of all mobilities that p.Caller receives and that
	// the filter lets through: exactly those that Mobilities shows to it.
	Index(ctx context.Context, f Filter) iter.Seq2[string, error]
	// Update does what p.Caller, the receiving institution, decided, and returns a
	// message for the person there, or none. u is complete. Its error is a
	// *[RefusedError], or passerelle.ErrNotFound for a mobility that is not known as one
	// to p.Caller, and passerelle.ErrConflict for what contradicts the current state.
	Update(ctx context.Context, p ewpserver.Parties, u Update) (ewp.Texts, error)
}

// StatsProvider is a Provider with statistics.
type StatsProvider interface {
	// Stats yields a row for each academic year. The portal reads them once a month,
	// and expects an answer at once.
	Stats(ctx context.Context, p ewpserver.Parties) iter.Seq2[YearStats, error]
}

// Filter is what a receiving institution asks of the index. Zero fields let everything
// through.
type Filter struct {
	ewpserver.Filter        // Years are any of several, and as R counts
	GlobalID         string // of one student
	Attributes       string // any word: an unknown one lets nothing through
}

// Limits are how many mobilities one call may be about, as the manifest entry says
// (max-omobility-ids). 0 is 1.
type Limits struct{ IDs int }

// Register serves the three endpoints of the API on s, and the statistics where p is a
// [StatsProvider]. opts are those of each endpoint. Its error is that of
// ewpserver.Server.Handle, or passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "who has mobilities"}}
	}
	h := handlers{p}
	if err := s.Handle(ewp.OMobilities, "get", ewpserver.Get[Mobility]{ID: paramID, Max: max.IDs, Item: item, Find: h.find}, opts...); err != nil {
		return err
	}
	index := ewpserver.Index{Years: paramYear, Since: true, Item: indexItem, List: h.list}
	if err := s.Handle(ewp.OMobilities, "index", index, opts...); err != nil {
		return err
	}
	if err := s.Handle(ewp.OMobilities, "update", ewpserver.Update[Update]{Root: updateRoot, Apply: h.apply}, opts...); err != nil {
		return err
	}
	if counted, ok := p.(StatsProvider); ok {
		return RegisterStats(s, counted, nil, opts...)
	}
	return nil
}

// RegisterStats serves the statistics alone. callers are those that may read them
// beside the network's portal; nil lets every institution in.
func RegisterStats(s *ewpserver.Server, p StatsProvider, callers []ewp.HEIID, opts ...ewpserver.Option) error {
	return s.Handle(ewp.OMobilityStats, "", ewpserver.Stats[YearStats]{Item: statsItem, Callers: callers, Count: p.Stats}, opts...)
}

// RegisterNotifications serves omobility-cnr at R: take keeps a notice and returns, see
// [ewpserver.Notification]. cnr.Inbox.Register does it for an inbox.
func RegisterNotifications(s *ewpserver.Server, take func(context.Context, ewpserver.Notice) error, max Limits, opts ...ewpserver.Option) error {
	return s.Handle(ewp.OMobilityCNR, "", ewpserver.Notification{ID: paramID, Max: max.IDs, Take: take}, opts...)
}

type handlers struct{ Provider }

func (h handlers) find(ctx context.Context, q ewpserver.Query) iter.Seq2[Mobility, error] {
	return func(yield func(Mobility, error) bool) {
		for m, err := range h.Mobilities(ctx, q.Parties, q.IDs) {
			// What a provider shows by mistake to a third institution goes no further.
			if n := m.Nomination; err == nil && (n.Receiving.HEI != q.Caller || n.Sending.HEI != q.HEI) {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func (h handlers) list(ctx context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
	filter := Filter{Filter: f}
	filter.GlobalID, _ = f.Check.Optional(paramGlobalID)
	filter.Attributes, _ = f.Check.Optional(paramAttributes)
	if f.Check.Err() != nil {
		return func(func(string, error) bool) {}
	}
	return h.Index(ctx, filter)
}

func (h handlers) apply(ctx context.Context, p ewpserver.Parties, u *Update) (ewp.Texts, error) {
	if faults := u.faults(); len(faults) > 0 {
		return nil, faults
	}
	messages, err := h.Update(ctx, p, *u)
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		status := http.StatusConflict
		if errors.Is(refused, passerelle.ErrNotFound) {
			status = http.StatusBadRequest
		}
		return nil, &ewpserver.Error{Status: status, DeveloperMessage: refused.Error(), UserMessages: refused.Messages(), Err: refused}
	}
	return messages, err
}
