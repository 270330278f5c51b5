package particulier

import (
	"bytes"
	"encoding/json"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
)

// Presence tells why a member of an answer has a value or none. The zero value
// is Absent.
type Presence uint8

// The values of Presence.
const (
	Absent  Presence = iota // not in the answer: the token lacks the scope, or this version has no such member
	Null                    // in the answer, and empty there: the service holds nothing
	Present                 // in the answer with a value, which may be an empty text or list
)

// String returns "absent", "null" or "present".
func (p Presence) String() string {
	switch p {
	case Null:
		return "null"
	case Present:
		return "present"
	default:
		return "absent"
	}
}

// Field is a member of an answer. The zero value is an absent one.
type Field[T any] struct {
	State Presence
	Value T // the zero T unless State is Present
}

// Some returns a field that is present.
func Some[T any](v T) Field[T] { return Field[T]{State: Present, Value: v} }

// Get returns the value, and whether there is one.
func (f Field[T]) Get() (T, bool) { return f.Value, f.State == Present }

// IsZero reports whether the field is absent. It lets "omitzero" leave it out.
func (f Field[T]) IsZero() bool { return f.State == Absent }

// MarshalJSON writes the value, or null.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.State != Present {
		return []byte("null"), nil
	}
	return json.Marshal(f.Value)
}

// UnmarshalJSON reads a value, or null.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	*f = Field[T]{}
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		f.State = Null
		return nil
	}
	if err := json.Unmarshal(data, &f.Value); err != nil {
		return err
	}
	f.State = Present
	return nil
}

// LogValue tells the presence, never the value.
func (f Field[T]) LogValue() slog.Value { return slog.StringValue(f.State.String()) }

// as turns a field into another by a function on its value.
func as[T, U any](f Field[T], convert func(T) U) Field[U] {
	if f.State != Present {
		return Field[U]{State: f.State}
	}
	return Some(convert(f.Value))
}

// first returns the first of several spellings of one member: one that is
// present, else one that is null.
func first[T any](fields ...Field[T]) Field[T] {
	var found Field[T]
	for _, f := range fields {
		if f.State == Present {
			return f
		}
		if f.State == Null {
			found = f
		}
	}
	return found
}

// DateText is a date as the service wrote it, usually YYYY-MM-DD. The service
// gives days that do not exist, such as 2025-06-31.
type DateText string

// Date reads the text. Its error is a *passerelle.ParseError.
func (d DateText) Date() (passerelle.Date, error) {
	text := string(d)
	if len(text) > 10 && text[10] == 'T' { // the Cnous writes a time and an offset: the day is taken as it is
		text = text[:10]
	}
	return passerelle.ParseDate(text)
}

// LogValue masks the date.
func (d DateText) LogValue() slog.Value { return slog.StringValue("****-**-**") }

// text is a member that is a text or a number, kept as text.
type text string

// UnmarshalJSON reads either form.
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(t))
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*t = text(n)
	return nil
}

func (t text) string() string { return string(t) }
