package pegase

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// stateWords pairs the states of the neutral model with Pégase's words.
var stateWords = []struct {
	state  sis.INEState
	status ines.Status
	search bool // whether the search of identities can be asked for it
}{
	{sis.INEUnverified, ines.StatusToVerify, true},
	{sis.INEUnknown, ines.StatusUnknown, true},
	{sis.INELitige, ines.StatusLitige, true},
	{sis.INEIncomplete, ines.StatusIncomplete, true},
	{sis.INEVerified, ines.StatusConfirmed, true},
	{sis.INEInvalid, ines.StatusInvalid, false},
	{sis.INEPending, ines.StatusInProgress, false},
	{sis.INEError, ines.StatusVerifyError, false},
	{sis.INEError, ines.StatusRegisterError, false},
}

// StateOf gives the neutral state of Pégase's word. A word that is not known here is
// kept as it is; the empty word is INENone.
func StateOf(word ines.Status) sis.INEState {
	for _, w := range stateWords {
		if w.status == word {
			return w.state
		}
	}
	return sis.INEState(word)
}

// StatusesOf gives Pégase's words for a neutral state: two for INEError, none for
// INENone, and a state that is not known here as it is.
func StatusesOf(state sis.INEState) []ines.Status {
	if state == sis.INENone {
		return nil
	}
	var words []ines.Status
	for _, w := range stateWords {
		if w.state == state {
			words = append(words, w.status)
		}
	}
	if words == nil {
		words = append(words, ines.Status(state))
	}
	return words
}

// number returns an INE as recorded, and "" for what means none.
func number(ine string) string {
	if ine = strings.TrimSpace(ine); strings.EqualFold(ine, "N/A") {
		return ""
	}
	return ine
}

// numbers returns the numbers that are there and are not the first one.
func numbers(first string, more []string) []string {
	var others []string
	for _, n := range more {
		if n = number(n); n != "" && n != first {
			others = append(others, n)
		}
	}
	return others
}

// sex reads Pégase's letter. Another one is not known, which is not a value.
func sex(letter string) passerelle.Sex {
	s, _ := passerelle.SexCodesMF.Parse(letter)
	return s
}

// nationality writes a three-digit country code as COG does; others stay.
func nationality(code string) string {
	if b, err := passerelle.ParseBirthplace(code); err == nil && len(code) == 3 {
		return b.Country
	}
	return code
}

// nationalities gives the codes that are there.
func nationalities(codes ...string) []string {
	var all []string
	for _, c := range codes {
		if c != "" {
			all = append(all, nationality(c))
		}
	}
	return all
}

// birthplace reads the commune, the three-digit country and the name of a town abroad. On
// an error field tells which of them is at fault.
func birthplace(commune, country, town string) (b passerelle.Birthplace, field string, err error) {
	switch {
	case commune != "":
		if b, err = passerelle.ParseBirthplace(commune); err != nil {
			return passerelle.Birthplace{}, "communeNaissance", err
		}
	case country != "":
		if b, err = passerelle.ParseBirthplace(country); err != nil || b.Country == "" {
			return passerelle.Birthplace{}, "paysNaissance", &passerelle.ParseError{Type: "birthplace", Rule: "country", Want: "three digits, or 99xxx"}
		}
	}
	b.Name = town
	return b, "", nil
}

// status gives the neutral status of an enrolment: the words of the external APIs and
// those of the older ones and of the replica.
func status(word string) sis.EnrolmentStatus {
	switch strings.ToLower(word) {
	case "valide", "validee":
		return sis.EnrolmentValid
	case "annulee":
		return sis.EnrolmentCancelled
	case "autorisee", "debutee", "terminee":
		return sis.EnrolmentPending
	}
	return sis.EnrolmentStatus(word)
}

// mobility gives the neutral direction; a word that is not known here stays.
func mobility(word string) sis.Mobility {
	switch strings.ToUpper(word) {
	case "", "SANS":
		return sis.MobilityNone
	case "ENTRANTE":
		return sis.MobilityIn
	case "SORTANTE":
		return sis.MobilityOut
	}
	return sis.Mobility(word)
}
