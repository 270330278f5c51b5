package pegasetest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// searchable are the states that the filter of the search knows.
var searchable = []ines.Status{ines.StatusToVerify, ines.StatusConfirmed, ines.StatusIncomplete, ines.StatusUnknown, ines.StatusLitige}

// search is the search of identities.
func (s *Service) search(r *http.Request) answer {
	q := r.URL.Query()
	if state := q.Get("etatIneMaitre"); state != "" && !slices.Contains(searchable, ines.Status(state)) {
		return refuse(http.StatusBadRequest, "pattern", "etatIneMaitre inconnu")
	}
	property, direction, _ := strings.Cut(q.Get("tri"), ",")
	if property != "" && !slices.Contains([]string{"codeApprenant", "nomNaissance", "prenom", "dateNaissance"}, property) {
		return refuse(http.StatusBadRequest, "pattern", "tri inconnu")
	}
	if !s.structure(r) {
		return notFound
	}
	exact := q.Get("exact") != "false"
	same := func(filter, value string) bool {
		if want := q.Get(filter); want != "" {
			if exact {
				return strings.EqualFold(want, value)
			}
			return strings.Contains(strings.ToLower(value), strings.ToLower(want))
		}
		return true
	}
	var found []*record
	for _, p := range s.records {
		if q.Get("etatIneMaitre") != "" && string(p.Status) != q.Get("etatIneMaitre") {
			continue
		}
		if same("codeApprenant", p.Code) && same("nom", p.Person.BirthName) && same("prenom", p.Person.GivenNames[0]) &&
			(same("ine", p.INE) || slices.ContainsFunc(p.OtherINEs, func(n string) bool { return same("ine", n) })) {
			found = append(found, p)
		}
	}
	switch property {
	case "nomNaissance", "prenom", "dateNaissance":
		slices.SortStableFunc(found, func(a, b *record) int {
			switch property {
			case "prenom":
				return strings.Compare(a.Person.GivenNames[0], b.Person.GivenNames[0])
			case "dateNaissance":
				return a.Person.BirthDate.Compare(b.Person.BirthDate)
			}
			return strings.Compare(a.Person.BirthName, b.Person.BirthName)
		})
	}
	if direction == "desc" {
		slices.Reverse(found)
	}
	from, to, page, ok := s.paged(r, len(found), 10, 500)
	if !ok {
		return refuse(http.StatusBadRequest, "size", "La pagination est invalide")
	}
	items := make([]object, 0, to-from)
	for _, p := range found[from:to] {
		items = append(items, summary(p))
	}
	page["items"] = items
	return answer{status: http.StatusOK, body: page}
}

// summary is a line of the search: neither birthplace nor state.
func summary(p *record) object {
	others := p.OtherINEs
	if others == nil {
		others = []string{}
	}
	o := object{
		"id": p.id, "identifiantApprenantPegase": p.pegaseID, "nomNaissance": p.Person.BirthName, "prenom": p.Person.GivenNames[0],
		"sexe": p.Person.Sex.String(), "dateNaissance": p.Person.BirthDate.String(), "inesSupplementaires": others,
		"nationalite": coded("PAYSETNATIONALITES", p.Nationality), "temoinDoublonPotentiel": false,
	}
	o.set("codeApprenant", p.Code)
	o.set("ineMaitre", p.INE)
	return o
}

// set adds a property that has a value.
func (o object) set(name, value string) {
	if value != "" {
		o[name] = value
	}
}

func coded(nomenclature, code string) object {
	return object{"type": nomenclature, "code": code, "dateConsommation": "2026-07-01"}
}

// identity reads one, by UUID or by login.
func (s *Service) identity(r *http.Request) answer {
	p := s.byID[r.PathValue("id")]
	if login := r.PathValue("pegase"); login != "" {
		p = s.byPegase[login]
	}
	if p == nil || !s.structure(r) {
		return s.unknown()
	}
	return answer{status: http.StatusOK, body: s.detail(p), header: map[string]string{"ETag": `"` + p.id[:8] + `"`}}
}

// unknown is the answer about a student who is not there.
func (s *Service) unknown() answer {
	if s.cfg.Quirks.UnknownIs500 {
		return answer{status: http.StatusInternalServerError, body: object{"message": "apprenant non trouve"}}
	}
	return refuse(http.StatusNotFound, "notFound", "Apprenant introuvable")
}

// detail is a whole identity.
func (s *Service) detail(p *record) object {
	civil := object{"sexe": p.Person.Sex.String(), "dateNaissance": p.Person.BirthDate.String(), "nationalite": coded("PAYSETNATIONALITES", p.Nationality)}
	civil.set("nomUsage", p.Person.UsageName)
	civil.set("prenom2", p.Person.GivenNames[1])
	civil.set("prenom3", p.Person.GivenNames[2])
	place := p.Person.Birthplace
	if place.Commune != "" {
		civil["communeNaissance"] = coded("COMMUNENAISSANCE", place.Commune)
	} else {
		civil.set("libelleCommuneNaissanceEtranger", place.Name)
	}
	if country := place.CountryCode3(); country != "" {
		civil["paysNaissance"] = coded("PAYSETNATIONALITES", country)
	}
	contact := object{}
	contact.set("adresseElectroniqueInstitutionnelle", p.Email)
	contact.set("adresseElectroniqueSecours", p.RescueEmail)
	profile := object{"etatCivil": civil, "donneesContact": contact, "temoinDoublonPotentiel": false}
	profile.set("codeApprenant", p.Code)
	profile.set("ineMaitre", p.INE)
	if len(p.OtherINEs) > 0 {
		profile["listeINEsAlternatifs"] = p.OtherINEs
	}
	status := string(p.Status)
	if s.cfg.Quirks.NewWords && p.Status == ines.StatusLitige {
		status = "LITIGE_EN_ETUDE"
	}
	return object{
		"id": p.id, "identifiantApprenantPegase": p.pegaseID, "nomNaissance": p.Person.BirthName, "prenom": p.Person.GivenNames[0],
		"email": p.pegaseID + "@etu.example", "statutIne": status, "temoinVerrouille": false, "profilApprenant": profile,
	}
}

// sameCivil reports whether a correction repeats the civil status of a student.
func sameCivil(p passerelle.Person, birthName, given, birth string) bool {
	return passerelle.SameName(p.BirthName, birthName) && passerelle.SameName(p.GivenNames[0], given) && p.BirthDate.String() == birth
}
