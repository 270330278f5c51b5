package esi_test

import (
	"testing"

	"golang.org/x/text/language"

	"github.com/passerelle-sup/passerelle/esi"
)

// The table of countries is compared with that of another library, for all pairs
// of letters. Unicode knows more codes: reserved, left to users, or withdrawn by ISO.
func TestCountriesAgainstUnicode(t *testing.T) {
	t.Parallel()
	unicodeOnly := map[string]bool{}
	for _, code := range []string{
		"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "TA", "UN", // exceptionally reserved
		"XK",                                     // user-assigned
		"AN", "CS", "FQ", "NT", "PC", "SU", "YU", // withdrawn
	} {
		unicodeOnly[code] = true
	}
	count := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			_, err := esi.Country(code, "1")
			region, regionErr := language.ParseRegion(code)
			known := regionErr == nil && region.IsCountry() && region.Canonicalize().String() == code && !unicodeOnly[code]
			if (err == nil) != known {
				t.Errorf("%s: accepted %v, known to Unicode as a country %v", code, err == nil, known)
			}
			if err == nil {
				count++
			}
		}
	}
	if count != 249 {
		t.Errorf("%d countries, want the 249 of ISO 3166-1", count)
	}
}
