package omobilitylas_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestValidate: each rule, its path and its word; one edit of a good agreement each.
func TestValidate(t *testing.T) {
	t.Parallel()
	waiting := func() la.Agreement { return must(agreed("m1").Propose(changesOf(), day(2))).Agreement } // a first version and changes that wait
	first := func() la.Agreement { return proposed("m1").Agreement }
	short := func() la.Agreement { return must(la.NewState(agreement("m1", blended()), at)).Agreement }
	doctor := func() la.Agreement { return must(la.NewState(agreement("m1", doctoral()), at)).Agreement }
	for name, c := range map[string]struct {
		of   func() la.Agreement
		edit func(*la.Agreement)
		want []string
	}{
		"good changes":  {waiting, func(*la.Agreement) {}, nil},
		"good first":    {first, func(*la.Agreement) {}, nil},
		"good blended":  {short, func(*la.Agreement) {}, nil},
		"good doctoral": {doctor, func(*la.Agreement) {}, nil},
		"southern year": {first, func(a *la.Agreement) { a.YearID = "2026/2026" }, nil},
		"no code":       {first, func(a *la.Agreement) { a.ISCED = "1234" }, nil}, // published examples have impossible ones
		"empty document": {func() la.Agreement { return la.Agreement{} }, func(*la.Agreement) {}, []string{
			"omobility-id pattern", "sending-hei.hei-id required", "sending-hei.ounit-name required", "sending-hei.contact-person.given-names required",
			"sending-hei.contact-person.family-name required", "sending-hei.contact-person.email pattern", "receiving-hei.hei-id required",
			"receiving-hei.contact-person.given-names required", "receiving-hei.contact-person.family-name required", "receiving-hei.contact-person.email pattern",
			"receiving-academic-year-id pattern", "student.given-names required", "student.family-name required", "student.global-id required",
			"student.birth-date date", "student.citizenship pattern", "student.gender code", "student.email pattern", "start-date required", "end-date required",
			"eqf-level-studied-at-departure code", "isced-f-code required", "student-language-skill.language language", "student-language-skill.cefr-level pattern",
			"first-version required",
		}},
		"identifier":        {first, func(a *la.Agreement) { a.OMobilityID = "two words" }, []string{"omobility-id pattern"}},
		"one institution":   {first, func(a *la.Agreement) { a.Receiving.HEI = uniA }, []string{"receiving-hei.hei-id different"}},
		"no institution":    {first, func(a *la.Agreement) { a.Receiving.HEI = ewp.HEIID{} }, []string{"receiving-hei.hei-id required"}},
		"unit":              {first, func(a *la.Agreement) { a.Receiving.UnitID = "é" }, []string{"receiving-hei.ounit-id pattern"}},
		"phone":             {first, func(a *la.Agreement) { a.Sending.Contact.Phone = &contact.Phone{E164: "0388"} }, []string{"sending-hei.contact-person.phone-number.e164 pattern"}},
		"year":              {first, func(a *la.Agreement) { a.YearID = "2026/2028" }, []string{"receiving-academic-year-id pattern"}},
		"gender":            {first, func(a *la.Agreement) { a.Student.Gender = "3" }, []string{"student.gender code"}},
		"day and month":     {first, func(a *la.Agreement) { a.StartMonth = "2026-09" }, []string{"start-year-month exclusive"}},
		"no such month":     {first, func(a *la.Agreement) { a.EndMonth = "2027-13" }, []string{"end-year-month month"}},
		"no such day":       {first, func(a *la.Agreement) { a.StartDate = "2026-02-30" }, []string{"start-date date"}},
		"order of days":     {first, func(a *la.Agreement) { a.EndDate, a.EndMonth = "2026-08-31", "" }, []string{"end-date order"}},
		"order of months":   {first, func(a *la.Agreement) { a.EndMonth = "2026-08" }, []string{"end-date order"}},
		"same month":        {first, func(a *la.Agreement) { a.EndMonth = "2026-09" }, nil},
		"level":             {first, func(a *la.Agreement) { a.EQF = "9" }, []string{"eqf-level-studied-at-departure code"}},
		"language":          {first, func(a *la.Agreement) { a.Language.Language = "français" }, []string{"student-language-skill.language language"}},
		"native":            {first, func(a *la.Agreement) { a.Language.Level = "NS" }, nil},
		"level of language": {first, func(a *la.Agreement) { a.Language.Level = "B3" }, []string{"student-language-skill.cefr-level pattern"}},
		"links":             {first, func(a *la.Agreement) { a.ProvisionsURL = "ftp://x" }, []string{"provisions-url url"}},

		"no version":             {first, func(a *la.Agreement) { a.Proposal = nil }, []string{"first-version required"}},
		"no identifier":          {waiting, func(a *la.Agreement) { a.Proposal.ID = "" }, []string{"changes-proposal@id required"}},
		"changes of nothing":     {first, func(a *la.Agreement) { a.Changes = waiting().First }, []string{"approved-changes order", "approved-changes.components-studied.component[0]@status required", "approved-changes.components-studied.component[1]@status required", "approved-changes.components-recognized.component[0]@status required"}},
		"not signed by all":      {waiting, func(a *la.Agreement) { a.First.ReceivingSignature = nil }, []string{"first-version.receiving-hei-signature required"}},
		"who signed":             {waiting, func(a *la.Agreement) { a.First.ReceivingSignature = &la.Signature{Time: "2026-05-04T10:00:00Z"} }, []string{"first-version.receiving-hei-signature.signer-name required", "first-version.receiving-hei-signature.signer-position required", "first-version.receiving-hei-signature.signer-email required"}},
		"when it was signed":     {first, func(a *la.Agreement) { a.Proposal.SendingSignature.Time = "2026-05-04" }, []string{"changes-proposal.sending-hei-signature.timestamp dateTime"}},
		"time without zone":      {first, func(a *la.Agreement) { a.Proposal.SendingSignature.Time = "2026-05-04T10:00:00" }, nil},
		"student is named":       {first, func(a *la.Agreement) { a.Proposal.StudentSignature.Name = "Zoé" }, []string{"changes-proposal.student-signature.signer-name forbidden"}},
		"student did not sign":   {first, func(a *la.Agreement) { a.Proposal.StudentSignature = la.Signature{} }, []string{"changes-proposal.student-signature.timestamp dateTime"}},
		"student's change":       {waiting, func(a *la.Agreement) { a.Proposal.Student = &la.Student{BirthDate: "29/02/2004"} }, []string{"changes-proposal.student.birth-date date"}},
		"table A":                {first, func(a *la.Agreement) { a.Proposal.Studied = nil }, []string{"changes-proposal.components-studied required"}},
		"table B":                {first, func(a *la.Agreement) { a.Proposal.Recognized = nil }, []string{"changes-proposal.components-recognized required"}},
		"table A2 and B2":        {waiting, func(a *la.Agreement) { a.Proposal.Studied, a.Proposal.Recognized = nil, nil }, nil},
		"no table":               {first, func(a *la.Agreement) { a.Proposal.Tables = la.Tables{} }, []string{"changes-proposal tables"}},
		"tables of two types":    {first, func(a *la.Agreement) { a.Proposal.Blended = blended().Blended }, []string{"changes-proposal tables"}},
		"tables of another type": {waiting, func(a *la.Agreement) { a.Proposal.Blended = la.TableOf(change(la.Inserted, virtual("x"))) }, []string{"changes-proposal.blended-mobility-components type"}},
		"empty blended":          {short, func(a *la.Agreement) { a.Proposal.Blended = la.TableOf() }, []string{"changes-proposal.blended-mobility-components required"}},
		"blended not described":  {short, func(a *la.Agreement) { a.Proposal.Blended = la.TableOf(component("Stay")) }, []string{"changes-proposal.blended-mobility-components required"}},
		"empty doctoral":         {doctor, func(a *la.Agreement) { a.Proposal.Doctoral = la.TableOf() }, []string{"changes-proposal.short-term-doctoral-components required"}},
		"changes of a blended": {short, func(a *la.Agreement) {
			a.First = waiting().First
			a.First.Tables = blended()
			a.Proposal.Blended.Components[0].Status, a.Proposal.Blended.Components[1].Status = la.Inserted, la.Inserted
		}, []string{"changes-proposal type"}},
		"virtual not described": {waiting, func(a *la.Agreement) { a.Proposal.Virtual.Components[0].ShortDescription = "" }, []string{"changes-proposal.virtual-components.component[0].short-description required"}},
		"described":             {first, func(a *la.Agreement) { a.Proposal.Studied.Components[1].ShortDescription = "x" }, []string{"changes-proposal.components-studied.component[1].short-description forbidden"}},
		"described, recognised": {first, func(a *la.Agreement) { a.Proposal.Recognized.Components[0].ShortDescription = "x" }, []string{"changes-proposal.components-recognized.component[0].short-description forbidden"}},
		"conditions":            {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].RecognitionConditions = "x" }, []string{"changes-proposal.components-studied.component[0].recognition-conditions forbidden"}},
		"conditions of table B": {first, func(a *la.Agreement) { a.Proposal.Recognized.Components[0].RecognitionConditions = "x" }, nil},
		"no term":               {first, func(a *la.Agreement) { a.Proposal.Recognized.Components[0].Term = nil }, []string{"changes-proposal.components-recognized.component[0].term-id required"}},
		"no such term":          {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Term = &term.Part{Number: "3", Total: "2"} }, []string{"changes-proposal.components-studied.component[0].term-id.term-number range"}},
		"status in a first":     {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Status = la.Inserted }, []string{"changes-proposal.components-studied.component[0]@status forbidden"}},
		"no status in a change": {waiting, func(a *la.Agreement) {
			a.Proposal.Studied.Components[0].Status = ""
			a.Proposal.Studied.Components[0].ReasonText = ""
		}, []string{"changes-proposal.components-studied.component[0]@status required"}},
		"another status":         {waiting, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Status = "moved" }, []string{"changes-proposal.components-studied.component[0]@status code"}},
		"reason of a deletion":   {waiting, func(a *la.Agreement) { a.Proposal.Studied.Components[1].Reason = la.ReasonNotAvailable }, []string{"changes-proposal.components-studied.component[1]@reason-code status"}},
		"reason of an insertion": {waiting, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Reason = la.ReasonAddingVirtual }, []string{"changes-proposal.components-studied.component[0]@reason-code status"}},
		"another reason":         {waiting, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Reason = "bored" }, []string{"changes-proposal.components-studied.component[0]@reason-code code"}},
		"reason without change":  {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].ReasonText = "x" }, []string{"changes-proposal.components-studied.component[0]@reason-text status"}},
		"identifiers of courses": {first, func(a *la.Agreement) {
			a.Proposal.Studied.Components[0].LOSID, a.Proposal.Studied.Components[0].LOIID = "X/1", "CR/1"
		}, []string{"changes-proposal.components-studied.component[0].los-id pattern", "changes-proposal.components-studied.component[0].loi-id pattern"}},
		"title":                 {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Title = " " }, []string{"changes-proposal.components-studied.component[0].title required"}},
		"credits":               {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Credits = []la.Credit{{Value: "7,5"}} }, []string{"changes-proposal.components-studied.component[0].credit[0].scheme required", "changes-proposal.components-studied.component[0].credit[0].value decimal"}},
		"nothing is counted":    {first, func(a *la.Agreement) { a.Proposal.Studied.Components[0].Credits = nil }, nil},
		"no term, virtual":      {waiting, func(a *la.Agreement) { a.Proposal.Virtual.Components[0].Term = nil }, nil},
		"description, doctoral": {doctor, func(a *la.Agreement) { a.Proposal.Doctoral.Components[0].ShortDescription = "online" }, nil},
		"recognition, doctoral": {doctor, func(a *la.Agreement) { a.Proposal.Doctoral.Components[0].RecognitionConditions = "x" }, nil},
		"changes after a doctoral": {doctor, func(a *la.Agreement) {
			v := a.Proposal.Version
			v.ReceivingSignature = &receivingSigned
			a.First, a.Proposal, a.Changes = &v, nil, &v
		}, []string{"approved-changes type", "approved-changes.short-term-doctoral-components.component[0]@status required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.of()
			c.edit(&a)
			testutil.Equal(t, "faults", documenttest.Faults(t, a.Validate()), c.want)
		})
	}
}

// TestVirtual: the box of the template.
func TestVirtual(t *testing.T) {
	t.Parallel()
	online := doctoral()
	online.Doctoral.Components[0].ShortDescription = "online"
	for i, c := range []struct {
		tables la.Tables
		want   bool
	}{
		0: {semester(), false},
		1: {changesOf().Tables, true},
		2: {la.Tables{Virtual: la.TableOf(change(la.Deleted, virtual("x")))}, false},
		3: {blended(), false},
		4: {doctoral(), false},
		5: {online, true},
	} {
		if got := c.tables.HasVirtual(); got != c.want {
			t.Errorf("%d: %t, want %t", i, got, c.want)
		}
	}
}
