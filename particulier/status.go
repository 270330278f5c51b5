package particulier

import "log/slog"

// StudentStatus is what SUPDATA tells of a student through API Particulier. It is
// personal data.
type StudentStatus struct {
	INE        Field[string]          // v2 only, scope mesri_identifiant
	Identity   Field[StudentIdentity] // scope mesri_identite; not in FranceConnect mode
	Admissions Field[[]Admission]     // the registrations of the current year, one per establishment
}

// StudentIdentity is the civil identity that belongs to a status, as INES
// corrected it.
type StudentIdentity struct {
	BirthName Field[string]
	GivenName Field[string]
	BirthDate Field[DateText]
}

// Admission is one registration of a student. In v2 an entry hidden by the scopes
// stays in the list with nothing in it.
type Admission struct {
	Begin         Field[DateText]
	End           Field[DateText]
	Status        Field[AdmissionStatus]
	Regime        Field[Regime]
	Commune       Field[string] // COG code of the town of study
	Establishment Field[Establishment]
}

// AdmissionStatus tells how far a registration is. Words that are not listed are
// kept as read.
type AdmissionStatus string

// The statuses of SUPDATA.
const (
	Admitted AdmissionStatus = "admis"   // pre-registered, fees not settled
	Enrolled AdmissionStatus = "inscrit" // registered, fees settled
)

// Establishment is where a student studies. The code is as the service gives it:
// test data have wrong check letters.
type Establishment struct {
	UAI  Field[string]
	Name Field[string]
}

// Regime is a régime de formation: the label of SUPDATA and the code that API
// Particulier gives it, null for a label that it does not know.
type Regime struct {
	Code  Field[RegimeCode]
	Label Field[string]
}

// RegimeCode is the code of a régime in API Particulier v3. Codes that are not
// listed are kept as read.
type RegimeCode string

// The régimes. RF1 and RF5 are the two values of before May 2024 (deduced).
const (
	RegimeInitial             RegimeCode = "RF1" // formation initiale
	RegimeInitialNoApprentice RegimeCode = "RF2" // formation initiale hors apprentissage
	RegimeResumption          RegimeCode = "RF3" // reprise d'études non financée sans convention
	RegimeApprentice          RegimeCode = "RF4" // contrat d'apprentissage
	RegimeContinuing          RegimeCode = "RF5" // formation continue
	RegimeContinuingNoPro     RegimeCode = "RF6" // formation continue hors contrat professionnel
	RegimePro                 RegimeCode = "RF7" // contrat de professionnalisation
)

// regimeLabels are the labels of SUPDATA, byte for byte.
var regimeLabels = map[RegimeCode]string{
	RegimeInitial:             "formation initiale",
	RegimeInitialNoApprentice: "formation initiale hors apprentissage",
	RegimeResumption:          "reprise d'études non financée sans convention",
	RegimeApprentice:          "contrat d'apprentissage",
	RegimeContinuing:          "formation continue",
	RegimeContinuingNoPro:     "formation continue hors contrat professionnel",
	RegimePro:                 "contrat de professionnalisation",
}

// Regimes lists the known codes in order.
func Regimes() []RegimeCode {
	return []RegimeCode{
		RegimeInitial, RegimeInitialNoApprentice, RegimeResumption, RegimeApprentice, RegimeContinuing, RegimeContinuingNoPro, RegimePro,
	}
}

// Label returns the label of SUPDATA, or "" for a code that is not known.
func (c RegimeCode) Label() string { return regimeLabels[c] }

// RegimeOf returns the régime of a label, with a null code for an unknown one.
func RegimeOf(label string) Regime {
	r := Regime{Label: Some(label), Code: Field[RegimeCode]{State: Null}}
	for code, known := range regimeLabels {
		if known == label {
			r.Code = Some(code)
		}
	}
	return r
}

// Enrolled reports whether one of the admissions has the status "inscrit". known
// is false when that cannot be told from what the token may see: the list or a
// status is missing, or a status is a word that this package does not know.
func (s StudentStatus) Enrolled() (enrolled, known bool) {
	list, known := s.Admissions.Get()
	for _, a := range list {
		switch status, ok := a.Status.Get(); {
		case ok && status == Enrolled:
			return true, true
		case !ok || status != Admitted:
			known = false
		}
	}
	return false, known
}

// LogValue tells which parts are present, and nothing of the person.
func (s StudentStatus) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Any("identity", s.Identity), slog.Any("admissions", s.Admissions), slog.Int("count", len(s.Admissions.Value)))
}
