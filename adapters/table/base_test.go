package table_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/sis"
)

// morning is the clock of these tests.
var morning = time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC) // 08:00 in Paris

// base is a school's own base: its names of columns, its codes, a key apart, padding.
type base struct {
	*sql.DB
	tb testing.TB
}

func newBase(tb testing.TB) *base {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(tb.TempDir(), "school.db"))+"?_pragma=synchronous(OFF)")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	b := &base{db, tb}
	b.exec(`CREATE TABLE eleves (numero INTEGER, cle_interne TEXT, ine TEXT, cle TEXT, nom TEXT, prenom TEXT, sexe TEXT, ne_le TEXT, commune TEXT, pays TEXT, maj DATETIME)`)
	b.exec(`CREATE TABLE inscriptions (numero INTEGER, annee TEXT, etape TEXT, version INTEGER, principale TEXT, etat TEXT)`)
	b.exec(`CREATE TABLE notes (numero INTEGER, annee TEXT, matiere TEXT, note TEXT, session INTEGER, resultat TEXT)`)
	return b
}

func (b *base) exec(query string, args ...any) {
	b.tb.Helper()
	if _, err := b.Exec(query, args...); err != nil {
		b.tb.Fatalf("%s: %v", query, err)
	}
}

// student adds one; changed is the local time of the last change, "" for none.
func (b *base) student(number any, ine, key, name, changed string) {
	b.tb.Helper()
	var at any
	if changed != "" {
		at = changed
	}
	b.exec(`INSERT INTO eleves VALUES (?, ?, ?, ?, ?, 'ZOÉ  ', '2', '28.02.2007', '67482', NULL, ?)`, number, fmt.Sprint("k", number), ine, key, name, at)
}

// fill adds students from n on, with one enrolment each.
func (b *base) fill(from, n int, changed time.Time) {
	b.tb.Helper()
	tx, err := b.Begin()
	if err != nil {
		b.tb.Fatal(err)
	}
	defer tx.Rollback()
	for i := from; i < from+n; i++ {
		at := changed.Add(time.Duration(i/3) * time.Second).Format(time.DateTime) // three of each time
		_, err := tx.Exec(`INSERT INTO eleves VALUES (?, ?, '', '', 'ŒUVRE', 'ZOÉ', '1', '28.02.2007', '67482', NULL, ?)`, i, fmt.Sprint("k", i), at)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO inscriptions VALUES (?, '2026', 'LIC-M', 1, 'O', 'E')`, i)
		}
		if err != nil {
			b.tb.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.tb.Fatal(err)
	}
}

const mappingJSON = `{
  "system": "school", "name": "VUE_ELEVES", "dialect": "sqlite", "time_zone": "Europe/Paris",
  "columns": {"birth_name": "nom", "modified_at": "maj"},
  "values": {"sex": {"2": "F", "1": "M"}, "status": {"E": "valid", "A": "cancelled"}, "passed": {"V": "yes", "R": "no", "?": ""}},
  "dates": ["DD.MM.YYYY"],
  "required": ["student"],
  "page_size": 7,
  "queries": {
    "students": "SELECT numero AS student, cle_interne AS internal, ine, cle AS ine_key, nom, prenom AS given_name_1, sexe AS sex, ne_le AS birth_date, commune AS birth_commune, pays AS birth_country, maj FROM eleves e WHERE :year = '0' OR EXISTS (SELECT 1 FROM inscriptions i WHERE i.numero = e.numero AND i.annee = :year) -- no order;",
    "enrolments": "SELECT numero AS student, annee AS year, etape AS programme, version AS programme_version, principale AS main, etat AS status FROM inscriptions;",
    "results": "SELECT numero AS student, annee AS year, matiere AS course, note AS mark, session, resultat AS passed FROM notes"
  }
}`

func mapping(tb testing.TB) table.Mapping {
	tb.Helper()
	m, err := table.ReadMapping(strings.NewReader(mappingJSON))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// source opens the base with the mapping, changed as wanted.
func (b *base) source(change ...func(*table.Mapping)) *table.SQL {
	b.tb.Helper()
	m := mapping(b.tb)
	for _, c := range change {
		c(&m)
	}
	s, err := table.NewSQL(table.SQLConfig{DB: b.DB, Mapping: m, Now: func() time.Time { return morning }})
	if err != nil {
		b.tb.Fatal(err)
	}
	return s
}

// numbers collects the local numbers of a sequence and its errors as text.
func numbers(seq func(func(sis.Student, error) bool)) (out, errs []string) {
	for s, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			out = append(out, s.ID.Local)
		}
	}
	return out, errs
}
