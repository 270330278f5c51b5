package campaign

import (
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// Report accounts for every student of a run: Counts add up to Total. Items are
// those that changed or that someone must act on, in the order of the base; the
// many that need nothing are counted only. It holds personal data: INE and INES's
// own words.
type Report struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	UAI      string    `json:"uai"`
	Year     int       `json:"year"`
	DryRun   bool      `json:"dry_run,omitempty"`
	Part     bool      `json:"part,omitempty"` // a part made by Split: it holds the items of Key only
	Key      string    `json:"key,omitempty"`

	Total      int                    `json:"total"`
	Counts     map[Outcome]int        `json:"counts"`
	Calls      map[ines.Operation]int `json:"calls,omitempty"`
	Stopped    string                 `json:"stopped,omitempty"`    // why the run did not do all that it could have done, in English
	StoppedWhy Reason                 `json:"stopped_why,omitzero"` // the same, for any language

	Written       int `json:"written"`        // numbers that the student system has taken over
	WriteFailures int `json:"write_failures"` // and that it did not take

	Items   []Item `json:"items"`
	Orphans []Item `json:"orphans,omitempty"` // pending registrations of students that the base no longer gives; not in Total
}

// Item is what a run says of one student.
type Item struct {
	Student string    `json:"student"`
	Key     string    `json:"key,omitempty"`    // Config.SplitKey
	Line    int       `json:"line,omitempty"`   // where the record stands in the source
	Column  int       `json:"column,omitempty"` // of an unreadable record
	Field   string    `json:"field,omitempty"`  // likewise
	Outcome Outcome   `json:"outcome"`
	Since   time.Time `json:"since,omitzero"` // when the student came to this

	Detail  string                 `json:"detail,omitempty"` // for people, in English; no personal data
	Reason  Reason                 `json:"reason,omitzero"`  // the same for any language, where the campaign itself has one
	Faults  passerelle.FieldErrors `json:"faults,omitempty"` // fields that are missing or wrong
	Code    string                 `json:"code,omitempty"`   // INES's code, untouched
	Message string                 `json:"message,omitempty"`

	INE         string   `json:"ine,omitempty"`      // the number that INES gave
	Previous    string   `json:"previous,omitempty"` // the number that the base held when INES was asked, or that is to check
	Alternates  []string `json:"alternates,omitempty"`
	Suggestions []string `json:"suggestions,omitempty"` // numbers one slip away from a wrong one, whose key is right
	RequestID   string   `json:"request_id,omitempty"`
	Written     bool     `json:"written,omitempty"` // the student system has the number

	WriteBack      Reason `json:"write_back,omitzero"`        // why the student system did not take the number
	WriteBackError string `json:"write_back_error,omitempty"` // its own words: personal

	seq int
}

// fromRecord fills the item with what the ledger holds.
func (i Item) fromRecord(r Record) Item {
	i.Outcome, i.Since = r.Outcome, r.Since
	if i.Outcome == "" {
		i.Outcome = Unanswered
	}
	i.Code, i.Message, i.RequestID = r.Code, r.Message, r.RequestID
	if !r.INE.IsZero() {
		i.INE = r.INE.String()
	}
	if i.Outcome.Changed() {
		i.Previous, i.Written = r.Held, !r.WrittenAt.IsZero()
		for _, n := range r.Alternates {
			i.Alternates = append(i.Alternates, n.String())
		}
	}
	return i
}

// because sets the outcome and its reason.
func (i Item) because(o Outcome, why Reason) Item {
	i.Outcome, i.Reason, i.Detail = o, why, why.String()
	return i
}

// add counts an item, and keeps it when someone will want to read it.
func (r *Report) add(i Item) {
	r.Total++
	r.Counts[i.Outcome]++
	if i.Written {
		r.Written++
	}
	if !i.WriteBack.IsZero() {
		r.WriteFailures++
	}
	if i.Outcome != Definitive && i.Outcome != Confirmed {
		r.Items = append(r.Items, i)
	}
}

// finish closes the report.
func (r *Report) finish(at time.Time) {
	r.Finished = at
	slices.SortStableFunc(r.Items, func(a, b Item) int { return a.seq - b.seq })
	slices.SortFunc(r.Orphans, func(a, b Item) int { return strings.Compare(a.Student, b.Student) })
}

// ToDo returns the items that someone in the school must act on.
func (r *Report) ToDo() []Item {
	var out []Item
	for _, i := range r.Items {
		if r.needsAction(i) {
			out = append(out, i)
		}
	}
	for _, i := range r.Orphans {
		if r.needsAction(i) {
			out = append(out, i)
		}
	}
	return out
}

// needsAction reports whether somebody has to act on an item: by its outcome, for
// a number that the student system did not take, or because INES takes too long.
func (r *Report) needsAction(i Item) bool {
	slow := i.Outcome == InProgress && r.Finished.Sub(i.Since) >= overdue
	return i.Outcome.NeedsAction() || !i.WriteBack.IsZero() || slow
}

// LogValue gives the counts: nothing personal.
func (r *Report) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("total", r.Total), slog.Any("counts", r.Counts), slog.String("stopped", r.StoppedWhy.Key))
}

// LogValue gives the reference and the outcome: nothing personal.
func (i Item) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", i.Student), slog.String("outcome", string(i.Outcome)))
}

// Split returns one report for each key of the items (Config.SplitKey), with
// the counts of those items. Students with nothing to tell are in none of them, so
// the parts do not add up to r.Total. Students who left the base have no key.
func (r *Report) Split() map[string]*Report {
	parts := make(map[string]*Report)
	part := func(key string) *Report {
		p := parts[key]
		if p == nil {
			p = &Report{
				Started: r.Started, Finished: r.Finished, UAI: r.UAI, Year: r.Year, DryRun: r.DryRun, Key: key, Part: true, Stopped: r.Stopped,
				StoppedWhy: r.StoppedWhy, Counts: make(map[Outcome]int),
			}
			parts[key] = p
		}
		return p
	}
	for _, i := range r.Items {
		part(i.Key).add(i)
	}
	for _, i := range r.Orphans {
		p := part(i.Key)
		p.Orphans = append(p.Orphans, i)
	}
	return parts
}

// WriteJSON writes the whole report, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}
