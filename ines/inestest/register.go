package inestest

import (
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/uai"
)

// Record is a person of the register.
type Record struct {
	Person     passerelle.Person `json:"person"`
	Master     ine.Number        `json:"master"`
	Alternates []ine.Number      `json:"alternates,omitempty"`
}

// Dossier is a registration that was processed.
type Dossier struct {
	ID      string            `json:"id"`      // the service's reference
	Student string            `json:"student"` // the caller's reference
	UAI     uai.Code          `json:"uai"`
	Person  passerelle.Person `json:"person"`
	Status  ines.Status       `json:"status"`
	Number  ine.Number        `json:"number"`           // INE maître, once confirmed
	Created bool              `json:"created"`          // the number was created for this dossier
	Hidden  bool              `json:"hidden,omitempty"` // a late creation that the register does not see yet
	Code    string            `json:"code,omitempty"`
	Message string            `json:"message,omitempty"`
	Changed time.Time         `json:"changed"`
	Due     time.Time         `json:"due,omitzero"` // when it will be done, of one under way
}

// register is the state. Service.mu guards it.
type register struct {
	people   []*entry
	byNumber map[ine.Number]*entry
	byDate   map[passerelle.Date][]*entry

	dossiers   []*Dossier
	byID       map[string]*Dossier
	byIdentity map[string][]*Dossier
	due        map[string]*Dossier
}

type entry struct {
	Record
	id identity
}

func newRegister() register {
	return register{
		byNumber: make(map[ine.Number]*entry), byDate: make(map[passerelle.Date][]*entry),
		byID: make(map[string]*Dossier), byIdentity: make(map[string][]*Dossier), due: make(map[string]*Dossier),
	}
}

// add puts a person in; numbers that are taken already are left where they are.
func (g *register) add(r Record) {
	e := &entry{r, fold(r.Person)}
	g.people = append(g.people, e)
	g.byDate[e.id.birth] = append(g.byDate[e.id.birth], e)
	for _, n := range append([]ine.Number{r.Master}, r.Alternates...) {
		if g.byNumber[n] == nil {
			g.byNumber[n] = e
		}
	}
}

// put files a dossier, or what became of one.
func (g *register) put(d Dossier) {
	known := g.byID[d.ID]
	if known == nil {
		known = new(Dossier)
		g.dossiers = append(g.dossiers, known)
		g.byID[d.ID] = known
		key := fold(d.Person).key()
		g.byIdentity[key] = append(g.byIdentity[key], known)
	}
	if d.Created && !known.Created {
		g.add(Record{Person: d.Person, Master: d.Number})
	}
	*known = d
	if d.Due.IsZero() {
		delete(g.due, d.ID)
	} else {
		g.due[d.ID] = known
	}
}

// matches returns the people who are id, and those who resemble it.
func (g *register) matches(id identity) (same, near []*entry) {
	for _, e := range g.byDate[id.birth] {
		switch {
		case id.is(e.id):
			same = append(same, e)
		case id.resembles(e.id):
			near = append(near, e)
		}
	}
	return same, near
}

// number makes one that nobody has, with its right key: the same for the same
// identity as long as the register holds the same people.
func (g *register) number(seed uint64, id identity, year int) ine.Number {
	const span = 10_000_000
	for at := hash(seed, id.key()) % span; ; at = (at + 1) % span {
		n, err := ine.Complete(ine.RNIE, fmt.Sprintf("%02d%07d", year%100, at))
		if err == nil && g.byNumber[n] == nil {
			return n
		}
	}
}

func (e *entry) answer(op ines.Operation) ines.Answer {
	return ines.Answer{Operation: op, Status: ines.StatusConfirmed, Master: e.Master, Alternates: e.Alternates, Person: e.Person}
}

func (d *Dossier) answer(op ines.Operation, g *register) ines.Answer {
	a := ines.Answer{Operation: op, Status: d.Status}
	if e := g.byNumber[d.Number]; e != nil && d.Status == ines.StatusConfirmed {
		a = e.answer(op)
	}
	a.RequestID, a.Student, a.Code, a.Message, a.At = d.ID, d.Student, d.Code, d.Message, d.Changed
	return a
}
