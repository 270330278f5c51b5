package pegasetest

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// Student is a student of the tenant.
type Student struct {
	Code        string // number; empty for who is not a student yet
	Person      passerelle.Person
	INE         string
	OtherINEs   []string
	Status      ines.Status // empty: A_VERIFIER
	Nationality string      // three digits; empty: 100
	Email       string      // institutional
	RescueEmail string
	Enrolments  []Enrolment
	Modified    time.Time // zero: now
}

// Enrolment is an enrolment of a student.
type Enrolment struct {
	Programme string   // code of the programme; empty: LIC-DROIT
	Path      []string // codes below it; nil: the first year
	Year      int      // academic year; 0: 2026
	Status    string   // empty: valide
	Mobility  string   // empty: SANS
	Exchange  string
	CVEC      string
	Main      bool
	Enrolled  time.Time // day of the enrolment; zero: that of Modified
	Modified  time.Time // zero: now
	Nodes     []Node    // courses and marks
}

// Node is a taught object of an enrolment with its marks. Decimal texts are sent as numbers.
type Node struct {
	Path    string // whole path: LIC-DROIT>LIC-DROIT-A1>S1
	Label   string
	Kind    string // Semestre, UE…
	ECTS    string // what it is worth; empty: nothing
	Group   bool   // a grouping: a part of paths that the marks API does not list
	First   string // mark of the first session
	Second  string // mark of the second session
	Final   string // mark that counts
	Result  string // TRE001…
	Credits string // obtained
	Absence string // JUSTIFIEE, INJUSTIFIEE
	Hidden  bool   // nothing is published
}

// code is the last code of the path.
func (n Node) code() string { return n.Path[strings.LastIndexByte(n.Path, '>')+1:] }

// record is a student with what the tenant adds.
type record struct {
	Student
	id       string // UUID
	pegaseID string
}

// Service is a tenant. Its methods are safe for concurrent use.
type Service struct {
	cfg Config
	key []byte

	mu         sync.Mutex
	offset     time.Duration
	records    []*record // in the order of their numbers
	byCode     map[string]*record
	byID       map[string]*record
	byPegase   map[string]*record
	programmes []Programme
	tokens     map[string]time.Time
	issued     int
	counts     map[Operation]int
	script     map[Operation][]Fault
	faults     Faults
	random     *mrand.Rand
}

// New returns a tenant. Its error is passerelle.FieldErrors.
func New(cfg Config) (*Service, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg.withDefaults(), key: make([]byte, 32), byCode: make(map[string]*record), byID: make(map[string]*record),
		byPegase: make(map[string]*record), tokens: make(map[string]time.Time), counts: make(map[Operation]int), script: make(map[Operation][]Fault),
		faults: cfg.Faults, random: mrand.New(mrand.NewPCG(cfg.Seed, 1)),
	}
	_, _ = rand.Read(s.key)
	s.Populate(cfg.Population)
	return s, nil
}

// Now is the clock of the service.
func (s *Service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance moves the clock on.
func (s *Service) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// Add puts a student into the tenant, or takes the place of the one with the same number.
func (s *Service) Add(st Student) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(st)
}

func (s *Service) add(st Student) {
	if st.Status == "" {
		st.Status = ines.StatusToVerify
	}
	if st.Nationality == "" {
		st.Nationality = "100"
	}
	if st.Modified.IsZero() {
		st.Modified = s.now()
	}
	st.Enrolments = slices.Clone(st.Enrolments)
	for i := range st.Enrolments {
		s.complete(&st.Enrolments[i])
	}
	r := s.byCode[st.Code]
	if r == nil || st.Code == "" {
		n := len(s.records) + 1
		r = &record{id: fmt.Sprintf("%08x-0000-4000-8000-00005e900000", n), pegaseID: "p" + strconv.Itoa(n)}
		s.byID[r.id], s.byPegase[r.pegaseID] = r, r
		if st.Code != "" {
			s.byCode[st.Code] = r
		}
		at, _ := slices.BinarySearchFunc(s.records, st.Code, func(r *record, code string) int { return strings.Compare(r.Code, code) })
		s.records = slices.Insert(s.records, at, r)
	}
	r.Student = st
}

var firstYear = []string{"LIC-DROIT-A1"}

func (s *Service) complete(e *Enrolment) {
	e.Programme = or(e.Programme, "LIC-DROIT")
	if e.Path == nil {
		e.Path = firstYear
	}
	if e.Year == 0 {
		e.Year = 2026
	}
	e.Status, e.Mobility = or(e.Status, "valide"), or(e.Mobility, "SANS")
	if e.Modified.IsZero() {
		e.Modified = s.now()
	}
	if e.Enrolled.IsZero() {
		e.Enrolled = e.Modified
	}
}

// Change changes a student by number, and stamps the change with the time of the clock: on
// the student and on every enrolment. It reports whether there is such a student.
func (s *Service) Change(code string, change func(*Student)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byCode[code]
	if r == nil {
		return false
	}
	change(&r.Student)
	r.Modified = s.now()
	for i := range r.Enrolments {
		s.complete(&r.Enrolments[i])
		r.Enrolments[i].Modified = r.Modified
	}
	return true
}

// Student returns a student by number.
func (s *Service) Student(code string) (Student, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byCode[code]
	if r == nil {
		return Student{}, false
	}
	st := r.Student
	st.Enrolments = slices.Clone(st.Enrolments)
	return st, true
}

// Script sets the faults of the next requests of an operation, one by one, before any
// draw; [NoFault] lets one through.
func (s *Service) Script(op Operation, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[op] = append(s.script[op], faults...)
}

// SetFaults replaces the shares of trouble. Its error is passerelle.FieldErrors.
func (s *Service) SetFaults(f Faults) error {
	var faults passerelle.FieldErrors
	if f.check(&faults); len(faults) > 0 {
		return faults
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	return nil
}

// Requests is how many requests of an operation came.
func (s *Service) Requests(op Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[op]
}
