package particulier

// scholarshipCnous is what the Cnous answers to API Particulier, as far as that hands it
// on; boursier and email are spelled as in v2.
type scholarshipCnous struct {
	LastName   Field[string]   `json:"lastName"`
	FirstName  Field[string]   `json:"firstName"`
	FirstName2 Field[string]   `json:"firstName2"`
	BirthDate  Field[DateText] `json:"birthDate"` // with time and offset: the day is taken as it is
	BirthPlace Field[struct {
		Libelle Field[string] `json:"libelle"`
	}] `json:"birthPlace"`
	BirthPlaceLibelle Field[string] `json:"birthPlaceLibelle"`
	Civility          Field[string] `json:"civility"`

	GrantStatus      Field[int]      `json:"grantStatus"` // 0 final, more than 0 conditional
	GrantEchelon     Field[text]     `json:"grantEchelon"`
	StudyTown        Field[string]   `json:"studyTown"`
	SchoolName       Field[string]   `json:"schoolName"`
	BackToSchoolDate Field[DateText] `json:"backToSchoolDate"`
	PaymentDuration  Field[int]      `json:"paymentDuration"`
	Removed          Field[string]   `json:"removed"` // "O" or "N"
	RemovalDate      Field[DateText] `json:"removalDate"`
}

// scholarshipV2OrCnous are the two bare objects.
type scholarshipV2OrCnous struct {
	scholarshipV2
	scholarshipCnous
}

// scholarship maps the answer as API Particulier does (its public source).
func (w scholarshipCnous) scholarship(holder Field[bool], email Field[string]) Scholarship {
	s := Scholarship{
		Holder: holder, StruckOffOn: w.RemovalDate, Level: as(w.GrantEchelon, func(t text) Level { return Level(t) }), Status: w.GrantStatus,
		TermStart: w.BackToSchoolDate, Months: w.PaymentDuration, Town: w.StudyTown, School: w.SchoolName, Email: email,
	}
	switch word, told := w.Removed.Get(); {
	case told && (word == "O" || word == "N"):
		s.StruckOff = Some(word == "O")
	case w.Removed.State != Absent: // a word that is not known says nothing
		s.StruckOff.State = Null
	}
	id := ScholarshipIdentity{
		Name: w.LastName, BirthDate: w.BirthDate, BirthTown: first(w.BirthPlace.Value.Libelle, w.BirthPlaceLibelle), Sex: w.Civility,
	}
	id.GivenNames.State = first(w.FirstName, w.FirstName2).State
	for _, n := range []Field[string]{w.FirstName, w.FirstName2} {
		if n.Value != "" {
			id.GivenNames.Value = append(id.GivenNames.Value, n.Value)
		}
	}
	s.Identity = Some(id)
	return s
}
