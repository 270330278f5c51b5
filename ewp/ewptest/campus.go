package ewptest

import (
	"errors"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
)

// Campus is what a university publishes of itself: name, units, factsheet and courses,
// which fit together. It is what the APIs institutions, organizational-units, factsheet,
// courses and simple-course-replication show.
type Campus struct {
	Institution institutions.HEI
	Units       []ounits.Unit
	Factsheet   factsheet.Factsheet
	Courses     []courses.Specification
}

// CampusLimit is how many objects a university of [ServeCampus] gives at once.
const CampusLimit = 3

// NewCampus returns an invented campus, always the same for an institution: the unit
// that stands for it with two faculties below, and a programme with a module and a
// course in it, one of which is given twice.
func NewCampus(i ewp.Institution) Campus {
	units := campusUnits(i)
	return Campus{Institution: campusInstitution(i, units), Units: units, Factsheet: campusFactsheet(i), Courses: campusCourses(i, units)}
}

// ServeCampus serves an invented campus at a university: see [NewCampus].
func ServeCampus(u *University, opts ...ewpserver.Option) (Campus, error) {
	c := NewCampus(u.Institution)
	return c, c.Serve(u, opts...)
}

// Serve serves the campus at a university, by all five APIs.
func (c Campus) Serve(u *University, opts ...ewpserver.Option) error {
	return errors.Join(
		institutions.Register(u.Server, institutions.List{c.Institution}, institutions.Limits{HEIs: CampusLimit}, opts...),
		ounits.Register(u.Server, ounits.List(c.Units), ounits.Limits{IDs: CampusLimit, Codes: CampusLimit}, opts...),
		factsheet.Register(u.Server, factsheet.List{c.Factsheet}, factsheet.Limits{HEIs: CampusLimit}, opts...),
		courses.Register(u.Server, courses.List(c.Courses), courses.Limits{IDs: CampusLimit, Codes: CampusLimit}, opts...),
		courses.RegisterReplication(u.Server, replicated(c.Courses), opts...),
	)
}
