package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
)

// published is a folder of documents, *.xml, in the form of the answers of an API: what
// is in them is for everybody to read.
type published[T interface{ Validate() error }] struct {
	folder string
	decode func(io.Reader) ([]T, error)
	logger *slog.Logger
}

// publish returns the documents of an API.
func publish[T interface{ Validate() error }](s *site, api ewp.API, decode func(io.Reader) ([]T, error)) published[T] {
	return published[T]{s.folder(api), decode, s.logger}
}

// object is one of them, with the time when its file changed.
type object[T any] struct {
	value   T
	changed time.Time
}

// objects yields those that are meant, file by file. One that partners would refuse
// ends the request, and the log says why: a server logs no words of an error that is not
// its own.
func (p published[T]) objects(meant func(object[T]) bool) iter.Seq2[object[T], error] {
	return func(yield func(object[T], error) bool) {
		entries, err := os.ReadDir(p.folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(object[T]{}, err)
			return
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || filepath.Ext(e.Name()) != ".xml" {
				continue
			}
			name := filepath.Join(p.folder, e.Name())
			list, err := p.read(name)
			if err != nil {
				p.logger.Error("a published document is not shown", slog.String("file", name), slog.Any("error", err))
				yield(object[T]{}, errUnpublished)
				return
			}
			for _, o := range list {
				if meant(o) && !yield(o, nil) {
					return
				}
			}
		}
	}
}

// errUnpublished is none of the taxonomy: the fault is ours, and not the caller's.
var errUnpublished = errors.New("a published document is not shown, see the log")

// read reads the objects of a file.
func (p published[T]) read(name string) ([]object[T], error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	values, err := p.decode(file)
	if err != nil {
		return nil, err
	}
	var objects []object[T]
	for i, v := range values {
		if err := v.Validate(); err != nil {
			return nil, fmt.Errorf("number %d: %w", i+1, err)
		}
		objects = append(objects, object[T]{v, info.ModTime()})
	}
	return objects, nil
}

// values yields the objects that are meant, without their times.
func (p published[T]) values(meant func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for o, err := range p.objects(func(o object[T]) bool { return meant(o.value) }) {
			if !yield(o.value, err) {
				return
			}
		}
	}
}

type publishedInstitutions struct{ published[institutions.HEI] }

// Institutions implements institutions.Provider.
func (p publishedInstitutions) Institutions(_ context.Context, _ ewpserver.Parties, heis []ewp.HEIID) iter.Seq2[institutions.HEI, error] {
	return p.values(func(h institutions.HEI) bool { return slices.Contains(heis, h.ID) })
}

type publishedUnits struct{ published[ounits.Unit] }

// Units implements ounits.Provider.
func (p publishedUnits) Units(_ context.Context, _ ewpserver.Parties, by ounits.Selection) iter.Seq2[ounits.Unit, error] {
	return p.values(by.Has)
}

type publishedFactsheets struct{ published[factsheet.Factsheet] }

// Factsheets implements factsheet.Provider.
func (p publishedFactsheets) Factsheets(_ context.Context, _ ewpserver.Parties, heis []ewp.HEIID) iter.Seq2[factsheet.Factsheet, error] {
	return p.values(func(s factsheet.Factsheet) bool { return slices.Contains(heis, s.HEI) })
}

type publishedCourses struct {
	published[courses.Specification]
}

// Courses implements courses.Provider.
func (p publishedCourses) Courses(_ context.Context, _ ewpserver.Parties, by courses.Selection) iter.Seq2[courses.Specification, error] {
	return p.values(by.Has)
}

// Changed implements courses.Lister: a course changes with its file.
func (p publishedCourses) Changed(_ context.Context, _ ewpserver.Parties, since time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for o, err := range p.objects(func(o object[courses.Specification]) bool { return !o.changed.Before(since) }) {
			if !yield(o.value.ID, err) {
				return
			}
		}
	}
}

func (s *site) courses() publishedCourses {
	return publishedCourses{publish(s, ewp.Courses, courses.Decode)}
}
