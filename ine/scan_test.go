package ine_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// render writes the elements of a scan, one a line.
func render(seq iter.Seq2[ine.Row, error]) []string {
	var out []string
	for row, err := range seq {
		switch {
		case err != nil:
			out = append(out, fmt.Sprintf("%d error %v", row.Line, err))
		case row.Number.IsZero():
			out = append(out, fmt.Sprintf("%d %v %q", row.Line, row.Status, row.Input))
		default:
			out = append(out, fmt.Sprintf("%d %v %v", row.Line, row.Status, row.Number))
		}
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	broken := errors.New("row unreadable")
	seq := func(yield func(string, error) bool) {
		_ = yield("223456789HE", nil) && yield("", broken) && yield("1234D56789B", nil) && yield("", nil)
	}
	testutil.Equal(t, "scan", render(ine.Scan(seq)), []string{
		"1 definitive 223456789HE", "2 error row unreadable", "3 provisional 1234D56789B", `4 absent ""`,
	})
	n := 0
	for range ine.Scan(seq) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d elements after a stop", n)
	}
}

func TestScanLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	for i, tc := range [...]struct {
		text string
		want []string
	}{
		0: {"", nil},
		1: {"\n", []string{`1 absent ""`}},
		2: {"\ufeff223456789he\r\n\r\n  1234567890V", []string{"1 definitive 223456789HE", `2 absent ""`, "3 definitive 1234567890V"}},
		3: {"x\n" + long + "\n1234567890V\n", []string{`1 malformed "x"`, "2 error line 2, column 65537: length: want a line of 64 KiB at most", "3 definitive 1234567890V"}},
		4: {long + long, []string{"1 error line 1, column 65537: length: want a line of 64 KiB at most"}},
		6: {"\n\ufeff1234567890V", []string{`1 absent ""`, `2 malformed "\ufeff1234567890V"`}},
		5: {"1234567890V\ufeff", []string{`1 malformed "1234567890V\ufeff"`}},
	} {
		testutil.Equal(t, fmt.Sprint(i), render(ine.ScanLines(strings.NewReader(tc.text))), tc.want)
		testutil.Equal(t, fmt.Sprint(i, " byte by byte"), render(ine.ScanLines(iotest.OneByteReader(strings.NewReader(tc.text)))), tc.want)
	}
}

func TestScanCSV(t *testing.T) {
	t.Parallel()
	const quoteNeeded = "quote: want a separator after the quote that ends a field, or that quote doubled"
	const bare = "quote: want no quote inside a field that does not begin with one"
	const unclosed = "quote: want the end of the quoted field that begins here"
	long := strings.Repeat("y", 70_000)
	for i, tc := range [...]struct {
		text   string
		layout ine.CSV
		want   []string
	}{
		0: {"nom;INE\nA;223456789HE\n", ine.CSV{Column: "INE"}, []string{"2 definitive 223456789HE"}},
		1: {"\ufeffine,nom\r\n223456789HE,A\r\n\r\n,B\r\n", ine.CSV{Column: "INE"}, []string{"2 definitive 223456789HE", `4 absent ""`}},
		2: {"nom\tN° INE \tx\nA\t1234567890G\t\n", ine.CSV{Column: "n° ine"}, []string{"2 suspect 1234567890G"}},
		3: {"nom;Num\xe9ro INE\n\xc9lise;223456789HE\n", ine.CSV{Column: "Numéro INE"}, []string{"2 definitive 223456789HE"}},
		4: {"a|b\n1|223456789HE\n", ine.CSV{Column: "b", Comma: '|'}, []string{"2 definitive 223456789HE"}},
		5: {"INE\n223456789HE\n\n1234567890V\n", ine.CSV{Column: "INE"}, []string{"2 definitive 223456789HE", `3 absent ""`, "4 definitive 1234567890V"}},
		6: {`"a;b";"I` + "\n" + `NE"` + "\n" + `"x;""y""` + "\n" + `z";"223456789HE"` + "\n;1234567890V", ine.CSV{Column: "I\nNE"},
			[]string{"3 definitive 223456789HE", "5 definitive 1234567890V"}},
		// Broken rows: the other rows go on.
		7: {"a;b\n1\n1;2;3\n1;223456789HE\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 1: columns: want 2 columns as in the header, not 1",
			"3 error line 3, column 1: columns: want 2 columns as in the header, not 3", "4 definitive 223456789HE"}},
		8: {"a;b\nx\"y;1\n1;223456789HE\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 2: " + bare, "3 definitive 223456789HE"}},
		9: {"a;b\n1;\"x\"y\n1;223456789HE\n", ine.CSV{Column: "b"}, []string{"2 error line 2, column 6: " + quoteNeeded, "3 definitive 223456789HE"}},
		10: {"a;b\n\"x;1\n2;223456789HE\n3;1234567890V\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 1: " + unclosed, "3 definitive 223456789HE", "4 definitive 1234567890V"}},
		11: {"a;b\n1;\"x\n\"2\";223456789HE\n3;1234567890V\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 3: " + unclosed, "3 definitive 223456789HE", "4 definitive 1234567890V"}},
		12: {"a;b\n1;\"x\n" + strings.Repeat("2;223456789HE\n", 10_000) + "3;y\"\n", ine.CSV{Column: "b"}, nil},
		13: {"a;b\n1;" + long + "\n1;223456789HE\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 65537: length: want a line of 64 KiB at most", "3 definitive 223456789HE"}},
		14: {"a;b\n1;\"x\n" + long + "\n1;223456789HE\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 3: length: want a record of 64 KiB at most", "4 definitive 223456789HE"}},
		15: {"a;b\n1;\"223456789HE", ine.CSV{Column: "b"}, []string{"2 error line 2, column 3: " + unclosed}},
		16: {"a;b\n1;\"22345\n6789HE\"", ine.CSV{Column: "b"}, []string{"2 definitive 223456789HE"}},
		18: {"a;b\n\"x\ny\";\"z\n2;223456789HE\n", ine.CSV{Column: "b"}, []string{
			"2 error line 2, column 1: " + unclosed, "3 error line 3, column 2: " + bare, "4 definitive 223456789HE"}},
		17: {"\n\na;b\n1;223456789HE\r", ine.CSV{Column: "b"}, []string{"4 definitive 223456789HE"}},
	} {
		if i == 12 { // a quote closed too far away: one row is lost, not the rest
			tc.want = append(tc.want, "2 error line 2, column 3: "+unclosed)
			for n := range 10_000 {
				tc.want = append(tc.want, fmt.Sprintf("%d definitive 223456789HE", n+3))
			}
			tc.want = append(tc.want, "10003 error line 10003, column 4: "+bare)
		}
		testutil.Equal(t, fmt.Sprint(i), render(ine.ScanCSV(strings.NewReader(tc.text), tc.layout)), tc.want)
	}
}

func TestScanCSVHeaders(t *testing.T) {
	t.Parallel()
	for i, tc := range [...]struct {
		text   string
		layout ine.CSV
		rule   string
		found  []string
	}{
		0:  {"", ine.CSV{Column: "INE"}, "missing", nil},
		1:  {"\n\r\n", ine.CSV{Column: "INE"}, "missing", nil},
		2:  {"a,b,c\n", ine.CSV{Column: "INE"}, "missing", []string{"a", "b", "c"}},
		3:  {"a,INE\n", ine.CSV{Column: "INE", Comma: ';'}, "missing", []string{"a,INE"}},
		4:  {"INE;INE\n", ine.CSV{Column: "INE"}, "twice", []string{"INE", "INE"}},
		5:  {"INE;ine \n", ine.CSV{Column: "Ine"}, "twice", []string{"INE", "ine "}},
		6:  {"INE\n", ine.CSV{}, "required", nil},
		7:  {"INE\n", ine.CSV{Column: "INE", Comma: '"'}, "comma", nil},
		8:  {"INE\n", ine.CSV{Column: "INE", Comma: '\n'}, "comma", nil},
		9:  {"INE\n", ine.CSV{Column: "INE", Comma: 0xA0}, "comma", nil},
		10: {"\xff\xfeI\x00N\x00E\x00\n\x00", ine.CSV{Column: "INE"}, "encoding", nil},
		11: {"a\"b;INE\n", ine.CSV{Column: "INE"}, "quote", nil},
		12: {strings.Repeat("a;", 40_000) + "\n", ine.CSV{Column: "INE"}, "length", nil},
		13: {"\"" + strings.Repeat("a;\n", 40_000) + "\n", ine.CSV{Column: "INE"}, "length", nil},
	} {
		var got error
		n := 0
		for _, err := range ine.ScanCSV(strings.NewReader(tc.text), tc.layout) {
			got = err
			n++
		}
		header, ok := errors.AsType[*ine.HeaderError](got)
		if !ok || n != 1 || header.Rule != tc.rule || !cmp.Equal(header.Found, tc.found) {
			t.Errorf("%d: %d elements, %v; want rule %s, found %q", i, n, got, tc.rule, tc.found)
			continue
		}
		if !errors.Is(got, passerelle.ErrInvalid) || passerelle.OutcomeOf(got) != passerelle.NotSent {
			t.Errorf("%d: %v is not ErrInvalid, not sent", i, got)
		}
		if len(tc.found) > 0 && strings.Contains(got.Error(), "a,") {
			t.Errorf("%d: the error holds the names found, which may be data: %v", i, got)
		}
	}
}

// A header whose quote is never closed is given up before the file is in memory.
func TestScanCSVHeaderIsBounded(t *testing.T) {
	t.Parallel()
	src := strings.NewReader("\"" + strings.Repeat("a;b\n", 1_000_000))
	for _, err := range ine.ScanCSV(src, ine.CSV{Column: "INE"}) {
		if header, ok := errors.AsType[*ine.HeaderError](err); !ok || header.Rule != "length" {
			t.Errorf("got %v", err)
		}
	}
	if read := src.Size() - int64(src.Len()); read > 200_000 {
		t.Errorf("%d bytes were read for a header", read)
	}
}

func TestScanReadFailure(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	for name, seq := range map[string]iter.Seq2[ine.Row, error]{
		"lines":  ine.ScanLines(io.MultiReader(strings.NewReader("1234567890V\n12"), iotest.ErrReader(cause))),
		"csv":    ine.ScanCSV(io.MultiReader(strings.NewReader("INE;b\n1234567890V;\n12"), iotest.ErrReader(cause)), ine.CSV{Column: "INE"}),
		"quoted": ine.ScanCSV(io.MultiReader(strings.NewReader("INE;b\n1234567890V;\n\"12\n"), iotest.ErrReader(cause)), ine.CSV{Column: "INE"}),
		"long":   ine.ScanLines(io.MultiReader(strings.NewReader("1234567890V\n"+strings.Repeat("x", 70_000)), iotest.ErrReader(cause))),
	} {
		var errs []error
		rows := 0
		for _, err := range seq {
			if rows++; err != nil {
				errs = append(errs, err)
			}
		}
		if rows != 2 || len(errs) != 1 || !errors.Is(errs[0], cause) || !errors.Is(errs[0], passerelle.ErrUnavailable) {
			t.Errorf("%s: %d elements, errors %v; want the number, then the failure", name, rows, errs)
		}
	}
	for _, err := range ine.ScanCSV(iotest.ErrReader(cause), ine.CSV{Column: "INE"}) {
		if !errors.Is(err, cause) {
			t.Errorf("a source that fails at once: %v", err)
		}
	}
}

// byEncodingCSV reads the same column by encoding/csv.
func byEncodingCSV(text string, comma rune, column int) ([]string, bool) {
	in := csv.NewReader(strings.NewReader(text))
	in.Comma = comma
	var fields []string
	for {
		record, err := in.Read()
		if err == io.EOF {
			return fields, true
		}
		if err != nil {
			return nil, false
		}
		fields = append(fields, record[column])
	}
}

func FuzzScanCSV(f *testing.F) {
	f.Add("1;223456789HE\n", false)
	f.Add("\"a;\"\"b\n\";\"1234567890V\"\r\n\r\nx;y", true)
	f.Add("\"1;2\n3;4\n5;\"6\"\"", false)
	f.Add("a\"b;c\n\"a\"b;c\na;b;c\na\n", false)
	f.Add("\xef\xbb\xbf;\xff\n\x00;\r\r\n", true)
	f.Fuzz(func(t *testing.T, body string, byByte bool) {
		const header = "first;INE\n"
		var src io.Reader = strings.NewReader(header + body)
		if byByte {
			src = iotest.OneByteReader(src)
		}
		var got []ine.Row
		faults, last := 0, 0
		for row, err := range ine.ScanCSV(src, ine.CSV{Column: "INE", Comma: ';'}) {
			if row.Line <= last || row.Line > 2+strings.Count(body, "\n") {
				t.Fatalf("line %d after line %d", row.Line, last)
			}
			last = row.Line
			if err != nil {
				if !errors.Is(err, passerelle.ErrInvalid) {
					t.Fatalf("%v of type %T", err, err)
				}
				faults++
				continue
			}
			got = append(got, row)
		}
		want, ok := byEncodingCSV(header+body, ';', 1)
		if ok != (faults == 0) && len(header+body) < 60_000 {
			t.Fatalf("%q: %d faults; encoding/csv reads it: %v", body, faults, ok)
		}
		if !ok {
			return
		}
		if len(got) != len(want)-1 {
			t.Fatalf("%q: %d rows, encoding/csv reads %d", body, len(got), len(want)-1)
		}
		for i, field := range want[1:] {
			w := ine.Judge(field)
			if got[i].Verdict != w {
				t.Fatalf("%q: row %d is %+v, want %+v", body, i, got[i].Verdict, w)
			}
		}
	})
}

func TestTally(t *testing.T) {
	t.Parallel()
	var tally ine.Tally
	for row, err := range ine.ScanCSV(strings.NewReader("a;INE\n1;223456789HE\n2;\n3;1234567890G\n4\n5;x\n6;1234E56789B\n7;1234D56789B\n"), ine.CSV{Column: "INE"}) {
		tally.Add(row, err)
	}
	if tally.Refused() != 3 {
		t.Errorf("%d refused, want one suspect, one malformed, one unreadable", tally.Refused())
	}
	data, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "JSON", string(data), `{"total":7,"unreadable":1,`+
		`"by_status":{"absent":1,"definitive":1,"malformed":1,"provisional":1,"suspect":1,"unknown":1},`+
		`"by_family":{"bea":1,"nne":0,"none":1,"provisional":1,"rnie":1,"sifa":0,"unknown":2}}`)
}

// A scan of numbers keeps nothing and allocates nothing for a row.
func TestScanAllocations(t *testing.T) {
	text := []byte("a;b;INE\n" + strings.Repeat("1;\"x;y\";223456789HE\n2;z;1234D56789B\n", 5000))
	n := testing.AllocsPerRun(5, func() {
		rows := 0
		for row, err := range ine.ScanCSV(bytes.NewReader(text), ine.CSV{Column: "INE"}) {
			if err != nil || row.Number.IsZero() {
				t.Fatal(row, err)
			}
			rows++
		}
		if rows != 10_000 {
			t.Fatal(rows)
		}
	})
	if n > 60 {
		t.Errorf("%v allocations for 10 000 rows", n)
	}
}
