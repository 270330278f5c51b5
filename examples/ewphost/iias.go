package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// agreements is a folder of documents, *.xml, in the form of the answers of get: copies of
// our own, or copies of partners that are approved.
type agreements string

// copies yields the agreements of all documents, each in a document of its own. One
// that cannot be read takes the request away: who put it there is to know.
func (f agreements) copies() iter.Seq2[copied, error] {
	return func(yield func(copied, error) bool) {
		entries, err := os.ReadDir(string(f))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(copied{}, err)
			return
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || filepath.Ext(e.Name()) != ".xml" {
				continue
			}
			name := filepath.Join(string(f), e.Name())
			list, err := readCopies(name)
			if err != nil {
				yield(copied{}, fmt.Errorf("%s: %v", name, err)) // a fault of ours, whatever its kind
				return
			}
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// copied is one copy of an agreement.
type copied struct {
	document  []byte // with it alone
	agreement iias.Agreement
	changed   time.Time // of the file
}

func readCopies(name string) ([]copied, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	parts, err := iias.Split(data)
	if err != nil {
		return nil, err
	}
	var list []copied
	for _, part := range parts {
		a, err := iias.Decode(part)
		if err != nil {
			return nil, err
		}
		list = append(list, copied{part, a, info.ModTime()})
	}
	return list, nil
}

// of yields the copies between an owner and another institution.
func (f agreements) of(owner, other ewp.HEIID) iter.Seq2[copied, error] {
	return func(yield func(copied, error) bool) {
		for c, err := range f.copies() {
			between := c.agreement.Owner().HEI == owner && c.agreement.Other().HEI == other
			if (err != nil || between) && !yield(c, err) {
				return
			}
		}
	}
}

// ownAgreements are copies of our own: the hash in the document does not count, it is
// computed from what is served.
type ownAgreements struct {
	agreements
	approvals agreements
}

// Agreements implements iias.Provider.
func (o ownAgreements) Agreements(_ context.Context, p ewpserver.Parties, ids []string) iter.Seq2[iias.Revision, error] {
	return func(yield func(iias.Revision, error) bool) {
		for c, err := range o.of(p.HEI, p.Caller) {
			var r iias.Revision
			if err == nil {
				if !slices.Contains(ids, c.agreement.Owner().IIAID) {
					continue
				}
				if r, err = iias.Seal(c.agreement); err != nil {
					err = fmt.Errorf("agreement %s: %v", c.agreement.Owner().IIAID, err)
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// IDs implements iias.Provider: an agreement changes with its file.
func (o ownAgreements) IDs(_ context.Context, p ewpserver.Parties, f iias.Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for c, err := range o.of(p.HEI, p.Caller) {
			if err == nil && (c.changed.Before(f.ModifiedSince) || !concerns(c.agreement, f.Years)) {
				continue
			}
			if !yield(c.agreement.Owner().IIAID, err) {
				return
			}
		}
	}
}

// concerns reports whether a condition covers one of the years; none is all.
func concerns(a iias.Agreement, years []string) bool {
	found := len(years) == 0
	for _, kind := range iias.Kinds() {
		for _, c := range *a.Conditions.Of(kind) {
			found = found || slices.ContainsFunc(years, c.Covers)
		}
	}
	return found
}

// Stats implements iias.Provider. What partners approve is not in the folder.
func (o ownAgreements) Stats(_ context.Context, p ewpserver.Parties) (iias.Stats, error) {
	approved := map[string]bool{}
	for c, err := range o.approvals.copies() {
		if err != nil {
			return iias.Stats{}, err
		}
		if c.agreement.Other().HEI == p.HEI {
			approved[c.agreement.Other().IIAID] = true
		}
	}
	var stats iias.Stats
	for c, err := range o.copies() {
		if err != nil {
			return iias.Stats{}, err
		}
		if c.agreement.Owner().HEI != p.HEI {
			continue
		}
		stats.Fetchable++
		if approved[c.agreement.Owner().IIAID] {
			stats.LocalApproved++
		}
	}
	return stats, nil
}

// Approvals implements iias.Approver: a partner's copy that is in the folder is approved
// as it is there.
func (f agreements) Approvals(_ context.Context, p ewpserver.Parties, ids []string) iter.Seq2[iias.Approval, error] {
	return func(yield func(iias.Approval, error) bool) {
		for c, err := range f.of(p.Caller, p.HEI) {
			var computed iias.Computed
			if err == nil {
				if !slices.Contains(ids, c.agreement.Owner().IIAID) {
					continue
				}
				computed, err = iias.Compute(c.document)
			}
			if !yield(iias.Approval{ID: computed.ID, Hash: computed.Hash}, err) {
				return
			}
		}
	}
}

func serveIIAs(s *site, c apiConfig) error {
	own := ownAgreements{agreements(s.folder(ewp.IIAs)), agreements(s.folder(ewp.IIAsApproval))}
	return iias.Register(s.server, own, c.Limits["max-iia-ids"], s.options(c)...)
}

func serveIIAApprovals(s *site, c apiConfig) error {
	return iias.RegisterApproval(s.server, agreements(s.folder(ewp.IIAsApproval)), c.Limits["max-iia-ids"], s.options(c)...)
}

// serveIIANotices returns what serves one of the notifications.
func serveIIANotices(api ewp.API) func(*site, apiConfig) error {
	return func(s *site, c apiConfig) error {
		n := &notices{path: filepath.Join(s.folder(api), "notices.jsonl")}
		return iias.RegisterNotification(s.server, api, func(ctx context.Context, notice iias.Notice) error {
			return n.Take(ctx, ewpserver.Notice{Parties: notice.Parties, IDs: []string{notice.ID}})
		}, s.options(c)...)
	}
}
