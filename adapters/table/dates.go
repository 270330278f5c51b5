package table

import "time"

// settled returns the latest wall clock time in loc up to which every change is
// visible: overlap before now, and never inside an hour that the end of summer time
// is about to repeat, where a later change would get an earlier time.
func settled(now time.Time, overlap time.Duration, loc *time.Location) time.Time {
	at := now.Add(-overlap).In(loc)
	_, end := at.ZoneBounds()
	if end.IsZero() {
		return at
	}
	_, before := at.Zone()
	_, after := end.Zone()
	// The wall clock shows this time twice: now, and right after the change.
	repeated := end.Add(time.Duration(after-before) * time.Second)
	if after < before && !at.Before(repeated) {
		return repeated.Add(-time.Second)
	}
	return at
}
