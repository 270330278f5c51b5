package pegase

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// INEWriter returns what hands a definitive INE to Pégase. It has to be asked for, because
// Pégase asks INES by itself: without it the module only reads. Its error is
// passerelle.FieldErrors when Endpoints.Gestion is empty.
//
// The call is modifierDonneesIne of the "gestion" API, known from a public client only. Pégase
// takes a number when the present one is not confirmed and INES confirms the new one for the
// civil status, which is sent as Pégase has it. It records neither the number of the moment nor
// alternates: INEUpdate.Moment and Alternates are not sent.
//
// WriteINE reads the student's file first. A number that is already confirmed there is
// a success without a call; another confirmed one is ErrConflict, and so is a refusal after which
// the file shows one. Any other refusal keeps its class: ErrInvalid, most likely because INES does
// not confirm; ErrForbidden when the service account lacks the right. After a lost answer the
// file tells whether the number arrived.
func (c *Client) INEWriter() (sis.INEWriter, error) {
	if err := needed("Gestion", c.cfg.Endpoints.Gestion); err != nil {
		return nil, err
	}
	return writer{c}, nil
}

// writer is the INEWriter of a client.
type writer struct{ *Client }

// correction is the body of modifierDonneesIne.
type correction struct {
	INE       string    `json:"ine"`
	BirthDate string    `json:"dateDeNaissance"`
	Country   string    `json:"paysDeNaissance"`
	Commune   string    `json:"communeDeNaissance,omitempty"`
	Civil     FileCivil `json:"etatCivil"`
}

// WriteINE hands over the number of u.
func (w writer) WriteINE(ctx context.Context, u sis.INEUpdate) error {
	n, err := w.check(u)
	if err != nil {
		return err
	}
	file, err := w.File(ctx, u.Student.Local)
	if err != nil {
		return err
	}
	if done, err := settled(file, n); done || err != nil {
		return err
	}
	body, err := correct(file, n)
	if err != nil {
		return err
	}
	_, failure := w.send(ctx, &transport.Request{
		Operation: opWriteINE,
		Method:    http.MethodPost,
		URL:       path(w.cfg.Endpoints.Gestion, "gestion", "apprenants", w.cfg.Structure, u.Student.Local, "modifierDonneesIne"),
		Header:    http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}},
		Body:      body,
		Class:     transport.Idempotent,
		Judge:     judge,
	})
	if failure == nil {
		return nil
	}
	return w.look(ctx, u.Student.Local, n, failure)
}

// check refuses an update that cannot be sent.
func (w writer) check(u sis.INEUpdate) (ine.Number, error) {
	var faults passerelle.FieldErrors
	if !w.ours(u.Student) {
		faults.Add("Student", "system", "a student of "+w.cfg.System)
	}
	n, err := ine.Parse(u.Definitive)
	if err != nil {
		faults.Add("Definitive", "ine", "the definitive INE")
	}
	return n, faults.Err()
}

// settled reports whether the file holds the number, confirmed. Another confirmed one is a conflict.
func settled(f File, n ine.Number) (bool, error) {
	if f.Student.INE.Status != ines.StatusConfirmed {
		return false, nil
	}
	if held, err := ine.Parse(f.Student.INE.INE); err == nil && held == n {
		return true, nil
	}
	return false, &Error{Operation: opWriteINE, Result: passerelle.NotSent, Err: passerelle.ErrConflict}
}

// correct writes the request from what the file holds.
func correct(f File, n ine.Number) ([]byte, error) {
	person, field, err := f.Student.person()
	if err != nil {
		return nil, passerelle.FieldErrors{{Field: field, Rule: "form", Want: err.Error()}}
	}
	var faults passerelle.FieldErrors
	for _, fault := range person.Missing() {
		faults.Add("Person."+fault.Field, fault.Rule, fault.Want)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return json.Marshal(correction{
		INE: n.String(), BirthDate: person.BirthDate.String(), Country: person.Birthplace.CountryCode3(), Commune: person.Birthplace.Commune, Civil: f.Student.Civil,
	})
}

// lookTimeout bounds the look at the file after a failure, whatever became of the caller's
// context.
const lookTimeout = 30 * time.Second

// look reads the file again after a failure: the number may have arrived although the answer
// was lost, and a refusal may mean that another one is confirmed.
func (w writer) look(ctx context.Context, code string, n ine.Number, failure error) error {
	if passerelle.OutcomeOf(failure) == passerelle.NotSent || errors.Is(failure, passerelle.ErrForbidden) || errors.Is(failure, passerelle.ErrUnauthorized) {
		return failure
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	file, err := w.File(ctx, code)
	if err != nil {
		return failure
	}
	if held, err := ine.Parse(file.Student.INE.INE); err == nil && held == n {
		return nil
	}
	if _, conflict := settled(file, n); conflict == nil {
		return failure
	}
	e, ok := errors.AsType[*Error](failure)
	if !ok {
		e = &Error{Operation: opWriteINE}
	}
	e.Err, e.Result = passerelle.ErrConflict, passerelle.Answered
	return e
}
