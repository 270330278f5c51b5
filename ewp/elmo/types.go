package elmo

import (
	"encoding/xml"
	"log/slog"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Version is a version of the format.
type Version uint8

// The versions. The zero value is none.
const (
	V1 Version = iota + 1 // 1.7.0
	V2                    // 2.1.1
)

// The namespaces of the versions.
const (
	NamespaceV1 = "https://github.com/emrex-eu/elmo-schemas/tree/v1"
	NamespaceV2 = "https://github.com/emrex-eu/elmo-schemas/tree/v2"
)

// Namespace returns the namespace of the version, "" for none.
func (v Version) Namespace() string {
	switch v {
	case V1:
		return NamespaceV1
	case V2:
		return NamespaceV2
	}
	return ""
}

// String returns "1.7.0" or "2.1.1".
func (v Version) String() string {
	switch v {
	case V1:
		return "1.7.0"
	case V2:
		return "2.1.1"
	}
	return "none"
}

// Document is the element elmo.
type Document struct {
	XMLName       xml.Name     // {NamespaceV1 or NamespaceV2, "elmo"}: Encode and In set it
	GeneratedDate string       `xml:"generatedDate"` // date and time
	Learner       Learner      `xml:"learner"`
	Reports       []Report     `xml:"report"`
	Attachments   []Attachment `xml:"attachment"`
	Groups        *Groups      `xml:"groups"`
	Extension     *Extension   `xml:"extension"`
}

// Version returns the version that the document was read in, or 0.
func (d *Document) Version() Version {
	switch d.XMLName.Space {
	case NamespaceV1:
		return V1
	case NamespaceV2:
		return V2
	}
	return 0
}

// LogValue shows how much there is, and nothing of the learner.
func (d *Document) LogValue() slog.Value {
	return slog.GroupValue(slog.String("elmo", d.Version().String()), slog.Int("reports", len(d.Reports)))
}

// Coded is a code with the list that it is from: "ISO" or "URI" for countries. The
// type is of version 2; version 1 has ISO codes only.
type Coded struct {
	Type  string `xml:"type,attr,omitempty"`
	Value string `xml:",chardata"`
}

// Identifier is an identifier of a type: "esi", "nationalIdentifier", "schac",
// "erasmus", "pic", "ewp-los-id", "ewp-loi-id", "local", or any other.
type Identifier struct {
	Type  string `xml:"type,attr"`
	Value string `xml:",chardata"`
}

// Learner is whose results they are.
type Learner struct {
	Citizenship     *Coded       `xml:"citizenship"`
	Identifiers     []Identifier `xml:"identifier"`
	GivenNames      string       `xml:"givenNames"`
	FamilyName      string       `xml:"familyName"`
	AlternativeName *ewp.Text    `xml:"alternativeName"` // version 2; 2.1.1 demands it, 2.1.2 does not
	DateOfBirth     string       `xml:"dateOfBirth,omitempty"`
	BirthDay        string       `xml:"bday,omitempty"` // the older name of it; both are sent in version 2
	PlaceOfBirth    string       `xml:"placeOfBirth,omitempty"`
	CountryOfBirth  *Coded       `xml:"countryOfBirth"` // version 2
	BirthName       string       `xml:"birthName,omitempty"`
	CurrentAddress  *Address     `xml:"currentAddress"`
	Gender          string       `xml:"gender,omitempty"` // ISO 5218: 0, 1, 2, 9
}

// Address is an address in the form of EWP's FlexibleAddress: lines, or parts.
type Address struct {
	Recipients     []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 recipientName"`
	Lines          []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 addressLine"`
	BuildingNumber string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingNumber,omitempty"`
	BuildingName   string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 buildingName,omitempty"`
	StreetName     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 streetName,omitempty"`
	Unit           string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 unit,omitempty"`
	Floor          string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 floor,omitempty"`
	PostOfficeBox  string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postOfficeBox,omitempty"`
	DeliveryPoints []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 deliveryPointCode"`
	PostalCode     string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 postalCode,omitempty"`
	Locality       string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 locality,omitempty"`
	Region         string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 region,omitempty"`
	Country        string   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 country,omitempty"`
}

// Report is what one institution says.
type Report struct {
	Issuer         Issuer          `xml:"issuer"`
	Specifications []Specification `xml:"learningOpportunitySpecification"`
	Recognitions   []Recognition   `xml:"resultOfRecognition"` // version 2
	IssueDate      string          `xml:"issueDate"`           // date and time
	GradingSchemes []GradingScheme `xml:"gradingScheme"`
	Status         *Status         `xml:"status"` // version 2, and not of a report in a Recognition
	Attachments    []Attachment    `xml:"attachment"`
}

// Issuer is an institution.
type Issuer struct {
	Country     *Coded       `xml:"country"`
	Identifiers []Identifier `xml:"identifier"`
	Titles      ewp.Texts    `xml:"title"`
	URL         string       `xml:"url"`
}

// GradingScheme describes a scale, to which instances refer by LocalID.
type GradingScheme struct {
	LocalID      string    `xml:"localId,attr"`
	Descriptions ewp.Texts `xml:"description"`
}

// The words of Specification.Type. An unknown word counts as none.
const (
	DegreeProgramme = "Degree Programme"
	Module          = "Module"
	CourseUnit      = "Course"
	Class           = "Class"
)

// Specification is a learning opportunity: a programme, a module, a course.
type Specification struct {
	Identifiers     []Identifier `xml:"identifier"`
	Titles          ewp.Texts    `xml:"title"`
	Type            string       `xml:"type,omitempty"`
	SubjectArea     string       `xml:"subjectArea,omitempty"`
	ISCED           string       `xml:"iscedCode,omitempty"`
	URL             string       `xml:"url,omitempty"`
	Descriptions    ewp.Texts    `xml:"description"`
	DescriptionHTML ewp.Texts    `xml:"descriptionHtml"`        // foreign HTML
	DocumentType    string       `xml:"documentType,omitempty"` // version 2
	Specifies       Specifies    `xml:"specifies"`
	Parts           []Part       `xml:"hasPart"`
	Extension       *Extension   `xml:"extension"`
}

// Part is a specification inside another.
type Part struct {
	Specification Specification `xml:"learningOpportunitySpecification"`
}

// Specifies holds the instance.
type Specifies struct {
	Instance  Instance   `xml:"learningOpportunityInstance"`
	Extension *Extension `xml:"extension"`
}

// The words of Instance.Status. None is [Passed].
const (
	Passed     = "passed"
	Failed     = "failed"
	InProgress = "in-progress"
)

// Instance is a learning opportunity as the learner took it.
type Instance struct {
	Identifiers           []Identifier       `xml:"identifier"`
	Enrolment             *Enrolment         `xml:"enrolment"` // version 2
	Start                 string             `xml:"start,omitempty"`
	Date                  string             `xml:"date,omitempty"`
	AcademicTerm          *AcademicTerm      `xml:"academicTerm"`
	Duration              string             `xml:"duration,omitempty"` // version 2, xs:duration
	Status                string             `xml:"status,omitempty"`
	GradingSchemeLocalID  string             `xml:"gradingSchemeLocalId,omitempty"`
	GradingSchemeExternal string             `xml:"gradingSchemeExternalId,omitempty"` // version 2
	ResultLabel           string             `xml:"resultLabel,omitempty"`
	ShortenedGrading      *ShortenedGrading  `xml:"shortenedGrading"`
	Distribution          *Distribution      `xml:"resultDistribution"`
	Credits               []Credit           `xml:"credit"`
	Levels                []Level            `xml:"level"`
	Language              string             `xml:"languageOfInstruction,omitempty"`
	EngagementHours       string             `xml:"engagementHours,omitempty"`
	Attachments           *Refs              `xml:"attachments"`
	Grouping              *Grouping          `xml:"grouping"`
	Extension             *Extension         `xml:"extension"`
	Supplement            *DiplomaSupplement `xml:"diplomaSupplement"`
}

// Refs names attachments by their identifiers.
type Refs struct {
	Refs []string `xml:"ref"`
}

// Grouping puts an instance into a group of the document.
type Grouping struct {
	TypeRef string `xml:"typeref,attr,omitempty"`
	IDRef   string `xml:"idref,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Enrolment is where and when the learner was enrolled.
type Enrolment struct {
	Institution Issuer `xml:"enrolmentInstitution"`
	Date        string `xml:"enrolmentDate"`
	Start       string `xml:"academicYear>start"`
	End         string `xml:"academicYear>end"`
}

// AcademicTerm is a term with its dates.
type AcademicTerm struct {
	Titles ewp.Texts `xml:"title"`
	Start  string    `xml:"start"`
	End    string    `xml:"end"`
}

// ShortenedGrading is a distribution in three numbers, in percent.
type ShortenedGrading struct {
	Lower  string `xml:"percentageLower"`
	Equal  string `xml:"percentageEqual"`
	Higher string `xml:"percentageHigher"`
}

// Distribution is how often each result was given, in the order of the issuer.
type Distribution struct {
	Categories   []Category `xml:"category"`
	Descriptions ewp.Texts  `xml:"description"`
}

// Category is one result of a distribution.
type Category struct {
	Label string `xml:"label,attr"`
	Count string `xml:"count,attr"`
}

// Credit is credits in a scheme: "ects", or another.
type Credit struct {
	Scheme string `xml:"scheme"`
	Level  string `xml:"level,omitempty"` // version 1: Bachelor, Master, PhD
	Value  string `xml:"value,omitempty"`
}

// Level is a level in a framework: EQF, NQF.
type Level struct {
	Type         string    `xml:"type"`
	Descriptions ewp.Texts `xml:"description"` // one at the most
	Value        string    `xml:"value,omitempty"`
}

// Groups are the groups that instances can be in.
type Groups struct {
	Types []GroupType `xml:"groupType"`
}

// GroupType is a way to group.
type GroupType struct {
	ID     string    `xml:"id,attr,omitempty"`
	Titles ewp.Texts `xml:"title"`
	Groups []Group   `xml:"group"`
}

// Group is a group.
type Group struct {
	ID         string    `xml:"id,attr,omitempty"`
	SortingKey string    `xml:"sortingKey,attr,omitempty"`
	Titles     ewp.Texts `xml:"title"`
}

// Status says how complete a report of version 2 is.
type Status struct {
	Code     string    `xml:"code"` // FULL, SELECTION, PARTIAL_TEMPORARY, PARTIAL_PERMANENT, ERROR_TEMPORARY, ERROR_PERMANENT
	Messages ewp.Texts `xml:"message"`
}

// Recognition is a result of recognition, of version 2.
type Recognition struct {
	Identifiers  []Identifier         `xml:"identifier"`
	Titles       ewp.Texts            `xml:"title"`
	Descriptions ewp.Texts            `xml:"description"`
	SubjectArea  string               `xml:"subjectArea,omitempty"`
	ISCED        string               `xml:"iscedCode,omitempty"`
	Status       string               `xml:"status"` // Positive, Negative, Partially Positive
	DecisionDate string               `xml:"decisionDate,omitempty"`
	Basis        []RecognitionBasis   `xml:"recognitionBasis"`
	Results      []RecognitionResult  `xml:"recognitionResult"`
	Mappings     []RecognitionMapping `xml:"recognitionMapping"`
	Attachments  *Refs                `xml:"attachments"`
}

// RecognitionBasis is what was recognised.
type RecognitionBasis struct {
	Report Report `xml:"recognitionReport"`
}

// RecognitionResult is as what it was recognised.
type RecognitionResult struct {
	Specification Specification `xml:"learningOpportunitySpecification"`
}

// RecognitionMapping says which of the one became which of the other.
type RecognitionMapping struct {
	From []Refs `xml:"mapping>fromMapping"`
	To   []Refs `xml:"mapping>toMapping"`
}

// DiplomaSupplement is the supplement of a degree. Introduction may be marked up in
// documents of others: its text is kept.
type DiplomaSupplement struct {
	Lang         string    `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
	Version      string    `xml:"version"`   // 1997, 2007, 2018
	IssueDate    string    `xml:"issueDate"` // date
	Introduction string    `xml:"introduction"`
	Sections     []Section `xml:"section"`
}

// Section is a section of a supplement, by its number: "4.3".
type Section struct {
	Number      string       `xml:"number,attr"`
	Title       string       `xml:"title"`
	Content     *Content     `xml:"content"`
	Additional  []string     `xml:"additionalInformation"`
	Attachments []Attachment `xml:"attachment"`
	Sections    []Section    `xml:"section"`
}

// Content is the text of a section. Its white space collapses, so text with lines
// is HTML; that of others is foreign.
type Content struct {
	Type string `xml:"type,attr,omitempty"` // media type; empty is text/plain
	Text string `xml:",chardata"`
}
