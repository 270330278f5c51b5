package omobilitylas

// Type is the type of a mobility, which decides on the tables of its agreement. Its
// values are those of the parameter mobility_type.
type Type string

// The types. The zero value is none: no table says which, or several contradict each
// other.
const (
	Semester Type = "semester" // one or several semesters, a year
	Blended  Type = "blended"  // with a short physical stay
	Doctoral Type = "doctoral" // a short stay
)

// Types lists them.
func Types() []Type { return []Type{Semester, Blended, Doctoral} }

// Type returns the type that the tables are of: blended or doctoral where there is the
// table of that type and nothing but what may stand beside it, and semester for the
// tables A, B and C.
func (t Tables) Type() Type {
	semester := t.Studied != nil || t.Recognized != nil || t.Virtual != nil
	switch {
	case t.Blended != nil && t.Doctoral == nil && !semester:
		return Blended
	case t.Doctoral != nil && t.Blended == nil && !semester:
		return Doctoral
	case semester && t.Blended == nil && t.Doctoral == nil:
		return Semester
	}
	return ""
}

// Type returns the type of the mobility: that of the first version, or of the proposal
// before there is one.
func (a Agreement) Type() Type {
	switch {
	case a.First != nil:
		return a.First.Tables.Type()
	case a.Proposal != nil:
		return a.Proposal.Tables.Type()
	}
	return ""
}

// Current returns the tables that are in force: the first version with the agreed
// changes applied, or nothing before there is a first version. The components that
// remain have no status.
func (a Agreement) Current() Tables {
	if a.First == nil {
		return Tables{}
	}
	return a.First.Tables.With(changes(a.Changes))
}

// Proposed returns the tables as they would be in force if the proposal was approved,
// or Current where there is no proposal.
func (a Agreement) Proposed() Tables {
	switch {
	case a.Proposal == nil:
		return a.Current()
	case a.First == nil:
		return a.Proposal.Tables
	}
	return a.First.Tables.With(a.Proposal.Tables)
}

func changes(v *Version) Tables {
	if v == nil {
		return Tables{}
	}
	return v.Tables
}

// With returns the tables with the changes of tables A2, B2 and C2: what is deleted is
// gone, what is inserted is there. A deletion takes away the first component that it
// names: by its los-id where both have one, else by los-code and title, or by title
// where one has no code (deduced: the specification does not say how components are
// matched). A deletion that names nothing has no effect.
func (t Tables) With(changes Tables) Tables {
	list, with := t.each(), changes.each()
	for i, table := range list {
		*table = (*table).with(*with[i])
	}
	return Tables{Studied: *list[0], Recognized: *list[1], Virtual: *list[2], Blended: *list[3], Doctoral: *list[4]}
}

// each returns the tables of a copy, in their order.
func (t Tables) each() []**Table {
	return []**Table{&t.Studied, &t.Recognized, &t.Virtual, &t.Blended, &t.Doctoral}
}

func (t *Table) with(changes *Table) *Table {
	if changes == nil || len(changes.Components) == 0 {
		return t
	}
	result := &Table{}
	if t != nil {
		result.Components = append(result.Components, t.Components...)
	}
	for _, c := range changes.Components {
		if c.Status != Deleted {
			continue
		}
		for i, old := range result.Components {
			if old.matches(c) {
				result.Components = append(result.Components[:i:i], result.Components[i+1:]...)
				break
			}
		}
	}
	for _, c := range changes.Components {
		if c.Status != Deleted {
			c.Status, c.Reason, c.ReasonText = "", "", ""
			result.Components = append(result.Components, c)
		}
	}
	return result
}

// matches reports whether a deletion names the component.
func (c Component) matches(deleted Component) bool {
	switch {
	case c.LOSID != "" && deleted.LOSID != "":
		return c.LOSID == deleted.LOSID
	case c.LOSCode != "" && deleted.LOSCode != "":
		return c.LOSCode == deleted.LOSCode && c.Title == deleted.Title
	}
	return c.Title == deleted.Title
}

// HasVirtual reports whether the template's box "virtual component" is ticked: a
// semester mobility has a virtual component that is not deleted, or a doctoral one has a
// component with a description. A blended mobility has one by its nature, and no box.
func (t Tables) HasVirtual() bool {
	if t.Virtual != nil {
		for _, c := range t.Virtual.Components {
			if c.Status != Deleted {
				return true
			}
		}
	}
	if t.Doctoral != nil {
		for _, c := range t.Doctoral.Components {
			if c.ShortDescription != "" {
				return true
			}
		}
	}
	return false
}
