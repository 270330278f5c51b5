package tors_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/sis"
)

// schemas are those of the answers.
var schemas = map[tors.Version]string{
	tors.V3: "ewp-specs-api-imobility-tors/stable-v3/endpoints/get-response.xsd",
	tors.V2: "ewp-specs-api-imobility-tors/stable-v2/endpoints/get-response.xsd",
}

// letters is the scale of the published examples.
func letters(tb testing.TB) *egracons.Scale {
	tb.Helper()
	scale, err := newLetters()
	if err != nil {
		tb.Fatal(err)
	}
	return scale
}

func newLetters() (*egracons.Scale, error) {
	return egracons.NewScale("A-F", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true},
		egracons.Grade{Label: "C", Passing: true}, egracons.Grade{Label: "D", Passing: true}, egracons.Grade{Label: "E", Passing: true}, egracons.Grade{Label: "F"})
}

func weights(counts ...int64) []egracons.Weight {
	var list []egracons.Weight
	for i, n := range counts {
		list = append(list, egracons.Weight{Grade: string("ABCDEF"[i]), Number: egracons.Int(n)})
	}
	return list
}

// results are a module of two courses, one failed, a course beside it without anything
// above it, and a failed one.
var results = []sis.Result{
	{Year: 2025, Course: sis.Course{Code: "M1", Title: "Informatics", Kind: "UE"}, Credits: "12", Passed: sis.PassedYes, Mark: "C"},
	{Year: 2025, Course: sis.Course{Code: "ALG", Title: "Algorithms", Parent: "M1"}, Credits: "7,5", Passed: sis.PassedYes, Mark: "B"},
	{Year: 2025, Course: sis.Course{Code: "NET", Title: "Networks", Parent: "M1"}, Credits: "4.5", Passed: sis.PassedYes, Mark: "D"},
	{Year: 2025, Course: sis.Course{Code: "STA", Title: "Statistics <b>&", ECTS: "6"}, Passed: sis.PassedNo, Mark: "F"},
	{Year: 2025, Course: sis.Course{Code: "HIS", Title: "History of Rome"}, Credits: "5", Passed: sis.PassedYes, Mark: "A"},
}

// agreed is the last agreement: History was added without one.
var agreed = []tors.Component{
	{LOSID: "CR/alg", LOIID: "CRI/alg-2025-1", Code: "ALG", Title: "Algorithms", ECTS: "7.5"},
	{LOSID: "CR/net", Title: "Networking", ECTS: "4.5"},
	{Title: "STATISTICS <b>&", ECTS: "6"},
	{Code: "PHI", Title: "Philosophy", ECTS: "3"},
}

// counts are those of a field of study, and of each course.
var counts = []int64{7, 37, 135, 98, 92, 3}

func registrar(tb testing.TB) tors.Registrar {
	tb.Helper()
	scale := letters(tb)
	spec := egracons.TableSpec{Scale: scale, Basis: egracons.Counts, Weights: weights(counts...)}
	return tors.Registrar{
		HEI:     ewp.MustParseHEIID("uni-a.example"),
		Issuer:  elmo.Issuer{Country: &elmo.Coded{Type: "ISO", Value: "PL"}, Titles: ewp.Texts{{Lang: "en", Value: "University A"}}, URL: "https://uni-a.example"},
		Schemes: []elmo.GradingScheme{{LocalID: "A-F", Descriptions: ewp.Texts{{Lang: "en", Value: "A is the best, F fails"}}}},
		Sheet: elmo.Sheet{
			Lang: "en", Kinds: map[string]string{"UE": elmo.Module}, GradingScheme: "A-F",
			LOSID: func(code string) string { return "CR/" + strings.ToLower(code) },
			LOIID: func(code string, _ int) string { return "CRI/" + strings.ToLower(code) },
		},
		Term: func(sis.Result) *elmo.AcademicTerm {
			return &elmo.AcademicTerm{Titles: ewp.Texts{{Lang: "en", Value: "Autumn 2025"}}, Start: "2025-09-01", End: "2026-01-31"}
		},
		ISCED: func(code string) string {
			if code == "HIS" {
				return "0222"
			}
			return "0612"
		},
		Distribution: func(sis.Result) *elmo.Distribution {
			d, err := tors.Distribution(spec)
			if err != nil {
				tb.Fatal(err)
			}
			return d
		},
		Table: func(isced string) (tors.ISCEDTable, bool) {
			if isced != "0612" {
				return tors.ISCEDTable{}, false
			}
			x, err := tors.NewISCEDTable(spec)
			if err != nil {
				tb.Fatal(err)
			}
			return x, true
		},
		Now: func() time.Time { return time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC) },
	}
}

func stay() tors.Stay {
	return tors.Stay{
		OMobilityID: "mobility-1", Year: term.MustParseYear("2025/2026"),
		Student: passerelle.Person{BirthName: "Nowak", GivenNames: [3]string{"Jan", "Piotr"}, Sex: passerelle.SexMale, BirthDate: passerelle.MustParseDate("2003-02-01")},
		ESI:     "urn:schac:personalUniqueCode:int:esi:fr:000000000FF", Citizenship: "FR",
		Results: results, Agreed: agreed, PDF: []byte("%PDF-1.7"),
	}
}

// transcript is a whole one.
func transcript(tb testing.TB) tors.ToR {
	tb.Helper()
	t, err := registrar(tb).Transcript(stay())
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// encode writes one transcript.
func encode(tb testing.TB, v tors.Version, list ...tors.ToR) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := tors.Encode(&b, v, list); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// known leaves out of Canonical what elmo does not keep, signatures, and what it writes
// twice, birth dates.
func known(tb testing.TB, doc []byte) []string {
	tb.Helper()
	var lines []string
	signature := -1
	for _, line := range documenttest.Canonical(tb, doc) {
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if signature >= 0 && depth > signature {
			continue
		}
		signature = -1
		if strings.Contains(line, "}Signature") {
			signature = depth
			continue
		}
		if !strings.Contains(line, "}bday") {
			lines = append(lines, line)
		}
	}
	return lines
}

func faults(tb testing.TB, err error) []string {
	tb.Helper()
	list := documenttest.Faults(tb, err)
	slices.Sort(list)
	return list
}
