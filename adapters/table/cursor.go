package table

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

const cursorVersion = "1"

// formatCursor writes the place of a row as an opaque text.
func formatCursor(system string, k key) string {
	kind, id := "s", ""
	switch v := k.student.(type) {
	case int64:
		kind, id = "i", strconv.FormatInt(v, 10)
	case string:
		id = v
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{cursorVersion, system, k.at, kind, id}, "\x00")))
}

// parseCursor reads what formatCursor wrote for the same system. The empty text is
// the beginning.
func parseCursor(system, cursor string) (k key, from bool, err error) {
	if cursor == "" {
		return key{}, false, nil
	}
	fault := &passerelle.ParseError{Type: "cursor", Rule: "form", Want: "a cursor that this source gave, or none to begin anew"}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return key{}, false, fault
	}
	parts := strings.Split(string(text), "\x00")
	if len(parts) != 5 || parts[0] != cursorVersion || parts[1] != system || parts[2] == "" {
		return key{}, false, fault
	}
	k.at = parts[2]
	switch parts[3] {
	case "s":
		k.student = parts[4]
	case "i":
		n, err := strconv.ParseInt(parts[4], 10, 64)
		if err != nil {
			return key{}, false, fault
		}
		k.student = n
	default:
		return key{}, false, fault
	}
	return k, true, nil
}
