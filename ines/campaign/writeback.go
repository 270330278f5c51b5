package campaign

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// writeBack hands the number to the student system when it was not handed over
// yet. A failure is told in the item and tried again by the next run.
func (r *run) writeBack(ctx context.Context, rec Record, q question) (out Record, failure, err error) {
	if r.cfg.Writer == nil || r.cfg.DryRun || !rec.WrittenAt.IsZero() {
		return rec, nil, nil
	}
	update := sis.INEUpdate{
		Student: q.student.ID, Year: r.cfg.Year, Definitive: rec.INE.String(), Moment: q.verdict.Number.String(), DecidedAt: rec.GivenAt, Origin: rec.Origin,
	}
	for _, n := range rec.Alternates {
		update.Alternates = append(update.Alternates, n.String())
	}
	if failure := r.cfg.Writer.WriteINE(context.WithoutCancel(ctx), update); failure != nil {
		r.log.Warn("the student system did not take a number", "student", rec.Student, "why", writeReason(failure).Key)
		return rec, failure, nil
	}
	now := r.cfg.Now()
	rec.WrittenAt = now
	rec.add(Event{At: now, What: "written back to the student system"})
	out, err = r.put(ctx, rec)
	return out, nil, err
}

// writeReason says why the student system did not take a number, without its own
// words, which may repeat the number.
func writeReason(err error) Reason {
	switch {
	case errors.Is(err, passerelle.ErrConflict):
		return because("write-conflict")
	case errors.Is(err, passerelle.ErrUnavailable):
		return because("write-unavailable")
	case errors.Is(err, passerelle.ErrNotFound):
		return because("write-not-found")
	}
	return because("write-failed")
}
