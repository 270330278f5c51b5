// Package table reads students, enrolments and results from anything that has rows
// and columns: a CSV file, or any query of a database/sql driver. A mapping file
// says how the rows differ from the documented form, so that a school without a
// known student system writes one JSON file and one or two queries, and no code.
//
//	{
//	  "system": "scolarix",
//	  "dialect": "oracle",
//	  "time_zone": "Europe/Paris",
//	  "queries": {
//	    "students": "SELECT NUMERO AS student, CODE_INE AS ine, … FROM VUE_ETUDIANTS",
//	    "enrolments": "SELECT NUMERO AS student, ANNEE AS year, … FROM VUE_INSCRIPTIONS"
//	  },
//	  "columns": {"birth_name": "NOM_FAMILLE"},
//	  "values": {"status": {"E": "valid"}},
//	  "dates": ["DD.MM.YYYY"]
//	}
//
// # Columns
//
// The columns, their meaning and what is accepted in them are those of [sis.CSV],
// for a query as for a file: one set of rules. The columns of results are those of
// [ResultColumns]. Values are trimmed of outer blanks, which takes the padding off
// CHAR columns; NULL is a missing value. A number and its key in two columns, ine and
// ine_key, are joined whatever the split, 10+1 or 9+2.
//
// # Queries
//
// A query is a plain SELECT with one row for each student, enrolment or result, and
// without ORDER BY: the package puts it in brackets, and adds its own conditions,
// order and page size around it. Anything that the base can say can be in it.
// Parameters are bound, never pasted; a query may use :year, the academic year
// asked for as text, "0" for all:
//
//	WHERE (:year = '0' OR COD_ANU = :year)
//
// Pages follow each other by key, so that no cursor of the base stays open while
// the rows are worked on, and memory is that of one page.
//
// # Changes
//
// [SQL.Changes] and [CSV.Changes] follow the column modified_at. A change can become
// visible after its time: the transaction that made it was still open. So the most
// recent changes, those younger than Mapping.Overlap, are left to the next call,
// which reads that stretch whole: none is missed, none given twice. The cursor is the
// place of one row, by time and student.
//
// The rules of this package are the module's own; no vendor's text stands behind
// them. The dialects of Oracle, PostgreSQL and MySQL follow their manuals; the tests
// of the module run that of SQLite.
package table
