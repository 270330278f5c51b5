package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// partFile is a file of JSON lines that takes its name when it is finished. A
// nil *partFile takes nothing.
type partFile struct {
	path string
	f    *os.File
	buf  *bufio.Writer
	enc  *json.Encoder
}

const partSuffix = ".part"

func newPartFile(path string) (*partFile, error) {
	f, err := os.OpenFile(path+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &partFile{path: path, f: f, buf: bufio.NewWriter(f)}
	p.enc = json.NewEncoder(p.buf)
	p.enc.SetEscapeHTML(false)
	return p, nil
}

// put writes one line.
func (p *partFile) put(v any) error {
	if p == nil {
		return nil
	}
	return p.enc.Encode(v)
}

// finish gives the file its name.
func (p *partFile) finish() error {
	if p == nil {
		return nil
	}
	f := p.f
	p.f = nil
	if err := errors.Join(p.buf.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(p.path+partSuffix, p.path)
}

// abandon removes a file that was not finished.
func (p *partFile) abandon() {
	if p != nil && p.f != nil {
		p.f.Close()
		os.Remove(p.path + partSuffix)
		p.f = nil
	}
}

// writeFile writes a whole file, for its owner alone, and gives it its name at
// the end.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	buf := bufio.NewWriter(f)
	if err := errors.Join(write(buf), buf.Flush(), f.Sync(), f.Close()); err != nil {
		os.Remove(path + partSuffix)
		return err
	}
	return os.Rename(path+partSuffix, path)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
