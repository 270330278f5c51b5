package main

import (
	"context"
	"errors"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/file"
)

// files is a folder with one folder for each institution that may fetch what is in
// it: files named by their identifier and an extension.
type files string

// File opens the file of the caller with an identifier. Names are compared, never
// joined to a path: identifiers and institutions may hold slashes and dots.
func (f files) File(_ context.Context, parties ewpserver.Parties, id string) (*file.File, error) {
	folder, err := entry(string(f), func(e fs.DirEntry) bool { return e.IsDir() && e.Name() == parties.Caller.String() })
	if err != nil {
		return nil, err
	}
	path, err := entry(folder, func(e fs.DirEntry) bool {
		return e.Type().IsRegular() && strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())) == id
	})
	if err != nil {
		return nil, err
	}
	content, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &file.File{ContentType: mime.TypeByExtension(filepath.Ext(path)), Content: content}, nil
}

// entry returns the path of the first entry of a folder that is meant.
func entry(folder string, meant func(fs.DirEntry) bool) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, e := range entries {
		if meant(e) {
			return filepath.Join(folder, e.Name()), nil
		}
	}
	return "", passerelle.ErrNotFound
}
