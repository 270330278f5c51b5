package egracons

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// words are the texts of one language.
type words struct {
	lang     Lang
	decimal  string // decimal sign
	thousand string // between groups of three digits
	before   string // before the percent sign
	and      string

	// Sentences of an explanation.
	interval, someBetter, noneBetter, point, binned string
	candidates, dropped, rule, average              string
	suggested, continuous, approval                 string
	failed, passOnly, ownAverage, noMark            string
	passes, sizeUnknown                             string

	policy   map[Policy]string
	tie      map[Tie]string
	warnings map[WarningCode]string
	sides    map[Side]string
	level    map[Level]string

	// Words of a chart.
	chartTitle, hostColumn, homeColumn, axis, hidden, marked, overlapping string

	// Words of a page.
	title, from, to, reference, date, rules                                   string
	course, credits, grade, position, candidate, suggestion, approved, byHand string
	mean, meanOf, left, why, notConverted                                     string

	status   map[Status]string
	problems []problem // why a course was not converted, with its grade
}

func wordsOf(lang Lang) *words {
	if lang == French {
		return &french
	}
	return &english
}

var english = words{
	lang: English, decimal: ".", thousand: "\u202f", before: "\u00a0", and: " and ",
	interval:    "Grade %s stands, among the passing grades of %s, between %s and %s counted from the best: %s.",
	point:       "Grade %s was never awarded among the passing grades of %s; its place is at %s counted from the best.",
	someBetter:  "%s of them are better",
	noneBetter:  "none of them is better",
	binned:      "The mark %s counts as grade %s in the host table.",
	candidates:  "The same stretch of %s covers %s.",
	dropped:     "Left out, because their share is below %[2]s: %[1]s.",
	rule:        "Rule: %s.",
	average:     "Average: %s.",
	suggested:   "Suggested grade: %s.",
	continuous:  "Mark inside that band, in proportion: %s.",
	failed:      "Grade %s is a failure on the scale of %s: there is nothing to convert.",
	passOnly:    "Grade %s of %s is a pass without position among the others.",
	ownAverage:  "The student's own average at home stands for it: %s.",
	noMark:      "It is kept as a pass, without a mark.",
	approval:    "This is a suggestion: the examination board or the teacher decides.",
	passes:      "%s passing grades",
	sizeUnknown: "number of grades not stated",
	policy: map[Policy]string{
		Maximum: "the best of these grades (maximum)", Minimum: "the lowest of these grades (minimum)",
		AverageWeighted:   "the average of these grades weighted by their shares, then the nearest grade (average-weighted)",
		AverageMinMax:     "half-way between the best and the lowest of these grades, then the nearest grade (average-minmax)",
		Midpoint:          "the grade that holds the middle of the stretch (midpoint)",
		LargestOverlap:    "the grade with the largest share (largest-overlap)",
		NearestCumulative: "the home grade whose cumulative percentage is nearest (nearest-cumulative)",
	},
	tie: map[Tie]string{Better: "Where two are equally right, the better one.", Worse: "Where two are equally right, the lower one."},
	warnings: map[WarningCode]string{
		EmptyHostInterval:  "nobody in the reference group was given this grade; only its place is known",
		SmallGroup:         "the reference group is small",
		BroaderISCED:       "the table covers a wider field than the course",
		PercentOnly:        "the table was made from rounded percentages",
		SizeUnknown:        "the number of grades behind the table is not known",
		PeriodMismatch:     "the two tables were counted over different periods",
		CourseHistogram:    "the table holds the results of a single course",
		SingleGradeAwarded: "only one passing grade was ever awarded",
	},
	sides: map[Side]string{HostSide: " (host)", HomeSide: " (home)"},
	level: map[Level]string{LevelDegree: "degree", LevelDetailed: "detailed field", LevelNarrow: "narrow field", LevelBroad: "broad field",
		LevelCycle: "whole cycle", LevelInstitution: "whole institution"},

	chartTitle: "Grade %s at the host, %s at home", hostColumn: "Host", homeColumn: "Home", axis: "share of passing grades, from the best",
	hidden: "table not published", marked: "the grade and its suggestion", overlapping: "other grades at that place",
	title: "Converted grades", from: "Host institution", to: "Home institution", reference: "Reference", date: "Date", course: "Course", credits: "ECTS",
	grade: "Host grade", position: "Position", candidate: "Home grades there", suggestion: "Suggestion", approved: "Approved", mean: "Converted mean:",
	meanOf: "%d of %d courses", left: "not counted: no converted mark", why: "How each grade was converted",
	byHand: "To be approved by the examination board. Name, date, signature:", rules: "Rule",
	notConverted: "not converted", status: map[Status]string{Failed: "failed", PassOnly: "passed, no mark"},
	problems: []problem{
		{ErrUnknownGrade, "The host's table has no grade %s."},
		{ErrNotDifferentiating, "Grade %s is a pass without position, and no rule says what to give for it."},
		{ErrTooSmall, "Grade %s: no reference group is large enough."},
		{ErrNoTable, "Grade %s: one of the two institutions has no table for this course."},
	},
}

var french = words{
	lang: French, decimal: ",", thousand: "\u202f", before: "\u00a0", and: " et ",
	interval:    "Dans l'établissement d'accueil, %[2]s, la note %[1]s se situe parmi les notes de réussite entre %[3]s et %[4]s en partant de la meilleure : %[5]s.",
	point:       "Dans l'établissement d'accueil, %[2]s, la note %[1]s n'a jamais été attribuée ; sa place parmi les notes de réussite est à %[3]s en partant de la meilleure.",
	someBetter:  "%s d'entre elles sont meilleures",
	noneBetter:  "aucune n'est meilleure",
	binned:      "La note %s compte comme %s dans la table d'accueil.",
	candidates:  "Dans l'établissement d'origine, %s, la même tranche couvre %s.",
	dropped:     "Écartées, car leur part est inférieure à %[2]s : %[1]s.",
	rule:        "Règle : %s.",
	average:     "Moyenne : %s.",
	suggested:   "Note proposée : %s.",
	continuous:  "Note à l'intérieur de cette tranche, en proportion : %s.",
	failed:      "La note %s est un échec dans l'établissement d'accueil, %s : il n'y a rien à convertir.",
	passOnly:    "La note %s de l'établissement d'accueil, %s, est une validation sans position parmi les autres.",
	ownAverage:  "La moyenne de l'étudiant dans son établissement d'origine en tient lieu : %s.",
	noMark:      "Elle est conservée comme validation, sans note.",
	approval:    "Ceci est une proposition : le jury ou l'enseignant décide.",
	passes:      "%s notes de réussite",
	sizeUnknown: "nombre de notes non précisé",
	policy: map[Policy]string{
		Maximum: "la meilleure de ces notes (maximum)", Minimum: "la moins bonne de ces notes (minimum)",
		AverageWeighted:   "la moyenne de ces notes pondérée par leurs parts, puis la note la plus proche (average-weighted)",
		AverageMinMax:     "à mi-chemin entre la meilleure et la moins bonne de ces notes, puis la note la plus proche (average-minmax)",
		Midpoint:          "la note où tombe le milieu de la tranche (midpoint)",
		LargestOverlap:    "la note qui a la plus grande part (largest-overlap)",
		NearestCumulative: "la note d'origine dont le pourcentage cumulé est le plus proche (nearest-cumulative)",
	},
	tie: map[Tie]string{Better: "À égalité, la meilleure.", Worse: "À égalité, la moins bonne."},
	warnings: map[WarningCode]string{
		EmptyHostInterval:  "personne dans le groupe de référence n'a reçu cette note ; seule sa place est connue",
		SmallGroup:         "le groupe de référence est petit",
		BroaderISCED:       "la table couvre un domaine plus large que celui du cours",
		PercentOnly:        "la table vient de pourcentages arrondis",
		SizeUnknown:        "le nombre de notes derrière la table n'est pas connu",
		PeriodMismatch:     "les deux tables portent sur des périodes différentes",
		CourseHistogram:    "la table ne contient que les résultats d'un seul cours",
		SingleGradeAwarded: "une seule note de réussite a jamais été attribuée",
	},
	sides: map[Side]string{HostSide: " (accueil)", HomeSide: " (origine)"},
	level: map[Level]string{LevelDegree: "diplôme", LevelDetailed: "domaine détaillé", LevelNarrow: "domaine restreint", LevelBroad: "grand domaine",
		LevelCycle: "cycle entier", LevelInstitution: "établissement entier"},

	chartTitle: "Note %s à l'accueil, %s à l'origine", hostColumn: "Accueil", homeColumn: "Origine", axis: "part des notes de réussite, depuis la meilleure",
	hidden: "table non publiée", marked: "la note et sa proposition", overlapping: "autres notes à cette place",
	title: "Notes converties", from: "Établissement d'accueil", to: "Établissement d'origine", reference: "Référence", date: "Date", course: "Cours", credits: "ECTS",
	grade: "Note d'accueil", position: "Position", candidate: "Notes d'origine à cette place", suggestion: "Proposition", approved: "Validée",
	mean: "Moyenne convertie :", meanOf: "%d cours sur %d", left: "non compté : sans note convertie",
	why: "Comment chaque note a été convertie", byHand: "À valider par le jury. Nom, date, signature :", rules: "Règle",
	notConverted: "non convertie", status: map[Status]string{Failed: "échec", PassOnly: "validé, sans note"},
	problems: []problem{
		{ErrUnknownGrade, "La table de l'établissement d'accueil n'a pas de note %s."},
		{ErrNotDifferentiating, "La note %s est une validation sans position, et aucune règle ne dit quoi donner."},
		{ErrTooSmall, "Note %s : aucun groupe de référence n'est assez grand."},
		{ErrNoTable, "Note %s : l'un des deux établissements n'a pas de table pour ce cours."},
	},
}

// problem is what to say of one kind of error.
type problem struct {
	kind error
	text string
}

// problem tells why a grade was not converted; what has no sentence of its own is
// told as the error does.
func (w *words) problem(grade string, err error) string {
	for _, p := range w.problems {
		if errors.Is(err, p.kind) {
			return fmt.Sprintf(p.text, grade)
		}
	}
	return err.Error()
}

// number writes a decimal with the sign of the language.
func (w *words) number(s string) string { return strings.Replace(s, ".", w.decimal, 1) }

// percent writes a share in percent, without useless decimals.
func (w *words) percent(n Number, places int) string {
	s := n.Percent(places)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return w.number(s) + w.before + "%"
}

// count writes a number of grades in groups of three digits.
func (w *words) count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + w.thousand + s[i:]
	}
	return s
}

// list joins with commas and a final "and".
func (w *words) list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + w.and + parts[len(parts)-1]
}

// origin names a table: institution, cycle, field, level, period, size.
func (w *words) origin(o Origin) string {
	name := o.Identity.Institution
	if name == "" {
		name = o.Identity.Name()
	}
	var about []string
	if o.Identity.Institution != "" && o.Identity.ID != "" {
		about = append(about, o.Identity.ID)
	}
	for _, s := range []string{string(o.Identity.Cycle), o.Identity.Degree} {
		if s != "" {
			about = append(about, s)
		}
	}
	if o.Identity.ISCED != "" {
		about = append(about, "ISCED-F "+o.Identity.ISCED)
	}
	if level := w.level[o.Identity.Level]; level != "" {
		about = append(about, level)
	}
	if o.Identity.Period != (Period{}) {
		about = append(about, periodDate(o.Identity.Period.From)+"–"+periodDate(o.Identity.Period.To))
	}
	if o.SizeKnown {
		about = append(about, fmt.Sprintf(w.passes, w.count(o.Size)))
	} else {
		about = append(about, w.sizeUnknown)
	}
	return strings.TrimSpace(name + " (" + strings.Join(about, ", ") + ")")
}

// meanText tells how many courses a mean counts.
func (w *words) meanText(counted, all int) string { return fmt.Sprintf(w.meanOf, counted, all) }

func (w *words) warning(warning Warning) string {
	colon := ": "
	label := "Note"
	if w.lang == French {
		label, colon = "Attention", "\u00a0: "
	}
	return label + w.sides[warning.Side] + colon + w.warnings[warning.Code] + "."
}
