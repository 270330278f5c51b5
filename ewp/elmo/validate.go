package elmo

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// The words that the schemas list.
var (
	specificationTypes = []string{DegreeProgramme, Module, CourseUnit, Class}
	documentTypes      = []string{"Diploma", "Certificate", "Enrolment", "Admission"}
	statuses           = []string{Passed, Failed, InProgress}
	creditLevels       = []string{"Bachelor", "Master", "PhD"}
	statusCodes        = []string{"FULL", "SELECTION", "PARTIAL_TEMPORARY", "PARTIAL_PERMANENT", "ERROR_TEMPORARY", "ERROR_PERMANENT"}
	recognitionWords   = []string{"Positive", "Negative", "Partially Positive"}
	attachmentTypes    = []string{
		"Diploma", "Diploma Supplement", "Transcript of Records", "EMREX transcript", "Micro Credential", "Letter of Nomination", "Certificate of Training",
		"Learning Agreement", "Other",
	}
	countryCode   = regexp.MustCompile(`^[A-Z]{2}$`)
	sectionNumber = regexp.MustCompile(`^[0-9.]+$`)
	duration      = regexp.MustCompile(`^-?P(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$`)
)

// Validate returns everything that the schema of a version refuses in the document
// as [Document.Encode] writes it, and what the schema cannot say: references to
// grading schemes and attachments that are nowhere, and two schemes of one name.
// Its error is a [passerelle.FieldErrors], each with its path.
func (d *Document) Validate(v Version) error {
	c := &check{v: v}
	if v.Namespace() == "" {
		c.add("version", "code", "V1 or V2")
		return c.faults.Err()
	}
	c.document(d.In(v))
	return c.faults.Err()
}

// check collects faults.
type check struct {
	v           Version
	faults      passerelle.FieldErrors
	schemes     map[string]bool // of the report at hand
	attachments map[string]bool // of the document and the report at hand
}

func (c *check) add(path, rule, want string) { c.faults.Add(path, rule, want) }

func (c *check) need(path, value, want string) {
	if token(value) == "" {
		c.add(path, "required", want)
	}
}

// word refuses a value that is there and not listed.
func (c *check) word(path, value string, list []string) {
	if value = token(value); value != "" && !slices.Contains(list, value) {
		c.add(path, "code", strings.Join(list, ", "))
	}
}

func (c *check) day(path, value string, required bool) {
	if value = token(value); value == "" && !required {
		return
	}
	if _, err := ParseDay(value); err != nil || strings.Contains(value, "T") {
		c.add(path, "date", "a date, YYYY-MM-DD")
	}
}

func (c *check) moment(path, value string) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(layout, token(value)); err == nil {
			return
		}
	}
	c.add(path, "date", "a date and time, such as 2026-11-25T10:00:00+01:00")
}

func (c *check) number(path, value string) {
	if value = token(value); value == "" {
		return
	}
	if _, ok := decimal(value); !ok || strings.Contains(value, ",") {
		c.add(path, "number", "a decimal number with a point")
	}
}

func (c *check) coded(path string, code *Coded) {
	switch {
	case code == nil:
	case (c.v == V1 || equalFold(code.Type, "ISO")) && !countryCode.MatchString(token(code.Value)):
		c.add(path, "country", "two capital letters of ISO 3166-1")
	case c.v == V2 && !equalFold(code.Type, "ISO") && !equalFold(code.Type, "URI"):
		c.add(path+".type", "code", "ISO or URI")
	}
}

func (c *check) identifiers(path string, ids []Identifier, least int) {
	if len(ids) < least {
		c.add(path, "required", "an identifier")
	}
	for i, id := range ids {
		p := fmt.Sprintf("%s[%d]", path, i)
		c.need(p+".type", id.Type, "the type of the identifier")
		c.need(p, id.Value, "an identifier")
	}
}

func (c *check) titles(path string, titles ewp.Texts) {
	if !slices.ContainsFunc(titles, func(t ewp.Text) bool { return token(t.Value) != "" }) {
		c.add(path, "required", "a title")
	}
}

func (c *check) document(d *Document) {
	c.moment("generatedDate", d.GeneratedDate)
	l := d.Learner
	c.coded("learner.citizenship", l.Citizenship)
	c.identifiers("learner.identifier", l.Identifiers, 0)
	c.need("learner.givenNames", l.GivenNames, "the given names")
	c.need("learner.familyName", l.FamilyName, "the family name")
	c.day("learner.bday", l.BirthDay, false)
	c.day("learner.dateOfBirth", l.DateOfBirth, false)
	c.word("learner.gender", l.Gender, []string{"0", "1", "2", "9"})
	if c.v == V2 {
		if l.AlternativeName == nil {
			c.add("learner.alternativeName", "required", "an alternative name: 2.1.1 demands one, 2.1.2 does not; an empty one will do")
		}
		c.coded("learner.countryOfBirth", l.CountryOfBirth)
	}
	c.address("learner.currentAddress", l.CurrentAddress)
	if len(d.Reports) == 0 {
		c.add("report", "required", "a report; one without results is allowed")
	}
	c.attachments = map[string]bool{}
	c.attach("attachment", d.Attachments)
	for i, r := range d.Reports {
		c.report(fmt.Sprintf("report[%d]", i), r)
	}
	if d.Groups != nil {
		for i, t := range d.Groups.Types {
			p := fmt.Sprintf("groups.groupType[%d]", i)
			c.titles(p+".title", t.Titles)
			for n, g := range t.Groups {
				c.titles(fmt.Sprintf("%s.group[%d].title", p, n), g.Titles)
			}
		}
	}
}

func (c *check) address(path string, a *Address) {
	if a == nil {
		return
	}
	parts := a.BuildingNumber + a.BuildingName + a.StreetName + a.Unit + a.Floor + a.PostOfficeBox
	if len(a.Lines) > 4 || len(a.Lines) > 0 && (parts != "" || len(a.DeliveryPoints) > 0) {
		c.add(path+".addressLine", "form", "four lines at the most, or the parts of an address, not both")
	}
	if a.Country != "" && !countryCode.MatchString(a.Country) {
		c.add(path+".country", "country", "two capital letters of ISO 3166-1")
	}
}

func (c *check) attach(path string, list []Attachment) {
	for i, a := range list {
		p := fmt.Sprintf("%s[%d]", path, i)
		c.identifiers(p+".identifier", a.Identifiers, 0)
		for _, id := range a.Identifiers {
			c.attachments[token(id.Value)] = true
		}
		words := attachmentTypes
		if c.v == V2 {
			words = append(slices.Clone(attachmentTypes), "Certificate of Enrolment")
		}
		c.word(p+".type", a.Type, words)
		for n, content := range a.Contents {
			if !strings.HasPrefix(strings.TrimSpace(content.Value), "data:") {
				c.add(fmt.Sprintf("%s.content[%d]", p, n), "scheme", "a data: URI")
			}
		}
	}
}

func (c *check) issuer(path string, i Issuer) {
	c.coded(path+".country", i.Country)
	c.identifiers(path+".identifier", i.Identifiers, 1)
	c.titles(path+".title", i.Titles)
}

func (c *check) report(path string, r Report) {
	c.issuer(path+".issuer", r.Issuer)
	c.moment(path+".issueDate", r.IssueDate)
	outer := c.schemes
	c.schemes = map[string]bool{}
	for i, g := range r.GradingSchemes {
		p := fmt.Sprintf("%s.gradingScheme[%d].localId", path, i)
		c.need(p, g.LocalID, "the name to which results refer")
		if c.schemes[token(g.LocalID)] {
			c.add(p, "unique", "a name of its own")
		}
		c.schemes[token(g.LocalID)] = true
	}
	if r.Status != nil {
		c.need(path+".status.code", r.Status.Code, strings.Join(statusCodes, ", "))
		c.word(path+".status.code", r.Status.Code, statusCodes)
	}
	c.attach(path+".attachment", r.Attachments)
	c.specifications(path+".learningOpportunitySpecification", r.Specifications)
	for i, rec := range r.Recognitions {
		c.recognition(fmt.Sprintf("%s.resultOfRecognition[%d]", path, i), rec)
	}
	c.schemes = outer
}

func (c *check) recognition(path string, r Recognition) {
	c.identifiers(path+".identifier", r.Identifiers, 0)
	c.need(path+".status", r.Status, strings.Join(recognitionWords, ", "))
	c.word(path+".status", r.Status, recognitionWords)
	c.day(path+".decisionDate", r.DecisionDate, false)
	for i, b := range r.Basis {
		c.report(fmt.Sprintf("%s.recognitionBasis[%d].recognitionReport", path, i), b.Report)
	}
	for i, s := range r.Results {
		c.specification(fmt.Sprintf("%s.recognitionResult[%d].learningOpportunitySpecification", path, i), s.Specification)
	}
}

func (c *check) specifications(path string, specs []Specification) {
	for i, s := range specs {
		c.specification(fmt.Sprintf("%s[%d]", path, i), s)
	}
}

func (c *check) specification(path string, s Specification) {
	least := 0
	if c.v == V2 {
		least = 1
	}
	c.identifiers(path+".identifier", s.Identifiers, least)
	c.titles(path+".title", s.Titles)
	c.word(path+".type", s.Type, specificationTypes)
	c.word(path+".documentType", s.DocumentType, documentTypes)
	c.instance(path+".specifies.learningOpportunityInstance", s.Specifies.Instance)
	for i, p := range s.Parts {
		c.specification(fmt.Sprintf("%s.hasPart[%d].learningOpportunitySpecification", path, i), p.Specification)
	}
}

func (c *check) instance(path string, i Instance) {
	c.identifiers(path+".identifier", i.Identifiers, 0)
	c.day(path+".start", i.Start, false)
	c.day(path+".date", i.Date, false)
	if t := i.AcademicTerm; t != nil {
		c.titles(path+".academicTerm.title", t.Titles)
		c.day(path+".academicTerm.start", t.Start, true)
		c.day(path+".academicTerm.end", t.End, true)
	}
	if e := i.Enrolment; e != nil {
		c.issuer(path+".enrolment.enrolmentInstitution", e.Institution)
		c.day(path+".enrolment.enrolmentDate", e.Date, true)
		c.day(path+".enrolment.academicYear.start", e.Start, true)
		c.day(path+".enrolment.academicYear.end", e.End, true)
	}
	if d := token(i.Duration); d != "" && (!duration.MatchString(d) || d[len(d)-1] == 'P' || d[len(d)-1] == 'T') {
		c.add(path+".duration", "duration", "a duration of XML Schema, such as P1Y or P6M")
	}
	c.word(path+".status", i.Status, statuses)
	if id := token(i.GradingSchemeLocalID); id != "" && !c.schemes[id] {
		c.add(path+".gradingSchemeLocalId", "reference", "a grading scheme of the report")
	}
	if g := i.ShortenedGrading; g != nil {
		for _, f := range []struct{ name, value string }{{"Lower", g.Lower}, {"Equal", g.Equal}, {"Higher", g.Higher}} {
			c.need(path+".shortenedGrading.percentage"+f.name, f.value, "a percentage")
			c.number(path+".shortenedGrading.percentage"+f.name, f.value)
		}
	}
	if r := i.Distribution; r != nil {
		if len(r.Categories) == 0 {
			c.add(path+".resultDistribution", "required", "a category")
		}
		for n, cat := range r.Categories {
			p := fmt.Sprintf("%s.resultDistribution.category[%d]", path, n)
			c.need(p+".label", cat.Label, "the result")
			if _, err := strconv.ParseUint(token(cat.Count), 10, 63); err != nil {
				c.add(p+".count", "number", "how often it was given, a whole number")
			}
		}
	}
	for n, credit := range i.Credits {
		p := fmt.Sprintf("%s.credit[%d]", path, n)
		c.need(p+".scheme", credit.Scheme, `the scheme, such as "ects"`)
		c.word(p+".level", credit.Level, creditLevels)
		c.number(p+".value", credit.Value)
	}
	for n, l := range i.Levels {
		p := fmt.Sprintf("%s.level[%d]", path, n)
		c.need(p+".type", l.Type, "EQF, or another framework")
		if len(l.Descriptions) > 1 {
			c.add(p+".description", "one", "one description at the most")
		}
	}
	c.number(path+".engagementHours", i.EngagementHours)
	if i.Attachments != nil {
		for n, ref := range i.Attachments.Refs {
			if !c.attachments[token(ref)] {
				c.add(fmt.Sprintf("%s.attachments.ref[%d]", path, n), "reference", "the identifier of an attachment")
			}
		}
	}
	if s := i.Supplement; s != nil {
		path += ".diplomaSupplement"
		c.need(path+".version", s.Version, "1997, 2007 or 2018")
		c.day(path+".issueDate", s.IssueDate, true)
		if len(s.Sections) == 0 {
			c.add(path+".section", "required", "the eight sections")
		}
		c.sections(path+".section", s.Sections)
	}
}

func (c *check) sections(path string, sections []Section) {
	for i, s := range sections {
		p := fmt.Sprintf("%s[%d]", path, i)
		if !sectionNumber.MatchString(token(s.Number)) {
			c.add(p+".number", "form", `digits and points: "4.3"`)
		}
		c.need(p+".title", s.Title, "a title")
		c.attach(p+".attachment", s.Attachments)
		c.sections(p+".section", s.Sections)
	}
}
