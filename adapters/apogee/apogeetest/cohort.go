package apogeetest

import (
	"database/sql"
	_ "embed" // the tables
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/inestest"
)

//go:embed schema.sql
var schema string

// First numbers of the cohort. Person i, from 0, has
//
//	COD_IND    FirstInd + i
//	COD_ETU    FirstEtu + i; none when i mod 50 is 49
//	INE        by i mod 10: 0 to 2 RNIE as 10+1, 3 RNIE as 9+2, 4 BEA, 5 NNE, 6 none,
//	           7 provisional, 8 RNIE with a wrong key, 9 blanks
//	enrolment  in Year unless i mod 7 is 6, and in Year-1 when i mod 3 is 0 or i mod 7 is 6;
//	           the step of Year is cancelled when i mod 11 is 5; a second step when i mod 5
//	           is 0; early in Year+1 when i mod 17 is 0, a debt of Year-1 when i mod 19 is 0
//	marks      of Year-1 when i mod 3 is 0; those of INF101 in session 2 are locked
const (
	FirstInd = 100_000
	FirstEtu = 22_600_000
)

// Steps are the codes of the steps (étapes) of the cohort, all in version 1; person i
// is in step i mod 4.
var Steps = []string{"LICM1", "LICI2", "MASB1", "DUTG1"}

var (
	diplomas = []string{"LIMATH", "LIINFO", "MABIO", "BUTGME"}
	elements = []string{"MAT101", "INF101", "PHY101", "LAN101"}
)

// towns are the birthplaces that inestest.Generate gives people born in France.
var towns = []struct{ code, department, name string }{
	{"67482", "067", "Strasbourg"}, {"75056", "075", "Paris"}, {"13055", "013", "Marseille"}, {"69123", "069", "Lyon"}, {"2A004", "02A", "Ajaccio"},
	{"2B033", "02B", "Bastia"}, {"97105", "971", "Basse-Terre"}, {"97411", "974", "Saint-Denis"}, {"35238", "035", "Rennes"}, {"59350", "059", "Lille"},
	{"31555", "031", "Toulouse"}, {"44109", "044", "Nantes"}, {"33063", "033", "Bordeaux"}, {"06088", "006", "Nice"}, {"34172", "034", "Montpellier"}, {"29019", "029", "Brest"},
}

// CommunesCSV is a list of communes in the form of INSEE's, with those of the cohort and
// some that are hard to tell apart.
func CommunesCSV() string {
	var b strings.Builder
	b.WriteString("TYPECOM,COM,LIBELLE\n")
	for _, t := range towns {
		fmt.Fprintf(&b, "COM,%s,%s\n", t.code, t.name)
	}
	b.WriteString("COMD,67001,Strasbourg\nCOM,01001,Saint-Œil\nCOM,01002,Saint-Œil\nCOMA,01003,L'Abergement\n")
	return b.String()
}

// number returns the INE of person i as the two columns store it.
func number(i int) (body, key any, err error) {
	rnie := func() (ine.Number, error) { return ine.Complete(ine.RNIE, fmt.Sprintf("%09d", 240_000_000+i)) }
	var n ine.Number
	layout := ine.TenOne
	switch i % 10 {
	case 3:
		layout = ine.ByFamily
		n, err = rnie()
	case 4:
		n, err = ine.Complete(ine.BEA, fmt.Sprintf("04%08d", 12_000_000+i))
	case 5:
		n, err = ine.Complete(ine.NNE, fmt.Sprintf("0AYIOP%04d", i%10_000))
	case 6:
		return nil, nil, nil
	case 7:
		n, err = ine.Parse(fmt.Sprintf("0426D%05dA", i%100_000))
	case 8:
		if n, err = rnie(); err == nil {
			s := n.String()
			wrong := "A"
			if s[10] == 'A' {
				wrong = "B"
			}
			n, err = ine.Parse(s[:10] + wrong)
		}
	case 9:
		return strings.Repeat(" ", 10), " ", nil
	default:
		n, err = rnie()
	}
	b, k := n.Split(layout)
	return fmt.Sprintf("%-10s", b), k, err
}

// cut writes a name as Apogée holds it.
func cut(name string, size int) any {
	if name == "" {
		return nil
	}
	name = strings.ToUpper(name)
	for utf8.RuneCountInString(name) > size {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// fill makes the tables and the cohort.
func fill(db *sql.DB, cfg Config) error {
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert := make(map[string]*sql.Stmt)
	for name, columns := range map[string]int{"INDIVIDU": 22, "INS_ADM_ANU": 9, "INS_ADM_ETP": 14, "INS_ANTICIPE_ETP": 4, "INS_DETTE_ETP": 4, "ADRESSE": 14, "ANNU_MEL_LOGIN": 3, "RESULTAT_ELP": 9} {
		stmt, err := tx.Prepare("INSERT INTO " + name + " VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")")
		if err != nil {
			return err
		}
		defer stmt.Close()
		insert[name] = stmt
	}
	i := 0
	var failed error // the first insertion that fails
	add := func(name string, values ...any) {
		if _, err := insert[name].Exec(values...); failed == nil {
			failed = err
		}
	}
	for p := range inestest.Generate(cfg.Seed, cfg.Students) {
		if err := person(add, cfg, i, p); err != nil {
			return err
		}
		i++
	}
	if failed != nil {
		return failed
	}
	if _, err := tx.Exec(`INSERT INTO AVCT_OBJ_ANO VALUES (?, 'ELP', 'INF101', 0, '2', '1', 'V')`, fmt.Sprint(cfg.Year-1)); err != nil {
		return err
	}
	return tx.Commit()
}

// person adds one person with all that is theirs.
func person(add func(table string, values ...any), cfg Config, i int, p passerelle.Person) error {
	body, key, err := number(i)
	if err != nil {
		return err
	}
	ind := FirstInd + i
	var etu any = FirstEtu + i
	if i%50 == 49 {
		etu = nil
	}
	created := time.Date(cfg.Year, 7, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
	at := func(after time.Duration) string { return created.Add(after).Format(time.DateTime) }
	var modified any
	if i%2 == 0 {
		modified = at(24 * time.Hour)
	}
	var town, kind, place any = cut(p.Birthplace.Name, 40), "P", p.Birthplace.CountryCode3()
	nationality := p.Birthplace.CountryCode3()
	if p.Birthplace.Commune != "" {
		kind, nationality = "D", "100"
		place, town = fmt.Sprintf("%-3s", p.Birthplace.Commune[:2]), "COMMUNE"
		for _, t := range towns {
			if t.code == p.Birthplace.Commune {
				place, town = t.department, cut(t.name, 40)
			}
		}
	}
	civility := "2"
	if p.Sex == passerelle.SexMale {
		civility = "1"
	}
	var grant any
	if i%4 == 1 {
		grant = fmt.Sprintf("%010d", 700_000_000+i)
	}
	add("INDIVIDU", ind, etu, body, key, cut(p.BirthName, 30), cut(p.UsageName, 30), cut(p.GivenNames[0], 20), cut(p.GivenNames[1], 20), cut(p.GivenNames[2], 20),
		p.BirthDate.String(), "O", p.Sex.String(), civility, town, kind, place, nationality, grant, fmt.Sprint(cfg.Year), fmt.Sprint(cfg.Year), at(0), modified)
	login := strings.ToLower(strings.ReplaceAll(passerelle.FoldName(p.GivenNames[0]+"."+p.BirthName), " ", "-")) + fmt.Sprint(i)
	if etu != nil && i%6 != 5 {
		add("ANNU_MEL_LOGIN", etu, login, login+"@univ.example")
	}
	add("ADRESSE", ind, ind, nil, nil, "12 RUE DE L'ÉGLISE", nil, nil, nil, "67000", "67482", "100", nil, "0600000000", login+"@mail.example")

	step := func(year int, n int, main, state string, after time.Duration) {
		add("INS_ADM_ETP", fmt.Sprint(year), ind, fmt.Sprintf("%-6s", Steps[n]), 1, 1, fmt.Sprintf("%-7s", diplomas[n]), 1, "UF"+fmt.Sprint(n), "CG1", state, "P", main, at(after), nil)
	}
	now, before := i%7 != 6, i%3 == 0 || i%7 == 6
	if now {
		add("INS_ADM_ANU", fmt.Sprint(cfg.Year), ind, "E", at(time.Hour), nil, "1", "01", "NO", "N")
		state := "E"
		if i%11 == 5 {
			state = "A"
		}
		step(cfg.Year, i%4, "O", state, time.Hour)
		if i%5 == 0 {
			step(cfg.Year, (i+1)%4, "N", "E", time.Hour)
		}
	}
	if before {
		add("INS_ADM_ANU", fmt.Sprint(cfg.Year-1), ind, "E", at(-8000*time.Hour), nil, "1", "01", "NO", "N")
		step(cfg.Year-1, i%4, "O", "E", -8000*time.Hour)
	}
	if i%17 == 0 {
		add("INS_ANTICIPE_ETP", fmt.Sprint(cfg.Year+1), ind, fmt.Sprintf("%-6s", Steps[(i+2)%4]), 1)
	}
	if i%19 == 0 {
		add("INS_DETTE_ETP", fmt.Sprint(cfg.Year-1), ind, fmt.Sprintf("%-6s", Steps[(i+3)%4]), 1)
	}
	if i%3 == 0 {
		marks(add, cfg.Year-1, ind, i)
	}
	return nil
}

// marks adds the results of a year: a failure in the first session is followed by a
// second one, an absence by none.
func marks(add func(table string, values ...any), year, ind, i int) {
	for e, code := range elements {
		quarters := (i*7 + e*13) % 81 // a mark out of 20, in quarters of a point
		mark, decision := float64(quarters)/4, "ADM "
		if mark < 10 {
			decision = "AJ  "
		}
		if (i+e)%29 == 4 {
			add("RESULTAT_ELP", ind, code, fmt.Sprint(year), "1", "1", nil, "ABI", 20, "ABI ")
			continue
		}
		add("RESULTAT_ELP", ind, code, fmt.Sprint(year), "1", "1", mark, nil, 20, decision)
		if mark < 10 {
			add("RESULTAT_ELP", ind, code, fmt.Sprint(year), "2", "1", min(mark+5, 20), nil, 20, map[bool]string{true: "ADM ", false: "AJ  "}[mark+5 >= 10])
		}
	}
}
