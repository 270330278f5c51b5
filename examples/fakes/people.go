package main

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/particulier"
)

// The people whom INES knows at start are known to the others too: SUPDATA takes their
// enrolments, the CVEC has a certificate for each, and every third has a file at the
// Crous. Whoever asks one service after the other meets one student.

// grantOf deals the files at the Crous.
func grantOf(i int) (state aglaetest.FileState, has bool) {
	states := []aglaetest.FileState{aglaetest.Definitive, aglaetest.Conditional, aglaetest.NotProcessed, aglaetest.Rejected}
	return states[i/3%len(states)], i%3 == 0
}

// holder reports whether a file is that of a holder.
func holder(s aglaetest.FileState) bool {
	return s == aglaetest.Definitive || s == aglaetest.Conditional
}

// certificateOf is the certificate of the i-th person: its number counts in letters.
func certificateOf(i int, r inestest.Record) cvectest.Certificate {
	number := []byte("VER5AAAAAA12")
	for at := 9; at > 3 && i > 0; at-- {
		number[at] = 'A' + byte(i%26)
		i /= 26
	}
	return cvectest.Certificate{Number: cvec.MustParse(string(number)), Person: r.Person, INE: r.Master.String(), Crous: "Versailles", State: cvec.StatePaid}
}

// fileOf is the file of the i-th person at the Crous.
func fileOf(i int, r inestest.Record) (aglaetest.File, bool) {
	state, has := grantOf(i)
	return aglaetest.File{Number: aglae.GrantNumberOf(r.Master), State: state}, has
}

// recordOf is the record of a holder as the Cnous writes it.
func recordOf(r inestest.Record, state aglaetest.FileState, year int) (json.RawMessage, error) {
	status := 0
	if state == aglaetest.Conditional {
		status = 1
	}
	return json.Marshal(map[string]any{
		"lastName": r.Person.BirthName, "firstName": r.Person.GivenNames[0], "ine": r.Master, "boursier": true, "grantStatus": status, "grantEchelon": "5",
		"birthDate": r.Person.BirthDate.String() + "T00:00:00+01:00", "campaign": map[string]any{"year": year, "active": true}, "paymentDuration": 10,
	})
}

// holders answers API Particulier what the Cnous knows: an aglaetest.Service and its
// files, behind the other door.
type holders struct {
	crous  *aglaetest.Service
	people func() []inestest.Record
	now    func() time.Time
}

// ScholarshipByINE implements particuliertest.Scholarships. A year asked for that is not
// the current one has nothing.
func (h holders) ScholarshipByINE(number string, campaign int) (particulier.Scholarship, bool) {
	for _, r := range h.people() {
		if r.Master.String() == number {
			return h.scholarship(r, campaign)
		}
	}
	return particulier.Scholarship{}, false
}

// ScholarshipByIdentity implements particuliertest.Scholarships.
func (h holders) ScholarshipByIdentity(p passerelle.Person, campaign int) []particulier.Scholarship {
	var found []particulier.Scholarship
	for _, r := range h.people() {
		if r.Person.BirthDate != p.BirthDate || passerelle.FoldName(r.Person.BirthName) != passerelle.FoldName(p.BirthName) ||
			passerelle.FoldName(r.Person.GivenNames[0]) != passerelle.FoldName(p.GivenNames[0]) {
			continue
		}
		if s, ok := h.scholarship(r, campaign); ok {
			found = append(found, s)
		}
	}
	return found
}

func (h holders) scholarship(r inestest.Record, campaign int) (particulier.Scholarship, bool) {
	file, has := h.crous.File(aglae.GrantNumberOf(r.Master))
	if !has || campaign != 0 && campaign != h.now().Year() {
		return particulier.Scholarship{}, false
	}
	status := 0
	if file.State == aglaetest.Conditional {
		status = 1
	}
	return particulier.Scholarship{
		Holder: particulier.Some(holder(file.State)), Level: particulier.Some(particulier.Level("5")), Status: particulier.Some(status),
		Months: particulier.Some(10), TermStart: particulier.Some(particulier.DateText(strconv.Itoa(h.now().Year()) + "-09-01")),
		Identity: particulier.Some(particulier.ScholarshipIdentity{
			Name: particulier.Some(r.Person.BirthName), GivenNames: particulier.Some([]string{r.Person.GivenNames[0]}),
			BirthDate: particulier.Some(particulier.DateText(r.Person.BirthDate.String())), Sex: particulier.Some(r.Person.Sex.String()),
		}),
	}, true
}
