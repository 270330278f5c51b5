package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Dialect names the SQL that a base speaks, where bases differ: bound parameters,
// the size of a page, times as text.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Oracle   Dialect = "oracle"
	Postgres Dialect = "postgres"
	MySQL    Dialect = "mysql"
)

func (d Dialect) known() bool {
	switch d {
	case SQLite, Oracle, Postgres, MySQL:
		return true
	}
	return false
}

// parameter returns the nth parameter, from 1.
func (d Dialect) parameter(n int) string {
	switch d {
	case Oracle:
		return ":" + strconv.Itoa(n)
	case Postgres:
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// limit bounds the rows of a query. Oracle has FETCH FIRST from version 12 only.
func (d Dialect) limit(query string, n int) string {
	if d == Oracle {
		return fmt.Sprintf("SELECT * FROM (%s) WHERE ROWNUM <= %d", query, n)
	}
	return fmt.Sprintf("%s LIMIT %d", query, n)
}

const oracleTime = "'YYYY-MM-DD HH24:MI:SS.FF9'"

// timeText is an expression for a time as a text that loses nothing of it, and
// timeValue the way back; zoned says that the times have no zone of their own.
func (d Dialect) timeText(column string) string {
	switch d {
	case Oracle:
		return "TO_CHAR(CAST(" + column + " AS TIMESTAMP), " + oracleTime + ")"
	case MySQL:
		return "CAST(" + column + " AS CHAR)"
	}
	return "CAST(" + column + " AS TEXT)"
}

func (d Dialect) timeValue(parameter string, naive bool) string {
	switch {
	case d == Oracle:
		return "TO_TIMESTAMP(" + parameter + ", " + oracleTime + ")"
	case d == Postgres && naive:
		return "CAST(" + parameter + " AS timestamp)"
	case d == Postgres:
		return "CAST(" + parameter + " AS timestamptz)"
	}
	return parameter
}

// format writes t for timeValue.
func (d Dialect) format(t time.Time, naive bool) string {
	switch {
	case d == Oracle:
		return t.Format("2006-01-02 15:04:05.000000000")
	case d == Postgres && !naive:
		return t.Format(time.RFC3339Nano)
	}
	return t.Format("2006-01-02 15:04:05.999999999")
}

// bind replaces each :name of a query that args has by a parameter of the dialect,
// and returns the values in their order. Texts, quoted names and comments are passed over.
func (d Dialect) bind(query string, args map[string]any) (string, []any) {
	var out strings.Builder
	var values []any
	for i := 0; i < len(query); {
		if n := opaque(query[i:]); n > 0 {
			out.WriteString(query[i : i+n])
			i += n
			continue
		}
		if query[i] == ':' {
			n := 1
			for i+n < len(query) && isNameByte(query[i+n]) {
				n++
			}
			if value, ok := args[query[i+1:i+n]]; ok {
				values = append(values, value)
				out.WriteString(d.parameter(len(values)))
				i += n
				continue
			}
		}
		out.WriteByte(query[i])
		i++
	}
	return out.String(), values
}

// uses reports whether a query has the parameter :name.
func uses(query, name string) bool {
	_, values := SQLite.bind(query, map[string]any{name: nil})
	return len(values) > 0
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// opaque returns the length of the text, quoted name, comment or cast that s starts with.
func opaque(s string) int {
	until := func(from int, end string) int {
		if n := strings.Index(s[from:], end); n >= 0 {
			return from + n + len(end)
		}
		return len(s)
	}
	switch {
	case s[0] == '\'' || s[0] == '"':
		return until(1, s[:1])
	case strings.HasPrefix(s, "--"):
		return until(2, "\n")
	case strings.HasPrefix(s, "/*"):
		return until(2, "*/")
	case strings.HasPrefix(s, "::"):
		return 2
	}
	return 0
}
