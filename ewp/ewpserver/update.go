package ewpserver

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Update is the handler of endpoints by which the partner of a mobility asks for a
// change: an XML document, such as omobilities-update-request.
type Update[T any] struct {
	// Root is the root element of the document. Required.
	Root xml.Name
	// Apply does what the document asks for and returns messages for the person
	// behind it, or none. What the document may not leave out is for Apply to check.
	// passerelle.ErrConflict says that the document speaks of another state than the
	// current one and is answered with 409, best as an [Error] with a message for the
	// person; ErrInvalid, ErrNotFound and ErrForbidden all with 400, as the APIs
	// demand for an object that is unknown or another partner's. Required.
	Apply func(context.Context, Parties, *T) (ewp.Texts, error)
}

// Serve answers a request.
func (u Update[T]) Serve(ctx context.Context, r *Request, a *Answer) error {
	var document T
	if err := r.Decode(&document, u.Root); err != nil {
		return err
	}
	messages, err := u.Apply(ctx, r.Parties, &document)
	if errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrForbidden) {
		refusal := refuse(http.StatusBadRequest, "there is nothing that your institution may update under this identifier", err)
		if e, ok := errors.AsType[*Error](err); ok {
			refusal.UserMessages = e.UserMessages
		}
		return refusal
	}
	if err != nil {
		return err
	}
	d := r.document(a)
	for _, message := range messages {
		if err := d.write(xml.Name{Space: ewp.NamespaceCommon, Local: ewp.SuccessUserMessage}, message); err != nil {
			return err
		}
	}
	return d.Close()
}

func (u Update[T]) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if u.Root.Local == "" || u.Root.Space == "" {
		faults.Add("Update.Root", "required", "the root element and its namespace")
	}
	if u.Apply == nil {
		faults.Add("Update.Apply", "required", "a function that applies documents")
	}
	return faults
}

func (u Update[T]) limits() []int { return nil }
