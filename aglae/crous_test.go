package aglae_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/sis"
)

const nationalHeader = "ine;civiliteLibelleCourt;nom;prenom;dateNaissance;mail;lieuNaissCodeCommuneInsee;lieuNaissLibelleCommune;lieuNaissCodePays;" +
	"lieuNaissLibellePays;adresseVoie;adresseComplement1;adresseComplement2;adresseCodePostal;adresseLocalite;adresseCodeLocalite;adresseCodePays"

func latin(tb testing.TB, s string) string {
	tb.Helper()
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// readCrous gathers rows and the texts of errors.
func readCrous(text string, l aglae.CrousLayout) (rows []aglae.CrousRow, errs []string, fatal error) {
	for row, err := range aglae.ReadCrous(strings.NewReader(text), "file.csv", l) {
		if _, ok := errors.AsType[*sis.RowError](err); ok {
			errs = append(errs, err.Error())
		} else if err != nil {
			return rows, errs, err
		}
		rows = append(rows, row)
	}
	return rows, errs, nil
}

func TestNationalFile(t *testing.T) {
	t.Parallel()
	text := latin(t, nationalHeader+"\r\n"+
		"1234567890V;Mme;NOËL-ROUX;Zoé Ana;29/02/2004;zoe@example.org;78646;Versailles;99100;FRANCE;1 rue de l’Œuvre;Bât. A;;78000;VERSAILLES;78646;99100\r\n"+
		"\r\n"+
		"0987654321B;M.;O'Brien;Liam;2003-05-06;;;Dublin;136;IRLANDE;\"2; rue \"\"du\"\" Bac\";;;75007;PARIS;75107;99100\r\n")
	rows, errs, fatal := readCrous(text, aglae.NationalLayout())
	if fatal != nil || errs != nil {
		t.Fatal(fatal, errs)
	}
	testutil.Equal(t, "rows", rows, []aglae.CrousRow{
		{
			Line: 2, INE: "1234567890V", Email: "zoe@example.org",
			Person: passerelle.Person{
				BirthName: "NOËL-ROUX", GivenNames: [3]string{"Zoé Ana"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2004-02-29"),
				Birthplace: passerelle.Birthplace{Commune: "78646", Country: "99100", Name: "Versailles"},
			},
			Address: aglae.CrousAddress{Lines: [3]string{"1 rue de l’Œuvre", "Bât. A"}, PostalCode: "78000", City: "VERSAILLES", CityCOG: "78646", CountryCOG: "99100"},
		},
		{
			Line: 4, INE: "0987654321B",
			Person: passerelle.Person{
				BirthName: "O'Brien", GivenNames: [3]string{"Liam"}, Sex: passerelle.SexMale, BirthDate: passerelle.MustParseDate("2003-05-06"),
				Birthplace: passerelle.Birthplace{Country: "99136", Name: "Dublin"},
			},
			Address: aglae.CrousAddress{Lines: [3]string{`2; rue "du" Bac`}, PostalCode: "75007", City: "PARIS", CityCOG: "75107", CountryCOG: "99100"},
		},
	})
}

func TestHealthSocialFile(t *testing.T) {
	t.Parallel()
	text := "\ufeffOP1;Durand;Léa;01/02/2003;Lyon;F;lea@example.org;1;2;0Bis;01/09/2025;10;IFSI de Lyon;LYON;A;D-77;1234567890V;Martin;0690001A;" +
		"15/07/2025;2025-09-01T00:00:00+02:00;12/12/2025;O;69003;69383;69000\n" +
		"OP1;Petit;Tom;03/04/2002;;M;;0;;7;;;;;;;;;;;;;N;;;\n"
	rows, errs, fatal := readCrous(text, aglae.HealthSocialLayout())
	if fatal != nil || errs != nil {
		t.Fatal(fatal, errs)
	}
	testutil.Equal(t, "rows", rows, []aglae.CrousRow{
		{
			Line: 1, Operator: "OP1", INE: "1234567890V", FileNumber: "D-77", Email: "lea@example.org",
			Person: passerelle.Person{
				BirthName: "Durand", UsageName: "Martin", GivenNames: [3]string{"Léa"}, Sex: passerelle.SexFemale,
				BirthDate: passerelle.MustParseDate("2003-02-01"), Birthplace: passerelle.Birthplace{Name: "Lyon"},
			},
			Level: "0bis", StudyLevel: "2", Status: "1", Decision: aglae.Conditional, Kind: "A", StruckOff: particulier.Some(true),
			StruckOn: passerelle.MustParseDate("2025-12-12"), NotifiedOn: passerelle.MustParseDate("2025-07-15"), EffectOn: passerelle.MustParseDate("2025-09-01"),
			School: "IFSI de Lyon", Town: "LYON", UAI: "0690001A", TermStart: passerelle.MustParseDate("2025-09-01"), Months: 10,
			Address: aglae.CrousAddress{PostalCode: "69003", CityCOG: "69383"}, BirthPostalCode: "69000",
		},
		{
			Line: 2, Operator: "OP1",
			Person: passerelle.Person{BirthName: "Petit", GivenNames: [3]string{"Tom"}, Sex: passerelle.SexMale, BirthDate: passerelle.MustParseDate("2002-04-03")},
			Level:  "7", Status: "0", Decision: aglae.Definitive, StruckOff: particulier.Some(false),
		},
	})
}

// TestCrousRejects: a bad line is told with its number and reason, and costs no other.
func TestCrousRejects(t *testing.T) {
	t.Parallel()
	line := func(cells map[int]string) string {
		all := make([]string, 26)
		all[1], all[2], all[3], all[16] = "Durand", "Léa", "01/02/2003", "1234567890V"
		for i, c := range cells {
			all[i] = c
		}
		return strings.Join(all, ";")
	}
	good := line(nil)
	text := strings.Join([]string{
		1:  good,
		2:  "a;b;c",
		3:  line(map[int]string{3: "31/02/2003"}),
		4:  line(map[int]string{12: "\"never closed"}),
		5:  good,
		6:  line(map[int]string{12: "\"closed\" early"}),
		7:  line(map[int]string{12: "L\xe9a"}),
		8:  line(map[int]string{11: "dix", 22: "peut-être"}),
		9:  line(map[int]string{1: "", 16: ""}),
		10: line(map[int]string{12: "\"two", 13: ""}),
		11: "lines\"" + strings.Repeat(";", 13) + "x",
		12: strings.Repeat("x", 2<<20),
		13: line(map[int]string{5: "X"}),
		14: good + ";;",
		15: good + ";more",
		16: line(map[int]string{12: "zero\x00byte"}),
		17: good,
	}[1:], "\n")
	rows, errs, fatal := readCrous(text, aglae.HealthSocialLayout())
	if fatal != nil {
		t.Fatal(fatal)
	}
	want := []string{
		"file.csv:2: row: fields: want 26 fields; there are 3",
		"file.csv:3: column birth date: value: date: want a date DD/MM/YYYY or YYYY-MM-DD that exists",
		"file.csv:4:", "file.csv:6:", "file.csv:7:",
		"file.csv:8: duration: range: want a number of months; removal: code: want O or N",
		"file.csv:9: column line: value: required: want an INE, or a name and a birth date",
		"file.csv:12: row: length: want a row of at most 1 MiB",
		"file.csv:13: column gender: value: code: want M, F, M. or Mme",
		"file.csv:15: row: fields: want 26 fields; there are 27",
		"file.csv:16:",
	}
	if len(errs) != len(want) {
		t.Errorf("%d rejects; want %d:\n%s", len(errs), len(want), strings.Join(errs, "\n"))
	}
	for i, w := range want {
		if i < len(errs) && !strings.HasPrefix(errs[i], w) {
			t.Errorf("reject %d: %s; want %s", i, errs[i], w)
		}
	}
	for _, reason := range []string{"a closing quote", "after the closing quote", "text in UTF-8"} {
		if !strings.Contains(strings.Join(errs, "\n"), reason) {
			t.Errorf("no reject says %q:\n%s", reason, strings.Join(errs, "\n"))
		}
	}
	if strings.Contains(strings.Join(errs, "\n"), "Durand") || strings.Contains(strings.Join(errs, "\n"), "peut") {
		t.Errorf("a reject repeats a value: %s", strings.Join(errs, "\n"))
	}
	var whole []int
	for _, r := range rows {
		if r.INE == "1234567890V" && r.Person.BirthDate == passerelle.MustParseDate("2003-02-01") {
			whole = append(whole, r.Line)
		}
	}
	testutil.Equal(t, "lines of which the student can be read", whole, []int{1, 5, 8, 13, 14, 17})
	if i := slices.IndexFunc(rows, func(r aglae.CrousRow) bool { return r.Line == 8 }); i < 0 || rows[i].StruckOff.State != particulier.Null {
		t.Error("a word that is neither yes nor no tells who was struck off")
	}
	if i := slices.IndexFunc(rows, func(r aglae.CrousRow) bool { return r.Line == 10 }); i < 0 || !strings.HasSuffix(rows[i].School, "\nlines") {
		t.Error("the row of two lines was not read as one")
	}
}

// TestCrousQuotes: a quote that never closes is given up after some lines, none of
// which is lost, not even one that is too long.
func TestCrousQuotes(t *testing.T) {
	t.Parallel()
	layout := aglae.CrousLayout{Columns: []aglae.CrousColumn{{Title: "ine", Field: aglae.CrousINE}, {Title: "school", Field: aglae.CrousSchool}}}
	rows, errs, _ := readCrous("1;\"a\nb\"\n2;\"open\n3;x\n"+strings.Repeat("y", 2<<20)+"\n4;z\n", layout)
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%d %s %s", r.Line, r.INE, r.School))
	}
	testutil.Equal(t, "rows", got, []string{"1 1 a\nb", "3  ", "4 3 x", "5  ", "6 4 z"})
	if len(errs) != 2 || !strings.HasPrefix(errs[0], "file.csv:3:") || !strings.HasPrefix(errs[1], "file.csv:5: row: length") {
		t.Errorf("rejects %q", errs)
	}
	many := "1;\"open\n" + strings.Repeat("2;x\n", 500)
	if rows, errs, _ := readCrous(many, layout); len(rows) != 501 || len(errs) != 1 {
		t.Errorf("%d rows and %d rejects; want 501 and 1", len(rows), len(errs))
	}
}

func TestCrousWholeFile(t *testing.T) {
	t.Parallel()
	duplicate := nationalHeader + ";INE"
	for i, c := range []struct {
		text, rule string
		columns    string
	}{
		0: {"", sis.CSVRuleEmpty, ""},
		1: {"nom;prenom\n", sis.CSVRuleMissing, "ine dateNaissance"},
		2: {duplicate + "\n", sis.CSVRuleDuplicate, "ine"},
		3: {"ine;\"nom\n", sis.CSVRuleHeader, ""},
		4: {"1234567890V;Mme;Durand;Léa\n", sis.CSVRuleMissing, "ine nom prenom dateNaissance"},
	} {
		_, _, err := readCrous(c.text, aglae.NationalLayout())
		e, ok := errors.AsType[*sis.CSVError](err)
		if !ok || e.Rule != c.rule || strings.Join(e.Columns, " ") != c.columns || e.Source != "file.csv" || strings.Contains(err.Error(), "Durand") {
			t.Errorf("%d: %v; want the rule %s about %s", i, err, c.rule, c.columns)
		}
	}
	// Titles in another order, another case, with one that is not known.
	rows, errs, err := readCrous("DATENAISSANCE;x;Nom;prenom;INE\n01/02/2003;?;Durand;Tom;1234567890V\n", aglae.NationalLayout())
	if err != nil || errs != nil || len(rows) != 1 || rows[0].INE != "1234567890V" || rows[0].Person.BirthName != "Durand" {
		t.Errorf("%v, %v, %v", rows, errs, err)
	}
	lost := errors.New("lost")
	var last error
	n := 0
	for row, err := range aglae.ReadCrous(io.MultiReader(strings.NewReader("a;b\n"), iotest.ErrReader(lost)), "x", aglae.HealthSocialLayout()) {
		n++
		last = err
		_ = row
	}
	if n != 2 || !errors.Is(last, lost) || !errors.Is(last, passerelle.ErrUnavailable) {
		t.Errorf("%d elements, the last %v; want the cause of the end", n, last)
	}
	for range aglae.ReadCrous(strings.NewReader("a\nb\n"), "x", aglae.HealthSocialLayout()) {
		break // leaving early is no fault
	}
}

// TestCrousOfRecord: a record of the Cnous written as a line is read as the same.
func TestCrousOfRecord(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Comma = ';'
	records, err := aglae.DecodeCnous(cnousPayload(t, "student_scholarship_valid_response_removed.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(aglaetest.HealthSocialLine(records[0])); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	rows, errs, fatal := readCrous(buf.String(), aglae.HealthSocialLayout())
	if fatal != nil || errs != nil || len(rows) != 1 {
		t.Fatal(rows, errs, fatal)
	}
	row, g := rows[0], records[0].Grant()
	if row.INE != g.INE.Value || row.Level != g.Level.Value || row.Months != g.Months.Value || row.StruckOff != g.StruckOff || row.School != g.School.Value ||
		row.StruckOn.String() != "2023-06-15" || row.Decision != g.Decision || row.TermStart.String() != "2020-09-01" {
		t.Errorf("row %+v", row)
	}
}

// manyLines repeats a line in constant memory.
type manyLines struct {
	line []byte
	left int
	at   int
}

func (m *manyLines) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.line[m.at:])
	if m.at += n; m.at == len(m.line) {
		m.at = 0
		m.left--
	}
	return n, nil
}

func TestCrousConstantMemory(t *testing.T) {
	line := []byte("OP1;Durand;Léa;01/02/2003;Lyon;F;lea@example.org;1;2;0Bis;01/09/2025;10;IFSI de Lyon;LYON;A;D-77;1234567890V;Martin;0690001A;15/07/2025;01/09/2025;;N;69003;69383;69000\n")
	size := 200_000
	if testutil.IsLong() {
		size = 1_000_000
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, peak := 0, uint64(0)
	for _, err := range aglae.ReadCrous(&manyLines{line: line, left: size}, "x", aglae.HealthSocialLayout()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%50_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	if grown := int64(peak) - int64(before.HeapAlloc); n != size || grown > 4<<20 {
		t.Errorf("%d rows, %d bytes more in use; want %d rows in constant memory", n, grown, size)
	}
}

func FuzzReadCrous(f *testing.F) {
	f.Add([]byte(nationalHeader+"\n1234567890V;Mme;NO\xcbL;Zo\xe9;29/02/2004;;78646;;99100;;;;;;;;\n"), true)
	f.Add([]byte("OP1;Durand;Léa;01/02/2003;Lyon;F;;1;2;0Bis;01/09/2025;10;\"IFSI;\n de\";LYON;A;;1234567890V;;;;;;N;;;\n"), false)
	f.Add([]byte("\"\n\"\"\n;\n\x00"), false)
	f.Add([]byte("ine;nom;prenom;dateNaissance\n\"1;\n2;a;b;c\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, national bool) {
		layout := aglae.HealthSocialLayout()
		if national {
			layout = aglae.NationalLayout()
		}
		last, ended := 0, false
		for row, err := range aglae.ReadCrous(bytes.NewReader(data), "f", layout) {
			if ended {
				t.Fatal("rows after a fatal error")
			}
			if e, ok := errors.AsType[*sis.RowError](err); ok {
				if e.Line != row.Line {
					t.Fatalf("reject of line %d beside row of line %d", e.Line, row.Line)
				}
			} else if err != nil {
				ended = true
				continue
			} else if row.INE == "" && (row.Person.BirthName == "" || row.Person.BirthDate.IsZero()) {
				t.Fatal("a row is about nobody")
			}
			if row.Line <= last {
				t.Fatalf("line %d after line %d", row.Line, last)
			}
			last = row.Line
		}
		if lines := bytes.Count(data, []byte("\n")) + 1; last > lines {
			t.Fatalf("line %d of %d", last, lines)
		}
	})
}

var crousBench = []byte("OP1;Durand;Léa;01/02/2003;Lyon;F;lea@example.org;1;2;0Bis;01/09/2025;10;IFSI de Lyon;LYON;A;D-77;1234567890V;Martin;0690001A;15/07/2025;01/09/2025;;N;69003;69383;69000\n")

func BenchmarkReadCrous(b *testing.B) {
	b.SetBytes(int64(len(crousBench) * 1000))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range aglae.ReadCrous(&manyLines{line: crousBench, left: 1000}, "x", aglae.HealthSocialLayout()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReadCrousFloor reads the same bytes through encoding/csv alone.
func BenchmarkReadCrousFloor(b *testing.B) {
	b.SetBytes(int64(len(crousBench) * 1000))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(&manyLines{line: crousBench, left: 1000})
		r.Comma, r.ReuseRecord = ';', true
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkReadCrousNational(b *testing.B) {
	line := []byte("1234567890V;Mme;NO\xcbL-ROUX;Zo\xe9 Ana;29/02/2004;zoe@example.org;78646;Versailles;99100;FRANCE;1 rue;B\xe2t. A;;78000;VERSAILLES;78646;99100\n")
	header := []byte(nationalHeader + "\n")
	b.SetBytes(int64(len(line) * 1000))
	b.ReportAllocs()
	for b.Loop() {
		file := io.MultiReader(bytes.NewReader(header), &manyLines{line: line, left: 1000})
		for _, err := range aglae.ReadCrous(file, "x", aglae.NationalLayout()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReadCrousNationalFloor reads the same bytes through a decoder and
// encoding/csv.
func BenchmarkReadCrousNationalFloor(b *testing.B) {
	line := []byte("1234567890V;Mme;NO\xcbL-ROUX;Zo\xe9 Ana;29/02/2004;zoe@example.org;78646;Versailles;99100;FRANCE;1 rue;B\xe2t. A;;78000;VERSAILLES;78646;99100\n")
	b.SetBytes(int64(len(line) * 1000))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(charmap.Windows1252.NewDecoder().Reader(&manyLines{line: line, left: 1000}))
		r.Comma, r.ReuseRecord = ';', true
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestCrousRowIsMasked(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "Durand", "1234567890V")
	leaks.Logger().Info("row", "row", aglae.CrousRow{Line: 3, INE: "1234567890V", Person: passerelle.Person{BirthName: "Durand"}},
		"grant", aglae.Grant{INE: particulier.Some("1234567890V")}, "record", aglae.CnousRecord{LastName: particulier.Some("Durand")},
		"query", aglae.IdentityGrantQuery{Person: passerelle.Person{BirthName: "Durand"}}, "ine", aglae.INEGrantQuery{INE: "1234567890V"})
	leaks.Check(t)
	if !strings.Contains(leaks.Log(), `"line":3`) {
		t.Errorf("logged %s", leaks.Log())
	}
}
