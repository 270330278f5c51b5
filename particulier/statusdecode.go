package particulier

// statusV3 is the data of /v3/mesri/statut_etudiant.
type statusV3 struct {
	Identite Field[struct {
		NomNaissance  Field[string]   `json:"nom_naissance"`
		Prenom        Field[string]   `json:"prenom"`
		DateNaissance Field[DateText] `json:"date_naissance"`
	}] `json:"identite"`
	Admissions Field[[]admissionV3] `json:"admissions"`
}

type admissionV3 struct {
	DateDebut  Field[DateText] `json:"date_debut"`
	DateFin    Field[DateText] `json:"date_fin"`
	EstInscrit Field[bool]     `json:"est_inscrit"`
	Regime     Field[struct {
		Libelle Field[string]     `json:"libelle"`
		Code    Field[RegimeCode] `json:"code"`
	}] `json:"regime_formation"`
	Commune       Field[text] `json:"code_cog_insee_commune"`
	Etablissement Field[struct {
		UAI Field[string] `json:"uai"`
		Nom Field[string] `json:"nom"`
	}] `json:"etablissement_etudes"`
}

// statusV2 is the bare object of /api/v2/etudiants and of SUPDATA itself. The
// documentation says nom; staging and SUPDATA say nomFamille.
type statusV2 struct {
	INE           Field[string]        `json:"ine"`
	Nom           Field[string]        `json:"nom"`
	NomFamille    Field[string]        `json:"nomFamille"`
	Prenom        Field[string]        `json:"prenom"`
	DateNaissance Field[DateText]      `json:"dateNaissance"`
	Inscriptions  Field[[]admissionV2] `json:"inscriptions"`
}

// admissionV2 is one entry of inscriptions: production renames the dates of those
// who are only admitted.
type admissionV2 struct {
	DebutInscription Field[DateText]        `json:"dateDebutInscription"`
	FinInscription   Field[DateText]        `json:"dateFinInscription"`
	DebutAdmission   Field[DateText]        `json:"dateDebutAdmission"`
	FinAdmission     Field[DateText]        `json:"dateFinAdmission"`
	Statut           Field[AdmissionStatus] `json:"statut"`
	Regime           Field[string]          `json:"regime"`
	CodeCommune      Field[text]            `json:"codeCommune"`
	Etablissement    Field[struct {
		UAI              Field[string] `json:"uai"`
		Nom              Field[string] `json:"nom"`
		NomEtablissement Field[string] `json:"nomEtablissement"`
	}] `json:"etablissement"`
}

// DecodeStudentStatus reads the body of a success of v3 or v2, in all the forms that
// production and staging give, or the answer of SUPDATA itself to API
// Particulier. Its error is a *DecodeError; nothing is read from the body of an error.
func DecodeStudentStatus(body []byte) (StudentStatus, error) {
	const what = "student status"
	var v3 statusV3
	var v2 statusV2
	enveloped, err := decode(what, body, &v3, &v2, "ine", "nom", "nomFamille", "prenom", "dateNaissance", "inscriptions")
	switch {
	case err != nil:
		return StudentStatus{}, err
	case enveloped:
		return v3.status(), nil
	}
	return v2.status(), nil
}

func (w statusV3) status() StudentStatus {
	var s StudentStatus
	s.Identity.State = w.Identite.State
	if id, ok := w.Identite.Get(); ok {
		s.Identity.Value = StudentIdentity{BirthName: id.NomNaissance, GivenName: id.Prenom, BirthDate: id.DateNaissance}
	}
	s.Admissions = as(w.Admissions, func(list []admissionV3) []Admission {
		out := make([]Admission, len(list))
		for i, a := range list {
			out[i] = a.admission()
		}
		return out
	})
	return s
}

func (w admissionV3) admission() Admission {
	a := Admission{
		Begin: w.DateDebut, End: w.DateFin, Commune: as(w.Commune, text.string),
		Status: as(w.EstInscrit, func(yes bool) AdmissionStatus {
			if yes {
				return Enrolled
			}
			return Admitted
		}),
	}
	a.Regime.State = w.Regime.State
	if r, ok := w.Regime.Get(); ok {
		a.Regime.Value = Regime{Code: r.Code, Label: r.Libelle}
	}
	a.Establishment.State = w.Etablissement.State
	if e, ok := w.Etablissement.Get(); ok {
		a.Establishment.Value = Establishment{UAI: e.UAI, Name: e.Nom}
	}
	return a
}

func (w statusV2) status() StudentStatus {
	s := StudentStatus{INE: w.INE}
	id := StudentIdentity{BirthName: first(w.Nom, w.NomFamille), GivenName: w.Prenom, BirthDate: w.DateNaissance}
	if id != (StudentIdentity{}) {
		s.Identity = Some(id)
	}
	s.Admissions = as(w.Inscriptions, func(list []admissionV2) []Admission {
		out := make([]Admission, len(list))
		for i, a := range list {
			out[i] = a.admission()
		}
		return out
	})
	return s
}

func (w admissionV2) admission() Admission {
	a := Admission{
		Begin: first(w.DebutInscription, w.DebutAdmission), End: first(w.FinInscription, w.FinAdmission),
		Status: w.Statut, Regime: as(w.Regime, RegimeOf), Commune: as(w.CodeCommune, text.string),
	}
	a.Establishment.State = w.Etablissement.State
	if e, ok := w.Etablissement.Get(); ok {
		a.Establishment.Value = Establishment{UAI: e.UAI, Name: first(e.Nom, e.NomEtablissement)}
	}
	return a
}
