package esctest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
)

// institution invents an institution. The name of the attribute before its value is
// that of the published example.
func institution(i int, pic string) router.Institution {
	name := fmt.Sprintf("Université fictive %d", i+1)
	return router.Institution{
		ID: router.Text(fmt.Sprint(100 + i)), Identifier: router.Text(pic), IdentifierCode: &router.Code{Key: "PIC", Label: "PIC"},
		Name: name, FullLabel: name, Type: &router.Code{Key: "HEI", Label: "Higher education institution"},
		HomeOrganisation: fmt.Sprintf("schacHomeOrganization=univ-fictive-%d.example", i+1),
		Status:           &router.Code{Key: "ACTIVE", Label: "Active"},
	}
}

func (r *Router) institution(pic string) *router.Institution {
	i := slices.IndexFunc(r.orgs, func(o router.Institution) bool { return string(o.Identifier) == pic })
	if i < 0 {
		return &router.Institution{Identifier: router.Text(pic)} // a processor's VAT number
	}
	o := r.orgs[i]
	if r.config.Loose {
		return &router.Institution{Identifier: o.Identifier, Name: o.Name}
	}
	return &o
}

// identifier is how the router gives an identifier back.
func (r *Router) identifier(s string) string {
	if r.config.LowerCase {
		return strings.ToLower(s)
	}
	return s
}

func (r *Router) date(d passerelle.Date) router.Date {
	if r.config.DateTimes {
		return router.Date{Date: d, Raw: d.String() + "T02:00:00.000+02"}
	}
	return router.Date{Date: d}
}

func (r *Router) personView(p *person) router.Person {
	view := router.Person{
		Identifier: r.identifier(p.identifier), IdentifierCode: &router.Code{Key: "ESI", Label: "European Student Identifier"},
		FullName: p.fullName, OrganisationCount: len(p.enrolments),
	}
	for _, o := range r.orgs {
		e, member := p.enrolments[string(o.Identifier)]
		if !member {
			continue
		}
		m := router.Membership{FullName: e.FullName, Organisation: r.institution(e.Organisation), HasPicture: p.pictures[e.Organisation] != nil}
		if e.Level != "" {
			m.Level = &router.Code{Key: router.Text(e.Level), Label: strings.ToLower(string(e.Level))}
		} else if r.config.Loose {
			m.Level = &router.Code{}
		}
		if e.Email != "" {
			m.Contact = &router.ContactPoint{Email: e.Email}
		}
		view.Memberships = append(view.Memberships, m)
	}
	if r.config.Loose {
		view.IdentifierCode, view.OrganisationCount = nil, 0
	}
	return view
}

// state returns the state of a card, which the router computes.
func (r *Router) state(c *card) router.CardState {
	if c.ExpiresAt.Before(passerelle.DateOf(r.config.Now())) {
		return router.Expired
	}
	return c.State
}

// cardView is a card; lists leave fields out.
func (r *Router) cardView(c *card, list bool) router.Card {
	view := router.Card{
		Number: c.Number, DisplayName: c.DisplayName, IssuedAt: r.date(c.IssuedAt), ExpiresAt: r.date(c.ExpiresAt), Issuer: r.institution(c.Issuer),
	}
	if p := r.persons[c.person]; p != nil {
		lite := router.Person{Identifier: r.identifier(p.identifier)}
		view.Person = &lite
	}
	if c.Processor != "" {
		view.Processor = r.institution(c.Processor)
	}
	if !list {
		yes := true
		view.HasOwnerAuthorization = &yes
		view.State = &router.Code{Key: router.Text(r.state(c)), Label: strings.ToLower(string(r.state(c)))}
		view.Type = &router.Code{Key: router.Text(c.Type), Label: strings.ToLower(string(c.Type))}
	}
	if r.config.Loose {
		view.HasOwnerAuthorization, view.IssuedAt = nil, router.Date{}
	}
	return view
}
