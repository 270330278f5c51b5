package pegase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// Text is a JSON string, number or boolean, kept as it was written: codes and marks are met
// in more than one of these forms. null is empty.
type Text string

// UnmarshalJSON reads any scalar.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = Text(s)
	case '{', '[':
		return &json.UnmarshalTypeError{Value: "object or array"}
	case 'n':
		*t = ""
	default:
		*t = Text(data)
	}
	return nil
}

// page is what the paged operations answer. The flow calls its rows resultats, the others items.
type page[T any] struct {
	Total int64 `json:"totalElements"`
	Size  int   `json:"taille"`
	Items []T   `json:"items"`
	Rows  []T   `json:"resultats"`

	bad []rowFault // rows that could not be read
}

// rowFault is a row that could not be read.
type rowFault struct {
	index int
	field string
}

// decodePage reads a page. A row of the wrong types is set aside, and the others stay.
func decodePage[T any](operation string, resp *transport.Response) (page[T], error) {
	var p page[T]
	err := json.Unmarshal(resp.Body, &p)
	if _, typed := errors.AsType[*json.UnmarshalTypeError](err); typed {
		return decodeRows[T](operation, resp)
	}
	if err != nil {
		return p, unreadable(operation, resp, err)
	}
	if p.Items == nil {
		p.Items = p.Rows
	}
	p.Rows = nil
	return p, nil
}

// decodeRows reads a page row by row.
func decodeRows[T any](operation string, resp *transport.Response) (page[T], error) {
	var raw page[json.RawMessage]
	if err := json.Unmarshal(resp.Body, &raw); err != nil {
		return page[T]{}, unreadable(operation, resp, err)
	}
	p := page[T]{Total: raw.Total, Size: raw.Size}
	for i, data := range append(raw.Items, raw.Rows...) {
		var row T
		if err := json.Unmarshal(data, &row); err != nil {
			fault := rowFault{index: i}
			if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
				fault.field = e.Field
			}
			p.bad = append(p.bad, fault)
			continue
		}
		p.Items = append(p.Items, row)
	}
	return p, nil
}

// count is how many rows the service sent.
func (p page[T]) count() int { return len(p.Items) + len(p.bad) }

// last reports whether no page follows the one with this number: it is not full, or the
// total says so.
func (p page[T]) last(number, asked int) bool {
	size := asked
	if p.Size > 0 && p.Size < asked {
		size = p.Size // a lower limit than ours
	}
	return p.count() < size || p.Total > 0 && int64(number+1)*int64(size) >= p.Total
}

// decode reads a whole answer.
func decode[T any](operation string, resp *transport.Response) (T, error) {
	var v T
	if err := json.Unmarshal(resp.Body, &v); err != nil {
		return v, unreadable(operation, resp, err)
	}
	return v, nil
}

// unreadable describes an answer that is not the JSON of the contract, without quoting it.
func unreadable(operation string, resp *transport.Response, err error) error {
	why := "the answer is not JSON"
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		why = "the answer has another shape than the contract"
		if e.Field != "" {
			why += " in " + plain(e.Field)
		}
	} else if len(bytes.TrimSpace(resp.Body)) == 0 {
		why = "the answer is empty"
	}
	return &Error{Operation: operation, HTTP: resp.Status, Raw: resp.Body[:min(len(resp.Body), maxRaw)], Result: passerelle.Answered, Err: protocolFault(why)}
}

// row makes the error of a record that cannot be used.
func (c *Client) row(source, field, code string, err error) *sis.RowError {
	e := &sis.RowError{Provenance: sis.Provenance{Source: source}, Field: field, Err: err}
	if code != "" {
		e.ID = c.id(code)
	}
	return e
}

// misshapen is the reason of a row of the wrong types.
func misshapen(f rowFault) error {
	return &passerelle.ParseError{Type: "record", Rule: "type", Want: fmt.Sprintf("the types of the contract, in row %d of the page", f.index+1)}
}

// instant reads a date-time, or a date: with an offset, or without one in the zone of the
// configuration. Empty is the zero time.
func (c *Client) instant(s string) (time.Time, error) { return instant(s, c.cfg.Location) }

func instant(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &passerelle.ParseError{Type: "time", Rule: "form", Want: "ISO 8601, such as 2026-09-01T00:00:00"}
}

// epoch is a time in whole seconds; 0 is none.
func epoch(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// while returns a yield that ends the sequence with the error of ctx once that has ended,
// whatever was read ahead. Like yield it must not be called again after it returned false.
func while[T any](ctx context.Context, yield func(T, error) bool) func(T, error) bool {
	return func(v T, err error) bool {
		if ended := ctx.Err(); ended != nil && err == nil {
			var none T
			yield(none, ended)
			return false
		}
		return yield(v, err)
	}
}

// changedSince reports whether a record may have changed since a time: one that tells no
// time may have.
func changedSince(at, since time.Time) bool { return at.IsZero() || !at.Before(since) }
