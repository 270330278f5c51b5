package esctest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/esc/router"
)

// mine returns the person of the address, or why the institution may not have it.
func (r *Router) mine(c *call) (*person, answer) {
	p := r.persons[strings.ToLower(c.PathValue("esi"))]
	switch {
	case p == nil:
		return nil, plain(http.StatusNotFound)
	case p.anonymised:
		return nil, plain(http.StatusGone)
	case p.enrolments[c.pic].Organisation == "":
		return nil, refuse(http.StatusForbidden, router.CodeAccessDenied, "access denied to "+p.identifier)
	}
	return p, answer{}
}

func (r *Router) getPerson(c *call) answer {
	p, no := r.mine(c)
	if p == nil {
		return no
	}
	return ok(r.personView(p))
}

// readPerson decodes and checks a person that is sent.
func (r *Router) readPerson(c *call) (router.PersonUpdate, answer) {
	var u router.PersonUpdate
	if !c.json(&u) || u.Identifier.IsZero() || u.IdentifierCode != "ESI" || len(u.Enrolments) == 0 {
		return u, plain(http.StatusBadRequest)
	}
	for _, e := range u.Enrolments {
		if e.Organisation != c.pic {
			return u, plain(http.StatusUnauthorized) // a good token, for another institution
		}
	}
	return u, answer{}
}

func (r *Router) createPerson(c *call) answer {
	u, no := r.readPerson(c)
	if no.status != 0 {
		return no
	}
	key := u.Identifier.Key()
	p := r.persons[key]
	switch {
	case p == nil:
		p = &person{identifier: u.Identifier.String(), enrolments: make(map[string]router.Enrolment), pictures: make(map[string][]byte)}
		r.persons[key] = p
	case p.anonymised:
		return plain(http.StatusGone)
	case p.enrolments[c.pic].Organisation != "":
		return refuse(http.StatusConflict, router.CodePersonExists, "person "+p.identifier+" already exists for this organisation")
	}
	p.fullName, p.enrolments[c.pic] = u.FullName, u.Enrolments[0]
	return answer{status: http.StatusCreated, body: r.personView(p)}
}

// updatePerson keeps the identifier whatever the body says.
func (r *Router) updatePerson(c *call) answer {
	u, no := r.readPerson(c)
	if no.status != 0 {
		return no
	}
	p, no := r.mine(c)
	if p == nil {
		return no
	}
	p.fullName, p.enrolments[c.pic] = u.FullName, u.Enrolments[0]
	return ok(r.personView(p))
}

func (r *Router) deletePerson(c *call) answer {
	p, no := r.mine(c)
	if p == nil {
		return no
	}
	key := strings.ToLower(p.identifier)
	ofPerson := func(_ string, k *card) bool { return k.person == key && k.Issuer == c.pic }
	if r.config.CardsBlockPersons {
		for number, k := range r.cards {
			if ofPerson(number, k) {
				return plain(http.StatusConflict)
			}
		}
	}
	maps.DeleteFunc(r.cards, ofPerson)
	delete(p.enrolments, c.pic)
	delete(p.pictures, c.pic)
	if len(p.enrolments) == 0 {
		delete(r.persons, key)
	}
	return plain(http.StatusNoContent)
}

// criteria reads the search, field:value<+>field:value.
func (r *Router) criteria(c *call) map[string]string {
	out := make(map[string]string)
	if r.config.IgnoreSearch {
		return out
	}
	for part := range strings.SplitSeq(c.FormValue("search"), "<+>") {
		if field, value, ok := strings.Cut(part, ":"); ok {
			out[field] = value
		}
	}
	return out
}

func (r *Router) listPersons(c *call) answer {
	want, filtered := r.criteria(c)["identifier"]
	var rows []router.Person
	for _, key := range slices.Sorted(maps.Keys(r.persons)) {
		p := r.persons[key]
		if !p.anonymised && p.enrolments[c.pic].Organisation != "" && (!filtered || strings.EqualFold(want, p.identifier)) {
			view := r.personView(p)
			view.IdentifierCode, view.OrganisationCount = nil, 0 // lists are lighter
			rows = append(rows, view)
		}
	}
	return paginate(r, c, rows)
}

// paginate gives one page of rows, which are in ascending order.
func paginate[T any](r *Router, c *call, rows []T) answer {
	if c.FormValue("direction") == "DESC" {
		slices.Reverse(rows)
	}
	number, err := strconv.Atoi(c.FormValue("page"))
	if c.FormValue("page") != "" && (err != nil || number < 0) {
		return plain(http.StatusBadRequest)
	}
	size, err := strconv.Atoi(c.FormValue("size"))
	if err != nil || size < 1 {
		size = 10
	}
	if limit := r.config.PageCap; limit == 0 {
		size = min(size, 10)
	} else if limit > 0 {
		size = min(size, limit)
	}
	first := min(number*size, len(rows))
	content := rows[first:min(first+size, len(rows))]
	return ok(router.Page[T]{
		Content: append([]T{}, content...), Empty: len(content) == 0,
		Page: &router.PageInfo{
			Number: int64(number), Size: int64(size), TotalElements: int64(len(rows)), TotalPages: int64((len(rows) + size - 1) / size),
		},
	})
}
