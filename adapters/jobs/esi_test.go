package jobs_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/sis"
)

// esiOf is an identifier of a student.
func esiOf(t testing.TB, s sis.Student) esi.ID {
	t.Helper()
	id, err := esi.Parse("urn:schac:personalUniqueCode:int:esi:fr:" + s.INE)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
