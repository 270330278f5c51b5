package egracons

import (
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/passerelle-sup/passerelle"
)

// reportJSON is a report as JSON: shares and percentages are decimals, so that a
// person can read them; identities name the tables that give the exact figures.
type reportJSON struct {
	ID       string          `json:"id,omitzero"`
	Date     passerelle.Date `json:"date,omitzero"`
	Student  string          `json:"student,omitzero"`
	Host     partyJSON       `json:"host"`
	Home     partyJSON       `json:"home"`
	Policy   Policy          `json:"policy"`
	Tie      Tie             `json:"tie"`
	MinShare Number          `json:"min_share,omitzero"`
	Lines    []lineJSON      `json:"lines"`
	Mean     string          `json:"converted_mean,omitzero"` // two decimals
}

type partyJSON struct {
	Name    string `json:"name,omitzero"`
	HEI     string `json:"hei_id,omitzero"`
	Erasmus string `json:"erasmus_code,omitzero"`
}

type lineJSON struct {
	Code       string          `json:"code,omitzero"`
	Title      string          `json:"title,omitzero"`
	Credits    Number          `json:"ects,omitzero"`
	ISCED      string          `json:"isced_f,omitzero"`
	HostGrade  string          `json:"host_grade"`
	Status     Status          `json:"status,omitzero"`
	Lo         string          `json:"lo,omitzero"` // percent from the best, four decimals
	Hi         string          `json:"hi,omitzero"`
	Candidates []candidateJSON `json:"candidates,omitempty"`
	Suggestion string          `json:"suggestion,omitzero"`
	Mark       string          `json:"mark,omitzero"` // four decimals
	HostTable  *originJSON     `json:"host_table,omitzero"`
	HomeTable  *originJSON     `json:"home_table,omitzero"`
	Warnings   []Warning       `json:"warnings,omitempty"`
	Error      string          `json:"error,omitzero"`
	Approved   string          `json:"approved_grade,omitzero"`
	Approver   string          `json:"approver,omitzero"`
	ApprovedOn passerelle.Date `json:"approval_date,omitzero"`
	Remark     string          `json:"remark,omitzero"`
}

type candidateJSON struct {
	Grade string `json:"grade"`
	Share string `json:"share"` // four decimals
	Left  bool   `json:"left_out,omitzero"`
}

type originJSON struct {
	Identity
	Basis string `json:"basis"`
	Total int64  `json:"total,omitzero"`
}

func (o Origin) json() *originJSON {
	return &originJSON{Identity: o.Identity, Basis: o.Basis.String(), Total: o.Size}
}

func (l Line) json() lineJSON {
	r := l.Result
	out := lineJSON{Code: l.Course.Code, Title: l.Course.Title, Credits: l.Course.Credits, ISCED: l.Course.ISCED, HostGrade: l.Course.Grade,
		Approved: l.Approved.Grade, Approver: l.Approved.By, ApprovedOn: l.Approved.Date, Remark: l.Approved.Remark}
	if l.Err != nil {
		out.Error = l.Err.Error()
		return out
	}
	out.Status, out.Suggestion, out.Mark, out.Warnings = r.Status, r.Suggestion, r.Mark.Decimal(4), r.Warnings
	out.HostTable, out.HomeTable = r.Host.json(), r.Home.json()
	if r.Status == Converted {
		out.Lo, out.Hi = r.Interval.Low.Percent(4), r.Interval.High.Percent(4)
	}
	for _, c := range r.Candidates {
		out.Candidates = append(out.Candidates, candidateJSON{c.Grade, c.Share.Decimal(4), !c.Kept})
	}
	return out
}

// WriteJSON writes the report for machines and archives, one record for each
// course. The host's table is not in it, only the interval of each grade.
func (r *Report) WriteJSON(w io.Writer) error {
	t := r.Transcript
	doc := reportJSON{ID: t.ID, Date: t.Date, Student: t.Student, Host: partyJSON(t.Host), Home: partyJSON(t.Home),
		Policy: r.Rules.Policy, Tie: r.Rules.Tie, MinShare: r.Rules.MinShare, Lines: make([]lineJSON, len(r.Lines))}
	for i, line := range r.Lines {
		doc.Lines[i] = line.json()
	}
	if r.Mean != nil {
		doc.Mean = r.Mean.Value.Decimal(2)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// WriteCSV writes one row for each course: report_id, student, host_hei_id,
// home_hei_id, code, title, ects, isced_f, host_grade, status, lo, hi, candidates,
// suggestion, mark, policy, tie, min_share, host_table, home_table, warnings,
// error, approved_grade, approver, approval_date, remark. Lists are separated by
// blanks.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"report_id", "student", "host_hei_id", "home_hei_id", "code", "title", "ects", "isced_f", "host_grade", "status", "lo", "hi",
		"candidates", "suggestion", "mark", "policy", "tie", "min_share", "host_table", "home_table", "warnings", "error",
		"approved_grade", "approver", "approval_date", "remark"}}
	t := r.Transcript
	for _, line := range r.Lines {
		l := line.json()
		var candidates, warnings, hostTable, homeTable string
		for i, c := range l.Candidates {
			candidates += separator(i) + c.Grade + "=" + c.Share
		}
		for i, warning := range l.Warnings {
			warnings += separator(i) + warning.String()
		}
		if l.HostTable != nil {
			hostTable, homeTable = l.HostTable.Name(), l.HomeTable.Name()
		}
		rows = append(rows, []string{t.ID, t.Student, t.Host.HEI, t.Home.HEI, l.Code, l.Title, l.Credits.String(), l.ISCED, l.HostGrade, l.Status.String(), l.Lo, l.Hi,
			candidates, l.Suggestion, l.Mark, r.Rules.Policy.String(), r.Rules.Tie.String(), r.Rules.MinShare.String(), hostTable, homeTable, warnings, l.Error,
			l.Approved, l.Approver, l.ApprovedOn.String(), l.Remark})
	}
	return out.WriteAll(rows)
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return " "
}
