package ewptest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/ewp/tors"
)

// TranscriptConfig says which transcript NewTranscript makes. The zero value is good,
// and makes that of seed 0.
type TranscriptConfig struct {
	// Seed decides everything that is not said: the same seed makes the same transcript.
	Seed uint64
	// Issuer is the receiving institution. Zero is "uni-a.example".
	Issuer ewp.HEIID
	// OMobilityID is that of the mobility. "" follows from Seed.
	OMobilityID string
	// Year is the academic year. Zero is 2025/2026.
	Year term.Year
	// Courses is how many there are, 0 for 6, and Failed how many of them were failed,
	// the last ones. Every other pair of them stands in a module of its own.
	Courses, Failed int
	// ISCED are the fields of study, of which the courses take one after the other. None
	// is computer science and history.
	ISCED []string
	// Scale has the grades, best first. Nil is A to F, of which F fails.
	Scale *egracons.Scale
	// Attachment is the size of the transcript as a file, 0 for none.
	Attachment int
}

// transcriptTime is when transcripts are generated, the day after a winter term.
var transcriptTime = time.Date(2026, 2, 16, 9, 0, 0, 0, time.UTC)

// LetterScale returns the grades A to F, of which F fails.
func LetterScale() *egracons.Scale {
	grades := []egracons.Grade{{Label: "F"}}
	for _, label := range []string{"E", "D", "C", "B", "A"} {
		grades = append([]egracons.Grade{{Label: label, Passing: true}}, grades...)
	}
	scale, err := egracons.NewScale("A-F", grades...)
	if err != nil {
		panic(err) // these grades are good
	}
	return scale
}

// NewTranscript makes up a transcript of a student that does not exist, complete in
// version 3, with grade tables of its fields and a distribution of each course. The
// courses, marks and counts follow from the seed.
func NewTranscript(cfg TranscriptConfig) tors.ToR {
	if cfg.Issuer.IsZero() {
		cfg.Issuer = ewp.MustParseHEIID("uni-a.example")
	}
	if cfg.OMobilityID == "" {
		cfg.OMobilityID = fmt.Sprintf("mobility-%d", cfg.Seed)
	}
	if cfg.Year.IsZero() {
		cfg.Year = term.MustParseYear("2025/2026")
	}
	if cfg.Courses == 0 {
		cfg.Courses = 6
	}
	if len(cfg.ISCED) == 0 {
		cfg.ISCED = []string{"0613", "0222"}
	}
	if cfg.Scale == nil {
		cfg.Scale = LetterScale()
	}
	g := transcriptMaker{cfg, rand.New(rand.NewPCG(cfg.Seed, 0))}
	at := transcriptTime.Format(time.RFC3339)
	report := elmo.Report{
		Issuer: elmo.Issuer{
			Identifiers: []elmo.Identifier{{Type: "schac", Value: cfg.Issuer.String()}},
			Titles:      ewp.Texts{{Lang: "en", Value: "University of " + cfg.Issuer.String()}},
			URL:         "https://" + cfg.Issuer.String(),
		},
		IssueDate:      at,
		Specifications: g.courses(),
		GradingSchemes: []elmo.GradingScheme{{LocalID: cfg.Scale.ID(), Descriptions: ewp.Texts{{Lang: "en", Value: "grades of the test, best first"}}}},
	}
	if cfg.Attachment > 0 {
		report.Attachments = []elmo.Attachment{{
			Titles: ewp.Texts{{Lang: "en", Value: tors.TranscriptOfRecords}}, Type: tors.TranscriptOfRecords,
			Contents: ewp.Texts{elmo.NewContent("application/pdf", g.file(), "")},
		}}
	}
	return tors.ToR{
		OMobilityID: cfg.OMobilityID, Year: cfg.Year.String(),
		ELMO:       elmo.Document{GeneratedDate: at, Learner: g.learner(), Reports: []elmo.Report{report}},
		Conversion: g.tables(),
	}
}

type transcriptMaker struct {
	TranscriptConfig
	*rand.Rand
}

// pick returns one of the words.
func (g transcriptMaker) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g transcriptMaker) learner() elmo.Learner {
	given := g.pick("Zoé", "Łukasz", "Ada", "Nuño", "Åse", "Γεωργία")
	family := g.pick("L'Hôte", "Kowalska", "Müller", "d'Œuvre", "Ñíguez", "Þorsdóttir")
	born := passerelle.NewDate(2000+g.IntN(6), time.Month(1+g.IntN(12)), 1+g.IntN(28))
	return elmo.Learner{
		Citizenship: &elmo.Coded{Type: "ISO", Value: g.pick("FR", "PL", "DE", "ES", "NO", "GR")},
		Identifiers: []elmo.Identifier{{Type: "esi", Value: fmt.Sprintf("urn:schac:personalUniqueCode:int:esi:uni-b.example:%08d", g.IntN(100_000_000))}},
		GivenNames:  given, FamilyName: family, AlternativeName: &ewp.Text{Value: given + " " + family},
		DateOfBirth: born.String(),
	}
}

// courses makes the courses, some inside of modules.
func (g transcriptMaker) courses() []elmo.Specification {
	var specs []elmo.Specification
	for i := 0; i < g.Courses; {
		if i%4 != 2 || i+2 > g.Courses-g.Failed {
			specs = append(specs, g.course(i))
			i++
			continue
		}
		module := g.course(i)
		module.Type = elmo.Module
		module.Identifiers = []elmo.Identifier{{Type: "ewp-los-id", Value: fmt.Sprintf("MOD/m-%d-%d", g.Seed, i)}}
		module.Titles = ewp.Texts{{Lang: "en", Value: "Module " + strconv.Itoa(i)}}
		instance := &module.Specifies.Instance
		instance.Identifiers = []elmo.Identifier{{Type: "ewp-loi-id", Value: fmt.Sprintf("MODI/m-%d-%d", g.Seed, i)}}
		instance.Credits[0].Value = "0"
		sum := 0
		for range 2 {
			part := g.course(i)
			credits, _ := strconv.Atoi(part.Specifies.Instance.Credits[0].Value)
			sum += credits
			module.Parts = append(module.Parts, elmo.Part{Specification: part})
			i++
		}
		instance.Credits[0].Value = strconv.Itoa(sum)
		specs = append(specs, module)
	}
	return specs
}

func (g transcriptMaker) course(i int) elmo.Specification {
	first, last := fmt.Sprintf("%04d-09-01", g.Year.First()), fmt.Sprintf("%04d-01-31", g.Year.First()+1)
	failed := i >= g.Courses-g.Failed
	s := elmo.Specification{
		Identifiers: []elmo.Identifier{{Type: "ewp-los-id", Value: fmt.Sprintf("CR/c-%d-%d", g.Seed, i)}, {Type: "local", Value: fmt.Sprintf("C%d", 100+i)}},
		Titles: ewp.Texts{{Lang: "en", Value: g.pick("Introduction to", "Advanced", "Seminar on", "History of") + " " +
			g.pick("compilers", "networks & protocols", "the book", "queues", "R in <b>bold", "Śląsk")}},
		Type: elmo.CourseUnit, ISCED: g.ISCED[i%len(g.ISCED)],
	}
	counts := g.counts(40)
	s.Specifies.Instance = elmo.Instance{
		Identifiers:  []elmo.Identifier{{Type: "ewp-loi-id", Value: fmt.Sprintf("CRI/c-%d-%d", g.Seed, i)}},
		AcademicTerm: &elmo.AcademicTerm{Titles: ewp.Texts{{Lang: "en", Value: "Winter term"}}, Start: first, End: last},
		Status:       elmo.Passed, GradingSchemeLocalID: g.Scale.ID(), ResultLabel: g.grade(!failed),
		Distribution: &elmo.Distribution{}, Credits: []elmo.Credit{{Scheme: "ects", Value: strconv.Itoa(2 + g.IntN(7))}},
		Language: "en",
	}
	if failed {
		s.Specifies.Instance.Status = elmo.Failed
	}
	for rank, n := range counts {
		s.Specifies.Instance.Distribution.Categories = append(s.Specifies.Instance.Distribution.Categories,
			elmo.Category{Label: g.Scale.Grade(rank).Label, Count: strconv.FormatInt(n, 10)})
	}
	return s
}

// grade returns one of the grades that pass, or of those that do not. A scale without
// the kind gives its last grade.
func (g transcriptMaker) grade(passing bool) string {
	var labels []string
	for _, grade := range g.Scale.Grades() {
		if grade.Passing == passing {
			labels = append(labels, grade.Label)
		}
	}
	if len(labels) == 0 {
		return g.Scale.Grade(g.Scale.Len() - 1).Label
	}
	return g.pick(labels...)
}

// counts returns how often each grade was given, by rank, more in the middle.
func (g transcriptMaker) counts(size int) []int64 {
	counts := make([]int64, g.Scale.Len())
	for rank := range counts {
		middle := min(rank+1, len(counts)-rank)
		counts[rank] = int64(1 + g.IntN(size*middle))
	}
	return counts
}

// tables makes a table for each field.
func (g transcriptMaker) tables() *tors.GradeConversionTable {
	var c tors.GradeConversionTable
	for _, isced := range g.ISCED {
		spec := egracons.TableSpec{Identity: egracons.Identity{ISCED: isced}, Scale: g.Scale, Basis: egracons.Counts}
		for rank, n := range g.counts(1000) {
			spec.Weights = append(spec.Weights, egracons.Weight{Grade: g.Scale.Grade(rank).Label, Number: egracons.Int(n)})
		}
		table, err := tors.NewISCEDTable(spec)
		if err != nil {
			continue // a scale on which nothing passes, or a code that is none, has no table
		}
		c.Tables = append(c.Tables, table)
	}
	if len(c.Tables) == 0 {
		return nil
	}
	return &c
}

// file makes bytes that no compression makes short.
func (g transcriptMaker) file() []byte {
	data := make([]byte, g.Attachment)
	copy(data, "%PDF-1.7\n")
	for i := min(9, len(data)); i < len(data); i++ {
		data[i] = byte(g.Uint32())
	}
	return data
}
