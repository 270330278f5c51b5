package sis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// csvSource returns a source of data, which requires no more than the number of the student.
func csvSource(tb testing.TB, data string, opts sis.CSVOptions) *sis.CSV {
	tb.Helper()
	if opts.Required == nil {
		opts.Required = []string{}
	}
	s, err := sis.NewCSV("base.csv", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil }, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// collect returns the records of a sequence, and its errors as text.
func collect[T any](seq iter.Seq2[T, error]) (records []T, errs []string) {
	for v, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			records = append(records, v)
		}
	}
	return records, errs
}

func students(tb testing.TB, s sis.Source, q sis.Query) (refs, errs []string) {
	all, errs := collect(s.Students(tb.Context(), q))
	for _, v := range all {
		refs = append(refs, v.ID.Local)
	}
	return refs, errs
}

const fullCSV = `student;internal;ine;ine_key;other_ines;birth_name;usage_name;given_name_1;given_name_2;given_name_3;sex;birth_date;birth_date_estimated;birth_commune;birth_country;birth_place_name;nationalities;email;personal_email;grant_number;modified_at;enrolment;year;period;uai;component;programme;programme_version;programme_sise;programme_label;main;status;payment;regime;mobility;exchange;enrolment_ine;cvec;validated_at;enrolment_modified_at;note
20260001;4812;0123456789;A;1111111111B|2222222222C;D'ŒUVRE;;Zoé;Anaïs;;F;2007-02-28;;67482;100;STRASBOURG;99100|99132;z@univ.example;;999;2026-09-01T10:00:00+02:00;E1;2026-2027;S1;0673021V;UFR-M;LIC-M;1;2500200;"Licence ""maths""; parcours A";O;valid;paye;10;;;0123456789A;ABC1-DEF234-56;01/09/2026;2026-09-02 08:30:00;ignored
20260002.0;;;;;NGUYEN;;An;;;h;00/00/2006;oui;;243;;;;;;;;;;;;;;;;;;;;;;;;;;
`

func TestCSVReadsEveryColumn(t *testing.T) {
	t.Parallel()
	s := csvSource(t, fullCSV, sis.CSVOptions{})
	got, errs := collect(s.Students(t.Context(), sis.Query{}))
	testutil.Equal(t, "errors", errs, nil)
	first, second := sis.StudentID{System: "csv", Local: "20260001"}, sis.StudentID{System: "csv", Local: "20260002"}
	testutil.Equal(t, "students", got, []sis.Student{
		{
			ID: first, Internal: "4812",
			Person: passerelle.Person{
				BirthName: "D'ŒUVRE", GivenNames: [3]string{"Zoé", "Anaïs"}, Sex: passerelle.SexFemale,
				BirthDate:  passerelle.NewDate(2007, 2, 28),
				Birthplace: passerelle.Birthplace{Commune: "67482", Country: "99100", Name: "STRASBOURG"},
			},
			INE: "0123456789A", INEState: sis.INEUnverified, OtherINEs: []string{"1111111111B", "2222222222C"},
			Nationalities: []string{"99100", "99132"}, Email: "z@univ.example", GrantNumber: "999",
			ModifiedAt: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC),
			Provenance: sis.Provenance{Source: "base.csv", Line: 2},
		},
		{
			ID: second,
			Person: passerelle.Person{
				BirthName: "NGUYEN", GivenNames: [3]string{"An"}, Sex: passerelle.SexMale,
				BirthDate: passerelle.NewDate(2006, 0, 0), Birthplace: passerelle.Birthplace{Country: "99243"},
			},
			BirthDateEstimated: true,
			Provenance:         sis.Provenance{Source: "base.csv", Line: 3},
		},
	}, cmp.Comparer(time.Time.Equal))

	enrolments, errs := collect(s.Enrolments(t.Context(), sis.Query{}))
	testutil.Equal(t, "errors", errs, nil)
	testutil.Equal(t, "enrolments", enrolments, []sis.Enrolment{{
		Student: first, ID: "E1", Year: 2026, Period: "S1", UAI: "0673021V", Component: "UFR-M",
		Programme: sis.Programme{Code: "LIC-M", Version: "1", SISE: "2500200", Label: `Licence "maths"; parcours A`},
		Main:      true, Status: sis.EnrolmentValid, Payment: "paye", Regime: "10", INE: "0123456789A", CVEC: "ABC1-DEF234-56",
		ValidatedAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), ModifiedAt: time.Date(2026, 9, 2, 8, 30, 0, 0, time.UTC),
		Provenance: sis.Provenance{Source: "base.csv", Line: 2},
	}})

	layout, err := s.Layout()
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "ignored columns", layout.Ignored, []string{"note"})
	testutil.Equal(t, "used columns", len(layout.Used), len(sis.CSVColumns())-1)
}

func TestCSVForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		opts sis.CSVOptions
		want []string // student and birth name
	}{
		"semicolons":               {"student;birth_name\n1;A\n2;B\n", sis.CSVOptions{}, []string{"1 A", "2 B"}},
		"commas":                   {"student,birth_name\n1,\"A;B\"\n", sis.CSVOptions{}, []string{"1 A;B"}},
		"tabs":                     {"student\tbirth_name\n1\tA\n", sis.CSVOptions{}, []string{"1 A"}},
		"separator in a quote":     {"student;\"a,b,c\";birth_name\n1;x;A\n", sis.CSVOptions{}, []string{"1 A"}},
		"separator set":            {"student|birth_name\n1|A\n", sis.CSVOptions{Separator: '|'}, []string{"1 A"}},
		"one column":               {"student\n1\n", sis.CSVOptions{}, []string{"1 "}},
		"CR LF":                    {"student;birth_name\r\n1;A\r\n2;B", sis.CSVOptions{}, []string{"1 A", "2 B"}},
		"order and case":           {"BIRTH_NAME; Student \nA;1\n", sis.CSVOptions{}, []string{"1 A"}},
		"byte order mark":          {"\xEF\xBB\xBFstudent;birth_name\n1;É\n", sis.CSVOptions{}, []string{"1 É"}},
		"mark beats the charset":   {"\xEF\xBB\xBFstudent;birth_name\n1;É\n", sis.CSVOptions{Charset: sis.Windows1252}, []string{"1 É"}},
		"quoted first column":      {"\"student\";\"birth_name\"\n\"1\";\"O\"\"B\"\n", sis.CSVOptions{}, []string{`1 O"B`}},
		"line break in quotes":     {"student;birth_name\n1;\"A\nB\"\n2;C\n", sis.CSVOptions{}, []string{"1 A\nB", "2 C"}},
		"quote within a name":      {"student;birth_name\n1;Jean \"Jo\" D\n", sis.CSVOptions{}, []string{`1 Jean "Jo" D`}},
		"blank lines":              {"\nstudent;birth_name\n\n1;A\n\r\n2;B\n\n", sis.CSVOptions{}, []string{"1 A", "2 B"}},
		"outer blanks":             {"student;birth_name\n 1 ; \u00a0DE LA  TOUR \n", sis.CSVOptions{}, []string{"1 DE LA  TOUR"}},
		"header only":              {"student;birth_name\n", sis.CSVOptions{}, nil},
		"Windows-1252":             {"student;birth_name\n1;N\xc9\x92\x8c\x80\n", sis.CSVOptions{Charset: sis.Windows1252}, []string{"1 NÉ’Œ€"}},
		"Windows-1252, quoted":     {"student;birth_name\n1;\"N\xc9\"\"\xff\"\n", sis.CSVOptions{Charset: sis.Windows1252}, []string{`1 NÉ"ÿ`}},
		"auto, UTF-8":              {"student;birth_name\n1;É\n", sis.CSVOptions{Charset: sis.CharsetAuto}, []string{"1 É"}},
		"auto, Windows-1252":       {"student;birth_name\n1;A\n2;\xc9\n", sis.CSVOptions{Charset: sis.CharsetAuto}, []string{"1 A", "2 É"}},
		"auto, a character at 64K": {"student;birth_name\n1;" + strings.Repeat("x", 64<<10-len("student;birth_name\n1;")-1) + "É\n", sis.CSVOptions{Charset: sis.CharsetAuto}, []string{"1 " + strings.Repeat("x", 64<<10-len("student;birth_name\n1;")-1) + "É"}},
		"aliases":                  {"COD_ETU;LIB_NOM_PAT_IND;student\n1;A;x\n", sis.CSVOptions{Columns: map[string]string{"student": "COD_ETU", "birth_name": "lib_nom_pat_ind"}}, []string{"1 A"}},
		"values":                   {"student;birth_name\n1;NULL\n2;B\n", sis.CSVOptions{Values: map[string]map[string]string{"birth_name": {"NULL": "", "B": "C"}}}, []string{"1 ", "2 C"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, errs := collect(csvSource(t, c.data, c.opts).Students(t.Context(), sis.Query{}))
			testutil.Equal(t, "errors", errs, nil)
			var got []string
			for _, s := range all {
				got = append(got, s.ID.Local+" "+s.Person.BirthName)
			}
			testutil.Equal(t, "students", got, c.want)
		})
	}
}

func TestCSVRejects(t *testing.T) {
	t.Parallel()
	const head = "student;birth_name;sex;birth_date;birth_commune;birth_country;modified_at\n"
	for name, c := range map[string]struct {
		rows string
		want []string // students that go on
		errs []string
	}{
		"sex":                {"1;A;W;;;;\n2;B;F;;;;\n", []string{"2"}, []string{"base.csv:2:5: column sex: sex: code: want F or 2, M, H or 1, X"}},
		"date shape":         {"1;A;;1/2/2007;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2:6: column birth_date: date: length: want YYYY-MM-DD or DD/MM/YYYY"}},
		"date range":         {"1;A;;31/02/2007;;;\n", nil, []string{"base.csv:2:6: column birth_date: date: range at position 1: want a day of that month, or 00 when it is unknown"}},
		"short commune":      {"1;A;;;1053;;\n", nil, []string{"base.csv:2:7: column birth_commune: birthplace: length: want 5 characters; spreadsheets drop the leading zero of 01 to 09"}},
		"bad commune":        {"1;A;;;6748X;;\n", nil, []string{"base.csv:2:7: column birth_commune: birthplace: character at position 5: want a digit, or A or B after 2 for Corsica"}},
		"two places":         {"1;A;;;67482;132;\n", nil, []string{"base.csv:2:13: column birth_country: birthplace: country: want no foreign country beside a French commune"}},
		"two countries":      {"1;A;;;99131;132;\n", nil, []string{"base.csv:2:13: column birth_country: birthplace: country: want the country that the column of the commune gives"}},
		"commune as country": {"1;A;;;;67482;\n", nil, []string{"base.csv:2:8: column birth_country: birthplace: country: want a country: 99xxx, or its last three digits"}},
		"time":               {"1;A;;;;;yesterday\n", nil, []string{"base.csv:2:9: column modified_at: time: form: want YYYY-MM-DD or DD/MM/YYYY, alone or with HH:MM:SS, or RFC 3339"}},
		"two faults":         {"1;A;W;x;;;\n", nil, []string{"base.csv:2: sex: code: want F or 2, M, H or 1, X; birth_date: length: want YYYY-MM-DD or DD/MM/YYYY"}},
		"no student":         {";A;;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2:1: column student: student: required: want the number of the student"}},
		"fewer fields":       {"1;A\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2: row: fields: want 7 fields, as in the first line; there are 2"}},
		"more fields":        {"1;;;;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2: row: fields: want 7 fields, as in the first line; there are 8"}},
		"not UTF-8":          {"1;N\xc9;;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2:4: row: encoding: want text in UTF-8; if the whole file is in Windows-1252, say so with CSVOptions.Charset"}},
		"zero byte":          {"1;N\x00;;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2:4: row: encoding: want text without zero bytes"}},
		"text after quote":   {"1;\"A\"B;;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2:6: row: quote: want a separator after the closing quote"}},
		"open quote":         {"1;\"A;;;;;\n2;B;;;;;\n3;C;;;;;\n", []string{"2", "3"}, []string{"base.csv:2:3: row: quote: want a closing quote, followed by a separator or the end of the line"}},
		"open quote, then quotes": {"1;\"A;;;;;\n2;\"B\";;;;;\n3;\"C;;;;;\n4;\"D\nE\";;;;;\n", []string{"2", "4"},
			[]string{"base.csv:2:3: row: quote: want a closing quote, followed by a separator or the end of the line", "base.csv:4:3: row: quote: want a closing quote, followed by a separator or the end of the line"}},
		"long open quote": {"1;\"A;;;;;\n" + strings.Repeat("2;B;;;;;\n", 100), strings.Fields(strings.Repeat("2 ", 100)), []string{"base.csv:2:3: row: quote: want a closing quote, followed by a separator or the end of the line"}},
		"too long":        {"1;" + strings.Repeat("A", 3<<20) + ";;;;;\n2;;;;;;\n", []string{"2"}, []string{"base.csv:2: row: length: want a row of at most 1 MiB"}},
		"lines counted":   {"1;\"A\nB\";;;;;\n\n2;;W;;;;\n", []string{"1"}, []string{"base.csv:5:4: column sex: sex: code: want F or 2, M, H or 1, X"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := csvSource(t, head+c.rows, sis.CSVOptions{})
			got, errs := students(t, s, sis.Query{})
			testutil.Equal(t, "errors", errs, c.errs)
			testutil.Equal(t, "students", got, c.want)
			for _, err := range s.Students(t.Context(), sis.Query{}) {
				if err == nil {
					continue
				}
				if _, ok := errors.AsType[*sis.RowError](err); !ok || !errors.Is(err, passerelle.ErrInvalid) {
					t.Errorf("%v is a %T, want a RowError of class ErrInvalid", err, err)
				}
			}
		})
	}
}

func TestCSVFatal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		opts sis.CSVOptions
		want string
	}{
		"empty":       {"", sis.CSVOptions{}, "base.csv: empty: want a first line that names the columns"},
		"blank lines": {"\n\n", sis.CSVOptions{}, "base.csv: empty: want a first line that names the columns"},
		"missing": {"student;Nom;sex\n", sis.CSVOptions{Required: []string{"birth_name", "birth_date", "sex"}, Columns: map[string]string{"birth_date": "NAISSANCE"}},
			"base.csv: missing: birth_name, NAISSANCE; found: student, Nom, sex"},
		"declared and missing": {"student;ine\n", sis.CSVOptions{Columns: map[string]string{"email": "mel"}}, "base.csv: missing: mel; found: student, ine"},
		"no header at all":     {"20260001;DUPONT;Jean\n", sis.CSVOptions{}, "base.csv: missing: student: want a first line that names the columns; it names none that is known"},
		"twice":                {"student;ine;INE\n", sis.CSVOptions{}, "base.csv: duplicate: ine: want each column once"},
		"UTF-16":               {"\xff\xfes\x00", sis.CSVOptions{}, "base.csv: encoding: want UTF-8 or Windows-1252; this is UTF-16: save it again as \"CSV UTF-8\""},
		"header not UTF-8":     {"student;pr\xe9nom\n", sis.CSVOptions{}, "base.csv: encoding: want a first line of text in UTF-8; if the whole file is in Windows-1252, say so with CSVOptions.Charset"},
		"open quote":           {"student;\"ine\n1;2\n", sis.CSVOptions{}, "base.csv: header: want a first line that names the columns, with a closing quote, followed by a separator or the end of the line"},
		"CR alone":             {"student;ine\r1;2\r", sis.CSVOptions{}, "base.csv: header: want lines that end in LF or CR LF; these end in CR alone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := csvSource(t, c.data, c.opts)
			n := 0
			for _, err := range s.Students(t.Context(), sis.Query{}) {
				n++
				if _, ok := errors.AsType[*sis.CSVError](err); !ok || !errors.Is(err, passerelle.ErrInvalid) || err.Error() != c.want {
					t.Errorf("got %T %v\nwant %s", err, err, c.want)
				}
			}
			testutil.Equal(t, "elements", n, 1)
		})
	}
}

func TestCSVRequiredByDefault(t *testing.T) {
	t.Parallel()
	open := func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("student;birth_name;given_name_1;sex;date_naissance;birth_commune;ine\n")), nil
	}
	s, err := sis.NewCSV("base.csv", open, sis.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, errs := students(t, s, sis.Query{})
	testutil.Equal(t, "students", errs, []string{"base.csv: missing: birth_date; found: student, birth_name, given_name_1, sex, date_naissance, birth_commune, ine"})
	_, errs = collect(s.Enrolments(t.Context(), sis.Query{}))
	testutil.Equal(t, "enrolments", errs, []string{"base.csv: missing: year; found: student, birth_name, given_name_1, sex, date_naissance, birth_commune, ine"})
}

func TestCSVOptionsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts sis.CSVOptions
		want string
	}{
		"unknown names": {sis.CSVOptions{Columns: map[string]string{"nom": "x"}, Values: map[string]map[string]string{"sexe": nil}, Required: []string{"ine", "nom"}},
			"f: option: nom, sexe: want names that CSVColumns lists"},
		"separator": {sis.CSVOptions{Separator: '"'}, "f: option: want a semicolon, comma, tab or bar as Separator"},
		"charset":   {sis.CSVOptions{Charset: "latin1"}, "f: option: want UTF8, Windows1252 or CharsetAuto as Charset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sis.NewCSV("f", nil, c.opts)
			if !errors.Is(err, passerelle.ErrInvalid) || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestCSVQuery(t *testing.T) {
	t.Parallel()
	const data = `student;ine;ine_key;ine_state;sex;year;modified_at;enrolment_modified_at
1;;;;;2025;2026-01-01;2026-03-01
2;0123456789;A;;;2026;2026-02-01;
3;0123456789B;;verified;;2026;;2026-01-15
4;;;;W;2026;2026-02-02;2026-02-02
5;;K;;;;01/02/2026;
`
	s := csvSource(t, data, sis.CSVOptions{System: "apogee"})
	since := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		q          sis.Query
		students   []string
		enrolments []string
		errs       int // of students: row 4
	}{
		"all":            {sis.Query{}, []string{"1", "2", "3", "5"}, []string{"1", "2", "3", "4"}, 1},
		"year":           {sis.Query{Year: 2026}, []string{"2", "3"}, []string{"2", "3", "4"}, 1},
		"other year":     {sis.Query{Year: 2025}, []string{"1"}, []string{"1"}, 0},
		"ids":            {sis.Query{IDs: []sis.StudentID{{System: "apogee", Local: "3"}, {Local: "1"}, {System: "pegase", Local: "2"}}}, []string{"1", "3"}, []string{"1", "3"}, 0},
		"ids of nobody":  {sis.Query{IDs: []sis.StudentID{{System: "pegase", Local: "2"}}}, nil, nil, 0},
		"modified since": {sis.Query{ModifiedSince: since}, []string{"2", "3", "5"}, []string{"1", "2", "4"}, 1},
		"no INE":         {sis.Query{INEStates: []sis.INEState{sis.INENone}}, []string{"1"}, []string{"1", "4"}, 1},
		"unverified":     {sis.Query{INEStates: []sis.INEState{sis.INEUnverified}}, []string{"2", "5"}, []string{"2"}, 0},
		"verified":       {sis.Query{INEStates: []sis.INEState{sis.INEVerified}, Year: 2026}, []string{"3"}, []string{"3"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, errs := students(t, s, c.q)
			testutil.Equal(t, "students", got, c.students)
			testutil.Equal(t, "rejects", len(errs), c.errs)
			all, errs := collect(s.Enrolments(t.Context(), c.q))
			var refs []string
			for _, e := range all {
				refs = append(refs, e.Student.Local)
			}
			testutil.Equal(t, "enrolments", refs, c.enrolments)
			testutil.Equal(t, "rejects of enrolments", errs, nil)
		})
	}

	bare := csvSource(t, "student;sex\n1;F\n", sis.CSVOptions{})
	for want, q := range map[string]sis.Query{
		"base.csv: missing: year; found: student, sex: want that column for a query by year":                  {Year: 2026},
		"base.csv: missing: modified_at; found: student, sex: want that column for a query by time of change": {ModifiedSince: since},
	} {
		got, errs := students(t, bare, q)
		testutil.Equal(t, "students", got, nil)
		testutil.Equal(t, "errors", errs, []string{want})
	}
}

func TestCSVOncePerStudent(t *testing.T) {
	t.Parallel()
	const data = "student;birth_name;year;modified_at\n1;A;2025;\n2;B;2026;\n1;A;2026;2026-01-01\n2;BB;2025;\n1;A ;2027;\n"
	got, errs := students(t, csvSource(t, data, sis.CSVOptions{}), sis.Query{})
	testutil.Equal(t, "each row", got, []string{"1", "2", "1", "2", "1"})
	testutil.Equal(t, "errors", errs, nil)
	s := csvSource(t, data, sis.CSVOptions{OncePerStudent: true})
	for range 2 { // a second reading starts anew
		got, errs = students(t, s, sis.Query{})
		testutil.Equal(t, "each student", got, []string{"1", "2"})
		testutil.Equal(t, "errors", errs, []string{"base.csv:5:1: column student: student: repeated: want what line 3 says of the same student"})
	}
	// The same letters in other columns are another record.
	_, errs = students(t, csvSource(t, "student;birth_name;usage_name\n1;AB;\n1;A;B\n", sis.CSVOptions{OncePerStudent: true}), sis.Query{})
	testutil.Equal(t, "errors", len(errs), 1)
}

func TestCSVReading(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "base.csv")
	if _, err := sis.OpenCSV(path, sis.CSVOptions{}); !errors.Is(err, passerelle.ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, want ErrNotFound", err)
	}
	if err := os.WriteFile(path, []byte("numero\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sis.OpenCSV(path, sis.CSVOptions{}); err == nil {
		t.Error("OpenCSV accepted a file without the column student")
	}
	s, err := sis.OpenCSV(path, sis.CSVOptions{Columns: map[string]string{"student": "numero"}, Required: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, errs := collect(s.Students(ctx, sis.Query{})); len(errs) != 1 || errs[0] != context.Canceled.Error() {
		t.Errorf("cancelled: %q", errs)
	}

	broken := errors.New("disk on fire")
	closed := 0
	s, err = sis.NewCSV("f", func() (io.ReadCloser, error) {
		return &closing{io.MultiReader(strings.NewReader("student\n1\n2\n3\n"), &failing{broken}), &closed}, nil
	}, sis.CSVOptions{Required: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	n := 0
	for _, err := range s.Students(t.Context(), sis.Query{}) {
		n++
		last = err
	}
	if n != 4 || !errors.Is(last, broken) || !errors.Is(last, passerelle.ErrUnavailable) {
		t.Errorf("%d elements, last %v: want three students, then ErrUnavailable with the cause", n, last)
	}
	for range s.Students(t.Context(), sis.Query{}) {
		break
	}
	testutil.Equal(t, "files closed", closed, 2)
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

type closing struct {
	io.Reader
	n *int
}

func (c *closing) Close() error { *c.n++; return nil }

func TestCSVErrorsAreNotPersonal(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "SECRETNAME", "9999-99-99", "0123456789A")
	for _, row := range []string{
		"SECRETNAME;SECRETNAME;SECRETNAME;9999-99-99;SECRETNAME;2\n",
		"1;\"SECRETNAME;F;;;\n", "1;SECRETNAME\n", "1;SECRETNAME\xff;;;;\n", "1;;;;0123456789A;0123456789A\n", "1;\"SECRETNAME\"0123456789A;;;;\n",
	} {
		s := csvSource(t, "student;birth_name;sex;birth_date;birth_commune;year\n"+row, sis.CSVOptions{})
		n := 0
		for _, err := range s.Students(t.Context(), sis.Query{Year: 0}) {
			if err != nil {
				n++
				leaks.Error(err)
			}
		}
		if n == 0 {
			t.Errorf("no error for %q", row)
		}
	}
	s := csvSource(t, "SECRETNAME;0123456789A\n", sis.CSVOptions{})
	for _, err := range s.Students(t.Context(), sis.Query{}) {
		leaks.Error(err)
	}
	leaks.Check(t)
}

func ExampleCSV() {
	const export = `COD_ETU;COD_NNE_IND;COD_CLE_NNE_IND;LIB_NOM_PAT_IND;LIB_PR1_IND;COD_SEX_ETU;DATE_NAI_IND;COMMUNE
20260001;0123456789;A;MARTIN;ZOÉ;F;28/02/2007;67482
20260002;;;DUBOIS;LÉO;M;31/02/2007;67482
20260003;;;PETIT;ANAÏS;F;01/09/2006;75056
`
	source, err := sis.NewCSV("export.csv", func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(export)), nil
	}, sis.CSVOptions{
		System: "apogee",
		Columns: map[string]string{
			"student": "COD_ETU", "ine": "COD_NNE_IND", "ine_key": "COD_CLE_NNE_IND", "birth_name": "LIB_NOM_PAT_IND",
			"given_name_1": "LIB_PR1_IND", "sex": "COD_SEX_ETU", "birth_date": "DATE_NAI_IND", "birth_commune": "COMMUNE",
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for student, err := range source.Students(context.Background(), sis.Query{}) {
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Printf("line %d: %s, INE %q\n", student.Provenance.Line, student.ID, student.INE)
	}
	// Output:
	// line 2: apogee:20260001, INE "0123456789A"
	// refused: export.csv:3:26: column DATE_NAI_IND: date: range at position 1: want a day of that month, or 00 when it is unknown
	// line 4: apogee:20260003, INE ""
}
