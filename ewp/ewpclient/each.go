package ewpclient

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// List is a list of identifiers that is spread over as many calls as the partner
// wants. The zero value is no list: one call is made.
type List struct {
	// Param is the name of the parameter that is repeated: "iia_id".
	Param string
	// Values are asked for in this order. None, with a Param, makes no call at all.
	Values []string
	// Limit is the element of the manifest entry that says how many one call may
	// carry: "max-iia-ids". An absent one, in the entry or here, means 1.
	Limit string
	// Max is our own limit, for partners that declare more than they bear; 0 is none.
	Max int
}

// ListError says that one of the calls for a list failed. Its text is that of the
// cause.
type ListError struct {
	Values []string // of the call that failed; objects of some may have been yielded before
	Left   []string // for which no call is made any more; empty when the sequence goes on
	Err    error    // of the call
}

// Error returns the text of Err.
func (e *ListError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ListError) Unwrap() error { return e.Err }

// Outcome returns that of Err.
func (e *ListError) Outcome() passerelle.Outcome { return passerelle.OutcomeOf(e.Err) }

// Fetch makes one call and reads its answer whole into a T. Its error is that of
// [Client.Call] or [Answer.Decode].
func Fetch[T any](ctx context.Context, c *Client, call Call) (v T, err error) {
	answer, err := c.Call(ctx, call)
	if err != nil {
		return v, err
	}
	defer answer.Close()
	err = answer.Decode(&v)
	return v, err
}

// Each asks for a list and yields the objects of all answers, as [Objects] does of
// one. Identifiers that the partner does not know, or does not show us, are left
// out: that is no error.
//
// A call that fails is a *ListError. The sequence goes on with the next call where
// the failure is about the values of this one (a status 400, 404, 409, 410, 422 or
// 500, an answer that is no good XML or too long), and ends where the next would fail in the
// same way.
func Each[T any](ctx context.Context, c *Client, call Call, list List, item xml.Name) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if faults := append(call.faults(), list.faults(call)...); len(faults) > 0 {
			yield(zero, faults)
			return
		}
		rest := list.Values
		for once := list.Param == ""; once || len(rest) > 0; once = false {
			part, answer, err := c.part(ctx, call, list, &rest)
			if err == nil {
				for v, failure := range Objects[T](answer, item) {
					if _, row := errors.AsType[*ObjectError](failure); failure != nil && !row {
						err = failure
						break
					}
					if !yield(v, failure) {
						answer.Close()
						return
					}
				}
				answer.Close()
			}
			if err == nil {
				continue
			}
			goesOn := aboutValues(err)
			e := &ListError{Values: part, Err: err}
			if !goesOn {
				e.Left = rest
			}
			if !yield(zero, e) || !goesOn {
				return
			}
		}
	}
}

// part takes as many values off rest as one call may carry, and makes it.
func (c *Client) part(ctx context.Context, call Call, list List, rest *[]string) (part []string, answer *Answer, err error) {
	target, err := c.Resolve(call.HEI, call.API, call.Endpoint, call.Majors...)
	if err != nil {
		return nil, nil, c.unresolved(call, err)
	}
	if list.Param != "" {
		n := min(len(*rest), target.Limit(list.Limit))
		if list.Max > 0 {
			n = min(n, list.Max)
		}
		part, *rest = (*rest)[:n], (*rest)[n:]
		call.Params = maps.Clone(call.Params)
		if call.Params == nil {
			call.Params = map[string][]string{}
		}
		call.Params[list.Param] = part
	}
	answer, err = c.exchange(ctx, call, target)
	return part, answer, err
}

// faults returns what is wrong with a list.
func (l List) faults(call Call) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if l.Param == "" && len(l.Values) > 0 {
		faults.Add("List.Param", "required", "the parameter that the values are of")
	}
	if l.Param != "" && call.Params.Has(l.Param) {
		faults.Add("List.Param", "conflict", "a parameter that is not among those of the call")
	}
	if l.Limit != "" && !slices.Contains(call.API.Limits(), l.Limit) {
		faults.Add("List.Limit", "unknown", "an element that the entry of the API may have")
	}
	if l.Max < 0 {
		faults.Add("List.Max", "range", "no negative value; 0 is no limit")
	}
	return faults
}

// aboutValues reports whether a failure is about the values of one call, so that
// the next may fare better.
func aboutValues(err error) bool {
	e, ok := errors.AsType[*ewp.Error](err)
	if !ok {
		return false
	}
	if e.Status/100 == 2 {
		_, unbelieved := errors.AsType[*httpsig.Error](err)
		return !unbelieved && !isLocal(err)
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone,
		http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	}
	return false
}
