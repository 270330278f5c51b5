package pegase

import (
	"context"
)

// Mark is one object of a student's path with what is published of its marks (COC
// publication 2.3.0), as far as this module uses it. It is personal data.
//
// What is not published is always null: PublishedFirst, PublishedSecond and PublishedFinal
// tell "not published" from "no mark".
type Mark struct {
	Path   string    `json:"codeChemin"` // LIC-CHIMIE>ANNEE1
	Object MarkLabel `json:"objetFeuille"`
	Scale  Text      `json:"bareme,omitempty"` // out of what: 20

	First         Text         `json:"noteSession1,omitempty"`
	FirstResult   *MarkResult  `json:"resultatSession1,omitempty"`
	FirstCredits  Text         `json:"creditsEctsSession1,omitempty"`
	FirstAbsence  string       `json:"absenceSession1,omitempty"` // JUSTIFIEE, INJUSTIFIEE
	Second        Text         `json:"noteSession2,omitempty"`
	SecondResult  *MarkResult  `json:"resultatSession2,omitempty"`
	SecondAbsence string       `json:"absenceSession2,omitempty"`
	Retained      Text         `json:"noteRetenue,omitempty"`
	Final         Text         `json:"noteFinale,omitempty"` // retained, with the points of the jury
	FinalResult   *MarkResult  `json:"resultatFinal,omitempty"`
	FinalCredits  Text         `json:"creditsEctsFinaux,omitempty"`
	FinalAbsence  string       `json:"absenceFinale,omitempty"`
	FinalRank     Text         `json:"rangFinal,omitempty"`
	RankOutOf     Text         `json:"rangTotal,omitempty"`
	Session       int          `json:"numeroSessionRetenue,omitempty"`
	Honours       *MarkResult  `json:"mention,omitempty"`
	GPA           *MarkGrade   `json:"Gpa,omitempty"` // capital G in the contract
	ECTSGrade     *MarkGrade   `json:"gradeEcts,omitempty"`
	Recognised    bool         `json:"acquisCapitalise,omitempty"` // obtained in an earlier period
	RecognisedIn  *MarkPeriod  `json:"periodeAcquisCapitalise,omitempty"`
	Adjustments   []MarkResult `json:"listeTypeAmenagement,omitempty"`

	PublishedFirst  bool `json:"publieSession1"`
	PublishedSecond bool `json:"publieSession2"`
	PublishedFinal  bool `json:"publieEvaluationsFinales"`
}

// MarkLabel is the object that a mark is for.
type MarkLabel struct {
	Code       string `json:"code"`
	ShortLabel string `json:"libelleCourt,omitempty"`
	Label      string `json:"libelleLong,omitempty"`
}

// MarkResult is a value of a list of the establishment: a result, an honour, an adjustment.
type MarkResult struct {
	Code       string `json:"code"` // TRE001…
	ShortLabel string `json:"libelleCourt,omitempty"`
	Label      string `json:"libelleLong,omitempty"`
	Title      string `json:"libelleAffichage,omitempty"` // as students see it
}

// MarkGrade is a GPA or an ECTS grade.
type MarkGrade struct {
	Code  string `json:"code"`
	Value Text   `json:"valeur"` // "0.70", "B"
}

// MarkPeriod is the period in which something was obtained.
type MarkPeriod struct {
	Code  string `json:"code"`
	Title string `json:"libelleAffichage,omitempty"`
	Year  int    `json:"anneeUniversitaire,omitempty"`
}

// Marks reads what is published for a student in a period, from one object of the path
// down, that object first. period is a code; pathCode is as [FileTarget.PathCode] gives it.
func (c *Client) Marks(ctx context.Context, period, code, pathCode string) ([]Mark, error) {
	if err := needed("COC", c.cfg.Endpoints.COC); err != nil {
		return nil, err
	}
	resp, err := c.get(ctx, opMarks, path(c.cfg.Endpoints.COC, "etablissements", c.cfg.Structure, "periodes", period, "apprenants", code, "chemins", pathCode), nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Mark](opMarks, resp)
}
