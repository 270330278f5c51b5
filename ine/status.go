package ine

// Status says what to do with a number. The zero value is StatusUnknown, the
// only one that commits to nothing.
type Status uint8

// The values of Status.
const (
	StatusUnknown     Status = iota // of no known family but plausible: ask INES, never immatriculate blindly
	StatusDefinitive                // a definitive number, of the current form or of an older one
	StatusProvisional               // given while waiting for a definitive one: ask INES for it
	StatusAbsent                    // no number: search the student in INES, then immatriculate
	StatusSuspect                   // the shape of a number with a wrong key: probably mistyped
	StatusMalformed                 // not a number
)

const statuses = int(StatusMalformed) + 1

var statusNames = [statuses]string{"unknown", "definitive", "provisional", "absent", "suspect", "malformed"}

// String returns "unknown", "definitive", "provisional", "absent", "suspect" or
// "malformed".
func (s Status) String() string { return name(statusNames[:], int(s)) }

// MarshalText writes the form of String.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of String. Its error is a *passerelle.ParseError.
func (s *Status) UnmarshalText(text []byte) error {
	return parseName(s, text, statusNames[:], "INE status")
}

// Strength says how sure a rule is; a greater value is surer. The zero value is
// Unstated.
type Strength uint8

// The values of Strength.
const (
	Unstated  Strength = iota // its author did not say
	Guessed                   // one possibility among others
	Deduced                   // worked out from published numbers, stated nowhere
	Secondary                 // read in the code or documents of third parties
	Published                 // stated by an authority: law, ministry, INES documentation
	Authority                 // INES's own answer about this number
)

var strengthNames = [...]string{"", "guessed", "deduced", "secondary", "published", "authority"}

// String returns "", "guessed", "deduced", "secondary", "published" or "authority".
func (s Strength) String() string { return name(strengthNames[:], int(s)) }

// MarshalText writes the form of String.
func (s Strength) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of String. Its error is a *passerelle.ParseError.
func (s *Strength) UnmarshalText(text []byte) error {
	return parseName(s, text, strengthNames[:], "rule strength")
}
