package diploma

import (
	"html"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

// ELMO returns the supplement as the element of an ELMO document, to stand in the
// instance of a specification of type elmo.DegreeProgramme. Texts of several
// lines, results and the grade table become HTML of paragraphs and tables, because
// white space in the content of a section collapses. An empty section says the
// reason, as the model wants it.
func (s Supplement) ELMO() *elmo.DiplomaSupplement {
	return &elmo.DiplomaSupplement{
		Lang: s.Wording.Lang, Version: s.Wording.Version, IssueDate: s.IssuedOn.String(), Introduction: s.word("introduction"), Sections: s.elmoSections(s.Sections()),
	}
}

func (s Supplement) elmoSections(sections []Section) []elmo.Section {
	var out []elmo.Section
	for _, sec := range sections {
		e := elmo.Section{Number: sec.Number, Title: sec.Title, Sections: s.elmoSections(sec.Sections)}
		text := sec.Content
		if sec.empty() {
			text = sec.Reason
		}
		switch {
		case len(sec.Results) > 0 || len(sec.Table) > 0 || strings.Contains(strings.TrimSpace(text), "\n"):
			e.Content = &elmo.Content{Type: "text/html", Text: paragraphs(text) + s.resultsHTML(sec) + s.tableHTML(sec)}
		case text != "":
			e.Content = &elmo.Content{Text: text}
		}
		out = append(out, e)
	}
	return out
}

func paragraphs(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("<p>" + html.EscapeString(line) + "</p>")
		}
	}
	return b.String()
}

// row writes the cells of a table.
func row(b *strings.Builder, cell string, values ...string) {
	b.WriteString("<tr>")
	for _, v := range values {
		b.WriteString("<" + cell + ">" + html.EscapeString(v) + "</" + cell + ">")
	}
	b.WriteString("</tr>")
}

func (s Supplement) word(key string) string {
	if w := s.Wording.Words[key]; w != "" {
		return w
	}
	return words["en"][key]
}

func (s Supplement) resultsHTML(sec Section) string {
	if len(sec.Results) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<table>")
	row(&b, "th", s.word("course"), s.word("code"), s.word("year"), s.word("credits"), s.word("mark"), s.word("result"))
	for _, l := range sec.Results {
		result := ""
		if l.Passed != nil {
			result = s.word(map[bool]string{true: "passed", false: "failed"}[*l.Passed])
		}
		title := l.Title
		for _, more := range []string{l.Where, l.Description} {
			if more != "" {
				title += " – " + more
			}
		}
		row(&b, "td", title, l.Code, l.Year, l.Credits, l.Mark, result)
	}
	b.WriteString("</table>")
	return b.String()
}

func (s Supplement) tableHTML(sec Section) string {
	if len(sec.Table) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<table>")
	row(&b, "th", s.word("grade"), s.word("share"))
	for _, r := range sec.Table {
		row(&b, "td", r.Grade.Label, r.Share.Percent(1)+" %")
	}
	b.WriteString("</table>")
	return b.String()
}
