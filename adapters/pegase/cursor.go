package pegase

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// cursor is how far the changes were given: all of those before from, and of the later
// ones those in carried and fresh.
type cursor struct {
	from    int64
	until   int64    // every row in carried changed before
	carried []uint64 // given by earlier runs
	fresh   []uint64 // given by this run
	latest  int64    // every row in fresh changed before
	set     map[uint64]struct{}
}

const (
	cursorPrefix = "pegase1."
	maxCursor    = 16 << 20
)

// parseCursor reads what String wrote; the empty text is the beginning. Its error is
// a *passerelle.ParseError.
func parseCursor(s string) (cursor, error) {
	c := cursor{set: make(map[uint64]struct{})}
	if s == "" {
		return c, nil
	}
	bad := &passerelle.ParseError{Type: "cursor", Rule: "form", Want: "the cursor of a delta of this adapter, unchanged"}
	text, ok := strings.CutPrefix(s, cursorPrefix)
	if !ok || len(s) > maxCursor {
		return cursor{}, bad
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < 16 || len(data)%8 != 0 {
		return cursor{}, bad
	}
	c.from, c.until = int64(binary.BigEndian.Uint64(data)), int64(binary.BigEndian.Uint64(data[8:]))
	if c.from < 0 || c.until < c.from {
		return cursor{}, bad
	}
	for data = data[16:]; len(data) > 0; data = data[8:] {
		key := binary.BigEndian.Uint64(data)
		c.carried = append(c.carried, key)
		c.set[key] = struct{}{}
	}
	return c, nil
}

// String is the opaque form.
func (c *cursor) String() string {
	data := make([]byte, 0, 16+8*(len(c.carried)+len(c.fresh)))
	data = binary.BigEndian.AppendUint64(data, uint64(c.from))
	data = binary.BigEndian.AppendUint64(data, uint64(max(c.until, c.latest, c.from)))
	for _, keys := range [][]uint64{c.carried, c.fresh} {
		for _, key := range keys {
			data = binary.BigEndian.AppendUint64(data, key)
		}
	}
	return cursorPrefix + base64.RawURLEncoding.EncodeToString(data)
}

// has reports whether a row was given.
func (c *cursor) has(key uint64) bool {
	_, ok := c.set[key]
	return ok
}

// add notes a row that was given; it changed before latest.
func (c *cursor) add(key uint64, latest int64) {
	c.set[key] = struct{}{}
	c.fresh = append(c.fresh, key)
	c.latest = latest
}

// reach moves on to from: everything before it was given, by earlier runs or by this
// one. What this run gave so far changed before from; what earlier runs gave may be later.
func (c *cursor) reach(from int64) {
	if from <= c.from {
		return
	}
	c.from, c.latest, c.fresh = from, 0, c.fresh[:0]
	if from >= c.until {
		c.carried = nil
	}
	clear(c.set)
	for _, key := range c.carried {
		c.set[key] = struct{}{}
	}
}
