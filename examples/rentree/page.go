package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pageView is what the page shows.
type pageView struct {
	Lang     campaign.Lang
	W        map[string]string // words of the page
	UAI      string
	Year     string
	Date     string
	Students int
	Total    int
	ToDo     int
	Written  int
	Calls    int
	Stopped  string
	DryRun   bool
	Bars     []bar
	Groups   []group
	Cards    []cardView
	Grades   string // page of the converted transcript; empty: none
	Desk     []figure
	Reports  []figure     // the controls, by file
	Stay     []momentView // of the incoming student
}

// figure is a number with its words.
type figure struct {
	Name, Title string
	Count       int
}

// momentView is a step of the incoming student.
type momentView struct {
	Name, At string
	Again    bool // it was done again after a change
}

// cardView is a card on the page: its two codes and where it stands.
type cardView struct{ Student, Outcome, Official, Seal string }

// bar is one outcome in the chart.
type bar struct {
	Title   string
	Count   int
	Percent float64 // of the longest bar
	Kind    string  // colour: settled, open, act
}

// group is the students of one outcome that someone must act on.
type group struct {
	Title, Todo               string
	Items                     []row
	HasWhy, HasCode, HasSince bool // which columns hold something
}

// row is one student of a group.
type row struct{ Student, Why, Code, Message, Since, Suggestions string }

// page writes report.html.
func (r *results) page(w io.Writer) error {
	lang := pageLang(r.lang)
	v := pageView{
		Lang: lang, W: pageWords[lang], UAI: r.uai.String(), Year: fmt.Sprintf("%d-%d", r.year, r.year+1), Date: r.report.Finished.Format("02/01/2006"), Students: r.students,
		Total: r.report.Total, ToDo: len(r.report.ToDo()), Written: r.report.Written, Stopped: r.report.StoppedWhy.Text(lang), DryRun: r.opts.dryRun,
	}
	for _, n := range r.calls {
		v.Calls += n
	}
	longest := 1
	for _, n := range r.report.Counts {
		longest = max(longest, n)
	}
	items := r.report.ToDo()
	for _, o := range campaign.Outcomes() {
		if g := groupOf(o, lang, items); len(g.Items) > 0 {
			v.Groups = append(v.Groups, g)
		}
		n := r.report.Counts[o]
		if n == 0 {
			continue
		}
		b := bar{Title: o.Title(lang), Count: n, Percent: 100 * float64(n) / float64(longest), Kind: "settled"}
		switch {
		case o.NeedsAction():
			b.Kind = "act"
		case o == campaign.InProgress || o == campaign.Held || o == campaign.Planned || o == campaign.Unanswered:
			b.Kind = "open"
		}
		v.Bars = append(v.Bars, b)
	}
	for _, c := range r.printed {
		v.Cards = append(v.Cards, cardView{c.Student, c.outcome, "cards/" + c.Name + ".png", "cards/" + c.Name + "-seal.png"})
	}
	if r.converted {
		v.Grades = "grades/transcript.html"
	}
	r.deskFigures(&v, lang)
	if r.stay != nil {
		for _, m := range r.stay.flow.Timeline(r.stay.record, r.stay.at) {
			v.Stay = append(v.Stay, momentView{m.Step.Name(string(lang)), m.At.Format("02/01/2006"), m.Times > 1})
		}
	}
	return pageTemplate.Execute(w, v)
}

// deskFigures puts the enrolment desk on the page.
func (r *results) deskFigures(v *pageView, lang campaign.Lang) {
	if len(r.desk.CVEC) == 0 {
		return
	}
	words := pageWords[lang]
	v.Desk = []figure{
		{"", words["cvecValid"], r.desk.CVEC[cvec.Valid.String()]},
		{"", words["cvecOther"], r.desk.CVEC[cvec.OtherPerson.String()] + r.desk.CVEC[cvec.NotFound.String()] + r.desk.CVEC[cvec.Unproven.String()]},
		{"", words["holders"], r.desk.Grants[aglae.Holder.String()]},
		{"", words["waiting"], r.desk.Grants[aglae.Wait.String()] + r.desk.Grants[aglae.Unavailable.String()]},
	}
	for _, control := range aglae.Controls() {
		n := 0
		for _, count := range r.desk.Reports[string(control)] {
			n += count
		}
		v.Reports = append(v.Reports, figure{string(control), words["control-"+string(control)], n})
	}
}

// pageLang is the language of pages: French unless English is asked for.
func pageLang(lang campaign.Lang) campaign.Lang {
	if lang == campaign.English {
		return lang
	}
	return campaign.French
}

// groupOf gathers the items of one outcome.
func groupOf(o campaign.Outcome, lang campaign.Lang, items []campaign.Item) group {
	g := group{Title: o.Title(lang), Todo: o.Todo(lang)}
	for _, i := range items {
		if i.Outcome != o {
			continue
		}
		line := row{Student: nameOf(i.Student, i.Line, otherRecord(i)), Why: i.Why(lang), Code: i.Code, Message: i.Message}
		if !i.WriteBack.IsZero() {
			line.Why = strings.TrimPrefix(line.Why+" ; "+i.WriteBack.Text(lang)+". "+i.Todo(lang), " ; ")
		}
		if o == campaign.ToCheck && i.Previous != "" {
			line.Why = i.Previous + " : " + line.Why
		}
		if !i.Since.IsZero() {
			line.Since = i.Since.Format("02/01/2006")
		}
		for _, s := range i.Suggestions {
			line.Suggestions += " " + s
		}
		g.HasWhy = g.HasWhy || line.Why != "" || line.Suggestions != ""
		g.HasCode = g.HasCode || line.Code != "" || line.Message != ""
		g.HasSince = g.HasSince || line.Since != ""
		g.Items = append(g.Items, line)
	}
	return g
}

var pageWords = map[campaign.Lang]map[string]string{
	campaign.French: {
		"title": "Rentrée : les INE", "students": "étudiants dans la base", "written": "numéros transmis au système de scolarité",
		"todo": "dossiers à traiter", "calls": "appels à INES", "outcomes": "Où en est chaque étudiant", "lists": "À traiter",
		"student": "Étudiant", "why": "Anomalie", "code": "Code", "message": "Message d'INES", "since": "Depuis",
		"suggestions": "Numéros proches dont la clé est juste :", "stopped": "Tout n'a pas été fait :", "dry": "Simulation : rien n'a été envoyé.",
		"private": "Cette page contient des données personnelles.", "none": "Rien à traiter.", "year": "année universitaire", "at": "au",
		"cards": "Cartes étudiantes européennes", "official": "code officiel", "seal": "sceau", "grades": "Notes rapportées d'un séjour",
		"gradesLink": "Le relevé converti, avec le détail de chaque note",
		"registered": "enregistrée", "no-consent": "pas de consentement : rien n'a été envoyé", "withdrawn": "consentement retiré : effacée",
		"desk": "Au guichet : CVEC et bourses", "cvecValid": "attestations CVEC valables", "cvecOther": "attestations à regarder", "holders": "boursiers d'après AGLAE",
		"waiting": "sans réponse ferme : ce n'est pas un refus", "reports": "Contrôles :", "control-numbers": "INE et numéro de boursier", "control-conditional": "bourses conditionnelles",
		"control-unconfirmed": "déclarés sans réponse positive", "control-undeclared": "confirmés et non déclarés", "control-detections": "réponses en attente", "control-crous": "fichier du Crous",
		"stay": "Une étudiante accueillie, du vœu au supplément", "again": "refait après un changement de cours", "ewp": "Échangé avec l'université partenaire par Erasmus Without Paper :", "ewpLink": "accord, nomination, contrat pédagogique, arrivée, relevé", "transcoded": "Le relevé dans l'échelle d'origine", "supplement": "Le supplément au diplôme",
		"waits": "attend l'INE définitif", "deferred": "routeur injoignable, à refaire", "refused": "refusée par le routeur",
	},
	campaign.English: {
		"title": "New season: the INE", "students": "students in the base", "written": "numbers given back to the student system",
		"todo": "records to act on", "calls": "calls to INES", "outcomes": "Where each student stands", "lists": "To act on",
		"student": "Student", "why": "What is wrong", "code": "Code", "message": "INES's message", "since": "Since",
		"suggestions": "Numbers one slip away whose key is right:", "stopped": "Not everything was done:", "dry": "Dry run: nothing was sent.",
		"private": "This page holds personal data.", "none": "Nothing to act on.", "year": "academic year", "at": "on",
		"cards": "European student cards", "official": "official code", "seal": "seal", "grades": "Grades brought back from abroad",
		"gradesLink": "The converted transcript, with the detail of each grade",
		"registered": "registered", "no-consent": "no consent: nothing was sent", "withdrawn": "consent withdrawn: deleted",
		"desk": "At the desk: CVEC and grants", "cvecValid": "valid CVEC certificates", "cvecOther": "certificates to look at", "holders": "grant holders according to AGLAE",
		"waiting": "without a firm answer: this is no refusal", "reports": "Controls:", "control-numbers": "INE and grant number", "control-conditional": "conditional grants",
		"control-unconfirmed": "declared, no positive answer", "control-undeclared": "confirmed, not declared", "control-detections": "answers that wait", "control-crous": "file of the Crous",
		"stay": "An incoming student, from the wish to the supplement", "again": "done again after a change of courses", "ewp": "Exchanged with the partner by Erasmus Without Paper:", "ewpLink": "agreement, nomination, learning agreement, arrival, transcript", "transcoded": "The transcript on the scale at home", "supplement": "The diploma supplement",
		"waits": "waits for the definitive INE", "deferred": "router out of reach, to be done again", "refused": "refused by the router",
	},
}
