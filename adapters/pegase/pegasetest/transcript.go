package pegasetest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// number writes a decimal text as a JSON number; empty is null.
func number(s string) any {
	if s == "" {
		return nil
	}
	return json.Number(s)
}

// words writes a text; empty is null.
func words(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// courses is the choices of a student. An unknown one has none.
func (s *Service) courses(r *http.Request) answer {
	trees := []object{}
	p := s.byCode[r.URL.Query().Get("codeApprenant")]
	if p == nil {
		return answer{status: http.StatusOK, body: trees}
	}
	for _, e := range p.Enrolments {
		tree := object{
			"codeStructure": s.cfg.Structure,
			"periode":       object{"code": periodCode(e.Year), "libelleAffichage": periodLabel(e.Year), "dateDebut": "2026-09-01"},
			"formation":     object{"code": e.Programme, "libelleLong": label(e.Programme)},
		}
		root := strings.Join(append([]string{e.Programme}, e.Path...), ">")
		for _, n := range e.Nodes {
			if n.Path == root {
				tree["racinePedagogique"] = choice(e.Nodes, n)
			}
		}
		trees = append(trees, tree)
	}
	return answer{status: http.StatusOK, body: trees}
}

// choice is an object of a student's tree.
func choice(nodes []Node, n Node) object {
	below := []object{}
	for _, c := range nodes {
		if c.Path == n.Path+">"+c.code() {
			below = append(below, choice(nodes, c))
		}
	}
	return object{
		"codeObjetMaquette": n.code(), "libelleLongObjetMaquette": n.Label, "libelleAffichageTypeObjetFormation": n.Kind, "estObligatoire": true,
		"creditEcts": number(n.ECTS), "amenagements": []any{}, "typeChoixPedagogique": "AFFECTATION_CHOISIE", "enfants": below,
	}
}

// marks is what is published of a student's marks, from one object down.
func (s *Service) marks(r *http.Request) answer {
	list := []object{}
	p := s.byCode[r.PathValue("code")]
	if p == nil || !s.structure(r) {
		return answer{status: http.StatusOK, body: list}
	}
	from := r.PathValue("path")
	for _, e := range p.Enrolments {
		if periodCode(e.Year) != r.PathValue("period") {
			continue
		}
		for _, n := range e.Nodes {
			if !n.Group && (n.Path == from || strings.HasPrefix(n.Path, from+">")) {
				list = append(list, s.mark(n))
			}
		}
	}
	return answer{status: http.StatusOK, body: list}
}

// mark is an object with its marks. What is not published is null.
func (s *Service) mark(n Node) object {
	o := object{
		"codeChemin": n.Path, "objetFeuille": object{"code": n.code(), "libelleCourt": n.code(), "libelleLong": n.Label}, "bareme": 20,
		"concerneParSession2": n.Second != "", "publieSession1": !n.Hidden, "publieSession2": !n.Hidden, "publieEvaluationsFinales": !n.Hidden && n.Final+n.Result+n.Absence != "",
		"listeTypeAmenagement": []any{}, "listeControle": []any{}, "acquisCapitalise": false,
	}
	if n.Hidden {
		for _, name := range []string{"noteSession1", "noteSession2", "noteRetenue", "noteFinale", "resultatFinal", "absenceFinale", "creditsEctsFinaux", "Gpa", "gradeEcts", "numeroSessionRetenue"} {
			o[name] = nil
		}
		return o
	}
	o["noteSession1"], o["noteSession2"], o["noteRetenue"], o["noteFinale"] = number(n.First), number(n.Second), number(n.Final), number(n.Final)
	o["creditsEctsFinaux"], o["absenceFinale"] = number(n.Credits), words(n.Absence)
	if n.Final != "" {
		o["numeroSessionRetenue"] = 1
		if n.Second != "" {
			o["numeroSessionRetenue"] = 2
		}
		o["Gpa"] = object{"code": "GPA001", "valeur": "0.70"}
		o["gradeEcts"] = object{"code": "NEC002", "valeur": "B"}
	}
	if n.Result != "" {
		o["resultatFinal"] = object{"code": n.Result, "libelleCourt": n.Result, "libelleLong": n.Result, "libelleAffichage": n.Result}
	}
	return o
}
