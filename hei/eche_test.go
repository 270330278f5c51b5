package hei_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/hei"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// read returns the rows and the faults of a list.
func read(data []byte) (rows []hei.Charter, faulty []*hei.RowError, fatal error) {
	for c, err := range hei.ReadECHE(bytes.NewReader(data), int64(len(data))) {
		if e, ok := errors.AsType[*hei.RowError](err); ok {
			faulty = append(faulty, e)
		} else if err != nil {
			fatal = err
			continue
		}
		rows = append(rows, c)
	}
	return rows, faulty, fatal
}

// TestFrenchList reads the French rows of the list of April 2026.
func TestFrenchList(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(testutil.Shared(t, "fixtures/emrex/hei/eche_fr_2026-04-08.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, faulty, fatal := read(data)
	if len(rows) != 1761 || len(faulty) != 0 || fatal != nil {
		t.Fatalf("%d rows, faults %v, %v, want 1761 and none", len(rows), faulty, fatal)
	}
	testutil.Equal(t, "first row", rows[0], hei.Charter{
		Row: 2, Proposal: "101011325", Registered: "F  AGEN04", Code: hei.MustParseErasmusCode("F  AGEN04"), PIC: hei.MustParsePIC("944940924"),
		OID: hei.MustParseOID("E10006551"), Name: "Lycée général et technologique Jean-Baptiste De Baudre", Postcode: "47000", City: "AGEN", Country: "FR",
		Start: passerelle.MustParseDate("2021-01-01"), End: passerelle.MustParseDate("2029-12-31"),
	}, cmpIdentifiers)
	want, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	pics, codes, noOID := map[hei.PIC]bool{}, map[hei.ErasmusCode]bool{}, 0
	for i, c := range rows {
		if c.Code.String() != want[i+1][1] {
			t.Errorf("row %d: %q, want %q", c.Row, c.Code, want[i+1][1])
		}
		pics[c.PIC], codes[c.Code] = true, true
		if c.OID.IsZero() {
			noOID++
		}
	}
	testutil.Equal(t, "different PICs, different codes, rows without OID", []int{len(pics), len(codes), noOID}, []int{1761, 1761, 60})
}

// book makes a workbook of rows: a title, names, values. Texts go to the shared table
// unless inline is set.
func book(t testing.TB, inline bool, rows [][]string) []byte {
	t.Helper()
	var sheet, shared strings.Builder
	texts := 0
	for r, cells := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, r+1)
		for c, text := range cells {
			ref := fmt.Sprintf("%c%d", 'A'+c, r+1)
			switch {
			case text == "":
			case strings.HasPrefix(text, "#"):
				fmt.Fprintf(&sheet, `<c r="%s"><v>%s</v></c>`, ref, text[1:])
			case inline:
				fmt.Fprintf(&sheet, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, ref, html.EscapeString(text))
			default:
				fmt.Fprintf(&sheet, `<c r="%s" t="s"><v>%d</v></c>`, ref, texts)
				fmt.Fprintf(&shared, `<si><r><t>%s</t></r><rPh><t>reading</t></rPh></si>`, html.EscapeString(text))
				texts++
			}
		}
		sheet.WriteString(`</row>`)
	}
	return pack(t, map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="ECHE" sheetId="4" r:id="rId7"/><sheet name="x" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/none.xml"/><Relationship Id="rId7" Target="worksheets/list.xml"/></Relationships>`,
		"xl/worksheets/list.xml":     `<worksheet><sheetData>` + sheet.String() + `</sheetData></worksheet>`,
		"xl/sharedStrings.xml":       `<sst>` + shared.String() + `</sst>`,
	})
}

func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var listing = [][]string{
	{"Higher education institutions holding an ECHE"},
	{"Proposal Number", "Erasmus Code", "PIC", "OID", "Organisation Legal Name", "Street", "Post Cd", "City", "Country Cd", "Website Url", "ECHE Start Date", "ECHE End Date"},
	{"#101012345", "F\u00a0 EXEMPLE01", "#999999991", "E10000001", "Université d'Exemple & Cie", "1 rue", "37000", "EXEMPLE", "FR", "", "#44197", "#47483"},
	{},
	{"#101012346", "RSPROKUP01", "99999992", "", "Škola", "", "", "PROKUPLJE", "RS", "", "never", "#47483"},
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	var semicolons strings.Builder
	for _, cells := range listing {
		semicolons.WriteString(strings.ReplaceAll(strings.Join(cells, ";"), "#", "") + "\r\n")
	}
	for name, data := range map[string][]byte{
		"shared": book(t, false, listing),
		"inline": book(t, true, listing),
		"csv":    []byte("\xef\xbb\xbf" + semicolons.String()),
	} {
		if name == "csv" { // no line is empty in a CSV
			data = bytes.Replace(data, []byte("holding an ECHE"), []byte("holding an ECHE;;"), 1)
		}
		rows, faulty, fatal := read(data)
		if fatal != nil || len(rows) != 2 || len(faulty) != 1 {
			t.Errorf("%s: %d rows, faults %v, %v, want 2, one of them faulty", name, len(rows), faulty, fatal)
			continue
		}
		testutil.Equal(t, name, rows, []hei.Charter{{
			Row: 3, Proposal: "101012345", Registered: "F\u00a0 EXEMPLE01", Code: hei.MustParseErasmusCode("F  EXEMPLE01"), PIC: hei.MustParsePIC("999999991"),
			OID: hei.MustParseOID("E10000001"), Name: "Université d'Exemple & Cie", Street: "1 rue", Postcode: "37000", City: "EXEMPLE", Country: "FR",
			Start: passerelle.MustParseDate("2021-01-01"), End: passerelle.MustParseDate("2029-12-31"),
		}, {
			Row: 5, Proposal: "101012346", Registered: "RSPROKUP01", Name: "Škola", City: "PROKUPLJE", Country: "RS", End: passerelle.MustParseDate("2029-12-31"),
		}}, cmpIdentifiers)
		fields := []string{}
		for _, f := range faulty[0].Faults {
			fields = append(fields, f.Field)
		}
		testutil.Equal(t, name+": faulty fields", fields, []string{"Code", "PIC", "Start"})
		if !errors.Is(faulty[0], passerelle.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, faulty[0])
		}
	}
}

func TestHostileLists(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheet r:id="a"/></workbook>`,
		"xl/_rels/workbook.xml.rels": `<R><Relationship Id="a" Target="/xl/s.xml"/></R>`,
	}
	with := func(sheet, shared string) []byte {
		parts := map[string]string{"xl/s.xml": sheet}
		for name, text := range good {
			parts[name] = text
		}
		if shared != "" {
			parts["xl/sharedStrings.xml"] = shared
		}
		return pack(t, parts)
	}
	for name, data := range map[string][]byte{
		"nothing":           nil,
		"no list":           []byte("a,b\n1,2\n"),
		"no zip":            []byte("PK\x03\x04 and nothing"),
		"no workbook":       pack(t, map[string]string{"a": "b"}),
		"no sheet":          pack(t, good),
		"doctype":           with(`<!DOCTYPE x [<!ENTITY a "b">]><w><row><c><v>&a;</v></c></row></w>`, ""),
		"no XML":            with(`<w><row><c`, ""),
		"cut off":           with(`<w><row><c r="A1">`, ""),
		"no such text":      with(`<w><row><c t="s"><v>7</v></c></row></w>`, `<sst><si><t>x</t></si></sst>`),
		"a far column":      with(`<w><row><c r="ZZZZ1"><v>7</v></c></row></w>`, ""),
		"a wrong reference": with(`<w><row><c r="é1"><v>7</v></c></row></w>`, ""),
		"a long cell":       with(`<w><row><c><v>`+strings.Repeat("x", 40<<10)+`</v></c></row></w>`, ""),
		"many columns":      []byte(strings.Repeat("a,", 300) + "\n"),
	} {
		rows, _, fatal := read(data)
		if len(rows) != 0 || !errors.Is(fatal, passerelle.ErrInvalid) {
			t.Errorf("%s: %d rows, %v, want ErrInvalid", name, len(rows), fatal)
		}
	}
}

func TestFailingFile(t *testing.T) {
	t.Parallel()
	n := 0
	for _, err := range hei.ReadECHE(failing{}, 100) {
		if n++; !errors.Is(err, os.ErrClosed) {
			t.Errorf("%v, want the error of the file", err)
		}
	}
	if n != 1 {
		t.Errorf("%d elements, want the error alone", n)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, os.ErrClosed }

func FuzzReadECHE(f *testing.F) {
	f.Add(book(f, false, listing))
	f.Add(book(f, true, listing))
	f.Add([]byte("Erasmus Code;PIC\nF  PARIS001;999999991\n"))
	f.Add([]byte("PIC,Erasmus Code\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, faulty, _ := read(data)
		if len(faulty) > len(rows) {
			t.Errorf("%d faults of %d rows", len(faulty), len(rows))
		}
		for _, c := range rows {
			if c.Row < 1 {
				t.Errorf("row %d", c.Row)
			}
		}
	})
}

// benchList is a list of the size of the real one.
func benchList(b *testing.B) [][]string {
	rows := listing[:2]
	for i := range 6142 {
		rows = append(rows, []string{"#101012345", fmt.Sprintf("F  EXEMPLE%02d", i%100), fmt.Sprintf("#9%08d", i), "E10000001", "Université d'Exemple", "1 rue", "37000", "EXEMPLE", "FR", "www.exemple.fr", "#44197", "#47483"})
	}
	return rows
}

// BenchmarkReadECHE reads a workbook; its floor is inflating the same parts.
func BenchmarkReadECHE(b *testing.B) {
	data := book(b, false, benchList(b))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if rows, _, err := read(data); err != nil || len(rows) != 6142 {
			b.Fatal(len(rows), err)
		}
	}
}

// BenchmarkReadECHEFloor decodes the tokens of the same parts, and does nothing.
func BenchmarkReadECHEFloor(b *testing.B) {
	data := book(b, false, benchList(b))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		floor(b, data)
	}
}
