package aglae

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Eligibility says whether an enrolment is open to grants of the Crous: it is about the
// course and the regime, not about the student. The zero value is EligibilityUnknown,
// under which the question is asked as usual.
type Eligibility uint8

// The values of Eligibility.
const (
	EligibilityUnknown Eligibility = iota
	Eligible
	Ineligible // no grant can be paid for this enrolment; another enrolment of the student may be eligible
)

var eligibilityNames = [...]string{"unknown", "eligible", "ineligible"}

// String returns "unknown", "eligible" or "ineligible".
func (e Eligibility) String() string {
	if int(e) < len(eligibilityNames) {
		return eligibilityNames[e]
	}
	return fmt.Sprintf("eligibility(%d)", uint8(e))
}

// MarshalText writes the form of String.
func (e Eligibility) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads the form of String; the empty text is EligibilityUnknown. Its
// error is a *passerelle.ParseError.
func (e *Eligibility) UnmarshalText(text []byte) error {
	*e = EligibilityUnknown
	for i, name := range eligibilityNames {
		if name == string(text) {
			*e = Eligibility(i)
			return nil
		}
	}
	if len(text) == 0 {
		return nil
	}
	return &passerelle.ParseError{Type: "eligibility", Rule: "name", Want: "unknown, eligible or ineligible"}
}

// PegaseRegime is what Pégase's nomenclature RegimeInscription says of a regime. It is
// read from its JSON; a member that is absent or null is nil.
type PegaseRegime struct {
	Code         string `json:"code"`         // "REG…"
	RightToGrant *bool  `json:"droitABourse"` // the regime is open to grants of the Crous
	SISE         string `json:"codeSISEIns"`  // 10, 11, 12, 20 or 22
	CVEC         *bool  `json:"temoinCVEC"`   // a CVEC number is compulsory
	Label        string `json:"libelleLong"`
}

// PegaseCourse is what Pégase's course catalogue says of a course. It is read from its
// JSON.
type PegaseCourse struct {
	Code  string `json:"code"`
	Aglae struct {
		Entitled *bool  `json:"habilitePourBoursesAglae"` // entitled to grants
		Level    string `json:"niveauAglae"`              // level in the diploma as AGLAE counts it, two digits
	} `json:"descripteursAglae"`
}

// EligibilityOf combines both: an enrolment is eligible when the regime and the course
// are, ineligible as soon as one is not, and unknown otherwise. That Pégase combines
// them so is deduced from the two descriptors, not published.
func EligibilityOf(r PegaseRegime, c PegaseCourse) Eligibility {
	no := func(b *bool) bool { return b != nil && !*b }
	switch {
	case no(r.RightToGrant), no(c.Aglae.Entitled):
		return Ineligible
	case r.RightToGrant != nil && c.Aglae.Entitled != nil:
		return Eligible
	}
	return EligibilityUnknown
}

// EligibilityTable tells by codes which enrolments are eligible: what Apogée has no
// descriptor for, a site writes down. The first row that fits decides.
type EligibilityTable []EligibilityRow

// EligibilityRow fits an enrolment when each of its codes is the enrolment's, or "*".
type EligibilityRow struct {
	Regime    string // régime d'inscription (COD_RGI)
	Programme string // étape (COD_ETP); Programme.Code
	Version   string // version of the étape (COD_VRS_VET); Programme.Version
	Eligible  Eligibility
	Level     string // level as AGLAE counts it, two digits; may be empty
}

// eligibilityHeader is the first line of the file of [ReadEligibility].
var eligibilityHeader = []string{"regime", "programme", "version", "eligible", "level"}

// maxEligibility bounds the rows of a table.
const maxEligibility = 100_000

// ReadEligibility reads a table: CSV, UTF-8, semicolons, the header
// regime;programme;version;eligible;level, then a row a rule, "*" for any code, and
// "oui" or "non" (or "yes", "no") under eligible. All faults come together as
// passerelle.FieldErrors, each field named by its line.
func ReadEligibility(r io.Reader) (EligibilityTable, error) {
	data, err := io.ReadAll(io.LimitReader(r, 16<<20+1))
	if err != nil {
		return nil, err
	}
	if len(data) > 16<<20 {
		return nil, passerelle.FieldErrors{{Field: "file", Rule: "length", Want: "16 MiB at most"}}
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = ';', -1, true
	var table EligibilityTable
	var faults passerelle.FieldErrors
	for first := true; ; first = false {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			if first {
				faults.Add("line 1", "required", "the header "+strings.Join(eligibilityHeader, ";"))
			}
			return table, faults.Err()
		}
		if perr, ok := errors.AsType[*csv.ParseError](err); ok {
			faults.Add(fmt.Sprintf("line %d", perr.Line), "syntax", "a row of a CSV file")
			return nil, faults
		}
		line, _ := in.FieldPos(0)
		at := fmt.Sprintf("line %d", line)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		switch {
		case first:
			if strings.ToLower(strings.Join(row, ";")) != strings.Join(eligibilityHeader, ";") {
				faults.Add(at, "value", "the header "+strings.Join(eligibilityHeader, ";"))
				return nil, faults
			}
			continue
		case len(row) != len(eligibilityHeader):
			faults.Add(at, "count", fmt.Sprintf("%d columns", len(eligibilityHeader)))
			continue
		case len(table) >= maxEligibility:
			faults.Add(at, "count", "100 000 rows at most")
			return nil, faults
		}
		rule := EligibilityRow{Regime: row[0], Programme: row[1], Version: row[2], Level: row[4]}
		for i, code := range row[:3] {
			if code == "" {
				faults.Add(at+", "+eligibilityHeader[i], "required", `a code, or "*" for any`)
			}
		}
		switch strings.ToLower(row[3]) {
		case "oui", "yes", "o", "true":
			rule.Eligible = Eligible
		case "non", "no", "n", "false":
			rule.Eligible = Ineligible
		default:
			faults.Add(at+", eligible", "value", "oui or non")
		}
		table = append(table, rule)
	}
}

// Lookup returns what the first row that fits says, and EligibilityUnknown when none
// does.
func (t EligibilityTable) Lookup(e sis.Enrolment) (Eligibility, string) {
	fits := func(rule, code string) bool { return rule == "*" || rule == code }
	for _, r := range t {
		if fits(r.Regime, e.Regime) && fits(r.Programme, e.Programme.Code) && fits(r.Version, e.Programme.Version) {
			return r.Eligible, r.Level
		}
	}
	return EligibilityUnknown, ""
}
