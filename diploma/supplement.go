package diploma

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
)

// Degree is what sections 2, 3, 5 and 8 say of a programme, in one language. One
// record per programme and language serves all its holders.
type Degree struct {
	Name          string // 2.1, in the original language
	Title         string // conferred, in the original language; may be empty
	Fields        string // 2.2
	Institution   string // 2.3, name and status
	Administering string // 2.4; empty: the same institution
	Languages     string // 2.5
	Level         string // 3.1: "EQF 7, RNCP 7: master"
	Duration      string // 3.2: "2 years, 120 ECTS credits"
	Access        string // 3.3
	Mode          string // 4.1: full time, …
	Outcomes      string // 4.2: blocs de compétences of the RNCP sheet, …
	Grading       string // 4.4, in words; the table follows it
	FurtherStudy  string // 5.1
	Profession    string // 5.2
	Sources       string // 6.2
	System        string // 8: the national text
}

// Line is a result in section 4.3. Depth is how far it is indented: a year, a
// semester and a course are 0, 1 and 2.
type Line struct {
	Depth   int
	Code    string
	Title   string
	Year    string // academic year, when the holder obtained it: "2025-2026"
	Credits string // obtained, as the transcript prints them
	Mark    string // as the transcript prints it
	Passed  *bool  // nil when it is not known: nothing is printed then
	// Description is the syllabus of the course: learning outcomes, content, assessment.
	Description string
	Where       string // the institution, for what was obtained abroad
}

// Signatory is section 7. The page leaves room to sign under the name, and for what
// is not set.
type Signatory struct {
	Name     string
	Capacity string // 7.3
}

// Supplement is a diploma supplement. It is personal data.
type Supplement struct {
	Wording Wording
	Holder  passerelle.Person
	// StudentCode is 1.4: the number that the institution prints, which may be the INE.
	StudentCode string
	Degree      Degree
	Results     []Line
	// Table is the distribution of grades of section 4.4. nil when there is none.
	Table          *egracons.Table
	Classification string // 4.5, in the original language: "Mention bien"
	Additional     string // 6.1: stays abroad, traineeships, engagement
	IssuedOn       passerelle.Date
	Signatory      Signatory
	// Explained says, by section number, why a section is empty: "The programme gives
	// no access to a regulated profession."
	Explained map[string]string
}

// LogValue shows which degree, and nothing of the holder.
func (s Supplement) LogValue() slog.Value {
	return slog.GroupValue(slog.String("degree", s.Degree.Name), slog.String("version", s.Wording.Version))
}

// Section is a section as it is printed and exchanged.
type Section struct {
	Number  string
	Title   string
	Content string // text; empty for a section that has only others in it, or a table
	Reason  string // why Content is empty, when that is explained
	// Results and Table are tables that follow Content, in 4.3 and 4.4.
	Results  []Line
	Table    []egracons.TableRow
	Sections []Section
}

// empty reports whether nothing is said.
func (s Section) empty() bool {
	return s.Content == "" && len(s.Results) == 0 && len(s.Table) == 0
}

// Sections returns the eight sections, with theirs.
func (s Supplement) Sections() []Section {
	var out []Section
	for _, number := range numbers {
		section := Section{Number: number, Title: s.Wording.Titles[number], Content: s.content(number)}
		switch number {
		case "4.3":
			section.Results = slices.Clone(s.Results)
		case "4.4":
			if s.Table != nil {
				section.Table = s.Table.Rows()
			}
		}
		if section.empty() {
			section.Reason = s.Explained[number]
		}
		if !strings.Contains(number, ".") {
			out = append(out, section)
			continue
		}
		last := &out[len(out)-1]
		last.Sections = append(last.Sections, section)
	}
	return out
}

// content is the text of a section that has one.
func (s Supplement) content(number string) string {
	d := s.Degree
	switch number {
	case "1.1":
		if s.Holder.UsageName != "" && s.Holder.UsageName != s.Holder.BirthName {
			return s.Holder.BirthName + " (" + s.Holder.UsageName + ")"
		}
		return s.Holder.BirthName
	case "1.2":
		return s.Holder.Given()
	case "1.3":
		return french(s.Holder.BirthDate)
	case "1.4":
		return s.StudentCode
	case "2.1":
		return joined(d.Name, d.Title)
	case "2.2":
		return d.Fields
	case "2.3":
		return d.Institution
	case "2.4":
		return d.Administering
	case "2.5":
		return d.Languages
	case "3.1":
		return d.Level
	case "3.2":
		return d.Duration
	case "3.3":
		return d.Access
	case "4.1":
		return d.Mode
	case "4.2":
		return d.Outcomes
	case "4.4":
		return d.Grading
	case "4.5":
		return s.Classification
	case "5.1":
		return d.FurtherStudy
	case "5.2":
		return d.Profession
	case "6.1":
		return s.Additional
	case "6.2":
		return d.Sources
	case "7.1":
		return french(s.IssuedOn)
	case "7.2":
		return s.Signatory.Name
	case "7.3":
		return s.Signatory.Capacity
	case "8":
		return d.System
	}
	return ""
}

// french writes a date as section 1.3 demands: dd/mm/yyyy.
func french(d passerelle.Date) string {
	if d.IsZero() {
		return ""
	}
	iso := d.String()
	if len(iso) != len("2006-01-02") {
		return iso
	}
	return iso[8:] + "/" + iso[5:7] + "/" + iso[:4]
}

func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	return strings.Join(parts, ", ")
}

// Missing is a section that is neither filled nor explained.
type Missing struct {
	Number string
	Title  string
	Want   string // where it usually comes from
}

// sameInstitution is the section that an empty text fills: 2.3 says it.
const sameInstitution = "2.4"

// stamp is the section that only a hand or a seal fills.
const stamp = "7.4"

// sources tells where the content of a section comes from.
var sources = map[string]string{
	"1": "the holder, from the student system", "2": "the record of the programme", "3": "the record of the programme",
	"4": "the record of the programme and the results", "5": "the record of the programme", "6": "the institution",
	"7": "the signatory", "8": "the national text",
}

// Missing returns the sections that have no content and no reason why, in order.
// Section 2.4 may be empty, and so may 7.4, the seal. It also lists 4.3 when a
// result has neither credits nor a mark.
func (s Supplement) Missing() []Missing {
	var out []Missing
	add := func(sec Section, want string) { out = append(out, Missing{sec.Number, sec.Title, want}) }
	var walk func([]Section)
	walk = func(sections []Section) {
		for _, sec := range sections {
			walk(sec.Sections)
			switch {
			case len(sec.Sections) > 0 || sec.Number == sameInstitution || sec.Number == stamp:
			case sec.empty() && sec.Reason == "":
				add(sec, sources[sec.Number[:1]])
			}
			for i, line := range sec.Results {
				if line.Credits == "" && line.Mark == "" && !s.heading(i) {
					add(sec, "credits or a mark for "+line.Title)
				}
			}
		}
	}
	walk(s.Sections())
	return out
}

// heading reports whether the results that follow a line are inside of it.
func (s Supplement) heading(i int) bool {
	return i+1 < len(s.Results) && s.Results[i+1].Depth > s.Results[i].Depth
}
