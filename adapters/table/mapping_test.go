package table_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestReadMapping(t *testing.T) {
	t.Parallel()
	m := mapping(t)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := table.ReadMapping(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "mapping read back", again, m)

	path := filepath.Join(t.TempDir(), "mapping.json")
	if err := os.WriteFile(path, []byte("\xef\xbb\xbf{\"overlap\": \"24h\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := table.LoadMapping(path); err != nil || m.Overlap.String() != "24h0m0s" {
		t.Errorf("mapping %+v, %v; want an overlap of 24h", m, err)
	}
	if _, err := table.LoadMapping(path + "x"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("no file: %v, want ErrNotFound", err)
	}

	for name, c := range map[string]struct{ text, want string }{
		"no JSON":        {"system: school", "mapping: json at position 1: want valid JSON; line 1 is wrong"},
		"cut":            {"{\n\"system\":", "mapping: json: want a JSON object of the documented form"},
		"line":           {"{\n\"system\": school}", "mapping: json at position 13: want valid JSON; line 2 is wrong"},
		"type":           {`{"columns": ["a"]}`, `mapping: json at position 13: want a value of type map[string]string for "columns"`},
		"unknown":        {`{"colums": {}}`, `mapping: json: want no field "colums"`},
		"after":          {`{} {}`, "mapping: json: want nothing after the closing brace"},
		"duration":       {`{"overlap": "two"}`, `mapping: json: want a duration such as "2m" or "24h"`},
		"too long":       {strings.Repeat(" ", 1<<20) + "{}", "mapping: length: want at most 1 MiB"},
		"unknown column": {`{"columns": {"colour": "x"}}`, "columns.colour: name: want a documented column, as sis.CSVColumns and ResultColumns list them"},
		"form of dates":  {`{"dates": ["DD/MM/YYYY", "DD/MM/YY", "DD/MM/YYYY DD", "YYYY-MM-DD HH"]}`, "dates[1]"},
	} {
		_, err := table.ReadMapping(strings.NewReader(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func FuzzReadMapping(f *testing.F) {
	f.Add(mappingJSON)
	f.Add(`{"columns": {"student": "x"}, "dates": ["YYYYMMDD"], "overlap": "1h"}`)
	f.Add(`{"values": null, "time_zone": "../x", "page_size": 1e99}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := table.ReadMapping(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("error %v is not ErrInvalid", err)
			}
			return
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := table.ReadMapping(strings.NewReader(string(out))); err != nil {
			t.Fatalf("what was accepted is refused when written again: %v", err)
		}
	})
}
