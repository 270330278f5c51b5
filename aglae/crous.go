package aglae

import (
	"cmp"
	"io"
	"iter"
	"log/slog"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/sis"
)

// CrousRow is one line of a file of the Crous: somebody who holds a grant, or held it.
// It is personal data. What a layout does not have stays zero.
type CrousRow struct {
	Line       int    // of the file, from 1; of its first line when a row has several
	INE        string // as recorded ("matricule"); may be another number than the university's
	FileNumber string // of the grant file
	Person     passerelle.Person
	Email      string

	Level      Level                   // échelon
	StudyLevel string                  // as recorded
	Status     string                  // as recorded; a number is read by Decision
	Decision   Decision                // deduced: 0 is definitive, more is conditional, as in the API of the Cnous
	Kind       string                  // status of the holder, as recorded; its meaning is not published
	StruckOff  particulier.Field[bool] // null for a word that is neither yes nor no
	StruckOn   passerelle.Date
	NotifiedOn passerelle.Date
	EffectOn   passerelle.Date

	School, Town, UAI string // as recorded
	TermStart         passerelle.Date
	Months            int // of payment; 0 when it is not told

	Operator        string // code, health-social file
	Address         CrousAddress
	BirthPostalCode string
}

// CrousAddress is where a holder lives, as recorded.
type CrousAddress struct {
	Lines                                 [3]string
	PostalCode, City, CityCOG, CountryCOG string
}

// LogValue gives the line, nothing of the person.
func (r CrousRow) LogValue() slog.Value { return slog.GroupValue(slog.Int("line", r.Line)) }

// CrousField names what stands in a column.
type CrousField string

// The fields.
const (
	CrousINE             CrousField = "ine"
	CrousFile            CrousField = "file"
	CrousBirthName       CrousField = "birth_name"
	CrousUsageName       CrousField = "usage_name"
	CrousGivenName       CrousField = "given_name"
	CrousSex             CrousField = "sex"
	CrousBirthDate       CrousField = "birth_date"
	CrousBirthCommune    CrousField = "birth_commune"
	CrousBirthTown       CrousField = "birth_town"
	CrousBirthCountry    CrousField = "birth_country"
	CrousBirthPostalCode CrousField = "birth_postal_code"
	CrousEmail           CrousField = "email"
	CrousLevel           CrousField = "level"
	CrousStudyLevel      CrousField = "study_level"
	CrousStatus          CrousField = "status"
	CrousKind            CrousField = "kind"
	CrousStruckOff       CrousField = "struck_off"
	CrousStruckOn        CrousField = "struck_on"
	CrousNotifiedOn      CrousField = "notified_on"
	CrousEffectOn        CrousField = "effect_on"
	CrousSchool          CrousField = "school"
	CrousTown            CrousField = "town"
	CrousUAI             CrousField = "uai"
	CrousTermStart       CrousField = "term_start"
	CrousMonths          CrousField = "months"
	CrousOperator        CrousField = "operator"
	CrousAddress1        CrousField = "address_1"
	CrousAddress2        CrousField = "address_2"
	CrousAddress3        CrousField = "address_3"
	CrousPostalCode      CrousField = "postal_code"
	CrousCity            CrousField = "city"
	CrousCityCOG         CrousField = "city_cog"
	CrousCountryCOG      CrousField = "country_cog"
)

// CrousColumn is a column of a file.
type CrousColumn struct {
	Title    string     // in the first line, compared without regard to case; for people in a file without one
	Field    CrousField // empty: the column is passed over
	Required bool       // a file with titles is refused without it
}

// CrousLayout is the form of a file. The two that were seen are [NationalLayout] and
// [HealthSocialLayout]; any other is given by the caller.
type CrousLayout struct {
	Columns     []CrousColumn // in order; in any order when the first line has the titles
	Titles      bool          // whether the first line has the titles
	Separator   byte          // 0 is ';'
	Windows1252 bool          // else UTF-8, with or without a byte order mark
}

// NationalLayout is that of the national file of 2024: titles, semicolons, Windows-1252.
// It has neither level nor status: who is listed holds a grant.
func NationalLayout() CrousLayout {
	return CrousLayout{Titles: true, Windows1252: true, Columns: []CrousColumn{
		{"ine", CrousINE, true}, {"civiliteLibelleCourt", CrousSex, false}, {"nom", CrousBirthName, true}, {"prenom", CrousGivenName, true},
		{"dateNaissance", CrousBirthDate, true}, {"mail", CrousEmail, false}, {"lieuNaissCodeCommuneInsee", CrousBirthCommune, false},
		{"lieuNaissLibelleCommune", CrousBirthTown, false}, {"lieuNaissCodePays", CrousBirthCountry, false}, {"lieuNaissLibellePays", "", false},
		{"adresseVoie", CrousAddress1, false}, {"adresseComplement1", CrousAddress2, false}, {"adresseComplement2", CrousAddress3, false},
		{"adresseCodePostal", CrousPostalCode, false}, {"adresseLocalite", CrousCity, false}, {"adresseCodeLocalite", CrousCityCOG, false},
		{"adresseCodePays", CrousCountryCOG, false},
	}}
}

// HealthSocialLayout is that of the file of health and social training of 2025: no
// titles, semicolons, UTF-8, 26 columns by position.
func HealthSocialLayout() CrousLayout {
	return CrousLayout{Columns: []CrousColumn{
		{"operator", CrousOperator, false}, {"name", CrousBirthName, false}, {"given name", CrousGivenName, false},
		{"birth date", CrousBirthDate, false}, {"birth place", CrousBirthTown, false}, {"gender", CrousSex, false}, {"e-mail", CrousEmail, false},
		{"holder status", CrousStatus, false}, {"level", CrousStudyLevel, false}, {"échelon", CrousLevel, false},
		{"school-year start", CrousTermStart, false}, {"duration", CrousMonths, false}, {"establishment", CrousSchool, false},
		{"study town", CrousTown, false}, {"status of holder", CrousKind, false}, {"grant file number", CrousFile, false},
		{"matricule", CrousINE, false}, {"usual name", CrousUsageName, false}, {"UAI", CrousUAI, false}, {"notification date", CrousNotifiedOn, false},
		{"effect date", CrousEffectOn, false}, {"removal date", CrousStruckOn, false}, {"removal", CrousStruckOff, false},
		{"postal code", CrousPostalCode, false}, {"INSEE town", CrousCityCOG, false}, {"birth-town postal code", CrousBirthPostalCode, false},
	}}
}

// ReadCrous reads a file of the Crous, in constant memory. source stands for the file in
// errors. A line that breaks a rule is rejected as a *sis.RowError that gives line, field
// and reason, beside the row with what could be read of it; the others go on. A
// *sis.CSVError about the whole file, or about r, comes last.
func ReadCrous(r io.Reader, source string, l CrousLayout) iter.Seq2[CrousRow, error] {
	return func(yield func(CrousRow, error) bool) {
		lines := newCrousLines(r, cmp.Or(l.Separator, ';'), l.Windows1252)
		fatal := func(e *sis.CSVError) {
			e.Source = source
			yield(CrousRow{}, e)
		}
		columns := l.Columns
		width := len(columns)
		first := l.Titles
		for {
			cells, reject, err := lines.next()
			if err == io.EOF {
				if first {
					fatal(&sis.CSVError{Rule: sis.CSVRuleEmpty, Want: "a first line with the titles"})
				}
				return
			}
			if err != nil {
				fatal(&sis.CSVError{Rule: sis.CSVRuleRead, Err: err})
				return
			}
			row := CrousRow{Line: lines.start}
			switch {
			case first && reject != nil:
				fatal(&sis.CSVError{Rule: sis.CSVRuleHeader, Want: reject.Want})
				return
			case first:
				if columns, err = l.match(cells); err != nil {
					fatal(err.(*sis.CSVError))
					return
				}
				first, width = false, len(columns)
				continue
			case reject != nil:
				err = &sis.RowError{Provenance: sis.Provenance{Source: source, Line: row.Line}, Column: reject.Pos, Err: reject}
			case len(cells) < width || strings.Join(cells[width:], "") != "":
				err = &sis.RowError{Provenance: sis.Provenance{Source: source, Line: row.Line}, Err: &passerelle.ParseError{
					Type: "row", Rule: "fields", Want: strconv.Itoa(width) + " fields; there are " + strconv.Itoa(len(cells)),
				}}
			default:
				if faults := row.read(columns, cells); len(faults) > 0 {
					err = rejected(source, row.Line, faults)
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// rejected tells what is wrong with the cells of a line.
func rejected(source string, line int, faults passerelle.FieldErrors) error {
	e := &sis.RowError{Provenance: sis.Provenance{Source: source, Line: line}, Err: faults}
	if len(faults) == 1 {
		e.Field, e.Err = faults[0].Field, &passerelle.ParseError{Type: "value", Rule: faults[0].Rule, Want: faults[0].Want}
	}
	return e
}

// match puts the columns of l in the order of the titles of a file.
func (l CrousLayout) match(titles []string) ([]CrousColumn, error) {
	columns := make([]CrousColumn, len(titles))
	met := make(map[string]bool, len(titles))
	for i, title := range titles {
		title = strings.TrimSpace(title)
		key := strings.ToLower(title)
		for _, c := range l.Columns {
			if !strings.EqualFold(c.Title, title) {
				continue
			}
			if met[key] {
				return nil, &sis.CSVError{Rule: sis.CSVRuleDuplicate, Columns: []string{c.Title}}
			}
			met[key] = true
			columns[i] = c
		}
	}
	var missing []string
	for _, c := range l.Columns {
		if c.Required && !met[strings.ToLower(c.Title)] {
			missing = append(missing, c.Title)
		}
	}
	if missing != nil { // the first line may be no header but a record: it is not repeated
		return nil, &sis.CSVError{Rule: sis.CSVRuleMissing, Columns: missing, Want: "these titles in the first line"}
	}
	return columns, nil
}
