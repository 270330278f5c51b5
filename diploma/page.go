package diploma

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("supplement").Funcs(template.FuncMap{
	"paragraphs": func(s string) []string {
		var out []string
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, line)
			}
		}
		return out
	},
	"indent": func(depth int) int { return min(max(depth, 0), 6) },
	"yes":    func(b *bool) bool { return b != nil && *b },
	"no":     func(b *bool) bool { return b != nil && !*b },
}).Parse(pageText))

// WritePage writes the supplement as one HTML page that prints on A4: no script,
// no remote resource, all texts escaped. What is missing is marked on it, so that
// a draft is not taken for the document.
func (s Supplement) WritePage(w io.Writer) error {
	lang := s.Wording.Lang
	if lang == "" {
		lang = "en"
	}
	keys := map[string]string{}
	for key := range words["en"] {
		keys[key] = s.word(key)
	}
	return page.Execute(w, map[string]any{
		"Lang": lang, "Words": keys, "Sections": s.Sections(), "Degree": s.Degree.Name, "Missing": len(s.Missing()), "Stamp": stamp, "Signature": "7.2",
		"Optional": sameInstitution,
	})
}
