package pegasetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
)

var (
	birthNames = []string{"Martin", "Lefèvre", "Nguyễn", "D'Almeida", "Roux", "Ben Salah", "Garcia", "Œuvrard", "Petit", "Kowalski"}
	givenNames = []string{"Camille", "Noé", "Inès", "Zoé", "Léo", "Aïcha", "Hugo", "Maëlle", "Jean-Baptiste", "Chloé"}
	communes   = []string{"67482", "35238", "75113", "2A004", "13205", "59350", "97411", "31555"}
	statuses   = []ines.Status{
		ines.StatusConfirmed, ines.StatusConfirmed, ines.StatusConfirmed, ines.StatusConfirmed, ines.StatusConfirmed, ines.StatusConfirmed,
		ines.StatusConfirmed, ines.StatusConfirmed, ines.StatusToVerify, ines.StatusUnknown,
	}
)

// Populate adds n invented students, numbered from 000000001 on, each with one enrolment of
// 2026; the seed decides who they are. Their changes are spread over the year before now,
// with the crowd of September.
func (s *Service) Populate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for i := len(s.records) + 1; i <= n; i++ {
		r := rand.New(rand.NewPCG(s.cfg.Seed, uint64(i)))
		back := time.Duration(r.Int64N(int64(360 * 24 * time.Hour)))
		if i%2 == 0 { // half of them within ten days
			back = 60*24*time.Hour + time.Duration(r.Int64N(int64(10*24*time.Hour)))
		}
		at := now.Add(-back - time.Hour).Truncate(time.Second)
		st := Student{
			Code: fmt.Sprintf("%09d", i),
			Person: passerelle.Person{
				BirthName: birthNames[r.IntN(len(birthNames))], GivenNames: [3]string{givenNames[r.IntN(len(givenNames))]},
				Sex:        passerelle.Sex(1 + r.IntN(2)),
				BirthDate:  passerelle.NewDate(1998+r.IntN(10), time.Month(1+r.IntN(12)), 1+r.IntN(28)),
				Birthplace: passerelle.Birthplace{Commune: communes[r.IntN(len(communes))]},
			},
			Status: statuses[r.IntN(len(statuses))], Modified: at,
			Enrolments: []Enrolment{{Main: true, Modified: at}},
		}
		if st.Status == ines.StatusConfirmed {
			st.INE = invented(i)
		}
		s.add(st)
	}
}

// invented is a number of the RNIE's shape with a right key.
func invented(i int) string {
	n, err := ine.Complete(ine.RNIE, fmt.Sprintf("%09d", 900000000+i))
	if err != nil {
		panic(err) // nine digits
	}
	return n.String()
}
