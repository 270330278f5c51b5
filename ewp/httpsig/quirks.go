package httpsig

import (
	"net/url"
	"strings"
)

// Quirks is a set of habits of running implementations that break the rules and
// are accepted on purpose. The zero value accepts none. What was seen where is in
// the comment of each; a message that needed one says so in [Verified.Quirks].
type Quirks uint8

const (
	// DecodedQuery accepts a signature over the query with its percent-escapes
	// undone (the old reference connector signs that). It is tried after the
	// query as sent, and only where no escape stands for a delimiter or a control
	// character, so that two different queries never share a signature.
	DecodedQuery Quirks = 1 << iota
	// ZoneDates accepts dates in another zone than GMT: a numeric offset, or an
	// abbreviation of a European zone (the old reference connector writes
	// Original-Date in the zone of its server).
	ZoneDates
	// OneDigitDays accepts "Tue, 5 Sep 2017" for "Tue, 05 Sep 2017" (early versions
	// of the registry wrote that).
	OneDigitDays
	// HostWithoutPort accepts a Host without port where a port was configured (the
	// registry's validator leaves the port out).
	HostWithoutPort
)

var quirkNames = [...]string{"decoded query", "zone dates", "one-digit days", "host without port"}

// String returns the quirks in words: "decoded query, zone dates".
func (q Quirks) String() string {
	var words []string
	for i, name := range quirkNames {
		if q&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	return strings.Join(words, ", ")
}

// Has reports whether all of qs are in the set.
func (q Quirks) Has(qs Quirks) bool { return q&qs == qs }

// decodedTarget returns a request target with its query decoded, false if that is
// the same or could stand for another query.
func decodedTarget(target string) (string, bool) {
	path, query, ok := strings.Cut(target, "?")
	if !ok || strings.IndexByte(query, '%') < 0 {
		return "", false
	}
	for i := 0; i+2 < len(query); i++ {
		if query[i] != '%' {
			continue
		}
		c, err := url.PathUnescape(query[i : i+3])
		if err != nil || c[0] < ' ' || c[0] == 0x7f || strings.IndexByte("&=+%#;?", c[0]) >= 0 {
			return "", false
		}
	}
	decoded, err := url.PathUnescape(query)
	return path + "?" + decoded, err == nil
}
