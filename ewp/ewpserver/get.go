package ewpserver

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Owner is the parameter of an API by which a client repeats whose data it asks
// for: "hei_id", "sending_hei_id". The newest APIs have none, and the zero value is
// for them: the address says it.
type Owner struct {
	// Param is given once, and its value is the institution that was called.
	Param string
	// Unknown says what becomes of a request about another one. No specification
	// has one rule for all APIs: the official validator expects a refusal of all but
	// the transcripts.
	Unknown Unknown
}

// Unknown is what becomes of a request about an institution that is not ours.
type Unknown uint8

const (
	RefuseUnknown Unknown = iota // 400
	EmptyUnknown                 // 200, and nothing in it
)

// check reads the parameter; ours is false where the answer is to be empty.
func (o Owner) check(c *Check, hei ewp.HEIID) (ours bool) {
	if o.Param == "" {
		return true
	}
	value := c.Required(o.Param)
	if value == hei.String() {
		return true
	}
	if o.Unknown == RefuseUnknown && len(c.values[o.Param]) == 1 {
		c.Fault(o.Param, "unknown", "the institution that this address is for")
	}
	return false
}

// Query is what a client asks of an endpoint of the kind of "get".
type Query struct {
	Parties
	IDs   []string    // the identifiers asked for, each once; none where Codes are asked for
	Codes []string    // the codes asked for, each once; none where IDs are asked for
	HEIs  []ewp.HEIID // the institutions asked for, each once, in the place of IDs where Get.HEIs is set
	// Check reads further parameters of the API; its faults are answered with 400.
	Check *Check
}

// Get is the handler of endpoints that return objects by identifiers, or by codes:
// iias get, omobilities get, ounits, institutions. Identifiers that are unknown, or
// not to be seen by the caller, are left out of the answer and are no error.
type Get[T any] struct {
	// ID is the parameter with identifiers: "iia_id". Required.
	ID string
	// Max is how many of them one request may have, as the manifest says. 0 is 1.
	Max int
	// HEIs says that the identifiers are those of institutions, as "hei_id" of the
	// institutions and of the fact sheets.
	HEIs bool
	// Code is the parameter with codes, of the APIs that have one: a request then has
	// either identifiers or codes. MaxCodes is like Max.
	Code     string
	MaxCodes int
	// Owner is the parameter with the institution, for the APIs that have one.
	Owner Owner
	// Item is the element of an object in the answer: "iia". Empty is that of
	// T's XMLName.
	Item string
	// Find yields the objects that the caller may see, in any order. An error that is
	// passerelle.ErrNotFound or ErrForbidden stands for an object that is left out;
	// any other ends the request, because a client would take what is missing for
	// what does not exist. Required.
	Find func(context.Context, Query) iter.Seq2[T, error]
}

// Serve answers a request.
func (g Get[T]) Serve(ctx context.Context, r *Request, a *Answer) error {
	c := r.Check()
	ours := g.Owner.check(c, r.HEI)
	q := Query{Parties: r.Parties, Check: c}
	if g.HEIs {
		q.HEIs = c.HEIs(g.ID, max(g.Max, 1))
	} else {
		q.IDs = c.IDs(g.ID, max(g.Max, 1))
	}
	byID, byCode := c.Has(g.ID), g.Code != "" && c.Has(g.Code)
	if g.Code != "" {
		q.Codes = c.Codes(g.Code, max(g.MaxCodes, 1))
	}
	switch {
	case byID && byCode:
		c.Fault(g.Code, "exclusive", "either "+g.ID+" or "+g.Code)
	case !byID && !byCode && g.Code != "":
		c.Fault(g.ID, "required", "a value at least of "+g.ID+" or "+g.Code)
	case !byID && !byCode:
		c.Fault(g.ID, "required", "a value at least")
	}
	var objects iter.Seq2[T, error]
	if ours && len(q.IDs)+len(q.HEIs)+len(q.Codes) > 0 && len(c.faults) == 0 {
		objects = g.Find(ctx, q)
	}
	if err := c.Err(); err != nil {
		return err
	}
	d := r.document(a)
	if objects != nil {
		if err := Each(d, g.Item, present(objects)); err != nil {
			return err
		}
		if err := c.Err(); err != nil { // Find may have read parameters late
			return err
		}
	}
	return d.Close()
}

// present leaves out what its error says is not there for the caller.
func present[T any](objects iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for object, err := range objects {
			if errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrForbidden) {
				continue
			}
			if !yield(object, err) {
				return
			}
		}
	}
}

// Root is the root element of the document with which the endpoint answers.
func (r *Request) Root() xml.Name {
	e, _ := r.API.EndpointOf(r.Endpoint, r.Major)
	return xml.Name{Space: e.Namespace, Local: e.Root}
}

// document begins it.
func (r *Request) document(a *Answer) *Document { return a.Document(r.Root()) }

func (g Get[T]) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if g.ID == "" {
		faults.Add("Get.ID", "required", "the parameter with identifiers")
	}
	if g.Find == nil {
		faults.Add("Get.Find", "required", "a function that finds objects")
	}
	if g.Max < 0 || g.MaxCodes < 0 {
		faults.Add("Get.Max", "range", "no negative limit")
	}
	return faults
}

func (g Get[T]) limits() []int {
	if g.Code == "" {
		return []int{max(g.Max, 1)}
	}
	return []int{max(g.Max, 1), max(g.MaxCodes, 1)}
}
