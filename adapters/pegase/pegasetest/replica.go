package pegasetest

import (
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the replica is kept in it
)

// schemas are the tables of the replica, as far as their columns are documented.
var schemas = []string{
	`ATTACH DATABASE ':memory:' AS schema_idt`,
	`ATTACH DATABASE ':memory:' AS schema_ins`,
	`CREATE TABLE schema_idt.identite (id text, nom_naissance text, prenom text, mail text, date_creation text, date_modification text)`,
	`CREATE TABLE schema_idt.apprenant (id text, identifiant_apprenant_pegase text, code_apprenant text, ine_maitre text, etat_ine_maitre text,
	   liste_ines_alternatifs text, nom_usage text, prenom2 text, prenom3 text, sexe text, date_naissance text, code_pays_naissance text,
	   code_commune_naissance text, libelle_commune_naissance_etranger text, code_nationalite text, code_nationalite2 text,
	   mail_institutionnel text, mail_secours text, temoin_doublon_potentiel boolean)`,
	`CREATE TABLE schema_ins.inscription (id text, id_apprenant text, id_odf_chemin text, statut_inscription text, statut_paiement text,
	   date_validation_inscription text, code_regime text, numero_cvec text, temoin_principale boolean, cesure text, mobilite text,
	   code_programme_echange text, contexte_inscription text, date_creation text, date_modification text)`,
}

// Replica makes the nightly copy of the databases as they are now, in SQLite, with the
// schemas as attached databases. The caller closes it. It has one connection: a query has to end
// before the next begins.
func (s *Service) Replica() (*sql.DB, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // attached databases belong to a connection
	if err := s.dump(db); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// dump fills the tables.
func (s *Service) dump(db *sql.DB) error {
	for _, statement := range schemas {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, p := range s.records {
		if err := dumpRecord(tx, p); err != nil {
			return err
		}
	}
	return tx.Commit()
}

const stamp = "2006-01-02 15:04:05"

// dumpRecord writes the rows of a student. No INE is written N/A, as the real copy does.
func dumpRecord(tx *sql.Tx, p *record) error {
	modified := p.Modified.UTC().Format(stamp)
	if _, err := tx.Exec(`INSERT INTO schema_idt.identite VALUES ($1, $2, $3, $4, $5, $5)`,
		p.id, p.Person.BirthName, p.Person.GivenNames[0], p.pegaseID+"@etu.example", modified); err != nil {
		return err
	}
	others := any(nil)
	if len(p.OtherINEs) > 0 {
		others = "{" + strings.Join(p.OtherINEs, ",") + "}"
	}
	place := p.Person.Birthplace
	town := ""
	if place.Commune == "" {
		town = place.Name
	}
	if _, err := tx.Exec(`INSERT INTO schema_idt.apprenant VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL, $16, $17, FALSE)`,
		p.id, p.pegaseID, words(p.Code), or(p.INE, "N/A"), string(p.Status), others, words(p.Person.UsageName), words(p.Person.GivenNames[1]),
		words(p.Person.GivenNames[2]), p.Person.Sex.String(), p.Person.BirthDate.String(), words(place.CountryCode3()), words(place.Commune),
		words(town), p.Nationality, words(p.Email), words(p.RescueEmail)); err != nil {
		return err
	}
	for i, e := range p.Enrolments {
		state := map[string]string{"valide": "VALIDEE", "annulee": "ANNULEE"}[e.Status]
		if _, err := tx.Exec(`INSERT INTO schema_ins.inscription VALUES ($1, $2, $3, $4, 'PAYE', $5, 'RGI001', $6, $7, 'SANS', $8, $9, 'PRIMO', $10, $10)`,
			fmt.Sprintf("%s-%d", p.id, i+1), p.id, strings.Join(append([]string{e.Programme}, e.Path...), ">"), or(state, e.Status),
			e.Enrolled.UTC().Format("2006-01-02"), words(e.CVEC), e.Main, e.Mobility, words(e.Exchange), e.Modified.UTC().Format(stamp)); err != nil {
			return err
		}
	}
	return nil
}
