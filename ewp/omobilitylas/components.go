package omobilitylas

import (
	"regexp"

	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// The identifiers of the courses API (ewp-specs-api-courses 0.7.1, response.xsd).
var (
	losPattern = regexp.MustCompile(`^(CR|CLS|MOD|DEP)/(.{1,40})$`)
	loiPattern = regexp.MustCompile(`^(CRI|CLSI|MODI|DEPI)/(.{1,40})$`)
)

// tableRule is what holds of the components of one table.
type tableRule struct {
	name       string
	of         func(Tables) *Table
	kind       Type
	required   bool // in a first version of that type
	term       bool // term-id is required
	conditions bool // recognition-conditions is allowed
	describe   description
}

// description is what a table wants of short-description.
type description uint8

const (
	descriptionForbidden description = iota
	descriptionAllowed
	descriptionOnce
	descriptionRequired
)

// tableRules are the rules of the annotations of get-response.xsd.
var tableRules = []tableRule{
	{"components-studied", func(t Tables) *Table { return t.Studied }, Semester, true, true, false, descriptionForbidden},
	{"components-recognized", func(t Tables) *Table { return t.Recognized }, Semester, true, true, true, descriptionForbidden},
	{"virtual-components", func(t Tables) *Table { return t.Virtual }, Semester, false, false, true, descriptionRequired},
	{"blended-mobility-components", func(t Tables) *Table { return t.Blended }, Blended, true, false, true, descriptionOnce},
	{"short-term-doctoral-components", func(t Tables) *Table { return t.Doctoral }, Doctoral, true, false, true, descriptionAllowed},
}

// faults looks at the tables of a version.
func (t Tables) faults(f *lexical.Faults, path string, kind Type, change bool) {
	for _, rule := range tableRules {
		table, at := rule.of(t), path+"."+rule.name
		switch {
		case table == nil:
			if rule.required && rule.kind == kind && !change {
				f.Add(at, "required", "this table, in an agreement that is "+string(kind))
			}
			continue
		case kind != "" && rule.kind != kind:
			f.Add(at, "type", "no such table in an agreement that is "+string(kind))
		case rule.kind != Semester && len(table.Components) == 0:
			f.Add(at, "required", "a component at least")
		}
		rule.faults(f, at, *table, change)
	}
}

func (r tableRule) faults(f *lexical.Faults, path string, table Table, change bool) {
	described := false
	for i, c := range table.Components {
		at := lexical.At(path+".component", i)
		c.faults(f, at, change)
		switch {
		case c.Term != nil:
			f.In(at+".term-id", c.Term.Validate())
		case r.term:
			f.Add(at+".term-id", "required", "the term at the institution that gives the component")
		}
		if c.RecognitionConditions != "" && !r.conditions {
			f.Add(at+".recognition-conditions", "forbidden", "no conditions in the table of what is studied")
		}
		described = described || c.ShortDescription != ""
		switch {
		case r.describe == descriptionForbidden && c.ShortDescription != "":
			f.Add(at+".short-description", "forbidden", "a description in the other tables only")
		case r.describe == descriptionRequired && c.ShortDescription == "":
			f.Add(at+".short-description", "required", "a short description of the virtual component")
		}
	}
	if r.describe == descriptionOnce && !described && len(table.Components) > 0 {
		f.Add(path, "required", "a short description in one component at least, the virtual one")
	}
}

// faults looks at what holds of a component in any table.
func (c Component) faults(f *lexical.Faults, path string, change bool) {
	switch {
	case c.Status == "" && change:
		f.Add(path+"@status", "required", "inserted or deleted, in a change")
	case c.Status != "" && !change:
		f.Add(path+"@status", "forbidden", "no status in a first version")
	case c.Status != "":
		f.Word(path+"@status", string(c.Status), string(Inserted), string(Deleted))
	}
	if of, known := reasons[c.Reason]; c.Reason != "" {
		switch {
		case !known:
			f.Add(path+"@reason-code", "code", "a reason of the schema, or reason-text alone")
		case of != c.Status:
			f.Add(path+"@reason-code", "status", "a reason for what the status says: this one is for "+string(of))
		}
	}
	if c.ReasonText != "" && c.Status == "" {
		f.Add(path+"@reason-text", "status", "a reason for a change only")
	}
	if c.LOSID != "" && !losPattern.MatchString(c.LOSID) {
		f.Add(path+".los-id", "pattern", "CR, CLS, MOD or DEP, a slash and up to 40 characters")
	}
	if c.LOIID != "" && !loiPattern.MatchString(c.LOIID) {
		f.Add(path+".loi-id", "pattern", "CRI, CLSI, MODI or DEPI, a slash and up to 40 characters")
	}
	f.Required(path+".title", c.Title, "a title")
	for i, credit := range c.Credits {
		at := lexical.At(path+".credit", i)
		f.Required(at+".scheme", credit.Scheme, "ects, or the name of another scheme")
		f.Decimal(at+".value", credit.Value)
	}
}
