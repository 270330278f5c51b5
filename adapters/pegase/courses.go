package pegase

import (
	"context"
	"net/url"
)

// Courses is the choices of a student in one period and programme (CHC 1.4.1). It is
// personal data.
type Courses struct {
	Structure string         `json:"codeStructure"`
	Period    CoursesPeriod  `json:"periode"`
	Programme CoursesProgram `json:"formation"`
	Root      *Course        `json:"racinePedagogique,omitempty"` // the object of the enrolment; nil when nothing was chosen
}

// CoursesPeriod is the period of a tree of courses.
type CoursesPeriod struct {
	Code  string `json:"code"`
	Title string `json:"libelleAffichage"`
	Begin string `json:"dateDebut"` // YYYY-MM-DD
}

// CoursesProgram is the programme of a tree of courses.
type CoursesProgram struct {
	Code  string `json:"code"`
	Label string `json:"libelleLong"`
}

// Course is a taught object that a student has, with those below it.
type Course struct {
	Code       string   `json:"codeObjetMaquette"`
	Label      string   `json:"libelleLongObjetMaquette"`
	Kind       string   `json:"libelleAffichageTypeObjetFormation"` // label of the type: Semestre, UE…
	Mandatory  bool     `json:"estObligatoire"`
	ECTS       Text     `json:"creditEcts,omitempty"`
	Choice     string   `json:"typeChoixPedagogique"` // AFFECTATION_CHOISIE, DISPENSE_CHOISIE, ACQUIS…
	Recognised *Merit   `json:"acquisCapitalise,omitempty"`
	Children   []Course `json:"enfants"`
}

// Merit is a result of an earlier period that counts again.
type Merit struct {
	Period string `json:"libelleAffichagePeriodeAcquisition"`
	Code   string `json:"codeObjetFormationAcquisition"`
	Mark   Text   `json:"noteFinale,omitempty"`
	Scale  Text   `json:"bareme,omitempty"`
	Result string `json:"libelleResultatFinal,omitempty"`
}

// Courses gives the trees of a student, for all periods and programmes. An unknown student
// has none.
func (c *Client) Courses(ctx context.Context, code string) ([]Courses, error) {
	if err := needed("CHC", c.cfg.Endpoints.CHC); err != nil {
		return nil, err
	}
	resp, err := c.get(ctx, opCourses, c.cfg.Endpoints.CHC+"/cursus", url.Values{"codeApprenant": {code}})
	if err != nil {
		return nil, err
	}
	return decode[[]Courses](opCourses, resp)
}

// index notes every object of a tree by its code.
func (course *Course) index(into map[string]*Course) {
	into[course.Code] = course
	for i := range course.Children {
		course.Children[i].index(into)
	}
}
