package pegasetest

import (
	"fmt"
	"net/http"
	"strings"
)

// Programme is a programme of the tenant, with the objects below it.
type Programme struct {
	Code  string
	Label string
	Year  int    // academic year; 0: 2026
	Nodes []Node // the tree below the programme, parents first; see Node.Path
	Draft bool   // not approved
}

// AddProgramme puts a programme into the tenant.
func (s *Service) AddProgramme(p Programme) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Year == 0 {
		p.Year = 2026
	}
	s.programmes = append(s.programmes, p)
}

func (p Programme) id() string { return "programme-" + p.Code }

// periodList is the list of periods, which the API calls espaces.
func (s *Service) periodList(r *http.Request) answer {
	var years []int
	for _, p := range s.programmes {
		if len(years) == 0 || years[len(years)-1] != p.Year {
			years = append(years, p.Year)
		}
	}
	from, to, page, ok := s.paged(r, len(years), 20, 1500)
	if !ok || !s.structure(r) {
		return refuse(http.StatusBadRequest, "size", "La pagination est invalide")
	}
	items := []object{}
	for _, y := range years[from:to] {
		items = append(items, object{
			"id": periodID(y), "code": periodCode(y), "libelle": periodLabel(y), "libelleLong": periodLabel(y), "typeEspace": "PERIODE",
			"anneeUniversitaire": y, "active": true,
		})
	}
	page["items"] = items
	return answer{status: http.StatusOK, body: page}
}

func periodID(year int) string { return fmt.Sprintf("espace-%d", year) }

// programmeList is the search of programmes.
func (s *Service) programmeList(r *http.Request) answer {
	q := r.URL.Query()
	if q.Get("typeObjetMaquette") != "FORMATION" || !s.structure(r) {
		return refuse(http.StatusBadRequest, "pattern", "typeObjetMaquette inconnu")
	}
	var found []Programme
	for _, p := range s.programmes {
		text := strings.ToLower(q.Get("r"))
		if (q.Get("espace") == "" || q.Get("espace") == periodID(p.Year)) && (q.Get("valideSeulement") != "true" || !p.Draft) &&
			strings.Contains(strings.ToLower(p.Code+" "+p.Label), text) {
			found = append(found, p)
		}
	}
	from, to, page, ok := s.paged(r, len(found), 20, 1500)
	if !ok {
		return refuse(http.StatusBadRequest, "size", "La pagination est invalide")
	}
	items := []object{}
	for _, p := range found[from:to] {
		items = append(items, object{
			"id": p.id(), "typeObjetMaquette": "FORMATION", "code": p.Code, "espaceLibelle": periodLabel(p.Year), "mutualise": false, "libelle": p.Label,
			"libelleLong": p.Label, "valideInAnyContexte": !p.Draft, "periodeActive": true,
		})
	}
	page["items"] = items
	return answer{status: http.StatusOK, body: page}
}

// tree is the tree of a programme.
func (s *Service) tree(r *http.Request) answer {
	for _, p := range s.programmes {
		if p.id() != r.PathValue("id") {
			continue
		}
		root := object{
			"id": p.id(), "classe": "FORMATION", "code": p.Code, "libelle": p.Label, "valide": !p.Draft, "mutualise": false,
			"enfants": children(p.Nodes, p.Code),
		}
		return answer{status: http.StatusOK, body: object{"racine": root}}
	}
	return notFound
}

// children are the objects right below a path.
func children(nodes []Node, path string) []object {
	below := []object{}
	for _, n := range nodes {
		if n.Path != path+">"+n.code() {
			continue
		}
		o := object{
			"id": "objet-" + n.code(), "classe": "OBJET_FORMATION", "type": n.Kind, "code": n.code(), "libelle": n.Label, "valide": true, "mutualise": false,
			"enfants": children(nodes, n.Path),
		}
		if n.ECTS != "" {
			o["ects"] = number(n.ECTS)
		}
		below = append(below, object{"id": "lien-" + n.code(), "obligatoire": true, "objetMaquette": o})
	}
	return below
}
