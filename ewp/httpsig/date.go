package httpsig

import (
	"net/http"
	"strings"
	"time"
)

// MinSkew is the smallest difference between two clocks that may be asked for, and
// the one recommended: "you MUST NOT choose a lower threshold than this".
const MinSkew = 5 * time.Minute

// parseDate reads "Tue, 05 Sep 2017 08:49:37 GMT" and nothing else, unless a quirk
// allows it. needed is the quirk that it took.
func parseDate(value string, quirks Quirks) (t time.Time, needed Quirks, ok bool) {
	if t, err := time.Parse(http.TimeFormat, value); err == nil && t.Format(http.TimeFormat) == value {
		return t, 0, true
	}
	if quirks.Has(OneDigitDays) && len(value) > 6 && value[6] == ' ' {
		value = value[:5] + "0" + value[5:]
		needed = OneDigitDays
		if t, err := time.Parse(http.TimeFormat, value); err == nil && t.Format(http.TimeFormat) == value {
			return t, needed, true
		}
	}
	if !quirks.Has(ZoneDates) {
		return time.Time{}, 0, false
	}
	i := strings.LastIndexByte(value, ' ')
	if i < 0 {
		return time.Time{}, 0, false
	}
	local, zone := value[:i], value[i+1:]
	const form = "Mon, 02 Jan 2006 15:04:05"
	t, err := time.Parse(form, local)
	if err != nil || t.Format(form) != local {
		return time.Time{}, 0, false
	}
	offset, ok := zones[zone]
	if !ok {
		at, err := time.Parse("-0700", zone)
		if err != nil {
			return time.Time{}, 0, false
		}
		_, seconds := at.Zone()
		offset = time.Duration(seconds) * time.Second
	}
	return t.Add(-offset), needed | ZoneDates, true
}

// zones are the abbreviations that Java, in which the peers of this quirk are
// written, gives to the zones of Europe. IST is left out: it is Irish, Israeli and
// Indian.
var zones = map[string]time.Duration{
	"UTC": 0, "Z": 0, "WET": 0, "WEST": time.Hour, "BST": time.Hour,
	"CET": time.Hour, "CEST": 2 * time.Hour, "MET": time.Hour, "MEST": 2 * time.Hour,
	"EET": 2 * time.Hour, "EEST": 3 * time.Hour, "TRT": 3 * time.Hour, "MSK": 3 * time.Hour,
}

// within reports whether two clocks agree. Dates have whole seconds, so the
// difference is counted in whole seconds too, as the registry does.
func within(t, now time.Time, skew time.Duration) bool {
	return now.Sub(t).Abs().Truncate(time.Second) <= skew
}
