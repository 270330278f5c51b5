package sis

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// ineColumns is the first line of an INEFile.
var ineColumns = []string{"system", "student", "year", "ine", "ine_previous", "ine_alternates", "decided_at", "origin"}

// maxINERow bounds a row, in bytes.
const maxINERow = 64 << 10

// INEFile is an [INEWriter] for student systems that take a file: it adds one row
// for each update to a CSV file (semicolons, UTF-8) that the system imports.
//
//	system          system of the student ID
//	student         number in that system
//	year            academic year of the enrolment; empty when it is not known
//	ine             definitive number
//	ine_previous    number held until then; empty when there was none
//	ine_alternates  further numbers, a bar between them
//	decided_at      when INES gave the definitive number, RFC 3339
//	origin          operation that gave it
//
// A row is on the disk when WriteINE returns. The same update again adds nothing. Another
// definitive number for a student is ErrConflict, unless the update says that it
// replaces the number on file (its Moment). It keeps about 100 bytes in
// memory for each row. One process at a time may hold the file open for writing. Its
// methods are safe for concurrent use.
type INEFile struct {
	name string

	mu         sync.Mutex
	f          *os.File
	definitive map[StudentID]string
	rows       map[string]bool
	fault      error // after a failed write nothing more is written: the row may be there or not
}

var _ INEWriter = (*INEFile)(nil)

// OpenINEFile opens the file at path, or creates it with permission 0600, reads what
// it holds, and cuts off a last row that a crash left unfinished. Its error is a
// [*CSVError], or a [*RowError] for a row that is no update.
func OpenINEFile(path string) (_ *INEFile, err error) {
	w := &INEFile{name: filepath.Base(path), definitive: map[StudentID]string{}, rows: map[string]bool{}}
	w.f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, w.failed(err)
	}
	defer func() {
		if err != nil {
			w.f.Close()
		}
	}()
	whole, err := w.load()
	if err != nil {
		return nil, err
	}
	if err := w.f.Truncate(whole); err != nil {
		return nil, w.failed(err)
	}
	if whole > 0 {
		// A row that a killed process wrote and did not sync counts from now on: have it on the disk.
		err = w.f.Sync()
	} else if err = w.append(ineRow(ineColumns)); err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, w.failed(err)
	}
	return w, nil
}

// syncFolder makes the name of a new file durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (w *INEFile) failed(err error) error {
	return &CSVError{Source: w.name, Rule: CSVRuleRead, Err: err}
}

// load reads the rows and returns how many bytes of the file end with a line.
func (w *INEFile) load() (whole int64, err error) {
	header := ineRow(ineColumns)
	r := bufio.NewReaderSize(w.f, maxINERow)
	for line := 1; ; line++ {
		piece, err := r.ReadSlice('\n')
		text := string(piece)
		switch {
		case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
			return 0, w.failed(err)
		case line == 1 && text != header && (err == nil || !strings.HasPrefix(header, text)):
			return 0, &CSVError{Source: w.name, Rule: CSVRuleHeader, Want: "the first line of an INE file, as this package writes it"}
		case err == io.EOF:
			return whole, nil
		}
		whole += int64(len(text))
		if line == 1 {
			continue
		}
		reader := csv.NewReader(strings.NewReader(text))
		reader.Comma = ';'
		fields, err := reader.Read()
		if err != nil || len(fields) != len(ineColumns) {
			return 0, &RowError{Provenance: Provenance{w.name, line},
				Err: &passerelle.ParseError{Type: "row", Rule: "fields", Want: fmt.Sprintf("%d fields, as this package writes them", len(ineColumns))}}
		}
		w.rows[text] = true
		w.definitive[StudentID{fields[0], fields[1]}] = fields[3]
	}
}

// ineRow returns the line of a row.
func ineRow(fields []string) string {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	c.Comma = ';'
	_ = c.Write(fields) // a buffer takes everything
	c.Flush()
	return b.String()
}

// append writes a row and returns when it is on the disk.
func (w *INEFile) append(row string) error {
	n, err := w.f.WriteString(row)
	if err == nil && n < len(row) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return err
	}
	return w.f.Sync()
}

// WriteINE implements [INEWriter]. An update without student or number, or with a
// line break in a value, is a passerelle.FieldErrors.
func (w *INEFile) WriteINE(ctx context.Context, u INEUpdate) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var faults passerelle.FieldErrors
	if u.Student.Local == "" {
		faults.Add("Student", "required", "the student whose number it is")
	}
	if u.Definitive == "" {
		faults.Add("Definitive", "required", "the definitive number")
	}
	fields := []string{u.Student.System, u.Student.Local, "", u.Definitive, u.Moment, strings.Join(u.Alternates, "|"), "", u.Origin}
	for i, v := range fields {
		if strings.ContainsAny(v, "\r\n") {
			faults.Add(ineColumns[i], "character", "no line break")
		}
	}
	if u.Year != 0 {
		fields[2] = strconv.Itoa(u.Year)
	}
	if !u.DecidedAt.IsZero() {
		fields[6] = u.DecidedAt.UTC().Format(time.RFC3339Nano)
	}
	row := ineRow(fields)
	if len(row) > maxINERow {
		faults.Add("Alternates", "length", "a row of at most 64 KiB")
	}
	if err := faults.Err(); err != nil {
		return err
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return w.fault
	}
	if w.rows[row] {
		return nil
	}
	if held := w.definitive[u.Student]; held != "" && held != u.Definitive && held != u.Moment {
		return fmt.Errorf("%s: student %s: %w: the file holds another definitive number", w.name, u.Student, passerelle.ErrConflict)
	}
	if err := w.append(row); err != nil {
		w.fault = w.failed(err)
		return w.fault
	}
	w.rows[row] = true
	w.definitive[u.Student] = u.Definitive
	return nil
}

// Close closes the file. WriteINE returns an error from then on.
func (w *INEFile) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.fault, fs.ErrClosed) {
		return nil
	}
	w.fault = w.failed(fs.ErrClosed)
	if err := w.f.Close(); err != nil {
		return w.failed(err)
	}
	return nil
}
