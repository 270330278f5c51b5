package pegasetest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
)

// row is an enrolment of the flow.
type row struct {
	*record
	*Enrolment
}

// at is the time that the flow goes by.
func (r row) at() int64 { return max(r.Enrolment.Modified.Unix(), r.record.Modified.Unix()) }

// flow is the flow of enrolments, page by page.
func (s *Service) flow(r *http.Request) answer {
	q := r.URL.Query()
	since, _ := strconv.ParseInt(q.Get("depuis"), 10, 64)
	until, _ := strconv.ParseInt(q.Get("jusqua"), 10, 64)
	var rows []row
	for _, p := range s.records {
		if p.Code == "" || q.Get("codeApprenant") != "" && q.Get("codeApprenant") != p.Code {
			continue
		}
		for i := range p.Enrolments {
			one := row{p, &p.Enrolments[i]}
			if at := one.at(); at < since || until > 0 && at >= until {
				continue
			}
			if period := q.Get("codePeriode"); period != "" && period != periodCode(one.Year) {
				continue
			}
			rows = append(rows, one)
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.at(), b.at()) })
	from, to, page, ok := s.paged(r, len(rows), 50, 500)
	if !ok {
		return refuse(http.StatusBadRequest, "size", "Une pagination est obligatoire, taille limitée à 500 sans photo")
	}
	items := make([]object, 0, to-from)
	for _, one := range rows[from:to] {
		items = append(items, s.view(one))
	}
	page["resultats"] = items
	return answer{status: http.StatusOK, body: page}
}

func periodCode(year int) string {
	return "PERIODE-" + strconv.Itoa(year%100) + "-" + strconv.Itoa((year+1)%100)
}

func periodLabel(year int) string { return "Année " + strconv.Itoa(year) + "-" + strconv.Itoa(year+1) }

// view is a row of the flow.
func (s *Service) view(r row) object {
	path := []object{step(r.Programme, "FORMATION", r.Year)}
	for _, code := range r.Path {
		path = append(path, step(code, "ANNEE", r.Year))
	}
	p := r.Person
	o := object{
		"UAI": "0751234J", "idApprenant": r.id, "codeApprenant": r.Code, "civilite": p.Sex.String(), "nomUsage": or(p.UsageName, p.BirthName),
		"nomFamille": p.BirthName, "prenom": p.GivenNames[0], "dateDeNaissance": p.BirthDate.String(), "nationalite": r.Nationality,
		"droitPhoto": false, "regime": "10", "bourses": []string{}, "boursesCompletes": []any{}, "profilsExonerants": []any{},
		"mobilite": r.Mobility, "statutPaiement": "paye", "inscriptionPrincipale": r.Main, "formation": r.Programme,
		"anneeUniversitaire": r.Year, "periode": periodLabel(r.Year), "chemin": path, "UAIStructurePrincipale": "0751234J",
		"codeDiplomeSISE": "2400109", "dateInscription": r.Enrolled.UTC().Format("2006-01-02") + "T00:00:00",
		"derniereModification": r.Enrolment.Modified.Unix(), "derniereModificationApprenant": r.record.Modified.Unix(),
		"adresses": []any{}, "telephones": []any{}, "mels": []any{},
	}
	o.set("INE", r.INE)
	if r.RescueEmail != "" {
		o["mels"] = []object{{"canalCommunication": "VueContactMel", "code": "MEL-PERSO", "libelle": "Adresse personnelle", "mail": r.RescueEmail}}
	}
	name := "statutInscription"
	if s.cfg.Quirks.StatusName {
		name = "statusInscription"
	}
	o[name] = r.Enrolment.Status
	if s.cfg.Quirks.NullEnrolmentDate {
		o["dateInscription"] = nil
	}
	if s.cfg.Quirks.NewWords {
		o[name], o["mobilite"], o["statutPaiement"] = "suspendue", "VIRTUELLE", "echelonne"
	}
	return o
}

func step(code, kind string, year int) object {
	return object{
		"code": code, "type": kind, "libelleCourt": code, "libelleLong": label(code),
		"idChemin": "11111111-0000-4000-8000-000000000001", "idPeriode": "22222222-0000-4000-8000-00000000" + strconv.Itoa(year),
	}
}

func label(code string) string { return "Libellé de " + code }

// file is the whole file of a student.
func (s *Service) file(r *http.Request) answer {
	p := s.byCode[r.PathValue("code")]
	if p == nil || !s.structure(r) {
		return s.unknown()
	}
	list := make([]object, 0, len(p.Enrolments))
	for i := range p.Enrolments {
		list = append(list, s.enrolment(p, &p.Enrolments[i]))
	}
	return answer{status: http.StatusOK, body: object{"apprenant": s.apprenant(p), "inscriptions": list}}
}

func (s *Service) apprenant(p *record) object {
	civil := object{"nomDeNaissance": p.Person.BirthName, "prenom": p.Person.GivenNames[0], "genre": p.Person.Sex.String()}
	civil.set("nomUsuel", p.Person.UsageName)
	civil.set("deuxiemePrenom", p.Person.GivenNames[1])
	civil.set("troisiemePrenom", p.Person.GivenNames[2])
	place := p.Person.Birthplace
	birth := object{"dateDeNaissance": p.Person.BirthDate.String(), "nationalite": p.Nationality}
	birth.set("communeDeNaissance", place.Commune)
	if place.Commune == "" {
		birth.set("communeDeNaissanceEtranger", place.Name)
	}
	if country := place.CountryCode3(); country != "" {
		birth["paysDeNaissance"] = country
		if n, err := strconv.Atoi(country); err == nil && s.cfg.Quirks.NumericCodes {
			birth["paysDeNaissance"] = n
		}
	}
	bac := object{"serie": "BAC001", "statutIne": string(p.Status)}
	bac.set("ine", p.INE)
	return object{
		"code": p.Code, "derniereModificationApprenant": p.Modified.Unix(), "etatCivil": civil, "naissance": birth, "bac": bac, "contacts": []any{},
		"premieresInscriptions": object{"anneeEnseignementSuperieur": "2024", "anneeUniversite": "2024", "anneeEtablissement": "2024"},
	}
}

// labelled is a code with labels.
func (s *Service) labelled(kind, code string) object {
	o := object{"code": code, "libelleCourt": code, "libelleLong": label(code)}
	if s.cfg.Quirks.Discriminator {
		o["est1"] = kind
	}
	return o
}

func (s *Service) enrolment(p *record, e *Enrolment) object {
	period := s.labelled("Periode", periodCode(e.Year))
	period["anneeUniversitaire"], period["libelleAffichage"] = e.Year, periodLabel(e.Year)
	period["dateDebut"], period["dateFin"] = strconv.Itoa(e.Year)+"-09-01", strconv.Itoa(e.Year+1)+"-08-31"
	path := make([]object, 0, len(e.Path))
	for _, code := range e.Path {
		o := s.labelled("ObjetFormation", code)
		o["nature"] = "ObjetFormation"
		path = append(path, o)
	}
	university := object{"cesure": "SANS", "mobilite": e.Mobility}
	if e.Exchange != "" {
		university["programmeEchange"] = object{"code": e.Exchange, "codePays": "134", "contexteConsommation": "2026-07-01"}
	}
	o := object{
		"idApprenant": p.id, "codeEtablissement": s.cfg.Structure,
		"cible": object{
			"codeStructure": s.cfg.Structure, "formation": s.labelled("Formation", e.Programme), "UAIStructurePrincipale": "0751234J",
			"chemin": path, "periode": period,
		},
		"origine": "parcoursup", "principale": e.Main, "statutInscription": e.Status, "contexteInscription": "primo", "statutPaiement": "paye",
		"regimeInscription": object{"nomenclature": "RegimeInscription", "code": "RGI001", "libelle": "Formation initiale", "contexteConsommation": "2026-07-01"},
		"boursesEtAides":    []any{}, "cvec": object{}, "situationUniversitaire": university,
		"dateInscription":          e.Enrolled.UTC().Format("2006-01-02") + "T00:00:00",
		"dateDerniereModification": e.Modified.UTC().Format(time.RFC3339),
	}
	if e.CVEC != "" {
		o["cvec"] = object{"numero": e.CVEC}
	}
	if s.cfg.Quirks.NullEnrolmentDate {
		o["dateInscription"] = nil
	}
	if s.cfg.Quirks.NewWords {
		o["origine"], university["mobilite"], o["statutPaiement"] = "portail-2027", "VIRTUELLE", "echelonne"
	}
	return o
}

// correction is modifierDonneesIne: it takes a number when the present one is not confirmed
// and INES confirms the new one for the person. The codes of its refusals are invented.
func (s *Service) correction(r *http.Request) answer {
	p := s.byCode[r.PathValue("code")]
	if p == nil || !s.structure(r) {
		return s.unknown()
	}
	if s.cfg.ReadOnly {
		return refuse(http.StatusForbidden, "forbidden", "Droit insuffisant")
	}
	var in struct {
		INE     string `json:"ine"`
		Birth   string `json:"dateDeNaissance"`
		Country string `json:"paysDeNaissance"`
		Civil   struct {
			BirthName string `json:"nomDeNaissance"`
			Given     string `json:"prenom"`
		} `json:"etatCivil"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &in) != nil {
		return refuse(http.StatusBadRequest, "pattern", "JSON invalide")
	}
	number, err := ine.Parse(in.INE)
	if err != nil {
		return answer{status: http.StatusBadRequest, body: object{"code": "pattern", "message": "INE invalide", "champ": "ine"}}
	}
	switch {
	case in.Birth == "" || in.Country == "" || in.Civil.BirthName == "" || in.Civil.Given == "":
		return refuse(http.StatusBadRequest, "notBlank", "Donnée obligatoire absente")
	case p.Status == ines.StatusConfirmed && p.INE == number.String(): // again
	case p.Status == ines.StatusConfirmed:
		return refuse(http.StatusConflict, "invented-ineConfirme", "L'INE "+p.INE+" est confirmé")
	case !sameCivil(p.Person, in.Civil.BirthName, in.Civil.Given, in.Birth), s.cfg.Confirms != nil && !s.cfg.Confirms(number.String(), p.Person):
		return refuse(http.StatusBadRequest, "invented-nonConfirme", "INES ne confirme pas "+number.String())
	default:
		p.INE, p.Status, p.Modified = number.String(), ines.StatusConfirmed, s.now()
	}
	var echo object
	if json.Unmarshal(body, &echo) != nil {
		return refuse(http.StatusBadRequest, "pattern", "JSON invalide")
	}
	return answer{status: http.StatusOK, body: echo}
}
