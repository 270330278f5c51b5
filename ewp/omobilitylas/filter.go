package omobilitylas

import (
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// The parameters of the endpoints.
const (
	ParamSending   = "sending_hei_id"
	ParamReceiving = "receiving_hei_id"
	ParamID        = "omobility_id"
	ParamYear      = "receiving_academic_year_id"
	ParamGlobalID  = "global_id"
	ParamType      = "mobility_type"
	ParamSince     = "modified_since"
)

// Filter is what a receiving institution asks of "index". Zero fields leave out nothing.
type Filter struct {
	ewpserver.Parties
	Years         []string  // academic years, any of them
	GlobalID      string    // European Student Identifier
	Type          Type      // of the mobility
	ModifiedSince time.Time // it is allowed to list what changed before
}

// readFilter reads the parameters that ewpserver.Index leaves to the API.
func readFilter(in ewpserver.Filter) Filter {
	f := Filter{Parties: in.Parties, Years: in.Years, ModifiedSince: in.ModifiedSince}
	f.GlobalID, _ = in.Check.Optional(ParamGlobalID)
	if text, given := in.Check.Optional(ParamType); given {
		f.Type = Type(text)
		if !slices.Contains(Types(), f.Type) {
			in.Check.Fault(ParamType, "code", "one of blended, doctoral, semester")
		}
	}
	return f
}

// Matches reports whether "index" lists an agreement: the caller sees it, and it is what
// the filter asks for.
func (f Filter) Matches(s State) bool {
	a := s.Agreement
	return a.Sending.HEI == f.HEI && s.VisibleTo(f.Caller) &&
		(len(f.Years) == 0 || slices.Contains(f.Years, lexical.Token(a.YearID))) &&
		(f.GlobalID == "" || lexical.Token(a.Student.GlobalID) == f.GlobalID) &&
		(f.Type == "" || a.Type() == f.Type) &&
		!s.Modified.Before(f.ModifiedSince)
}
