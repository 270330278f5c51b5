package particuliertest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle/particulier"
)

// object is a JSON object being made.
type object map[string]any

// set adds a member, unless it is absent.
func set[T any](o object, name string, f particulier.Field[T]) {
	switch f.State {
	case particulier.Null:
		o[name] = nil
	case particulier.Present:
		o[name] = f.Value
	}
}

// setObject adds an inner object, unless it is absent.
func setObject[T any](o object, name string, f particulier.Field[T], fill func(object, T)) {
	if f.State != particulier.Present {
		set(o, name, f)
		return
	}
	in := object{}
	fill(in, f.Value)
	o[name] = in
}

func envelope(data object) []byte {
	return must(object{"data": data, "links": object{}, "meta": object{}})
}

// encodeStatus writes a status as the version does.
func encodeStatus(q *question, s particulier.StudentStatus) []byte {
	o := object{}
	if q.op.version == 2 {
		set(o, "ine", s.INE)
		id := s.Identity.Value
		set(o, "nom", id.BirthName)
		set(o, "prenom", id.GivenName)
		set(o, "dateNaissance", id.BirthDate)
		list := []object{}
		for _, a := range s.Admissions.Value {
			list = append(list, admissionV2(a))
		}
		o["inscriptions"] = list
		return must(o)
	}
	if q.pivot == nil {
		setObject(o, "identite", s.Identity, func(o object, id particulier.StudentIdentity) {
			set(o, "nom_naissance", id.BirthName)
			set(o, "prenom", id.GivenName)
			set(o, "date_naissance", id.BirthDate)
		})
	}
	list := []object{}
	for _, a := range s.Admissions.Value {
		list = append(list, admissionV3(a))
	}
	o["admissions"] = list
	return envelope(o)
}

// admissionV2 is an entry as production writes it: other names for the dates of those
// who are only admitted, and no town.
func admissionV2(a particulier.Admission) object {
	o := object{"codeCommune": nil}
	begin, end := "dateDebutInscription", "dateFinInscription"
	if a.Status.Value == particulier.Admitted {
		begin, end = "dateDebutAdmission", "dateFinAdmission"
	}
	set(o, begin, a.Begin)
	set(o, end, a.End)
	set(o, "statut", a.Status)
	label := a.Regime.Value.Label
	if code, ok := a.Regime.Value.Code.Get(); ok && a.Status.Value == particulier.Enrolled {
		folded := particulier.RegimeInitial
		if code >= particulier.RegimeContinuing {
			folded = particulier.RegimeContinuing
		}
		label = particulier.Some(folded.Label())
	}
	set(o, "regime", label)
	setObject(o, "etablissement", a.Establishment, func(o object, e particulier.Establishment) {
		set(o, "uai", e.UAI)
		set(o, "nom", e.Name)
	})
	return o
}

func admissionV3(a particulier.Admission) object {
	o := object{}
	set(o, "date_debut", a.Begin)
	set(o, "date_fin", a.End)
	if status, ok := a.Status.Get(); ok {
		o["est_inscrit"] = status == particulier.Enrolled
	}
	setObject(o, "regime_formation", a.Regime, func(o object, r particulier.Regime) {
		set(o, "libelle", r.Label)
		set(o, "code", r.Code)
	})
	set(o, "code_cog_insee_commune", a.Commune)
	setObject(o, "etablissement_etudes", a.Establishment, func(o object, e particulier.Establishment) {
		set(o, "uai", e.UAI)
		set(o, "nom", e.Name)
	})
	return o
}

// encodeScholarship writes a grant as the version does.
func encodeScholarship(q *question, s particulier.Scholarship) []byte {
	o := object{}
	id := s.Identity.Value
	if q.op.version == 2 {
		set(o, "nom", id.Name)
		for i, name := range []string{"prenom", "prenom2"} {
			if s.Identity.State == particulier.Present {
				o[name] = ""
				if i < len(id.GivenNames.Value) {
					o[name] = id.GivenNames.Value[i]
				}
			}
		}
		set(o, "dateNaissance", id.BirthDate)
		set(o, "lieuNaissance", id.BirthTown)
		set(o, "sexe", id.Sex)
		set(o, "boursier", s.Holder)
		set(o, "echelonBourse", s.Level)
		set(o, "email", s.Email)
		set(o, "dateDeRentree", s.TermStart)
		set(o, "dureeVersement", s.Months)
		set(o, "statut", s.Status)
		set(o, "statutLibelle", s.StatusLabel)
		set(o, "villeEtudes", s.Town)
		set(o, "etablissement", s.School)
		return must(o)
	}
	if q.op.version == 3 {
		set(o, "est_boursier", s.Holder)
	} else {
		in := object{}
		set(in, "est_boursier", s.Holder)
		set(in, "est_radie", s.StruckOff)
		set(in, "date_radiation", s.StruckOffOn)
		o["statut_boursier"] = in
	}
	level, period, place := object{}, object{}, object{}
	set(level, "echelon", s.Level)
	set(level, "echelon_bourse_regionale_provisoire", s.Provisional)
	set(period, "date_rentree", s.TermStart)
	set(period, "duree", s.Months)
	set(place, "nom_commune", s.Town)
	set(place, "nom_etablissement", s.School)
	o["echelon_bourse"], o["periode_versement_bourse"], o["etablissement_etudes"] = level, period, place
	set(o, "email", s.Email)
	if q.pivot == nil {
		setObject(o, "identite", s.Identity, func(o object, id particulier.ScholarshipIdentity) {
			set(o, "nom", id.Name)
			names := []any{nil, nil}
			for i, n := range id.GivenNames.Value[:min(2, len(id.GivenNames.Value))] {
				names[i] = n
			}
			o["prenoms"] = names
			set(o, "date_naissance", id.BirthDate)
			set(o, "nom_commune_naissance", id.BirthTown)
			set(o, "sexe", id.Sex)
		})
	}
	return envelope(o)
}

// scopes maps each scope to the members that it shows, per operation. A path goes
// through lists.
var scopes = map[string]map[string][]string{
	"mesri3": {
		"mesri_identite": {"identite"}, "mesri_admissions": {"admissions", "admissions.date_debut", "admissions.date_fin"},
		"mesri_admission_inscrit": {"admissions.est_inscrit"}, "mesri_admission_regime_formation": {"admissions.regime_formation"},
		"mesri_admission_commune_etudes": {"admissions.code_cog_insee_commune"}, "mesri_admission_etablissement_etudes": {"admissions.etablissement_etudes"},
	},
	"mesri2": {
		"mesri_identifiant": {"ine"}, "mesri_identite": {"nom", "nomFamille", "prenom", "dateNaissance"},
		"mesri_inscription_etudiant": {"inscriptions"}, "mesri_inscription_autre": {"inscriptions"}, "mesri_admission": {"inscriptions"},
		"mesri_etablissements": {"inscriptions.etablissement"},
	},
	"cnous": {
		"cnous_statut_boursier": {"est_boursier", "statut_boursier", "boursier"}, "cnous_echelon_bourse": {"echelon_bourse", "echelonBourse"},
		"cnous_email": {"email"}, "cnous_periode_versement": {"periode_versement_bourse", "dateDeRentree", "dureeVersement"},
		"cnous_ville_etudes": {"etablissement_etudes", "villeEtudes", "etablissement"},
		"cnous_identite":     {"identite", "nom", "prenom", "prenom2", "dateNaissance", "lieuNaissance", "sexe"}, "cnous_statut_bourse": {"statut", "statutLibelle"},
	},
}

// AllScopes lists the scopes that the fake knows, sorted.
func AllScopes() []string {
	var all []string
	for _, table := range scopes {
		all = slices.AppendSeq(all, maps.Keys(table))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// mask hides what the scopes do not show: a member is then absent.
func mask(q *question, body []byte) []byte {
	if q.scopes == nil {
		return body
	}
	var top map[string]any
	if json.Unmarshal(body, &top) != nil {
		return body
	}
	name := q.op.resource
	if name == "mesri" {
		name += map[bool]string{true: "2", false: "3"}[q.op.version == 2]
	}
	shown := make(map[string]bool)
	for _, scope := range q.scopes {
		for _, path := range scopes[name][scope] {
			shown[path] = true
		}
	}
	data := top
	if inner, ok := top["data"].(map[string]any); ok {
		data = inner
	}
	for member, v := range data {
		if !shown[member] {
			delete(data, member)
			continue
		}
		list, ok := v.([]any)
		if !ok {
			continue
		}
		for _, e := range list {
			hideEntry(e.(map[string]any), member, name, shown, q.scopes)
		}
	}
	return must(top)
}

// hideEntry hides the members of one entry of a list.
func hideEntry(entry map[string]any, list, table string, shown map[string]bool, has []string) {
	if table == "mesri2" { // there a whole entry is hidden by what it is
		regime, _ := entry["regime"].(string)
		need := "mesri_inscription_etudiant"
		switch {
		case entry["statut"] == "admis":
			need = "mesri_admission"
		case strings.HasPrefix(regime, "formation continue") || regime == "contrat de professionnalisation":
			need = "mesri_inscription_autre"
		}
		if !slices.Contains(has, need) {
			clear(entry)
		}
		if !shown["inscriptions.etablissement"] {
			delete(entry, "etablissement")
		}
		return
	}
	for member := range entry {
		if !shown[list+"."+member] {
			delete(entry, member)
		}
	}
}
