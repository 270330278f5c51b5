package omobilitylas

// Choice is a course that a student chose, and what the sending institution recognises
// in its place: a mobility.Course of package mobility, field by field.
type Choice struct {
	Code    string // in the catalogue of the receiving institution
	Title   string
	Credits Hundredths
	Term    int // number of the term, from 1
	Terms   int // how many terms the year has
	// Replaces names what is recognised in its place. Several courses can replace one.
	// Empty recognises the course under its own title.
	Replaces string
	// Description makes the course a virtual one, which stands in table C.
	Description string
}

// RowsOf returns the rows of tables A, B and C of a course choice. What several courses
// replace stands once in table B, in the term of the first and with the credits of all:
// what the sending institution counts for it may be another number, and is then to be
// changed in the row.
func RowsOf(choice []Choice) []Row {
	var rows, recognised []Row
	at := map[string]int{}
	for _, c := range choice {
		row := Row{Table: A, Code: c.Code, Title: c.Title, Credits: c.Credits, Term: c.Term, Terms: c.Terms, Description: c.Description}
		if c.Description != "" {
			row.Table = C
		}
		rows = append(rows, row)
		if i, again := at[c.Replaces]; again && c.Replaces != "" {
			recognised[i].Credits += c.Credits
			continue
		}
		at[c.Replaces] = len(recognised)
		home := Row{Table: B, Title: c.Replaces, Credits: c.Credits, Term: c.Term, Terms: c.Terms}
		if c.Replaces == "" {
			home.Title = c.Title
		}
		recognised = append(recognised, home)
	}
	return append(rows, recognised...)
}

// ChoiceOf returns the courses of tables A and C, which are what a student system keeps
// as the choice. Deleted ones are left out. What each replaces is not in the document:
// table B lists what is recognised, without saying for which course.
func ChoiceOf(rows []Row) []Choice {
	var choice []Choice
	for _, r := range rows {
		if (r.Table == A || r.Table == C) && r.Status != Deleted {
			choice = append(choice, Choice{Code: r.Code, Title: r.Title, Credits: r.Credits, Term: r.Term, Terms: r.Terms, Description: r.Description})
		}
	}
	return choice
}

// ChangeRows returns the rows of tables A2, B2 and C2 that lead from the first version to
// what is wanted: what is gone is deleted, what is new is inserted, and a row that differs
// is both. A proposal lists all changes to the first version, those that were agreed
// before included, so first is Agreement.First and not Agreement.Current. reason, which
// may be nil, gives the reason of each change: a code, a text, or both.
func ChangeRows(first, wanted []Row, reason func(Row) (Reason, string)) []Row {
	left := map[Row]int{}
	for _, r := range wanted {
		left[r.bare()]++
	}
	var changes []Row
	add := func(r Row, status Mark) {
		r = r.bare()
		r.Status = status
		if reason != nil {
			r.Reason, r.Text = reason(r)
		}
		changes = append(changes, r)
	}
	for _, r := range first {
		if left[r.bare()] > 0 {
			left[r.bare()]--
			continue
		}
		add(r, Deleted)
	}
	for _, r := range wanted {
		if left[r.bare()] > 0 {
			left[r.bare()]--
			add(r, Inserted)
		}
	}
	return changes
}

// bare returns the row without what makes it a change.
func (r Row) bare() Row {
	r.Status, r.Reason, r.Text = "", "", ""
	return r
}
