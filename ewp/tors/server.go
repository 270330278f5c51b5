package tors

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Entry is what decides who may see a transcript, and when.
type Entry struct {
	OMobilityID string
	// Sending is the institution that sent the student: who the transcript is for.
	Sending ewp.HEIID
	// Ready says that the transcript can be recognised. Before that nobody sees it.
	Ready bool
	// Modified is the last change of the transcript, or of Ready. Zero is not known: a
	// list of what changed since then has it always.
	Modified time.Time
}

// visible reports whether a caller may see the transcript: the sending institution of
// the mobility, or the receiving one itself.
func (e Entry) visible(p ewpserver.Parties) bool {
	return e.Ready && !p.Caller.IsZero() && (p.Caller == e.Sending || p.Caller == p.HEI)
}

// Record is a transcript with its entry. The identifier in the entry is the one that
// counts.
type Record struct {
	Entry
	ToR ToR
}

// Provider has the transcripts of a receiving institution. It is safe for concurrent
// use.
//
// What it yields is shown only where its [Entry] allows that, so it may yield more than
// the caller may see; to look only for what p.Caller may see is faster.
type Provider interface {
	// ToRs yields the transcripts of the mobilities asked for, in any order, and leaves
	// out those that it has none of. An error that is passerelle.ErrNotFound or
	// ErrForbidden leaves one out, any other ends the request. Transcripts are written
	// as they come: yield them one by one.
	ToRs(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Record, error]
	// Index yields the entries of all transcripts that the filter lets through. Its
	// first error ends the request.
	Index(ctx context.Context, f Filter) iter.Seq2[Entry, error]
}

// StatsProvider is a Provider with statistics.
type StatsProvider interface {
	// Stats yields a row for each academic year. The portal reads them once a month,
	// and expects an answer at once.
	Stats(ctx context.Context, p ewpserver.Parties) iter.Seq2[YearStats, error]
}

// Filter is what a sending institution asks of the index.
type Filter struct {
	ewpserver.Parties
	// ModifiedSince leaves out what did not change since; zero leaves out nothing.
	ModifiedSince time.Time
}

// Config is how the API is served.
type Config struct {
	// MaxIDs is how many identifiers one call may carry, as the manifest declares. 0 is
	// DefaultMaxIDs.
	MaxIDs int
	// StatsCallers are those that may read statistics beside the network's portal. Nil
	// lets every institution in.
	StatsCallers []ewp.HEIID
}

// DefaultMaxIDs is how many identifiers one call may carry where nothing else is said:
// our choice. Transcripts carry scanned documents, and an answer holds no more than
// 64 MiB on either side (httpsig.DefaultSpoolMax).
const DefaultMaxIDs = 10

func (c Config) maxIDs() int {
	if c.MaxIDs == 0 {
		return DefaultMaxIDs
	}
	return c.MaxIDs
}

// Register serves version 3 of the API on s, and the statistics where p is a
// [StatsProvider]. opts are those of all endpoints. Its error is that of
// ewpserver.Server.Handle, or passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, cfg Config, opts ...ewpserver.Option) error {
	if err := register(s, V3, p, cfg, opts); err != nil {
		return err
	}
	if counted, ok := p.(StatsProvider); ok {
		return RegisterStats(s, counted, cfg, opts...)
	}
	return nil
}

// RegisterOlder serves version 2 beside version 3, for partners that are behind.
func RegisterOlder(s *ewpserver.Server, p Provider, cfg Config, opts ...ewpserver.Option) error {
	return register(s, V2, p, cfg, append(slices.Clip(opts), ewpserver.Major(int(V2))))
}

// RegisterStats serves the statistics alone.
func RegisterStats(s *ewpserver.Server, p StatsProvider, cfg Config, opts ...ewpserver.Option) error {
	return s.Handle(ewp.IMobilityToRStats, "", ewpserver.Stats[YearStats]{Item: statsItem, Callers: cfg.StatsCallers, Count: p.Stats}, opts...)
}

// RegisterNotifications serves imobility-tor-cnr, versions 2 and 1, at the sending
// institution: take keeps a notice and returns, see [ewpserver.Notification].
// cnr.Inbox.Register does it for an inbox, in version 2.
func RegisterNotifications(s *ewpserver.Server, take func(context.Context, ewpserver.Notice) error, cfg Config, opts ...ewpserver.Option) error {
	n := ewpserver.Notification{ID: paramID, Max: cfg.maxIDs(), Take: take}
	if err := s.Handle(ewp.IMobilityToRCNR, "", n, opts...); err != nil {
		return err
	}
	n.Sender = paramReceiving
	return s.Handle(ewp.IMobilityToRCNR, "", n, append(slices.Clip(opts), ewpserver.Major(olderNotification))...)
}

func register(s *ewpserver.Server, v Version, p Provider, cfg Config, opts []ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "who has transcripts"}}
	}
	h := handlers{p, v}
	owner := ewpserver.Owner{}
	if v == V2 {
		// An empty answer for institutions that are not ours is what the official
		// validator expects of this API alone.
		owner = ewpserver.Owner{Param: paramReceiving, Unknown: ewpserver.EmptyUnknown}
	}
	get := ewpserver.Get[ToR]{ID: paramID, Max: cfg.maxIDs(), Owner: owner, Item: item, Find: h.find}
	if err := s.Handle(ewp.IMobilityToRs, "get", get, opts...); err != nil {
		return err
	}
	index := ewpserver.Index{Owner: owner, Since: true, Item: indexItem, List: h.list}
	return s.Handle(ewp.IMobilityToRs, "index", index, opts...)
}

// handlers are the endpoints of one version.
type handlers struct {
	Provider
	v Version
}

func (h handlers) find(ctx context.Context, q ewpserver.Query) iter.Seq2[ToR, error] {
	return func(yield func(ToR, error) bool) {
		for r, err := range h.ToRs(ctx, q.Parties, q.IDs) {
			if err != nil {
				if !yield(ToR{}, err) {
					return
				}
				continue
			}
			if !r.visible(q.Parties) || !slices.Contains(q.IDs, r.OMobilityID) {
				continue
			}
			r.ToR.OMobilityID = r.OMobilityID
			if !yield(r.ToR.In(h.v), nil) {
				return
			}
		}
	}
}

func (h handlers) list(ctx context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
	all := true
	var sending []ewp.HEIID
	if h.v == V2 && f.Check.Has(paramSending) {
		all, sending = false, f.Check.HEIs(paramSending, 0)
	}
	return func(yield func(string, error) bool) {
		for e, err := range h.Index(ctx, Filter{Parties: f.Parties, ModifiedSince: f.ModifiedSince}) {
			if err != nil {
				yield("", err)
				return
			}
			unchanged := !e.Modified.IsZero() && e.Modified.Before(f.ModifiedSince)
			if !e.visible(f.Parties) || unchanged || !all && !slices.Contains(sending, e.Sending) {
				continue
			}
			if !yield(e.OMobilityID, nil) {
				return
			}
		}
	}
}
