package particulier

import (
	"log/slog"
	"strings"
)

// Scholarship is what the Cnous tells of a grant through API Particulier. It is
// personal data.
type Scholarship struct {
	Holder      Field[bool]     // whether the Cnous counts the person as a holder; may be true for one struck off
	StruckOff   Field[bool]     // v4
	StruckOffOn Field[DateText] // v4

	Level       Field[Level]
	Provisional Field[bool]   // v3, v4: whether the level of a regional grant is provisional
	Status      Field[int]    // v2: 0 final, more than 0 conditional
	StatusLabel Field[string] // v2: "définitif", "provisoire (conditionnel)"

	TermStart Field[DateText] // date de rentrée, from which it is paid
	Months    Field[int]      // for how many months
	Town      Field[string]   // of study
	School    Field[string]   // name, no UAI
	Email     Field[string]   // as recorded, not always an address

	Identity Field[ScholarshipIdentity]
}

// ScholarshipIdentity is the civil identity that belongs to a grant.
type ScholarshipIdentity struct {
	Name       Field[string]
	GivenNames Field[[]string] // two at the most; those that are null upstream are left out
	BirthDate  Field[DateText]
	BirthTown  Field[string] // name
	Sex        Field[string] // "M", "F"
}

// Level is an échelon: "0bis", "1" to "7". Others are kept as read.
type Level string

// Canonical returns the level in small letters without blanks: the service has been
// seen to write "0BIS" too.
func (l Level) Canonical() Level { return Level(strings.ToLower(strings.TrimSpace(string(l)))) }

// Right reports whether the person holds a grant and was not struck off. known is
// false when the token may not see it. Versions 2 and 3 do not tell who was struck
// off: there, Holder alone decides.
func (s Scholarship) Right() (right, known bool) {
	holder, known := s.Holder.Get()
	struck, told := s.StruckOff.Get()
	if s.StruckOff.State == Null && holder {
		return false, false
	}
	return holder && !(told && struck), known
}

// LogValue tells which parts are present, and nothing of the person.
func (s Scholarship) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("holder", s.Holder), slog.Any("level", s.Level), slog.Any("identity", s.Identity))
}

// scholarshipV34 is the data of /v3 and /v4/cnous/etudiant_boursier.
type scholarshipV34 struct {
	EstBoursier Field[bool] `json:"est_boursier"` // v3
	Statut      Field[struct {
		EstBoursier   Field[bool]     `json:"est_boursier"`
		EstRadie      Field[bool]     `json:"est_radie"`
		DateRadiation Field[DateText] `json:"date_radiation"`
	}] `json:"statut_boursier"` // v4
	Echelon Field[struct {
		Echelon    Field[text] `json:"echelon"`
		Provisoire Field[bool] `json:"echelon_bourse_regionale_provisoire"`
	}] `json:"echelon_bourse"`
	Periode Field[struct {
		DateRentree Field[DateText] `json:"date_rentree"`
		Duree       Field[int]      `json:"duree"`
	}] `json:"periode_versement_bourse"`
	Etablissement Field[struct {
		NomCommune       Field[string] `json:"nom_commune"`
		NomEtablissement Field[string] `json:"nom_etablissement"`
	}] `json:"etablissement_etudes"`
	Email    Field[string] `json:"email"`
	Identite Field[struct {
		Nom           Field[string]    `json:"nom"`
		Prenoms       Field[[]*string] `json:"prenoms"`
		DateNaissance Field[DateText]  `json:"date_naissance"`
		NomCommune    Field[string]    `json:"nom_commune_naissance"`
		Sexe          Field[string]    `json:"sexe"`
	}] `json:"identite"`
}

// scholarshipV2 is the bare object of /api/v2/etudiants-boursiers.
type scholarshipV2 struct {
	Nom           Field[string]   `json:"nom"`
	Prenom        Field[string]   `json:"prenom"`
	Prenom2       Field[string]   `json:"prenom2"`
	DateNaissance Field[DateText] `json:"dateNaissance"`
	LieuNaissance Field[string]   `json:"lieuNaissance"`
	Sexe          Field[string]   `json:"sexe"`

	Boursier       Field[bool]     `json:"boursier"`
	EchelonBourse  Field[text]     `json:"echelonBourse"`
	Email          Field[string]   `json:"email"`
	DateDeRentree  Field[DateText] `json:"dateDeRentree"`
	DureeVersement Field[int]      `json:"dureeVersement"`
	Statut         Field[int]      `json:"statut"`
	StatutLibelle  Field[string]   `json:"statutLibelle"`
	VilleEtudes    Field[string]   `json:"villeEtudes"`
	Etablissement  Field[string]   `json:"etablissement"`
}

// DecodeScholarship reads the body of a success of v4, v3 or v2, or the answer of the
// Cnous itself to API Particulier. Its error is a *DecodeError; nothing is read from the
// body of an error.
func DecodeScholarship(body []byte) (Scholarship, error) {
	const what = "scholarship"
	var v34 scholarshipV34
	var v2 scholarshipV2OrCnous
	enveloped, err := decode(what, body, &v34, &v2, "boursier", "echelonBourse", "email", "dateDeRentree", "dureeVersement",
		"statut", "villeEtudes", "etablissement", "nom", "prenom", "lastName", "grantEchelon")
	switch {
	case err != nil:
		return Scholarship{}, err
	case enveloped:
		return v34.scholarship(), nil
	}
	if v2.LastName.State != Absent || v2.GrantEchelon.State != Absent {
		return v2.scholarshipCnous.scholarship(v2.Boursier, v2.Email), nil
	}
	return v2.scholarshipV2.scholarship(), nil
}

func (w scholarshipV34) scholarship() Scholarship {
	s := Scholarship{Holder: w.EstBoursier, Email: w.Email}
	if w.Statut.State != Absent {
		v, null := w.Statut.Value, w.Statut.State == Null
		s.Holder, s.StruckOff, s.StruckOffOn = inner(v.EstBoursier, null), inner(v.EstRadie, null), inner(v.DateRadiation, null)
	}
	null := w.Echelon.State == Null
	s.Level = as(inner(w.Echelon.Value.Echelon, null), func(t text) Level { return Level(t) })
	s.Provisional = inner(w.Echelon.Value.Provisoire, null)
	null = w.Periode.State == Null
	s.TermStart, s.Months = inner(w.Periode.Value.DateRentree, null), inner(w.Periode.Value.Duree, null)
	null = w.Etablissement.State == Null
	s.Town, s.School = inner(w.Etablissement.Value.NomCommune, null), inner(w.Etablissement.Value.NomEtablissement, null)
	s.Identity.State = w.Identite.State
	if id, ok := w.Identite.Get(); ok {
		s.Identity.Value = ScholarshipIdentity{
			Name: id.Nom, GivenNames: as(id.Prenoms, present), BirthDate: id.DateNaissance, BirthTown: id.NomCommune, Sex: id.Sexe,
		}
	}
	return s
}

// inner is a member of an object that may be null as a whole.
func inner[T any](f Field[T], null bool) Field[T] {
	if null {
		return Field[T]{State: Null}
	}
	return f
}

// present drops the null names.
func present(names []*string) []string {
	kept := make([]string, 0, len(names))
	for _, n := range names {
		if n != nil {
			kept = append(kept, *n)
		}
	}
	return kept
}

func (w scholarshipV2) scholarship() Scholarship {
	s := Scholarship{
		Holder: w.Boursier, Level: as(w.EchelonBourse, func(t text) Level { return Level(t) }),
		Status: w.Statut, StatusLabel: w.StatutLibelle, TermStart: w.DateDeRentree, Months: w.DureeVersement,
		Town: w.VilleEtudes, School: w.Etablissement, Email: w.Email,
	}
	if w.Nom.State != Absent || w.Prenom.State != Absent || w.DateNaissance.State != Absent || w.Sexe.State != Absent || w.LieuNaissance.State != Absent {
		id := ScholarshipIdentity{Name: w.Nom, BirthDate: w.DateNaissance, BirthTown: w.LieuNaissance, Sex: w.Sexe}
		id.GivenNames.State = first(w.Prenom, w.Prenom2).State
		for _, n := range []Field[string]{w.Prenom, w.Prenom2} {
			if n.Value != "" { // v2 writes a second name that is not there as ""
				id.GivenNames.Value = append(id.GivenNames.Value, n.Value)
			}
		}
		s.Identity = Some(id)
	}
	return s
}
