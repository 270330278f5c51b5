package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// scanner reads a column by a function.
type scanner func(data []byte) error

// Scan implements sql.Scanner.
func (f scanner) Scan(v any) error {
	switch v := v.(type) {
	case []byte:
		return f(v)
	case string:
		return f([]byte(v))
	}
	return fmt.Errorf("store: a column of type %T: %w", v, passerelle.ErrInvalid)
}

// asJSON reads a column of JSON into v.
func asJSON(v any) sql.Scanner {
	return scanner(func(data []byte) error {
		if err := json.Unmarshal(data, v); err != nil {
			return fmt.Errorf("store: a record is not of this version: %w", passerelle.ErrInvalid)
		}
		return nil
	})
}

// flag is a truth as every database stores it.
func flag(v bool) int {
	if v {
		return 1
	}
	return 0
}

// isNoRows reports whether a row was not there.
func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// texts refuses keys that not every database takes.
func texts(name string, keys ...string) error {
	for _, key := range keys {
		if !utf8.ValidString(key) || strings.IndexByte(key, 0) >= 0 {
			return fmt.Errorf("%s: a key or reference that is no text: %w", name, passerelle.ErrInvalid)
		}
	}
	return nil
}

// pages yields what next reads, until it reads nothing. No transaction is open while the
// caller has an element.
func pages[R any](ctx context.Context, next func() ([]R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var zero R
		for {
			page, err := next()
			if err != nil {
				yield(zero, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, r := range page {
				if err := ctx.Err(); err != nil {
					yield(zero, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}
