package pegase

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// File is the whole file of a student (INS 2.6.0), as far as this module uses it; Raw
// has the rest. It is personal data.
type File struct {
	Student    FileStudent     `json:"apprenant"`
	Enrolments []FileEnrolment `json:"inscriptions"`

	Raw json.RawMessage `json:"-"` // the answer as received
}

// LogValue gives the number of enrolments.
func (f File) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("enrolments", len(f.Enrolments)))
}

// FileStudent is the student of a file.
type FileStudent struct {
	Code     string `json:"code"`
	Modified int64  `json:"derniereModificationApprenant"` // seconds since 1970

	Civil FileCivil `json:"etatCivil"`
	Birth FileBirth `json:"naissance"`
	INE   FileINE   `json:"bac"` // where the INE is kept
}

// FileCivil is the civil status, as the file and the correction of an INE write it.
type FileCivil struct {
	BirthName  string `json:"nomDeNaissance"`
	UsageName  string `json:"nomUsuel,omitempty"`
	GivenName  string `json:"prenom"`
	GivenName2 string `json:"deuxiemePrenom,omitempty"`
	GivenName3 string `json:"troisiemePrenom,omitempty"`
	Sex        string `json:"genre"`
}

// FileBirth is the birth and the nationalities.
type FileBirth struct {
	Date         string `json:"dateDeNaissance"`
	Country      Text   `json:"paysDeNaissance"`              // three digits, 100 is France
	Commune      Text   `json:"communeDeNaissance,omitempty"` // INSEE code
	CommuneLabel string `json:"libelleCommuneDeNaissance,omitempty"`
	TownAbroad   string `json:"communeDeNaissanceEtranger,omitempty"`
	Nationality  Text   `json:"nationalite,omitempty"`
	Nationality2 Text   `json:"deuxiemeNationalite,omitempty"`
}

// FileINE is the INE and what INES said of it, which the file keeps with the baccalauréat.
type FileINE struct {
	INE          string      `json:"ine,omitempty"`
	Status       ines.Status `json:"statutIne,omitempty"`
	ErrorCode    Text        `json:"codeErreurIne,omitempty"`
	ErrorMessage string      `json:"messageErreurIne,omitempty"` // INES's own words: personal
	AskedAt      string      `json:"dateDernierAppelInes,omitempty"`
}

// FileEnrolment is one enrolment of a file.
type FileEnrolment struct {
	StudentUUID string     `json:"idApprenant,omitempty"`
	Structure   string     `json:"codeEtablissement,omitempty"`
	Target      FileTarget `json:"cible"`
	Origin      string     `json:"origine"` // parcoursup, ecandidat, monmaster…
	Main        bool       `json:"principale"`
	State       string     `json:"statutInscription"`
	Context     string     `json:"contexteInscription"` // primo, reins
	Payment     string     `json:"statutPaiement"`
	Regime      FileCode   `json:"regimeInscription"`
	Grants      []FileCode `json:"boursesEtAides"`
	CVEC        FileCVEC   `json:"cvec"`
	University  FileAbroad `json:"situationUniversitaire"`
	EnrolledAt  string     `json:"dateInscription"`
	ModifiedAt  string     `json:"dateDerniereModification"`
}

// FileCode is a code of a nomenclature with its label.
type FileCode struct {
	Nomenclature string `json:"nomenclature,omitempty"`
	Code         Text   `json:"code"`
	Label        string `json:"libelle,omitempty"`
	Date         string `json:"contexteConsommation,omitempty"`
}

// FileCVEC is the CVEC certificate.
type FileCVEC struct {
	Number string `json:"numero,omitempty"`
}

// FileAbroad is the year off and the exchange.
type FileAbroad struct {
	Gap      string        `json:"cesure,omitempty"`   // SANS, SEMESTRE, ANNEE
	Mobility string        `json:"mobilite,omitempty"` // SANS, ENTRANTE, SORTANTE
	Exchange *FileExchange `json:"programmeEchange,omitempty"`
}

// FileExchange is an exchange programme.
type FileExchange struct {
	Code    Text `json:"code"`
	Country Text `json:"codePays,omitempty"` // three digits
}

// FileTarget is what an enrolment is for.
type FileTarget struct {
	Structure string       `json:"codeStructure"`
	Programme FileLabelled `json:"formation"`
	Component string       `json:"UAIStructurePrincipale,omitempty"`
	Path      []FileStep   `json:"chemin"` // below the programme
	Period    FilePeriod   `json:"periode"`
}

// FileLabelled is a code with labels.
type FileLabelled struct {
	Discriminator string `json:"est1,omitempty"` // so called in the contract
	Code          string `json:"code"`
	ShortLabel    string `json:"libelleCourt,omitempty"`
	Label         string `json:"libelleLong,omitempty"`
}

// FileStep is one object of a path.
type FileStep struct {
	FileLabelled
	Nature string `json:"nature"` // ObjetFormation, Groupement
}

// FilePeriod is the period of an enrolment.
type FilePeriod struct {
	FileLabelled
	Year  int    `json:"anneeUniversitaire,omitempty"`
	Begin string `json:"dateDebut,omitempty"`
	End   string `json:"dateFin,omitempty"`
	Title string `json:"libelleAffichage,omitempty"`
}

// PathCode joins the codes from the programme down, as the marks API wants it. That the
// path of a file begins below the programme is deduced from its natures; a path that begins
// with the programme is taken as it is.
func (t FileTarget) PathCode() string { return pathCode(t.Programme.Code, t.steps()) }

func (t FileTarget) steps() []Step {
	steps := make([]Step, len(t.Path))
	for i, s := range t.Path {
		steps[i] = Step{Code: s.Code, ShortLabel: s.ShortLabel, Label: s.Label}
	}
	return steps
}

// File reads the file of a student by number. passerelle.ErrNotFound when there is none.
func (c *Client) File(ctx context.Context, code string) (File, error) {
	resp, err := c.get(ctx, opFile, path(c.cfg.Endpoints.INS, "gestion", "inscription", c.cfg.Structure, code)+"/", nil)
	if err != nil {
		return File{}, err
	}
	f, err := decode[File](opFile, resp)
	f.Raw = resp.Body
	return f, err
}

// fileEnrolment is an enrolment of a file.
func (c *Client) fileEnrolment(s FileStudent, e FileEnrolment) (sis.Enrolment, error) {
	at, err := c.instant(e.EnrolledAt)
	if err != nil {
		return sis.Enrolment{}, c.row(opFile, "dateInscription", s.Code, err)
	}
	modified, err := c.instant(e.ModifiedAt)
	if err != nil {
		return sis.Enrolment{}, c.row(opFile, "dateDerniereModification", s.Code, err)
	}
	t := e.Target
	period := t.Period.Title
	if period == "" {
		period = t.Period.Code
	}
	out := sis.Enrolment{
		Student: c.id(s.Code), ID: t.PathCode() + "@" + period, Year: t.Period.Year, Period: period, Component: t.Component,
		Programme: programme(t.Programme.Code, t.steps(), period, ""),
		Main:      e.Main, Status: status(e.State), Payment: e.Payment, Regime: string(e.Regime.Code),
		Mobility: mobility(e.University.Mobility), INE: number(s.INE.INE), CVEC: e.CVEC.Number,
		ValidatedAt: at, ModifiedAt: modified, Provenance: sis.Provenance{Source: opFile},
	}
	if x := e.University.Exchange; x != nil {
		out.Exchange = string(x.Code)
	}
	return out, nil
}

// person is the civil identity of a file.
func (s FileStudent) person() (p passerelle.Person, field string, err error) {
	birth, err := date(s.Birth.Date)
	if err != nil {
		return p, "dateDeNaissance", err
	}
	town := s.Birth.TownAbroad
	if town == "" {
		town = s.Birth.CommuneLabel
	}
	place, field, err := birthplace(string(s.Birth.Commune), string(s.Birth.Country), town)
	if err != nil {
		return p, field, err
	}
	return passerelle.Person{
		BirthName: s.Civil.BirthName, UsageName: s.Civil.UsageName,
		GivenNames: [3]string{s.Civil.GivenName, s.Civil.GivenName2, s.Civil.GivenName3},
		Sex:        sex(s.Civil.Sex), BirthDate: birth, Birthplace: place,
	}, "", nil
}
