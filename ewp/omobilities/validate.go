package omobilities

import (
	"regexp"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// maxText is how long names, identifiers and addresses may be, in characters (business
// requirements for nominations, April 2024; not in the schema).
const maxText = 255

var (
	isced = regexp.MustCompile(`^[0-9]{4}$`)
	eqf   = regexp.MustCompile(`^[1-8]$`)
)

// Validate returns everything that is wrong with a mobility that is to be served, as
// passerelle.FieldErrors whose paths are those of the elements: what the schema
// refuses, what its comments demand beside, an ESI that is none, and the lengths of the
// business requirements. ISCED-F codes are held to four digits only: no schema has the
// list. A mobility that was read should be shown to a person all the same.
func (m Mobility) Validate() error {
	var f lexical.Faults
	f.Identifier("omobility-id", m.ID)
	f.In("student", m.Student.Validate())
	f.In("nomination", m.Nomination.Validate())
	if m.Nomination.ProposalID == "" {
		f.Add("nomination@proposal-id", "required", "an identifier of the proposal, see ProposalID")
	}
	f.Word("status", string(m.Status), string(Pending), string(Approved), string(Rejected), string(Cancelled))
	return f.Err()
}

// Validate is that of Mobility for the student alone.
func (s Student) Validate() error {
	var f lexical.Faults
	names(&f, "given-names", s.GivenNames)
	names(&f, "family-name", s.FamilyName)
	if _, err := s.ESI(); err != nil {
		f.Add("global-id", "esi", "a European Student Identifier")
	}
	short(&f, "global-id", s.GlobalID)
	f.Date("birth-date", s.BirthDate)
	if !lexical.IsCountry(s.Nationality) {
		f.Add("nationality", "pattern", "a code of ISO 3166-1 of two capital letters")
	}
	f.Word("gender", s.Gender, GenderUnknown, GenderMale, GenderFemale, GenderNotApplicable)
	f.Email("email", s.Email)
	short(&f, "email", s.Email)
	return f.Err()
}

// Validate is that of Mobility for the nomination alone, whose ProposalID is not
// looked at.
func (n Nomination) Validate() error {
	var f lexical.Faults
	n.Sending.faults(&f, "sending-hei")
	n.Receiving.faults(&f, "receiving-hei")
	if !n.Sending.HEI.IsZero() && n.Sending.HEI == n.Receiving.HEI {
		f.Add("receiving-hei.hei-id", "conflict", "another institution than the sending one")
	}
	if n.Sending.IIAID != "" && n.Receiving.IIAID == "" {
		f.Add("receiving-hei.iia-id", "required", "the receiving institution's identifier of the agreement, where the sending one's is given")
	}
	switch {
	case n.Term == "" && n.NonStandard == nil:
		f.Add("sending-academic-term-ewp-id", "required", "a term, or non-standard-mobility-period")
	case n.Term != "" && n.NonStandard != nil:
		f.Add("sending-academic-term-ewp-id", "exclusive", "either a term, or non-standard-mobility-period")
	case n.Term != "":
		if _, err := term.ParseID(n.Term); err != nil {
			f.Add("sending-academic-term-ewp-id", "pattern", "a term as 2025/2026-1/2")
		}
	}
	if _, err := term.ParseYear(n.Year); err != nil {
		f.Add("receiving-academic-year-id", "pattern", "an academic year as 2025/2026")
	}
	f.Word("activity-type", n.ActivityType, StudentStudies)
	f.Word("activity-attributes", n.ActivityAttributes, LongTerm, ShortTermBlended, ShortTermDoctoral)
	code(&f, "agreement-isced-f-code", n.AgreementISCED)
	if !eqf.MatchString(n.EQF) {
		f.Add("eqf-level-studied-at-departure", "pattern", "a level from 1 to 8")
	}
	code(&f, "nominee-isced-f-code", n.NomineeISCED)
	if utf8.RuneCountInString(n.Comment) > maxComment {
		f.Add("comment", "length", "at most 1000 characters")
	}
	return f.Err()
}

func (h HEI) faults(f *lexical.Faults, path string) {
	f.HEI(path+".hei-id", h.HEI)
	if h.OUnitID != "" {
		f.Identifier(path+".ounit-id", h.OUnitID)
	}
	if h.IIAID != "" {
		f.Identifier(path+".iia-id", h.IIAID)
	}
}

func code(f *lexical.Faults, path, value string) {
	if !isced.MatchString(value) {
		f.Add(path, "pattern", "four digits of ISCED-F 2013")
	}
}

func names(f *lexical.Faults, path string, texts ewp.Texts) {
	f.Names(path, texts)
	for i, t := range texts {
		short(f, lexical.At(path, i), t.Value)
	}
}

func short(f *lexical.Faults, path, value string) {
	if utf8.RuneCountInString(value) > maxText {
		f.Add(path, "length", "at most 255 characters")
	}
}

// Validate returns what is wrong with a row of statistics, as passerelle.FieldErrors.
func (y YearStats) Validate() error {
	var faults passerelle.FieldErrors
	if _, err := term.ParseYear(y.Year); err != nil {
		faults.Add("receiving-academic-year-id", "pattern", "an academic year as 2025/2026")
	}
	if y.Pending < 0 {
		faults.Add("omobility-pending", "range", "0 or more")
	}
	if y.Approved < 0 {
		faults.Add("omobility-approved", "range", "0 or more")
	}
	return faults.Err()
}
