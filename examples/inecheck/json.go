package main

import (
	"encoding/json"
	"strconv"

	"github.com/passerelle-sup/passerelle/ine"
)

// appendRow appends the line of one row. It is written by hand because the keys
// have an order and a base has a million rows.
func appendRow(b []byte, row ine.Row) []byte {
	b = append(b, `{"line":`...)
	b = strconv.AppendInt(b, int64(row.Line), 10)
	b = append(b, `,"number":`...)
	if row.Number.IsZero() {
		b = appendString(b, row.Input)
	} else {
		b = append(b, '"')
		b, _ = row.Number.AppendText(b)
		b = append(b, '"')
	}
	b = append(b, `,"family":"`...)
	b = append(b, row.Family.String()...)
	b = append(b, `","key":"`...)
	b = append(b, row.Key.String()...)
	if row.ExpectedKey != "" {
		b = append(b, `","expected_key":"`...)
		b = append(b, row.ExpectedKey...)
	}
	b = append(b, `","status":"`...)
	b = append(b, row.Status.String()...)
	b = append(b, `","reason":`...)
	b = appendString(b, row.Reason())
	return append(b, "}\n"...)
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 are replaced,
// as encoding/json does.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...) // no string fails to marshal
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
