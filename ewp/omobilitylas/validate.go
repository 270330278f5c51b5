package omobilitylas

import (
	"regexp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

var cefrPattern = regexp.MustCompile(`^([ABC][12]|NS)$`)

// Validate returns everything that the schema refuses, what its annotations demand and
// it cannot express, and what contradicts itself, as passerelle.FieldErrors whose paths
// are those of the elements: "first-version.components-studied.component[0].term-id".
// What is only recommended is no fault.
func (a Agreement) Validate() error { return a.Faults("").Err() }

// Faults is Validate for an agreement inside a document: paths begin with path.
func (a Agreement) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	f.Identifier("omobility-id", a.OMobilityID)
	a.Sending.faults(f, "sending-hei", true)
	a.Receiving.faults(f, "receiving-hei", false)
	if a.Sending.HEI == a.Receiving.HEI && !a.Sending.HEI.IsZero() {
		f.Add("receiving-hei.hei-id", "different", "another institution than the sending one")
	}
	if _, err := term.ParseYear(lexical.Token(a.YearID)); err != nil {
		f.Add("receiving-academic-year-id", "pattern", "an academic year as 2026/2027, or 2026/2026")
	}
	a.Student.faults(f, "student", true)
	a.period(f)
	f.Word("eqf-level-studied-at-departure", lexical.Token(a.EQF), "1", "2", "3", "4", "5", "6", "7", "8")
	f.Required("isced-f-code", a.ISCED, "a code of ISCED-F 2013")
	if !lexical.IsLanguage(lexical.Token(a.Language.Language)) {
		f.Add("student-language-skill.language", "language", "a language tag of BCP 47, as fr")
	}
	if !cefrPattern.MatchString(a.Language.Level) {
		f.Add("student-language-skill.cefr-level", "pattern", "A1 to C2, or NS")
	}
	a.versions(f)
	for _, link := range []struct{ path, value string }{{"learning-outcomes-url", a.LearningOutcomesURL}, {"provisions-url", a.ProvisionsURL}} {
		if link.value != "" && !lexical.IsHTTP(link.value) {
			f.Add(link.path, "url", "an http or https address")
		}
	}
	return f.List()
}

func (i Institution) faults(f *lexical.Faults, path string, unit bool) {
	f.HEI(path+".hei-id", i.HEI)
	if unit {
		f.Required(path+".ounit-name", i.UnitName, "the unit that is responsible for the student")
	}
	if i.UnitID != "" {
		f.Identifier(path+".ounit-id", i.UnitID)
	}
	path += ".contact-person"
	f.Required(path+".given-names", i.Contact.GivenNames, "given names")
	f.Required(path+".family-name", i.Contact.FamilyName, "a family name")
	f.Email(path+".email", i.Contact.Email)
	if i.Contact.Phone != nil {
		f.In(path+".phone-number", i.Contact.Phone.Validate())
	}
}

// faults looks at all fields of a student, or, in a proposal, at those that are there.
func (s Student) faults(f *lexical.Faults, path string, whole bool) {
	path += "."
	if whole {
		f.Required(path+"given-names", s.GivenNames, "given names")
		f.Required(path+"family-name", s.FamilyName, "a family name")
		f.Required(path+"global-id", s.GlobalID, "a European Student Identifier")
	}
	if whole || s.BirthDate != "" {
		f.Date(path+"birth-date", s.BirthDate)
	}
	if (whole || s.Citizenship != "") && !lexical.IsCountry(s.Citizenship) {
		f.Add(path+"citizenship", "pattern", "a country as FR")
	}
	if whole || s.Gender != "" {
		f.Word(path+"gender", lexical.Token(s.Gender), contact.GenderUnknown, contact.GenderMale, contact.GenderFemale, contact.GenderNotApplicable)
	}
	if whole || s.Email != "" {
		f.Email(path+"email", s.Email)
	}
}

// period looks at the dates: a day or a month for each end, in their order.
func (a Agreement) period(f *lexical.Faults) {
	begin, beginOK := bound(f, "start", a.StartDate, a.StartMonth)
	end, endOK := bound(f, "end", a.EndDate, a.EndMonth)
	if !beginOK || !endOK {
		return
	}
	if begin.Partial() || end.Partial() { // months are all that can be compared
		begin.Day, end.Day = 0, 0
	}
	if end.Before(begin) {
		f.Add("end-date", "order", "an end that is not before the start")
	}
}

func bound(f *lexical.Faults, name, day, month string) (passerelle.Date, bool) {
	path := name + "-date"
	switch {
	case day != "" && month != "":
		f.Add(name+"-year-month", "exclusive", "either "+name+"-date or "+name+"-year-month")
		return passerelle.Date{}, false
	case day == "" && month == "":
		f.Add(path, "required", "a day, or a month as "+name+"-year-month")
		return passerelle.Date{}, false
	case day != "":
		d := f.Date(path, day)
		return d, !d.IsZero()
	}
	d, err := yearMonth(month)
	if err != nil {
		f.Add(name+"-year-month", "month", "a month as 2026-09")
	}
	return d, err == nil
}

// versions looks at the three versions, and at what each may be beside the others.
func (a Agreement) versions(f *lexical.Faults) {
	if a.First == nil && a.Proposal == nil {
		f.Add("first-version", "required", "a first version, or a proposal of one as changes-proposal")
		return
	}
	kind := a.Type()
	if kind == "" {
		path := "first-version"
		if a.First == nil {
			path = "changes-proposal"
		}
		f.Add(path, "tables", "the tables A and B (and C), or the blended table alone, or the doctoral one alone")
	}
	if a.First != nil {
		a.First.faults(f, "first-version", kind, false, true)
	}
	if a.Changes != nil {
		if a.First == nil {
			f.Add("approved-changes", "order", "a first version before its changes")
		}
		later(f, "approved-changes", kind)
		a.Changes.faults(f, "approved-changes", kind, true, true)
	}
	if a.Proposal == nil {
		return
	}
	f.Required("changes-proposal@id", a.Proposal.ID, "an identifier of this content")
	if a.First != nil {
		later(f, "changes-proposal", kind)
	}
	a.Proposal.Version.faults(f, "changes-proposal", kind, a.First != nil, false)
	if s := a.Proposal.Student; s != nil {
		s.faults(f, "changes-proposal.student", false)
	}
}

// later refuses changes after the first version of a mobility that has none.
func later(f *lexical.Faults, path string, kind Type) {
	if kind == Blended || kind == Doctoral {
		f.Add(path, "type", "no change after the first version, in a mobility that is blended or doctoral")
	}
}

// faults looks at one version: a list of changes, or a first version.
func (v Version) faults(f *lexical.Faults, path string, kind Type, change, agreed bool) {
	v.Tables.faults(f, path, kind, change)
	checkTime(f, path+".student-signature.timestamp", v.StudentSignature)
	for _, part := range []struct{ name, value string }{
		{"signer-name", v.StudentSignature.Name}, {"signer-position", v.StudentSignature.Position}, {"signer-email", v.StudentSignature.Email},
	} {
		if part.value != "" {
			f.Add(path+".student-signature."+part.name, "forbidden", "no "+part.name+" in the signature of the student")
		}
	}
	checkSignature(f, path+".sending-hei-signature", v.SendingSignature)
	switch {
	case v.ReceivingSignature != nil:
		checkSignature(f, path+".receiving-hei-signature", *v.ReceivingSignature)
	case agreed:
		f.Add(path+".receiving-hei-signature", "required", "the signature of the receiving institution, which changes-proposal alone may lack")
	}
}

// checkSignature wants all that an institution's signature must have.
func checkSignature(f *lexical.Faults, path string, s Signature) {
	checkSigner(f, path, s)
	checkTime(f, path+".timestamp", s)
}

func checkSigner(f *lexical.Faults, path string, s Signature) {
	f.Required(path+".signer-name", s.Name, "the name of who signs for an institution")
	f.Required(path+".signer-position", s.Position, "the position of who signs for an institution")
	f.Required(path+".signer-email", s.Email, "the e-mail address of who signs for an institution")
}

func checkTime(f *lexical.Faults, path string, s Signature) {
	if _, err := s.When(); err != nil {
		f.Add(path, "dateTime", "a moment as 2026-05-04T14:03:23+02:00")
	}
}
