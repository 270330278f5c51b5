package supdatatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// Student is a person whom INES knows. SUPDATA takes enrolments of those only.
type Student struct {
	INE    string
	Person passerelle.Person
}

// Fed is one recorded enrolment: the texts of the request, and when it came.
type Fed struct {
	ID            string    `json:"id_inscription"`
	INE           string    `json:"ine"`
	DateNaissance string    `json:"dateNaissance"`
	Debut         string    `json:"dateDebutInscription"`
	Fin           string    `json:"dateFinInscription"`
	Statut        string    `json:"statut"`
	Regime        string    `json:"regime"`
	CodeCommune   string    `json:"codeCommune"`
	UAI           string    `json:"uai"`
	Cursus        string    `json:"cursus"`
	Diplome       string    `json:"diplome"`
	NiveauDiplome string    `json:"niveauDiplome"`
	At            time.Time `json:"-"`

	status particulier.AdmissionStatus
	regime particulier.RegimeCode
}

// same is equal for two records of one enrolment.
func (f Fed) same() string {
	return strings.Join([]string{f.INE, f.UAI, f.Debut, f.Diplome, f.NiveauDiplome, f.Cursus}, "|")
}

// Store holds the students and their enrolments. It is safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	students map[string]Student
	schools  map[string]string // UAI to name
	fed      map[string][]Fed  // by INE
	count    int
	replace  bool
	discard  bool
}

// NewStore returns an empty store: nobody is known, and no establishment.
func NewStore() *Store {
	return &Store{students: make(map[string]Student), schools: make(map[string]string), fed: make(map[string][]Fed)}
}

// Sandbox returns a store with the people and the establishments that the published text
// names for trials. It tells no names of them: those are invented.
func Sandbox() *Store {
	s := NewStore()
	for i, of := range []struct{ ine, birth string }{{"0AYIOP071Y8", "1996-12-26"}, {"081768862AE", "1999-11-30"}} {
		s.AddStudent(Student{INE: of.ine, Person: passerelle.Person{
			BirthName: fmt.Sprintf("ESSAI-%c", 'A'+i), GivenNames: [3]string{"CAMILLE"}, Sex: passerelle.SexFemale,
			BirthDate: passerelle.MustParseDate(of.birth), Birthplace: passerelle.Birthplace{Commune: "67482"},
		}})
	}
	for _, code := range []string{"0010006B", "0010814E", "0011402U"} {
		s.AddEstablishment(code, "ETABLISSEMENT "+code)
	}
	return s
}

// AddStudent makes a person known.
func (s *Store) AddStudent(st Student) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.students[strings.ToUpper(st.INE)] = st
}

// AddEstablishment makes an establishment known.
func (s *Store) AddEstablishment(code, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schools[code] = name
}

// ReplaceOnSecond makes a second call for one enrolment replace the first.
func (s *Store) ReplaceOnSecond() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace = true
}

// Discard makes the store count what is fed and forget it, and take anybody: for
// measures.
func (s *Store) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discard = true
}

// Count returns how many enrolments were recorded.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Enrolments returns what is recorded for an INE, in the order of arrival.
func (s *Store) Enrolments(ine string) []Fed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fed[ine])
}

// Twice returns the INEs of students of whom one enrolment is recorded more than once,
// sorted.
func (s *Store) Twice() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var twice []string
	for _, ine := range slices.Sorted(maps.Keys(s.fed)) {
		met := make(map[string]bool)
		for _, f := range s.fed[ine] {
			if met[f.same()] {
				twice = append(twice, ine)
				break
			}
			met[f.same()] = true
		}
	}
	return twice
}

// record keeps an enrolment, and returns it with its number. found is false when no
// student has the pair of INE and birth date.
func (s *Store) record(f Fed) (out Fed, found, school bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.discard {
		st, ok := s.students[f.INE]
		if !ok || st.Person.BirthDate.String() != f.DateNaissance {
			return f, false, true
		}
		if _, ok := s.schools[f.UAI]; !ok {
			return f, true, false
		}
	}
	s.count++
	f.ID = fmt.Sprint(100000 + s.count)
	if s.discard {
		return f, true, true
	}
	list := s.fed[f.INE]
	if s.replace {
		for i := range list {
			if list[i].same() == f.same() {
				f.ID = list[i].ID
				list[i] = f
				return f, true, true
			}
		}
	}
	s.fed[f.INE] = append(list, f)
	return f, true, true
}

// StudentStatusByINE tells what API Particulier answers. A student of whom nothing is
// recorded is not found.
func (s *Store) StudentStatusByINE(ine string) (particulier.StudentStatus, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.students[strings.ToUpper(ine)]
	if !ok || len(s.fed[st.INE]) == 0 {
		return particulier.StudentStatus{}, false
	}
	return s.status(st), true
}

// StudentStatusByIdentity tells what API Particulier answers, by birth name, first given
// name, birth date and, where they are given, sex and birthplace.
func (s *Store) StudentStatusByIdentity(p passerelle.Person) []particulier.StudentStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []particulier.StudentStatus
	for _, ine := range slices.Sorted(maps.Keys(s.fed)) {
		st := s.students[ine]
		q := st.Person
		if !passerelle.SameName(p.BirthName, q.BirthName) || !passerelle.SameName(p.GivenNames[0], q.GivenNames[0]) || p.BirthDate != q.BirthDate {
			continue
		}
		p.GivenNames, p.UsageName = q.GivenNames, q.UsageName
		if len(p.Diff(q)) == 0 {
			found = append(found, s.status(st))
		}
	}
	return found
}

// status builds an answer. The caller holds the lock.
func (s *Store) status(st Student) particulier.StudentStatus {
	p := st.Person
	out := particulier.StudentStatus{
		INE: particulier.Some(st.INE),
		Identity: particulier.Some(particulier.StudentIdentity{
			BirthName: particulier.Some(p.BirthName), GivenName: particulier.Some(p.GivenNames[0]),
			BirthDate: particulier.Some(particulier.DateText(p.BirthDate.String())),
		}),
	}
	list := []particulier.Admission{}
	for _, f := range s.fed[st.INE] {
		a := particulier.Admission{
			Begin: particulier.Some(particulier.DateText(f.Debut)), End: particulier.Some(particulier.DateText(f.Fin)),
			Status: particulier.Some(f.status), Commune: particulier.Some(f.CodeCommune),
			Establishment: particulier.Some(particulier.Establishment{UAI: particulier.Some(f.UAI), Name: particulier.Some(s.schools[f.UAI])}),
			Regime:        particulier.Field[particulier.Regime]{State: particulier.Null},
		}
		if f.regime != "" {
			a.Regime = particulier.Some(particulier.RegimeOf(f.regime.Label()))
		}
		if f.CodeCommune == "" {
			a.Commune = particulier.Field[string]{State: particulier.Null}
		}
		list = append(list, a)
	}
	out.Admissions = particulier.Some(list)
	return out
}
