package aglaetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/passerelle-sup/passerelle/aglae"
)

// FileState is where the file of a student stands.
type FileState uint8

// The states. The zero value is NotProcessed.
const (
	NotProcessed    FileState = iota // the connector waits
	PapersMissing                    // waits
	ProgressToCheck                  // validated, progress to be checked: waits
	Rejected                         // no grant: waits all the same
	Conditional                      // holder
	Definitive                       // holder
)

// File is the yearly file of a student at the Crous.
type File struct {
	Number  aglae.GrantNumber // under which AGLAE knows the student
	State   FileState
	Wishes  []aglae.Wish
	Flagged bool // by an event of case B, for the Crous to review
}

// Service is AGLAE and OLAFE. It is an http.Handler, safe for concurrent use. Create it
// with [New].
type Service struct {
	cfg   Config
	codec *aglae.Codec
	mux   *http.ServeMux

	mu       sync.Mutex
	files    map[aglae.GrantNumber]*File
	events   []aglae.Event
	receipts map[string]aglae.Receipt // by Event.ID
	received map[Operation]int
	script   map[Operation][]Fault
	faults   map[Fault]float64
}

// Operation names what is asked of a Service.
type Operation string

// The operations.
const (
	OpAsk   Operation = "ask"
	OpEvent Operation = "event"
	OpOLAFE Operation = "olafe"
)

// New returns a service. Its error is passerelle.FieldErrors.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	if err := checkFaults(cfg.Faults); err != nil {
		return nil, err
	}
	codec, err := aglae.NewCodec(cfg.Contract)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, codec: codec, mux: http.NewServeMux(), faults: cfg.Faults,
		files: make(map[aglae.GrantNumber]*File), receipts: make(map[string]aglae.Receipt),
		received: make(map[Operation]int), script: make(map[Operation][]Fault),
	}
	for _, f := range cfg.Files {
		s.Put(f)
	}
	s.mux.Handle(PathConnector, s.faulty(OpAsk, s.connector()))
	s.mux.Handle(PathEvent, s.faulty(OpEvent, http.HandlerFunc(s.event)))
	s.mux.Handle(PathOLAFE, s.faulty(OpOLAFE, http.HandlerFunc(s.olafe)))
	return s, nil
}

// ServeHTTP answers at [PathConnector] (with the WSDL of the reference contract at
// ?wsdl), [PathEvent] and [PathOLAFE].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Put adds a file, or replaces that of the same number.
func (s *Service) Put(f File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Wishes = slices.Clone(f.Wishes)
	s.files[f.Number] = &f
}

// File returns the file of a number, and whether there is one.
func (s *Service) File(n aglae.GrantNumber) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[n]
	if !ok {
		return File{}, false
	}
	return *f, true
}

// Events returns the events that were taken, each once, in the order of their coming.
func (s *Service) Events() []aglae.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Received returns how many requests of an operation arrived, those that met a fault
// included.
func (s *Service) Received(op Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received[op]
}

// verdict answers the connector: a yes where it can be asserted, and one same wait.
func (s *Service) verdict(q aglae.Question) aglae.Verdict {
	number := q.GrantNumber
	if number.IsZero() {
		number = aglae.GrantNumberOf(q.INE)
	}
	f, ok := s.File(number)
	if ok && (f.State == Conditional || f.State == Definitive) {
		return aglae.Holder
	}
	return aglae.Wait
}

// take does what an event asks for, once for each Event.ID. known tells whether there is
// a file.
func (s *Service) take(e aglae.Event) (r aglae.Receipt, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[e.GrantNumber]
	if f == nil {
		f = s.files[aglae.GrantNumberOf(e.INE)]
	}
	if r, again := s.receipts[e.ID]; again {
		return r, f != nil
	}
	if f == nil {
		return aglae.Receipt{}, false
	}
	r = aglae.Receipt{Case: e.CaseOf(f.Wishes), ID: "INV-" + strconv.Itoa(len(s.events)+1)}
	switch {
	case e.Kind == aglae.Cancelled && f.State == Definitive:
		f.State = Conditional
	case r.Case == aglae.CaseA && f.State == Conditional:
		f.State, f.Flagged = Definitive, false
	case r.Case == aglae.CaseB:
		f.Flagged = true
	}
	s.events = append(s.events, e)
	s.receipts[e.ID] = r
	return r, true
}

// String names the state.
func (f FileState) String() string {
	names := [...]string{"not processed", "papers missing", "progress to check", "rejected", "conditional", "definitive"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("state(%d)", uint8(f))
}
