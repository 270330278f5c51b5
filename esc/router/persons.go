package router

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/transport"
)

// PersonRequest names a student.
type PersonRequest struct {
	As  string // PIC of the institution that asks; may be empty when the client has one only
	ESI esi.ID
}

func (r PersonRequest) check() error {
	return required("ESI", r.ESI.String(), "a European Student Identifier")
}

// PersonWrite is a student to create or to update.
type PersonWrite struct {
	As     string // PIC of the institution that writes; may be empty when the client has one only
	Person PersonUpdate
}

func (r *PersonWrite) check() error {
	var faults passerelle.FieldErrors
	r.Person.check(&faults)
	r.Person.IdentifierCode = codeESI
	return faults.Err()
}

// Done says what a converging call did.
type Done uint8

// What was done.
const (
	Created Done = iota + 1
	Updated
)

// String returns "created", "updated" or "".
func (d Done) String() string {
	switch d {
	case Created:
		return "created"
	case Updated:
		return "updated"
	}
	return ""
}

// Person reads a student. A student of other institutions only is
// passerelle.ErrForbidden, an anonymised one passerelle.ErrGone.
func (c *Client) Person(ctx context.Context, r PersonRequest) (*Person, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var p Person
	err := c.decode(ctx, call{
		operation: "router.person", method: http.MethodGet, url: c.path("persons", r.ESI.String()), class: transport.Read, as: r.As,
	}, &p)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// CreatePerson registers a student. One that the institution has registered already
// is passerelle.ErrConflict. After a lost answer it is not sent again.
func (c *Client) CreatePerson(ctx context.Context, r PersonWrite) (*Person, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var p Person
	err := c.decode(ctx, call{
		operation: "router.create-person", method: http.MethodPost, url: c.path("persons"), class: transport.Create, as: r.As, body: r.Person,
	}, &p)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// UpdatePerson replaces what the router holds of a student, whose identifier
// never changes: whether the router would rename a person is not known and not
// relied on.
func (c *Client) UpdatePerson(ctx context.Context, r PersonWrite) (*Person, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var p Person
	err := c.decode(ctx, call{
		operation: "router.update-person", method: http.MethodPut, url: c.path("persons", r.Person.Identifier.String()),
		class: transport.Idempotent, as: r.As, body: r.Person,
	}, &p)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// EnsurePerson registers a student, or updates the one that exists. When the
// answer to the creation is lost it looks by updating, so that the call can be
// repeated at will.
func (c *Client) EnsurePerson(ctx context.Context, r PersonWrite) (*Person, Done, error) {
	return ensure(ctx, func() (*Person, error) { return c.CreatePerson(ctx, r) }, func() (*Person, error) { return c.UpdatePerson(ctx, r) })
}

// ensure creates, and updates where that says that the object exists or where its
// answer is lost.
func ensure[T any](ctx context.Context, create, update func() (*T, error)) (*T, Done, error) {
	v, err := create()
	switch {
	case err == nil:
		return v, Created, nil
	case exists(err):
		if v, err = update(); err != nil {
			return nil, 0, err
		}
		return v, Updated, nil
	case passerelle.OutcomeOf(err) == passerelle.Unknown && ctx.Err() == nil:
		if v, again := update(); again == nil {
			return v, Updated, nil
		}
		return nil, 0, err
	}
	return nil, 0, err
}

// DeletePerson deletes a student at the router. What becomes of the student's
// belonging to other institutions is not documented; a student of others only was
// observed to be passerelle.ErrForbidden.
func (c *Client) DeletePerson(ctx context.Context, r PersonRequest) error {
	if err := r.check(); err != nil {
		return err
	}
	_, err := c.do(ctx, call{
		operation: "router.delete-person", method: http.MethodDelete, url: c.path("persons", r.ESI.String()), class: transport.Idempotent, as: r.As,
	})
	return err
}

// ListRequest chooses the rows of a list.
type ListRequest struct {
	As     string // PIC of the institution that asks; may be empty when the client has one only
	Search string // passed on as it is; see [SearchBy]
	Sort   string // name of a field: "identifier" and "fullName" were observed
	Desc   bool
}

// SearchBy makes the search observed in a client of the router: criteria
// field:value, all of which must hold.
func SearchBy(criteria ...string) string { return strings.Join(criteria, "<+>") }

// SearchPerson is the search of [Client.Cards] for the cards of a student.
func SearchPerson(id esi.ID) string {
	return SearchBy("person.identifierCode:"+codeESI, "person.identifier:"+id.String())
}

// Persons lists the students of the institution. An error is the last element.
// Rows created or deleted during the walk may be missed or come twice, since the
// router numbers pages.
func (c *Client) Persons(ctx context.Context, r ListRequest) iter.Seq2[Person, error] {
	return pages[Person](ctx, c, "router.persons", c.path("persons"), r)
}

// notHere reports whether an error says that there is nothing to delete, or nothing
// that is ours: 403 and 404 of a deletion are done, as is an anonymised person.
func notHere(err error) bool {
	return errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrForbidden) || errors.Is(err, passerelle.ErrGone)
}
