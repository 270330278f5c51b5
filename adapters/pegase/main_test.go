package pegase_test

import (
	"iter"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// day is the first day of the tests.
var day = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// tenant starts a tenant whose clock stands still, and a client of it. Retries do not wait.
func tenant(t testing.TB, cfg pegasetest.Config, change ...func(*pegase.Config)) (*pegasetest.Server, *pegase.Client) {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return day }
	}
	server := pegasetest.NewServer(t, cfg)
	return server, client(t, server, change...)
}

func client(t testing.TB, server *pegasetest.Server, change ...func(*pegase.Config)) *pegase.Client {
	t.Helper()
	cc := server.ClientConfig()
	cc.Transport.Retry = transport.RetryPolicy{MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond}
	for _, f := range change {
		f(&cc)
	}
	c, err := pegase.New(cc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// collect reads a sequence to its end; its errors are returned apart.
func collect[T any](seq iter.Seq2[T, error]) (values []T, errs []error) {
	for v, err := range seq {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		values = append(values, v)
	}
	return values, errs
}

// all reads a sequence that must have no error.
func all[T any](t testing.TB, seq iter.Seq2[T, error]) []T {
	t.Helper()
	values, errs := collect(seq)
	for _, err := range errs {
		t.Fatalf("the sequence has an error: %v", err)
	}
	return values
}

// lucie and estelle are the personas of the contract's examples; the rest of them is invented.
var lucie = pegasetest.Student{
	Code: "000000001",
	Person: passerelle.Person{
		BirthName: "Lefèvre", UsageName: "Roux", GivenNames: [3]string{"Lucie", "Anne", "Marie"}, Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2006, 3, 14), Birthplace: passerelle.Birthplace{Commune: "67482"},
	},
	INE: "223456789HE", OtherINEs: []string{"0BXS6S00QQ4"}, Status: ines.StatusConfirmed,
	Email: "lucie@univ.example", RescueEmail: "lucie@mel.example", Modified: day.Add(-48 * time.Hour),
	Enrolments: []pegasetest.Enrolment{{
		Main: true, CVEC: "LPK24KAB2345", Modified: day.Add(-24 * time.Hour), Nodes: []pegasetest.Node{
			{Path: "LIC-DROIT>LIC-DROIT-A1", Label: "Première année", Kind: "Année", ECTS: "60", Final: "12.468", Result: "TRE001", Credits: "60"},
			{Path: "LIC-DROIT>LIC-DROIT-A1>S1", Label: "Semestre 1", Kind: "Semestre", ECTS: "30", Hidden: true},
			{Path: "LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS", Label: "Options", Kind: "Groupement", Group: true},
			{Path: "LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS>ESPAGNOL", Label: "Espagnol", Kind: "UE", ECTS: "6.5", First: "8", Second: "14.57", Final: "14.57", Result: "TRE001", Credits: "6.5"},
			{Path: "LIC-DROIT>LIC-DROIT-A1>S1>DROIT", Label: "Droit civil", Kind: "UE", ECTS: "6", First: "7.25"},
			{Path: "LIC-DROIT>LIC-DROIT-A1>S1>LATIN", Label: "Latin", Kind: "UE", ECTS: "3", Absence: "INJUSTIFIEE", Result: "TRE002"},
		},
	}},
}

var estelle = pegasetest.Student{
	Code: "000000002",
	Person: passerelle.Person{
		BirthName: "Nguyễn", GivenNames: [3]string{"Estelle"}, Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2005, 12, 1), Birthplace: passerelle.Birthplace{Country: "99243", Name: "Hanoï"},
	},
	Status: ines.StatusUnknown, Nationality: "243", Modified: day.Add(-12 * time.Hour),
	Enrolments: []pegasetest.Enrolment{{Main: true, Mobility: "ENTRANTE", Exchange: "PEC001", Modified: day.Add(-12 * time.Hour)}},
}

func id(code string) sis.StudentID { return sis.StudentID{System: "pegase", Local: code} }
