package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// learningAgreements are those of a folder: what partners decide is kept beside the
// documents, in agreements.log, and whom that is to be told in due.jsonl. The folder is
// opened by the first request, because other commands know the APIs too.
type learningAgreements struct {
	open func() (*omobilitylas.Sender, error)
}

// serveLAs serves the agreements of the students that the institution sends.
func serveLAs(s *site, c apiConfig) error {
	max := omobilitylas.Limits{OMobilityIDs: c.Limits["max-omobility-ids"]}
	return omobilitylas.Register(s.server, newLearningAgreements(s.folder(ewp.OMobilityLAs)), max, s.options(c)...)
}

// serveLANotifications takes what partners say of the agreements of its guests.
func serveLANotifications(s *site, c apiConfig) error {
	n := &notices{path: filepath.Join(s.folder(ewp.OMobilityLACNR), "notices.jsonl")}
	max := omobilitylas.Limits{OMobilityIDs: c.Limits["max-omobility-ids"]}
	return omobilitylas.RegisterNotifications(s.server, n.Take, max, s.options(c)...)
}

func newLearningAgreements(folder string) learningAgreements {
	return learningAgreements{sync.OnceValues(func() (*omobilitylas.Sender, error) {
		store, err := omobilitylas.OpenFile(filepath.Join(folder, "agreements.log"))
		if err != nil {
			return nil, err
		}
		due := &dueFile{path: filepath.Join(folder, "due.jsonl")}
		sender, err := omobilitylas.NewSender(omobilitylas.SenderConfig{Store: store, Notify: due.notify})
		if err == nil {
			err = takeOver(sender, folder)
		}
		if err == nil {
			err = sender.Resume(context.Background())
		}
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		return sender, nil
	})}
}

// takeOver puts the agreements of the documents that are new into the store.
func takeOver(sender *omobilitylas.Sender, folder string) error {
	names, err := filepath.Glob(filepath.Join(folder, "*.xml"))
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		list, err := omobilitylas.Decode(f)
		f.Close()
		for _, a := range list {
			if _, failure := sender.Open(context.Background(), a); failure != nil && !errors.Is(failure, passerelle.ErrConflict) {
				err = failure
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Agreements implements omobilitylas.Provider.
func (l learningAgreements) Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[omobilitylas.Agreement, error] {
	return opened(l, func(s *omobilitylas.Sender) iter.Seq2[omobilitylas.Agreement, error] {
		return s.Agreements(ctx, p, ids)
	})
}

// IDs implements omobilitylas.Provider.
func (l learningAgreements) IDs(ctx context.Context, f omobilitylas.Filter) iter.Seq2[string, error] {
	return opened(l, func(s *omobilitylas.Sender) iter.Seq2[string, error] { return s.IDs(ctx, f) })
}

// Outgoing implements omobilitylas.Provider.
func (l learningAgreements) Outgoing(ctx context.Context, p ewpserver.Parties) iter.Seq2[omobilitylas.Outgoing, error] {
	return opened(l, func(s *omobilitylas.Sender) iter.Seq2[omobilitylas.Outgoing, error] { return s.Outgoing(ctx, p) })
}

// Update implements omobilitylas.Provider.
func (l learningAgreements) Update(ctx context.Context, p ewpserver.Parties, r omobilitylas.UpdateRequest) (ewp.Texts, error) {
	s, err := l.open()
	if err != nil {
		return nil, unopened(err)
	}
	return s.Update(ctx, p, r)
}

func opened[T any](l learningAgreements, list func(*omobilitylas.Sender) iter.Seq2[T, error]) iter.Seq2[T, error] {
	s, err := l.open()
	if err != nil {
		return func(yield func(T, error) bool) {
			var zero T
			yield(zero, unopened(err))
		}
	}
	return list(s)
}

// unopened is why the folder cannot be served, whatever the kind of the error: never the
// partner's fault.
func unopened(err error) error { return &ewpserver.Error{Status: 500, Err: err} }

// dueFile is a file that gets the notifications that are to be sent, one a line: by
// "ewphost call", or by a program that reads it.
type dueFile struct {
	path string
	mu   sync.Mutex
}

// notify appends changes.
func (d *dueFile) notify(_ context.Context, changes ...cnr.Change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(d.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) // identifiers of students' stays
	if err != nil {
		return err
	}
	lines := json.NewEncoder(f)
	for _, c := range changes {
		err = errors.Join(err, lines.Encode(c))
	}
	return errors.Join(err, f.Close())
}
