package pegase

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// ReplicaQueries are the queries, as data: tables move from one version of Pégase to
// the next, and establishments have views of their own. Columns are found by the name that the
// query gives them, in any order; those that are not required may be left out, and all may be
// NULL. Columns with other names are not looked at.
//
//	students    student*, internal, birth_name, usage_name, given_name_1, given_name_2, given_name_3,
//	            sex (F, M), birth_date, birth_commune, birth_country (three digits), birth_town_abroad,
//	            nationality, nationality_2, ine, ine_state (A_VERIFIER…), other_ines (array), email,
//	            personal_email, modified_at
//	enrolments  student*, enrolment, year, period, uai, component, programme, label, sise, main, status,
//	            payment, regime, mobility, exchange, ine, cvec, validated_at, modified_at
//	results     course*, year, period, kind, title, ects, parent, mark, scale, code, credits, session, at
//
// The results query takes the student number as $1. The default of enrolments gives no year:
// where a period keeps its year is not documented, and a query by year needs one that does.
type ReplicaQueries struct {
	Students   string // empty: StudentsSQL
	Enrolments string // empty: EnrolmentsSQL
	Results    string // no default
}

// StudentsSQL is the default query of students. The cast makes a text of the array whatever
// the driver.
const StudentsSQL = `SELECT a.code_apprenant AS student, a.id AS internal,
       i.nom_naissance AS birth_name, a.nom_usage AS usage_name,
       i.prenom AS given_name_1, a.prenom2 AS given_name_2, a.prenom3 AS given_name_3,
       a.sexe AS sex, a.date_naissance AS birth_date,
       a.code_commune_naissance AS birth_commune, a.code_pays_naissance AS birth_country,
       a.libelle_commune_naissance_etranger AS birth_town_abroad,
       a.code_nationalite AS nationality, a.code_nationalite2 AS nationality_2,
       a.ine_maitre AS ine, a.etat_ine_maitre AS ine_state,
       CAST(a.liste_ines_alternatifs AS text) AS other_ines,
       a.mail_institutionnel AS email, a.mail_secours AS personal_email,
       i.date_modification AS modified_at
  FROM schema_idt.apprenant a
  JOIN schema_idt.identite i ON i.id = a.id
 WHERE a.code_apprenant IS NOT NULL
 ORDER BY a.code_apprenant`

// EnrolmentsSQL is the default query of enrolments.
const EnrolmentsSQL = `SELECT a.code_apprenant AS student, n.id AS enrolment, n.id_odf_chemin AS programme,
       n.temoin_principale AS main, n.statut_inscription AS status, n.statut_paiement AS payment,
       n.code_regime AS regime, n.mobilite AS mobility, n.code_programme_echange AS exchange,
       a.ine_maitre AS ine, n.numero_cvec AS cvec,
       n.date_validation_inscription AS validated_at, n.date_modification AS modified_at
  FROM schema_ins.inscription n
  JOIN schema_idt.apprenant a ON a.id = n.id_apprenant
 WHERE a.code_apprenant IS NOT NULL
 ORDER BY a.code_apprenant, n.id`

func (q ReplicaQueries) withDefaults() ReplicaQueries {
	q.Students = cmp.Or(q.Students, StudentsSQL)
	q.Enrolments = cmp.Or(q.Enrolments, EnrolmentsSQL)
	return q
}

// Columns without which a query is refused.
var (
	studentColumns   = []string{"student", "birth_name", "given_name_1", "sex", "birth_date", "ine"}
	enrolmentColumns = []string{"student", "status"}
	resultColumns    = []string{"course"}
)

// columnsOf adds the columns that a query is filtered by.
func columnsOf(q sis.Query, required []string) []string {
	needs := append([]string(nil), required...)
	if !q.ModifiedSince.IsZero() {
		needs = append(needs, "modified_at")
	}
	return needs
}

// replicaRow is one row: its values by column.
type replicaRow struct {
	query   string
	line    int
	columns map[string]int
	values  []any
}

// rows runs a query. An error is the last element.
func (r *Replica) rows(ctx context.Context, name, query string, needs []string, args ...any) iter.Seq2[replicaRow, error] {
	return func(yield func(replicaRow, error) bool) {
		yield = while(ctx, yield)
		fail := func(err error) {
			if ctx.Err() != nil {
				err = ctx.Err()
			} else {
				err = &ReplicaError{Query: name, Err: err}
			}
			yield(replicaRow{}, err)
		}
		rows, err := r.db.QueryContext(ctx, query, args...)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			fail(err)
			return
		}
		row := replicaRow{query: name, columns: make(map[string]int, len(names)), values: make([]any, len(names))}
		for i, n := range names {
			row.columns[strings.ToLower(n)] = i
		}
		var faults passerelle.FieldErrors
		for _, n := range needs {
			if _, ok := row.columns[n]; !ok {
				faults.Add("Queries."+name+"."+n, "required", "a column of this name")
			}
		}
		if err := faults.Err(); err != nil {
			yield(replicaRow{}, err)
			return
		}
		cells := make([]any, len(names))
		for i := range cells {
			cells[i] = &row.values[i]
		}
		for rows.Next() {
			row.line++
			if err := rows.Scan(cells...); err != nil {
				fail(err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

func (r replicaRow) value(column string) any {
	if i, ok := r.columns[column]; ok {
		return r.values[i]
	}
	return nil
}

// text is a value in words, without the blanks around it. NULL is empty.
func (r replicaRow) text(column string) string {
	switch v := r.value(column).(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case []byte:
		return strings.TrimSpace(string(v))
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999999999")
	default:
		return fmt.Sprint(v)
	}
}

// yes reports whether a value is true in any of the usual spellings.
func (r replicaRow) yes(column string) bool {
	switch strings.ToLower(r.text(column)) {
	case "true", "t", "1", "o", "oui":
		return true
	}
	return false
}

// year is the academic year; 0 when it is not told.
func (r replicaRow) year() (int, error) {
	s := r.text("year")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, &passerelle.ParseError{Type: "year", Rule: "form", Want: "the first civil year of the academic year, such as 2026"}
	}
	return n, nil
}

func (r replicaRow) time(column string, zone *time.Location) (time.Time, error) {
	if t, ok := r.value(column).(time.Time); ok {
		return t, nil
	}
	return instant(r.text(column), zone)
}

func (r replicaRow) provenance() sis.Provenance {
	return sis.Provenance{Source: "pegase replica: " + r.query, Line: r.line}
}

// fault is the error of a row that cannot be used.
func (r replicaRow) fault(column string, id sis.StudentID, err error) error {
	return &sis.RowError{Provenance: r.provenance(), Field: column, ID: id, Err: err}
}

// textArray reads an array of texts in PostgreSQL's form: {223456789HE,"a b",NULL}.
func textArray(s string) ([]string, error) {
	bad := &passerelle.ParseError{Type: "array", Rule: "form", Want: "a PostgreSQL array of texts, such as {a,b}"}
	if s == "" {
		return nil, nil
	}
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, bad
	}
	inner := s[1 : len(s)-1]
	var items []string
	for inner != "" {
		var item string
		quoted := inner[0] == '"'
		if quoted {
			var b strings.Builder
			i := 1
			for ; i < len(inner) && inner[i] != '"'; i++ {
				if inner[i] == '\\' {
					i++
				}
				if i < len(inner) {
					b.WriteByte(inner[i])
				}
			}
			if i >= len(inner) {
				return nil, bad
			}
			item, inner = b.String(), inner[i+1:]
		} else {
			end := strings.IndexByte(inner, ',')
			if end < 0 {
				end = len(inner)
			}
			if item = inner[:end]; strings.ContainsAny(item, `{}"\`) || item == "" {
				return nil, bad
			}
			inner = inner[end:]
		}
		if quoted || !strings.EqualFold(item, "NULL") {
			items = append(items, item)
		}
		if inner == "" {
			break
		}
		if inner[0] != ',' || len(inner) == 1 {
			return nil, bad
		}
		inner = inner[1:]
	}
	return items, nil
}
