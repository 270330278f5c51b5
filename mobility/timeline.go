package mobility

import "time"

// Stage is how far a step is.
type Stage string

// The stages.
const (
	StageDone    Stage = "done"
	StageNow     Stage = "now"
	StageToCome  Stage = "to-come"
	StageSkipped Stage = "skipped" // the type of mobility has no use for it
	StageEnded   Stage = "ended"   // the mobility was refused or withdrawn before it
)

// Moment is a step on a timeline.
type Moment struct {
	Step  Step
	Stage Stage
	By    Actor         // who did it; else who is to
	At    time.Time     // when it was done; zero otherwise
	After time.Duration // since the step before was done, or since the start
	Times int           // how often it was done, undone ones included
}

// Timeline returns the active steps in order, as a page about the mobility shows
// them, and as delays are counted. now is for the step that is waited for.
func (f *Flow) Timeline(r Record, now time.Time) []Moment {
	out := make([]Moment, 0, len(f.steps))
	last := r.Started
	for _, s := range f.steps {
		m := Moment{Step: s, Stage: StageToCome, By: s.Validator}
		for _, d := range r.History {
			switch d.Step {
			case s.Code:
				m.Stage, m.By, m.At = StageDone, d.By, d.At
				m.Times++
			case doneUndone + s.Code:
				m.Times++
			}
		}
		switch {
		case m.Stage == StageDone:
			m.After = max(0, m.At.Sub(last))
			last = m.At
		case f.types[r.Type].NoCourses && (s.Kind == Choice || s.Kind == Approval):
			m.Stage = StageSkipped
		case s.Code == r.Step:
			m.Stage, m.After = StageNow, max(0, now.Sub(r.Since))
		case r.Status == Refused || r.Status == Withdrawn:
			m.Stage = StageEnded
		}
		out = append(out, m)
	}
	return out
}
