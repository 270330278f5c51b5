package inestest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// Service is a register behind both bindings. It compares people folded
// (passerelle.FoldName): one is the other when birth name, first given name, sex
// and birth date are equal and the birthplace is not another; it has doubts when
// the birth date is the same and the names are near. It is safe for concurrent use.
type Service struct {
	cfg     Config
	codec   *ines.Codec
	handler http.Handler

	mu      sync.Mutex
	journal *journal.Journal // nil when nothing is kept
	reg     register
	counts  counts
	offset  time.Duration // of Advance
	faults  Faults
	script  map[ines.Operation][]Fault
	closed  time.Time            // end of the maintenance window
	tokens  map[string]time.Time // ends of life
}

// New returns a service. Its error is passerelle.FieldErrors, or what kept the
// journal from being opened.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	codec, err := ines.NewCodec(cfg.Contract)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, codec: codec, reg: newRegister(), counts: newCounts(), faults: cfg.Faults,
		script: make(map[ines.Operation][]Fault), tokens: make(map[string]time.Time),
	}
	for p := range Generate(cfg.Seed, cfg.Population) {
		s.reg.add(Record{Person: p, Master: s.reg.number(cfg.Seed, fold(p), p.BirthDate.Year+11)})
	}
	if cfg.Journal != "" {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	s.handler = s.routes()
	return s, nil
}

// Handler returns the http.Handler of both bindings: [PathSOAP], with the WSDL of
// the reference contract at ?wsdl, [PathToken] and [PathVerify].
func (s *Service) Handler() http.Handler { return s.handler }

// Close closes the journal, if there is one.
func (s *Service) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.Close()
}

// Now returns the time on the clock of the service.
func (s *Service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Service) now() time.Time { return s.cfg.Now().Add(s.offset) }

// process is one request at the register: it draws the fault, does the work
// unless the fault comes before it, and keeps what happened. rest tells the
// binding.
func (s *Service) process(r ines.Request, rest bool) ([]ines.Answer, Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := r.Operation()
	seen := arrival{Op: op, Key: requestKey(r)}
	if reg, ok := r.(ines.RegisterRequest); ok {
		seen.Person, seen.Student = fold(reg.Person).key(), reg.Student
	}
	fault := s.trouble(op, rest, seen.Key)
	seen.Processed = !fault.before()
	events := s.settle()
	var answers []ines.Answer
	if seen.Processed {
		var more []event
		answers, more = s.work(r, fault)
		events = append(events, more...)
	}
	if err := s.keep(append(events, event{Arrival: &seen})...); err != nil {
		return nil, fault, err
	}
	if fault == Duplicated {
		answers = slices.Concat(answers, answers)
	}
	return answers, fault, nil
}

// requestKey tells one request from another, for the draw of faults.
func requestKey(r ines.Request) uint64 {
	switch r := r.(type) {
	case ines.VerifyRequest:
		return hash(1, r.INE.String()+r.BirthDate.String())
	case ines.SearchRequest:
		return hash(2, fold(r.Person).key())
	case ines.RegisterRequest:
		return hash(3, fold(r.Person).key()+"|"+r.Student)
	case ines.FollowUpRequest:
		return hash(4, fmt.Sprint(r.UAI, r.RequestIDs))
	}
	return 0
}

// trouble picks the fault of a request: the maintenance window, the script, the draw.
func (s *Service) trouble(op ines.Operation, rest bool, key uint64) Fault {
	if s.now().Before(s.closed) {
		return Maintenance
	}
	if queue := s.script[op]; len(queue) > 0 {
		s.script[op] = queue[1:]
		return queue[0]
	}
	return s.faults.draw(s.cfg.Seed, op, rest, key, s.counts.asked[asked{op, key}])
}

// work answers a request and says what it changes.
func (s *Service) work(r ines.Request, fault Fault) ([]ines.Answer, []event) {
	switch r := r.(type) {
	case ines.VerifyRequest:
		if e := s.reg.byNumber[r.INE]; e != nil && e.Person.BirthDate == r.BirthDate {
			return []ines.Answer{e.answer(ines.OpVerify)}, nil
		}
		return []ines.Answer{{Operation: ines.OpVerify, Status: ines.StatusUnknown}}, nil
	case ines.SearchRequest:
		return []ines.Answer{s.search(r)}, nil
	case ines.RegisterRequest:
		return s.register(r, fault)
	case ines.FollowUpRequest:
		return s.follow(r), nil
	}
	return nil, nil
}

func (s *Service) search(r ines.SearchRequest) ines.Answer {
	if a, ok := refused(ines.OpSearch, r.Validate(s.today()), r.Person); ok {
		return a
	}
	same, _ := s.reg.matches(fold(r.Person))
	switch len(same) {
	case 0:
		return ines.Answer{Operation: ines.OpSearch, Status: ines.StatusUnknown}
	case 1:
		return same[0].answer(ines.OpSearch)
	}
	return ines.Answer{
		Operation: ines.OpSearch, Status: ines.StatusLitige, Code: "INVENTE-HOMONYMES",
		Message: fmt.Sprintf("%d personnes répondent à l'identité de %s %s", len(same), r.Person.BirthName, r.Person.Given()),
	}
}

// refused is the answer to data that are not complete or not valid. Its message
// repeats the name on purpose, as real services do.
func refused(op ines.Operation, err error, p passerelle.Person) (ines.Answer, bool) {
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	if len(faults) == 0 {
		return ines.Answer{}, false
	}
	a := ines.Answer{Operation: op, Status: ines.StatusIncomplete, Code: "INVENTE-INCOMPLET"}
	for _, f := range faults {
		if f.Rule != "required" {
			a.Status, a.Code = ines.StatusInvalid, "INVENTE-INVALIDE"
		}
	}
	a.Message = fmt.Sprintf("%s %s : %s", p.BirthName, p.Given(), faults.Error())
	return a, true
}

// register immatriculates. What the register knows of the person decides:
//
//   - the same registration is under way or in litige: that dossier is answered;
//   - it knows the person: the number that exists is answered;
//   - others resemble the person, or the register knows several, or another
//     dossier of the same identity is open: LITIGE;
//   - nobody: a number is created, now or tomorrow.
func (s *Service) register(r ines.RegisterRequest, fault Fault) ([]ines.Answer, []event) {
	if a, ok := refused(ines.OpRegister, r.Validate(s.today()), r.Person); ok {
		a.Student = r.Student
		return []ines.Answer{a}, nil
	}
	id := fold(r.Person)
	earlier := s.reg.byIdentity[id.key()]
	open := false
	for _, d := range earlier {
		if d.Hidden || !d.Status.Open() {
			continue
		}
		if d.Student == r.Student {
			return []ines.Answer{d.answer(ines.OpRegister, &s.reg)}, nil
		}
		open = true
	}
	now := s.now()
	d := Dossier{
		ID:      fmt.Sprintf("INV-%08x-%d", uint32(hash(s.cfg.Seed, id.key())), len(earlier)+1),
		Student: r.Student, UAI: r.UAI, Person: r.Person, Changed: now,
	}
	same, near := s.reg.matches(id)
	switch {
	case fault == LitigeStorm, open, len(near) > 0 && len(same) == 0, len(same) > 1:
		d.Status, d.Code = ines.StatusLitige, "INVENTE-LITIGE"
		d.Message = fmt.Sprintf("doute sur l'identité de %s %s", r.Person.BirthName, r.Person.Given())
	case len(same) == 1:
		d.Status, d.Number = ines.StatusConfirmed, same[0].Master
	case fault == LateCreation:
		d.Status, d.Hidden, d.Due = ines.StatusInProgress, true, now.Add(s.cfg.Delay)
	case float64(hash(s.cfg.Seed+1, id.key())>>11)/(1<<53) < s.cfg.Tomorrow:
		d.Status, d.Due = ines.StatusInProgress, now.Add(s.cfg.Delay)
	default:
		d.Status, d.Number, d.Created = ines.StatusConfirmed, s.reg.number(s.cfg.Seed, id, now.Year()), true
	}
	a := d.answer(ines.OpRegister, &s.reg)
	if d.Status == ines.StatusConfirmed {
		a.Master = d.Number
	}
	return []ines.Answer{a}, []event{{Dossier: &d}}
}

func (s *Service) follow(r ines.FollowUpRequest) []ines.Answer {
	found := make([]*Dossier, 0, 8)
	if len(r.RequestIDs) > 0 {
		for _, id := range r.RequestIDs {
			if d := s.reg.byID[id]; d != nil && d.UAI == r.UAI && !d.Hidden {
				found = append(found, d)
			}
		}
	} else {
		since := r.Since.Truncate(time.Second) // instants are written in whole seconds
		for _, d := range s.reg.dossiers {
			if d.UAI == r.UAI && !d.Hidden && !d.Changed.Before(since) {
				found = append(found, d)
			}
		}
		slices.SortFunc(found, func(a, b *Dossier) int {
			return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.ID, b.ID))
		})
	}
	answers := make([]ines.Answer, len(found))
	for i, d := range found {
		answers[i] = d.answer(ines.OpFollowUp, &s.reg)
	}
	return answers
}

// settle ends the dossiers that are due.
func (s *Service) settle() []event {
	now := s.now()
	var due []*Dossier
	for _, d := range s.reg.due {
		if !d.Due.After(now) {
			due = append(due, d)
		}
	}
	slices.SortFunc(due, func(a, b *Dossier) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	var events []event
	for _, d := range due {
		done := *d
		done.Status, done.Changed, done.Due, done.Hidden = ines.StatusConfirmed, d.Due, time.Time{}, false
		id := fold(d.Person)
		if same, _ := s.reg.matches(id); len(same) > 0 && !d.Hidden {
			done.Number = same[0].Master
		} else { // a late creation looks at nobody: that is what makes it dangerous
			done.Number, done.Created = s.reg.number(s.cfg.Seed, id, now.Year()), true
		}
		s.reg.put(done) // the next one must see its number taken
		events = append(events, event{Dossier: &done})
	}
	return events
}

func (s *Service) today() passerelle.Date { return passerelle.DateOf(s.now()) }

// numbers checks what a caller wants a person to have.
func numbers(of []ine.Number) (Record, error) {
	for i, n := range of {
		if n.IsZero() || slices.Contains(of[:i], n) {
			return Record{}, fmt.Errorf("inestest: number %d: %w: want numbers, each once", i+1, passerelle.ErrInvalid)
		}
	}
	if len(of) == 0 {
		return Record{}, nil
	}
	return Record{Master: of[0], Alternates: slices.Clone(of[1:])}, nil
}
