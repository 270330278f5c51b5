package elmo

import (
	"cmp"
	"strconv"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/sis"
)

// Sheet says how results of a student system become specifications.
type Sheet struct {
	Lang string // language of the titles: "fr"
	// TitlesIn gives titles in further languages by the code of a course. nil gives none.
	TitlesIn func(code string) ewp.Texts
	// LOSID and LOIID give the identifiers of EWP for a course and for the instance of a
	// year. nil: the code, and the code with the year, as local identifiers.
	LOSID func(code string) string
	LOIID func(code string, year int) string
	// Kinds translates the system's own words to the types of ELMO: {"UE": Module}.
	Kinds map[string]string
	// GradingScheme is the LocalID that results with a mark refer to.
	GradingScheme string
	// Finish, when set, completes each specification: distribution, term, language.
	Finish func(*Specification, sis.Result)
}

// Specifications returns the results of a student as a tree, in their order: an
// element whose parent is among the results, of the same year if there is one,
// stands inside of it, whichever comes first. Marks are copied
// as they are recorded; decimal commas of credits become points. A decision that
// the system does not know is left as in progress, never as a failure.
func (s Sheet) Specifications(results []sis.Result) []Specification {
	type node struct {
		spec     Specification
		parent   *node
		children []*node
	}
	type taken struct {
		code string
		year int
	}
	nodes := make([]*node, len(results))
	byYear, byCode := map[taken]*node{}, map[string]*node{}
	for i, r := range results {
		nodes[i] = &node{spec: s.one(r)}
		byYear[taken{r.Course.Code, r.Year}], byCode[r.Course.Code] = nodes[i], nodes[i]
	}
	var roots []*node
	for i, n := range nodes {
		var parent *node
		if c := results[i].Course; c.Parent != "" {
			parent = cmp.Or(byYear[taken{c.Parent, results[i].Year}], byCode[c.Parent])
		}
		for p := parent; p != nil; p = p.parent {
			if p == n { // elements that stand inside of one another: one is as good as another to begin with
				parent = nil
				break
			}
		}
		if n.parent = parent; parent == nil {
			roots = append(roots, n)
		} else {
			parent.children = append(parent.children, n)
		}
	}
	var build func(n *node) Specification
	build = func(n *node) Specification {
		for _, child := range n.children {
			n.spec.Parts = append(n.spec.Parts, Part{build(child)})
		}
		return n.spec
	}
	out := make([]Specification, len(roots))
	for i, n := range roots {
		out[i] = build(n)
	}
	return out
}

func (s Sheet) one(r sis.Result) Specification {
	spec := Specification{Titles: ewp.Texts{{Lang: s.Lang, Value: r.Course.Title}}, Type: s.Kinds[r.Course.Kind]}
	if s.TitlesIn != nil {
		spec.Titles = append(spec.Titles, s.TitlesIn(r.Course.Code)...)
	}
	local, year := r.Course.Code, strconv.Itoa(r.Year)
	i := &spec.Specifies.Instance
	if s.LOSID != nil {
		spec.Identifiers = append(spec.Identifiers, Identifier{"ewp-los-id", s.LOSID(local)})
	}
	spec.Identifiers = append(spec.Identifiers, Identifier{"local", local})
	if s.LOIID != nil {
		i.Identifiers = append(i.Identifiers, Identifier{"ewp-loi-id", s.LOIID(local, r.Year)})
	} else {
		i.Identifiers = append(i.Identifiers, Identifier{"local", local + "-" + year})
	}
	switch r.Passed {
	case sis.PassedYes:
		i.Status = Passed
	case sis.PassedNo:
		i.Status = Failed
	default:
		i.Status = InProgress
	}
	if r.Mark != "" {
		i.ResultLabel, i.GradingSchemeLocalID = r.Mark, s.GradingScheme
	}
	credits := r.Credits
	if credits == "" { // what it is worth: a pass gives all of it, and the status says when it is not obtained
		credits = r.Course.ECTS
	}
	if v, ok := decimal(credits); ok {
		i.Credits = []Credit{{Scheme: "ects", Value: plainDecimal(v.FloatString(4))}}
	}
	if s.Finish != nil {
		s.Finish(&spec, r)
	}
	return spec
}

// plainDecimal drops needless zeros.
func plainDecimal(s string) string {
	for len(s) > 0 && s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if len(s) > 0 && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// Results returns the specifications of a report as results of a student, in the
// order of the document, for the student system at home. A status that is unknown
// or in progress is sis.PassedUnknown. Course.Code is the identifier of type
// "ewp-los-id", or the first one.
func (r Report) Results(student sis.StudentID, lang string) []sis.Result {
	var out []sis.Result
	var parents []string
	for depth, s := range r.All() {
		code := IdentifierOf(s.Identifiers, "ewp-los-id")
		if code == "" && len(s.Identifiers) > 0 {
			code = token(s.Identifiers[0].Value)
		}
		parents = append(parents[:depth], code)
		i := s.Specifies.Instance
		result := sis.Result{Student: student, Mark: token(i.ResultLabel), Scale: token(i.GradingSchemeLocalID),
			Course: sis.Course{Code: code, Kind: token(s.Type), Title: TitleOf(s.Titles, lang, "en")}}
		if depth > 0 {
			result.Course.Parent = parents[depth-1]
		}
		if v, ok := i.CreditsIn("ects"); ok {
			result.Course.ECTS = plainDecimal(v.FloatString(4))
		}
		switch i.State() {
		case Passed:
			result.Passed, result.Credits = sis.PassedYes, result.Course.ECTS
		case Failed:
			result.Passed = sis.PassedNo
		}
		if t := i.AcademicTerm; t != nil {
			if begin, err := ParseDay(t.Start); err == nil {
				result.Year = academicYear(begin.String())
			}
			result.Period = TitleOf(t.Titles, lang, "en")
		}
		out = append(out, result)
	}
	return out
}

// academicYear is the first civil year of the academic year of a day: years begin
// in August at the earliest.
func academicYear(day string) int {
	year, err := strconv.Atoi(day[:4])
	if err != nil {
		return 0
	}
	if month, err := strconv.Atoi(day[5:7]); err == nil && month < 8 {
		return year - 1
	}
	return year
}
