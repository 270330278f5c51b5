package table_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/sis"
)

// A school's own base: a mapping, a query, and it is a source like any other.
func ExampleSQL() {
	db, err := sql.Open("sqlite", ":memory:") // yours: any driver of database/sql
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE eleves (num INTEGER, ine TEXT, cle TEXT, nom TEXT, prenom TEXT, genre TEXT, ne_le TEXT, insee TEXT);
		INSERT INTO eleves VALUES (17, '223456789', 'HE', 'ŒUVRE', 'Zoé', '2', '28.02.2007', '67482'), (18, '', '', 'NGUYÊN', 'An', '1', '30.02.2007', '75056')`); err != nil {
		log.Fatal(err)
	}

	m, err := table.ReadMapping(strings.NewReader(`{
		"system": "school", "name": "eleves", "dialect": "sqlite",
		"columns": {"student": "num", "ine_key": "cle", "birth_name": "nom", "given_name_1": "prenom", "sex": "genre", "birth_date": "ne_le", "birth_commune": "insee"},
		"dates": ["DD.MM.YYYY"],
		"queries": {"students": "SELECT * FROM eleves"}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	school, err := table.NewSQL(table.SQLConfig{DB: db, Mapping: m})
	if err != nil {
		log.Fatal(err)
	}
	for s, err := range school.Students(context.Background(), sis.Query{}) {
		if err != nil {
			fmt.Println("reject:", err)
			continue
		}
		fmt.Println(s.ID, s.INE, s.Person.BirthDate, s.Person.Birthplace.Code())
	}
	// Output:
	// school:17 223456789HE 2007-02-28 67482
	// reject: eleves:2: column birth_date: date: range at position 9: want a day of that month, or 00 when it is unknown
}

// Only what changed since the last time: keep the cursor of the last change worked on.
func ExampleSQL_Changes() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE eleves (student INTEGER, modified_at TEXT);
		INSERT INTO eleves VALUES (1, '2026-09-01 08:00:00'), (2, '2026-09-01 09:59:00')`); err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	school, err := table.NewSQL(table.SQLConfig{DB: db, Now: func() time.Time { return now }, Mapping: table.Mapping{
		Dialect: table.SQLite, Queries: table.Queries{Students: "SELECT * FROM eleves"}, Required: []string{"student"}}})
	if err != nil {
		log.Fatal(err)
	}
	cursor := ""
	for range 2 {
		for delta, err := range school.Changes(context.Background(), cursor) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(now.Format(time.TimeOnly), delta.Student.ID)
			cursor = delta.Cursor
		}
		now = now.Add(time.Hour)
	}
	// Output:
	// 10:00:00 sql:1
	// 11:00:00 sql:2
}
