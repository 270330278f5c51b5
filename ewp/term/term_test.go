package term_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestParseYear(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		text string
		rule string
		pos  int
	}{
		0: {"2025/2026", "", 0}, 1: {"2025/2025", "", 0}, 2: {"9999/9999", "", 0},
		3: {"2025-2026", "character", 5}, 4: {"2025/26", "length", 0}, 5: {"", "length", 0}, 6: {"2025/2027", "range", 6}, 7: {"2025/2024", "range", 6},
		8: {"2O25/2026", "character", 2}, 9: {"2025/202x", "character", 9}, 10: {"0000/0001", "range", 1},
	} {
		y, err := term.ParseYear(c.text)
		if c.rule == "" {
			if err != nil || y.String() != c.text {
				t.Errorf("%d: %v, %v", i, y, err)
			}
			continue
		}
		if e, ok := errors.AsType[*passerelle.ParseError](err); !ok || e.Rule != c.rule || e.Pos != c.pos || !y.IsZero() {
			t.Errorf("%d: %v, want %s at %d", i, err, c.rule, c.pos)
		}
	}
}

func TestYear(t *testing.T) {
	t.Parallel()
	north, south := term.Starting(2025), term.MustParseYear("2025/2025")
	testutil.Equal(t, "year", north.String(), "2025/2026")
	testutil.Equal(t, "next", []string{north.Next().String(), south.Next().String()}, []string{"2026/2027", "2026/2026"})
	if north.Southern() || !south.Southern() || north.First() != 2025 || !term.Starting(0).IsZero() || !term.Starting(9999).IsZero() {
		t.Error("hemisphere, first year, or a year that is none")
	}
	years := []term.Year{north.Next(), north, south}
	slices.SortFunc(years, term.Year.Compare)
	testutil.Equal(t, "order", fmt.Sprint(years), "[2025/2025 2025/2026 2026/2027]")
	var y term.Year
	if err := y.UnmarshalText([]byte("2025/2026")); err != nil || y != north {
		t.Errorf("%v, %v", y, err)
	}
	if err := y.UnmarshalText(nil); err != nil || !y.IsZero() {
		t.Errorf("%v, %v", y, err)
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct{ text, rule string }{
		0: {"2025/2026-1/2", ""}, 1: {"2025/2025-3/3", ""}, 2: {"2025/2026-3/2", "range"}, 3: {"2025/2026-0/2", "range"}, 4: {"2025/2026-1/0", "character"},
		5: {"2025/2026_1/2", "character"}, 6: {"2025/2026-1-2", "character"}, 7: {"2025/2028-1/2", "range"}, 8: {"2025/2026-1", "length"},
	} {
		id, err := term.ParseID(c.text)
		e, _ := errors.AsType[*passerelle.ParseError](err)
		if c.rule == "" && (err != nil || id.String() != c.text) || c.rule != "" && (e == nil || e.Rule != c.rule || !id.IsZero()) {
			t.Errorf("%d: %v, %v, want %q", i, id, err, c.rule)
		}
	}
}

func TestPart(t *testing.T) {
	t.Parallel()
	id := term.MustParseID("2025/2026-2/3")
	testutil.Equal(t, "part", id.Part(), term.Part{Number: "2", Total: "3"})
	if got, ok := id.Part().In(id.Year); !ok || got != id {
		t.Errorf("%v, %v", got, ok)
	}
	for i, p := range map[int]term.Part{0: {"4", "3"}, 1: {"0", "3"}, 2: {"one", "3"}, 3: {"1", ""}} {
		if _, ok := p.In(id.Year); ok || !errors.Is(p.Validate(), passerelle.ErrInvalid) {
			t.Errorf("%d: taken for a term", i)
		}
	}
	if _, ok := (term.Part{Number: "1", Total: "12"}).In(id.Year); ok {
		t.Error("twelve terms have no identifier")
	}
}

var autumn = term.Term{
	YearID: "2025/2026", EWPID: "2025/2026-1/2", Names: ewp.Texts{{Lang: "en", Value: "Autumn 2025"}, {Lang: "fr", Value: "Automne 2025"}}, Start: "2025-09-01", End: "2026-01-31",
}

// TestSchema writes a term as the element of version 1, has xmllint judge it, and
// reads it again.
func TestSchema(t *testing.T) {
	t.Parallel()
	schema := testutil.Shared(t, "ewp/schemas/ewp-specs-types-academic-term/stable-v1/schema.xsd")
	catalog := testutil.Shared(t, "ewp/schemas/catalog-business.xml")
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).EncodeElement(autumn, xml.StartElement{Name: xml.Name{Space: term.Namespace, Local: "academic-term"}}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testutil.Program(t, "xmllint"), "--nonet", "--noout", "--schema", schema, "-")
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+catalog)
	cmd.Stdin = bytes.NewReader(b.Bytes())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var got term.Term
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "term", got, autumn)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := autumn.Validate(); err != nil {
		t.Error(err)
	}
	for i, c := range map[int]struct {
		change func(*term.Term)
		want   string
	}{
		0: {func(x *term.Term) { x.YearID = "2025" }, "t.academic-year-id academic-year"},
		1: {func(x *term.Term) { x.EWPID = "1/2" }, "t.ewp-id academic-term"},
		2: {func(x *term.Term) { x.EWPID = "2024/2025-1/2" }, "t.ewp-id conflict"},
		3: {func(x *term.Term) { x.Names = nil }, "t.display-name required"},
		4: {func(x *term.Term) { x.Start = "01/09/2025" }, "t.start-date date"},
		5: {func(x *term.Term) { x.End = "2025-08-31" }, "t.end-date range"},
	} {
		bad := autumn
		c.change(&bad)
		faults := bad.Faults("t")
		if len(faults) != 1 || faults[0].Field+" "+faults[0].Rule != c.want {
			t.Errorf("%d: %v, want %s", i, faults, c.want)
		}
	}
	first, last, err := term.Term{Start: "2025-09-01Z", End: "2026-01-31+01:00"}.Dates()
	if err != nil || first.String() != "2025-09-01" || last.String() != "2026-01-31" {
		t.Errorf("dates with a zone: %v, %v, %v", first, last, err)
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"2025/2026-1/2", "2025/2026", "0000/0000-1/1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := term.ParseID(s); err == nil && id.String() != s {
			t.Errorf("%q was read as %q", s, id)
		}
		if y, err := term.ParseYear(s); err == nil && y.String() != s {
			t.Errorf("%q was read as %q", s, y)
		}
	})
}

// The second of two terms, as courses and as learning agreements name it.
func ExampleID() {
	id := term.ID{Year: term.Starting(2025), Number: 2, Total: 2}
	fmt.Println(id, id.Part())
	// Output:
	// 2025/2026-2/2 {2 2}
}
