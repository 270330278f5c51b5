package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	published = "../../egracons/testdata/grade_tables.csv"
	guide     = "ects-guide-example"
	ap        = "be-ap-antwerp-2019-2023-general"
	cbs       = "dk-cbs-2013-2014-undergraduate"
)

// call runs the program.
func call(args ...string) (code int, stdout, stderr string) {
	var out, diagnostics bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &diagnostics)
	return code, out.String(), diagnostics.String()
}

func pair(host, home string, more ...string) []string {
	return append([]string{"-tables", published, "-host", host, "-home", home}, more...)
}

func TestOutput(t *testing.T) {
	t.Parallel()
	bands := filepath.Join("testdata", "bands.csv")
	tests := map[string]struct {
		args []string
		code int
	}{
		"all":         {pair(guide, ap, "-policy", "all"), done},
		"one-policy":  {pair(cbs, "be-uclouvain-2010-2015-all", "-policy", "average-weighted", "-tie", "worse", "-min-share", "0.02"), done},
		"explain":     {pair(guide, ap, "-policy", "midpoint", "-grade", "8", "-explain", "fr"), done},
		"failing":     {pair(cbs, ap, "-policy", "maximum", "-grade", "-3"), refused},
		"unknown":     {pair(cbs, ap, "-policy", "maximum", "-grade", "14.5"), refused},
		"bands":       {[]string{"bands", "-tables", bands, "-country", "allemagne", "-mark", "14,5"}, done},
		"bands-none":  {[]string{"bands", "-tables", bands, "-country", "AU", "-mark", "9.999"}, done},
		"bands-wrong": {[]string{"bands", "-tables", bands, "-country", "AU", "-mark", "20.5"}, refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			testutil.Golden(t, name+".txt", []byte(stdout+"--- stderr\n"+stderr))
		})
	}
}

// Every published conversion, through the program.
func TestVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../egracons/testdata/conversion_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	type share struct{ Grade, Share string }
	var file struct {
		Vectors []struct {
			Host, Home string
			Rows       []struct {
				HostGrade, Lo, Hi                                                                   string
				Candidates                                                                          []share
				Best, Worst, Midpoint, Largest, NearestCumulative, WeightedMeanSnap, MinMaxMeanSnap string
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, v := range file.Vectors {
		code, stdout, stderr := call(pair(v.Host, v.Home, "-policy", "all", "-tie", "better")...)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if code != done || len(lines) != len(v.Rows) {
			t.Errorf("%s to %s: code %d, %d lines, want %d: %s", v.Host, v.Home, code, len(lines), len(v.Rows), stderr)
			continue
		}
		for i, row := range v.Rows {
			var got struct {
				Grade      string `json:"host_grade"`
				Lo, Hi     string
				Candidates []share
				ByPolicy   map[string]string `json:"by_policy"`
			}
			if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, v.Host+" "+row.HostGrade+": interval", []string{got.Grade, got.Lo, got.Hi}, []string{row.HostGrade, row.Lo, row.Hi})
			testutil.Equal(t, v.Host+" "+row.HostGrade+": candidates", got.Candidates, row.Candidates)
			testutil.Equal(t, v.Host+" "+row.HostGrade+": suggestions", got.ByPolicy, map[string]string{"maximum": row.Best, "minimum": row.Worst, "midpoint": row.Midpoint,
				"largest-overlap": row.Largest, "nearest-cumulative": row.NearestCumulative, "average-weighted": row.WeightedMeanSnap, "average-minmax": row.MinMaxMeanSnap})
			checked++
		}
	}
	if checked != 94 {
		t.Errorf("%d conversions checked, want 94", checked)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "absent.csv")
	bad := filepath.Join(t.TempDir(), "bad.csv")
	const rows = "table_id,grade,passing,count\na,A,true,1\na,B,true,2\nb,A,true,0\nc,A,true,3\nc,A,true,3\np,P,true,9\n"
	if err := os.WriteFile(bad, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		want string // on standard error
	}{
		"help":             {[]string{"-h"}, done, "Example:"},
		"bands help":       {[]string{"bands", "-h"}, done, "-mark"},
		"nothing":          {nil, badUsage, "-tables is missing"},
		"no policy":        {pair(guide, ap), badUsage, "-policy is missing"},
		"wrong policy":     {pair(guide, ap, "-policy", "best"), badUsage, "maximum, minimum, average-weighted"},
		"wrong tie":        {pair(guide, ap, "-policy", "all", "-tie", "up"), badUsage, "-tie"},
		"wrong share":      {pair(guide, ap, "-policy", "all", "-min-share", "2"), badUsage, "-min-share: a decimal from 0 to 1"},
		"wrong language":   {pair(guide, ap, "-policy", "all", "-explain", "de"), badUsage, "en or fr"},
		"unknown flag":     {[]string{"-frobnicate"}, badUsage, "frobnicate"},
		"argument":         {pair(guide, ap, "-policy", "all", "stray"), badUsage, `unexpected argument "stray"`},
		"unknown table":    {pair("nowhere", ap, "-policy", "all"), badUsage, `-host: no table "nowhere" in the file; it has be-ap-antwerp`},
		"tie said":         {pair(guide, ap, "-policy", "maximum"), done, "ties go to the better grade"},
		"failing said":     {pair(cbs, ap, "-policy", "maximum"), done, "failing grades, not converted: 00, -3"},
		"no file":          {[]string{"-tables", missing, "-host", "a", "-home", "a", "-policy", "maximum"}, noWork, "absent.csv"},
		"no bands file":    {[]string{"bands", "-tables", missing, "-country", "DE", "-mark", "3"}, noWork, "absent.csv"},
		"not bands":        {[]string{"bands", "-tables", published, "-country", "DE", "-mark", "3"}, noWork, `a column "fr_min"`},
		"bad other table":  {[]string{"-tables", bad, "-host", "a", "-home", "a", "-policy", "maximum"}, done, `left out: bad grade table: table "b"`},
		"bad table wanted": {[]string{"-tables", bad, "-host", "a", "-home", "c", "-policy", "maximum"}, noWork, "duplicate grade label"},
		"pass only":        {[]string{"-tables", bad, "-host", "p", "-home", "a", "-policy", "maximum"}, refused, "1 of 1 grades not converted"},
		"no values":        {[]string{"-tables", bad, "-host", "a", "-home", "a", "-policy", "average-minmax"}, refused, "a value, which the policy average-minmax averages"},
		"all but averages": {[]string{"-tables", bad, "-host", "a", "-home", "a", "-policy", "all"}, done, "average-weighted left out"},
		"unknown country":  {[]string{"bands", "-tables", "testdata/bands.csv", "-country", "FR", "-mark", "3"}, badUsage, "it has Allemagne (DE), Australie (AU)"},
		"chart nowhere":    {pair(guide, ap, "-policy", "maximum", "-chart", filepath.Join(missing, "x.svg")), noWork, "x.svg"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := call(tt.args...)
			if code != tt.code || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, want %d and %q on standard error:\n%s", code, tt.code, tt.want, stderr)
			}
		})
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "chart.svg")
	if code, _, stderr := call(pair(guide, ap, "-policy", "midpoint", "-grade", "8", "-chart", file)...); code != done {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Grade 8 at the host, 15 at home", ">9<", ">14 (41.5"} { // host grades are shown
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("the chart has no %q", want)
		}
	}
}
