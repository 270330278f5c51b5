package sis

import (
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// StudentID names a student within one student system. It is comparable. The
// zero value names nobody.
type StudentID struct {
	System string `json:"system"` // "apogee", "pegase", "csv"…: chosen by the adapter
	Local  string `json:"local"`  // COD_ETU in Apogée, codeApprenant in Pégase, NIP in ScoDoc
}

// String returns "system:local", or the local part alone when there is no system.
func (id StudentID) String() string {
	if id.System == "" {
		return id.Local
	}
	return id.System + ":" + id.Local
}

// Student is one student as a system holds him or her.
type Student struct {
	ID       StudentID
	Internal string // the system's own key: UUID in Pégase, COD_IND in Apogée

	Person             passerelle.Person
	BirthDateEstimated bool // the system marks the birth date as presumed

	INE       string   // as recorded, number and key joined; may be empty, provisional or wrong
	INEState  INEState // what the system knows about INE
	OtherINEs []string // numbers that the person held before, or holds beside

	Nationalities []string // COG codes of countries, 99xxx
	Email         string   // institutional address
	PersonalEmail string
	GrantNumber   string // number of the grant file (numéro de boursier), when the system has it

	ModifiedAt time.Time  // last change of the record; zero when the system does not tell
	Provenance Provenance // where the record was read
}

// LogValue gives the reference of the student and nothing personal.
func (s Student) LogValue() slog.Value { return slog.StringValue(s.ID.String()) }

// INEState is what a student system knows about the INE that it holds. Pégase
// keeps such a state; Apogée and flat files do not. Values that are not listed
// here are kept as read.
type INEState string

// The states, with Pégase's word for each (IDT external API 1.6.0).
const (
	INENone       INEState = ""           // no INE: null, empty, "N/A"
	INEUnverified INEState = "unverified" // A_VERIFIER; any value of a system without states
	INEVerified   INEState = "verified"   // CONFIRME
	INEIncomplete INEState = "incomplete" // DONNEES_INCOMPLETES
	INEInvalid    INEState = "invalid"    // DONNEES_INVALIDES
	INEUnknown    INEState = "unknown"    // INCONNU: INES has nobody matching
	INELitige     INEState = "litige"     // LITIGE
	INEPending    INEState = "pending"    // IMAT_EN_COURS
	INEError      INEState = "error"      // ERR_IMAT, ERR_VERIF, and what is not recognised
)

// Provenance tells where a record was read, so that a person can find it again.
// The zero value says nothing.
type Provenance struct {
	Source string // file name, table or endpoint, without credentials
	Line   int    // line or row, from 1; 0 when there is none
}
