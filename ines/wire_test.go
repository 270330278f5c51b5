package ines_test

import (
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/uai"
)

var instant = time.Date(2026, 9, 14, 8, 30, 0, 0, time.UTC)

func sampleRequests() map[string]ines.Request {
	partial := hans
	partial.BirthDate = passerelle.NewDate(1999, 0, 0)
	partial.Birthplace.Name = ""
	return map[string]ines.Request{
		"verify":         ines.VerifyRequest{INE: bea, BirthDate: anais.BirthDate},
		"search":         ines.SearchRequest{Person: anais},
		"search partial": ines.SearchRequest{Person: partial},
		"register":       ines.RegisterRequest{Student: "S-1", Person: anais, UAI: lorrain},
		"follow":         ines.FollowUpRequest{UAI: lorrain, Since: instant},
		"follow ids":     ines.FollowUpRequest{UAI: lorrain, RequestIDs: []string{"A", "B"}},
		"escaped":        ines.RegisterRequest{Student: `<S&"1">`, Person: anais, UAI: lorrain},
	}
}

func sampleAnswers() map[string][]ines.Answer {
	confirmed := ines.Answer{
		Operation: ines.OpSearch, Status: ines.StatusConfirmed, Master: rnie, Alternates: []ine.Number{bea, ine.MustParse("0AYIOP071Y8")},
		Person: anais, At: instant,
	}
	litige := ines.Answer{
		Operation: ines.OpRegister, Status: ines.StatusLitige, RequestID: "D-1", Student: "S-1", Code: "L7", Message: "doute <sur> l'identité", At: instant,
	}
	progress := ines.Answer{Operation: ines.OpFollowUp, Status: ines.StatusInProgress, RequestID: "D-2", Student: "S-2", At: instant}
	followed := litige
	followed.Operation = ines.OpFollowUp
	return map[string][]ines.Answer{
		"confirmed": {confirmed},
		"litige":    {litige},
		"unknown":   {{Operation: ines.OpVerify, Status: ines.StatusUnknown}},
		"new word":  {{Operation: ines.OpVerify, Status: "EN_ATTENTE_DE_LA_LUNE"}},
		"followed":  {followed, progress},
	}
}

// wireOptions compare requests and answers.
var wireOptions = []cmp.Option{
	cmp.Comparer(func(a, b ine.Number) bool { return a == b }), cmp.Comparer(func(a, b uai.Code) bool { return a == b }), cmpopts.EquateEmpty(),
}

// variants are contracts that differ from the reference in one habit each.
func variants() map[string]ines.Contract {
	change := func(f func(*ines.Contract)) ines.Contract {
		c := ines.ReferenceContract()
		f(&c)
		return c
	}
	return map[string]ines.Contract{
		"reference":         ines.ReferenceContract(),
		"SOAP 1.2":          change(func(c *ines.Contract) { c.SOAP = "1.2" }),
		"ISO-8859-15":       change(func(c *ines.Contract) { c.Charset = "ISO-8859-15" }),
		"Windows-1252":      change(func(c *ines.Contract) { c.Charset = "Windows-1252" }),
		"unqualified":       change(func(c *ines.Contract) { c.Unqualified = true }),
		"default namespace": change(func(c *ines.Contract) { c.Prefix = "" }),
		"French dates":      change(func(c *ines.Contract) { c.DateFormat = "DD/MM/YYYY" }),
		"compact dates":     change(func(c *ines.Contract) { c.DateFormat = "YYYYMMDD" }),
		"local time": change(func(c *ines.Contract) {
			c.TimeFormat, c.TimeZone = "02/01/2006 15:04:05", "Europe/Paris"
		}),
		"SISE codes": change(func(c *ines.Contract) { c.Sex, c.ShortCountry = passerelle.SexCodesSISE, true }),
		"own words": change(func(c *ines.Contract) {
			c.Statuses = map[string]ines.Status{"1": ines.StatusConfirmed, "2": ines.StatusUnknown, "3": ines.StatusLitige, "9": ines.StatusLitige, "4": ines.StatusInProgress}
		}),
		"nested": change(func(c *ines.Contract) {
			for op, x := range c.Operations {
				fields := make([]ines.Element, 0, len(x.Fields)+1)
				fields = append(fields, ines.Element{Path: "entete/version", Text: "1.0"})
				for _, e := range x.Fields {
					e.Path = "demande/" + e.Path
					fields = append(fields, e)
				}
				x.Fields = fields
				x.Record = strings.TrimPrefix("retour/"+x.Record, "/")
				x.Record = strings.TrimSuffix(x.Record, "/")
				c.Operations[op] = x
			}
		}),
		"two namespaces": change(func(c *ines.Contract) {
			c.Namespaces = map[string]string{"t": "urn:example:invented:types"}
			for op, x := range c.Operations {
				fields := make([]ines.Element, len(x.Fields))
				for i, e := range x.Fields {
					e.Path = "t:bloc/t:" + e.Path
					fields[i] = e
				}
				x.Fields = fields
				c.Operations[op] = x
			}
		}),
	}
}

func TestWireRoundTrip(t *testing.T) {
	t.Parallel()
	for name, contract := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			codec := newCodec(t, contract)
			for what, want := range sampleRequests() {
				el, err := codec.EncodeRequest(want)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				got, err := codec.DecodeRequest(parse(t, text(t, el)))
				if err != nil {
					t.Errorf("%s: %v in %s", what, err, text(t, el))
					continue
				}
				testutil.Equal(t, what, got, want, wireOptions...)
			}
			for what, want := range sampleAnswers() {
				op := want[0].Operation
				el, err := codec.EncodeAnswer(op, want...)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				got, err := codec.DecodeAnswer(op, parse(t, text(t, el)))
				if err != nil {
					t.Errorf("%s: %v in %s", what, err, text(t, el))
					continue
				}
				for i := range got {
					got[i].At = got[i].At.UTC()
				}
				for i := range want {
					want[i].At = want[i].At.UTC()
				}
				testutil.Equal(t, what, got, want, wireOptions...)
			}
		})
	}
}

func parse(tb testing.TB, data []byte) *etree.Element {
	tb.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil {
		tb.Fatalf("%v in %s", err, data)
	}
	return doc.Root()
}

func TestWireGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"reference", "unqualified", "nested", "two namespaces", "SISE codes"} {
		codec := newCodec(t, variants()[name])
		el, err := codec.EncodeRequest(sampleRequests()["register"])
		if err != nil {
			t.Fatal(err)
		}
		doc := etree.NewDocumentWithRoot(el)
		doc.Indent(2)
		data, err := doc.WriteToBytes()
		if err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, "register-"+strings.ReplaceAll(name, " ", "-")+".xml", data)
	}
}

// TestWireStrict departs from the contract in each way a client could.
func TestWireStrict(t *testing.T) {
	t.Parallel()
	const head, tail = `<inv:verifierIne xmlns:inv="` + ines.ReferenceNamespace + `">`, `</inv:verifierIne>`
	number, date := "<inv:ine>223456789HE</inv:ine>", "<inv:dateNaissance>2005-03-14</inv:dateNaissance>"
	tests := map[string]struct{ body, want string }{
		"right":             {head + number + date + tail, ""},
		"blanks":            {head + "\n  " + number + "\n  " + date + "\n" + tail, ""},
		"default namespace": {`<verifierIne xmlns="` + ines.ReferenceNamespace + `"><ine>223456789HE</ine><dateNaissance>2005-03-14</dateNaissance></verifierIne>`, ""},
		"order":             {head + date + number + tail, "verifierIne element"},
		"missing":           {head + number + tail, "verifierIne element"},
		"more":              {head + number + date + "<inv:pays>100</inv:pays>" + tail, "verifierIne element"},
		"twice":             {head + number + number + date + tail, "verifierIne element"},
		"unqualified":       {head + "<ine>223456789HE</ine><dateNaissance>2005-03-14</dateNaissance>" + tail, "verifierIne element"},
		"inside":            {head + "<inv:ine>223456789HE<inv:x/></inv:ine>" + date + tail, "verifierIne/ine element"},
		"operation":         {`<inv:effacer xmlns:inv="` + ines.ReferenceNamespace + `"/>`, "Body name"},
		"namespace":         {`<inv:verifierIne xmlns:inv="urn:other">` + number + date + tail, "Body name"},
		"number":            {head + "<inv:ine>22345</inv:ine>" + date + tail, "ine length"},
		"date":              {head + number + "<inv:dateNaissance>14/03/2005</inv:dateNaissance>" + tail, "birth_date value"},
	}
	codec := newCodec(t, ines.ReferenceContract())
	for name, tc := range tests {
		_, err := codec.DecodeRequest(parse(t, []byte(tc.body)))
		testutil.Equal(t, name, strings.Join(faultNames(t, err), ", "), tc.want)
	}
}

// TestWireLenient reads answers that are not quite what the contract says.
func TestWireLenient(t *testing.T) {
	t.Parallel()
	answer := func(inside string) string {
		return `<r:verifierIneReponse xmlns:r="` + ines.ReferenceNamespace + `" xmlns:x="urn:x">` + inside + `</r:verifierIneReponse>`
	}
	tests := map[string]struct {
		body   string
		status ines.Status
		master string
		unread []string
		check  bool // usable
	}{
		"plain":           {answer(`<r:statut>CONFIRME</r:statut><r:ineMaitre>223456789HE</r:ineMaitre>`), "CONFIRME", "223456789HE", nil, true},
		"other namespace": {answer(`<x:ineMaitre>223456789HE</x:ineMaitre><statut>CONFIRME</statut>`), "CONFIRME", "223456789HE", nil, true},
		"more elements": {answer(`<r:x><r:y/></r:x><r:statut> INCONNU
			</r:statut>`), "INCONNU", "", nil, true},
		"lower case, blanks":       {answer(`<r:statut>CONFIRME</r:statut><r:ineMaitre> 223456789he </r:ineMaitre>`), "CONFIRME", "223456789HE", nil, true},
		"wrong key":                {answer(`<r:statut>CONFIRME</r:statut><r:ineMaitre>123456789AA</r:ineMaitre>`), "CONFIRME", "123456789AA", nil, true},
		"no status":                {answer(`<r:ineMaitre>223456789HE</r:ineMaitre>`), "", "", nil, false},
		"empty":                    {answer(``), "", "", nil, false},
		"bad maître":               {answer(`<r:statut>CONFIRME</r:statut><r:ineMaitre>n/a</r:ineMaitre>`), "CONFIRME", "", []string{"master"}, false},
		"bad, not confirmed":       {answer(`<r:statut>INCONNU</r:statut><r:ineMaitre>n/a</r:ineMaitre>`), "INCONNU", "", []string{"master"}, true},
		"number of an unconfirmed": {answer(`<r:statut>LITIGE</r:statut><r:ineMaitre>223456789HE</r:ineMaitre>`), "LITIGE", "", nil, true},
		"bad alternate":            {answer(`<r:statut>INCONNU</r:statut><r:ineAlternatif>x</r:ineAlternatif><r:ineAlternatif>y</r:ineAlternatif>`), "INCONNU", "", []string{"alternate", "alternate"}, true},
		"bad person": {answer(`<r:statut>INCONNU</r:statut><r:sexe>X</r:sexe><r:dateNaissance>hier</r:dateNaissance><r:lieuNaissance>ici</r:lieuNaissance><r:dateEffet>?</r:dateEffet>`),
			"INCONNU", "", []string{"sex", "birth_date", "birthplace", "changed_at"}, true},
		"zoned date": {answer(`<r:statut>INCONNU</r:statut><r:dateNaissance>2005-03-14+01:00</r:dateNaissance><r:dateEffet>2026-09-14T08:30:00</r:dateEffet>`), "INCONNU", "", nil, true},
	}
	codec := newCodec(t, ines.ReferenceContract())
	for name, tc := range tests {
		got, err := codec.DecodeAnswer(ines.OpVerify, parse(t, []byte(tc.body)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a := got[0]
		testutil.Equal(t, name+": status", a.Status, tc.status)
		testutil.Equal(t, name+": maître", a.Master.String(), tc.master)
		var unread []string
		for _, f := range a.Unread {
			unread = append(unread, f.Field)
		}
		testutil.Equal(t, name+": unread", unread, tc.unread)
		if err := a.Check(); (err == nil) != tc.check {
			t.Errorf("%s: Check: got %v, want usable %v", name, err, tc.check)
		}
	}
	for name, body := range map[string]string{
		"another element":   `<r:autre xmlns:r="` + ines.ReferenceNamespace + `"/>`,
		"another namespace": `<verifierIneReponse xmlns="urn:x"><statut>INCONNU</statut></verifierIneReponse>`,
	} {
		if _, err := codec.DecodeAnswer(ines.OpVerify, parse(t, []byte(body))); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestWireOneValue(t *testing.T) {
	t.Parallel()
	c := ines.ReferenceContract()
	x := c.Operations[ines.OpFollowUp]
	x.Fields = []ines.Element{{Field: ines.FieldUAI, Path: "etablissement"}, {Field: ines.FieldRequestID, Path: "numeroDemande"}}
	c.Operations[ines.OpFollowUp] = x
	_, err := newCodec(t, c).EncodeRequest(ines.FollowUpRequest{UAI: lorrain, RequestIDs: []string{"A", "B"}})
	testutil.Equal(t, "two ids where one fits", faultNames(t, err), []string{"request_id count"})
	_, err = newCodec(t, c).EncodeRequest(ines.FollowUpRequest{UAI: lorrain, Since: instant})
	testutil.Equal(t, "no element for the date", faultNames(t, err), []string{"since unsupported"})
}
