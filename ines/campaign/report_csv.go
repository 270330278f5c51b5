package campaign

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// csvHeads are the columns of [Report.WriteCSV].
var csvHeads = map[Lang][]string{
	French: {
		"etudiant", "cle", "ligne", "resultat", "probleme", "detail", "champs", "code", "message", "depuis", "a_faire",
		"ine", "ine_precedent", "suggestions", "demande",
	},
	English: {
		"student", "key", "line", "outcome", "problem", "detail", "fields", "code", "message", "since", "todo",
		"ine", "previous_ine", "suggestions", "request",
	},
}

// WriteCSV writes items for a spreadsheet: a header, then one row a student,
// separated by semicolons, UTF-8 with a byte order mark. Cells that a spreadsheet
// would take for a formula are preceded by an apostrophe.
func WriteCSV(w io.Writer, lang Lang, items []Item) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma = ';'
	if err := out.Write(csvHeads[lang.orFrench()]); err != nil {
		return err
	}
	for _, i := range items {
		if err := out.Write(i.row(lang)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// row is the line of an item in the file of WriteCSV.
func (i Item) row(lang Lang) []string {
	var fields []string
	for _, f := range i.Faults {
		fields = append(fields, fieldName(lang, f.Field))
	}
	if i.Field != "" {
		fields = append(fields, i.Field)
	}
	line, since := "", ""
	if i.Line > 0 {
		line = strconv.Itoa(i.Line)
	}
	if !i.Since.IsZero() {
		since = i.Since.Format(time.DateOnly)
	}
	detail := i.Why(lang)
	if !i.WriteBack.IsZero() {
		detail = strings.TrimPrefix(detail+" ; "+i.WriteBack.Text(lang), " ; ")
	}
	row := []string{
		i.Student, i.Key, line, string(i.Outcome), i.Outcome.Title(lang), detail, strings.Join(fields, ", "), i.Code, i.Message, since,
		i.Todo(lang), i.INE, i.Previous, strings.Join(i.Suggestions, " "), i.RequestID,
	}
	for n, cell := range row {
		row[n] = inert(cell)
	}
	return row
}

// inert makes a cell that a spreadsheet shows instead of computing.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
