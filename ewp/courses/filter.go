package courses

import (
	"net/url"
	"slices"

	"github.com/passerelle-sup/passerelle"
)

// The parameters of the APIs.
const (
	ParamHEI    = "hei_id"
	ParamID     = "los_id"
	ParamCode   = "los_code"
	ParamBefore = "lois_before"
	ParamAfter  = "lois_after"
	ParamAt     = "los_at_date"
)

// Filter says which instances are wanted. The zero value wants all.
type Filter struct {
	Before passerelle.Date // those that end before this day
	After  passerelle.Date // those that start after this day
	// At asks for the specifications as they were on a day, which hosts may ignore.
	At passerelle.Date
}

// Keeps reports whether an instance is wanted. One whose dates cannot be read is.
func (f Filter) Keeps(i Instance) bool {
	first, last, err := i.Dates()
	if err != nil {
		return true
	}
	return (f.Before.IsZero() || last.Before(f.Before)) && (f.After.IsZero() || f.After.Before(first))
}

// Of returns the specification with the instances that are wanted.
func (f Filter) Of(s Specification) Specification {
	s.Instances = slices.DeleteFunc(slices.Clone(s.Instances), func(i Instance) bool { return !f.Keeps(i) })
	return s
}

// set adds the parameters.
func (f Filter) set(params url.Values) {
	for name, day := range map[string]passerelle.Date{ParamBefore: f.Before, ParamAfter: f.After, ParamAt: f.At} {
		if !day.IsZero() {
			params.Set(name, day.String())
		}
	}
}
