package egracons

import (
	"slices"
	"strings"
)

// Band ties a stretch of local marks to what another system prints. It is a
// display label, not a number: "1.7 - 1.3", "Pass (PA)", "2 Gut".
type Band struct {
	// From and To are the bounds, [From, To) unless Open or Closed say otherwise.
	// An unset From has no lower end. Both are unset where the local bounds are
	// not numbers.
	From, To Number
	Open     bool   // From is excluded
	Closed   bool   // To is included
	Local    string // the band as it is printed: "14 - 14.99", "30 e lode"
	Foreign  string // "" when there is no equivalent
	Raw      string // Foreign as the source has it, look-alike letters included
	Doubt    string // what the source leaves uncertain, for a person to read

	words [2]string // ends that are no numbers, such as "30L"
}

// holds reports whether the mark is in the band.
func (b Band) holds(mark Number) bool {
	if !b.To.IsSet() {
		return false
	}
	if low := mark.Cmp(b.From); b.From.IsSet() && (low < 0 || low == 0 && b.Open) {
		return false
	}
	c := mark.Cmp(b.To)
	return c < 0 || b.Closed && c == 0
}

// BandTable is a fixed transcoding table, such as those that SMILE prints: band
// by band, whatever the distribution. It goes from local marks to a foreign
// system, the direction that the Egracons tool refuses, because it is the home
// institution that recognises. The bands are in the order of their file.
type BandTable struct {
	ID      string // name of the source, "" when the file has one source
	Country string // code, "DE"
	Name    string // country or system, as the source names it
	Bands   []Band
}

// Find returns the band of a local mark: "14.5", "14,5", or a local label such as
// "30 e lode". The error is an *Error of kind ErrNoBand when no band holds it;
// the nearest is never taken.
func (t *BandTable) Find(mark string) (Band, error) {
	key := normalLabel(mark)
	for _, b := range t.Bands {
		if key != "" && (normalLabel(b.Local) == key || slices.Contains(b.words[:], key)) {
			return b, nil
		}
	}
	n, err := parseMark(mark)
	if err != nil {
		return Band{}, &Error{Kind: ErrNoBand, Table: t.name(), Grade: shown(mark), Want: "a mark or a label of the table"}
	}
	for _, b := range t.Bands {
		if b.holds(n) {
			return b, nil
		}
	}
	return Band{}, &Error{Kind: ErrNoBand, Table: t.name(), Grade: shown(mark), Want: "a mark that a band of the table holds"}
}

// Inverse returns all bands with that foreign label: a German 1.3 comes from two
// French bands, and more where ranges are printed.
func (t *BandTable) Inverse(foreign string) []Band {
	key := normalLabel(foreign)
	var out []Band
	for _, b := range t.Bands {
		if b.Foreign != "" && normalLabel(b.Foreign) == key {
			out = append(out, b)
		}
	}
	return out
}

func (t *BandTable) name() string {
	return strings.TrimSpace(t.ID + " " + t.Name)
}

// UpperBound tells how a file prints the upper ends of its bands.
type UpperBound uint8

// Upper bounds.
const (
	// ExclusiveUpper: "10" to "11" means [10, 11). An empty upper end means the
	// lower one alone.
	ExclusiveUpper UpperBound = iota
	// InclusiveUpper: "10" to "10.99" means [10, 11), because 10.995 must fall
	// somewhere. A gap of one unit of the last printed digit is closed upwards; a
	// wider one stays. The highest band, and one before a wider gap, include their
	// upper end.
	InclusiveUpper
)

// BandLayout says how a CSV file of bands names its columns. "" means that the
// file has no such column; From, To and Foreign are required.
type BandLayout struct {
	Comma             rune // 0 means ','
	ID, Country, Name string
	From, To, Local   string
	Foreign           string
	ForeignTo         string // the other end of a foreign range, where it has a column of its own
	ForeignWord       string // the word that goes with it
	Raw, Doubt        string
	Upper             UpperBound
	// SharedToLower gives a bound that two bands print, "24-27" and "27-30", to the
	// band of lower marks; by default the higher one takes it. InclusiveUpper only.
	SharedToLower bool
}

// SmileLayout reads a table of SMILE's slide as CSV: one row for each country and
// band, bounds half-open.
func SmileLayout() BandLayout {
	return BandLayout{Country: "country", Name: "name_fr", From: "fr_min", To: "fr_max_exclusive", Local: "fr_label",
		Foreign: "foreign", Raw: "foreign_raw", Doubt: "doubt"}
}

// SmileReleaseLayout reads the bands that the released SMILE ships, from French
// marks to each foreign scale, upper ends included as printed.
func SmileReleaseLayout() BandLayout {
	return BandLayout{Country: "scale", Name: "name_fr", From: "fr_low", To: "fr_high",
		Foreign: "low", ForeignTo: "high", ForeignWord: "label", Upper: InclusiveUpper}
}

// ClassLayout reads lists of fixed class tables: local bounds, upper ends
// included as printed, to a class such as an ECTS letter.
func ClassLayout() BandLayout {
	return BandLayout{ID: "table_id", Country: "country", Name: "system", From: "local_min", To: "local_max", Local: "local_label",
		Foreign: "class", Doubt: "source_note", Upper: InclusiveUpper}
}
