package ines_test

import (
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/uai"
)

func TestRegisterValidate(t *testing.T) {
	t.Parallel()
	today := passerelle.NewDate(2026, 9, 1)
	tests := map[string]struct {
		change func(*ines.RegisterRequest)
		want   []string
	}{
		"right": {func(*ines.RegisterRequest) {}, nil},
		"nothing": {func(r *ines.RegisterRequest) { *r = ines.RegisterRequest{} }, []string{
			"Student required", "Person.BirthName required", "Person.GivenNames[0] required", "Person.Sex required",
			"Person.BirthDate required", "Person.Birthplace required", "UAI required",
		}},
		"blank names":      {func(r *ines.RegisterRequest) { r.Person.BirthName, r.Person.GivenNames[0] = " ", "\u00a0" }, []string{"Person.BirthName required", "Person.GivenNames[0] required"}},
		"optional names":   {func(r *ines.RegisterRequest) { r.Person.UsageName, r.Person.GivenNames[1] = "", "" }, nil},
		"every French one": {func(r *ines.RegisterRequest) { r.Person.BirthName = "d’Œrstæd-L'Haÿ, (dit) Ño Ž." }, nil},
		"other scripts":    {func(r *ines.RegisterRequest) { r.Person.UsageName = "Νίκος Иван 王" }, nil},
		"digit":            {func(r *ines.RegisterRequest) { r.Person.UsageName = "Guér1n" }, []string{"Person.UsageName character"}},
		"no letter":        {func(r *ines.RegisterRequest) { r.Person.GivenNames[2] = "-" }, []string{"Person.GivenNames[2] character"}},
		"line break":       {func(r *ines.RegisterRequest) { r.Person.GivenNames[1] = "Zoé\nLéa" }, []string{"Person.GivenNames[1] character"}},
		"partial date":     {func(r *ines.RegisterRequest) { r.Person.BirthDate = passerelle.NewDate(1999, 0, 0) }, nil},
		"no such day":      {func(r *ines.RegisterRequest) { r.Person.BirthDate = passerelle.NewDate(2005, 2, 30) }, []string{"Person.BirthDate range"}},
		"today":            {func(r *ines.RegisterRequest) { r.Person.BirthDate = today }, nil},
		"tomorrow":         {func(r *ines.RegisterRequest) { r.Person.BirthDate = today.AddDays(1) }, []string{"Person.BirthDate range"}},
		"abroad":           {func(r *ines.RegisterRequest) { r.Person.Birthplace = passerelle.Birthplace{Country: "99109"} }, nil},
		"France, somewhere": {func(r *ines.RegisterRequest) { r.Person.Birthplace = passerelle.Birthplace{Country: "99100"} },
			[]string{"Person.Birthplace required"}},
		"place by name": {func(r *ines.RegisterRequest) { r.Person.Birthplace = passerelle.Birthplace{Name: "Strasbourg"} }, []string{"Person.Birthplace required"}},
		"bad commune":   {func(r *ines.RegisterRequest) { r.Person.Birthplace.Commune = "2C004" }, []string{"Person.Birthplace code"}},
		"UAI key":       {func(r *ines.RegisterRequest) { r.UAI = uai.MustParse("0123456A") }, []string{"UAI key"}},
		"reference":     {func(r *ines.RegisterRequest) { r.Student = strings.Repeat("x", ines.MaxStudent+1) }, []string{"Student length"}},
		"just fits":     {func(r *ines.RegisterRequest) { r.Student = strings.Repeat("x", ines.MaxStudent) }, nil},
		"accents in it": {func(r *ines.RegisterRequest) { r.Student = "étudiant" }, []string{"Student character"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ines.RegisterRequest{Student: "S-1", Person: anais, UAI: lorrain}
			tc.change(&r)
			err := r.Validate(today)
			testutil.Equal(t, "faults", faultNames(t, err), tc.want)
			testutil.Equal(t, "outcome", passerelle.OutcomeOf(err) == passerelle.NotSent, err != nil)

			var person []string // what a search with the same person says
			for _, f := range tc.want {
				if strings.HasPrefix(f, "Person.") {
					person = append(person, f)
				}
			}
			testutil.Equal(t, "faults of a search", faultNames(t, ines.SearchRequest{Person: r.Person}.Validate(today)), person)
		})
	}
	future := ines.RegisterRequest{Student: "S-1", Person: anais, UAI: lorrain}
	future.Person.BirthDate.Year = 2999
	if err := future.Validate(passerelle.Date{}); err != nil {
		t.Errorf("without today: %v", err)
	}
}

func TestOtherValidate(t *testing.T) {
	t.Parallel()
	testutil.Equal(t, "verification", faultNames(t, ines.VerifyRequest{}.Validate()), []string{"INE required", "BirthDate required"})
	testutil.Equal(t, "right verification", faultNames(t, rightPair.Validate()), nil)
	testutil.Equal(t, "follow-up", faultNames(t, ines.FollowUpRequest{}.Validate()), []string{"UAI required"})
	testutil.Equal(t, "right follow-up", faultNames(t, ines.FollowUpRequest{UAI: lorrain}.Validate()), nil)
}
