package egracons

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// tableJSON is a table as JSON.
type tableJSON struct {
	Identity
	ScaleID   string      `json:"scale_id,omitzero"`
	Basis     string      `json:"basis"`
	Stated    int64       `json:"stated,omitzero"`
	Tolerance Number      `json:"tolerance,omitzero"`
	Grades    []gradeJSON `json:"grades"` // best first
}

type gradeJSON struct {
	Label    string   `json:"grade"`
	Passing  *bool    `json:"passing"`
	Ungraded bool     `json:"ungraded,omitzero"`
	Value    Number   `json:"value,omitzero"`
	From     Number   `json:"band_from,omitzero"`
	To       Number   `json:"band_to,omitzero"`
	Aliases  []string `json:"aliases,omitempty"`
	Number   Number   `json:"number,omitzero"` // count, percentage or cumulative
}

// MarshalJSON writes the table with everything needed to build it again. Numbers
// are strings, exact.
func (t *Table) MarshalJSON() ([]byte, error) {
	doc := tableJSON{Identity: t.identity, ScaleID: t.scale.id, Basis: t.basis.String(), Stated: t.stated, Tolerance: t.within}
	for rank, g := range t.scale.grades {
		doc.Grades = append(doc.Grades, gradeJSON{Label: g.Label, Passing: &g.Passing, Ungraded: g.Ungraded, Value: g.Value,
			From: g.From, To: g.To, Aliases: g.Aliases, Number: t.printed[rank]})
	}
	return json.Marshal(doc)
}

// UnmarshalJSON builds the table that data describes, with all the checks of
// [NewScale] and [NewTable]. Numbers are JSON strings or JSON numbers without
// exponent. It leaves t as it was when it fails.
func (t *Table) UnmarshalJSON(data []byte) error {
	var doc tableJSON
	if err := json.Unmarshal(data, &doc); err != nil {
		return &Error{Kind: ErrBadTable, Want: jsonFault(err)}
	}
	name := doc.Name()
	basis := Basis(max(slices.Index(basisNames[:], doc.Basis), 0))
	grades := make([]Grade, len(doc.Grades))
	var weights []Weight
	for i, g := range doc.Grades {
		if g.Passing == nil {
			return &Error{Kind: ErrBadTable, Table: name, Row: i + 1, Field: "passing", Grade: shown(g.Label), Want: "true or false"}
		}
		grades[i] = Grade{Label: g.Label, Passing: *g.Passing, Ungraded: g.Ungraded, Value: g.Value, From: g.From, To: g.To, Aliases: g.Aliases}
		if g.Number.IsSet() {
			weights = append(weights, Weight{Grade: g.Label, Number: g.Number})
		}
	}
	scale, err := NewScale(doc.ScaleID, grades...)
	if err != nil {
		return err
	}
	built, err := NewTable(TableSpec{Identity: doc.Identity, Scale: scale, Basis: basis, Weights: weights, Stated: doc.Stated, Tolerance: doc.Tolerance})
	if err != nil {
		return err
	}
	*t = *built
	return nil
}

// jsonFault tells what is wrong without repeating the document.
func jsonFault(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("JSON: byte %d: %s", e.Offset, e.Error())
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("JSON: field %q: a %s, not a %s", e.Field, e.Type.Kind(), e.Value)
	}
	return "JSON: " + err.Error()
}

// ReadJSON reads the tables of a JSON array, or of objects that follow one
// another, as JSON Lines do. A table that breaks a rule yields an error and the
// next one follows; a document that cannot be read ends the sequence with its
// error.
func ReadJSON(r io.Reader) iter.Seq2[*Table, error] {
	return func(yield func(*Table, error) bool) {
		limited := &io.LimitedReader{R: r, N: maxFile + 1}
		in := bufio.NewReader(limited)
		first := firstByte(in)
		d := json.NewDecoder(in)
		fail := func(err error) {
			if limited.N <= 0 {
				err = errors.New("a document of at most 64 MiB")
			}
			yield(nil, &Error{Kind: ErrBadTable, Want: jsonFault(err)})
		}
		if first == '[' {
			if _, err := d.Token(); err != nil {
				fail(err)
				return
			}
		}
		for n := 1; ; n++ {
			if first == '[' && !d.More() {
				if _, err := d.Token(); err != nil {
					fail(err)
				}
				return
			}
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				if first == '[' || !errors.Is(err, io.EOF) {
					fail(err)
				}
				return
			}
			t := new(Table)
			if err := t.UnmarshalJSON(raw); err != nil {
				if !yield(nil, fmt.Errorf("table %d: %w", n, err)) {
					return
				}
				continue
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

// firstByte skips blanks and returns the first byte of the document, unread.
func firstByte(in *bufio.Reader) byte {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0
		}
		if bytes.IndexByte([]byte(" \t\r\n"), b) < 0 {
			_ = in.UnreadByte() // just read: it cannot fail
			return b
		}
	}
}

// WriteJSON writes tables as a JSON array, which [ReadJSON] reads.
func WriteJSON(w io.Writer, tables ...*Table) error {
	if tables == nil {
		tables = []*Table{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(tables)
}
