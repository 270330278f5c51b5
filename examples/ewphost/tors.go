package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/tors"
)

// serveToRs serves transcripts in both versions of the API.
func serveToRs(s *site, c apiConfig) error {
	p, cfg := transcripts(s.folder(ewp.IMobilityToRs)), tors.Config{MaxIDs: c.Limits["max-omobility-ids"]}
	if err := tors.Register(s.server, p, cfg, s.options(c)...); err != nil {
		return err
	}
	return tors.RegisterOlder(s.server, p, cfg, s.options(c)...)
}

func serveToRStats(s *site, c apiConfig) error {
	return tors.RegisterStats(s.server, countedTranscripts{transcripts(s.folder(ewp.IMobilityToRs))}, tors.Config{}, s.options(c)...)
}

func serveToRNotifications(s *site, c apiConfig) error {
	n := &notices{path: filepath.Join(s.folder(ewp.IMobilityToRCNR), "notices.jsonl")}
	return tors.RegisterNotifications(s.server, n.Take, tors.Config{MaxIDs: c.Limits["max-omobility-ids"]}, s.options(c)...)
}

// transcripts is a folder with one folder for each sending institution, in which the
// documents *.xml have the transcripts of its students: they are ready when they are
// there, and changed when their file did.
type transcripts string

// ToRs implements tors.Provider.
func (t transcripts) ToRs(_ context.Context, p ewpserver.Parties, ids []string) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		for r, err := range t.all(p) {
			if (err != nil || slices.Contains(ids, r.OMobilityID)) && !yield(r, err) {
				return
			}
		}
	}
}

// Index implements tors.Provider.
func (t transcripts) Index(_ context.Context, f tors.Filter) iter.Seq2[tors.Entry, error] {
	return func(yield func(tors.Entry, error) bool) {
		for r, err := range t.all(f.Parties) {
			if !yield(r.Entry, err) {
				return
			}
		}
	}
}

// countedTranscripts has their statistics, which are an API of their own in a
// configuration.
type countedTranscripts struct{ transcripts }

// Stats implements tors.StatsProvider.
func (t countedTranscripts) Stats(_ context.Context, p ewpserver.Parties) iter.Seq2[tors.YearStats, error] {
	return func(yield func(tors.YearStats, error) bool) {
		totals := map[string]int{}
		p.Caller = p.HEI // who counts sees all
		for r, err := range t.all(p) {
			if err != nil {
				yield(tors.YearStats{}, err)
				return
			}
			totals[r.ToR.Year]++
		}
		for _, year := range slices.Sorted(maps.Keys(totals)) {
			if !yield(tors.YearStats{Year: year, Total: totals[year]}, nil) {
				return
			}
		}
	}
}

// all yields what the caller may see, file by file.
func (t transcripts) all(p ewpserver.Parties) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		folders, err := os.ReadDir(string(t))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(tors.Record{}, err)
			return
		}
		for _, folder := range folders {
			sending, err := ewp.ParseHEIID(folder.Name())
			if err != nil || !folder.IsDir() || p.Caller != sending && p.Caller != p.HEI {
				continue
			}
			files, err := filepath.Glob(filepath.Join(string(t), folder.Name(), "*.xml"))
			if err != nil {
				yield(tors.Record{}, err)
				return
			}
			for _, name := range files {
				list, changed, err := readToRs(name)
				if err != nil {
					yield(tors.Record{}, err)
					return
				}
				for _, tor := range list {
					entry := tors.Entry{OMobilityID: tor.OMobilityID, Sending: sending, Ready: true, Modified: changed}
					if !yield(tors.Record{Entry: entry, ToR: tor}, nil) {
						return
					}
				}
			}
		}
	}
}

// readToRs reads a document of transcripts, of either version. Its error is in words:
// what is wrong with a file is not the caller's fault.
func readToRs(name string) ([]tors.ToR, time.Time, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	list, v, err := tors.Decode(file, elmo.Limits{})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%s: %v", name, err)
	}
	for i := range list {
		if err := list[i].Validate(v); err != nil {
			return nil, time.Time{}, fmt.Errorf("%s, number %d: %v", name, i+1, err)
		}
	}
	return list, info.ModTime(), nil
}
