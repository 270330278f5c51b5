package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/imobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

// serveNominations serves the nominations of the institution, and their statistics.
func serveNominations(s *site, c apiConfig) error {
	n := newNominations(s.folder(ewp.OMobilities))
	return omobilities.Register(s.server, n, omobilities.Limits{IDs: c.Limits["max-omobility-ids"]}, s.options(c)...)
}

// serveStays serves when guests arrived and left.
func serveStays(s *site, c apiConfig) error {
	p := stays{s.folder(ewp.IMobilities), s.logger}
	return imobilities.Register(s.server, p, imobilities.Limits{IDs: c.Limits["max-omobility-ids"]}, s.options(c)...)
}

// serveMobilityNotices takes what partners say of nominations, or of arrivals.
func serveMobilityNotices(api ewp.API) func(*site, apiConfig) error {
	return func(s *site, c apiConfig) error {
		n := &notices{path: filepath.Join(s.folder(api), "notices.jsonl")}
		handler := ewpserver.Notification{ID: "omobility_id", Max: c.Limits["max-omobility-ids"], Take: n.Take}
		return s.server.Handle(api, "", handler, s.options(c)...)
	}
}

// nominations are those of a folder. What partners decide is kept beside the documents,
// in mobilities.log, and whom that is to be told in due.jsonl. The folder is opened by
// the first request, because other commands know the APIs too.
type nominations struct {
	open  func() (*omobilities.Sender, error)
	close func() error
}

func newNominations(folder string) nominations {
	closeStore := func() error { return nil }
	open := sync.OnceValues(func() (*omobilities.Sender, error) {
		var rules struct {
			RejectApproved bool `json:"reject_approved"`
		}
		data, err := os.ReadFile(filepath.Join(folder, "rules.json"))
		if err == nil {
			err = json.Unmarshal(data, &rules)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("rules.json: %w", err)
		}
		store, err := omobilities.OpenFile(filepath.Join(folder, "mobilities.log"))
		if err != nil {
			return nil, err
		}
		due := &dueFile{path: filepath.Join(folder, "due.jsonl")}
		sender, err := omobilities.NewSender(omobilities.SenderConfig{Store: store, Notify: due.notify, Rules: omobilities.Rules(rules)})
		if err == nil {
			err = errors.Join(sender.Resume(context.Background()), takeOverNominations(sender, folder))
		}
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		closeStore = store.Close
		return sender, nil
	})
	return nominations{open, func() error { return closeStore() }}
}

// takeOverNominations does what the documents say: nominates who is new, changes what is
// other, cancels what they cancel. Status and proposal-id count for nothing else: they
// are in the log.
func takeOverNominations(sender *omobilities.Sender, folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.xml"))
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		list, err := omobilities.Decode(f)
		f.Close()
		for _, m := range list {
			err = errors.Join(err, takeOverNomination(sender, m))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func takeOverNomination(sender *omobilities.Sender, m omobilities.Mobility) error {
	ctx, k := context.Background(), omobilities.Key{Sending: m.Nomination.Sending.HEI, ID: m.ID}
	wanted := m.Status
	m.Nomination.ProposalID = ""
	_, err := sender.Nominate(ctx, m)
	if errors.Is(err, passerelle.ErrConflict) {
		if _, err = sender.ChangeStudent(ctx, k, m.Student); err == nil {
			_, err = sender.ChangeNomination(ctx, k, m.Nomination)
		}
	}
	if err == nil && wanted == omobilities.Cancelled {
		_, err = sender.Cancel(ctx, k)
	}
	return err
}

// Mobilities implements omobilities.Provider.
func (n nominations) Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[omobilities.Mobility, error] {
	return nominated(n, func(s *omobilities.Sender) iter.Seq2[omobilities.Mobility, error] { return s.Mobilities(ctx, p, ids) })
}

// Index implements omobilities.Provider.
func (n nominations) Index(ctx context.Context, f omobilities.Filter) iter.Seq2[string, error] {
	return nominated(n, func(s *omobilities.Sender) iter.Seq2[string, error] { return s.Index(ctx, f) })
}

// Stats implements omobilities.StatsProvider.
func (n nominations) Stats(ctx context.Context, p ewpserver.Parties) iter.Seq2[omobilities.YearStats, error] {
	return nominated(n, func(s *omobilities.Sender) iter.Seq2[omobilities.YearStats, error] { return s.Stats(ctx, p) })
}

// Update implements omobilities.Provider.
func (n nominations) Update(ctx context.Context, p ewpserver.Parties, u omobilities.Update) (ewp.Texts, error) {
	s, err := n.open()
	if err != nil {
		return nil, unopened(err)
	}
	return s.Update(ctx, p, u)
}

// nominated yields what the desk does, or why there is none.
func nominated[T any](n nominations, list func(*omobilities.Sender) iter.Seq2[T, error]) iter.Seq2[T, error] {
	s, err := n.open()
	if err != nil {
		return func(yield func(T, error) bool) {
			var zero T
			yield(zero, unopened(err))
		}
	}
	return list(s)
}

// stays is a folder with one folder for each institution that sent students: documents,
// *.xml, in the form of the answers of get.
type stays struct {
	folder string
	logger *slog.Logger
}

// Mobilities implements imobilities.Provider.
func (s stays) Mobilities(_ context.Context, p ewpserver.Parties, ids []string) iter.Seq2[imobilities.Mobility, error] {
	folder, err := entry(s.folder, func(e fs.DirEntry) bool { return e.IsDir() && e.Name() == p.Caller.String() })
	if err != nil {
		return func(yield func(imobilities.Mobility, error) bool) { yield(imobilities.Mobility{}, err) }
	}
	documents := published[imobilities.Mobility]{folder, imobilities.Decode, s.logger}
	return documents.values(func(m imobilities.Mobility) bool { return slices.Contains(ids, m.ID) })
}
