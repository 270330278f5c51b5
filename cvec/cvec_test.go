package cvec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in, number string
		key        cvec.NameKey
		usual      bool
		fault      string
	}{
		0:  {in: "ver5 abcdef 12 / dupon", number: "VER5ABCDEF12", key: "DUPON", usual: true},
		1:  {in: "VER5 ABCDEF 12", number: "VER5ABCDEF12", usual: true},
		2:  {in: "VER5ABCDEF1", number: "VER5ABCDEF1", usual: true},
		3:  {in: "VER5ABCDEF12DUPON", number: "VER5ABCDEF12", key: "DUPON", usual: true}, // joined
		4:  {in: "VER5ABCDEF1LI", number: "VER5ABCDEF1", key: "LI", usual: true},
		5:  {in: "VER5 ABCDEF 12 / -", number: "VER5ABCDEF12", key: "-", usual: true},
		6:  {in: "VER5 ABCDEF 12 /", number: "VER5ABCDEF12", usual: true},
		7:  {in: "\tVER5\u00a0ABCDEF 12/D'Été", number: "VER5ABCDEF12", key: "DETE", usual: true},
		8:  {in: "VER5\xa0ABCDEF12", number: "VER5ABCDEF12", usual: true},
		9:  {in: "LYON12345", number: "LYON12345"}, // another form: taken, and told
		10: {in: "", fault: "CVEC number: length"},
		11: {in: " / DUPON", fault: "CVEC number: length"},
		12: {in: strings.Repeat("A", 25), fault: "CVEC number: length"},
		13: {in: "VER5-ABCDEF", fault: "CVEC number: character at position 5"},
		14: {in: "VÉR5 ABCDEF 12", fault: "CVEC number: character at position 2"},
		15: {in: "VER5 ABCDEF 12 / DU / PON", fault: "CVEC number: character at position 21"},
		16: {in: "VER5 ABCDEF 12\x00", fault: "CVEC number: character at position 15"},
	} {
		got, err := cvec.ParseCertificate(c.in)
		if c.fault != "" {
			if err == nil || !errors.Is(err, passerelle.ErrInvalid) || !strings.HasPrefix(err.Error(), c.fault+": want ") {
				t.Errorf("%d: error %v; want %q", i, err, c.fault)
			}
			if got != (cvec.Certificate{}) {
				t.Errorf("%d: %v beside an error", i, got)
			}
			continue
		}
		if err != nil || got.Number.String() != c.number || got.Key != c.key || got.Number.Usual() != c.usual {
			t.Errorf("%d: %q %q usual %v, %v", i, got.Number, got.Key, got.Number.Usual(), err)
		}
		if number, err := cvec.Parse(c.in); err != nil || number != got.Number {
			t.Errorf("%d: Parse gives %q, %v", i, number, err)
		}
		if crous := got.Number.Crous(); (crous == c.number[:3]) != c.usual {
			t.Errorf("%d: Crous %q", i, crous)
		}
	}
}

func TestNameKeyOf(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		in   string
		want cvec.NameKey
	}{
		0: {"Dupont", "DUPON"}, 1: {"Le Goff", "LEGOF"}, 2: {"D'Été", "DETE"}, 3: {"Noël-Roux", "NOELR"}, 4: {"Li", "LI"}, 5: {"", "-"},
		6: {"  ", "-"}, 7: {"D’Été", "DETE"}, 8: {"Œuvrard", "OEUVR"}, 9: {"Ødegård", "ODEGA"}, 10: {"-", "-"}, 11: {"Иванов", "-"},
		12: {"de la Tour", "DELAT"}, 13: {"e\u0301te\u0301", "ETE"}, 14: {"O'Brien 2", "OBRIE"},
	} {
		if got := cvec.NameKeyOf(c.in); got != c.want {
			t.Errorf("%d: %q; want %q", i, got, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	text := "ATTESTATION D'ACQUITTEMENT\nN° VER5 ABCDEF 12 / DUPON\nannée 2026-2027\n" +
		"Rappel : VER5\nABCDEF\n12 et LYO1 GHIJKL 3/LI, XVER5 ABCDEF 12X, PAR2MNOPQR4567 ; BOR3 STUVWX 9 / - fin"
	want := []cvec.Certificate{
		{Number: cvec.MustParse("VER5ABCDEF12"), Key: "DUPON"},
		{Number: cvec.MustParse("LYO1GHIJKL3"), Key: "LI"},
		{Number: cvec.MustParse("BOR3STUVWX9"), Key: "-"},
	}
	got := cvec.Find(text)
	if len(got) != len(want) {
		t.Fatalf("found %d; want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %q %q; want %q %q", i, got[i].Number, got[i].Key, want[i].Number, want[i].Key)
		}
	}
	if got := cvec.Find("nothing here: VER5 ABCDE 12"); got != nil {
		t.Errorf("found %d in a text without", len(got))
	}
}

func TestNumberInText(t *testing.T) {
	t.Parallel()
	type record struct {
		Number cvec.Number `json:"number"`
	}
	for i, c := range []struct{ in, out string }{
		0: {`{"number":"ver5 abcdef 12"}`, `{"number":"VER5ABCDEF12"}`},
		1: {`{"number":""}`, `{"number":""}`},
	} {
		r := record{cvec.MustParse("LYO1GHIJKL3")}
		if err := json.Unmarshal([]byte(c.in), &r); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if out, err := json.Marshal(r); err != nil || string(out) != c.out {
			t.Errorf("%d: %s, %v", i, out, err)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "number", cvec.MustParse("VER5ABCDEF12"), "key", cvec.NameKey("DUPON"))
	if strings.Contains(log.String(), "ABCDEF") || strings.Contains(log.String(), "DUPON") || !strings.Contains(log.String(), "number=VER***") {
		t.Errorf("logged %s", log.String())
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	for code := range 200 {
		s := cvec.State(itoa(code))
		want := code == 70 || code == 71 || code == 73 || code == 75 || code == 76 || code == 98
		if s.Valid() != want || s.Holder() != (code == 71) {
			t.Errorf("state %d: valid %v, holder %v", code, s.Valid(), s.Holder())
		}
	}
	if cvec.State("").Valid() || cvec.State("").Text() != "not told" {
		t.Error("the zero state says something")
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestDecodeRecord(t *testing.T) {
	t.Parallel()
	full := cvec.Record{
		State: "75", StateLabel: "Payée", BirthName: "Dupont", UsageName: "Martin", GivenName: "Zoé", Sex: passerelle.SexFemale,
		BirthDate: passerelle.MustParseDate("2004-02-29"), INE: "1234567890V", Crous: "VER", Exemption: &cvec.Exemption{Active: true, Motive: "boursier"},
	}
	minimal := cvec.Record{State: "71"}
	unreadable := cvec.Record{State: "75", BirthDateText: "le 29 février"}
	byINE := cvec.Record{State: "98", BirthName: "Dupont", Certificate: "VER5ABCDEF12"}
	for i, c := range []struct {
		body string
		want cvec.Record
	}{
		0: {`{"nom":"Dupont","nomUsage":"Martin","prenom":"Zoé","sexe":"F","date_naissance":"29/02/2004","ine":"1234567890V","crous":"VER","etat":{"code":"75","libelle":"Payée"},"exoneration":{"active":true,"motif":"boursier"}}`, full},
		1: {`{"nom":"Dupont","nom_usage":"Martin","prenom":"Zoé","sexe":2,"dateNaissance":"2004-02-29T00:00:00+01:00","ine":"1234567890V","crous":{"code":"1","libelle":"VER"},"etat":{"code":75,"libelle":"Payée"},"exoneration":{"active":1,"motif":"boursier"}}`, full},
		2: {`{"message":"le certificat est valide","content":{"nom":"Dupont","nomUsage":"Martin","prenom":"Zoé","sexe":"2","date_naissance":"29/02/2004","ine":"1234567890V","crous":"VER","etat":{"code":"75","libelle":"Payée"},"exoneration":{"active":"O","motif":"boursier"}}}`, full},
		3: {`{"etat":{"code":71},"exoneration":null,"ine":null,"nom":null}`, minimal},
		4: {`{"etat":71.0}`, minimal},
		5: {`{"etat":" 071 ","sexe":"?"}`, minimal},
		6: {`{"etat":"75","date_naissance":"le 29 février"}`, unreadable},
		7: {`{"code":"VER5ABCDEF12","nom":"Dupont","etat":{"code":"98"}}`, byINE},
	} {
		got, err := cvec.DecodeRecord([]byte(c.body))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if string(got.Raw) != c.body {
			t.Errorf("%d: the answer itself is not kept", i)
		}
		got.Raw = nil
		testutil.Equal(t, "record "+itoa(i), got, c.want)
	}
	for i, body := range []string{
		0: ``, 1: `null`, 2: `[]`, 3: `{}`, 4: `{"etat":null}`, 5: `{"etat":{"code":null}}`, 6: `{"etat":{"code":""}}`, 7: `{"etat":[75]}`,
		8: `{"nom":["Secret"],"etat":75}`, 9: "{\"etat\":75,\"nom\":\"\xe9\"}", 10: `{"etat":75`, 11: `<html>`, 12: `{"content":{}}`, 13: `{"code":"400","message":"non trouvée"}`,
	} {
		got, err := cvec.DecodeRecord([]byte(body))
		if !errors.Is(err, passerelle.ErrProtocol) || got.State != "" || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%d: %v, %v; want a protocol error", i, got, err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	zoe := passerelle.Person{BirthName: "Dupont", UsageName: "Le Goff", BirthDate: passerelle.MustParseDate("2004-02-29")}
	person := func(change func(*passerelle.Person)) passerelle.Person { p := zoe; change(&p); return p }
	record := cvec.Record{State: "75", BirthName: "DUPONT", BirthDate: zoe.BirthDate, INE: "1234567890V"}
	with := func(change func(*cvec.Record)) cvec.Record { r := record; change(&r); return r }
	for i, c := range []struct {
		record    cvec.Record
		question  cvec.Question
		want      cvec.Outcome
		compared  string
		different string
	}{
		0:  {record, cvec.Question{Person: zoe, INEs: []string{"1234567890v"}}, cvec.Valid, "ine family name birth date", ""},
		1:  {record, cvec.Question{Person: zoe}, cvec.Valid, "family name birth date", ""},
		2:  {record, cvec.Question{INEs: []string{"1234 567890V"}}, cvec.Valid, "ine", ""},
		3:  {record, cvec.Question{Person: zoe, INEs: []string{"9999999999X", "1234567890V"}}, cvec.Valid, "ine family name birth date", ""},
		4:  {record, cvec.Question{Person: zoe, INEs: []string{"9999999999X"}}, cvec.OtherPerson, "ine family name birth date", "ine"},
		5:  {record, cvec.Question{Person: person(func(p *passerelle.Person) { p.BirthName, p.UsageName = "Durand", "" })}, cvec.OtherPerson, "family name birth date", "family name"},
		6:  {record, cvec.Question{Person: person(func(p *passerelle.Person) { p.BirthDate.Day = 28 })}, cvec.OtherPerson, "family name birth date", "birth date"},
		7:  {record, cvec.Question{}, cvec.Unproven, "", ""},
		8:  {with(func(r *cvec.Record) { r.INE = "" }), cvec.Question{Person: person(func(p *passerelle.Person) { p.BirthDate = passerelle.Date{} })}, cvec.Unproven, "family name", ""},
		9:  {with(func(r *cvec.Record) { r.BirthName = "Le Goff" }), cvec.Question{Person: zoe}, cvec.Valid, "family name birth date", ""},
		10: {with(func(r *cvec.Record) { r.BirthName, r.UsageName = "Autre", "dupont" }), cvec.Question{Person: zoe}, cvec.Valid, "family name birth date", ""},
		11: {record, cvec.Question{Person: person(func(p *passerelle.Person) { p.BirthDate.Day, p.BirthDate.Month = 0, 0 })}, cvec.Valid, "family name birth date", ""},
		12: {with(func(r *cvec.Record) { r.State = "80" }), cvec.Question{Person: zoe}, cvec.InvalidState, "family name birth date", ""},
		13: {with(func(r *cvec.Record) { r.State = "80" }), cvec.Question{INEs: []string{"9999999999X"}}, cvec.InvalidState, "ine", "ine"},
		14: {with(func(r *cvec.Record) { r.State = "" }), cvec.Question{Person: zoe}, cvec.Unchecked, "family name birth date", ""},
		15: {with(func(r *cvec.Record) { r.INE = "" }), cvec.Question{INEs: []string{"1234567890V"}}, cvec.Unproven, "", ""},
	} {
		v := cvec.Judge(c.record, c.question)
		if v.Outcome != c.want || strings.Join(v.Compared, " ") != c.compared || strings.Join(v.Differences, " ") != c.different {
			t.Errorf("%d: %v, compared %q, differences %q; want %v, %q, %q", i, v.Outcome, v.Compared, v.Differences, c.want, c.compared, c.different)
		}
	}
	holder := cvec.Judge(with(func(r *cvec.Record) { r.State = "71" }), cvec.Question{Person: zoe})
	other := cvec.Judge(with(func(r *cvec.Record) { r.State = "71" }), cvec.Question{INEs: []string{"9999999999X"}})
	if !holder.Holder() || other.Holder() || (cvec.Verdict{}).Holder() {
		t.Error("the sign of a holder is not that of state 71 of this student")
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	var zero cvec.Outcome
	if zero != cvec.Unchecked || !zero.Retry() || !cvec.ServiceDown.Retry() {
		t.Error("an open question is not asked again")
	}
	for o := range cvec.ServiceDown + 2 {
		text, _ := o.MarshalText()
		var back cvec.Outcome
		err := back.UnmarshalText(text)
		if known := o <= cvec.ServiceDown; known != (err == nil) || known && back != o {
			t.Errorf("%s is read back as %v, %v", text, back, err)
		}
		if settled := o >= cvec.Valid && o <= cvec.NotFound; settled == o.Retry() && o <= cvec.ServiceDown {
			t.Errorf("%v: retry %v", o, o.Retry())
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	for _, s := range []string{"ver5 abcdef 12 / dupon", "VER5ABCDEF12DUPON", "VER5ABCDEF1LI", "/", "é", "\xa0", "A / B / C", "VER5 ABCDEF 12 / -"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := cvec.ParseCertificate(s)
		if err != nil {
			if c != (cvec.Certificate{}) || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("%v beside %v", c, err)
			}
			return
		}
		if n, err := cvec.Parse(c.Number.String()); err != nil || n != c.Number {
			t.Fatalf("%+q is read again as %+q, %v", c.Number, n, err)
		}
		again, err := cvec.ParseCertificate(c.Number.String() + " / " + string(c.Key))
		if err != nil || again != c {
			t.Fatalf("%+q is read again as %+q, %v", c, again, err)
		}
		if c.Key != "" && (len(c.Key) > 5 || c.Key != cvec.NameKeyOf(string(c.Key))) {
			t.Fatalf("key %q", c.Key)
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("N° VER5 ABCDEF 12 / DUPON, LYO1GHIJKL3/LI et VER5\nABCDEF\n12")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range cvec.Find(s) {
			if !c.Number.Usual() || len(c.Key) > 5 {
				t.Fatalf("found %+q", c)
			}
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	for _, s := range []string{
		`{"nom":"Dupont","sexe":"F","date_naissance":"29/02/2004","etat":{"code":"75","libelle":"Payée"},"exoneration":{"active":true,"motif":"x"}}`,
		`{"content":{"etat":71}}`, `{"etat":{"code":null}}`, `{"code":"400","message":"x"}`, `{"crous":{"code":{"code":{}}},"etat":1}`, "\xff", `null`, `{"etat":1e300}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := cvec.DecodeRecord(body)
		if err != nil {
			if !errors.Is(err, passerelle.ErrProtocol) || r.State != "" || len(err.Error()) > 150 {
				t.Fatalf("%v beside %v", r, err)
			}
			return
		}
		if v := cvec.Judge(r, cvec.Question{}); v.Outcome == cvec.Valid {
			t.Fatal("a certificate is valid for nobody")
		}
	})
}

var recordBody = []byte(`{"nom":"Dupont","nomUsage":"Martin","prenom":"Zoé","sexe":"F","date_naissance":"29/02/2004","ine":"1234567890V","crous":"VER","etat":{"code":"75","libelle":"Payée"},"exoneration":{"active":true,"motif":"boursier"}}`)

func BenchmarkDecodeRecord(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cvec.DecodeRecord(recordBody); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeRecordFloor is the same body through encoding/json alone, into plain
// fields.
func BenchmarkDecodeRecordFloor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var v struct {
			Nom, NomUsage, Prenom, Sexe, INE, Crous string
			DateNaissance                           string `json:"date_naissance"`
			Etat                                    struct{ Code, Libelle string }
			Exoneration                             struct {
				Active bool
				Motif  string
			}
		}
		if err := json.Unmarshal(recordBody, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cvec.ParseCertificate("VER5 ABCDEF 12 / DUPON"); err != nil {
			b.Fatal(err)
		}
	}
}
