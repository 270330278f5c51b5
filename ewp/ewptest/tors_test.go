package ewptest_test

import (
	"context"
	"encoding/xml"
	"iter"
	"math/big"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// torAPIs are those of the transcripts.
var torAPIs = []ewp.API{ewp.IMobilityToRs, ewp.IMobilityToRCNR, ewp.IMobilityToRStats}

// torHost is a university that issued transcripts for uniB.
func torHost(t *testing.T, register func(*ewptest.Transcripts, *ewptest.University) error) ewptest.Host {
	t.Helper()
	desk := &ewptest.Transcripts{}
	desk.Issue(ewp.MustParseHEIID(uniA), ewp.MustParseHEIID(uniB), 3)
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: func(u *ewptest.University) error { return register(desk, u) }}))
	host := n.Host(uniA, uniB)
	host.Only = torAPIs
	return host
}

// TestConformanceToRs holds the transcripts of this package against the steps, each
// answer against the published schemas.
func TestConformanceToRs(t *testing.T) {
	t.Parallel()
	validate := xmllint(t)
	host := torHost(t, (*ewptest.Transcripts).Serve)
	validated := map[string]int{}
	host.Schema = func(root xml.Name, doc []byte) error {
		schema := "ewp-specs-architecture/stable-v1/common-types.xsd"
		if root.Local != "error-response" {
			schema = strings.NewReplacer("https://github.com/erasmus-without-paper/", "", "/blob/", "/", "/tree/", "/").Replace(root.Space)
			if !strings.HasSuffix(schema, ".xsd") {
				schema += "/response.xsd"
			}
		}
		validated[schema]++
		return validate(schema, doc)
	}
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report {
		if r.Status != ewptest.Success {
			t.Errorf("%s\n%s", r, r.Reason)
		}
	}
	for _, schema := range []string{
		"ewp-specs-api-imobility-tors/stable-v3/endpoints/get-response.xsd", "ewp-specs-api-imobility-tors/stable-v3/endpoints/index-response.xsd",
		"ewp-specs-api-imobility-tors/stable-v2/endpoints/get-response.xsd", "ewp-specs-api-imobility-tors/stable-v2/endpoints/index-response.xsd",
		"ewp-specs-api-imobility-tor-cnr/stable-v2/response.xsd", "ewp-specs-api-imobility-tor-cnr/stable-v1/response.xsd",
		"ewp-specs-api-imobility-tor-stats/stable-v1/response.xsd",
	} {
		if validated[schema] == 0 {
			t.Errorf("no answer was validated against %s: %v", schema, validated)
		}
	}
}

// leaky says of each transcript that it is for whoever asks.
type leaky struct{ *ewptest.Transcripts }

func (l leaky) ToRs(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		for r, err := range l.Transcripts.ToRs(ctx, p, ids) {
			r.Sending = p.Caller
			if !yield(r, err) {
				return
			}
		}
	}
}

func (l leaky) Index(ctx context.Context, f tors.Filter) iter.Seq2[tors.Entry, error] {
	return func(yield func(tors.Entry, error) bool) {
		for e, err := range l.Transcripts.Index(ctx, f) {
			e.Sending = f.Caller
			if !yield(e, err) {
				return
			}
		}
	}
}

// TestConformanceFindsLeakedToRs checks that a host which shows transcripts to anybody
// does not pass.
func TestConformanceFindsLeakedToRs(t *testing.T) {
	t.Parallel()
	host := torHost(t, func(d *ewptest.Transcripts, u *ewptest.University) error {
		if err := tors.Register(u.Server, leaky{d}, tors.Config{}); err != nil {
			return err
		}
		return tors.RegisterOlder(u.Server, leaky{d}, tors.Config{})
	})
	host.Only = []ewp.API{ewp.IMobilityToRs}
	testutil.Equal(t, "steps that are not passed", steps(t, host), map[string]ewptest.Status{
		"known omobility_id as another participant": ewptest.Failure,
		"whole list as another participant":         ewptest.Failure,
	})
}

// TestNewTranscript checks that made-up transcripts are good, and the same each time.
func TestNewTranscript(t *testing.T) {
	t.Parallel()
	scale, err := egracons.NewScale("0-20", egracons.Grade{Label: "20", Passing: true}, egracons.Grade{Label: "10", Passing: true}, egracons.Grade{Label: "9"})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		cfg              ewptest.TranscriptConfig
		lines, failed    int
		tables           int
		credits, fileLen int64
	}{
		0: {ewptest.TranscriptConfig{}, 6, 0, 2, -1, 0},
		1: {ewptest.TranscriptConfig{Seed: 7, Courses: 9, Failed: 2}, 9, 2, 2, -1, 0},
		2: {ewptest.TranscriptConfig{Seed: 8, Courses: 1, Failed: 1}, 1, 1, 2, 0, 0},
		3: {ewptest.TranscriptConfig{Seed: 9, ISCED: []string{"0712"}, Scale: scale, Attachment: 1000, Year: term.MustParseYear("2030/2030")}, 6, 0, 1, -1, 1000},
	} {
		a, b := ewptest.NewTranscript(c.cfg), ewptest.NewTranscript(c.cfg)
		testutil.Equal(t, "the second transcript", b, a)
		for _, v := range []tors.Version{tors.V3, tors.V2} {
			if err := a.Validate(v); err != nil {
				t.Errorf("%d: version %d: %v", i, v, err)
			}
		}
		s := ewptest.LetterScale()
		if c.cfg.Scale != nil {
			s = c.cfg.Scale
		}
		tables, err := a.Tables(s, egracons.Bachelor)
		if err != nil || len(tables) != c.tables {
			t.Errorf("%d: %d tables, %v; want %d", i, len(tables), err, c.tables)
		}
		courses, sum := a.Courses(egracons.Bachelor), new(big.Rat)
		failed := 0
		for _, course := range courses {
			rank, err := s.Rank(course.Grade)
			switch {
			case err != nil:
				t.Errorf("%d: %v", i, err)
			case !s.Grade(rank).Passing:
				failed++
			default:
				sum.Add(sum, course.Credits.Rat())
			}
		}
		passed := a.ELMO.Reports[0].CreditsPassed("ects")
		if len(courses) != c.lines || failed != c.failed || sum.Cmp(passed) != 0 || (c.credits >= 0) != (passed.Sign() == 0) {
			t.Errorf("%d: %d courses, %d failed, %s credits of those that passed, %s in the report", i, len(courses), failed, sum, passed)
		}
		for f, err := range a.Files(tors.FileLimits{}) {
			if err != nil || int64(len(f.Data)) != c.fileLen || f.MediaType != "application/pdf" {
				t.Errorf("%d: a file of %d bytes, %v", i, len(f.Data), err)
			}
		}
	}
	other := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: 1})
	if zero := ewptest.NewTranscript(ewptest.TranscriptConfig{}); zero.OMobilityID == other.OMobilityID {
		t.Error("two seeds make one transcript")
	}
}
