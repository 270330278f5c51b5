package apogee

import (
	_ "embed" // the queries
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/table"
)

// System is the system of the student IDs of this package.
const System = "apogee"

var (
	//go:embed queries/students.sql
	studentsSQL string
	//go:embed queries/enrolments.sql
	enrolmentsSQL string
	//go:embed queries/enrolments_early.sql
	earlySQL string
	//go:embed queries/enrolments_debt.sql
	debtSQL string
	//go:embed queries/results.sql
	resultsSQL string
)

// Options chooses among the documented queries. The zero value reads the tables of
// the current schema of an Oracle base, and the enrolments of INS_ADM_ETP alone.
type Options struct {
	// Dialect is that of the base: table.Oracle, or table.SQLite for the fake of
	// apogeetest. The queries are the same for both, but for the name of one function. Empty means table.Oracle.
	Dialect table.Dialect
	// Schema stands before the names of tables, as in "APOGEE". A read-only account
	// needs it unless it has synonyms.
	Schema string
	// Early adds the enrolments of INS_ANTICIPE_ETP and Debt those of
	// INS_DETTE_ETP, which many tools forget. Their numbers begin with "ANTICIPE-"
	// and "DETTE-", they are never the main enrolment, and no status is claimed for
	// them. The columns of these two tables are deduced, not published.
	Early, Debt bool
}

var schemaName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_$#]*$`)

// Mapping returns the documented queries as data, to be used as they are or changed:
// local bases differ, and a school replaces a query by its own, which names its
// columns as package table wants them. Its error is a passerelle.FieldErrors.
//
// Times are those of the wall clock in Paris. Where the DAT_MOD columns hold days
// without hours, set Overlap to 24h. TEM_DATE_NAI_REL is not read: which of
// O and N marks an estimated birth date is not known.
func Mapping(o Options) (table.Mapping, error) {
	var faults passerelle.FieldErrors
	if o.Schema != "" && !schemaName.MatchString(o.Schema) {
		faults.Add("Schema", "character", "a name of letters and digits, without a dot")
	}
	if o.Dialect != "" && o.Dialect != table.Oracle && o.Dialect != table.SQLite {
		faults.Add("Dialect", "name", "oracle or sqlite")
	}
	if err := faults.Err(); err != nil {
		return table.Mapping{}, err
	}
	prefix := ""
	if o.Schema != "" {
		prefix = o.Schema + "."
	}
	greatest := "GREATEST"
	if o.Dialect == table.SQLite {
		greatest = "MAX" // with several arguments, the same
	}
	words := strings.NewReplacer("{schema}", prefix, "{greatest}", greatest)
	text := func(parts ...string) string { return words.Replace(strings.Join(parts, "UNION ALL\n")) }
	enrolments := []string{enrolmentsSQL}
	if o.Early {
		enrolments = append(enrolments, earlySQL)
	}
	if o.Debt {
		enrolments = append(enrolments, debtSQL)
	}
	m := table.Mapping{
		System: System, Name: "apogee", Dialect: o.Dialect, TimeZone: "Europe/Paris",
		PageSize: 5000,
		Required: []string{"student", "ine", "birth_name", "given_name_1", "sex", "birth_date"},
		Columns:  map[string]string{"session": "exam_session"}, // SESSION is a word of Oracle's own
		Values:   map[string]map[string]string{"status": {"E": "valid"}},
		Queries:  table.Queries{Students: text(studentsSQL), Enrolments: text(enrolments...), Results: text(resultsSQL)},
	}
	if m.Dialect == "" {
		m.Dialect = table.Oracle
	}
	return m, nil
}
