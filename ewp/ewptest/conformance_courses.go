package ewptest

import (
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// coursesSuite is CoursesValidationSuite. It finds a course by Simple Course
// Replication.
var coursesSuite = suite{api: ewp.Courses, prepare: (*session).findCourse, steps: regular((*session).courses)}

// What findCourse keeps of the first instance of the course.
const (
	knownInstance = "loi_id"
	knownStart    = "start of " + knownInstance
	knownEnd      = "end of " + knownInstance
)

func instanceOf(element string) selector {
	return selector{"learningOpportunitySpecification", "specifies", "learningOpportunityInstance", element}
}

func (s *session) findCourse() error {
	if err := s.findOut("los_id", ewp.SimpleCourseReplication, "", params{"hei_id", s.ownHEI()}, selector{"los-id"}); err != nil {
		return err
	}
	return s.findDetails("details of the course", params{"hei_id", s.ownHEI(), "los_id", s.value("los_id")}, map[string]selector{
		"los_code":    {"learningOpportunitySpecification", "los-code"},
		knownInstance: instanceOf("loi-id"), knownStart: instanceOf("start"), knownEnd: instanceOf("end"),
	})
}

func (s *session) courses(c Combination) error {
	err := s.ids(c, idsPattern{
		prefix: "los", id: s.value("los_id"), max: s.limit("max-los-ids"), owner: "hei_id", hei: s.ownHEI(),
		codes: true, code: s.value("los_code"), maxCodes: s.limit("max-los-codes"), found: selector{"learningOpportunitySpecification", "los-id"},
		first: s.recommended,
	})
	if err != nil {
		return err
	}
	call := func(more ...string) params {
		return params{"hei_id", s.ownHEI(), "los_id", s.value("los_id")}.with(more...)
	}
	dates := []probe{
		s.hidden("lois_after", knownStart, 1, call), s.hidden("lois_before", knownEnd, -1, call),
		refuse("lois_before twice", 400, call("lois_before", "2010-01-01", "lois_before", "2010-01-01")),
		refuse("lois_after twice", 400, call("lois_after", "2010-01-01", "lois_after", "2010-01-01")),
		refuse("lois_before that is text", 400, call("lois_before", "abcd-ef-gh")),
		refuse("lois_before in another form", 400, call("lois_before", "31-12-2019")),
		refuse("lois_before with a time", 400, call("lois_before", "2009-12-31 23:59:59")),
	}
	if err := s.probe(c, dates...); err != nil {
		return err
	}
	return s.oursAll(c,
		refuse("lois_after that is text", 400, call("lois_after", "abcd-ef-gh")),
		refuse("lois_after with a time", 400, call("lois_after", "2009-12-31T23:59:59Z")))
}

// recommended judges the course as the validator does: a code should be there, and an
// instance would help.
func (s *session) recommended(*element) error {
	switch {
	case s.value("los_code") == "":
		return warning("los-code is recommended; some steps need it")
	case s.value(knownInstance) == "":
		return notice("the course has no instance; some steps need one")
	}
	return nil
}

// hidden asks for instances by a date that leaves out the known one.
func (s *session) hidden(param, known string, days int, call func(...string) params) probe {
	p := probe{name: param + " that leaves out an instance", want: "without it", mild: Warning}
	day, err := passerelle.ParseDate(firstOf(s.value(known), len("2025-09-01")))
	if err != nil {
		return p.unless("the course has no instance")
	}
	p.params = call(param, day.AddDays(days).String())
	p.ok = func(root *element) error {
		if slices.Contains(instanceOf("loi-id").texts(root), s.value(knownInstance)) {
			return failure("loi-id %s should not be there", s.value(knownInstance))
		}
		return nil
	}
	return p
}

// firstOf returns the first n bytes of a text: a date without its zone.
func firstOf(s string, n int) string { return s[:min(n, len(s))] }

// replicationSuite is CourseReplicationValidationSuite.
var replicationSuite = suite{api: ewp.SimpleCourseReplication, steps: regular((*session).replication)}

func (s *session) replication(c Combination) error {
	hei := s.ownHEI()
	err := s.probe(c,
		probe{name: "known hei_id", params: params{"hei_id", hei}},
		probe{name: "known hei_id and an unknown parameter", params: params{"hei_id", hei, "param_hei_id", hei}},
		refuse("hei_id twice", 400, params{"hei_id", hei, "hei_id", hei}),
		refuse("wrong name of the parameter", 400, params{"hei_id_param", FakeID}),
		refuse("unknown hei_id", 400, params{"hei_id", FakeID}),
		refuse("no parameter", 400, nil),
	)
	if err != nil {
		return err
	}
	supported, _ := s.entry.Value("supports-modified-since")
	err = s.step(c, "support of modified_since", "declared", func() error {
		if supported != "true" && supported != "1" {
			return notice("%s", noModifiedSince)
		}
		return nil
	})
	if err != nil || supported != "true" && supported != "1" {
		return err
	}
	since := func(values ...string) params {
		p := params{"hei_id", hei}
		for _, v := range values {
			p = p.with(paramSince, v)
		}
		return p
	}
	if err := s.probe(c,
		probe{name: paramSince + " some time ago", params: since(someTimeAgo)},
		refuse(paramSince+" that is text", 400, since(FakeID)),
		refuse(paramSince+" that is a date", 400, since("2004-02-12")),
		refuse(paramSince+" in another form", 400, since("05/29/2015 05:50")),
	); err != nil {
		return err
	}
	return s.oursAll(c, refuse(paramSince+" twice", 400, since(someTimeAgo, laterStill)))
}
