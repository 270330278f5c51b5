package aglae

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// Detection is one answer as the log keeps it: when, under which number, from whom,
// with which causes. It is personal data: it holds the numbers asked about. The
// service's own words and the payload are not kept.
type Detection struct {
	Student string    `json:"student"` // the caller's reference
	Year    int       `json:"year"`    // academic year by its first civil year
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"`
	Causes  []Cause   `json:"causes,omitempty"`
	Key     KeyUsed   `json:"key,omitempty"` // the number used
	Source  Source    `json:"source,omitempty"`
	Code    string    `json:"code,omitempty"` // the service's code, if it does not look personal

	INE         ine.Number      `json:"ine,omitzero"`
	GrantNumber GrantNumber     `json:"grant_number,omitzero"`
	BirthDate   passerelle.Date `json:"birth_date,omitzero"`
}

// DetectionOf returns what the log keeps of an answer.
func DetectionOf(a Answer) Detection {
	q, code := a.Question, a.Code
	if plainCode(code) != code {
		code = ""
	}
	return Detection{
		Student: q.Student, Year: q.Year, At: a.At, Verdict: a.Verdict, Causes: slices.Clone(a.Causes), Key: a.Key, Source: a.Source, Code: code,
		INE: q.INE, GrantNumber: q.GrantNumber, BirthDate: q.BirthDate,
	}
}

// Question returns the question that was answered.
func (d Detection) Question() Question {
	return Question{Student: d.Student, Year: d.Year, INE: d.INE, GrantNumber: d.GrantNumber, BirthDate: d.BirthDate}
}

// LogValue gives the reference and the verdict: nothing personal.
func (d Detection) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", d.Student), slog.Int("year", d.Year), slog.String("verdict", d.Verdict.String()))
}

// Check reports what keeps d from a log, as passerelle.FieldErrors.
func (d Detection) Check() error {
	var faults passerelle.FieldErrors
	checkStudent(&faults, d.Student)
	checkYear(&faults, d.Year)
	if d.At.IsZero() {
		faults.Add("At", "required", "when the answer came")
	}
	if d.Verdict != Holder && d.Verdict != Wait && d.Verdict != Unavailable {
		faults.Add("Verdict", "value", "holder, wait or unavailable")
	}
	return faults.Err()
}

// DetectionLog keeps answers. Implementations are safe for concurrent use; package
// aglae/detectiontest holds the suite that they pass.
type DetectionLog interface {
	// Record adds d. It returns nil when d is kept for good, and passerelle.FieldErrors
	// for one that [Detection.Check] refuses.
	Record(ctx context.Context, d Detection) error
	// Latest returns the answer of a student and year with the greatest At, of equal
	// ones that recorded last, or an error that is passerelle.ErrNotFound.
	Latest(ctx context.Context, student string, year int) (Detection, error)
	// Open gives, of each student of a year, the latest answer if it is no Holder, in
	// the order of the references. What is recorded meanwhile may be in it or not.
	Open(ctx context.Context, year int) iter.Seq2[Detection, error]
	// Detections gives the answers from since on, all of them for the zero time, in the
	// order of recording.
	Detections(ctx context.Context, since time.Time) iter.Seq2[Detection, error]
}

// detectionKey names whom a detection is about.
type detectionKey struct {
	year    int
	student string
}

func (d *Detection) key() detectionKey { return detectionKey{d.Year, d.Student} }

func (k detectionKey) compare(l detectionKey) int {
	return cmp.Or(cmp.Compare(k.year, l.year), cmp.Compare(k.student, l.student))
}

// latest holds the last detection of each student and year.
type latest map[detectionKey]Detection

// put keeps d, unless a later answer is there already.
func (l latest) put(d Detection) {
	if old, ok := l[d.key()]; !ok || !d.At.Before(old.At) {
		l[d.key()] = d
	}
}

// open lists those of a year that are no Holder, by reference.
func (l latest) open(year int) []Detection {
	var open []Detection
	for k, d := range l {
		if k.year == year && d.Verdict != Holder {
			open = append(open, d)
		}
	}
	slices.SortFunc(open, func(a, b Detection) int { return a.key().compare(b.key()) })
	return open
}

// MemoryLog is a DetectionLog that lives as long as the process. Its zero value is
// ready for use.
type MemoryLog struct {
	mu     sync.RWMutex
	all    []Detection
	latest latest
}

var _ DetectionLog = (*MemoryLog)(nil)

// NewMemoryLog returns an empty log.
func NewMemoryLog() *MemoryLog { return new(MemoryLog) }

// Record implements [DetectionLog].
func (m *MemoryLog) Record(ctx context.Context, d Detection) error {
	if err := cmp.Or(ctx.Err(), d.Check()); err != nil {
		return err
	}
	d.Causes = slices.Clone(d.Causes)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, d)
	if m.latest == nil {
		m.latest = make(latest)
	}
	m.latest.put(d)
	return nil
}

// Latest implements [DetectionLog].
func (m *MemoryLog) Latest(ctx context.Context, student string, year int) (Detection, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.latest.get(ctx, student, year)
}

func (l latest) get(ctx context.Context, student string, year int) (Detection, error) {
	if err := ctx.Err(); err != nil {
		return Detection{}, err
	}
	d, ok := l[detectionKey{year, student}]
	if !ok {
		return Detection{}, errNoDetection
	}
	return d, nil
}

// Open implements [DetectionLog].
func (m *MemoryLog) Open(ctx context.Context, year int) iter.Seq2[Detection, error] {
	return func(yield func(Detection, error) bool) {
		m.mu.RLock()
		open := m.latest.open(year)
		m.mu.RUnlock()
		each(ctx, open, yield)
	}
}

// Detections implements [DetectionLog].
func (m *MemoryLog) Detections(ctx context.Context, since time.Time) iter.Seq2[Detection, error] {
	return func(yield func(Detection, error) bool) {
		m.mu.RLock()
		all := m.all // what is appended later stands behind its end
		m.mu.RUnlock()
		each(ctx, all, func(d Detection, err error) bool {
			return err == nil && d.At.Before(since) || yield(d, err)
		})
	}
}

// each yields the items of a slice until ctx ends.
func each(ctx context.Context, items []Detection, yield func(Detection, error) bool) {
	for _, d := range items {
		if err := ctx.Err(); err != nil {
			yield(Detection{}, err)
			return
		}
		if !yield(d, nil) {
			return
		}
	}
}

// notFoundError says what is not there.
type notFoundError struct{ text string }

func (e *notFoundError) Error() string               { return "aglae: " + e.text }
func (e *notFoundError) Is(target error) bool        { return target == passerelle.ErrNotFound }
func (e *notFoundError) Outcome() passerelle.Outcome { return passerelle.Answered }

var errNoDetection = &notFoundError{"nothing was asked about this student and year"}
