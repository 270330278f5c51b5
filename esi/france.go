package esi

import (
	"fmt"
	"slices"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

var (
	// ErrNoINE says that a student has no INE, of which a French identifier is
	// made. errors.Is(err, passerelle.ErrNotFound) is true of it.
	ErrNoINE = fmt.Errorf("ESI: no INE: %w", passerelle.ErrNotFound)

	// ErrProvisional says that the INE is a provisional one. The ESC router never lets
	// the identifier of a student change: wait for the definitive INE.
	// errors.Is(err, passerelle.ErrInvalid) is true of it.
	ErrProvisional = fmt.Errorf("ESI: the INE is provisional, and an identifier made of it could never be changed: %w", passerelle.ErrInvalid)
)

// France says how French identifiers are made: "fr" and the INE in upper case. The
// zero value is the practice of French institutions (as their card system has it;
// the federation's own text is not public in full). To keep the INE as it was written, use [Country].
type France struct {
	// AllowProvisional accepts provisional INE. What is sent to the router under such
	// an identifier stays under it for ever.
	AllowProvisional bool

	// RequireKey refuses an INE whose key is known to be wrong.
	RequireKey bool

	// HomeOrganization, when set, is the scope given to students without an INE:
	// see [France.Build]. Leave it empty unless your federation agreed: the practice is
	// that no INE means no identifier.
	HomeOrganization string
}

// FromINE builds the identifier of the holder of a definitive INE; see [France.FromINE].
func FromINE(n ine.Number) (ID, error) { return France{}.FromINE(n) }

// FromINE builds the identifier of the holder of n. Its error is [ErrNoINE] for the zero
// Number, [ErrProvisional], or a *passerelle.ParseError with rule "key".
func (f France) FromINE(n ine.Number) (ID, error) {
	switch {
	case n.IsZero():
		return ID{}, ErrNoINE
	case n.Family() == ine.Provisional && !f.AllowProvisional:
		return ID{}, ErrProvisional
	case f.RequireKey && n.Key() == ine.KeyWrong:
		return ID{}, fault("key", 0, "an INE with the right key")
	}
	return live(CountryForm, "fr", n.String())
}

// Build is FromINE, except that a student without an INE gets an identifier of
// HomeOrganization and the local number, when HomeOrganization is set. A student
// with a provisional INE does not: the definitive one is on its way.
func (f France) Build(n ine.Number, local string) (ID, error) {
	if n.IsZero() && f.HomeOrganization != "" {
		return HomeOrganization(f.HomeOrganization, local)
	}
	return f.FromINE(n)
}

// Release makes the one value of schacPersonalUniqueCode that an identity provider
// releases, out of the values of the LDAP attribute supannCodeINE. Blank values and
// repetitions are ignored, and a definitive INE wins over provisional ones.
//
// Its error is [ErrNoINE] when there is no value, passerelle.ErrAmbiguous for several
// INE of one rank, the error of ine.Parse when no value is an INE, or one of FromINE.
func (f France) Release(supannCodeINE ...string) (ID, error) {
	var definitive, provisional []ine.Number
	var malformed error
	for _, value := range supannCodeINE {
		if strings.TrimSpace(value) == "" {
			continue
		}
		n, err := ine.Parse(value)
		switch {
		case err != nil:
			malformed = err
		case n.Family() == ine.Provisional:
			provisional = appendNew(provisional, n)
		default:
			definitive = appendNew(definitive, n)
		}
	}
	best := definitive
	if len(best) == 0 {
		best = provisional
	}
	switch {
	case len(best) > 1:
		return ID{}, fmt.Errorf("ESI: %d different INE: %w", len(best), passerelle.ErrAmbiguous)
	case len(best) == 1:
		return f.FromINE(best[0])
	case malformed != nil:
		return ID{}, malformed
	}
	return ID{}, ErrNoINE
}

func appendNew(list []ine.Number, n ine.Number) []ine.Number {
	if slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}
