package supdata

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// decision is what is to be done about one enrolment.
type decision struct {
	item   Item
	send   *Enrolment // nil: nothing
	cancel bool       // send is a cancellation
	again  bool       // SUPDATA has recorded the enrolment in another form
}

// decide looks at one enrolment and at what the ledger holds of it. It calls nobody.
func (f *Feeder) decide(p pair, rec Record) decision {
	d := decision{item: Item{seq: p.seq, Key: Key(p.enrolment), Student: p.enrolment.Student.String(), Line: p.enrolment.Provenance.Line, ID: rec.ID}}
	if p.bad != nil {
		return d.unreadable(p.bad)
	}
	if rec.State.Pending() && !f.mayResend(rec) {
		d.item.Outcome, d.item.Detail = Doubtful, "sent on "+rec.ClaimedAt.Format("2006-01-02 15:04")+", and the answer is not known"
		return d
	}
	if p.enrolment.Status == sis.EnrolmentCancelled {
		return f.cancelled(d, p.enrolment, rec)
	}
	confirmed := f.cfg.Mapping.Confirmed
	if confirmed == nil {
		confirmed = ConfirmedINE
	}
	if !confirmed(p.student) {
		d.item.Outcome, d.item.Detail = Held, "the student has no confirmed INE"
		return d
	}
	var faults passerelle.FieldErrors
	now := f.cfg.Mapping.enrolment(p.student, p.enrolment, &faults)
	if more, ok := errors.AsType[passerelle.FieldErrors](now.Validate(f.codes, passerelle.DateOf(f.cfg.Now()))); ok {
		faults = append(faults, without(more, faults)...)
	}
	if len(faults) > 0 {
		d.item.Outcome, d.item.Detail = Invalid, faults.Error()
		for _, fault := range faults {
			d.item.Fields = append(d.item.Fields, fault.Field)
		}
		return d
	}
	d.item.To = now.Status
	if rec.Fed == nil {
		d.send = &now
		return d
	}
	return f.changed(d, now, rec)
}

// changed compares an enrolment with what was fed.
func (f *Feeder) changed(d decision, now Enrolment, rec Record) decision {
	d.item.From = rec.Fed.Status
	d.item.Fields = rec.Fed.diff(now)
	if rec.State == StateCancelled {
		d.item.Fields = append(d.item.Fields, "cancellation")
	}
	if len(d.item.Fields) == 0 {
		d.item.Outcome, d.item.From, d.item.To = Unchanged, "", ""
		return d
	}
	d.item.Outcome, d.item.Detail = Changed, "fed already: what a second call does is not documented"
	if f.cfg.OnChange == Post {
		d.send, d.again, d.item.Detail = &now, true, ""
	}
	return d
}

// cancelled decides about an enrolment that the student system has cancelled.
func (f *Feeder) cancelled(d decision, e sis.Enrolment, rec Record) decision {
	switch {
	case rec.Fed == nil:
		d.item.Outcome = NeverFed
	case rec.State == StateCancelled:
		d.item.Outcome = Unchanged
	default:
		d.item.Outcome, d.item.From = Cancelled, rec.Fed.Status
		d.item.Detail = "fed already: the service has no documented way to cancel"
		if f.cfg.OnChange != Post {
			return d
		}
		end := *rec.Fed
		today := passerelle.DateOf(f.cfg.Now())
		if f.cfg.Mapping.Cancel != nil {
			f.cfg.Mapping.Cancel(&end, e, today)
		} else {
			EndEarly(&end, e, today)
		}
		d.send, d.cancel, d.again, d.item.Detail = &end, true, true, ""
		d.item.Fields = rec.Fed.diff(end)
	}
	return d
}

func (d decision) unreadable(err error) decision {
	d.item.Outcome, d.item.Detail = Unreadable, err.Error()
	if row, ok := errors.AsType[*sis.RowError](err); ok {
		d.item.Line = row.Line
		if row.Field != "" {
			d.item.Fields = []string{row.Field}
		}
	}
	if d.item.Student == "" {
		d.item.Key = ""
	}
	return d
}

// mayResend reports whether the caller lets a doubtful enrolment be sent again.
func (f *Feeder) mayResend(rec Record) bool {
	return f.cfg.ResendAfter > 0 && f.cfg.Now().Sub(rec.ClaimedAt) >= f.cfg.ResendAfter
}

// without drops the faults of fields that have one already: "required" after a value
// that could not be read says nothing.
func without(more, have passerelle.FieldErrors) passerelle.FieldErrors {
	return slices.DeleteFunc(more, func(f passerelle.FieldError) bool {
		return slices.ContainsFunc(have, func(h passerelle.FieldError) bool { return h.Field == f.Field })
	})
}

// said writes what SUPDATA refused, without its words.
func said(err error) (detail string, status int, uid string) {
	if e, ok := errors.AsType[*Error](err); ok {
		detail, status, uid = "", e.HTTP, e.Details.UID
		switch status {
		case 400:
			detail = "SUPDATA says that a value is not valid"
		case 404:
			detail = "SUPDATA knows no student with this INE and birth date, or no establishment with this UAI"
		}
		if n := len(e.Details.Parameters); n > 0 && detail != "" {
			detail += fmt.Sprintf("; it names %d %s", n, plural(n, "parameter"))
		}
	}
	if detail == "" {
		detail = strings.TrimPrefix(err.Error(), "supdata: ")
	}
	return detail, status, uid
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
