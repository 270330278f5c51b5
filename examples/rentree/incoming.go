package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/diploma"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/emrex/emrextest"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/mobility"
	"github.com/passerelle-sup/passerelle/sis"
)

// stepMobility is an incoming student, from the wish to the results back home.
const stepMobility = "mobility"

// incomer is the invented student who comes for a year, and goes home with a degree
// of both universities.
var incomer = passerelle.Person{
	BirthName: "VAN DER VOORBEELD", GivenNames: [3]string{"Lotte"}, Sex: passerelle.SexFemale, BirthDate: passerelle.NewDate(2004, 5, 17),
	Birthplace: passerelle.Birthplace{Country: "99135"},
}

const (
	incomerID  = "2026-0042"
	incomerESI = "urn:schac:personalUniqueCode:int:esi:uni-voorbeeld.example:s1234567"
)

// incoming is the stay of one incoming student.
type incoming struct {
	s       *season
	flow    *mobility.Flow
	record  mobility.Record
	at      time.Time
	effects []mobility.Effect
	results []sis.Result
}

// welcome plays the stay: course choice, approvals, learning agreement, a change,
// marks, transcript on the home scale, supplement, and delivery by EMREX.
func (s *season) welcome(ctx context.Context, res *results) error {
	dir := s.path("mobility")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	in := &incoming{s: s, at: s.now()}
	var err error
	if in.results, err = frenchMarks(ctx, s.opts.seed); err != nil {
		return err
	}
	if err := in.agree(); err != nil {
		return err
	}
	doc := in.transcript()
	if err := in.transcode(dir); err != nil {
		return err
	}
	if err := in.supplement(dir, doc); err != nil {
		return err
	}
	verified, match, err := in.deliver(ctx, doc)
	if err != nil {
		return fmt.Errorf("EMREX: %w", err)
	}
	if err := in.write(dir, verified); err != nil {
		return err
	}
	res.stay = in
	received, err := verified.Document()
	if err != nil {
		return err
	}
	res.put(res.outcomes, line{"mobility:" + incomerID, stepMobility, string(in.record.Status),
		fmt.Sprintf("%d credits chosen, %s obtained; EMREX: %s", in.record.Credits()/100, received.Reports[0].CreditsPassed("ects").FloatString(1), match)})
	return nil
}

// frenchMarks reads the marks of a student from the tables of a fake Apogée.
func frenchMarks(ctx context.Context, seed uint64) ([]sis.Result, error) {
	school, err := apogeetest.New(apogeetest.Config{Seed: seed, Students: 12})
	if err != nil {
		return nil, err
	}
	defer school.Close()
	base, err := apogee.NewSQL(school.SQLConfig())
	if err != nil {
		return nil, err
	}
	for student, err := range base.Students(ctx, sis.Query{}) {
		if err != nil {
			return nil, err
		}
		var results []sis.Result
		for r, err := range base.Results(ctx, student.ID, 2025) {
			if err != nil {
				return nil, err
			}
			if r.Mark != "" || r.Code != "" || r.Credits != "" { // else the jury has not lifted the anonymity
				results = append(results, r)
			}
		}
		if obtained := (elmo.Report{Specifications: elmo.Sheet{}.Specifications(results)}).CreditsPassed("ects"); obtained.Sign() > 0 {
			return results, nil
		}
	}
	return nil, errors.New("the fake Apogée has nobody with credits")
}

// courses are what the student can choose: those that have marks, and one more.
func (in *incoming) courses() (list []mobility.Course) {
	seen := map[string]bool{}
	for _, r := range in.results {
		if credits, err := mobility.ParseCredits(r.Course.ECTS); err == nil && credits > 0 && !seen[r.Course.Code] {
			seen[r.Course.Code] = true
			list = append(list, mobility.Course{Code: r.Course.Code, Title: r.Course.Title, Credits: credits})
		}
	}
	return append(list, mobility.Course{Code: "FLE1", Title: "Français langue étrangère", Credits: 3_00})
}

// agree goes through the steps. The student changes the choice once, after the
// referent has approved: what was approved is approved again.
func (in *incoming) agree() error {
	plan := mobility.DefaultPlan(mobility.Incoming)
	for i := range plan.Steps {
		plan.Steps[i].Active = true
	}
	offer := in.courses()
	flow, err := mobility.NewFlow(plan, mobility.Offer{mobility.FullYear: offer})
	if err != nil {
		return err
	}
	in.flow = flow
	in.record, err = flow.Start(mobility.Record{
		ID: incomerID, Student: "smile:42", Partner: "uni-voorbeeld.example", Country: "NL", Component: components[2], Type: mobility.FullYear,
		Programme: mobility.DoubleDegree, Year: in.s.year,
	}, in.at)
	if err != nil {
		return err
	}
	changed := false
	for in.record.Status == mobility.Open {
		step := stepOf(flow, in.record.Step)
		e := mobility.Event{Action: mobility.Complete, Step: step.Code, By: step.Validator}
		switch {
		case step.Kind == mobility.Choice:
			e.Action, e.Choice = mobility.Choose, offer[:len(offer)-1]
		case step.Code == mobility.HomeApproval && !changed:
			changed = true
			e = mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: offer}
		}
		if err := in.apply(e); err != nil {
			return err
		}
	}
	return nil
}

func stepOf(f *mobility.Flow, code string) mobility.Step {
	for _, s := range f.Steps() {
		if s.Code == code {
			return s
		}
	}
	return mobility.Step{}
}

// apply is one event, three days after the one before.
func (in *incoming) apply(e mobility.Event) error {
	in.at = in.at.Add(72 * time.Hour)
	e.At = in.at
	next, effects, err := in.flow.Apply(in.record, e)
	if err != nil {
		return err
	}
	in.record = next
	in.effects = append(in.effects, effects...)
	return nil
}

// transcript is the marks as ELMO.
func (in *incoming) transcript() *elmo.Document {
	at := in.at.Format(time.RFC3339)
	return &elmo.Document{
		GeneratedDate: at,
		Learner: elmo.Learner{GivenNames: incomer.Given(), FamilyName: incomer.BirthName, BirthDay: incomer.BirthDate.String(), AlternativeName: &ewp.Text{},
			Identifiers: []elmo.Identifier{{Type: "esi", Value: incomerESI}}},
		Reports: []elmo.Report{{
			Issuer: elmo.Issuer{Country: &elmo.Coded{Value: "FR"}, Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ.example"}},
				Titles: ewp.Texts{{Lang: "fr", Value: "Université d'Exemple"}}, URL: "https://univ.example"},
			Specifications: elmo.Sheet{Lang: "fr", GradingScheme: "20"}.Specifications(in.results),
			IssueDate:      at,
			GradingSchemes: []elmo.GradingScheme{{LocalID: "20", Descriptions: ewp.Texts{{Lang: "en", Value: "Marks from 0 to 20; 10 is the passing mark."}}}},
		}},
	}
}

// transcode puts the French marks on the scale at home, with the tables of both.
func (in *incoming) transcode(dir string) error {
	french, err := homeTables(in.s.opts.seed)
	if err != nil {
		return err
	}
	dutch, err := hostTables()
	if err != nil {
		return err
	}
	t := egracons.Transcript{
		ID: incomerID, Date: passerelle.NewDate(in.at.Year(), in.at.Month(), in.at.Day()), Student: "smile:42",
		Host: egracons.Party{Name: "Université d'Exemple", HEI: "univ.example"}, Home: egracons.Party{Name: "Universiteit Voorbeeld", HEI: "uni-voorbeeld.example"},
	}
	for _, r := range in.results {
		credits, err := egracons.ParseNumber(strings.Replace(r.Course.ECTS, ",", ".", 1))
		if err != nil || r.Mark == "" {
			continue
		}
		t.Courses = append(t.Courses, egracons.Course{Code: r.Course.Code, Title: r.Course.Title, Credits: credits, Grade: strings.Replace(r.Mark, ",", ".", 1), Cycle: egracons.Bachelor, ISCED: "0613"})
	}
	report, err := egracons.ConvertTranscript(t, egracons.TranscriptRules{
		Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better, MinShare: egracons.MustParseNumber("0.02"), PassFail: egracons.KeepAsPass}, Host: french, Home: dutch, MinSize: 30,
	})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "transcoded.html"), func(w io.Writer) error {
		return report.WritePage(w, egracons.PageOptions{Lang: egracons.Lang(pageLang(in.s.lang)), Charts: true})
	})
}

// supplement writes the diploma supplement, and puts it into the transcript.
func (in *incoming) supplement(dir string, doc *elmo.Document) error {
	tables, err := homeTables(in.s.opts.seed)
	if err != nil {
		return err
	}
	table, err := tables.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613"})
	if err != nil {
		return err
	}
	wording := diploma.English()
	if pageLang(in.s.lang) == campaign.French {
		wording = diploma.French()
	}
	sup := diploma.Supplement{
		Wording: wording, Holder: incomer, StudentCode: "42",
		Degree: diploma.Degree{
			Name: "Licence Informatique", Fields: "Informatique (ISCED-F 0613)", Institution: "Université d'Exemple, établissement public", Languages: "français",
			Level: "CEC 6, licence", Duration: "3 ans, 180 crédits ECTS", Access: "Baccalauréat ou équivalent", Mode: "Temps plein", Outcomes: "Concevoir, réaliser et vérifier un logiciel.",
			Grading: "Notes de 0 à 20, seuil de réussite 10.", FurtherStudy: "Accès aux études de master", Sources: "univ.example", System: "Le système français compte trois cycles : licence, master, doctorat.",
		},
		Results: diploma.ResultLines(in.results, nil), Table: table, Additional: "Double diplôme avec Universiteit Voorbeeld",
		IssuedOn: passerelle.NewDate(in.at.Year(), in.at.Month(), in.at.Day()), Signatory: diploma.Signatory{Name: "La présidence", Capacity: "Présidence de l'université"},
		Explained: map[string]string{"4.5": "Aucune mention n'est attribuée.", "5.2": "Le diplôme ne donne accès à aucune profession réglementée."},
	}
	if missing := sup.Missing(); len(missing) > 0 {
		return fmt.Errorf("the supplement lacks section %s", missing[0].Number)
	}
	doc.Reports[0].Specifications = append(doc.Reports[0].Specifications, elmo.Specification{
		Identifiers: []elmo.Identifier{{Type: "local", Value: "LINFO"}}, Titles: ewp.Texts{{Lang: "fr", Value: sup.Degree.Name}}, Type: elmo.DegreeProgramme,
		Specifies: elmo.Specifies{Instance: elmo.Instance{Supplement: sup.ELMO()}},
	})
	return writeFile(filepath.Join(dir, "supplement.html"), sup.WritePage)
}

// deliver hands the transcript to the home university by EMREX: its client asks,
// the student's browser carries the forms, and the contact point here signs.
func (in *incoming) deliver(ctx context.Context, doc *elmo.Document) (*emrex.Verified, emrex.Match, error) {
	contact, err := emrextest.Listen()
	if err != nil {
		return nil, emrex.Match{}, err
	}
	defer contact.Close()
	contact.Deliver(doc, elmo.V1)
	home, err := emrex.NewClient(emrex.ClientConfig{
		Directory: emrex.Static{contact.Provider()}, Sessions: &emrex.MemorySessions{}, ReturnURL: "https://uni-voorbeeld.example/emrex/return",
	})
	if err != nil {
		return nil, emrex.Match{}, err
	}
	form, err := home.Start(ctx, emrex.StartRequest{Provider: contact.URL, Bound: "s1234567"})
	if err != nil {
		return nil, emrex.Match{}, err
	}
	var browser emrextest.Browser
	back, err := browser.Follow(ctx, form)
	if err != nil {
		return nil, emrex.Match{}, err
	}
	request, err := browser.Request(ctx, back)
	if err != nil {
		return nil, emrex.Match{}, err
	}
	answer, err := home.Return(ctx, request)
	if err != nil {
		return nil, emrex.Match{}, err
	}
	if answer.Outcome != emrex.Results {
		return nil, emrex.Match{}, fmt.Errorf("the contact point says %s", answer.Outcome)
	}
	return answer.Verified, emrex.Compare(answer.Document.Learner, incomer), nil
}

// write puts what remains into the folder: the timeline, the documents and messages
// that the steps demanded, the indicators, and what the home university received.
func (in *incoming) write(dir string, received *emrex.Verified) error {
	type moment struct {
		Step  string         `json:"step"`
		Name  string         `json:"name"`
		Stage mobility.Stage `json:"stage"`
		By    mobility.Actor `json:"by"`
		At    time.Time      `json:"at,omitzero"`
		Times int            `json:"times"`
	}
	var timeline []moment
	for _, m := range in.flow.Timeline(in.record, in.at) {
		timeline = append(timeline, moment{Step: m.Step.Code, Name: m.Step.Name(string(pageLang(in.s.lang))), Stage: m.Stage, By: m.By, At: m.At, Times: m.Times})
	}
	var indicators mobility.Indicators
	indicators.Add(in.flow, in.record, in.at)
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"timeline.json", func(w io.Writer) error { return writeJSON(w, timeline) }},
		{"demands.json", func(w io.Writer) error { return writeJSON(w, in.effects) }},
		{"indicators.csv", indicators.WriteCSV},
		{"received.xml", func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(received.Octets()))
			return err
		}},
	} {
		if err := writeFile(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	return nil
}
