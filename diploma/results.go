package diploma

import (
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/sis"
)

// ResultLines returns the lines of section 4.3 from the results of a student system, in
// their order; elements that hold others become headings. describe gives the
// syllabus of a course by its code, and may be nil. A mark is printed as recorded,
// with what it is out of when both are numbers ("12,5/20", but "ABJ" and "B"); without one, the decision code stands in its place.
func ResultLines(results []sis.Result, describe func(code string) string) []Line {
	depth := map[string]int{}
	var out []Line
	for _, r := range results {
		line := Line{Code: r.Course.Code, Title: r.Course.Title, Credits: r.Credits, Mark: r.Mark}
		if parent, ok := depth[r.Course.Parent]; ok && r.Course.Parent != "" {
			line.Depth = parent + 1
		}
		depth[r.Course.Code] = line.Depth
		if r.Year > 0 {
			line.Year = fmt.Sprintf("%d-%d", r.Year, r.Year+1)
		}
		if isNumber(r.Mark) && isNumber(r.Scale) {
			line.Mark = r.Mark + "/" + r.Scale
		}
		if line.Mark == "" {
			line.Mark = r.Code
		}
		if r.Passed != sis.PassedUnknown {
			passed := r.Passed == sis.PassedYes
			line.Passed = &passed
		}
		if describe != nil {
			line.Description = describe(r.Course.Code)
		}
		out = append(out, line)
	}
	return out
}

// isNumber reports whether s is a decimal number with a point or a comma.
func isNumber(s string) bool {
	return strings.Trim(s, "0123456789.,") == "" && strings.Trim(s, ".,") != ""
}
