package supdata

import (
	"context"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// Reader reads who is a student, through API Particulier: the only way that is open to
// administrations. It is safe for concurrent use.
type Reader struct{ client *particulier.Client }

// NewReader returns a reader on a client of API Particulier, which other readers of
// the same token share.
func NewReader(c *particulier.Client) (*Reader, error) {
	if c == nil {
		var faults passerelle.FieldErrors
		faults.Add("Client", "required", "a client of API Particulier")
		return nil, faults
	}
	return &Reader{client: c}, nil
}

// ByINE asks for the student who has an INE. The errors are those of
// particulier.Client: passerelle.ErrNotFound does not mean "not a student".
func (r *Reader) ByINE(ctx context.Context, q particulier.INERequest) (particulier.StudentStatus, error) {
	return r.client.StudentStatusByINE(ctx, q)
}

// ByIdentity asks for a student by civil identity. Homonyms are
// passerelle.ErrAmbiguous.
func (r *Reader) ByIdentity(ctx context.Context, q particulier.IdentityRequest) (particulier.StudentStatus, error) {
	return r.client.StudentStatusByIdentity(ctx, q)
}

// ByFranceConnect asks for the person who signed in by FranceConnect.
func (r *Reader) ByFranceConnect(ctx context.Context, q particulier.FranceConnectRequest) (particulier.StudentStatus, error) {
	return r.client.StudentStatusByFranceConnect(ctx, q)
}

// Standing is what an answer says of one day. The zero value is StandingUnknown.
type Standing uint8

// The standings.
const (
	StandingUnknown  Standing = iota // the answer does not tell: a scope is missing, or a date cannot be read
	StandingEnrolled                 // registered that day, fees settled
	StandingAdmitted                 // pre-registered only
	StandingNone                     // no registration covers that day: late feeding is possible, ask for another proof
)

// String returns "unknown", "enrolled", "admitted" or "none".
func (s Standing) String() string {
	switch s {
	case StandingEnrolled:
		return "enrolled"
	case StandingAdmitted:
		return "admitted"
	case StandingNone:
		return "none"
	default:
		return "unknown"
	}
}

// StandingOn tells how a student stands on a day. One enrolment that covers the day
// is enough; whatever cannot be read makes the rest unknown, never a "none".
func StandingOn(s particulier.StudentStatus, day passerelle.Date) Standing {
	list, ok := s.Admissions.Get()
	if !ok {
		return StandingUnknown
	}
	best := StandingNone
	for _, a := range list {
		covers, known := covers(a, day)
		status, told := a.Status.Get()
		switch {
		case known && !covers:
		case !known || !told || status != Enrolled && status != Admitted:
			if best != StandingAdmitted {
				best = StandingUnknown
			}
		case status == Enrolled:
			return StandingEnrolled
		default:
			best = StandingAdmitted
		}
	}
	return best
}

// covers reports whether an admission covers a day, and whether that can be told.
func covers(a particulier.Admission, day passerelle.Date) (covers, known bool) {
	first, ok1 := a.Begin.Get()
	last, ok2 := a.End.Get()
	if !ok1 || !ok2 {
		return false, false
	}
	begin, err := first.Date()
	if err != nil {
		return false, false
	}
	end, err := lastDay(last)
	if err != nil {
		return false, false
	}
	return !day.Before(begin) && !end.Before(day), true
}

// lastDay reads the end of an admission. The service has been seen to give the 31st of
// months that have 30 days: the last day of the month is meant.
func lastDay(t particulier.DateText) (passerelle.Date, error) {
	d, err := t.Date()
	if err == nil || len(t) != len("2006-01-02") || t[8:] < "29" || t[8:] > "31" {
		return d, err
	}
	if d, err = (t[:8] + "28").Date(); err != nil {
		return d, err
	}
	return passerelle.NewDate(d.Year, d.Month+1, 1).AddDays(-1), nil
}
