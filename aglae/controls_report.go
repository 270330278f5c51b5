package aglae

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Report is a control whose rows were gathered: it is as large as they are. For a list
// that does not fit in memory write the rows as they come, by [WriteCSV] or [WriteJSON].
// It is personal data: it holds numbers.
type Report struct {
	Control Control         `json:"control"`
	At      time.Time       `json:"at"`
	Key     string          `json:"key,omitempty"` // of a part made by Split
	Counts  map[Finding]int `json:"counts"`
	Rows    []Row           `json:"rows"`
	// Errors are what kept rows of the sources from being read, in words without
	// personal data as far as the sources keep to that.
	Errors []string `json:"errors,omitempty"`

	errs []error
}

// Gather makes a report of rows. Their errors are kept in it, none ends it.
func Gather(c Control, at time.Time, rows iter.Seq2[Row, error]) *Report {
	r := &Report{Control: c, At: at, Counts: make(map[Finding]int), Rows: []Row{}}
	for row, err := range rows {
		if err != nil {
			r.Errors, r.errs = append(r.Errors, err.Error()), append(r.errs, err)
			continue
		}
		r.add(row)
	}
	return r
}

func (r *Report) add(row Row) {
	r.Counts[row.Finding]++
	r.Rows = append(r.Rows, row)
}

// Errs returns the errors of the sources.
func (r *Report) Errs() []error { return r.errs }

// All gives the rows, for the writers.
func (r *Report) All() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range r.Rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Split returns one report for each key of the rows: a component, an enrolment chain, a
// clerk. Rows without a key, such as those about people who are not enrolled, are under
// "". The errors of the sources stay with the whole.
func (r *Report) Split() map[string]*Report {
	parts := make(map[string]*Report)
	for _, row := range r.Rows {
		p := parts[row.Key]
		if p == nil {
			p = &Report{Control: r.Control, At: r.At, Key: row.Key, Counts: make(map[Finding]int)}
			parts[row.Key] = p
		}
		p.add(row)
	}
	return parts
}

// LogValue gives the counts: nothing personal.
func (r *Report) LogValue() slog.Value {
	return slog.GroupValue(slog.String("control", string(r.Control)), slog.Any("counts", r.Counts), slog.Int("errors", len(r.Errors)))
}

// findings lists those of the report, the most frequent first.
func (r *Report) findings() []Finding {
	var found []Finding
	for f := range r.Counts {
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b Finding) int {
		if d := r.Counts[b] - r.Counts[a]; d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	return found
}

// WriteCSV is that of the package on the rows of the report.
func (r *Report) WriteCSV(w io.Writer, lang Lang) error {
	_, err := WriteCSV(w, lang, r.All())
	return err
}

// WriteJSON writes the whole report, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// Skipped counts what a writer did not write.
type Skipped struct {
	Rows   int     // rows written
	Errors []error // the first hundred errors of the source
	Lost   int     // errors in all
}

const maxSkipped = 100

func (s *Skipped) skip(err error) {
	if s.Lost++; len(s.Errors) < maxSkipped {
		s.Errors = append(s.Errors, err)
	}
}

// csvHeads are the columns of [WriteCSV].
var csvHeads = map[Lang][]string{
	French: {
		"etudiant", "cle", "ligne", "annee", "constat", "libelle", "motif", "a_faire", "ine", "numero_boursier", "numero_probable",
		"depuis", "jours", "reponse", "causes", "source", "ligne_crous",
	},
	English: {
		"student", "key", "line", "year", "finding", "title", "reason", "todo", "ine", "grant_number", "suggestion",
		"since", "days", "verdict", "causes", "source", "crous_line",
	},
}

// WriteCSV writes rows for a spreadsheet as they come: a header, then one line a row,
// separated by semicolons, UTF-8 with a byte order mark. Cells that a spreadsheet would
// take for a formula are preceded by an apostrophe. What the source could not read is in
// Skipped; the error is that of w.
func WriteCSV(w io.Writer, lang Lang, rows iter.Seq2[Row, error]) (Skipped, error) {
	var s Skipped
	buffered := bufio.NewWriter(w)
	if _, err := buffered.WriteString("\ufeff"); err != nil {
		return s, err
	}
	out := csv.NewWriter(buffered)
	out.Comma = ';'
	if err := out.Write(csvHeads[lang.orFrench()]); err != nil {
		return s, err
	}
	cells := make([]string, 0, len(csvHeads[French]))
	for row, err := range rows {
		if err != nil {
			s.skip(err)
			continue
		}
		if err := out.Write(row.cells(lang, cells)); err != nil {
			return s, err
		}
		s.Rows++
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return s, err
	}
	return s, buffered.Flush()
}

// cells is the line of a row in the file of WriteCSV.
func (r *Row) cells(lang Lang, cells []string) []string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	days, verdict := "", ""
	if r.Finding == FoundConditional && !r.Since.IsZero() {
		days = strconv.Itoa(r.Days)
	}
	if r.Verdict != Undetermined {
		verdict = r.Verdict.String()
	}
	cells = append(cells[:0], r.Student, r.Key, number(r.Line), number(r.Year), string(r.Finding), r.Finding.Title(lang), r.Reason.Text(lang),
		r.Finding.Todo(lang), r.INE, r.GrantNumber, r.Suggestion, r.Since.String(), days, verdict, causeList(r.Causes, lang), string(r.Source), number(r.CrousLine))
	for i, cell := range cells {
		cells[i] = inert(cell)
	}
	return cells
}

func causeList(causes []Cause, lang Lang) string {
	if len(causes) == 0 {
		return ""
	}
	texts := make([]string, len(causes))
	for i, c := range causes {
		texts[i] = c.Text(lang)
	}
	return strings.Join(texts, " ; ")
}

// inert makes a cell that a spreadsheet shows instead of computing.
func inert(cell string) string {
	if cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 {
		return "'" + cell
	}
	return cell
}

// WriteJSON writes rows as they come, one JSON object a line, each with its reason and
// what to do in lang under "text" and "todo". What the source could not read is in
// Skipped; the error is that of w.
func WriteJSON(w io.Writer, lang Lang, rows iter.Seq2[Row, error]) (Skipped, error) {
	var s Skipped
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	type line struct {
		Row
		Text string `json:"text"`
		Todo string `json:"todo,omitempty"`
	}
	for row, err := range rows {
		if err != nil {
			s.skip(err)
			continue
		}
		if err := enc.Encode(line{row, row.Reason.Text(lang), row.Finding.Todo(lang)}); err != nil {
			return s, err
		}
		s.Rows++
	}
	return s, buffered.Flush()
}

// WriteSplit writes rows as they come into one CSV for each of their keys: a component,
// an enrolment chain, a clerk. open is called once a key, with "" for rows without one;
// what it returns is closed at the end. There are at most 500 keys: one more is an
// error, since a reference of the student was taken for a key then. The number of rows
// does not matter to memory.
func WriteSplit(lang Lang, rows iter.Seq2[Row, error], open func(key string) (io.WriteCloser, error)) (s Skipped, err error) {
	files := make(map[string]*splitFile)
	defer func() {
		for _, f := range files {
			f.out.Flush()
			for _, cerr := range []error{f.out.Error(), f.file.Close()} {
				if err == nil {
					err = cerr
				}
			}
		}
	}()
	cells := make([]string, 0, len(csvHeads[French]))
	for row, rerr := range rows {
		if rerr != nil {
			s.skip(rerr)
			continue
		}
		f := files[row.Key]
		if f == nil {
			if len(files) == maxKeys {
				return s, passerelle.FieldErrors{{Field: "Registration.Key", Rule: "count", Want: strconv.Itoa(maxKeys) + " different keys at most"}}
			}
			file, err := open(row.Key)
			if err != nil {
				return s, err
			}
			f = &splitFile{file: file, out: csv.NewWriter(file)}
			f.out.Comma = ';'
			files[row.Key] = f
			if _, err := io.WriteString(file, "\ufeff"); err != nil {
				return s, err
			}
			if err := f.out.Write(csvHeads[lang.orFrench()]); err != nil {
				return s, err
			}
		}
		if err := f.out.Write(row.cells(lang, cells)); err != nil {
			return s, err
		}
		s.Rows++
	}
	return s, nil
}

const maxKeys = 500

type splitFile struct {
	file io.WriteCloser
	out  *csv.Writer
}
